-- sso.xml: documents of strangers, read within bounds.

local helper = require "helper"
local samples = require "support.saml_samples"
local xml = require "sso.xml"

local function read(text, options)
    options = options or {}
    options.what = "SAML metadata"
    return xml.read(text, options)
end

local function root_of(text, options)
    local root, problem = read(text, options)
    return assert(root, problem)
end

describe("xml.read", function()
    it("gives names with their namespaces, whatever the prefixes", function()
        for _, text in ipairs {
            "<a xmlns='urn:x' B='1'><c>t</c></a>",
            "<p:a xmlns:p='urn:x' B='1'><p:c>t</p:c></p:a>",
            "<p:a xmlns:p='urn:x' xmlns:q='urn:x' B='1' q:B='2'><q:c xmlns:p='urn:y'>t</q:c></p:a>",
        } do
            local root = root_of(text)
            assert.equal("a", root.name)
            assert.equal("urn:x", root.namespace)
            assert.same({ B = "1" }, root.attributes)
            assert.equal("t", xml.text(xml.child(root, "urn:x", "c")))
        end
        assert.is_nil(root_of("<a/>").namespace)
    end)

    it("takes text whole across comments, CDATA and entities", function()
        local root = root_of "<a> jane@test<!-- .evil -->.example<![CDATA[<&>]]>&amp;&#65;\n</a>"
        assert.equal("jane@test.example<&>&A", xml.text(root))
        assert.is_nil(xml.text(root_of "<a> \n </a>"))
        assert.is_nil(xml.text(nil))
    end)

    it("finds children in order, and none of nothing", function()
        local root = root_of "<a xmlns='u'><b i='1'/><c/><b i='2'/><b xmlns='v' i='3'/></a>"
        local list = xml.children(root, "u", "b")
        assert.equal(2, #list)
        assert.equal("2", list[2].attributes.i)
        assert.same({}, xml.children(nil, "u", "b"))
        assert.is_nil(xml.child(root, "u", "d"))
    end)

    local document = "<?xml version='1.0' encoding='%s'?><a b='\195\188'>\226\130\172</a>"
    local encodings = {
        { "UTF-8", document:format "UTF-8" },
        { "UTF-8 with a mark", "\239\187\191" .. document:format "UTF-8" },
        { "UTF-8 that says UTF-16, as pasted from .NET", document:format "utf-16" },
        { "UTF-8 with a mark that says Latin-1", "\239\187\191" .. document:format "ISO-8859-1" },
        { "UTF-16, big end first", samples.utf16(document:format "UTF-16", true) },
        { "UTF-16, little end first", samples.utf16(document:format "UTF-16", false) },
        { "UTF-16BE without a mark", samples.utf16(document:format "UTF-16", true, true) },
        { "UTF-16LE without a mark", samples.utf16(document:format "UTF-16", false, true) },
    }
    for _, row in ipairs(encodings) do
        it("reads " .. row[1], function()
            local root = root_of(row[2])
            assert.equal("\195\188", root.attributes.b)
            assert.equal("\226\130\172", root.text)
        end)
    end

    it("reads Latin-1, and characters beyond 65535 in UTF-16", function()
        assert.equal("\195\188", root_of(
            "<?xml version='1.0' encoding='ISO-8859-1'?><a>\252</a>").text)
        local text = samples.utf16("<a>?</a>", true):gsub("%z%?", "\216\61\222\0")
        assert.equal("\240\159\152\128", root_of(text).text)
    end)

    local DOCTYPE = "it has a DOCTYPE, which SAML forbids: refused unread"
    local html = "this is an HTML page, such as the page of a login or of an error, "
        .. "not SAML metadata"
    local attack = "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"
    local many = {}
    for i = 1, 65 do
        many[i] = ("a%d='1'"):format(i)
    end
    local refused = {
        { "a DOCTYPE", attack, DOCTYPE },
        { "a DOCTYPE behind comments and instructions",
            "\n<?xml version='1.0'?>\n<!-- <a> --> <?p > ?>\t" .. attack, DOCTYPE },
        { "a DOCTYPE in UTF-16", samples.utf16(attack, true), DOCTYPE },
        { "a DOCTYPE in UTF-16 without a mark", samples.utf16(attack, false, true), DOCTYPE },
        { "a DOCTYPE that expat alone would read as one", "<!DOCTYPE", DOCTYPE },
        { "HTML", "\n<!DOCTYPE html><html><body>Sign in</body></html>", html },
        { "HTML without a DOCTYPE", "<HTML lang=en>", html },
        { "XHTML", "<?xml version='1.0'?><!DOCTYPE html PUBLIC '-//W3C//DTD'><html/>", html },
        { "JSON", " {\"error\":\"not found\"}", "this is JSON, not SAML metadata" },
        { "PEM", "-----BEGIN CERTIFICATE-----\n",
            "this is PEM, as certificates and keys are written, not SAML metadata" },
        { "words", "Not found", "this is not XML, so not SAML metadata" },
        { "nothing", "", "it is empty" },
        { "white space", " \n", "it is empty" },
        { "a mark alone", "\239\187\191", "it is empty" },
        { "a part", "<a><b>",
            "its XML is broken: it ends too early: was all of it copied? (line 1, column 7)" },
        { "an open comment", "<!-- ",
            "its XML is broken: it ends too early: was all of it copied? (line 1, column 1)" },
        { "crossed tags", "<a>\n<b></a>", "its XML is broken: mismatched tag (line 2, column 6)" },
        { "two roots", "<a/><b/>",
            "its XML is broken: something follows its last element (line 1, column 5)" },
        { "an entity of HTML", "<a>&nbsp;</a>",
            "its XML is broken: it names an entity that XML does not have (line 1, column 4)" },
        { "an encoding that expat does not know", "<?xml version='1.0' encoding='EBCDIC-X'?><a/>",
            "its XML is broken: its encoding is not read: save it as UTF-8 (line 1, column 31)" },
        { "bytes that are no UTF-8", "<a>\255</a>",
            "its XML is broken: not well-formed (invalid token) (line 1, column 4)" },
        { "a zero byte", "<a>\0</a>",
            "its XML is broken: not well-formed (invalid token) (line 1, column 4)" },
        { "half a pair of surrogates", samples.utf16("<a>?</a>", true):gsub("%z%?", "\216\61"),
            "its XML is broken: not well-formed (invalid token) (line 1, column 4)" },
        { "UTF-16 with half a character", samples.utf16("<a/>", true) .. "\0",
            "it is UTF-16 that ends in the middle of a character" },
        { "UTF-32", "\0\0\254\255\0\0\0<", "it is UTF-32, which is not read: save it as UTF-8" },
        { "65 levels", ("<a>"):rep(65), "its elements are nested more than 64 deep" },
        { "65 attributes", "<a " .. table.concat(many, " ") .. "/>",
            "an element has more than 64 attributes" },
        { "200,001 elements", "<a>" .. ("<b/>"):rep(200000) .. "</a>",
            "it has more than 200000 elements" },
        { "10 MiB and a byte", ("x"):rep(10 * 1024 * 1024 + 1), "it is longer than 10 MiB" },
    }
    for _, row in ipairs(refused) do
        it("refuses " .. row[1], function()
            local root, problem = read(row[2])
            assert.is_nil(root)
            assert.equal(row[3], problem)
        end)
    end

    it("takes what lies just within the bounds", function()
        assert.is_table(root_of(("<a>"):rep(64) .. ("</a>"):rep(64)))
        assert.equal("1", root_of("<a " .. table.concat(many, " ", 1, 64) .. "/>").attributes.a64)
        assert.is_table(root_of("<a>" .. (" "):rep(10 * 1024 * 1024 - 7) .. "</a>"))
        assert.equal(2, #root_of("<a><b/><b/></a>", { elements = 3 }))
        assert.is_nil((read("<a><b/><b/></a>", { elements = 2 })))
    end)

    it("is not slowed down by white space, however much and wherever", function()
        local blank = (" "):rep(200000)
        local began = os.clock()
        for _, text in ipairs {
            blank .. "<a>" .. blank .. "x" .. blank .. "</a>", blank, "<a" .. blank .. "/>",
            "<!--" .. blank .. "--><a>" .. blank .. "</a>", "<?xml" .. blank,
        } do
            local root = read(text)
            xml.text(root)
        end
        assert.is_true(os.clock() - began < 3 * helper.patience,
            "it took " .. os.clock() - began)
    end)

    it("drops what the fold refuses, and says when nothing is left", function()
        local depths = {}
        local root = root_of("<a><b><c/></b><d/></a>", { fold = function(element, depth)
            depths[#depths + 1] = element.name .. depth
            return element.name ~= "b"
        end })
        assert.same({ "c2", "b1", "d1", "a0" }, depths)
        assert.equal(1, #root)
        assert.equal("d", root[1].name)
        local _, problem = read("<a/>", { fold = function() return false end })
        assert.equal("nothing of it is SAML metadata", problem)
    end)

    it("leaves nothing behind", function()
        local text = "<a>" .. ("<b c='d'>e</b>"):rep(100) .. "</a>"
        helper.leaves_nothing(function()
            for _ = 1, 50 do
                read(text)
                read("<a>" .. text)
                read "<!DOCTYPE a>"
            end
        end)
    end)
end)
