-- sync_metadata, and rotate_certificate with metadata: what the identity provider's document says
-- is wanted; a document that is old, of somebody else, or holds nothing changes nothing.

local cjson = require "cjson"
local helper = require "helper"
local mime = require "mime"
local sso = require "sso"

local sandbox, INTEGRATION = helper.sandbox, helper.INTEGRATION

local ENTITY = "https://idp.example/entity"

local one, two

-- An identity provider's document.
local function metadata(given)
    local keys = {}
    for _, pem in ipairs(given.certificates or { one }) do
        local body = pem:gsub("%-%-%-%-%-[^\n]*\n", "")
        keys[#keys + 1] = "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data>"
            .. "<ds:X509Certificate>" .. body .. "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
            .. "</md:KeyDescriptor>"
    end
    local redirect = "Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\""
    return ([[<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"
    xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="%s"%s>
<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
%s
<md:SingleLogoutService %s Location="%s"/>
<md:SingleSignOnService %s Location="%s"/>
</md:IDPSSODescriptor>
</md:EntityDescriptor>]]):format(given.entity_id or ENTITY,
        given.valid_until and (" validUntil=\"%s\""):format(given.valid_until) or "",
        table.concat(keys, "\n"), redirect, given.signout_url or "https://idp.example/signout",
        redirect, given.signin_url or "https://idp.example/signin")
end

local function stored()
    local words = {}
    for _, record in ipairs(sandbox.state().certificates) do
        words[#words + 1] = ("%d %s"):format(record.id, record.enabled and "+" or "-")
    end
    table.sort(words)
    return table.concat(words, ", ")
end

local function writes()
    local list = {}
    for _, request in ipairs(sandbox.log().requests) do
        if request.method ~= "GET" then
            list[#list + 1] = request
        end
    end
    return list
end

describe("metadata", function()
    local client

    helper.watch()

    setup(function()
        one = helper.certificate { cn = "one", key = "ec" }
        two = helper.certificate { cn = "two", key = "ec" }
    end)

    before_each(function()
        sandbox.reset()
        client = helper.track(assert(sso.new { max_retries = 0 }))
    end)

    teardown(function()
        sandbox.reset()
    end)

    local function sync(given, options)
        return client:sync_metadata(INTEGRATION, metadata(given), options)
    end

    it("is followed through the whole change of a key", function()
        local options = { retire = "delete" }
        assert(sync({ certificates = { one } }, options))
        assert.equal("66138976 +", stored())
        assert(sync({ certificates = { one, two } }, options))
        assert.equal("66138976 +, 66138977 -", stored())
        assert(sync({ certificates = { two, one } }, options))
        assert.equal("66138976 +, 66138977 +", stored())
        local plan = assert(sync({ certificates = { two } }, options))
        assert.equal("66138977 +", stored())
        assert.is_true(plan.changed)
        assert.is_false(assert(sync({ certificates = { two } }, options)).changed)
    end)

    it("is read from a file and from the web", function()
        local path = os.tmpname()
        local file = assert(io.open(path, "w"))
        file:write(metadata { certificates = { one } })
        file:close()
        local plan = assert(client:sync_metadata(INTEGRATION, path))
        os.remove(path)
        assert.equal(1, #plan.wanted)
        local url = helper.sandbox_value "HTTP" .. "/v3/idp/metadata"
        sandbox.fault { {
            path = "/v3/idp/metadata", status = 200, body = metadata { certificates = { two } },
            headers = { ["Content-Type"] = "application/samlmetadata+xml" },
        } }
        plan = assert(client:sync_metadata(INTEGRATION, url))
        assert.equal("CN=two", plan.wanted[1].subject)
        local first
        for _, request in ipairs(sandbox.log().requests) do
            first = first or request.path == "/v3/idp/metadata" and request
        end
        for _, header in ipairs(first.headers) do
            assert.not_equal("authorization", header[1]:lower())
        end
    end)

    it("may be told as text to rotate_certificate", function()
        local text = metadata { certificates = { one } }
        assert(client:rotate_certificate(INTEGRATION, { metadata = text }))
        assert(client:rotate_certificate(INTEGRATION, { metadata = "\239\187\191" .. text }))
        local wide = "\255\254" .. text:gsub("encoding=\"[^\"]*\"", ""):gsub(".", "%0\0")
        assert(client:rotate_certificate(INTEGRATION, { metadata = wide }))
        assert.equal("66138975 +, 66138976 +", stored())
    end)

    local refused = {
        { "without a certificate", { certificates = {} }, nil, "saml" },
        { "of another entity_id than the pinned one", {}, { pin = "urn:other" }, "unsafe" },
        { "without the pinned key", {}, { pin = ("0"):rep(64) }, "unsafe" },
        { "that has ended", { valid_until = "2020-01-01T00:00:00Z" }, nil, "unsafe" },
        { "that is none", { entity_id = "<" }, nil, "saml" },
    }
    for _, row in ipairs(refused) do
        it("changes nothing when it is one " .. row[1], function()
            local plan, err = sync(row[2], row[3])
            assert.is_nil(plan)
            assert.equal(row[4], err.kind)
            assert.equal("66138975 +", stored())
            assert.same({}, sandbox.log().requests)
        end)
    end

    it("changes nothing when it cannot be had", function()
        local plan, err = client:sync_metadata(INTEGRATION, "/no/such/file")
        assert.is_nil(plan)
        assert.equal("saml", err.kind)
        assert.same({}, sandbox.log().requests)
    end)

    it("is trusted with the pinned key or entity_id in it", function()
        local parsed = assert(sso.certificate.parse(two))[1]
        assert(sync({ certificates = { one, two } }, { pin = parsed.fingerprint, dry_run = true }))
        assert(sync({}, { pin = ENTITY, dry_run = true }))
        assert(sync({ valid_until = "2020-01-01T00:00:00Z" }, { force = true, dry_run = true }))
        assert(sync({ valid_until = "2020-01-01T00:00:00Z" }, { at = 1500000000, dry_run = true }))
    end)

    -- ---- addresses ---------------------------------------------------------------------------

    it("tells where the integration's addresses differ, and changes none", function()
        local plan = assert(sync { signin_url = "https://idp.example/new", entity_id = "urn:new" })
        assert.same({
            {
                field = "signin_url", ours = "https://idp.example/signin",
                theirs = "https://idp.example/new",
            },
            { field = "entity_id", ours = ENTITY, theirs = "urn:new" },
        }, plan.integration.differences)
        assert.is_false(plan.integration.updated)
        assert.equal("https://idp.example/signin", sandbox.state().integrations[1].signin_url)
    end)

    for _, patch in ipairs { "partial", "full" } do
        it("changes them when asked to, after the certificates: PATCH " .. patch, function()
            sandbox.switch { integration_patch = patch }
            local given = { signin_url = "https://idp.example/new" }
            local plan = assert(sync(given, { update_integration = true }))
            assert.is_true(plan.integration.updated)
            local integration = sandbox.state().integrations[1]
            assert.equal("https://idp.example/new", integration.signin_url)
            assert.equal("Twilio SendGrid", integration.name)
            assert.is_true(integration.enabled)
            local list = writes()
            assert.equal("/v3/sso/integrations/" .. INTEGRATION, list[#list].path)
            plan = assert(sync(given, { update_integration = true }))
            assert.same({ differences = {}, updated = false }, plan.integration)
            assert.is_false(plan.changed)
        end)
    end

    it("changes no address with dry_run", function()
        local plan = assert(sync({ signin_url = "https://idp.example/new" },
            { update_integration = true, dry_run = true }))
        assert.equal(1, #plan.integration.differences)
        assert.same({}, writes())
    end)

    it("changes no address when the certificates could not be made safe", function()
        sandbox.fault { { method = "PATCH", path = "/v3/sso/certificates", status = 500 } }
        local plan, err = sync({ signin_url = "https://idp.example/new" },
            { update_integration = true })
        assert.is_nil(plan)
        assert.equal("server", err.kind)
        assert.equal("https://idp.example/signin", sandbox.state().integrations[1].signin_url)
    end)

    it("says with the plan that the addresses could not be changed", function()
        sandbox.fault { { path = "/v3/sso/integrations/" .. INTEGRATION, method = "PATCH",
            status = 400, body = cjson.encode { { message = "no", field = "signin_url" } } } }
        local plan, err = sync({ signin_url = "https://idp.example/new" },
            { update_integration = true })
        assert.is_nil(plan)
        assert.equal("invalid_request", err.kind)
        assert.equal(2, #err.journal)
        assert.is_true(err.plan.steps[1].done)
    end)

    it("raises on a source that is none, and on options of its own names", function()
        local rows = {
            { 5, nil, "the source must be" },
            { "", nil, "the source must be" },
            { "x", { metadata = "y" }, "unknown option 'metadata'" },
            { "x", { public_certificate = "y" }, "unknown option 'public_certificate'" },
            { "x", { update_integrations = true }, "did you mean 'update_integration'?" },
        }
        for _, row in ipairs(rows) do
            local ok, message = pcall(function()
                local plan = client:sync_metadata(INTEGRATION, row[1], row[2])
                return plan
            end)
            assert.is_false(ok)
            assert.matches("sync_spec.lua:%d+: sync_metadata: ", message)
            assert.matches(row[3], message, 1, true)
        end
    end)

    it("sends every field that the document wants with a change", function()
        assert(sync({ signin_url = "https://idp.example/new" }, { update_integration = true }))
        local list = writes()
        local body = cjson.decode((mime.unb64(list[#list].body_base64)))
        assert.same({
            name = "Twilio SendGrid", enabled = true, signin_url = "https://idp.example/new",
            signout_url = "https://idp.example/signout", entity_id = ENTITY,
        }, body)
    end)
end)
