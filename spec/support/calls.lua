-- Every operation once as a row: a call, what a server must get for it byte by byte, what
-- SendGrid's document shows as the answer, and what the caller has of it. spec/operations/ does the
-- same to each row; a row that core.operations has and this list lacks is a failure there.
--
-- full: the call with everything that may be given; wire: method and target; body: the bytes, nil
-- for none; status, answer: as documented; check(value): of the answer.

local assert = require "luassert"
local helper = require "helper"
local mime = require "mime"

local M = {}

-- Ids that mean something else in a URL, and how they have to look there.
M.ODD = "a/b+c%@x.example?d#e \195\188"
M.ODD_ENCODED = "a%2Fb%2Bc%25%40x.example%3Fd%23e%20%C3%BC"

local CERTIFICATE = '{"public_certificate":"c","id":66138975,"not_before":1621289880,'
    .. '"not_after":1621289880,"intergration_id":"i"}'
local INTEGRATION = '{"name":"n","enabled":true,"signin_url":"https://i/in",'
    .. '"signout_url":"https://i/out","entity_id":"e","id":"b0b98502","last_updated":1621289880}'
local TEAMMATE = '{"first_name":"A","last_name":"B","email":"a@x.example","is_admin":false,'
    .. '"is_sso":true,"scopes":["mail.send"],"has_restricted_subuser_access":false}'
local RESTRICTED = '{"first_name":"A","last_name":"B","email":"a@x.example","is_admin":false,'
    .. '"is_sso":true,"scopes":[],"has_restricted_subuser_access":true,"subuser_access":'
    .. '[{"id":7,"permission_type":"restricted","scopes":["mail.send"]},'
    .. '{"id":9007199254740991,"permission_type":"admin"}]}'
local ACCOUNT = '{"username":"a@x.example","email":"a@x.example","first_name":"A","last_name":"B",'
    .. '"user_type":"teammate","is_admin":false,"phone":"","is_unified":true}'
local INVITATION = '{"email":"a@x.example","scopes":[],"is_admin":false,'
    .. '"expiration_date":1456424263,"token":"t"}'

local function is_certificate(value)
    assert.equal(66138975, value.id)
    assert.equal("66138975", tostring(value.id))
    assert.equal("i", value.integration_id)
    assert.equal("i", value.intergration_id)
    assert.equal(1621289880, value.not_after)
end

local function is_integration(value)
    assert.equal("b0b98502", value.id)
    assert.is_true(value.enabled)
    assert.equal(1621289880, value.last_updated)
end

local function is_teammate(value)
    assert.equal("a@x.example", value.email)
    assert.is_false(value.is_admin)
end

local function is_invitation(value)
    assert.equal(1456424263, value.expiration_date)
    assert.equal("t", value.token)
end

local function is_true(value)
    assert.is_true(value)
end

-- A list of exactly one.
local function one(check)
    return function(value)
        assert.equal(1, #value)
        check(value[1])
    end
end

local SETUP = {
    name = "n", enabled = true, signin_url = "https://i/in", signout_url = "https://i/out",
    entity_id = "e", completed_integration = false,
}
local SETUP_JSON = '{"name":"n","enabled":true,"signin_url":"https://i/in",'
    .. '"signout_url":"https://i/out","entity_id":"e","completed_integration":false}'

M.rows = {
    {
        name = "create_certificate",
        full = { { public_certificate = "c", enabled = true, integration_id = "i" } },
        wire = "POST /v3/sso/certificates",
        body = '{"public_certificate":"c","enabled":true,"integration_id":"i"}',
        status = 200, answer = CERTIFICATE, check = is_certificate,
        more = {
            {
                { { public_certificate = "c", intergration_id = "i" } },
                "POST /v3/sso/certificates",
                '{"public_certificate":"c","integration_id":"i"}',
            },
        },
    },
    {
        name = "get_certificate", full = { "66138975" },
        wire = "GET /v3/sso/certificates/66138975",
        status = 200, answer = CERTIFICATE, check = is_certificate,
    },
    {
        name = "update_certificate",
        full = { 66138975, { public_certificate = "c", enabled = false, integration_id = "i" } },
        wire = "PATCH /v3/sso/certificates/66138975",
        body = '{"public_certificate":"c","enabled":false,"integration_id":"i"}',
        status = 200, answer = CERTIFICATE, check = is_certificate,
        more = {
            {
                { M.ODD, { enabled = true } },
                "PATCH /v3/sso/certificates/" .. M.ODD_ENCODED, '{"enabled":true}',
            },
        },
    },
    {
        name = "delete_certificate", full = { "66138975" },
        wire = "DELETE /v3/sso/certificates/66138975",
        status = 200, answer = CERTIFICATE, check = is_certificate, nothing = true,
    },
    {
        name = "list_certificates", full = { "i" },
        wire = "GET /v3/sso/integrations/i/certificates",
        status = 200, answer = "[" .. CERTIFICATE .. "]", check = one(is_certificate),
    },
    {
        name = "create_integration", full = { SETUP },
        wire = "POST /v3/sso/integrations", body = SETUP_JSON,
        status = 200, answer = INTEGRATION, check = is_integration,
    },
    {
        name = "list_integrations", full = { { si = true } },
        wire = "GET /v3/sso/integrations?si=true",
        status = 200, answer = "[" .. INTEGRATION .. "]", check = one(is_integration),
        more = {
            { {}, "GET /v3/sso/integrations" },
            { { { si = false } }, "GET /v3/sso/integrations?si=false" },
        },
    },
    {
        name = "get_integration", full = { "b0b98502", { si = true } },
        wire = "GET /v3/sso/integrations/b0b98502?si=true",
        status = 200, answer = INTEGRATION, check = is_integration,
        more = { { { "b0b98502", { si = false } }, "GET /v3/sso/integrations/b0b98502?si=false" } },
    },
    {
        name = "update_integration",
        full = {
            "b0b98502",
            {
                name = "n", enabled = true, signin_url = "https://i/in",
                signout_url = "https://i/out", entity_id = "e", completed_integration = false,
                si = true,
            },
        },
        wire = "PATCH /v3/sso/integrations/b0b98502?si=true", body = SETUP_JSON,
        status = 200, answer = INTEGRATION, check = is_integration,
        more = {
            {
                { "b0b98502", { name = "m" } },
                "PATCH /v3/sso/integrations/b0b98502", '{"name":"m"}',
            },
        },
    },
    {
        name = "delete_integration", full = { "b0b98502" },
        wire = "DELETE /v3/sso/integrations/b0b98502",
        status = 204, check = is_true, nothing = true,
    },
    {
        name = "create_sso_teammate",
        full = {
            {
                email = "a@x.example", first_name = "A", last_name = "B", is_admin = false,
                scopes = { "mail.send" },
            },
        },
        wire = "POST /v3/sso/teammates",
        body = '{"email":"a@x.example","first_name":"A","last_name":"B","is_admin":false,'
            .. '"scopes":["mail.send"]}',
        status = 201, answer = TEAMMATE, check = is_teammate,
        more = {
            {
                {
                    {
                        email = "a@x.example", first_name = "A", last_name = "B",
                        has_restricted_subuser_access = true,
                        subuser_access = {
                            { id = 7, permission_type = "restricted", scopes = { "mail.send" } },
                            { id = "9007199254740993", permission_type = "admin" },
                        },
                    },
                },
                "POST /v3/sso/teammates",
                '{"email":"a@x.example","first_name":"A","last_name":"B",'
                    .. '"has_restricted_subuser_access":true,"subuser_access":'
                    .. '[{"id":7,"permission_type":"restricted","scopes":["mail.send"]},'
                    .. '{"id":9007199254740993,"permission_type":"admin"}]}',
                RESTRICTED,
            },
            {
                {
                    {
                        email = "a@x.example", first_name = "A", last_name = "B",
                        persona = "observer",
                    },
                },
                "POST /v3/sso/teammates",
                '{"email":"a@x.example","first_name":"A","last_name":"B","persona":"observer"}',
            },
        },
    },
    {
        name = "update_sso_teammate",
        full = { "a@x.example", { first_name = "A", is_admin = false, scopes = { "mail.send" } } },
        wire = "PATCH /v3/sso/teammates/a%40x.example",
        body = '{"first_name":"A","is_admin":false,"scopes":["mail.send"]}',
        status = 200, answer = TEAMMATE, check = is_teammate,
        more = {
            {
                { "a@x.example", { scopes = {}, subuser_access = {} } },
                "PATCH /v3/sso/teammates/a%40x.example", '{"scopes":[],"subuser_access":[]}',
            },
            {
                {
                    "a@x.example",
                    {
                        has_restricted_subuser_access = true,
                        subuser_access = {
                            { id = 7, permission_type = "restricted", scopes = {} },
                        },
                    },
                },
                "PATCH /v3/sso/teammates/a%40x.example",
                '{"has_restricted_subuser_access":true,"subuser_access":'
                    .. '[{"id":7,"permission_type":"restricted","scopes":[]}]}',
                RESTRICTED,
            },
        },
    },
    {
        name = "list_teammates", full = { { limit = 500, offset = 0 } },
        wire = "GET /v3/teammates?limit=500&offset=0",
        status = 200, answer = '{"result":[' .. ACCOUNT .. "]}", check = one(is_teammate),
        more = {
            { {}, "GET /v3/teammates" },
            { { { offset = "9007199254740993" } }, "GET /v3/teammates?offset=9007199254740993" },
        },
    },
    {
        name = "get_teammate", full = { "a@x.example" },
        wire = "GET /v3/teammates/a%40x.example",
        status = 200, answer = ACCOUNT, check = is_teammate,
    },
    {
        name = "delete_teammate", full = { "a@x.example" },
        wire = "DELETE /v3/teammates/a%40x.example",
        status = 204, check = is_true, nothing = true,
    },
    {
        name = "list_pending_teammates", full = {},
        wire = "GET /v3/teammates/pending",
        status = 200, answer = '{"result":[' .. INVITATION .. "]}", check = one(is_invitation),
    },
    {
        name = "delete_pending_teammate", full = { "t" },
        wire = "DELETE /v3/teammates/pending/t",
        status = 204, check = is_true, nothing = true,
    },
    {
        name = "resend_teammate_invite", full = { "t" },
        wire = "POST /v3/teammates/pending/t/resend",
        status = 200, answer = INVITATION, check = is_invitation,
    },
    {
        name = "list_subuser_access",
        full = { "a@x.example", { after_subuser_id = 7, limit = 2, username = "sub user" } },
        wire = "GET /v3/teammates/a%40x.example/subuser_access"
            .. "?after_subuser_id=7&limit=2&username=sub%20user",
        status = 200,
        answer = '{"has_restricted_subuser_access":true,"subuser_access":[{"id":8}],'
            .. '"_metadata":{"next_params":{"limit":2,"after_subuser_id":null}}}',
        check = function(value)
            assert.is_true(value.has_restricted_subuser_access)
            assert.equal(8, value.subuser_access[1].id)
            assert.same({ limit = 2 }, value._metadata.next_params)
        end,
        more = {
            { { "a@x.example" }, "GET /v3/teammates/a%40x.example/subuser_access" },
        },
    },
    {
        name = "request",
        full = {
            { method = "POST", path = "/v3/x/a%20b", query = { ["q q"] = "a&b" }, body = { 1, 2 } },
        },
        wire = "POST /v3/x/a%20b?q%20q=a%26b", body = "[1,2]",
        status = 200, answer = '{"id":66138975,"list":[],"none":null}', nothing = true,
        check = function(value)
            assert.equal("66138975", tostring(value.id))
            assert.same({}, value.list)
            assert.is_nil(value.none)
        end,
        more = {
            { { { path = "/v3/scopes" } }, "GET /v3/scopes" },
            { { { method = "PUT", path = "/v3/x", body = "[]" } }, "PUT /v3/x", "[]" },
            { { { method = "PATCH", path = "/v3/x", body = {} } }, "PATCH /v3/x", "{}" },
            { { { method = "DELETE", path = "/v3/x" } }, "DELETE /v3/x" },
        },
    },
}

-- A POST must not be done twice; all others set, remove or read by value.
for _, row in ipairs(M.rows) do
    row.method, row.target = row.wire:match "^(%S+) (.*)$"
    row.repeatable = row.method ~= "POST"
end

-- ---- doing it ----------------------------------------------------------------------

local unpack = table.unpack or unpack -- luacheck: ignore

-- How many slots come before the options, for operations with fields or a query.
local with_fields = { request = 1 }
for _, operation in ipairs(require("sso.core").operations) do
    local _, parameters = operation.path:gsub("{", "")
    with_fields[operation.name] = parameters + (operation.fields and 1 or 0)
end

--- Calls client:NAME(args…, options[, callback]).
function M.call(client, name, args, options, callback)
    local all, n = {}, with_fields[name]
    for i = 1, n do
        all[i] = args[i]
    end
    all[n + 1], all[n + 2] = options, callback
    return client[name](client, unpack(all, 1, n + 2))
end

--- A client of the sandbox with its own key; nothing is tried again unless told.
function M.client(options)
    local all = {
        base_url = helper.sandbox_value "HTTP",
        api_key = helper.environment("SENDGRID_API_KEY", "run by: sandbox/sandbox run COMMAND"),
        max_retries = 0,
    }
    for name, value in pairs(options or {}) do
        all[name] = value
    end
    return helper.client(all)
end

--- What the sandbox got: {method, uri, wire, body, header (lower-case names), status}.
function M.received()
    local list = helper.sandbox.log().requests
    for _, request in ipairs(list) do
        request.wire = request.method .. " " .. request.uri
        request.body = mime.unb64(request.body_base64 or "") or ""
        request.header = {}
        for _, header in ipairs(request.headers) do
            request.header[header[1]:lower()] = header[2]
        end
    end
    return list
end

--- Every call gets this answer; a body may be nil. Empties the log.
function M.answers(status, body)
    helper.sandbox.reset()
    helper.sandbox.fault { { status = status, body = body or "", times = "always" } }
end

return M
