-- The functions that are no operation: of the module, a client, a handle, and sso.certificate.
--
--   owner     "client", "sso", "handle" or "certificate"; `also`: "sso" has it too
--   params    { name, type, text }; a question mark after the name: it may be left out
--   returns   { type, name, text }
--   overloads further forms: their parameters, as editors read them, and what they return
--   doc       sentences for page and editor; `more`: for the page alone
--   example   runs, see spec/reference_spec.lua

local OPTIONS = { "options?", "sso.CallOptions", "for each call" }
local SECONDS = { "seconds?", "number", "returns after this time; nil: when no call is left" }
local LEFT = { "integer", "left", "calls that are not finished" }

return {
    -- ---- calls made of operations ------------------------------------------------
    {
        owner = "client",
        also = true,
        group = "lists",
        name = "list_all_certificates",
        params = { OPTIONS },
        returns = {
            { "sso.Certificate[]?", "certificates", "of all integrations, in their order" },
            { "sso.Error?", "err", "of the first integration that could not be read" },
        },
        doc = "Lists the certificates of every integration, several integrations at a time. The "
            .. "whole or an error, never a part. There is no response.",
        example = [[
for _, certificate in ipairs(assert(client:list_all_certificates())) do
    print(certificate.integration_id, certificate.id)
end]],
    },
    {
        owner = "client",
        also = true,
        group = "lists",
        name = "each_teammate",
        params = {
            { "query?", "sso.ListTeammatesQuery", "`limit`: the size of a page, 500" },
            OPTIONS,
        },
        returns = {
            { "fun(): sso.Teammate|false|nil, sso.Error?", "iterator",
                "`false` and the error upon failure" },
        },
        doc = "Walks all teammates, page by page. When a page cannot be had, the last turn of the "
            .. "loop gets `false` and the error in place of a teammate.",
        example = [[
for teammate, err in client:each_teammate() do
    if not teammate then
        error(tostring(err)) -- the list is not complete
    end
    print(teammate.username)
end]],
    },
    {
        owner = "client",
        also = true,
        group = "lists",
        name = "each_subuser_access",
        params = {
            { "username", "string|integer", "the teammate's" },
            { "query?", "sso.ListSubuserAccessQuery", "`limit`: the size of a page, 100" },
            OPTIONS,
        },
        returns = {
            { "fun(): sso.SubuserAccess|false|nil, sso.Error?", "iterator",
                "`false` and the error upon failure" },
        },
        doc = "Walks all subusers that a teammate may act for, page by page. When a page cannot "
            .. "be had, or the server's cursor does not advance, the last turn of the loop gets "
            .. "`false` and the error in place of a subuser.",
        example = [[
for access, err in client:each_subuser_access(username) do
    print(assert(access, err).id, access.permission_type)
end]],
    },
    {
        owner = "client",
        also = true,
        group = "request",
        name = "request",
        params = {
            { "request", "sso.Request", "method, path, query, body" },
            { "options?", "sso.CallOptions", "for this call alone" },
        },
        returns = {
            { "any", "value",
                "the decoded JSON; `true` when the answer has no body; nil upon failure" },
            { "sso.Error?", "err", "nil upon success" },
            { "sso.Response?", "response", "nil when nothing was received" },
        },
        overloads = {
            { "request: sso.Request, callback: sso.Callback", "sso.Handle" },
            { "request: sso.Request, options: sso.CallOptions?, callback: sso.Callback",
                "sso.Handle" },
        },
        doc = "Calls any other operation of SendGrid's API: same key, checks, retries and errors, "
            .. "and the same two forms. A body that holds a private key is never sent.",
        more = "Unlike the operations it does not know what the API wants: `null` in the answer "
            .. "is nil, and an empty Lua table in `body` is `{}`; give text where `[]` is meant. "
            .. "Raises upon an unknown name in the table, another method, a path that does not "
            .. "begin with a slash, holds a query, `.` or `..`, or a character that has to be "
            .. "percent-encoded, and upon what JSON cannot say.",
        example = [[
local scopes, err, response = client:request {
    path = "/v3/sso/integrations",
    query = { si = true },
}
print(response.status, #scopes, err)]],
    },
    -- ---- the module ----------------------------------------------------------------
    {
        owner = "sso",
        name = "new",
        params = { { "options?", "sso.Options", "what differs from environment and defaults" } },
        returns = {
            { "sso.Client?", "client", "nil upon failure" },
            { "sso.Error?", "err",
                "kind `config`: no API key anywhere, a file that cannot be read" },
        },
        doc = "Makes a client. Opens no connection yet; options are read once. Raises upon an "
            .. "unknown or ill-typed option.",
        example = [[
local sso = require "sso"

local client = assert(sso.new { timeout = 10, region = "eu" })
print(client)]],
    },
    {
        owner = "sso",
        name = "wait_all",
        params = { { "handles", "sso.Handle[]", "calls that were started with a callback" } },
        returns = { { "sso.Handle[]", "handles", "the same, all of them done" } },
        doc = "Waits for several calls. Their callbacks run meanwhile.",
        example = [[
local sso = require "sso"

local handles = {}
for i = 1, 3 do
    handles[i] = client:get_certificate(cert_id, function() end)
end
for _, handle in ipairs(sso.wait_all(handles)) do
    print(assert(handle:wait()).id) -- done already
end]],
    },
    {
        owner = "sso",
        name = "run",
        params = { SECONDS },
        returns = { LEFT },
        doc = "Drives the calls of the module's own client, as `client:run` does those of a "
            .. "client.",
        example = [[
local sso = require "sso"

sso.get_certificate(cert_id, function(certificate)
    print(certificate.id)
end)
print(sso.run())]],
    },
    {
        owner = "sso",
        name = "version",
        params = {},
        returns = { { "sso.Version", "versions", "what is loaded" } },
        doc = "Versions of the module, Lua, libcurl, its TLS library and lua-cjson, as loaded.",
        example = [[
local sso = require "sso"

print(sso.version().libcurl)]],
    },
    -- ---- a client ------------------------------------------------------------------
    {
        owner = "client",
        name = "with",
        params = { { "options", "sso.CallOptions", "what shall differ; neither `max_in_flight` nor "
            .. "`http_version`" } },
        returns = {
            { "sso.Client?", "client", "nil upon failure" },
            { "sso.Error?", "err", "kind `config`, or `cancelled` when the client is closed" },
        },
        doc = "Makes a client that shares the connections of this one, with other defaults: "
            .. "another subuser, key or timeout. A new `api_key` or `region` pushes out the older "
            .. "`api_key_file` or `base_url`, and the other way round.",
        example = [[
local patient = assert(client:with { timeout = 120, max_retries = 5 })
print(assert(patient:get_certificate(cert_id)).id)
patient:close()]],
    },
    {
        owner = "client",
        name = "close",
        params = {},
        returns = {},
        doc = "Cancels what is in flight; the last client of those that share connections closes "
            .. "them. Later calls return kind `cancelled`. Twice is fine; collection and Lua "
            .. "5.4's `<close>` do the same.",
        example = [[
client:close()
local certificate, err = client:get_certificate(cert_id)
print(certificate, err.kind)]],
    },
    {
        owner = "client",
        name = "run",
        params = { SECONDS },
        returns = { LEFT },
        doc = "Drives the calls of this client and of those that share its connections, and runs "
            .. "their callbacks, until none is left or the time is over. Raises what a callback "
            .. "raised, once the callbacks that were due have run; call it again to go on.",
        example = [[
client:get_certificate(cert_id, function(certificate, err)
    print(certificate and certificate.id or err)
end)
print(client:run(10))]],
    },
    {
        owner = "client",
        name = "step",
        params = { { "budget?", "number", "seconds; what is left then waits for the next step" } },
        returns = { { "integer", "active", "calls that are not finished" } },
        doc = "For a loop of your own: does what is due, runs events and callbacks, never blocks. "
            .. "Raises what a callback raised. Call it when `pollfd` is readable or `timeout` "
            .. "seconds are over.",
        more = "[hosts.md](hosts.md) has loops that poll in between.",
        example = [[
client:get_certificate(cert_id, function(certificate)
    print(certificate.id, client:events(), client:pollfd() >= 0)
end)
repeat
    local wait = client:timeout() -- nil, or how long a poll on client:pollfd() may take
until client:step() == 0 and (wait or 0) >= 0]],
    },
    {
        owner = "client",
        name = "pollfd",
        params = {},
        returns = {
            { "integer?", "descriptor",
                "the same one as long as the client lives in this process" },
            { "sso.Error?", "err", "kind `config`: the process has no descriptor left" },
        },
        doc = "The one descriptor to poll. Poll it, and do nothing else with it.",
    },
    {
        owner = "client",
        name = "events",
        params = {},
        returns = { { "\"r\"", "events", "becomes readable" } },
        doc = "What to poll the descriptor for; with `pollfd` and `timeout` what cqueues asks for.",
    },
    {
        owner = "client",
        name = "timeout",
        params = {},
        returns = { { "number?", "seconds", "nil: nothing waits for the clock" } },
        doc = "Seconds until `step` has something to do even if the descriptor stays quiet.",
    },
    -- ---- a handle ------------------------------------------------------------------
    {
        owner = "handle",
        name = "wait",
        params = {},
        returns = {
            { "any", "value", "what the call without callback returns" },
            { "sso.Error?", "err", "nil upon success" },
            { "sso.Response?", "response", "nil when nothing was received" },
        },
        doc = "Waits for the call; its callback runs meanwhile. As often as you like.",
        example = [[
local handle = client:get_certificate(cert_id, function() end)
local certificate, err, response = handle:wait()
print(certificate.id, err, response.status)]],
    },
    {
        owner = "handle",
        name = "done",
        params = {},
        returns = { { "boolean", "done", "its result can be had" } },
        doc = "Whether the call is over.",
    },
    {
        owner = "handle",
        name = "cancel",
        params = {},
        returns = { { "boolean", "cancelled", "it was still under way" } },
        doc = "Cancels the call; its callback gets kind `cancelled`. What the server has carried "
            .. "out already is not taken back: `err.maybe_applied` says when that is possible.",
        example = [[
local handle = client:get_certificate(cert_id, function(certificate, err)
    print(certificate, err.kind)
end)
print(handle:cancel(), handle:done())
client:run()]],
    },
    -- ---- X.509 ---------------------------------------------------------------------
    {
        owner = "certificate",
        name = "parse",
        params = { { "text", "string", "PEM, DER or bare base64; one or many, up to 1 MiB" } },
        returns = {
            { "sso.X509[]?", "certificates", "at least one; nil upon failure" },
            { "sso.Error?", "err", "kind `certificate`: none in the text, or a private key" },
        },
        doc = "Reads X.509 certificates, and mends what copying does to them; `notes` says what.",
        example = [[
local sso = require "sso"

local certificate = assert(sso.certificate.parse(pem))[1]
print(certificate.subject, certificate.key.type, certificate:state())]],
    },
    {
        owner = "certificate",
        name = "same",
        params = {
            { "a", "string|sso.X509", "one certificate" },
            { "b", "string|sso.X509", "another" },
        },
        returns = {
            { "boolean?", "same", "nil upon failure" },
            { "sso.Error?", "err", "kind `certificate`: not one certificate each" },
        },
        doc = "Compares two certificates, not their texts.",
        example = [[
local sso = require "sso"

print(sso.certificate.same(pem, (pem:gsub("\n", "\r\n"))))]],
    },
    {
        owner = "certificate",
        name = "check",
        params = {
            { "text", "string|sso.X509", "one certificate or many" },
            { "options?", "sso.CertificateCheck", "against what" },
        },
        returns = { { "sso.CertificateProblem[]", "problems", "empty: none was found" } },
        doc = "Lists what is wrong with certificates: validity, key, signature.",
        example = [[
local sso = require "sso"

local in_ten_years = os.time() + 10 * 365 * 86400
for _, problem in ipairs(sso.certificate.check(pem, { at = in_ten_years })) do
    print(problem.code, problem.message)
end]],
    },
}
