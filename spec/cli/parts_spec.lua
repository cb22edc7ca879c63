-- The parts of the command line that other parts rely on: JSON, moments, tables, what people type.

local cjson = require "cjson"
local json = require "sso.json"
local moments = require "sso.cli.moments"
local output = require "sso.cli.output"
local parser = require "sso.cli.parser"

describe("JSON of the command line", function()
    it("is read by another reader as what was written", function()
        local value = {
            text = "a\0b\27[31m\127 é \226\130\172 \240\159\152\128 \"\\/\n\r\t",
            controls = "\194\155 \226\128\174 \243\160\129\129",
            list = { 1, 2.5, -3, true, false, { deep = "x" } },
            number = 66138975, big = 2 ^ 53 - 1, object = { a = 1 },
        }
        assert.same(value, cjson.decode(json.encode(value)))
    end)

    it("holds nothing that a terminal would obey", function()
        local text = json.encode { "\27[2J\7\155", "\194\155", "\226\128\174", "\226\128\168" }
        assert.is_nil(text:find "[%z\1-\9\11-\31\127]")
        assert.equal("[\n  \"\\u001b[2J\\u0007\\ufffd\",\n  \"\\u009b\",\n  \"\\u202e\",\n"
            .. "  \"\\u2028\"\n]\n", text)
    end)

    it("is valid whatever the bytes are", function()
        for _, bytes in ipairs {
            "\255", "\192\128", "\237\160\128", "\244\144\128\128", "\226\130", "\240\159\152",
            "x\128y", "\224\128\175",
        } do
            local text = json.encode { bytes }
            assert.truthy(text:find "\\ufffd")
            assert.is_nil(text:find "[\128-\255]")
            assert.equal(1, #cjson.decode(text))
        end
    end)

    it("has names in order, lists that are lists, and whole numbers that are whole", function()
        assert.equal("{\n  \"a\": 1,\n  \"b\": 66138975,\n  \"scopes\": [],\n  \"z\": {}\n}\n",
            json.encode { z = {}, scopes = {}, b = 66138975.0, a = 1 })
        assert.equal("[]\n", json.encode({}, true))
        assert.equal("{\n  \"x\": null\n}\n", json.encode { x = 1 / 0 })
    end)
end)

describe("moments", function()
    it("are read as UTC, or refused with an example", function()
        assert.equal(1801353600, moments.parse "2027-01-31")
        assert.equal(1801396800, moments.parse "2027-01-31T12:00:00Z")
        assert.equal(1801396800, moments.parse "2027-01-31 12:00")
        assert.equal(12, moments.parse "12")
        for _, text in ipairs { "", "tomorrow", "2027-13-01", "2027-01-31T25:00", "31.01.2027" } do
            local unix, why = moments.parse(text)
            assert.is_nil(unix)
            assert.truthy(why:find("2027-01-31", 1, true))
        end
    end)

    it("are read from the Date of an answer", function()
        for _, unix in ipairs { 0, 951782400, 1801396800, 4102444799 } do
            assert.equal(unix, moments.http_date(os.date("!%a, %d %b %Y %H:%M:%S GMT", unix)))
        end
        assert.is_nil(moments.http_date "yesterday")
        assert.is_nil(moments.http_date(nil))
    end)

    it("that no calendar of the system has are shown all the same", function()
        assert.truthy(moments.both(1e15):find "UTC$")
    end)

    it("are told apart by lengths with a unit", function()
        assert.equal(2592000, moments.duration "30d")
        assert.equal(5400, moments.duration "1.5h")
        assert.equal(0, moments.duration "0")
        for _, text in ipairs { "30", "d", "-1d", "30 days", "1e3s" } do
            assert.is_nil((moments.duration(text)))
        end
        assert.equal("27 hours", moments.length(100000))
        assert.equal("1 second", moments.length(1))
        assert.equal("in 2 days", moments.distance(172800, 0))
        assert.equal("3 minutes ago", moments.distance(0, 180))
        assert.equal("now", moments.distance(7, 7))
    end)
end)

describe("tables", function()
    local columns = {
        { title = "ID" }, { title = "NAME", flexible = true, least = 4 },
        { title = "NOTE", drop = 1 }, { title = "N", right = true },
    }

    local function drawn(width)
        local out = output.new()
        out.width, out.colour, out.unicode = width, false, true
        out:table(columns, {
            { "1", "a long name", "x", "7" }, { "22", "日本", "y\27[0m", { "12", "red" } },
        })
        return table.concat(out.parts)
    end

    it("are as wide as they like where there is room", function()
        assert.equal("ID  NAME         NOTE    N\n"
            .. "1   a long name  x       7\n"
            .. "22  日本         y�[0m  12\n", drawn(nil))
    end)

    it("cut what may be cut, then leave out what matters least", function()
        assert.equal("ID  NAME      NOTE    N\n"
            .. "1   a long …  x       7\n"
            .. "22  日本      y�[0m  12\n", drawn(23))
        assert.equal("ID  NAME       N\n1   a long …   7\n22  日本      12\n", drawn(16))
    end)

    it("never pass the width, as long as the least fits", function()
        local printable = require "sso.printable"
        for width = 12, 40 do
            for line in drawn(width):gmatch "[^\n]+" do
                assert.is_true(printable.width(line) <= width, line)
            end
        end
    end)
end)

describe("what people type", function()
    local root = require("sso.cli.commands").root

    local function rewritten(...)
        return table.concat(parser.rewrite(root, { ... }), " ")
    end

    it("may spell true and false in three ways", function()
        assert.equal("x --enabled", rewritten("x", "--enabled"))
        assert.equal("x --enabled y", rewritten("x", "--enabled", "true", "y"))
        assert.equal("x --no-enabled y", rewritten("x", "--enabled=false", "y"))
        assert.equal("x --no-enabled", rewritten("x", "--enabled", "false"))
        assert.equal("x --enabled=maybe", rewritten("x", "--enabled=maybe"))
        assert.equal("x --name true", rewritten("x", "--name", "true"))
    end)

    it("may have underscores, and help before the command", function()
        assert.equal("--public-certificate=a_b c_d", rewritten("--public_certificate=a_b", "c_d"))
        assert.equal("check --help", rewritten("help", "check"))
        assert.equal("version", rewritten "--version")
    end)

    it("is left alone behind two dashes and behind the sandbox", function()
        assert.equal("x -- --enabled false", rewritten("x", "--", "--enabled", "false"))
        assert.equal("sandbox run y --api-key z",
            rewritten("sandbox", "run", "y", "--api-key", "z"))
    end)

    it("never has a key among it, and no mistake repeats what looks like one", function()
        for _, words in ipairs {
            { "--api-key", "SG.a.b" }, { "--api-key=SG.a.b" }, { "check", "--api_key", "SG.a.b" },
            { "SG.a.b" }, { "certificates", "SG.a.b" }, { "certificates", "get", "--SG.a.b" },
        } do
            local ok, raised = pcall(parser.parse, root, words)
            assert.is_false(ok)
            assert.is_nil(raised.usage:find("SG.a", 1, true), raised.usage)
        end
    end)
end)
