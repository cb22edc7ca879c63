-- sso.moment: unix seconds as dates, compared with the system's calendar and beyond its reach.

local moment = require "sso.moment"

describe("moment", function()
    it("agrees with os.date", function()
        for unix = -2e9, 4e9, 86400 * 17 + 12345 do
            unix = math.floor(unix)
            assert.equal(os.date("!%Y-%m-%dT%H:%M:%SZ", unix), moment.rfc3339(unix))
            local year, month, day = moment.parts(unix)
            assert.equal(math.floor(unix / 86400) * 86400, moment.unix(year, month, day))
        end
    end)

    it("goes to the ends of X.509's calendar", function()
        assert.equal("9999-12-31T23:59:59Z", moment.rfc3339(253402300799))
        assert.equal("1950-01-01", moment.date(-631152000))
        assert.equal("99991231T235959Z", moment.basic(253402300799))
        assert.equal("2026-11-25 08:15 UTC", moment.minute(1795594559))
    end)

    it("survives what a server may call a time", function()
        for _, unix in ipairs { 1e15, -1e15, 0.5, 2^62 } do
            assert.is_string(moment.date(unix))
        end
        assert.equal("1970-01-01T00:00:00Z", moment.rfc3339(0.5))
    end)

    it("takes any month", function()
        assert.equal("2027-01-01", moment.date(moment.unix(2026, 13, 1)))
        assert.equal("2025-11-01", moment.date(moment.unix(2026, -1, 1)))
        assert.equal("2024-02-29", moment.date(moment.unix(2024, 3, 1) - 1))
    end)

    it("says spans", function()
        assert.equal("12 days", moment.span(12 * 86400 + 5))
        assert.equal("1 day", moment.span(-86400))
        assert.equal("3 hours", moment.span(3 * 3600 + 59))
        assert.equal("0 minutes", moment.span(5))
    end)
end)
