-- The traps in SendGrid's documents, and what went wrong in clients that came before: one case each
-- that shows that this client does not have it. docs/comparison.md tells the stories.
-- spec/traps/ has those about time, connections and secrets.

local calls = require "support.calls"
local cjson = require "cjson"
local core = require "sso.core"
local helper = require "helper"
local samples = require "support.samples"
local sso = require "sso"

local sandbox = helper.sandbox
local INTEGRATION = helper.INTEGRATION

local function raised(f, ...)
    local ok, why = pcall(f, ...)
    assert.is_false(ok, "nothing was raised")
    return why
end

describe("a trap:", function()
    local client

    helper.watch()

    before_each(function()
        sandbox.reset()
        client = calls.client()
    end)

    teardown(function()
        sandbox.reset()
    end)

    local function wire(n)
        return calls.received()[n or 1].wire
    end

    local function body(n)
        return calls.received()[n or 1].body
    end

    -- ---- what is sent ----------------------------------------------------------------

    it("enabled is not sent unasked, and false is sent as false", function()
        client:update_certificate(66138975, { public_certificate = "c" })
        client:update_certificate(66138975, { enabled = false })
        client:update_integration(INTEGRATION, { name = "n" })
        client:create_certificate { public_certificate = "c", integration_id = INTEGRATION }
        assert.equal('{"public_certificate":"c"}', body(1))
        assert.equal('{"enabled":false}', body(2))
        assert.equal('{"name":"n"}', body(3))
        assert.equal('{"public_certificate":"c","integration_id":"' .. INTEGRATION .. '"}', body(4))
        assert.is_true(sandbox.state().integrations[1].enabled)
    end)

    it("a query that is built is sent", function()
        client:list_integrations { si = true }
        client:get_integration(INTEGRATION, { si = false })
        client:update_integration(INTEGRATION, { si = true, name = "n" })
        client:list_teammates { limit = 7, offset = 9 }
        client:list_subuser_access("u", { limit = 3, after_subuser_id = 4, username = "s" })
        assert.equal("GET /v3/sso/integrations?si=true", wire(1))
        assert.equal("GET /v3/sso/integrations/" .. INTEGRATION .. "?si=false", wire(2))
        assert.equal("PATCH /v3/sso/integrations/" .. INTEGRATION .. "?si=true", wire(3))
        assert.equal("GET /v3/teammates?limit=7&offset=9", wire(4))
        assert.equal("GET /v3/teammates/u/subuser_access?after_subuser_id=4&limit=3&username=s",
            wire(5))
    end)

    it("paths are encoded, and a plus stays a plus", function()
        sandbox.seed { teammates = { { email = "a/b+c%@x.example", first_name = "A",
            last_name = "B" } } }
        assert.equal("a/b+c%@x.example", (client:get_teammate "a/b+c%@x.example").username)
        assert.equal("GET /v3/teammates/a%2Fb%2Bc%25%40x.example", wire())
        for _, id in ipairs { "", ".", ".." } do
            raised(client.get_teammate, client, id)
        end
    end)

    it("an empty list is [], a missing one is not sent", function()
        client:update_sso_teammate("u", { scopes = {}, subuser_access = {} })
        client:update_sso_teammate("u", { first_name = "A" })
        assert.equal('{"scopes":[],"subuser_access":[]}', body(1))
        assert.equal('{"first_name":"A"}', body(2))
    end)

    it("the misspelt intergration_id is understood, never sent", function()
        client:create_certificate { public_certificate = "c", intergration_id = INTEGRATION }
        assert.equal('{"public_certificate":"c","integration_id":"' .. INTEGRATION .. '"}', body())
        for _, spelling in ipairs { "intergration_id", "integration_id", "both" } do
            sandbox.switch { spelling = spelling }
            local certificate = client:get_certificate(66138975)
            assert.equal(INTEGRATION, certificate.integration_id)
            assert.equal(INTEGRATION, certificate.intergration_id)
        end
    end)

    it("an update of nothing is refused before it is sent", function()
        for _, name in ipairs { "update_certificate", "update_integration",
            "update_sso_teammate" } do
            assert.truthy(raised(client[name], client, "1", {}):find("nothing to send", 1, true))
        end
        assert.equal(0, #calls.received())
    end)

    it("a mistyped name is no path, field or option", function()
        assert.is_nil(client.list_intergrations)
        assert.is_nil(client.intergrations)
        raised(function()
            client.client.sso.intergrations.get()
        end)
        assert.truthy(raised(client.update_certificate, client, "1", { enable = true })
            :find("did you mean 'enabled'?", 1, true))
        assert.truthy(raised(sso.new, { api_key = "k", retrys = 5 })
            :find("unknown option", 1, true))
        assert.equal(0, #calls.received())
    end)

    it("a certificate pasted as the provider shows it goes out as PEM", function()
        local pem = helper.certificate { key = "ec" }
        local bare = pem:gsub("%-%-%-%-%-[^\n]*\n", "")
        for _, text in ipairs { bare, (pem:gsub("\n", " ")), (pem:gsub("\n", "\\n")),
            helper.der(pem) } do
            assert.is_table(client:update_certificate(66138975, { public_certificate = text },
                { validate = true }))
        end
        for n = 1, 4 do
            assert.equal(pem, cjson.decode(body(n)).public_certificate)
        end
    end)

    it("rules that stand in prose alone are checked, with the pair named", function()
        local person = { email = "a@x.example", first_name = "A", last_name = "B" }
        local pairs_of = {
            { "is_admin", true, "scopes", { "a" } }, { "is_admin", true, "persona", "observer" },
            { "persona", "observer", "scopes", { "a" } },
            { "has_restricted_subuser_access", true, "scopes", { "a" } },
            { "has_restricted_subuser_access", true, "persona", "observer" },
        }
        for _, row in ipairs(pairs_of) do
            person[row[1]], person[row[3]] = row[2], row[4]
            local why = raised(client.create_sso_teammate, client, person)
            assert.truthy(why:find(("'%s' and '%s' exclude each other"):format(row[1], row[3]), 1,
                true), why)
            person[row[1]], person[row[3]] = nil, nil
        end
        person.subuser_access = { { id = 1, permission_type = "admin" } }
        assert.truthy(raised(client.create_sso_teammate, client, person)
            :find("needs has_restricted_subuser_access = true", 1, true))
        assert.equal(0, #calls.received())
    end)

    it("scopes that only SendGrid sets are not sent back to it", function()
        for _, scope in ipairs { "2fa_exempt", "2fa_required", "sender_verification_eligible",
            "sender_verification_legacy" } do
            assert.truthy(raised(client.update_sso_teammate, client, "u", { scopes = { scope } })
                :find("which SendGrid sets itself", 1, true))
        end
        assert.equal(0, #calls.received())
    end)

    it("a subuser is sent as on-behalf-of", function()
        client:list_integrations({}, { on_behalf_of = "sub" })
        assert.equal("sub", calls.received()[1].header["on-behalf-of"])
    end)

    -- ---- what comes back -------------------------------------------------------------

    it("ids keep every digit, on the way in and out", function()
        for text, number in pairs { ["66138975"] = 66138975, ["2147483648"] = 2147483648,
            ["123456789012345"] = 123456789012345,
            ["9007199254740991"] = 9007199254740991 } do
            calls.answers(200, '{"id":' .. text .. ',"not_before":1621289880}')
            local certificate = client:get_certificate(number)
            assert.equal(number, certificate.id)
            assert.equal(1621289880, certificate.not_before)
            assert.equal("GET /v3/sso/certificates/" .. text, wire())
            if math.type then
                assert.equal("integer", math.type(certificate.id))
            end
            client:delete_certificate(certificate.id)
            assert.equal("DELETE /v3/sso/certificates/" .. text, wire(2))
        end
        local item = { id = "9007199254740993", permission_type = "admin" }
        client:update_sso_teammate("u", { has_restricted_subuser_access = true,
            subuser_access = { item } })
        assert.truthy(body(3):find('"id":9007199254740993,', 1, true))
        if math.type then
            item.id = math.tointeger(2 ^ 53) + 1
            client:update_sso_teammate("u", { has_restricted_subuser_access = true,
                subuser_access = { item } })
            assert.truthy(body(4):find('"id":9007199254740993,', 1, true))
            client:list_teammates { offset = item.id }
            assert.equal("GET /v3/teammates?offset=9007199254740993", wire(5))
        end
    end)

    it("an id may be a number, text or a UUID", function()
        for _, id in ipairs { "66138975", "ZGkrHSypTsudrGkmdpJJ", INTEGRATION } do
            calls.answers(200, '{"id":"' .. id .. '"}')
            assert.equal(id, client:get_certificate(id).id)
            assert.equal(id, client:get_integration(id).id)
        end
    end)

    it("an id as the API gave it finds the thing again", function()
        local certificate = client:list_certificates(INTEGRATION)[1]
        assert.is_table(client:get_certificate(certificate.id))
        assert.equal("GET /v3/sso/certificates/66138975", wire(2))
    end)

    it("enabled, which answers do not tell, is not made up", function()
        assert.is_nil(client:get_certificate(66138975).enabled)
        sandbox.switch { tell_enabled = true }
        assert.is_true(client:get_certificate(66138975).enabled)
    end)

    it("certificates are listed where the API lists them", function()
        for _, operation in ipairs(core.operations) do
            assert.not_equal("GET /v3/sso/certificates",
                operation.method .. " " .. operation.path)
        end
        assert.equal(1, #client:list_all_certificates())
        assert.equal("GET /v3/sso/integrations/" .. INTEGRATION .. "/certificates", wire(2))
        local _, err = client:get_certificate "1"
        assert.equal("cert_id comes from list_certificates of an integration", err.hint)
    end)

    it("both shapes of an error say what is wrong, and where", function()
        for _, shape in ipairs { "array", "object" } do
            sandbox.switch { error_shape = shape }
            local _, err = client:create_certificate {
                public_certificate = helper.certificate(), integration_id = "nowhere",
            }
            assert.equal("integration_id", err.errors[1].field)
            assert.equal("integration not found", err.errors[1].message)
            assert.truthy(tostring(err):find("integration not found", 1, true))
        end
    end)

    it("no error is a success, whatever its status", function()
        for _, status in ipairs { 300, 302, 304, 400, 401, 403, 404, 405, 409, 413, 415, 418, 422,
            429, 500, 502, 503, 504, 599 } do
            calls.answers(status, status ~= 304 and '{"id":1}' or nil)
            local value, err, response = client:get_certificate "1"
            assert.is_nil(value)
            assert.equal(status, err.status)
            assert.equal(status, response.status)
            assert.is_string(err.kind)
        end
    end)

    it("every 2xx is a success, and an empty one where nothing is needed", function()
        for _, status in ipairs { 200, 201, 202, 206 } do
            calls.answers(status, '{"id":1}')
            assert.is_table(client:delete_certificate "1")
            assert.is_true(client:delete_integration "1")
        end
        calls.answers(204)
        assert.is_true(client:delete_certificate "1")
        assert.is_true(client:delete_integration "1")
    end)

    it("an answer that is cut is no success", function()
        for _, text in ipairs { '{"id":1', '{"trunc', "", "[", '{"id":1}x' } do
            calls.answers(200, text)
            local value, err, response = client:get_certificate "1"
            assert.is_nil(value)
            assert.equal("response", err.kind)
            assert.equal(text, response.body)
        end
    end)

    it("null is nil, wherever it comes", function()
        calls.answers(200, '{"id":null,"enabled":null,"intergration_id":null,"x":{"y":null}}')
        local certificate = client:get_certificate "1"
        assert.same({ x = {} }, certificate)
        calls.answers(400, '{"errors":[{"message":"m","field":null,"error_id":null}]}')
        local _, err = client:get_certificate "1"
        assert.same({ { message = "m" } }, err.errors)
    end)

    it("fields that no document lists are kept", function()
        calls.answers(200, '{"result":[{"username":"u","is_unified":true,"is_partner_sso":false}]}')
        local teammate = client:list_teammates()[1]
        assert.is_true(teammate.is_unified)
        assert.is_false(teammate.is_partner_sso)
    end)

    it("a teammate's answer may lack any field", function()
        calls.answers(201, "{}")
        local value, err = client:create_sso_teammate { email = "a@x", first_name = "A",
            last_name = "B" }
        assert.same({}, value)
        assert.is_nil(err)
    end)

    it("a list is found under result and results", function()
        for _, name in ipairs { "result", "results" } do
            calls.answers(200, '{"' .. name .. '":[{"username":"u"}]}')
            assert.equal("u", client:list_teammates()[1].username)
        end
    end)

    it("dates of the example, which say nothing, and 0 pass through", function()
        for _, date in ipairs { 1621289880, 0, 253402300799 } do
            calls.answers(200, ('{"id":1,"not_before":%d,"not_after":%d}'):format(date, date))
            local certificate = client:get_certificate "1"
            assert.equal(date, certificate.not_before)
            assert.equal(date, certificate.not_after)
        end
    end)

    it("a new integration without an id in the answer is told as a warning", function()
        calls.answers(200, '{"name":"n"}')
        local _, err, response = client:create_integration { name = "n", enabled = true,
            signin_url = "u", signout_url = "u", entity_id = "e" }
        assert.is_nil(err)
        assert.truthy(table.concat(response.warnings, "\n"):find("does not tell the new id", 1,
            true))
    end)

    it("what the server dropped without a word is told as a warning", function()
        calls.answers(201, '{"email":"a@x","first_name":"A","last_name":"B",'
            .. '"has_restricted_subuser_access":true}')
        local _, err, response = client:create_sso_teammate { email = "a@x", first_name = "A",
            last_name = "B", has_restricted_subuser_access = true,
            subuser_access = { { id = 7, permission_type = "admin" } } }
        assert.is_nil(err)
        assert.same({ "the answer does not tell 'subuser_access', which was sent: the server may "
            .. "have dropped it" }, response.warnings)
    end)

    it("teammates behind the 50th are found", function()
        sandbox.switch { page_size = 50 }
        local seeded = {}
        for i = 1, 60 do
            seeded[i] = { email = ("t%d@x.example"):format(i), first_name = "T", last_name = "T" }
        end
        sandbox.seed { teammates = seeded }
        local n = 0
        for teammate in client:each_teammate() do
            n = n + 1
            assert.equal(seeded[n].email, teammate.username)
        end
        assert.equal(60, n)
        assert.equal("GET /v3/teammates?limit=500&offset=0", wire())
    end)

    it("a list that cannot be completed is an error, not a part", function()
        calls.answers(200, '{"result":[{"username":"u"}]}')
        local n, last = 0, nil
        for teammate, err in client:each_teammate() do
            n, last = n + 1, err
            assert.is_true(n < 5 and (teammate or err) ~= nil)
        end
        assert.equal(2, n)
        assert.equal("response", last.kind)
    end)

    it("all that SSO needs has a name, teammates included", function()
        for _, name in ipairs { "get_teammate", "list_teammates", "delete_teammate",
            "list_pending_teammates", "list_subuser_access", "request" } do
            assert.is_function(client[name])
            assert.is_function(sso[name])
        end
    end)

    it("what readers copy does not switch a certificate off", function()
        local texts = 0
        local function check(text)
            for fields in text:gmatch "%b{}" do
                local certificate = fields:find "public_certificate"
                assert.is_nil(certificate and fields:find "enabled%s*=%s*false")
                check(fields:sub(2, -2))
            end
        end
        check "{ enabled = false, x = { y = true } }" -- an integration may be switched off
        assert.has_error(function()
            check "f { public_certificate = pem, enabled = false }"
        end)
        for _, file in ipairs(samples.files("examples", ".lua")) do
            local handle = assert(io.open("examples/" .. file))
            check(handle:read("*a"))
            handle:close()
            texts = texts + 1
        end
        for _, block in ipairs(samples.blocks_in("README.md", "lua")) do
            check(block.text)
            texts = texts + (block.text:find "enabled%s*=%s*true" and 1 or 0)
        end
        assert.is_true(texts > 1)
    end)

    it("the page that tells of these names specs that exist", function()
        local named = 0
        for line in io.lines "docs/comparison.md" do
            for name in line:gmatch "`(spec/[%w_/]+%.lua)`" do
                local file = assert(io.open(name))
                file:close()
                named = named + 1
            end
        end
        assert.is_true(named > 30)
    end)
end)
