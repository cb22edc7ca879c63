-- A report as text, as JSON and as a Nagios line.  One report is made of hostile names: what is
-- shown has to be harmless in each.

local assess = require("sso.monitor.assess").assess
local cjson = require "cjson"
local helper = require "helper"
local monitor = require "sso.monitor"
local printable = require "sso.printable"
local reports = require "support.reports"

local AT, DAY = reports.AT, reports.DAY
local stored, report_of = reports.stored, reports.of

local function two()
    return report_of(
        { name = "Okta", stored(66138975, -365, -3), stored(66138976, -10, 900) },
        { name = "Entra ID", stored(66139001, -300, 21), enabled = true },
        { name = "Empty", enabled = false }
    )
end

local HOSTILE = "a|b\27[31m\nc'd\"e\\f,g;h=i\226\128\174"

local function hostile()
    return report_of { name = HOSTILE, stored(HOSTILE, -365, -3) }
end

local failed = setmetatable({ kind = "forbidden", status = 403 }, {
    __tostring = function()
        return "list_integrations: 403 forbidden | \27[1m"
    end,
})

describe("format", function()
    it("raises upon a format that is none", function()
        for _, row in ipairs {
            { "jason", "unknown format 'jason' %(did you mean 'json'%?%)" },
            { "yaml?", "%(known: text, json, prometheus, nagios, ics%)" },
            { nil, "unknown format 'nil'" },
        } do
            local ok, why = pcall(function()
                monitor.format(two(), row[1])
            end)
            assert.is_false(ok)
            assert.truthy(why:find "formats_spec.lua:%d+: ", why)
            assert.truthy(why:find(row[2]), why)
        end
    end)

    it("raises upon what is no report, and options that are none", function()
        assert.has_error(function() monitor.format({}, "text") end)
        assert.has_error(function() monitor.format(nil, "text") end)
        assert.has_error(function() monitor.format(two(), "json", { width = 80 }) end)
        assert.has_error(function() monitor.format(failed, "ics") end)
    end)

    it("gives the exit status", function()
        local cases = {
            [0] = report_of { name = "Okta", stored(1, -10, 900) },
            [1] = report_of { name = "Okta", stored(1, -10, 20) },
            [2] = report_of { name = "Okta", stored(1, -10, -2) },
            [3] = failed,
        }
        for status, report in pairs(cases) do
            for _, name in ipairs(monitor.formats) do
                if report.status ~= 403 or name ~= "ics" then
                    assert.equal(status, (select(2, monitor.format(report, name))))
                end
            end
            assert.equal(status, monitor.exit_status(report))
        end
    end)
end)

describe("as text", function()
    local EXPECTED = [[
WARNING  3 integrations, 3 certificates: 2 warning, 1 info at 2027-01-15 08:00
         UTC

WARNING   Okta, certificate 66138975
          CN=idp
          expired on 2027-01-12, 3 days ago; another certificate of the
          integration is valid, though SendGrid does not tell whether it is
          enabled
          → delete it once the other one is known to work

WARNING   Entra ID, certificate 66139001
          CN=idp
          expires on 2027-02-05, in 21 days, and no other certificate lasts
          longer
          → have the identity provider publish its next signing certificate,
            then run a sync

INFO      Empty
          has no certificate: nobody can log in by it
          → upload the identity provider's current signing certificate, or run a
            sync

Okta
ID        SUBJECT  ENDS        DAYS LEFT  RENEW FROM  STATE
66138975  CN=idp   2027-01-12          –  2026-09-13  expired
66138976  CN=idp   2029-07-03        900  2028-09-03  valid

Entra ID
ID        SUBJECT  ENDS        DAYS LEFT  RENEW FROM  STATE
66139001  CN=idp   2027-02-05         21  2026-10-21  valid

Empty (disabled)
no certificate
]]

    it("says what is the case and what to do", function()
        assert.equal(EXPECTED, (monitor.format(two(), "text")))
    end)

    it("fits the width, whatever it is", function()
        for _, report in ipairs { two(), hostile() } do
            for _, width in ipairs { 40, 60, 80, 200 } do
                for line in monitor.format(report, "text", { width = width }):gmatch "[^\n]+" do
                    assert.is_true(printable.width(line) <= width, line)
                end
            end
        end
    end)

    it("is harmless", function()
        local text = monitor.format(hostile(), "text")
        assert.is_nil(text:find "\27")
        assert.is_nil(text:find("\226\128\174", 1, true))
        assert.is_nil(monitor.format(failed, "text"):find "\27")
    end)

    it("does with ASCII", function()
        local text = monitor.format(two(), "text", { ascii = true })
        assert.is_nil(text:find "[\128-\255]")
        assert.truthy(text:find("-> delete it", 1, true))
    end)

    it("colours words alone", function()
        local text = monitor.format(two(), "text", { colour = true })
        assert.truthy(text:find("\27[1;33mWARNING\27[0m", 1, true))
        assert.equal(EXPECTED, (text:gsub("\27%[[%d;]*m", "")))
    end)

    it("says that nothing was found", function()
        local text = monitor.format(report_of { name = "Okta", stored(1, -10, 900) }, "text")
        assert.truthy(text:find("^OK  1 integration, 1 certificate: nothing found at 2027"))
    end)

    it("says why there is no report", function()
        assert.truthy(monitor.format(failed, "text"):find "^UNKNOWN  list_integrations: 403")
    end)
end)

describe("as JSON", function()
    it("has stable names and whole numbers", function()
        local text = monitor.format(two(), "json")
        local document = cjson.decode(text)
        assert.equal("warning", document.status)
        assert.equal(AT, document.at)
        assert.equal("2027-01-15T08:00:00Z", document.checked)
        assert.same({ critical = 0, warning = 2, info = 1 }, document.counts)
        assert.equal(3, #document.findings)
        local finding = document.findings[2]
        local names = {}
        for name in pairs(finding) do
            names[#names + 1] = name
        end
        table.sort(names)
        assert.same({
            "action", "days_left", "finding", "fingerprint", "id", "integration",
            "integration_id", "message", "not_after", "not_before", "severity", "subject",
        }, names)
        local certificate = document.integrations[1].certificates[2]
        assert.same({ type = "EC", bits = 256, curve = "prime256v1" }, certificate.key)
        assert.equal(AT + 900 * DAY, certificate.not_after)
        assert.is_nil(certificate.problems)
        assert.is_nil(text:find "%de%+")
        assert.is_nil(text:find "%d%.0")
        assert.truthy(text:find('"not_after": 1877760000', 1, true))
    end)

    it("writes empty lists as lists", function()
        local text = monitor.format(assess({}, { at = AT }), "json")
        assert.truthy(text:find '"findings": %[%]')
        assert.truthy(text:find '"integrations": %[%]')
        assert.truthy(monitor.format(two(), "json"):find '"certificates": %[%]')
    end)

    it("is harmless and faithful", function()
        local text = monitor.format(hostile(), "json")
        assert.is_nil(text:find("\27", 1, true))
        assert.is_nil(text:find("\226\128\174", 1, true))
        assert.equal(HOSTILE, cjson.decode(text).findings[1].integration)
    end)

    it("says why there is no report", function()
        local document = cjson.decode((monitor.format(failed, "json")))
        assert.equal("unknown", document.status)
        assert.equal("forbidden", document.error.kind)
        assert.equal(403, document.error.status)
    end)
end)

describe("as a Nagios line", function()
    local function line_of(report)
        local line = monitor.format(report, "nagios")
        assert.equal(1, select(2, line:gsub("\n", "")))
        assert.equal("\n", line:sub(-1))
        return line
    end

    -- What the guidelines for monitoring plugins say of performance data.
    local function performance(line)
        local data = assert(line:match "^[^|]* | ([^|]*)\n$", line)
        local list, rest = {}, data
        while rest ~= "" do
            local name, after = rest:match "^'([^=]-)'=(.*)$"
            if not name then
                name, after = rest:match "^([%w_]+)=(.*)$"
            end
            assert.truthy(name, rest)
            local value, unit, more = after:match "^(%-?%d+)(s?)([%d;:]*)"
            assert.truthy(value, after)
            list[name] = value .. unit .. more
            rest = after:sub(#list[name] + 1):gsub("^ ", "")
        end
        return list
    end

    it("begins with the service and the state", function()
        assert.truthy(line_of(two()):find(
            "^SENDGRID_SSO WARNING %- 3 integrations, 3 certificates: Okta 66138975 expired on "))
        assert.truthy(line_of(hostile()):find "^SENDGRID_SSO CRITICAL %- ")
        assert.equal("SENDGRID_SSO OK - 1 integrations, 1 certificates: the next end is 2029-07-03"
            .. " | certificates=1 critical=0 warning=0 "
            .. "'seconds_left_7'=77760000s;2592000:;604800:\n",
            line_of(report_of { name = "Okta", stored(7, -10, 900) }))
        assert.truthy(line_of(assess({}, { at = AT })):find "nothing to watch over")
    end)

    it("has performance data that can be read", function()
        local data = performance(line_of(two()))
        assert.equal("3", data.certificates)
        assert.equal("2", data.warning)
        assert.equal("-259200s;2592000:;604800:", data.seconds_left_66138975)
        data = performance(line_of(hostile()))
        assert.equal("1", data.critical)
    end)

    it("says why there is no report", function()
        local line, status = monitor.format(failed, "nagios")
        assert.equal(3, status)
        assert.equal("SENDGRID_SSO UNKNOWN - list_integrations: 403 forbidden / \239\191\189[1m\n",
            line)
    end)
end)

describe("a report from the sandbox", function()
    helper.watch()

    it("goes into every format", function()
        helper.sandbox.reset()
        local client = helper.client {
            base_url = helper.sandbox_value "HTTP",
            api_key = os.getenv "SENDGRID_API_KEY",
        }
        local report = assert(client:check_certificates())
        for _, name in ipairs(monitor.formats) do
            local text, status = monitor.format(report, name)
            assert.equal(0, status)
            assert.truthy(text:find("66138975", 1, true), name)
            assert.is_nil(text:find(os.getenv "SENDGRID_API_KEY", 1, true))
        end
    end)
end)
