-- Operations and what they leave behind: against a server that remembers, one case a story. What is
-- deleted is gone, what is changed stays changed, what the server drops without a word is told.

local calls = require "support.calls"
local helper = require "helper"

local sandbox = helper.sandbox
local INTEGRATION = helper.INTEGRATION

local SETUP = {
    name = "Second", enabled = false, signin_url = "https://idp.example/2",
    signout_url = "https://idp.example/2/out", entity_id = "urn:second",
}
local PERSON = { email = "a+b@x.example", first_name = "A", last_name = "B" }

local function plus(one, other)
    local all = {}
    for name, value in pairs(one) do
        all[name] = value
    end
    for name, value in pairs(other) do
        all[name] = value
    end
    return all
end

describe("what a server remembers:", function()
    local client

    helper.watch()

    before_each(function()
        sandbox.reset()
        client = calls.client()
    end)

    teardown(function()
        sandbox.reset()
    end)

    local function is_gone(operation, ...)
        local value, err, response = client[operation](client, ...)
        assert.is_nil(value)
        assert.equal("not_found", err.kind)
        assert.equal(404, err.status)
        assert.equal(404, response.status)
        assert.is_string(err.errors[1].message)
        return err
    end

    local function is_refused(field, value, err)
        assert.is_nil(value)
        assert.equal("invalid_request", err.kind)
        assert.equal(field, err.errors[1].field)
        assert.is_false(err.retryable)
        assert.is_false(err.maybe_applied)
        assert.truthy(tostring(err):find(err.errors[1].message, 1, true))
    end

    -- ---- certificates ----------------------------------------------------------------

    for _, spelling in ipairs { "intergration_id", "integration_id", "both" } do
        it("a certificate from its creation to its end, answers spell " .. spelling, function()
            sandbox.switch { spelling = spelling, tell_enabled = spelling == "both" }
            local pem, next_pem = helper.certificate(), helper.certificate { key = "ec" }
            local made, err, response = client:create_certificate({
                public_certificate = pem, enabled = true, integration_id = INTEGRATION,
            }, { validate = true })
            assert.is_nil(err)
            assert.equal(200, response.status)
            assert.is_nil(response.warnings)
            assert.equal(INTEGRATION, made.integration_id)
            assert.equal(INTEGRATION, made.intergration_id)
            if spelling == "both" then
                assert.is_true(made.enabled)
            else
                assert.is_nil(made.enabled) -- not told, and not guessed
            end

            local read = client:get_certificate(made.id)
            assert.same(made, read)
            local list = client:list_certificates(INTEGRATION)
            assert.equal(2, #list)
            assert.same(made, list[2])

            local changed = client:update_certificate(made.id, { public_certificate = next_pem })
            assert.equal(next_pem, changed.public_certificate)
            assert.equal(made.id, changed.id)
            local stored = sandbox.state().certificates[2]
            assert.equal(next_pem, stored.public_certificate)
            assert.is_true(stored.enabled) -- nobody asked for anything else
            client:update_certificate(made.id, { enabled = false })
            assert.is_false(sandbox.state().certificates[2].enabled)

            local removed = client:delete_certificate(made.id)
            assert.equal(made.id, removed.id)
            is_gone("get_certificate", made.id)
            is_gone("update_certificate", made.id, { enabled = true })
            is_gone("delete_certificate", made.id)
            assert.equal(1, #client:list_certificates(INTEGRATION))
        end)
    end

    it("certificates that the server refuses, with the field", function()
        local pem = helper.certificate()
        is_refused("integration_id", client:create_certificate {
            public_certificate = pem, integration_id = "unknown",
        })
        is_refused("public_certificate", client:create_certificate {
            public_certificate = "no certificate", integration_id = INTEGRATION,
        })
        is_refused("integration_id", client:update_certificate(66138975, {
            integration_id = "unknown",
        }))
        sandbox.switch { error_shape = "object" }
        is_refused("integration_id", client:update_certificate(66138975, {
            integration_id = "unknown",
        }))
        assert.equal(1, #client:list_certificates(INTEGRATION))
        is_gone("list_certificates", "unknown")
    end)

    -- ---- integrations ----------------------------------------------------------------

    it("an integration from its creation to its end", function()
        local made, err, response = client:create_integration(SETUP)
        assert.is_nil(err)
        assert.is_nil(response.warnings)
        for name, value in pairs(SETUP) do
            assert.equal(value, made[name])
        end
        assert.is_nil(made.completed_integration)
        assert.same({}, client:list_certificates(made.id))

        local list = client:list_integrations()
        assert.equal(2, #list)
        assert.same(made, list[2])
        assert.same(made, client:get_integration(made.id))
        assert.is_false(client:get_integration(made.id, { si = true }).completed_integration)
        assert.is_true(client:list_integrations({ si = true })[1].completed_integration)

        local changed = client:update_integration(made.id, { name = "Third", si = true })
        assert.equal("Third", changed.name)
        assert.is_false(changed.completed_integration)
        assert.is_false(changed.enabled) -- as it was
        assert.equal(SETUP.entity_id, changed.entity_id)

        local certificate = client:create_certificate {
            public_certificate = helper.certificate(), integration_id = made.id,
        }
        assert.equal(1, #client:list_certificates(made.id))
        local value, why, deleted = client:delete_integration(made.id)
        assert.is_true(value)
        assert.is_nil(why)
        assert.equal(204, deleted.status)
        assert.equal("", deleted.body)
        local gone = is_gone("get_integration", made.id)
        assert.equal("id comes from list_integrations", gone.hint)
        is_gone("update_integration", made.id, { name = "x" })
        is_gone("delete_integration", made.id)
        is_gone("list_certificates", made.id)
        is_gone("get_certificate", certificate.id) -- the sandbox takes them along
    end)

    it("a server that wants all five fields in a PATCH of an integration says so", function()
        sandbox.switch { integration_patch = "full" }
        is_refused("enabled", client:update_integration(INTEGRATION, { name = "x" }))
        assert.is_table(client:update_integration(INTEGRATION, SETUP))
    end)

    -- ---- teammates -------------------------------------------------------------------

    it("a teammate from creation to end, in both APIs", function()
        local made, err, response = client:create_sso_teammate(plus(PERSON, {
            scopes = { "mail.send", "alerts.read" },
        }))
        assert.is_nil(err)
        assert.equal(201, response.status)
        assert.is_nil(response.warnings)
        assert.equal(PERSON.email, made.email)
        assert.is_true(made.is_sso)
        is_refused("email", client:create_sso_teammate(PERSON)) -- there is one
        assert.equal(1, #client:list_teammates())

        local read = client:get_teammate(PERSON.email)
        assert.equal(PERSON.email, read.username)
        assert.same({ "mail.send", "alerts.read" }, read.scopes)

        -- the document wants both names in every change; whether the service does is its affair
        is_refused("first_name", client:update_sso_teammate(PERSON.email, { last_name = "C" }))
        local changed = client:update_sso_teammate(PERSON.email, {
            first_name = "A", last_name = "C",
        })
        assert.equal("C", changed.last_name)
        assert.equal("A", changed.first_name)
        assert.same({ "mail.send", "alerts.read" }, changed.scopes)

        assert.is_true(client:delete_teammate(PERSON.email))
        is_gone("get_teammate", PERSON.email)
        is_gone("delete_teammate", PERSON.email)
        is_gone("update_sso_teammate", PERSON.email, { first_name = "A", last_name = "D" })
        assert.same({}, client:list_teammates())
    end)

    it("a teammate for subusers alone", function()
        local access = {
            { id = 7, permission_type = "restricted", scopes = { "mail.send" } },
            { id = 5, permission_type = "admin" },
        }
        local made, err, response = client:create_sso_teammate(plus(PERSON, {
            has_restricted_subuser_access = true, subuser_access = access,
        }))
        assert.is_nil(err)
        assert.is_nil(response.warnings)
        assert.equal(2, #made.subuser_access)
        local listed = client:list_subuser_access(PERSON.email)
        assert.is_true(listed.has_restricted_subuser_access)
        assert.equal(5, listed.subuser_access[1].id)
        assert.equal(7, listed.subuser_access[2].id)
        assert.same({ "mail.send" }, listed.subuser_access[2].scopes)
        local page = client:list_subuser_access(PERSON.email, { limit = 1 })
        assert.equal(1, #page.subuser_access)
        assert.equal(5, page._metadata.next_params.after_subuser_id)
        local rest = client:list_subuser_access(PERSON.email, { after_subuser_id = 5, limit = 1 })
        assert.equal(7, rest.subuser_access[1].id)
        is_gone("list_subuser_access", "nobody@x.example")
    end)

    it("what a server may refuse in a teammate, with the field", function()
        is_refused("scopes", client:create_sso_teammate(plus(PERSON, { scopes = {} })))
        is_refused("email", client:create_sso_teammate(plus(PERSON, { email = "nobody" })))
        is_refused("limit", client:list_teammates { limit = 501 })
    end)

    it("an invitation from the list to its end", function()
        sandbox.seed { pending = { { email = "p@x.example", scopes = { "mail.send" } } } }
        local list = client:list_pending_teammates()
        assert.equal(1, #list)
        assert.equal("p@x.example", list[1].email)
        local token = sandbox.state().pending[1].pending_id
        local again = client:resend_teammate_invite(token)
        assert.equal("p@x.example", again.email)
        assert.is_true(again.expiration_date >= list[1].expiration_date)
        assert.is_true(client:delete_pending_teammate(token))
        assert.same({}, client:list_pending_teammates())
        is_gone("delete_pending_teammate", token)
        is_gone("resend_teammate_invite", token)
    end)

    -- ---- warnings --------------------------------------------------------------------

    local ACCESS = {
        has_restricted_subuser_access = true,
        subuser_access = { { id = 7, permission_type = "admin" }, { id = 8,
            permission_type = "admin" } },
    }
    local NAMED = '"email":"a+b@x.example","first_name":"A","last_name":"B"'
    local ONE_OF_TWO = ',"has_restricted_subuser_access":true,"subuser_access":[{"id":7}]'
    local NOT_TOLD = "the answer does not tell '%s', which was sent: the server may have dropped it"
    local OTHER = "the answer's '%s' is not what was sent: the server may have dropped or changed "
        .. "it"
    local warned = {
        { "a teammate without the subusers", ACCESS,
            "{" .. NAMED .. ',"has_restricted_subuser_access":true}',
            { NOT_TOLD:format "subuser_access" } },
        { "a teammate with one subuser less", ACCESS, "{" .. NAMED .. ONE_OF_TWO .. "}",
            { OTHER:format "subuser_access" } },
        { "a teammate whose restriction was dropped", ACCESS,
            "{" .. NAMED .. ',"has_restricted_subuser_access":false,"subuser_access":null}',
            { OTHER:format "has_restricted_subuser_access", NOT_TOLD:format "subuser_access" } },
        { "a teammate with a scope less", { scopes = { "a", "b" } },
            "{" .. NAMED .. ',"scopes":["b","c"]}', { OTHER:format "scopes" } },
        { "a teammate who is no administrator", { is_admin = true },
            "{" .. NAMED .. ',"is_admin":false}', { OTHER:format "is_admin" } },
        { "scopes that are no list", { scopes = { "a" } }, "{" .. NAMED .. ',"scopes":"a"}',
            { OTHER:format "scopes" } },
        { "subusers that are no tables", ACCESS,
            "{" .. NAMED .. ',"has_restricted_subuser_access":true,"subuser_access":[7,8]}',
            { OTHER:format "subuser_access" } },
        { "an administrator who is one in words", { is_admin = true },
            "{" .. NAMED .. ',"is_admin":"true"}', { OTHER:format "is_admin" } },
        { "a teammate with another name", { last_name = "C" }, "{" .. NAMED .. "}",
            { OTHER:format "last_name" } },
        { "scopes that the server adds", { scopes = { "a" } },
            "{" .. NAMED .. ',"scopes":["2fa_required","a"]}', nil },
        { "an email in other letters", { email = "A+B@X.example" }, "{" .. NAMED .. "}", nil },
        { "what is false or empty, and not told", { is_admin = false, subuser_access = {} },
            "{" .. NAMED .. "}", nil },
    }
    for _, row in ipairs(warned) do
        it((row[4] and "warns of " or "does not warn of ") .. row[1], function()
            calls.answers(201, row[3])
            local fields = plus(PERSON, row[2])
            local value, err, response = client:create_sso_teammate(fields)
            assert.is_nil(err)
            assert.equal(PERSON.email, value.email)
            assert.same(row[4], response.warnings)
            -- what its caller does to the table meanwhile is not what was sent
            client:create_sso_teammate(fields, helper.expect(function(_, _, later)
                assert.same(row[4], later.warnings)
            end))
            fields.is_admin, fields.scopes, fields.subuser_access = nil, nil, nil
            client:run()
        end)
    end

    it("warns of an answer without the new id", function()
        local missing = { "the answer does not tell the new id: look it up in the list" }
        calls.answers(200, '{"name":"Second","enabled":false,"signin_url":"https://idp.example/2",'
            .. '"signout_url":"https://idp.example/2/out","entity_id":"urn:second"}')
        local value, err, response = client:create_integration(SETUP)
        assert.is_nil(err)
        assert.equal("Second", value.name)
        assert.same(missing, response.warnings)
        calls.answers(200, '{"integration_id":"i"}')
        response = select(3, client:create_certificate {
            public_certificate = "c", integration_id = "i",
        })
        assert.same(missing, response.warnings)
        response = select(3, client:get_certificate "1")
        assert.is_nil(response.warnings)
    end)
end)
