-- A report as a calendar, read again by a strict reader of RFC 5545's content lines: folding, line
-- ends, escapes, what each component must have, and reminders before an end.

local assess = require("sso.monitor.assess").assess
local dated = require "support.dated"
local monitor = require "sso.monitor"

local AT = 1800000000 -- 2027-01-15 08:00 UTC
local DAY = 86400

local function stored(id, from, to, cn)
    return {
        id = id,
        public_certificate = dated.certificate(cn or "idp", AT + from * DAY, AT + to * DAY),
    }
end

local function calendar(list, name, at)
    return (monitor.format(assess({
        { integration = { id = "b0b9-1", name = name or "Okta" }, certificates = list },
    }, { at = at or AT }), "ics"))
end

local function is_utf8(text)
    local rest = text:gsub("[\1-\127]", ""):gsub("[\194-\223][\128-\191]", "")
        :gsub("[\224-\239][\128-\191][\128-\191]", "")
        :gsub("[\240-\244][\128-\191][\128-\191][\128-\191]", "")
    return rest == ""
end

local function unescape(value)
    assert.is_nil(value:gsub("\\[\\;,n]", ""):find "[\\;,]", "not escaped: " .. value)
    return (value:gsub("\\([\\;,n])", function(mark)
        return mark == "n" and "\n" or mark
    end))
end

-- → nested components {name, properties = {{name, value}}, children}
local function read(text)
    assert.equal("\r\n", text:sub(-2))
    assert.is_nil(text:gsub("\r\n", ""):find "[\r\n]", "a line end that is not CRLF")
    for line in text:gmatch "(.-)\r\n" do
        assert.is_true(#line <= 75, "longer than 75 octets: " .. line)
        assert.is_true(#line > 0, "an empty line")
        assert.is_true(is_utf8(line), "a character is cut in two: " .. line)
        assert.is_nil(line:find "[%z\1-\8\10-\31\127]", "a control: " .. line)
    end
    local root = { children = {}, properties = {} }
    local stack = { root }
    for line in text:gsub("\r\n[ \t]", ""):gmatch "(.-)\r\n" do
        local name, value = line:match "^([%u-]+):(.*)$"
        assert.truthy(name, "no content line: " .. line)
        local top = stack[#stack]
        if name == "BEGIN" then
            local new = { name = value, children = {}, properties = {} }
            top.children[#top.children + 1] = new
            stack[#stack + 1] = new
        elseif name == "END" then
            assert.equal(top.name, value)
            stack[#stack] = nil
        else
            assert.is_nil(top.properties[name], name .. " twice")
            top.properties[name] = value
        end
    end
    assert.equal(1, #stack)
    assert.equal(1, #root.children)
    return root.children[1]
end

describe("as a calendar", function()
    it("has an event for each end", function()
        local top = read(calendar { stored(7, -300, 60), stored(8, -10, 900) })
        assert.equal("VCALENDAR", top.name)
        assert.equal("2.0", top.properties.VERSION)
        assert.truthy(top.properties.PRODID:find "sendgrid%-sso")
        assert.equal(2, #top.children)
        local event = top.children[1]
        assert.equal("VEVENT", event.name)
        assert.equal("20270316T080000Z", event.properties.DTSTART)
        assert.equal("20270115T080000Z", event.properties.DTSTAMP)
        assert.equal("SSO certificate of Okta ends", event.properties.SUMMARY)
        local told = unescape(event.properties.DESCRIPTION)
        assert.truthy(told:find "^Certificate 7\nIntegration b0b9%-1\nSubject CN=idp\nSHA%-256 ")
        assert.truthy(told:find "\nEnds at 2027%-03%-16 08:00 UTC$")
    end)

    it("reminds 60, 30 and 7 days before", function()
        local event = read(calendar { stored(7, -300, 60) }).children[1]
        local triggers = {}
        for i, alarm in ipairs(event.children) do
            assert.equal("VALARM", alarm.name)
            assert.equal("DISPLAY", alarm.properties.ACTION)
            assert.truthy(alarm.properties.DESCRIPTION:find "Okta ends in %d+ days$")
            triggers[i] = alarm.properties.TRIGGER
        end
        assert.same({ "-P60D", "-P30D", "-P7D" }, triggers)
    end)

    it("keeps the UID of a certificate, and gives each its own", function()
        local function uids(text)
            local list, seen = {}, {}
            for i, event in ipairs(read(text).children) do
                list[i] = event.properties.UID
                assert.is_nil(seen[list[i]])
                seen[list[i]] = true
                assert.truthy(list[i]:find "^[%w._-]+@sendgrid%-sso$")
            end
            return list
        end
        local list = { stored(7, -300, 60), stored(8, -300, 60), stored(9, -10, 900) }
        local before = uids(calendar(list))
        assert.equal(3, #before)
        assert.same(before, uids(calendar(list, "Another name", AT + DAY)))
        assert.same({ before[3] }, uids(calendar { list[3] }))
    end)

    it("lists a certificate once, even if the server does so twice", function()
        assert.equal(1, #read(calendar { stored(7, -300, 60), stored(7, -300, 60) }).children)
    end)

    it("leaves out what has no end", function()
        assert.same({}, read(calendar { { id = 1, public_certificate = "?" } }).children)
        assert.same({}, read(calendar {}).children)
    end)

    it("goes to the end of the calendar", function()
        local event = read(calendar { { id = 1, public_certificate = "?",
            not_before = AT, not_after = 253402300799 } }).children[1]
        assert.equal("99991231T235959Z", event.properties.DTSTART)
        assert.same({}, read(calendar { { id = 1, public_certificate = "?",
            not_before = AT, not_after = 253402300800 } }).children)
    end)

    for _, name in ipairs {
        "a;b,c\\d\ne\r\nf\27[31m", ("日本語"):rep(40), ("ü"):rep(200), ("🙂x"):rep(50),
        "BEGIN:VEVENT\r\nEND:VEVENT", ("w"):rep(300), "\255\254",
    } do
        it("holds any name: " .. ("%q"):format(name):sub(1, 20):gsub("[^%w]", "."), function()
            local event = read(calendar({ stored(7, -300, 60) }, name)).children[1]
            local wanted = require "sso.printable"(name)
            assert.equal("SSO certificate of " .. wanted .. " ends",
                unescape(event.properties.SUMMARY))
        end)
    end
end)
