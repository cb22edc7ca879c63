-- A report as Prometheus reads it: promtool reads and lints every form of it.

local assess = require("sso.monitor.assess").assess
local dated = require "support.dated"
local monitor = require "sso.monitor"

local AT = 1800000000
local DAY = 86400

local function stored(id, from, to, enabled)
    return {
        id = id,
        enabled = enabled,
        public_certificate = dated.certificate("idp", AT + from * DAY, AT + to * DAY),
    }
end

local function text_of(list, name)
    return (monitor.format(assess({
        {
            integration = { id = "b0b9-1", name = name or "Okta", enabled = true },
            certificates = list,
        },
    }, { at = AT }), "prometheus"))
end

-- What promtool says: "" when all is well.
local function promtool(text)
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
    local pipe = assert(io.popen("promtool check metrics <" .. path .. " 2>&1; echo status $?"))
    local said = pipe:read "*a"
    pipe:close()
    os.remove(path)
    return said
end

local function has(text, line)
    assert.truthy(("\n" .. text):find("\n" .. line .. "\n", 1, true),
        line .. " is not in\n" .. text)
end

describe("as Prometheus metrics", function()
    local usual = { stored(66138975, -365, -3), stored(66138976, -10, 900, true) }

    it("has the series that alerts are made from", function()
        local text = text_of(usual)
        local parsed = require("sso").certificate.parse(usual[2].public_certificate)
        local labels = ('{integration="b0b9-1",id="66138976",fingerprint="%s"}'):format(
            parsed[1].fingerprint)
        has(text, "# TYPE sendgrid_sso_certificate_not_after_seconds gauge")
        has(text, "sendgrid_sso_certificate_not_after_seconds" .. labels .. " 1877760000")
        has(text, "sendgrid_sso_certificate_not_before_seconds" .. labels .. " 1799136000")
        has(text, "sendgrid_sso_certificate_renew_at_seconds" .. labels .. " 1851552000")
        has(text, "sendgrid_sso_certificate_enabled" .. labels .. " 1")
        has(text, "sendgrid_sso_last_check_timestamp_seconds 1800000000")
        has(text, 'sendgrid_sso_findings{severity="critical"} 0')
        has(text, 'sendgrid_sso_findings{severity="warning"} 0')
        has(text, 'sendgrid_sso_findings{severity="info"} 1')
        has(text, 'sendgrid_sso_integration_info{integration="b0b9-1",name="Okta"} 1')
        has(text, 'sendgrid_sso_integration_certificates{integration="b0b9-1"} 2')
        has(text, "sendgrid_sso_up 1")
        assert.is_nil(text:find 'enabled{[^}]*66138975', "what is not told has no sample")
    end)

    it("gives each family its help and its type, once, before its series", function()
        local seen, current = {}, nil
        for line in text_of(usual):gmatch "[^\n]+" do
            local name = line:match "^# HELP ([%w_]+) %u.*%.$"
            if name then
                assert.is_nil(seen[name])
                seen[name], current = true, name
            elseif line:sub(1, 1) == "#" then
                assert.equal("# TYPE " .. current .. " gauge", line)
            else
                assert.equal(current, line:match "^[%w_]+")
                assert.truthy(line:find "^[%w_]+%b{} %-?%d+$" or line:find "^[%w_]+ %-?%d+$", line)
            end
        end
    end)

    local rows = {
        { "with what is usual", usual },
        { "without a certificate", {} },
        { "with the same certificate twice", { stored(1, -10, 20), stored(2, -10, 20) } },
        { "with the same id twice", { stored(1, -10, 20), stored(1, -10, 20) } },
        { "with one that cannot be read", { { id = 1, public_certificate = "?" } } },
        { "with a name full of marks", usual, 'a"b\\c\nd\27[1m{}=,日本\226\128\174' },
        { "with a name of stray bytes", usual, "\255\254\0" },
    }
    for _, row in ipairs(rows) do
        it("satisfies promtool " .. row[1], function()
            assert.equal("status 0\n", promtool(text_of(row[2], row[3])))
        end)
    end

    it("satisfies promtool without an integration, and without a report", function()
        assert.equal("status 0\n",
            promtool((monitor.format(assess({}, { at = AT }), "prometheus"))))
        local failed = monitor.format({ kind = "timeout" }, "prometheus")
        assert.equal("status 0\n", promtool(failed))
        has(failed, "sendgrid_sso_up 0")
    end)

    it("would not satisfy promtool if a label were not escaped", function()
        assert.not_equal("status 0\n", promtool((text_of(usual):gsub("Okta", 'Ok"ta'))))
    end)

    it("escapes labels", function()
        has(text_of({}, 'a"b\\c'),
            'sendgrid_sso_integration_info{integration="b0b9-1",name="a\\"b\\\\c"} 1')
    end)
end)
