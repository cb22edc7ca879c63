--- "Why did this login fail?": reads a SAML response and says what is wrong with it.
--
--     local explanation = assert(sso.saml.explain(saml_response, {
--         certificates = client:list_certificates(integration_id),
--     }))
--     print(sso.saml.format(explanation))
--
-- It reads and compares; it verifies no signature.  Who logged in is told only on request.

local core = require "sso.core"
local envelope = require "sso.saml.envelope"
local findings = require "sso.saml.findings"
local misuse = require "sso.misuse"
local names = require "sso.saml.names"
local printable = require "sso.printable"
local reading = require "sso.saml.reading"
local time = require "sso.saml.time"
local xml = require "sso.xml"

local M = {}

-- A login brings a few hundred; a user in thousands of groups some thousands.
local MAX_ELEMENTS = 20000

local WHO = "saml.explain"

local OPTIONS = {
    certificates = "any", audience = "any", recipient = "any", entity_id = "any", at = "seconds",
    name_id = "boolean",
}

-- What the integration expects; its fields may be empty, which expects nothing.
local function expected_text(options, name)
    local value = options[name]
    if value ~= nil and type(value) ~= "string" then
        misuse.raise(("%s: option '%s' must be a string, not a %s"):format(WHO, name, type(value)))
    end
    return value ~= "" and value or nil
end

-- ---- the certificates to compare with --------------------------------------

-- Adds one of them: a PEM text, a certificate of sso.certificate.parse or one of the API's.
local function store(stored, unreadable, given)
    local list = type(given) == "table" and given.fingerprint and given.spki_sha256 and { given }
    if not list then
        local text = type(given) == "table" and given.public_certificate or given
        list = core.certificate.parse(text)
    end
    local id, enabled
    if type(given) == "table" then
        id, enabled = given.id, given.enabled
    end
    for _, parsed in ipairs(list or {}) do
        stored[#stored + 1] = {
            fingerprint = parsed.fingerprint, spki_sha256 = parsed.spki_sha256, id = id,
            enabled = enabled, given = given,
        }
    end
    if not list then
        table.insert(unreadable, id and "certificate " .. names.quote(id)
            or "a certificate that was given")
    end
end

-- → what to compare with, nil when nothing was given; and the names of those that cannot be read
local function stored_of(given)
    if given == nil then
        return nil, {}
    elseif type(given) == "string" then
        given = { given }
    elseif type(given) ~= "table" then
        misuse.raise(("%s: option 'certificates' must be a list, not a %s"):format(WHO,
            type(given)))
    end
    local stored, unreadable = {}, {}
    for _, one in ipairs(given) do
        local text = type(one) == "table" and (one.public_certificate or one.fingerprint) or one
        if type(text) ~= "string" then
            misuse.raise(WHO .. ": option 'certificates' must be a list of certificates, as "
                .. "list_certificates or sso.certificate.parse give it, or of PEM texts")
        end
        store(stored, unreadable, one)
    end
    return stored, unreadable
end

---@class sso.Explanation
---@field kind string  "Response" or "Assertion"
---@field issuer string?  the assertion's, or else the response's
---@field response_issuer string?
---@field assertion_issuer string?
---@field destination string?
---@field recipient string?
---@field in_response_to string?
---@field status string?  "Success", or what the identity provider says instead
---@field status_detail string?
---@field status_message string?
---@field audience string?  the first
---@field audiences string[]
---@field issued_at integer?  unix seconds
---@field not_before integer?
---@field not_on_or_after integer?
---@field confirmed_until integer?  until when it may be delivered
---@field session_ends_at integer?
---@field name_id_format string?
---@field name_id string?  only with the option name_id
---@field name_id_encrypted boolean
---@field attributes string[]  names alone
---@field assertions integer  how many can be read
---@field encrypted boolean  whether there is one that cannot
---@field signatures {of: string, algorithm: string?, digest: string?, covers: boolean}[]
---@field certificates sso.Certificate[]  those inside, each once
---@field matches {id: any, how: string, fingerprint: string, enabled: boolean?}[]
---@field findings {severity: string, finding: string, message: string}[]  the most severe first
---@field at integer  the moment by which it was judged

--- Reads a SAML response and says what may be wrong with it.
---@param saml_response string  what the browser posts as SAMLResponse, or the XML
---@param options? {certificates: any, audience: string?, recipient: string?, entity_id: string?,
--- at: number?, name_id: boolean?}  certificates: those that SendGrid has; audience, recipient,
--- entity_id: what the integration expects; at: the moment of the login (now); name_id: tell who
---@return sso.Explanation? explanation
---@return sso.Error? err  kind `saml`
function M.explain(saml_response, options)
    if type(saml_response) ~= "string" then
        misuse.raise(("%s: the SAML response must be a string, not a %s"):format(WHO,
            type(saml_response)))
    end
    options = misuse.check_options(WHO, options, OPTIONS)
    local stored, unreadable = stored_of(options.certificates)
    local text, problem = envelope.open(saml_response)
    local root
    if text then
        root, problem = xml.read(text, { what = "a SAML response", elements = MAX_ELEMENTS })
    end
    problem = problem or reading.stranger(root)
    if problem then
        return nil, core.failure("saml", problem, WHO)
    end
    local said = reading.read(root, options.name_id == true)
    said.at = options.at or os.time()
    said.findings = findings.of(said, {
        at = said.at, at_given = options.at ~= nil, stored = stored, unreadable = unreadable,
        audience = expected_text(options, "audience"),
        recipient = expected_text(options, "recipient"),
        entity_id = expected_text(options, "entity_id"),
    })
    return said
end

-- ---- for people ------------------------------------------------------------

local function window(said)
    local from, to = said.not_before, said.not_on_or_after
    if not from and not to then
        return nil
    end
    return (from and "from " .. time.text(from) or "") .. (from and to and " " or "")
        .. (to and "to " .. time.text(to) or "")
end

local function signed(said)
    local parts = {}
    for _, signature in ipairs(said.signatures) do
        parts[#parts + 1] = ("the %s, %s"):format(signature.of,
            signature.algorithm and names.short(signature.algorithm) or "unknown algorithm")
    end
    return #parts > 0 and table.concat(parts, "; ") or said.assertions > 0 and "nothing" or nil
end

local function matched(said)
    local parts = {}
    for _, match in ipairs(said.matches) do
        parts[#parts + 1] = names.quote(match.id or match.stored_fingerprint)
            .. (match.how == "key" and " (same key)" or "")
    end
    return #parts > 0 and table.concat(parts, ", ") or nil
end

local function status(said)
    local parts = { said.status }
    parts[#parts + 1] = said.status_detail
    parts[#parts + 1] = said.status_message
    return #parts > 0 and table.concat(parts, ", ") or nil
end

local ROWS = {
    { "issuer", function(said) return said.issuer end },
    { "status", status },
    { "issued", function(said) return said.issued_at and time.text(said.issued_at) end },
    { "valid", window },
    { "audience", function(said)
        return #said.audiences > 0 and table.concat(said.audiences, ", ") or nil
    end },
    { "destination", function(said) return said.destination end },
    { "recipient", function(said) return said.recipient end },
    { "name id", function(said)
        local format = said.name_id_format and names.short(said.name_id_format)
            or said.name_id_encrypted and "encrypted"
        return format and (said.name_id and ("%s (%s)"):format(said.name_id, format) or format)
    end },
    { "attributes", function(said)
        return #said.attributes > 0 and table.concat(said.attributes, ", ") or nil
    end },
    { "signed", signed },
}

--- An explanation as text for people, printable as it is.
---@param explanation sso.Explanation
---@param options? {width: integer?}  columns, 80 if not given
---@return string text
function M.format(explanation, options)
    if type(explanation) ~= "table" or type(explanation.findings) ~= "table" then
        misuse.raise "saml.format: needs what saml.explain returned"
    end
    options = misuse.check_options("saml.format", options, { width = "seconds" })
    local width, lines = math.max(40, options.width or 80), {}
    local function row(label, value)
        if value then
            for i, line in ipairs(printable.wrap(names.quote(value), width - 13)) do
                lines[#lines + 1] = printable.pad(i == 1 and label or "", 13) .. line
            end
        end
    end
    for _, entry in ipairs(ROWS) do
        row(entry[1], entry[2](explanation))
    end
    for _, inside in ipairs(explanation.certificates) do
        row("certificate", inside.fingerprint)
        row("", ("%s, to %s"):format(inside.subject, time.text(inside.not_after):sub(1, 10)))
    end
    row("stored as", matched(explanation))
    lines[#lines + 1] = ""
    for _, finding in ipairs(explanation.findings) do
        row(finding.severity, finding.message)
    end
    if #explanation.findings == 0 then
        lines[#lines + 1] = "Nothing wrong was found in it."
    end
    return table.concat(lines, "\n") .. "\n"
end

return M
