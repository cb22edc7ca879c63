--- What is to be done: from what is there, what is wanted, the options and the time to a list of
--- steps and warnings.
--
-- Pure: no client, no clock, nothing kept.  The order of the steps is what keeps people logged in:
-- the certificate that is signed with now comes first, other wanted ones after it, and what is to
-- go last, behind a step that sets the first one enabled.

local moment = require "sso.moment"
local observe = require "sso.rotation.observe"
local printable = require "sso.printable"

local M = {}

---@class sso.RotationStep
---@field action "add"|"enable"|"keep"|"disable"|"delete"
---@field id string|integer|nil  nil: not there yet
---@field fingerprint string?  SHA-256, hex; nil: the stored text is unreadable
---@field subject string?
---@field not_before integer?  unix seconds, UTC
---@field not_after integer?
---@field enabled boolean?  what it is set to, of a `keep` what the server tells; nil: unknown
---@field reason string
---@field done boolean  carried out and read back

---@class sso.RotationPlan
---@field integration_id string|integer
---@field wanted table[]  certificates
---@field active string?  fingerprint of the one that must be enabled now
---@field steps sso.RotationStep[]
---@field warnings string[]
---@field journal table[]
---@field changed boolean  something was added, deleted, or set otherwise than it was known to be
---@field set_unknown boolean  something was set of which SendGrid does not tell what it was
---@field dry_run boolean
---@field integration {differences: table[], updated: boolean}?  of sync_metadata

local function name_of(certificate)
    return ("%s (%s)"):format(printable(certificate.subject), certificate.fingerprint:sub(1, 16))
end

local function step(action, certificate, record, enabled, reason)
    certificate = certificate or {}
    return {
        action = action,
        id = record and record.id,
        fingerprint = certificate.fingerprint,
        subject = certificate.subject,
        not_before = certificate.not_before,
        not_after = certificate.not_after,
        enabled = enabled,
        reason = reason,
        done = false,
    }
end

-- ---- which certificate people need now --------------------------------------------------

-- Metadata does not say with which of its keys the identity provider signs.  The first that is
-- valid now counts; where none is, the first that has not ended, and then the first.
local function choose_active(wanted, now)
    local future
    for _, certificate in ipairs(wanted) do
        local state = certificate:state(now)
        if state == "valid" then
            return certificate, true
        elseif state == "not_yet_valid" then
            future = future or certificate
        end
    end
    return future or wanted[1], false
end

-- Whether people might log in by another certificate that is there.
local function others_serve(records, fingerprint)
    for _, record in ipairs(records) do
        if record.fingerprint ~= fingerprint and record.enabled ~= false then
            return true
        end
    end
    return false
end

-- ---- parts of a plan ----------------------------------------------------------------------

-- p: {given, records, wanted_set, active, valid, several: what is planned for; steps, keeps,
-- warnings: what is planned; sets_enabled: whether a step does}
local function warn(p, text, ...)
    p.warnings[#p.warnings + 1] = select("#", ...) > 0 and text:format(...) or text
end

local function write(p, ...)
    local one = step(...)
    p.steps[#p.steps + 1] = one
    p.sets_enabled = p.sets_enabled or one.enabled
end

local function keep(p, certificate, record, reason)
    p.keeps[#p.keeps + 1] = step("keep", certificate, record, record.enabled, reason)
end

-- The one that is signed with: there, and enabled unless that could take a better one's place.
local function secure_active(p)
    local active, given = p.active, p.given
    local record = observe.holder(p.records, active.fingerprint)
    local others = others_serve(p.records, active.fingerprint)
    p.enabling = p.valid or p.several or given.options.force == true or not others
    local at_once = p.enabling and (p.several or #p.records == 0)
    if not record then
        write(p, "add", active, nil, at_once, "wanted and not there")
        p.adding_active = true
    end
    if record and record.enabled == true or not record and at_once then
        p.kept_active = record -- whether it needs a step of its own shows later
    elseif not p.enabling then
        if record then
            keep(p, active, record, "wanted, but not valid now")
        end
        warn(p, "%s is not valid now, and others may serve: it is not enabled; force does it",
            name_of(active))
    else
        write(p, "enable", active, record, true, "the identity provider signs with it")
        p.enable_step = true
    end
end

-- Another wanted certificate, which the identity provider will sign with, or did.
local function secure_other(p, certificate, now)
    local record = observe.holder(p.records, certificate.fingerprint)
    local expired = certificate:state(now) == "expired"
    if not record and expired then
        warn(p, "%s is not added: it ended on %s", name_of(certificate),
            moment.minute(certificate.not_after))
    elseif not record then
        write(p, "add", certificate, nil, p.several, "wanted: a key that may be signed with next")
        p.others_enabled = p.others_enabled or p.several
    elseif p.several and record.enabled ~= true and not expired then
        write(p, "enable", certificate, record, true, "wanted: a key that may be signed with next")
        p.others_enabled = true
    else
        keep(p, certificate, record, "wanted")
    end
end

-- When what is not wanted any more may go: the seconds count from the moment that the new one
-- began, or was put there, as far as that is known.
local function retire_at(p, now)
    local options, active = p.given.options, p.active
    local start = active.not_before
    if p.adding_active then
        start = math.max(start, now)
    end
    for _, entry in ipairs(options.journal or {}) do
        if type(entry) == "table" and entry.action == "add" and type(entry.at) == "number"
            and entry.fingerprint == active.fingerprint then
            start = math.max(start, entry.at)
        end
    end
    return start + (options.overlap or 0)
end

-- → "duplicate" or "unwanted" for what may go, or nil and why it stays.
local function retirable(p, record)
    local fingerprint = record.fingerprint
    if not fingerprint then
        return nil, "not readable: " .. record.problem
    elseif not p.wanted_set[fingerprint] then
        return "unwanted"
    end
    local holder = observe.holder(p.records, fingerprint)
    if holder == record then
        return nil
    elseif record.enabled and holder.enabled == false and not p.sets_enabled then
        return nil, "the same as the one that is kept, and enabled, which that one is not"
    end
    return "duplicate" -- where something is set enabled first, apply looks at this again
end

local REASONS = {
    duplicate = "the same certificate as the one that is kept",
    unwanted = "not wanted any more",
}

-- → whether it was decided; a step is for the list of those to go
local function decide(p, record, why, gone, now)
    local mode = p.given.options.retire or "keep"
    local reason, at = REASONS[why], retire_at(p, now)
    if mode == "keep" then
        keep(p, record.certificate, record, reason .. "; retire is not asked for")
    elseif mode == "disable" and record.enabled == false then
        keep(p, record.certificate, record, reason .. "; disabled already")
    elseif not p.enabling or not (p.valid or p.given.options.force) then
        p.blocked = true
        keep(p, record.certificate, record, reason .. "; nothing wanted is valid now")
    elseif why == "unwanted" and now < at then
        keep(p, record.certificate, record, reason .. "; stays until " .. moment.minute(at))
    else
        local enabled = nil
        if mode == "disable" then
            enabled = false
        end
        gone[#gone + 1] = step(mode, record.certificate, record, enabled, reason)
    end
end

local function retirements(p, now)
    local gone = {}
    for _, record in ipairs(p.records) do
        local why, reason = retirable(p, record)
        if why then
            decide(p, record, why, gone, now)
        elseif reason then
            keep(p, record.certificate, record, reason)
        end
    end
    if p.blocked then
        warn(p, "nothing is retired: no wanted certificate is valid now; force does it")
    end
    return gone
end

-- ---- warnings about what was asked for -------------------------------------------------

local function warn_about_certificates(p, check, now)
    for _, certificate in ipairs(p.given.wanted) do
        for _, problem in ipairs(check(certificate.pem, { at = now })) do
            warn(p, printable(problem.message))
        end
    end
    for _, record in ipairs(p.records) do
        if not record.fingerprint then
            warn(p, "certificate %s is left alone: %s", observe.id_text(record.id),
                printable(record.problem))
        end
    end
end

local function warn_about_keys(p)
    if #p.given.wanted < 2 then
        return
    elseif p.several then
        warn(p, "%d certificates are wanted and each is set enabled: should SendGrid keep one "
            .. "enabled at a time, only %s will be", #p.given.wanted, name_of(p.active))
    else
        warn(p, "%d certificates are wanted: %s, the first valid one, counts as signed with; the "
            .. "others are not enabled by this, so when the identity provider begins to sign with "
            .. "another, logins fail until this runs again", #p.given.wanted, name_of(p.active))
    end
end

-- ---- the plan ----------------------------------------------------------------------------------

--- Makes the plan.
---@param given {integration_id: any, records: sso.rotation.Record[], wanted: table[],
--- options: table, now: number, check: function}  wanted: at least one, none twice; options: as of
--- rotate_certificate; check: sso.certificate.check
---@return sso.RotationPlan
function M.make(given)
    local now = given.now
    local active, valid = choose_active(given.wanted, now)
    local p = {
        given = given, records = given.records, wanted_set = {}, steps = {}, keeps = {},
        warnings = {}, active = active, valid = valid,
        several = given.options.several_enabled == true,
    }
    for _, certificate in ipairs(given.wanted) do
        p.wanted_set[certificate.fingerprint] = true
    end
    warn_about_certificates(p, given.check, now)
    warn_about_keys(p)
    secure_active(p)
    for _, certificate in ipairs(given.wanted) do
        if certificate ~= active then
            secure_other(p, certificate, now)
        end
    end
    local gone = retirements(p, now)
    -- what another step might have switched off is set again, and always before anything goes
    if p.enabling and (p.others_enabled or #gone > 0 and not p.enable_step) then
        local record = observe.holder(p.records, active.fingerprint)
        write(p, "enable", active, record, true, #gone > 0
            and "to be sure, before anything is retired" or "to be sure, after the others")
    elseif p.kept_active then
        -- nothing was set in this run that could have switched it off
        keep(p, active, p.kept_active, "wanted and enabled")
    end
    table.sort(p.keeps, function(a, b)
        return observe.before(a.id or "", b.id or "")
    end)
    for _, list in ipairs { gone, p.keeps } do
        for _, one in ipairs(list) do
            p.steps[#p.steps + 1] = one
        end
    end
    return {
        integration_id = given.integration_id,
        wanted = given.wanted,
        active = active.fingerprint,
        steps = p.steps,
        warnings = p.warnings,
        journal = {},
        changed = false,
        set_unknown = false,
        dry_run = false,
    }
end

return M
