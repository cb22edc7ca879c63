-- sso.printable: nothing that others wrote reaches a terminal as a command, and columns are
-- counted as terminals count them.

local printable = require "sso.printable"

local BAD = "\239\191\189"

describe("printable", function()
    local rows = {
        { "leaves plain text alone", "Okta (EU) ~ 100%", "Okta (EU) ~ 100%" },
        { "leaves other scripts alone", "Bücher Дом 日本語 🙂", "Bücher Дом 日本語 🙂" },
        {
            "disarms escape sequences",
            "a\27[31mb\27]0;c\7",
            "a" .. BAD .. "[31mb" .. BAD .. "]0;c" .. BAD,
        },
        { "disarms C1 controls in UTF-8", "a\194\155b", "a" .. BAD .. "b" },
        { "disarms C1 controls as bytes", "a\155b", "a" .. BAD .. "b" },
        { "disarms DEL and zero bytes", "a\127b\0c", "a" .. BAD .. "b" .. BAD .. "c" },
        { "disarms backspace and carriage return", "a\8b\rc", "a" .. BAD .. "b" .. BAD .. "c" },
        { "keeps to one line", "a\nb\r\nc\td", "a b c d" },
        {
            "disarms overrides of the direction",
            "a\226\128\174b\226\129\166c",
            "a" .. BAD .. "b" .. BAD .. "c",
        },
        { "disarms separators of lines", "a\226\128\168b", "a" .. BAD .. "b" },
        { "disarms tags", "a\243\160\129\129b", "a" .. BAD .. "b" },
        { "replaces overlong forms", "\192\175", BAD .. BAD },
        { "replaces surrogates", "\237\160\128", BAD .. BAD .. BAD },
        { "replaces what is above Unicode", "\244\144\128\128", BAD .. BAD .. BAD .. BAD },
        { "replaces cut sequences", "a\226\130", "a" .. BAD .. BAD },
    }
    for _, row in ipairs(rows) do
        it(row[1], function()
            assert.equal(row[3], printable(row[2]))
            assert.equal(row[3], printable(printable(row[2])))
        end)
    end

    it("shows what is no string", function()
        assert.equal("nil", printable(nil))
        assert.equal("12", printable(12))
        assert.equal("123456789012345", printable(123456789012345))
        assert.equal("66138975", printable(66138975.0))
    end)

    it("lets no control through, whatever the bytes", function()
        for first = 0, 255 do
            for _, second in ipairs { 0, 27, 65, 128, 155, 168, 255 } do
                local text = printable(string.char(first, second) .. "\128\174x")
                assert.is_nil(text:find "[%z\1-\31\127]")
                assert.is_nil(text:find "\194[\128-\159]")
                assert.equal(text, printable(text))
            end
        end
    end)

    it("writes ASCII", function()
        assert.equal("B?cher ?", printable.ascii "Bücher 日")
        assert.equal("a?[1m", printable.ascii "a\27[1m")
    end)

    it("tells what can be shown as it is", function()
        local seen = {}
        for character, code, harmless in printable.characters "aü\27\155" do
            seen[#seen + 1] = { character, code, harmless }
        end
        assert.same({ "a", 97, true }, seen[1])
        assert.same({ "ü", 252, true }, seen[2])
        assert.same({ "\27", 27, false }, seen[3])
        assert.same({ "\155", nil, false }, seen[4])
    end)

    it("counts columns", function()
        for text, columns in pairs {
            [""] = 0, abc = 3, ["Bücher"] = 6, ["日本語"] = 6, ["e\204\129"] = 1, ["🙂"] = 2,
            ["━╸│"] = 3, ["…"] = 1,
        } do
            assert.equal(columns, printable.width(text), text)
        end
    end)

    it("cuts by columns", function()
        assert.equal("abc", printable.cut("abc", 3))
        assert.equal("ab…", printable.cut("abcd", 3))
        assert.equal("ab.", printable.cut("abcd", 3, "."))
        assert.equal("日…", printable.cut("日本語", 4))
        assert.equal("…", printable.cut("日本語", 2))
    end)

    it("pads by columns", function()
        assert.equal("日 |", printable.pad("日", 3) .. "|")
        assert.equal("  7", printable.pad("7", 3, true))
        assert.equal("long", printable.pad("long", 3))
    end)

    it("wraps at spaces", function()
        assert.same({ "one two", "three" }, printable.wrap("one two three", 8))
        assert.same({ "aaaaaaaaaaaa", "b" }, printable.wrap("aaaaaaaaaaaa b", 8))
        assert.same({ "" }, printable.wrap("", 8))
    end)
end)
