-- The timeline: what is drawn for which certificates, in a terminal's characters and as SVG.

local layout = require "sso.timeline.layout"
local lxp = require "lxp"
local printable = require "sso.printable"
local reports = require "support.reports"
local timeline = require "sso.timeline"

local AT, DAY = reports.AT, reports.DAY
local stored, report_of = reports.stored, reports.of

-- A gap, an axis that is too short, an end in sight, an integration without any.
local function several()
    return report_of({
        name = "Okta (EU)",
        stored(66138975, -350, 21, true, "okta 2026"),
        stored(66138976, 30, 395, true, "okta 2027"),
        stored(66138900, -700, -40, nil, "okta 2025"),
    }, {
        name = "Entra ID",
        stored(66139001, -200, 3000, nil, "Microsoft Azure Federated SSO Certificate"),
    }, {
        name = "Keycloak",
        stored(66139100, -100, 12),
        stored(66139101, -10, 200, false),
    }, {
        name = "ADFS", enabled = false,
    }, {
        name = "Google",
        stored(66139200, -2000, -500),
        { id = 66139201, public_certificate = "?" },
    })
end

local HOSTILE = "<b>&\"'\27[31m\n日本語日本語日本語\226\128\174" .. ("x"):rep(200)

local function hostile()
    return report_of { name = HOSTILE, stored(HOSTILE, -30, 5), stored(2, -1, 80) }
end

local UNICODE = [[
                        2026       2027       2028
                        ╵          ▼          ╵          ╵   today 2027-01-15

Okta (EU)
  66138975 CN=okta 2026  ░░░░░░░░░░│▋                        2027-02-05     21 d
  66138976 CN=okta 2027            │▐██████████▉             2028-02-14  not yet
  66138900 CN=okta 2025 ◂░░░░░░░░░░│                         2026-12-06  expired
  covered                          │╳━━━━━━━━━━━
  ! gap of 9 days from 2027-02-05: no certificate is valid

Entra ID
  66139001 CN=Microsof…      ░░░░░░│██████████████████████▸  2035-04-03   3000 d

Keycloak
  66139100 CN=idp               ░░░│▎                        2027-01-27     12 d
  66139101 CN=idp                  │╌╌╌╌╌╌╌                  2027-08-03 disabled
  covered                          │━
  ! nothing follows the end on 2027-01-27, in 12 days

ADFS (disabled)
  ! no certificate

Google
  66139200 CN=idp       ◂          │                         2025-09-02  expired
  66139201                         │                         unreadable
  covered                          │╳╳╳╳╳╳╳╳╳╳╳╳╳╳╳╳╳╳╳╳╳╳╳
  ! no certificate is valid

░ past   █ to come   ╌ disabled   ━ some certificate is valid   ╳ none is valid
│ today
]]

describe("the timeline in text", function()
    it("shows gaps and ends in sight", function()
        assert.equal(UNICODE, timeline.text(several()))
    end)

    it("fits the width, whatever it is", function()
        for _, report in ipairs { several(), hostile(), report_of() } do
            for _, width in ipairs { 40, 47, 48, 63, 64, 80, 120, 200 } do
                for _, ascii in ipairs { false, true } do
                    local text = timeline.text(report, { width = width, ascii = ascii })
                    for line in text:gmatch "[^\n]+" do
                        assert.is_true(printable.width(line) <= width, line)
                        assert.is_nil(line:find " $")
                    end
                end
            end
        end
    end)

    it("draws with ASCII alone", function()
        local text = timeline.text(several(), { ascii = true })
        assert.is_nil(text:find "[\128-\255]")
        assert.truthy(text:find("\n  66138975 CN=okta 2026  ----------|#  ", 1, true))
        assert.truthy(text:find("\n  covered                          |x===========\n", 1, true))
        assert.truthy(text:find("\n  66139101 CN=idp                  |~~~~~~~  ", 1, true))
        assert.truthy(text:find("v          '          '   today 2027-01-15\n", 1, true))
    end)

    it("is harmless", function()
        for _, ascii in ipairs { false, true } do
            local text = timeline.text(hostile(), { ascii = ascii })
            assert.is_nil(text:find "\27")
            assert.is_nil(text:find("\226\128\174", 1, true))
        end
    end)

    it("colours and changes nothing else", function()
        local text = timeline.text(several(), { colour = true })
        assert.truthy(text:find("\27[32m█", 1, true))
        assert.truthy(text:find("\27[1;31m╳", 1, true))
        assert.equal(UNICODE, (text:gsub("\27%[[%d;]*m", "")))
        for line in text:gmatch "[^\n]+" do
            local opened = select(2, line:gsub("\27%[[%d;]+m", ""))
            local closed = select(2, line:gsub("\27%[0m", ""))
            assert.equal(opened, 2 * closed, line)
        end
    end)

    it("takes another day for today", function()
        local text = timeline.text(several(), { at = AT + 25 * DAY })
        assert.truthy(text:find("today 2027-02-09", 1, true))
        assert.truthy(text:find("! no certificate is valid until 2027-02-14", 1, true))
    end)

    it("says that there is nothing", function()
        assert.truthy(timeline.text(report_of()):find "\nno integration\n")
    end)

    it("raises upon options that are none", function()
        for _, row in ipairs {
            { { widt = 3 }, "'widt' %(did you mean 'width'%?%)" },
            { { width = "x" }, "'width' must be a number" },
            { { ascii = 1 }, "'ascii' must be true or false" },
        } do
            local ok, why = pcall(function()
                timeline.text(several(), row[1])
            end)
            assert.is_false(ok)
            assert.truthy(why:find "timeline_spec.lua:%d+: timeline: ", why)
            assert.truthy(why:find(row[2]), why)
        end
        assert.has_error(function() timeline.text(nil) end)
        assert.has_error(function() timeline.svg({}) end)
    end)
end)

describe("the layout of a timeline", function()
    local function group(...)
        return layout.of(report_of({ name = "Okta", ... }), AT, 10).groups[1]
    end

    it("finds gaps, from today on", function()
        local one = group(stored(1, -100, 10), stored(2, 12, 30), stored(3, 40, 90))
        assert.same({
            { from = AT + 10 * DAY, to = AT + 12 * DAY },
            { from = AT + 30 * DAY, to = AT + 40 * DAY },
        }, one.gaps)
        assert.equal(AT + 90 * DAY, one.covered_until)
        assert.equal(3, #one.covered)
    end)

    it("joins what overlaps", function()
        local one = group(stored(1, -100, 50), stored(2, -10, 20), stored(3, 40, 90))
        assert.same({}, one.gaps)
        assert.same({ { from = AT, to = AT + 90 * DAY } }, one.covered)
        assert.same({}, one.remarks)
    end)

    it("does not count on what is disabled or over", function()
        local one = group(stored(1, -100, -1), stored(2, -10, 90, false))
        assert.same({}, one.covered)
        assert.is_nil(one.covered_until)
        assert.equal("no certificate is valid", one.remarks[1].text)
        assert.equal("urgent", one.remarks[1].level)
    end)

    it("sees a gap that is now", function()
        local one = group(stored(1, 5, 90))
        assert.same({ { from = AT, to = AT + 5 * DAY } }, one.gaps)
        assert.equal("no certificate is valid until 2027-01-20", one.remarks[1].text)
    end)

    it("keeps the axis between three months and three years", function()
        local function range(...)
            local drawing = layout.of(report_of({ name = "Okta", ... }), AT, 10)
            return math.floor((AT - drawing.from) / DAY), math.floor((drawing.to - AT) / DAY)
        end
        assert.same({ 33, 93 }, { range(stored(1, -1, 3)) })
        assert.same({ 397, 762 }, { range(stored(1, -3000, 3000)) })
        assert.same({ 378, 103 }, { range(stored(1, -3000, -2000)) })
    end)

    it("has a tick at the first of each so many months, and no more than asked for", function()
        local report = report_of { name = "Okta", stored(1, -200, 400) }
        for most = 1, 30 do
            local ticks = layout.of(report, AT, most).ticks
            assert.is_true(#ticks <= most)
            for _, tick in ipairs(ticks) do
                assert.equal("01T00:00:00Z", os.date("!%dT%H:%M:%SZ", tick.at))
            end
        end
        local labels = {}
        for i, tick in ipairs(layout.of(report, AT, 8).ticks) do
            labels[i] = tick.label
        end
        assert.same({ "Jul 2026", "Oct", "2027", "Apr", "Jul", "Oct", "2028" }, labels)
    end)
end)

describe("the timeline as SVG", function()
    -- → elements {name, attributes, text} in document order; raises unless it is well-formed
    local function read(svg)
        local list, open = {}, {}
        local parser = lxp.new {
            StartElement = function(_, name, attributes)
                local element = { name = name, attributes = attributes, text = "" }
                list[#list + 1], open[#open + 1] = element, element
            end,
            EndElement = function()
                local element = table.remove(open)
                if #open > 0 then
                    open[#open].text = open[#open].text .. element.text
                end
            end,
            CharacterData = function(_, text)
                open[#open].text = open[#open].text .. text
            end,
        }
        local ok, why, line = parser:parse(svg)
        assert.truthy(ok, ("%s at line %s"):format(tostring(why), tostring(line)))
        assert.truthy(parser:parse())
        parser:close()
        return list
    end

    local function texts(svg, name)
        local list = {}
        for _, element in ipairs(read(svg)) do
            if element.name == name then
                list[#list + 1] = element.text
            end
        end
        return list
    end

    local function count(svg, class)
        local n = 0
        for _, element in ipairs(read(svg)) do
            n = n + (element.attributes.class == class and 1 or 0)
        end
        return n
    end

    it("is one document that needs no other", function()
        local svg = timeline.svg(several())
        assert.truthy(svg:find('^<svg xmlns="http://www%.w3%.org/2000/svg"'))
        assert.is_nil(svg:find "href" or svg:find "url%(" or svg:find "@import")
        assert.is_nil(svg:find "<script" or svg:find "<image")
        assert.equal("svg", read(svg)[1].name)
    end)

    it("draws a bar for each certificate, past and to come", function()
        local svg = timeline.svg(several())
        assert.equal(2, count(svg, "soon past"))
        -- of these one each is a sample in the legend
        assert.equal(3, count(svg, "soon"))
        assert.equal(2, count(svg, "expired past"))
        assert.equal(2, count(svg, "disabled"))
        assert.equal(3, count(svg, "gap"))
        assert.equal(3, count(svg, "arrow"))
        assert.equal(1, count(svg, "today"))
    end)

    it("says it in words", function()
        local svg = timeline.svg(several())
        local titles = texts(svg, "title")
        assert.equal("Validity of certificates on 2027-01-15", titles[1])
        assert.truthy(titles[2]:find "^certificate 66138975, ends soon\nCN=okta 2026\n2026%-01%-30")
        assert.truthy(texts(svg, "desc")[1]:find(
            "Okta (EU): 3 certificates, gap of 9 days from 2027-02-05: no certificate is valid.",
            1, true))
        local seen = {}
        for _, text in ipairs(texts(svg, "text")) do
            seen[text] = true
        end
        for _, text in ipairs {
            "today 2027-01-15", "ADFS (disabled)", "21 days left", "not yet valid", "expired",
            "unreadable", "2035-04-03", "nothing follows the end on 2027-01-27, in 12 days",
        } do
            assert.is_true(seen[text], text)
        end
    end)

    it("keeps everything within its frame", function()
        for _, width in ipairs { 560, 960, 2000 } do
            for _, element in ipairs(read(timeline.svg(several(), { width = width }))) do
                local x = tonumber(element.attributes.x or element.attributes.x1 or 0)
                local w = tonumber(element.name == "rect" and element.attributes.width or 0)
                assert.is_true(x >= 0 and x + w <= width,
                    ("%s at %s"):format(tostring(element.attributes.class), x))
            end
        end
    end)

    it("escapes what others wrote", function()
        local svg = timeline.svg(hostile())
        assert.is_nil(svg:find "<b>")
        assert.is_nil(svg:find "\27")
        assert.truthy(texts(svg, "desc")[1]:find("<b>&\"'", 1, true))
    end)

    it("reads on dark ground too", function()
        assert.truthy(timeline.svg(several()):find("prefers-color-scheme: dark", 1, true))
    end)

    it("is drawn without any certificate", function()
        assert.equal(1, count(timeline.svg(report_of()), "today"))
    end)
end)
