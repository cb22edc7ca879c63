--- From what was read to findings: a pure function of certificates, metadata and a moment.
--
-- One thing runs through all of it: SendGrid's documented answers do not say which certificate is
-- enabled.  What they do not say is unknown and never taken for granted, so a certificate can only
-- stand in for another when it is known to be enabled; otherwise the finding is milder, not gone.

local certificates = require("sso.core").certificate
local moment = require "sso.moment"
local printable = require "sso.printable"

local M = {}

local DAY = moment.DAY
local DEFAULTS = { within = 30 * DAY, critical_within = 7 * DAY, min_key_bits = 2048 }

local RANKS = { critical = 1, warning = 2, info = 3 }

-- ---- certificates -----------------------------------------------------------

--- When a certificate should be renewed: the last third of its lifetime begins, or so many seconds
--- before its end, never outside of its validity (as cert-manager has it).
---@param not_before number  unix seconds
---@param not_after number
---@param renew_before? number  seconds before the end
---@return integer unix
function M.renew_at(not_before, not_after, renew_before)
    local before = renew_before or (not_after - not_before) / 3
    return math.floor(math.max(not_before, math.min(not_after, not_after - before)))
end

-- One certificate as the report has it.  SendGrid's own dates stand in where its text cannot be
-- read.
local function read_certificate(given, options)
    local list = type(given.public_certificate) == "string"
        and certificates.parse(given.public_certificate)
    local parsed = list and list[1]
    local one = {
        id = given.id,
        enabled = given.enabled,
        fingerprint = parsed and parsed.fingerprint,
        subject = parsed and parsed.subject,
        key = parsed and parsed.key,
        not_before = parsed and parsed.not_before or tonumber(given.not_before),
        not_after = parsed and parsed.not_after or tonumber(given.not_after),
        readable = parsed ~= nil and parsed ~= false,
    }
    if one.not_before and one.not_after then
        one.renew_at = M.renew_at(one.not_before, one.not_after, options.renew_before)
        one.state = options.at < one.not_before and "not_yet_valid"
            or options.at > one.not_after and "expired" or "valid"
    else
        one.state = "unreadable"
    end
    one.problems = parsed and certificates.check(parsed, {
        at = options.at,
        min_key_bits = options.min_key_bits,
    }) or {}
    return one
end

local function read_integration(entry, options)
    local given = entry.integration
    local integration = {
        id = given.id,
        name = type(given.name) == "string" and given.name or nil,
        enabled = given.enabled,
        entity_id = given.entity_id,
        certificates = {},
    }
    for i, certificate in ipairs(entry.certificates) do
        integration.certificates[i] = read_certificate(certificate, options)
    end
    return integration
end

-- ---- findings ---------------------------------------------------------------

-- Collects the findings of one integration.  Nobody logs in by an integration that is switched off,
-- so nothing about it is urgent.
local function collector(all, integration, at)
    return function(severity, finding, certificate, message, action)
        certificate = certificate or {}
        local ends = certificate.not_after
        all[#all + 1] = {
            severity = integration.enabled == false and "info" or severity,
            finding = finding,
            integration_id = integration.id,
            integration = integration.name,
            id = certificate.id,
            fingerprint = certificate.fingerprint,
            subject = certificate.subject,
            not_before = certificate.not_before,
            not_after = ends,
            days_left = ends and math.floor((ends - at) / DAY) or nil,
            message = message,
            action = action,
            order = #all,
        }
    end
end

-- How well logins are covered without this certificate: "known" when another that is known to be
-- enabled is valid from one moment to the other, "likely" when one is that may be enabled, false
-- when there is none.
local function stand_in(integration, certificate, from, to)
    local found = false
    for _, other in ipairs(integration.certificates) do
        if other ~= certificate and other.fingerprint ~= certificate.fingerprint
            and other.enabled ~= false and other.readable
            and other.not_before <= from and other.not_after >= to then
            if other.enabled then
                return "known"
            end
            found = "likely"
        end
    end
    return found
end

-- What comes after the end of a certificate for which none stands in.
local function what_follows(integration, certificate, options)
    local first
    for _, other in ipairs(integration.certificates) do
        if other.readable and other.enabled ~= false and other.not_before > certificate.not_after
            and not (first and first <= other.not_before) then
            first = other.not_before
        end
    end
    if first then
        return ("; the next certificate is not valid before %s"):format(moment.date(first))
    end
    local other = stand_in(integration, certificate, certificate.not_after, options.at)
    return other and ", and the other certificates end soon, too"
        or ", and no other certificate lasts longer"
end

local UPLOAD = "upload the identity provider's current signing certificate, or run a sync"
local NOT_TOLD = ", though SendGrid does not tell whether it is enabled"

local SEVERITY = { known = "info", likely = "warning" }

local function about_end(add, integration, certificate, options)
    local ends = certificate.not_after
    local left = ends - options.at
    local date = moment.date(ends)
    if certificate.state == "expired" then
        local other = stand_in(integration, certificate, options.at, options.at)
        local told = ("expired on %s, %s ago"):format(date, moment.span(left))
        if other then
            add(SEVERITY[other], "expired", certificate,
                told .. "; another certificate of the integration is valid"
                    .. (other == "likely" and NOT_TOLD or ""),
                "delete it once the other one is known to work")
        else
            add("critical", "expired", certificate,
                told .. ", and no other certificate of the integration is valid", UPLOAD)
        end
    elseif certificate.state == "valid" and left <= options.within then
        local other = stand_in(integration, certificate, ends, options.at + options.within)
        local told = ("expires on %s, in %s"):format(date, moment.span(left))
        if other then
            add(SEVERITY[other], "expires_soon", certificate,
                told .. "; another certificate lasts longer"
                    .. (other == "likely" and NOT_TOLD or ""),
                "see that the identity provider signs with the other one before that day")
        else
            add(left <= options.critical_within and "critical" or "warning", "expires_soon",
                certificate, told .. what_follows(integration, certificate, options),
                "have the identity provider publish its next signing certificate, then run a sync")
        end
    end
end

local function about_begin(add, integration, certificate, options)
    if certificate.state ~= "not_yet_valid" then
        return
    end
    local other = stand_in(integration, certificate, options.at, options.at)
    local told = ("is not valid before %s, in %s"):format(
        moment.date(certificate.not_before), moment.span(certificate.not_before - options.at))
    if other then
        add("info", "not_yet_valid", certificate, told, "keep the valid certificate until then")
    else
        add("critical", "not_yet_valid", certificate,
            told .. ", and no other certificate of the integration is valid", UPLOAD)
    end
end

local function about_key(add, certificate)
    for _, problem in ipairs(certificate.problems) do
        local told = problem.message
        if told:sub(1, #certificate.subject) == certificate.subject then
            told = told:sub(#certificate.subject + 3) -- the finding has its subject already
        end
        if problem.code == "weak_key" then
            add("warning", "weak_key", certificate, told,
                "have the identity provider make a longer signing key, then run a sync")
        elseif problem.code == "unknown_key" then
            add("warning", "unreadable", certificate, told,
                "replace it by a certificate with an RSA or EC key")
        end
    end
end

local function about_text(add, integration, certificate, options)
    if certificate.readable then
        return
    end
    local other = stand_in(integration, certificate, options.at, options.at)
    add(other and "warning" or "critical", "unreadable", certificate,
        "what SendGrid stores is no X.509 certificate"
            .. (other and "" or ", and no other certificate of the integration is valid"), UPLOAD)
end

local function about_duplicates(add, integration)
    local seen = {}
    for _, certificate in ipairs(integration.certificates) do
        local first = certificate.fingerprint and seen[certificate.fingerprint]
        if first then
            add("warning", "duplicate", certificate,
                ("is the same certificate as %s"):format(printable(first.id)),
                "delete one of the two: disabling only one of them changes nothing")
        elseif certificate.fingerprint then
            seen[certificate.fingerprint] = certificate
        end
    end
end

local function about_number(add, integration)
    local count, off = #integration.certificates, 0
    for _, certificate in ipairs(integration.certificates) do
        off = off + (certificate.enabled == false and 1 or 0)
    end
    if count == 0 then
        add("critical", "no_certificate", nil, "has no certificate: nobody can log in by it",
            UPLOAD)
    elseif off == count then
        add("critical", "no_certificate", nil,
            "has no enabled certificate: nobody can log in by it",
            "enable the certificate that the identity provider signs with")
    end
end

local function by_fingerprint(list)
    local set = {}
    for _, certificate in ipairs(list) do
        if certificate.fingerprint then
            set[certificate.fingerprint] = certificate
        end
    end
    return set
end

-- Both ways round: trust in a key that is no longer used, and logins that nothing will verify.
local function about_metadata(add, integration, metadata, at)
    local published = by_fingerprint(metadata.certificates)
    local stored = by_fingerprint(integration.certificates)
    for _, certificate in ipairs(integration.certificates) do
        if certificate.fingerprint and not published[certificate.fingerprint] then
            add(certificate.enabled == false and "info" or "warning", "not_in_metadata",
                certificate, "is not among the identity provider's signing certificates",
                "retire it when the identity provider no longer signs with it")
        end
    end
    local any, missing = false, {}
    for _, certificate in ipairs(metadata.certificates) do
        local ours = stored[certificate.fingerprint]
        if ours and ours.enabled ~= false then
            any = true
        elseif not ours and certificate.not_after > at then
            missing[#missing + 1] = certificate
        end
    end
    if not any and #missing == 0 and #metadata.certificates > 0 then
        add("critical", "no_certificate", nil,
            "has none of the identity provider's signing certificates enabled",
            "enable the certificate that the identity provider signs with")
    end
    for _, certificate in ipairs(missing) do
        add(any and "warning" or "critical", "not_stored", {
            fingerprint = certificate.fingerprint,
            subject = certificate.subject,
            not_before = certificate.not_before,
            not_after = certificate.not_after,
        }, any and "a signing certificate of the identity provider is not at SendGrid"
            or "SendGrid has none of the identity provider's signing certificates",
            "run a sync before the identity provider signs with it")
    end
end

local function judge(add, integration, metadata, options)
    about_number(add, integration)
    for _, certificate in ipairs(integration.certificates) do
        about_text(add, integration, certificate, options)
        -- one that is switched off is trusted by nobody: its dates matter to nobody
        if certificate.readable and certificate.enabled ~= false then
            about_end(add, integration, certificate, options)
            about_begin(add, integration, certificate, options)
        end
        about_key(add, certificate)
    end
    about_duplicates(add, integration)
    if metadata then
        about_metadata(add, integration, metadata, options.at)
    end
end

-- ---- the report -------------------------------------------------------------

local function before(a, b)
    if a.severity ~= b.severity then
        return RANKS[a.severity] < RANKS[b.severity]
    end
    local left, right = a.not_after or -math.huge, b.not_after or -math.huge
    if left ~= right then
        return left < right
    end
    return a.order < b.order
end

--- Judges what was read.
---@param entries {integration: table, certificates: table[], metadata: table?}[]  as the API gives
---them; `metadata` is the integration's own
---@param options? sso.CheckOptions  `within`, `critical_within`, `renew_before`, `min_key_bits`,
---`at`
---@return sso.Report
function M.assess(entries, options)
    options = options or {}
    local wishes = {
        at = math.floor(options.at or os.time()),
        within = options.within or DEFAULTS.within,
        renew_before = options.renew_before,
        min_key_bits = options.min_key_bits or DEFAULTS.min_key_bits,
    }
    wishes.critical_within = math.min(options.critical_within or DEFAULTS.critical_within,
        wishes.within)
    local report = {
        at = wishes.at,
        within = wishes.within,
        critical_within = wishes.critical_within,
        integrations = {},
        counts = { critical = 0, warning = 0, info = 0 },
    }
    for i, entry in ipairs(entries) do
        local integration = read_integration(entry, wishes)
        report.integrations[i] = integration
        judge(collector(report, integration, wishes.at), integration, entry.metadata, wishes)
    end
    table.sort(report, before)
    for _, finding in ipairs(report) do
        finding.order = nil
        report.counts[finding.severity] = report.counts[finding.severity] + 1
    end
    report.status = report.counts.critical > 0 and "critical"
        or report.counts.warning > 0 and "warning" or "ok"
    return report
end

return M
