--- Produces the error messages that docs/troubleshooting.md quotes, each by doing what causes it,
--- against the sandbox or nothing at all.  The keys are the page's headings.

local accounts = require "support.accounts"
local helper = require "helper"
local kernel = require "support.kernel"
local snapshots = require "sso.snapshot"
local sso = require "sso"

local M = {}

local CERT, INTEGRATION = helper.CERT_ID, helper.INTEGRATION

local function get(options)
    return select(2, accounts.client(options):get_certificate(CERT))
end

-- The error of a call to which the sandbox does something.
local function fault(what, options)
    helper.sandbox.fault(what)
    return get(options)
end

-- The error of a call to one of the sandbox's TLS servers.
local function tls(name)
    return get { base_url = helper.sandbox_value(name), ca_file = helper.sandbox_value "CA" }
end

local function update(text)
    return select(2, accounts.client():update_certificate(CERT, { public_certificate = text }))
end

local function fetch(path)
    return select(2, sso.metadata.fetch(path))
end

-- SAML metadata of an identity provider with these certificates.
local function metadata(pems, attributes)
    local keys = {}
    for i, pem in ipairs(pems) do
        keys[i] = [[<KeyDescriptor use="signing">
            <KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#">]]
            .. "<X509Data><X509Certificate>" .. pem:gsub("%-%-%-%-%-[^\n]+", "")
            .. "</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
    end
    return ([[<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"
        entityID="https://idp"%s>
        <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">%s
        <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
            Location="https://idp/sso"/></IDPSSODescriptor></EntityDescriptor>]]):format(
        attributes or "", table.concat(keys))
end

local function rotate(options)
    return select(2, accounts.client():rotate_certificate(INTEGRATION, options))
end

local function parse_metadata(text)
    return select(2, sso.metadata.parse(text))
end

local function restore(change, options)
    local id = accounts.integration(1, { { accounts.pem(1), true }, { accounts.pem(2), false } })
    local client = accounts.client()
    local before = assert(client:snapshot())
    accounts.certificate(id, accounts.pem(3), false)
    change(before)
    return select(2, client:restore(before, options))
end

-- What the program writes to standard error.
local function program(words, env)
    local code = ("arg = { [0] = 'sendgrid-sso', %s } dofile %q"):format(words, "bin/sendgrid-sso")
    local done = helper.lua(code, { env = env })
    return { message = done.output:match "sendgrid%-sso: ([^\n]*)\n" or done.output }
end

M.rows = {
    -- the API key
    ["no API key: set SENDGRID_API_KEY, or give api_key or api_key_file"] = function()
        local code = "print(select(2, require('sso').new()).message)"
        local env = { "SENDGRID_API_KEY", "SENDGRID_API_KEY_FILE" }
        return { message = helper.lua(code, { env = env }).output:gsub("\n$", "") }
    end,
    ["the API key holds white space or a character that no key has: copy it again, in one piece"]
        = function()
            return select(2, sso.new { api_key = "SG.abc def" })
        end,
    ["cannot read an API key from the file …"] = function()
        return select(2, sso.new { api_key_file = "/nowhere/key" })
    end,
    ["there is no --api-key: …"] = function()
        return program "'certificates', 'list', '--api-key', 'SG.abc'"
    end,
    ["401 unauthorized: …"] = function()
        return get { api_key = "SG.wrong" }
    end,
    ["403 forbidden: …"] = function()
        return get { api_key = "SG.forbidden.key" }
    end,
    -- SendGrid's answers
    ["404 not found: certificate not found"] = function()
        return select(2, accounts.client():get_certificate(1))
    end,
    ["404 not found: integration not found"] = function()
        return select(2, accounts.client():list_certificates "none")
    end,
    ["400 invalid request: …"] = function()
        return select(2, accounts.client():create_sso_teammate {
            email = "no address", first_name = "A", last_name = "B",
        })
    end,
    ["429 rate limited: …"] = function()
        return fault { status = 429, headers = { ["Retry-After"] = "600" } }
    end,
    ["500 server error: …"] = function()
        return fault { status = 500, body = "<html>", headers = { ["Content-Type"] = "text/html" } }
    end,
    ["302 unexpected status: a redirect to …, which is not followed"] = function()
        return fault { status = 302, body = "", headers = { Location = "https://e.example/" } }
    end,
    ["the server's 200 answer is not JSON (…)"] = function()
        return fault { status = 200, body = "<html>", headers = { ["Content-Type"] = "text/html" } }
    end,
    -- the way to SendGrid
    ["no address found for …"] = function()
        return get { base_url = "https://name.invalid" }
    end,
    ["no connection to …: connection refused"] = function()
        return get { base_url = "http://127.0.0.1:1" }
    end,
    ["no connection to …: the system watches no further descriptor for this user: …"] = function()
        local code = ([[
            local client = assert(require "sso".new { api_key = "SG.k", base_url = %q, proxy = "",
                max_retries = 0 })
            print(select(2, client:get_certificate(1)).message)
        ]]):format(helper.sandbox_value "HTTP")
        local done = kernel.refusing("epoll_ctl", code, { SSO_FAILING_ERRNO = "28" }) -- ENOSPC
        return { message = done.output:match "[^\n]*" }
    end,
    ["no result within the timeout of … s: it was still …"] = function()
        return fault({ delay = 2 }, { timeout = 0.2 })
    end,
    ["… closed the connection instead of answering"] = function()
        return fault { close = "before" }
    end,
    ["the certificate of … is not accepted: self-signed: name it in ca_file if it is meant to be "
        .. "trusted"] = function()
        return tls "HTTPS_UNKNOWN_CA"
    end,
    ["the certificate of … is not accepted: wrong host: it was issued for another name"]
        = function()
            return tls "HTTPS_WRONG_HOST"
        end,
    ["the certificate of … is not accepted: expired"] = function()
        return tls "HTTPS_EXPIRED"
    end,
    ["the certificate of … is not accepted: not yet valid: is this machine's clock right"]
        = function()
            return tls "HTTPS_NOT_YET_VALID"
        end,
    ["the TLS handshake with … failed: …"] = function()
        return tls "HTTPS_OLD_TLS"
    end,
    ["ca_file '…' cannot be read: No such file or directory"] = function()
        return select(2, sso.new { api_key = "SG.a", ca_file = "/nowhere/ca.pem" })
    end,
    ["what … sent back is not HTTP: is this the right host and port"] = function()
        return fault { raw = "SSH-2.0-OpenSSH_9.2\r\n" }
    end,
    -- certificates
    ["public_certificate is not an X.509 certificate: expected PEM, the base64 of it, or DER"]
        = function()
            return update "any text"
        end,
    ["public_certificate holds a private key, which never leaves this machine: give the "
        .. "certificate alone"] = function()
        return update((select(2, helper.certificate { key = "ec" })))
    end,
    ["public_certificate is a placeholder out of a sample: …"] = function()
        return update "<your x509 certificate>"
    end,
    ["public_certificate holds 2 certificates: give the one that signs, without its chain"]
        = function()
            return update(accounts.pem(1) .. accounts.pem(2))
        end,
    -- metadata
    ["this is an HTML page, such as the page of a login or of an error, not SAML metadata"]
        = function()
            return parse_metadata "<!DOCTYPE html><html></html>"
        end,
    ["it has a DOCTYPE, which SAML forbids: refused unread"] = function()
        return parse_metadata [[<!DOCTYPE a [<!ENTITY b "c">]><EntityDescriptor/>]]
    end,
    ["its XML is broken: …"] = function()
        return parse_metadata(metadata({ accounts.pem(1) }):sub(1, 400))
    end,
    ["it has no certificate that is for signing"] = function()
        return parse_metadata(metadata {})
    end,
    ["…: No such file or directory"] = function()
        return fetch "/nowhere/metadata.xml"
    end,
    -- rotation
    ["none of the … certificates has the pinned fingerprint …; nothing was changed"] = function()
        return rotate { metadata = metadata { accounts.pem(1) }, pin = ("0"):rep(64) }
    end,
    ["the metadata is of another entity_id than the pinned one; nothing was changed"] = function()
        return rotate { metadata = metadata { accounts.pem(1) }, pin = "https://other" }
    end,
    ["the metadata was valid until …; nothing was changed; force takes it all the same"]
        = function()
            return rotate { metadata = metadata({ accounts.pem(1) },
                [[ validUntil="2020-01-01T00:00:00Z"]]) }
        end,
    -- snapshots
    ["… no valid certificate of the snapshot is known to be enabled, so none can be taken away…"]
        = function()
            return restore(function() end, { delete = true })
        end,
    ["no integration would be left enabled"] = function()
        return restore(function(snapshot)
            snapshot.integrations = {}
        end, { delete = true })
    end,
    ["the snapshot is of another account (…), and the option delete would delete what this one "
        .. "has"] = function()
        return restore(function(snapshot)
            snapshot.server = "https://elsewhere.example"
        end, { delete = true, enable = true })
    end,
    ["this snapshot is of version …, and this program reads version 1"] = function()
        return select(2, snapshots.decode [[{"format":"sendgrid-sso/2","integrations":[]}]])
    end,
    ["integrations[…]…: public_certificate is not the certificate that fingerprint names: …"]
        = function()
            local snapshot = assert(accounts.client():snapshot())
            snapshot.integrations[1].certificates[1].public_certificate = accounts.pem(1)
            return select(2, snapshots.decode(snapshots.encode(snapshot)))
        end,
}

return M
