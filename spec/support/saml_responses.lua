--- SAML responses, as a browser brings them: whole and right unless told otherwise. Signatures have
--- the form of signatures and are none.

local mime = require "mime"
local samples = require "support.saml_samples"

local M = {}

M.AUDIENCE = "https://sendgrid.test/saml/audience"
M.ACS = "https://sendgrid.test/saml/consume"
M.ISSUER = "https://idp.test/entity"
M.EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"

local STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
local SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"

--- The moment at which the responses are issued, unix seconds.
M.NOW = 1772366400 -- 2026-03-01T12:00:00Z

local function moment(seconds)
    return os.date("!%Y-%m-%dT%H:%M:%S.000Z", seconds)
end

--- A signature. options: certificates (PEM), algorithm, digest, uri.
function M.signature(options)
    local data = ""
    for _, pem in ipairs(options.certificates or {}) do
        data = data .. "<ds:X509Certificate>" .. samples.base64(pem) .. "</ds:X509Certificate>"
    end
    return ("<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>"
        .. "<ds:SignatureMethod Algorithm=\"%s\"/><ds:Reference URI=\"%s\">"
        .. "<ds:DigestMethod Algorithm=\"%s\"/><ds:DigestValue>AAAA</ds:DigestValue>"
        .. "</ds:Reference></ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue>"
        .. "<ds:KeyInfo>%s</ds:KeyInfo></ds:Signature>"):format(options.algorithm or SHA256,
        options.uri, options.digest or "http://www.w3.org/2001/04/xmlenc#sha256",
        data ~= "" and "<ds:X509Data>" .. data .. "</ds:X509Data>" or "<ds:KeyName>k</ds:KeyName>")
end

local function attribute(name, value)
    return value and (" %s=\"%s\""):format(name, value) or ""
end

local function subject(o)
    return ("<saml:Subject><saml:NameID%s>jane@example.com</saml:NameID>"
        .. "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">"
        .. "<saml:SubjectConfirmationData%s%s%s/></saml:SubjectConfirmation></saml:Subject>")
        :format(attribute("Format", o.format or M.EMAIL),
        attribute("NotOnOrAfter", moment(o.confirmed_until or o.to)),
        attribute("Recipient", o.recipient or M.ACS),
        attribute("InResponseTo", o.request))
end

local function audiences(o)
    local parts = {}
    for _, audience in ipairs(o.audiences or { M.AUDIENCE }) do
        parts[#parts + 1] = "<saml:Audience>" .. audience .. "</saml:Audience>"
    end
    return #parts > 0 and "<saml:AudienceRestriction>" .. table.concat(parts)
        .. "</saml:AudienceRestriction>" or ""
end

--- An assertion alone.
function M.assertion(o)
    o.from, o.to = o.from or M.NOW - 300, o.to or M.NOW + 300
    return ("<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_a\""
        .. " Version=\"2.0\" IssueInstant=\"%s\"><saml:Issuer>%s</saml:Issuer>%s%s"
        .. "<saml:Conditions%s%s>%s</saml:Conditions>"
        .. "<saml:AuthnStatement SessionNotOnOrAfter=\"%s\"/>"
        .. "<saml:AttributeStatement><saml:Attribute Name=\"email\"><saml:AttributeValue>"
        .. "jane@example.com</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>"
        .. "</saml:Assertion>"):format(moment(M.NOW), o.assertion_issuer or M.ISSUER,
        o.sign_assertion == false and "" or M.signature {
            certificates = o.certificates, algorithm = o.algorithm, digest = o.digest,
            uri = o.uri or "#_a",
        }, subject(o), attribute("NotBefore", moment(o.from)),
        attribute("NotOnOrAfter", moment(o.to)), audiences(o), moment(M.NOW + 28800))
end

--- A response. options: certificates (PEM, inside the signatures), sign_response (false),
--- sign_assertion (true), algorithm, digest, uri, issuer, assertion_issuer, destination, recipient,
--- request, from, to, confirmed_until, audiences, format, status, detail, message, assertions (1),
--- encrypted
function M.response(o)
    o.request = o.request == nil and "_q" or o.request or nil
    local inside = M.assertion(o):rep(o.assertions or 1)
    if o.encrypted then
        inside = inside .. "<saml:EncryptedAssertion"
            .. " xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>"
    end
    local status = o.status or "Success"
    return ("<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_r\""
        .. " Version=\"2.0\" IssueInstant=\"%s\" Destination=\"%s\"%s>"
        .. "<saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">%s</saml:Issuer>%s"
        .. "<samlp:Status><samlp:StatusCode Value=\"%s\">%s</samlp:StatusCode>%s</samlp:Status>"
        .. "%s</samlp:Response>"):format(moment(M.NOW), o.destination or M.ACS,
        attribute("InResponseTo", o.request), o.issuer or M.ISSUER,
        o.sign_response and M.signature { certificates = o.certificates, uri = "#_r" } or "",
        STATUS .. status,
        o.detail and ("<samlp:StatusCode Value=\"%s\"/>"):format(STATUS .. o.detail) or "",
        o.message and "<samlp:StatusMessage>" .. o.message .. "</samlp:StatusMessage>" or "",
        inside)
end

--- As the browser posts it, on one line.
function M.base64(text)
    return (mime.b64(text))
end

return M
