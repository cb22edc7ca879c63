-- How texts of fields become JSON: every character, at every place around the lengths at which the
-- writer changes its pace, arrives as it was given, and nothing is escaped that need not be.

local cjson = require "cjson"
local helper = require "helper"

local SPECIAL = {
    ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\",
    ["\0"] = "\\u0000", ["\1"] = "\\u0001", ["\8"] = "\\u0008", ["\12"] = "\\u000c",
    ["\31"] = "\\u001f",
}

describe("the text of a field", function()
    local base, client

    helper.watch()

    before_each(function()
        base = helper.faults "ok"
        client = helper.client { base_url = base }
    end)

    -- What the server got for a text, between the quotes, and decoded.
    local function sent(text)
        assert(client:update_certificate(1, { public_certificate = text }))
        local requests = helper.requests(base)
        local body = requests[#requests].body
        return body:match '^{"public_certificate":"(.*)"}$',
            cjson.decode(body).public_certificate
    end

    it("keeps its printable characters as they are", function()
        local text = {}
        for byte = 32, 127 do
            local c = string.char(byte)
            if not SPECIAL[c] then
                text[#text + 1] = c
            end
        end
        text = table.concat(text) .. "/\195\188\226\130\172\240\159\148\145\127"
        assert.equal(text, (sent(text)))
    end)

    for c, escaped in pairs(SPECIAL) do
        it("has " .. escaped .. " where byte " .. c:byte() .. " stood", function()
            local written, read = sent("a" .. c .. "b" .. c)
            assert.equal("a" .. escaped .. "b" .. escaped, written)
            assert.equal("a" .. c .. "b" .. c, read)
        end)
    end

    it("arrives whole whatever its length, a line break anywhere in it", function()
        for _, length in ipairs { 1, 2, 63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 2048, 2113 } do
            local plain = ("x"):rep(length)
            assert.equal(plain, (sent(plain)))
            for _, at in ipairs { 1, 63, 64, 65, 66, length - 1, length } do
                if at >= 1 and at <= length then
                    local text = plain:sub(1, at - 1) .. "\n" .. plain:sub(at + 1)
                    local written, read = sent(text)
                    assert.equal(length + 1, #written)
                    assert.equal(text, read)
                end
            end
        end
    end)

    it("may be nothing but what has to be escaped", function()
        local text = ("\1\n\"\\"):rep(1500)
        local written, read = sent(text)
        assert.equal(("\\u0001\\n\\\"\\\\"):rep(1500), written)
        assert.equal(text, read)
    end)

    it("is written the same with a certificate and in lists and items", function()
        local pem = helper.certificate()
        assert.equal(pem, (select(2, sent(pem))))
        assert.equal(pem:gsub("\n", "\\n"), (sent(pem)))
        local strict = helper.client { base_url = base, validate = true }
        assert(strict:update_certificate(1, { public_certificate = pem }))
        local requests = helper.requests(base)
        assert.equal(requests[#requests - 1].body, requests[#requests].body)
        client:create_sso_teammate { email = "a@x.example", first_name = "A/\"", last_name = "\t",
            scopes = { "mail.send", "a\\b" } }
        requests = helper.requests(base)
        assert.equal([[{"email":"a@x.example","first_name":"A/\"","last_name":"\t",]]
            .. [["scopes":["mail.send","a\\b"]}]], requests[#requests].body)
    end)
end)
