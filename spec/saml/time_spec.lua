-- sso.saml.time: xs:dateTime to unix seconds and back.

local time = require "sso.saml.time"

describe("saml.time", function()
    local moments = {
        { "1970-01-01T00:00:00Z", "0" },
        { "1969-12-31T23:59:59Z", "-1" },
        { "2026-03-01T12:34:56Z", "1772368496" },
        { "2026-03-01T12:34:56", "1772368496" },
        { " 2026-03-01T12:34:56Z\n", "1772368496" },
        { "2026-03-01T12:34:56.999999999Z", "1772368496" },
        { "2026-03-01T12:34:56.5+02:00", "1772361296" },
        { "2026-03-01T12:34:56-05:30", "1772388296" },
        { "2026-03-01T12:34:56+14:00", "1772318096" },
        { "2026-02-28T24:00:00Z", "1772323200" },
        { "2026-02-28T24:00:00.000Z", "1772323200" },
        { "2024-02-29T00:00:00Z", "1709164800" },
        { "2000-02-29T00:00:00Z", "951782400" },
        { "2038-01-19T03:14:08Z", "2147483648" },
        { "9999-12-31T23:59:59Z", "253402300799" },
        { "12026-01-01T00:00:00Z", "317336745600" },
        { "0001-01-01T00:00:00Z", "-62135596800" },
        { "-0001-12-31T00:00:00Z", "-62135683200" },
    }
    for _, row in ipairs(moments) do
        it("reads " .. row[1], function()
            assert.equal(row[2], ("%.0f"):format(time.parse(row[1])))
        end)
    end

    for _, text in ipairs {
        "", "now", "2026-03-01", "2026-03-01 12:34:56Z", "2026-3-1T12:34:56Z", "26-03-01T12:34:56Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z", "2026-04-00T00:00:00Z", "1900-02-29T00:00:00Z",
        "2026-03-01T24:00:01Z", "2026-03-01T24:00:00.1Z", "2026-03-01T25:00:00Z",
        "2026-03-01T12:60:00Z", "2026-03-01T12:34:60Z", "2026-03-01T12:34:56+14:01",
        "2026-03-01T12:34:56+02:60", "2026-03-01T12:34:56+0200", "2026-03-01T12:34:56z",
        "2026-03-01T12:34:56.Z", "2026-03-01T12:34Z", "0000-01-01T00:00:00Z",
        "02026-01-01T00:00:00Z", "99999999-01-01T00:00:00Z", "2026-03-01T12:34:56Z x",
    } do
        it("does not read \"" .. text .. "\"", function()
            assert.is_nil(time.parse(text))
        end)
    end

    it("gives whole numbers as integers where Lua has them", function()
        if math.type then
            assert.equal("integer", math.type(time.parse "2026-03-01T12:34:56.5+02:00"))
        end
    end)

    it("writes what it reads, day by day over four centuries", function()
        for day = -150000, 60000, 7 do
            local seconds = day * 86400 + day % 86400
            local text = time.text(seconds)
            assert.equal(seconds, time.parse((text:gsub(" UTC", "Z"):gsub(" ", "T"))), text)
        end
    end)

    it("writes what the machine's own calendar does", function()
        for seconds = 0, 2000000000, 98765432 do
            assert.equal(os.date("!%Y-%m-%d %H:%M:%S UTC", seconds), time.text(seconds))
        end
    end)

    it("names spans in the unit that people would", function()
        for _, row in ipairs {
            { 0, "0 seconds" }, { 1, "1 second" }, { -1, "1 second" }, { 119, "119 seconds" },
            { 120, "2 minutes" }, { 7199, "119 minutes" }, { 7200, "2 hours" },
            { 172799, "47 hours" }, { 172800, "2 days" }, { 1e9, "11574 days" },
        } do
            assert.equal(row[2], time.span(row[1]))
        end
    end)
end)
