--- A SAML response, taken apart: what it says, without judging it (see findings.lua).

local certificate = require("sso.core").certificate
local names = require "sso.saml.names"
local time = require "sso.saml.time"
local xml = require "sso.xml"

local M = {}

local SAML, SAMLP, DS = names.ASSERTION, names.PROTOCOL, names.SIGNATURE
local child, children, text, quote = xml.child, xml.children, xml.text, names.quote

local function moment(element, name)
    local value = element and element.attributes[name]
    return value and time.parse(value)
end

-- ---- is it one? ------------------------------------------------------------

local OLD = { ["urn:oasis:names:tc:SAML:1.0:protocol"] = true,
    ["urn:oasis:names:tc:SAML:1.0:assertion"] = true }

--- What a document is that is no answer to a login: a sentence, or nil for one that is.
---@param root table
---@return string?
function M.stranger(root)
    local name, space = root.name, root.namespace
    if name == "Response" and space == SAMLP or name == "Assertion" and space == SAML then
        return nil
    elseif name == "AuthnRequest" and space == SAMLP then
        return "this is an AuthnRequest, which asks the identity provider for a login; its answer, "
            .. "a Response, is wanted"
    elseif space == SAMLP then
        return ("this is a %s, which belongs to no login; a Response is wanted"):format(quote(name))
    elseif space == names.METADATA then
        return "this is SAML metadata, not a SAML response; sso.metadata.parse reads it"
    elseif OLD[space] then
        return "this is SAML 1.1, and SendGrid speaks SAML 2.0"
    elseif name:find "^RequestSecurityTokenResponse" then
        return "this is WS-Federation, and SendGrid speaks SAML 2.0: the identity provider's "
            .. "application is set up for the wrong protocol"
    end
    return ("its outermost element is %s, not a Response of SAML 2.0"):format(quote(name))
end

-- ---- signatures ------------------------------------------------------------

-- One signature: by which algorithms, whether it is over the element that it stands in, and the
-- certificates that it brings.
local function signature_of(element, of)
    local node = child(element, DS, "Signature")
    if not node then
        return nil
    end
    local info = child(node, DS, "SignedInfo")
    local method = child(info, DS, "SignatureMethod")
    local reference = child(info, DS, "Reference")
    local digest = child(reference, DS, "DigestMethod")
    local uri = reference and reference.attributes.URI
    local signature = {
        of = of,
        algorithm = method and method.attributes.Algorithm,
        digest = digest and digest.attributes.Algorithm,
        covers = uri == "" or uri == "#" .. (element.attributes.ID or ""),
        certificates = {},
        unreadable = {},
    }
    for _, data in ipairs(children(child(node, DS, "KeyInfo"), DS, "X509Data")) do
        for _, item in ipairs(children(data, DS, "X509Certificate")) do
            local list, err = certificate.parse(names.pem(item.text))
            for _, parsed in ipairs(list or {}) do
                table.insert(signature.certificates, parsed)
            end
            table.insert(signature.unreadable, err and err.message)
        end
    end
    return signature
end

-- Certificates of all signatures, each once.
local function certificates_in(signatures)
    local list, known = {}, {}
    for _, signature in ipairs(signatures) do
        for _, parsed in ipairs(signature.certificates) do
            if not known[parsed.fingerprint] then
                known[parsed.fingerprint] = true
                list[#list + 1] = parsed
            end
        end
    end
    return list
end

-- ---- what it says ----------------------------------------------------------

local function status_of(response)
    local status = child(response, SAMLP, "Status")
    local code = child(status, SAMLP, "StatusCode")
    local nested = child(code, SAMLP, "StatusCode")
    return {
        code = code and code.attributes.Value,
        detail = nested and nested.attributes.Value,
        message = text(child(status, SAMLP, "StatusMessage")),
    }
end

local function audiences_of(conditions)
    local list = {}
    for _, restriction in ipairs(children(conditions, SAML, "AudienceRestriction")) do
        for _, audience in ipairs(children(restriction, SAML, "Audience")) do
            list[#list + 1] = text(audience)
        end
    end
    return list
end

-- The confirmation that browsers bring, if there is one.
local function confirmation_of(subject)
    for _, confirmation in ipairs(children(subject, SAML, "SubjectConfirmation")) do
        local method = confirmation.attributes.Method
        if method == "urn:oasis:names:tc:SAML:2.0:cm:bearer" then
            return child(confirmation, SAML, "SubjectConfirmationData")
        end
    end
end

local function attribute_names(assertion)
    local list = {}
    for _, statement in ipairs(children(assertion, SAML, "AttributeStatement")) do
        for _, attribute in ipairs(children(statement, SAML, "Attribute")) do
            list[#list + 1] = attribute.attributes.Name
        end
    end
    return list
end

local function read_assertion(said, assertion, with_name)
    local conditions = child(assertion, SAML, "Conditions")
    local subject = child(assertion, SAML, "Subject")
    local name_id, confirmed = child(subject, SAML, "NameID"), confirmation_of(subject)
    local statement = child(assertion, SAML, "AuthnStatement")
    said.assertion_issuer = text(child(assertion, SAML, "Issuer"))
    said.audiences = audiences_of(conditions)
    said.not_before = moment(conditions, "NotBefore")
    said.not_on_or_after = moment(conditions, "NotOnOrAfter")
    said.confirmed_until = moment(confirmed, "NotOnOrAfter")
    said.recipient = confirmed and confirmed.attributes.Recipient
    said.in_response_to = said.in_response_to or confirmed and confirmed.attributes.InResponseTo
    said.issued_at = moment(assertion, "IssueInstant") or said.issued_at
    said.session_ends_at = moment(statement, "SessionNotOnOrAfter")
    said.name_id_format = name_id and (name_id.attributes.Format
        or "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified")
    said.name_id = with_name and text(name_id) or nil
    said.name_id_encrypted = child(subject, SAML, "EncryptedID") ~= nil
    said.attributes = attribute_names(assertion)
end

--- Reads a Response, or an Assertion alone.
---@param root table
---@param with_name boolean  whether who logs in may be told
---@return table said
function M.read(root, with_name)
    local is_response = root.name == "Response"
    local assertions = is_response and children(root, SAML, "Assertion") or { root }
    local assertion = assertions[1]
    local said = {
        kind = root.name, audiences = {}, attributes = {}, signatures = {},
        assertions = #assertions,
        encrypted = is_response and child(root, SAML, "EncryptedAssertion") ~= nil,
    }
    if is_response then
        local status = status_of(root)
        said.status = status.code and names.short(status.code)
        said.status_detail = status.detail and names.short(status.detail)
        said.status_message = status.message
        said.response_issuer = text(child(root, SAML, "Issuer"))
        said.destination = root.attributes.Destination
        said.in_response_to = root.attributes.InResponseTo
        said.issued_at = moment(root, "IssueInstant")
        table.insert(said.signatures, signature_of(root, "response"))
    end
    if assertion then
        read_assertion(said, assertion, with_name)
        table.insert(said.signatures, signature_of(assertion, "assertion"))
    end
    said.issuer = said.assertion_issuer or said.response_issuer
    said.audience = said.audiences[1]
    said.certificates = certificates_in(said.signatures)
    return said
end

return M
