-- Whatever a server puts into its answers: a report comes out, and every form of it can be written
-- and read.

local assess = require("sso.monitor.assess").assess
local cjson = require "cjson"
local dated = require "support.dated"
local lxp = require "lxp"
local monitor = require "sso.monitor"
local printable = require "sso.printable"
local timeline = require "sso.timeline"

local AT = 1800000000
local DAY = 86400

-- Numbers that are the same on every Lua.
local state = 20270115
local function random(n)
    state = (state * 16807) % 2147483647
    return state % n + 1
end

local PEM = {
    dated.certificate("odd", AT - 300 * DAY, AT + 5 * DAY),
    dated.certificate("odd", AT - 5 * DAY, AT + 500 * DAY),
    dated.certificate("odd", AT + 9 * DAY, AT + 500 * DAY),
}

local TIMES = {
    AT, AT - DAY, AT + 400 * DAY, 0, -1, -1e12, 1e15, 253402300800, 2 ^ 53, "1800000000", "soon",
    0.5, AT + 0.25,
}
local IDS = { 1, 66138975, 2 ^ 52, "a", "", "a b", "'|;", "\27[1m\n", "\255", ("9"):rep(400) }
local NAMES = { "Okta", "", "\27]0;x\7", "<&\"'>", "\255\254", ("日"):rep(80), "a|b=c;d,e\\f\r\ng" }
local ENABLED = { true, false }

-- One of the list, or nil.
local function pick(list)
    return list[random(#list + 1)]
end

local function odd_entry()
    local certificates = {}
    for i = 1, random(5) - 1 do
        certificates[i] = {
            id = pick(IDS),
            enabled = pick(ENABLED),
            not_before = pick(TIMES),
            not_after = pick(TIMES),
            public_certificate = random(2) == 1 and PEM[random(#PEM)] or pick(NAMES),
        }
    end
    return {
        integration = {
            id = pick(IDS) or "i",
            name = pick(NAMES),
            enabled = pick(ENABLED),
            entity_id = pick(NAMES),
        },
        certificates = certificates,
    }
end

local function is_xml(text)
    local parser = lxp.new {}
    local ok, why = parser:parse(text)
    assert.truthy(ok, why)
    assert.truthy(parser:parse())
    parser:close()
end

local CONTROLS = "[%z\1-\9\11-\31\127]"

describe("odd answers", function()
    it("become reports that can be written and read", function()
        for _ = 1, 150 do
            local entries = {}
            for i = 1, random(3) do
                entries[i] = odd_entry()
            end
            local report = assess(entries, { at = AT, within = random(60) * DAY })
            local counted = report.counts.critical + report.counts.warning + report.counts.info
            assert.equal(#report, counted)
            assert.is_nil(monitor.format(report, "text", { width = 60 }):find(CONTROLS))
            assert.equal(#report, #cjson.decode((monitor.format(report, "json"))).findings)
            assert.is_nil(monitor.format(report, "prometheus"):find(CONTROLS))
            assert.is_nil(monitor.format(report, "nagios"):find(CONTROLS))
            assert.equal(1, select(2, monitor.format(report, "nagios"):gsub("|", "")))
            assert.is_nil(monitor.format(report, "ics"):gsub("\r\n", ""):find(CONTROLS))
            for line in timeline.text(report, { width = 70 }):gmatch "[^\n]*" do
                assert.is_nil(line:find(CONTROLS))
                assert.is_true(printable.width(line) <= 70)
            end
            is_xml(timeline.svg(report))
        end
    end)

    it("become metrics that promtool reads", function()
        local path = os.tmpname()
        for _ = 1, 8 do
            local file = assert(io.open(path, "wb"))
            file:write((monitor.format(assess({ odd_entry(), odd_entry() }, { at = AT }),
                "prometheus")))
            file:close()
            local pipe = assert(io.popen("promtool check metrics <" .. path .. " 2>&1"))
            local said = pipe:read "*a"
            pipe:close()
            assert.equal("", said)
        end
        os.remove(path)
    end)
end)
