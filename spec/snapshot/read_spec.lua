-- What client:snapshot reads: everything that makes up the set-up, in a stable order, however the
-- service spells it, and nothing that is secret.

local accounts = require "support.accounts"
local helper = require "helper"
local process = require "process"
local snapshots = require "sso.snapshot"

local parse = require("sso").certificate.parse

describe("a snapshot", function()
    helper.watch()
    before_each(function()
        helper.sandbox.reset()
    end)

    for _, service in ipairs(accounts.services) do
        it("has integrations and their certificates: " .. service.name, function()
            helper.sandbox.switch(service.switches)
            local id = accounts.integration(1, {
                { accounts.pem(1), true }, { accounts.pem(2), false },
            })
            local snapshot = assert(accounts.client():snapshot { teammates = false })
            assert.equal(2, #snapshot.integrations)
            local found
            for _, integration in ipairs(snapshot.integrations) do
                found = integration.id == id and integration or found
            end
            assert.equal("Provider 1", found.name)
            assert.equal("https://idp1.example/signin", found.signin_url)
            assert.equal("https://idp1.example/signout", found.signout_url)
            assert.equal("https://idp1.example/entity", found.entity_id)
            assert.is_true(found.enabled)
            assert.is_true(found.completed_integration)
            assert.equal(id, found.single_signon_url:sub(-#id))
            assert.equal(id, found.audience_url:sub(-#id))
            local tell = service.switches.tell_enabled
            for i, certificate in ipairs(found.certificates) do
                local parsed = parse(accounts.pem(i))[1]
                assert.same({
                    id = certificate.id,
                    public_certificate = parsed.pem,
                    fingerprint = parsed.fingerprint,
                    subject = "CN=idp " .. i,
                    not_before = parsed.not_before,
                    not_after = parsed.not_after,
                    valid = os.date("!%Y-%m-%d", parsed.not_before) .. " to "
                        .. os.date("!%Y-%m-%d", parsed.not_after),
                    enabled = tell and i == 1 or (not tell and nil), -- luacheck: ignore
                }, certificate)
            end
        end)
    end

    it("tells where and when it was taken", function()
        local client = accounts.client { on_behalf_of = "subuser1" }
        local from = os.time()
        local snapshot = assert(client:snapshot())
        assert.equal("sendgrid-sso/1", snapshot.format)
        assert.equal(os.getenv "SENDGRID_BASE_URL", snapshot.server)
        assert.equal("subuser1", snapshot.on_behalf_of)
        assert.is_true(from <= snapshot.taken_at and snapshot.taken_at <= os.time())
    end)

    it("asks for all integrations at the same time", function()
        for n = 1, 5 do
            accounts.integration(n, {})
        end
        helper.sandbox.fault { method = "GET", path = "^/v3/sso/integrations/.+/certificates$",
            delay = 0.2, times = "always" }
        local began = process.now()
        assert(accounts.client():snapshot { teammates = false })
        -- one after the other it would be 1.4 s
        assert.is_true(process.now() - began < 1.3 * helper.patience)
        assert.equal(1 + 6, accounts.requests())
    end)

    it("has teammates who log in by SSO, without what an account has besides", function()
        helper.sandbox.seed { teammates = {
            { email = "b@example.com", first_name = "B", last_name = "B", is_admin = true },
            { email = "a@example.com", first_name = "A", last_name = "A",
                scopes = { "stats.read", "mail.send" } },
            { email = "c@example.com", first_name = "C", last_name = "C",
                has_restricted_subuser_access = true, subuser_access = {
                    { id = 1002, permission_type = "restricted", scopes = { "x.read", "a.read" } },
                    { id = 1001, permission_type = "admin" },
                } },
        } }
        local list = assert(accounts.client():snapshot()).teammates
        assert.same({
            { username = "a@example.com", email = "a@example.com", first_name = "A",
                last_name = "A", user_type = "teammate", is_admin = false, is_sso = true,
                has_restricted_subuser_access = false, scopes = { "mail.send", "stats.read" } },
            { username = "b@example.com", email = "b@example.com", first_name = "B",
                last_name = "B", user_type = "admin", is_admin = true, is_sso = true,
                has_restricted_subuser_access = false, scopes = {} },
            { username = "c@example.com", email = "c@example.com", first_name = "C",
                last_name = "C", user_type = "teammate", is_admin = false, is_sso = true,
                has_restricted_subuser_access = true, scopes = {}, subuser_access = {
                    { id = 1001, username = "subuser1001", permission_type = "admin" },
                    { id = 1002, username = "subuser1002", permission_type = "restricted",
                        scopes = { "a.read", "x.read" } },
                } },
        }, list)
    end)

    it("has all subusers of a teammate who has more than a page of them", function()
        local access = {}
        for i = 1, 230 do
            access[i] = { id = 2000 + i, permission_type = "admin" }
        end
        helper.sandbox.seed { teammates = { { email = "many@example.com", first_name = "M",
            last_name = "M", has_restricted_subuser_access = true, subuser_access = access } } }
        local list = assert(accounts.client():snapshot()).teammates[1].subuser_access
        assert.equal(230, #list)
        assert.equal(2230, list[230].id)
    end)

    it("has no teammates who log in by a password", function()
        helper.sandbox.seed { teammates = {
            { email = "a@example.com", first_name = "A", last_name = "A" },
            { email = "b@example.com", first_name = "B", last_name = "B" },
        } }
        helper.sandbox.fault { method = "GET", path = "/v3/teammates/a", status = 200,
            body = [[{"username":"a@example.com","email":"a@example.com","is_sso":false}]] }
        local list = assert(accounts.client():snapshot()).teammates
        assert.equal(1, #list)
        assert.equal("b@example.com", list[1].username)
    end)

    it("has those of whom the API does not tell, as its document has it", function()
        helper.sandbox.seed { teammates = {
            { email = "a@example.com", first_name = "A", last_name = "A" },
        } }
        helper.sandbox.fault { method = "GET", path = "/v3/teammates/a", status = 200,
            body = [[{"username":"a@example.com","email":"a@example.com","user_type":"teammate",
                "scopes":["mail.send"],"is_admin":false,"phone":"1"}]] }
        local list = assert(accounts.client():snapshot()).teammates
        assert.same({ { username = "a@example.com", email = "a@example.com", is_admin = false,
            user_type = "teammate", scopes = { "mail.send" },
            has_restricted_subuser_access = false } }, list)
    end)

    it("is without teammates when the key may not read them, and says so", function()
        helper.sandbox.fault { method = "GET", path = "/v3/teammates", status = 403 }
        local snapshot = assert(accounts.client():snapshot())
        assert.is_nil(snapshot.teammates)
        assert.same({ "teammates are missing: this API key may not read them" }, snapshot.notes)
        assert(snapshots.decode(snapshots.encode(snapshot)))
    end)

    it("is an error when teammates were asked for and may not be read", function()
        helper.sandbox.fault { method = "GET", path = "/v3/teammates", status = 403 }
        local snapshot, err = accounts.client():snapshot { teammates = true }
        assert.is_nil(snapshot)
        assert.equal("forbidden", err.kind)
    end)

    it("is the whole or an error, whichever request fails", function()
        accounts.integration(1, { { accounts.pem(1), true } })
        helper.sandbox.seed { teammates = { { email = "c@example.com", first_name = "C",
            last_name = "C", has_restricted_subuser_access = true,
            subuser_access = { { id = 1, permission_type = "admin" } } } } }
        local client = accounts.client()
        local before = accounts.requests()
        assert(client:snapshot())
        local count = accounts.requests() - before
        assert.equal(7, count)
        for i = 0, count - 1 do
            helper.sandbox.fault { after = i, status = 500 }
            local snapshot, err = client:snapshot()
            assert.is_nil(snapshot)
            assert.equal("server", err.kind)
        end
    end)

    it("keeps a text that is no certificate, and says why it cannot be read", function()
        helper.sandbox.switch { validate_pem = false }
        accounts.certificate(accounts.FIRST, "any text", false)
        local client = accounts.client()
        local snapshot = assert(client:snapshot())
        local one = snapshot.integrations[1].certificates[2]
        assert.equal("any text", one.public_certificate)
        assert.matches("^the text is not an X.509 certificate", one.unreadable)
        assert.is_nil(one.fingerprint)
        assert.same({}, assert(client:diff(assert(snapshots.decode(snapshots.encode(snapshot))))))
    end)

    it("holds no secret: no key, no invitation, no private key, no field that is called so",
        function()
            local _, private = helper.certificate { key = "ec" }
            helper.sandbox.switch { validate_pem = false }
            accounts.certificate(accounts.FIRST, private, false)
            local token = helper.sandbox.seed({ pending = { { email = "new@example.com" } } })
                .pending[1]
            helper.sandbox.fault { method = "GET", path = "/v3/sso/integrations", status = 200,
                body = ([=[[{"id":"%s","name":"A","enabled":true,"scim_token":"hush",
                    "client_secret":"hush","apiKey":"hush","theme":"dark"}]]=])
                    :format(accounts.FIRST) }
            local text = snapshots.encode(assert(accounts.client():snapshot()))
            for _, secret in ipairs { os.getenv "SENDGRID_API_KEY", token, "new@example.com",
                "hush", private:sub(40, 70), "PRIVATE KEY-----" } do
                assert.is_nil(text:find(secret, 1, true), secret:sub(1, 12) .. " is in it")
            end
            assert.truthy(text:find([["theme": "dark"]], 1, true))
            assert(snapshots.decode(text))
        end)

    it("raises for what is no option, with the position of the program", function()
        local client = accounts.client()
        for _, row in ipairs {
            { { teammate = true }, "snapshot: unknown option 'teammate' "
                .. "%(did you mean 'teammates'%?%)" },
            { { teammates = 1 }, "snapshot: option 'teammates' must be true or false, not 1" },
            { function() end, "snapshot: takes no callback: each step waits" },
            { "x", "snapshot: the options must be a table, not a string" },
        } do
            local ok, message = pcall(function() client:snapshot(row[1]) end)
            assert.is_false(ok)
            assert.matches("read_spec.lua:%d+: " .. row[2], message)
        end
    end)
end)
