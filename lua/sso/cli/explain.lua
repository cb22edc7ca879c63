--- `explain`: why a login fails, read out of the SAML response.

local core = require "sso.core"
local files = require "sso.cli.files"
local moments = require "sso.cli.moments"

local M = {}

-- What the integration at SendGrid has: its certificates, and what a response must say.
local function expected_of(session, options)
    local client, id = session:client(), session.args.integration_id
    local integration, err = session:call(client.get_integration, client, id)
    if not integration then
        error(err, 0)
    end
    local list
    list, err = session:call(client.list_certificates, client, id)
    options.certificates = list or error(err, 0)
    options.audience = options.audience or integration.audience_url
    options.recipient = options.recipient or integration.single_signon_url
    options.entity_id = options.entity_id or integration.entity_id
end

local function document_of(said)
    local document = {}
    for name, value in pairs(said) do
        document[name] = value
    end
    for _, name in ipairs { "certificates", "matches" } do
        document[name] = {}
        for i, one in ipairs(said[name] or {}) do
            document[name][i] = {
                id = one.id, how = one.how, enabled = one.enabled, fingerprint = one.fingerprint,
                subject = one.subject, not_before = one.not_before, not_after = one.not_after,
            }
        end
    end
    document.signatures = {}
    for i, one in ipairs(said.signatures or {}) do
        document.signatures[i] = {
            of = one.of, algorithm = one.algorithm, digest = one.digest, covers = one.covers,
        }
    end
    return document
end

local function explain(session)
    local args, out = session.args, session.out
    local text = files.read(args.file)
    local options = {
        audience = args.audience, recipient = args.recipient, entity_id = args.entity_id,
        at = args.at, name_id = args.name_id,
    }
    if args.certificate and args.integration_id then
        session:usage "give either --integration-id or --certificate"
    elseif args.integration_id then
        expected_of(session, options)
    elseif args.certificate then
        options.certificates = {}
        for _, name in ipairs(args.certificate) do
            local parsed, err = core.certificate.parse(files.read(name))
            for _, one in ipairs(parsed or error(err, 0)) do
                table.insert(options.certificates, one)
            end
        end
    end
    local saml = require "sso.saml"
    local said, err = session:call(saml.explain, text, options)
    if not said then
        error(err, 0)
    elseif args.json then
        out:document(document_of(said))
    else
        out:write(saml.format(said, { width = out.width or 100 }))
    end
    return 0
end

M.rows = {
    {
        name = "explain",
        group = "Certificates and logins",
        summary = "says why a login fails, from its SAML response",
        description = "Says why a login fails: reads the SAML response that the browser posts "
            .. "(SAMLResponse, base64 or XML), and compares issuer, audience, time and the "
            .. "certificate inside with what SendGrid has. It verifies no signature.",
        arguments = {
            { name = "file", argname = "FILE", description = "the response; - for standard input" },
        },
        options = {
            {
                name = "integration_id", argname = "ID",
                description = "compare with this integration at SendGrid",
            },
            {
                name = "certificate", argname = "FILE", kind = "list",
                description = "compare with these certificates instead, without a call",
            },
            { name = "audience", argname = "TEXT", description = "the audience to expect" },
            { name = "recipient", argname = "URL", description = "the recipient to expect" },
            { name = "entity_id", argname = "TEXT", description = "the issuer to expect" },
            {
                name = "at", argname = "TIME", convert = moments.parse,
                description = "the moment of the login (now)",
            },
            { name = "name_id", kind = "switch", description = "also show who logged in" },
        },
        examples = {
            {
                "sendgrid-sso explain response.txt --integration-id ID",
                "what is wrong with it, and which stored certificate it matches",
            },
            { "pbpaste | sendgrid-sso explain -", "without asking SendGrid" },
        },
        run = explain,
    },
}

return M
