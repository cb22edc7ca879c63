-- A snapshot as text: always the same for the same set-up, read back whole, and a sentence for each
-- thing that somebody who edited it may have got wrong.

local accounts = require "support.accounts"
local helper = require "helper"
local snapshots = require "sso.snapshot"

local FORMAT = [["format":"sendgrid-sso/1"]]

-- A snapshot of one integration with these certificates, as JSON.
local function with_certificates(text)
    return ([[{%s,"integrations":[{"id":"a","certificates":[%s]}]}]]):format(FORMAT, text)
end

local function json_pem(n)
    return (accounts.pem(n):gsub("\n", "\\n"))
end

describe("a snapshot as text", function()
    helper.watch()
    before_each(function()
        helper.sandbox.reset()
        helper.sandbox.seed { teammates = { {
            email = "jane@example.com", first_name = "Jane", last_name = "Doe",
            scopes = { "user.profile.read", "mail.send" },
        } } }
    end)

    it("is read back as it was", function()
        local snapshot = assert(accounts.client():snapshot())
        local text = snapshots.encode(snapshot)
        local again = assert(snapshots.decode(text))
        assert.same(snapshot, again)
        assert.equal(text, snapshots.encode(again))
    end)

    it("is the same for the same set-up, but for the time", function()
        local client = accounts.client()
        accounts.integration(1, { { accounts.pem(1), true }, { accounts.pem(2), false } })
        local first = assert(client:snapshot())
        local second = assert(client:snapshot())
        second.taken_at = first.taken_at
        assert.equal(snapshots.encode(first), snapshots.encode(second))
    end)

    it("has names in order, whole numbers whole, and one thing a line", function()
        local text = snapshots.encode(assert(accounts.client():snapshot()))
        assert.truthy(text:find("\n          \"id\": 66138975,\n          \"not_after\": %d+,\n"))
        assert.truthy(text:find("\n      \"scopes\": [\n        \"mail.send\",\n"
            .. "        \"user.profile.read\"\n      ]", 1, true))
        assert.truthy(text:find "^{\n  \"format\": \"sendgrid%-sso/1\",\n  \"integrations\": %[\n")
        assert.truthy(text:find "\n}\n$")
    end)

    it("writes an empty list as a list", function()
        accounts.integration(1, {})
        local text = snapshots.encode(assert(accounts.client():snapshot()))
        assert.truthy(text:find("\"certificates\": [],", 1, true))
        assert(snapshots.decode(text))
    end)

    it("shows what turns the direction of text, and what a terminal obeys", function()
        local id = accounts.integration(1, {}, { name = "A\226\128\174B\27[2JC\194\155D" })
        local client = accounts.client()
        local snapshot = assert(client:snapshot())
        local text = snapshots.encode(snapshot)
        assert.truthy(text:find([["name": "A\u202eB\u001b[2JC\u009bD"]], 1, true))
        assert.same({}, assert(client:diff(assert(snapshots.decode(text)))))
        assert(client:delete_integration(id))
    end)

    it("needs of a certificate only its text, and takes a fingerprint with colons", function()
        local pem = accounts.pem(1)
        local fingerprint = require("sso").certificate.parse(pem)[1].fingerprint
        local short = assert(snapshots.decode(with_certificates(
            ([[{"public_certificate":"%s"}]]):format(json_pem(1)))))
        assert.equal(fingerprint, short.integrations[1].certificates[1].fingerprint)
        assert.equal("CN=idp 1", short.integrations[1].certificates[1].subject)
        assert(snapshots.decode(with_certificates(
            ([[{"public_certificate":"%s","fingerprint":"%s"}]]):format(json_pem(1),
                fingerprint:upper():gsub("(%x%x)", "%1:"):gsub(":$", "")))))
    end)

    it("may be edited with an editor that begins files with a byte order mark", function()
        assert(snapshots.decode("\239\187\191{" .. FORMAT .. [[,"integrations":[]}]]))
    end)

    local other = json_pem(2)
    for _, row in ipairs {
        { "", "not JSON: Expected value but found T_END at character 1" },
        { "{", "not JSON: Expected object key string" },
        { "{}\0", "not JSON: a zero byte at character 3" },
        { "7", "this is no snapshot: it is no JSON object" },
        { "null", "this is no snapshot: it is no JSON object" },
        { "[]", "this is no snapshot: it has no format" },
        { [[{"format":"sendgrid-sso/2","integrations":[]}]],
            "this snapshot is of version 2, and this program reads version 1" },
        { [[{"format":"x","integrations":[]}]],
            "this is no snapshot: its format is 'x', not 'sendgrid-sso/1'" },
        { "{" .. FORMAT .. "}", "integrations must be an array" },
        { "{" .. FORMAT .. [[,"integrations":{"a":1}}]], "integrations must be an array" },
        { "{" .. FORMAT .. [[,"integrations":[1]}]], "integrations[1] must be an object" },
        { "{" .. FORMAT .. [[,"integrations":[{"certificates":[]}]}]],
            "integrations[1] has no id" },
        { "{" .. FORMAT .. [[,"integrations":[{"id":"a"}]}]],
            "integrations[1] has no certificates" },
        { "{" .. FORMAT .. [[,"integrations":[{"id":7,"certificates":[]}]}]],
            "integrations[1]: id must be text, not a number" },
        { "{" .. FORMAT .. [[,"integrations":[{"id":"a","certificates":[],"enabled":"yes"}]}]],
            "integrations[1]: enabled must be true or false, not a string" },
        { "{" .. FORMAT .. [[,"integrations":[{"id":"a","certificates":[]},
            {"id":"a","certificates":[]}]}]], "integrations[2] has the id of integrations[1]: a" },
        { with_certificates "{}", "integrations[1].certificates[1] has no public_certificate" },
        { with_certificates [[{"public_certificate":"x"}]],
            "integrations[1].certificates[1]: public_certificate: the text is not an X.509" },
        { with_certificates(([[{"public_certificate":"%s%s"}]]):format(json_pem(1), other)),
            "integrations[1].certificates[1]: public_certificate holds 2 certificates, not one" },
        { with_certificates(([[{"public_certificate":"%s","fingerprint":"00"}]]):format(other)),
            "integrations[1].certificates[1]: public_certificate is not the certificate that "
                .. "fingerprint names: its own is " },
        { with_certificates(([[{"public_certificate":"%s","not_after":"2027"}]]):format(other)),
            "integrations[1].certificates[1]: not_after must be a whole number, unix seconds" },
        { with_certificates(([[{"id":true,"public_certificate":"%s"}]]):format(other)),
            "integrations[1].certificates[1]: id must be a whole number or text" },
        { "{" .. FORMAT .. [[,"integrations":[],"teammates":[{}]}]],
            "teammates[1] has no username" },
        { "{" .. FORMAT .. [[,"integrations":[],"teammates":[{"username":"a","scopes":"x"}]}]],
            "teammates[1]: scopes must be an array of texts" },
        { "{" .. FORMAT .. [[,"integrations":[],"teammates":[{"username":"a","scopes":[1]}]}]],
            "teammates[1]: scopes must hold nothing but texts" },
        { "{" .. FORMAT .. [[,"integrations":[],
            "teammates":[{"username":"a","subuser_access":[{"id":1}]}]}]],
            "teammates[1].subuser_access[1] has no permission_type" },
    } do
        it("is refused with words: " .. row[2], function()
            local snapshot, err = snapshots.decode(row[1])
            assert.is_nil(snapshot)
            assert.equal("config", err.kind)
            assert.equal("snapshot", err.operation)
            assert.equal(row[2], err.message:sub(1, #row[2]))
        end)
    end

    it("never repeats a private key", function()
        local _, key = helper.certificate { key = "ec" }
        local _, err = snapshots.decode(with_certificates(
            ([[{"public_certificate":"%s"}]]):format((key:gsub("\n", "\\n")))))
        assert.equal("config", err.kind)
        assert.truthy(err.message:find("holds a private key", 1, true))
        assert.is_nil(err.message:find(key:sub(40, 60), 1, true))
    end)

    it("raises for what is neither text nor a snapshot", function()
        local _, first = pcall(function() snapshots.decode(7) end)
        assert.matches("document_spec.lua:%d+: decode: the JSON must be a string, not a number$",
            first)
        local _, second = pcall(function() snapshots.encode "x" end)
        assert.matches("document_spec.lua:%d+: encode: the snapshot must be a table, not a string$",
            second)
    end)
end)
