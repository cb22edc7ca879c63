--- Why a login fails, by what its SAML response says: findings, the most severe first, each with
--- one sentence.  Nothing here verifies a signature; it compares what is written.

local names = require "sso.saml.names"
local time = require "sso.saml.time"

local M = {}

local quote, short = names.quote, names.short

-- Sorted as they are found within a severity.
local RANK = { critical = 1, warning = 2, info = 3 }

local function day(seconds)
    return time.text(seconds):sub(1, 10)
end

-- One of, or none: "a", "a or b".
local function alternatives(list)
    local quoted = {}
    for i, item in ipairs(list) do
        quoted[i] = quote(item)
    end
    return table.concat(quoted, " or ")
end

-- Each rule gets add(severity, finding, sentence), what the response says and what is expected of
-- it.
local rules = {}

-- ---- the identity provider's own verdict -----------------------------------

local STATUS = {
    AuthnFailed = "it could not tell who the user is",
    NoPassive = "the user would have had to log in, which was not allowed",
    RequestDenied = "it will not answer this request: is the user assigned to the application?",
    UnknownPrincipal = "it does not know the user",
    InvalidNameIDPolicy = "it cannot give the kind of name id that was asked for",
    Requester = "it did not like the request: its settings for SendGrid may not fit",
    Responder = "something failed at the identity provider: its log has the reason",
    VersionMismatch = "it does not speak the request's version of SAML",
}

function rules.status(add, said)
    if said.kind == "Response" and not said.status then
        add("critical", "status", "the response does not say whether the login succeeded")
    elseif said.kind == "Response" and said.status ~= "Success" then
        local why = STATUS[said.status_detail] or STATUS[said.status]
        add("critical", "status", ("the identity provider refused the login with %s%s%s%s"):format(
            said.status, said.status_detail and ", " .. said.status_detail or "",
            said.status_message and " (" .. quote(said.status_message) .. ")" or "",
            why and ": " .. why or ""))
    elseif said.assertions == 0 and not said.encrypted then
        add("critical", "no_assertion", "the response brings no assertion, so nobody is logged in")
    end
    if said.encrypted then
        add("warning", "encrypted", "the assertion is encrypted and cannot be looked into here: "
            .. "turn encryption off at the identity provider, as SendGrid has no key for it to use")
    end
    if said.assertions > 1 then
        add("warning", "several_assertions", ("the response has %d assertions; the first was read")
            :format(said.assertions))
    end
end

-- ---- certificates and signatures -------------------------------------------

local WEAK = { sha1 = "SHA-1", md5 = "MD5" }

local function weak_name(algorithm)
    local name = algorithm and short(algorithm):lower() or ""
    for pattern, weak in pairs(WEAK) do
        if name:find(pattern, 1, true) then
            return weak
        end
    end
end

function rules.signatures(add, said)
    if said.assertions > 0 and #said.signatures == 0 and not said.encrypted then
        add("critical", "unsigned", "neither the response nor the assertion is signed: have the "
            .. "identity provider sign")
    end
    for _, signature in ipairs(said.signatures) do
        local weak = weak_name(signature.algorithm) or weak_name(signature.digest)
        if weak then
            add("warning", "weak_signature", ("the %s is signed with %s, which is broken: choose "
                .. "SHA-256 at the identity provider"):format(signature.of, weak))
        end
        if not signature.covers then
            add("critical", "other_element_signed", ("the signature in the %s is over another "
                .. "element: this is damaged or forged"):format(signature.of))
        end
        for _, why in ipairs(signature.unreadable) do
            add("warning", "unreadable_certificate", ("the certificate in the signature of the %s "
                .. "cannot be read: %s"):format(signature.of, why))
        end
        if #signature.certificates == 0 and #signature.unreadable == 0 then
            add("info", "no_certificate_inside", ("the signature of the %s does not bring its "
                .. "certificate, so which key signed cannot be told"):format(signature.of))
        end
    end
end

local function described(certificate)
    return ("%s (%s)"):format(certificate.fingerprint, quote(certificate.subject))
end

local function stored_name(stored)
    return stored.id and "certificate " .. quote(stored.id) or "a certificate that was given"
end

-- Which of the certificates that SendGrid has match those inside.
local function matches_of(said, stored)
    local matches = {}
    for _, inside in ipairs(said.certificates) do
        for _, candidate in ipairs(stored) do
            local how = candidate.fingerprint == inside.fingerprint and "certificate"
                or candidate.spki_sha256 == inside.spki_sha256 and "key"
            if how then
                matches[#matches + 1] = {
                    id = candidate.id, how = how, fingerprint = inside.fingerprint,
                    stored_fingerprint = candidate.fingerprint, enabled = candidate.enabled,
                    certificate = candidate.given,
                }
            end
        end
    end
    return matches
end

local function told(add, match)
    local name = stored_name(match)
    if match.enabled == false then
        add("critical", "certificate_disabled", ("it is signed with %s, which is not enabled: "
            .. "enable it"):format(name))
    elseif match.how == "key" then
        add("info", "same_key", ("it is signed with the key of %s, in another certificate (%s)")
            :format(name, match.fingerprint))
    else
        add("info", "certificate_matches", ("it is signed with %s"):format(name))
    end
end

-- A disabled match weighs nothing when the same certificate is there a second time, enabled.
local function enabled_ones(matches)
    local list = {}
    for _, match in ipairs(matches) do
        if match.enabled ~= false then
            list[#list + 1] = match
        end
    end
    return #list > 0 and list or matches
end

function rules.certificates(add, said, expected)
    local stored = expected.stored
    for _, inside in ipairs(said.certificates) do
        if inside:state(expected.at) == "expired" then
            add("warning", "certificate_expired", ("the certificate inside, %s, expired on %s")
                :format(described(inside), day(inside.not_after)))
        end
    end
    if not stored then
        return
    end
    for _, name in ipairs(expected.unreadable) do
        add("warning", "stored_unreadable", name .. " cannot be read, so it was not compared")
    end
    said.matches = matches_of(said, stored)
    if #stored == 0 and #expected.unreadable == 0 then
        add("critical", "nothing_stored", "SendGrid has no certificate for this integration, so no "
            .. "login can succeed")
    elseif #said.certificates > 0 and #said.matches == 0 then
        add("critical", "certificate_unknown", ("it is signed with %s, which is none of the %d "
            .. "certificates that SendGrid has: the usual cause is that the identity provider has "
            .. "rotated its key; add the new certificate"):format(described(said.certificates[1]),
            #stored))
    end
    for _, match in ipairs(enabled_ones(said.matches)) do
        told(add, match)
    end
end

-- ---- whom it is for and from -----------------------------------------------

local function holds(list, value)
    for _, item in ipairs(list) do
        if item == value then
            return true
        end
    end
    return false
end

function rules.audience(add, said, expected)
    if said.assertions == 0 then
        return
    elseif #said.audiences == 0 then
        add("warning", "no_audience", "the assertion does not say for whom it is (no Audience)")
    elseif expected.audience and not holds(said.audiences, expected.audience) then
        add("critical", "wrong_audience", ("it is for %s and not for %s: correct the audience (or "
            .. "entity id of the service provider) at the identity provider"):format(
            alternatives(said.audiences), quote(expected.audience)))
    end
end

function rules.addresses(add, said, expected)
    for _, row in ipairs { { "recipient", said.recipient }, { "destination", said.destination } } do
        if expected.recipient and row[2] and row[2] ~= expected.recipient then
            add("critical", "wrong_" .. row[1], ("its %s is %s and not %s: correct the address of "
                .. "the assertion consumer service at the identity provider"):format(row[1],
                quote(row[2]), quote(expected.recipient)))
        end
    end
    if not expected.recipient and said.recipient and said.destination
        and said.recipient ~= said.destination then
        add("warning", "addresses_differ", ("its destination is %s, but the assertion's recipient "
            .. "is %s"):format(quote(said.destination), quote(said.recipient)))
    end
    if said.kind == "Response" and said.assertions > 0 and not said.in_response_to then
        add("info", "unsolicited",
            "it answers no request: the login began at the identity provider")
    end
end

function rules.issuer(add, said, expected)
    local wanted, issuer = expected.entity_id, said.issuer
    if wanted and issuer and issuer ~= wanted then
        add("critical", "wrong_issuer", ("it comes from %s, and the integration expects %s: set "
            .. "the integration's entity_id to what the identity provider calls itself"):format(
            quote(issuer), quote(wanted)))
    end
    if said.response_issuer and said.assertion_issuer
        and said.response_issuer ~= said.assertion_issuer then
        add("warning", "issuers_differ", ("the response comes from %s, but its assertion from %s")
            :format(quote(said.response_issuer), quote(said.assertion_issuer)))
    end
end

-- ---- time ------------------------------------------------------------------

-- A response that somebody looks at later is over as a rule: only with the time of the login given
-- does that explain anything.
local function over(add, expected, ends, what)
    if not ends or expected.at < ends then
        return
    end
    local ago = time.span(expected.at - ends)
    if expected.at_given then
        add("critical", "expired", ("%s ended at %s, %s before the login: the clocks differ, or "
            .. "the login took too long"):format(what, time.text(ends), ago))
    else
        add("info", "over_by_now", ("%s ended at %s, %s ago; whether it was too late for the login "
            .. "shows with the time of the login (at)"):format(what, time.text(ends), ago))
    end
end

function rules.time(add, said, expected)
    local starts, ends, confirmed = said.not_before, said.not_on_or_after, said.confirmed_until
    if starts and expected.at < starts then
        add("critical", "not_yet_valid", ("it is valid from %s, %s after the %s: the identity "
            .. "provider's clock is ahead"):format(time.text(starts),
            time.span(starts - expected.at), expected.at_given and "login" or "time now"))
    end
    if starts and ends and ends <= starts then
        add("critical", "never_valid", "its time window is empty: it ends before it begins")
    end
    over(add, expected, ends, "its validity")
    if confirmed ~= ends then
        over(add, expected, confirmed, "the time in which it could be delivered")
    end
end

-- ---- all of them -----------------------------------------------------------

local ORDER = { "status", "certificates", "signatures", "audience", "issuer", "addresses", "time" }

--- What follows from it; sets said.matches where certificates are given.
---@param said table  as reading.read gave it
---@param expected table  at, at_given, stored, unreadable, audience, recipient, entity_id
---@return {severity: string, finding: string, message: string}[]
function M.of(said, expected)
    local list = {}
    said.matches = {}
    local function add(severity, finding, message)
        list[#list + 1] = {
            severity = severity, finding = finding, message = message, number = #list,
        }
    end
    for _, name in ipairs(ORDER) do
        rules[name](add, said, expected)
    end
    table.sort(list, function(a, b)
        if RANK[a.severity] ~= RANK[b.severity] then
            return RANK[a.severity] < RANK[b.severity]
        end
        return a.number < b.number
    end)
    for _, finding in ipairs(list) do
        finding.number = nil
    end
    return list
end

return M
