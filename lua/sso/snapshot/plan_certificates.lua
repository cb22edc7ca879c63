--- The certificates of one integration in a plan: which are added and enabled, and whether those
--- that are not in the snapshot may go.  Pure.
--
-- SendGrid does not tell whether a certificate is enabled, and does not say whether an integration
-- may have several enabled ones.  So a certificate that the snapshot does not call enabled is added
-- enabled only where no other could be serving logins, since enabling it may switch that one off;
-- and one may only be disabled or deleted when another of the snapshot is known to be enabled: the
-- snapshot says so or this plan sets it.

local match = require "sso.snapshot.match"

local M = {}

local function is_valid(certificate, at)
    return certificate.fingerprint ~= nil and certificate.not_before <= at
        and at <= certificate.not_after
end

-- Whether people might log in by it now.
local function may_serve(certificate, at)
    return certificate.enabled ~= false and is_valid(certificate, at)
end

local function name_of(certificate)
    return ("%s (%s)"):format(certificate.subject or "certificate " .. tostring(certificate.id),
        certificate.fingerprint and certificate.fingerprint:sub(1, 16) or "unreadable")
end

local function warn(plan, message, ...)
    plan.warnings[#plan.warnings + 1] = message:format(...)
end

local function step(state, action, certificate, enabled, reason)
    local new = {
        kind = "certificate",
        action = action,
        id = certificate.id,
        integration_id = (state.now or state.wanted).id,
        integration = state.wanted.name,
        fingerprint = certificate.fingerprint,
        subject = certificate.subject,
        not_before = certificate.not_before,
        not_after = certificate.not_after,
        enabled = enabled,
        reason = reason,
        done = false,
    }
    state.plan.steps[#state.plan.steps + 1] = new
    return new
end

-- Where SendGrid keeps one enabled, the last to be enabled stays so: the one that people most
-- likely need comes last.
local function order_of(certificate, enabled, at)
    if not enabled then
        return 0
    elseif not is_valid(certificate, at) then
        return 1
    end
    return certificate.enabled and 2 ^ 52 or certificate.not_before + 2
end

-- Whether a missing certificate is to be added enabled, and why.
local function added_enabled(state, certificate)
    if certificate.enabled ~= nil then
        return certificate.enabled, "it is missing"
    elseif state.plan.options.enable then
        return true, "it is missing; enabled as asked for"
    elseif state.serving then
        warn(state.plan, "%s of integration %s is added and not enabled: the snapshot does not "
            .. "tell whether it was, and enabling it could switch another off; the option enable "
            .. "enables it",
            name_of(certificate), state.wanted.name or state.wanted.id)
        return false, "it is missing; another may be serving, so it is not enabled"
    elseif is_valid(certificate, state.plan.at) or not state.any_valid then
        return true, "it is missing; the snapshot does not tell whether it was enabled"
    end
    return false, "it is missing, and not valid now"
end

local function add(state, certificate)
    if certificate.unreadable then
        warn(state.plan, "certificate %s of integration %s cannot be added: %s",
            tostring(certificate.id), state.wanted.name or state.wanted.id, certificate.unreadable)
        return
    end
    local enabled, reason = added_enabled(state, certificate)
    local new = step(state, "add", certificate, enabled, reason)
    new.public_certificate = certificate.public_certificate
    new.order = order_of(certificate, enabled, state.plan.at)
    if enabled and is_valid(certificate, state.plan.at) then
        state.keepers[#state.keepers + 1] = certificate.fingerprint
    end
end

local function enable(state, certificate, reason)
    local new = step(state, "enable", certificate, true, reason)
    new.order = order_of(certificate, true, state.plan.at)
    if is_valid(certificate, state.plan.at) then
        state.keepers[#state.keepers + 1] = certificate.fingerprint
    end
end

local function adjust(state, wanted, now)
    local enabled = wanted.enabled
    if enabled == nil and state.plan.options.enable and is_valid(wanted, state.plan.at) then
        enabled = true
    end
    if enabled and now.enabled ~= true then
        enable(state, now, now.enabled == nil and "the snapshot has it enabled, the server does "
            .. "not tell" or "the snapshot has it enabled")
    elseif enabled == false and now.enabled ~= false then
        state.retired[#state.retired + 1] = { "disable", now, "the snapshot has it disabled" }
    elseif now.enabled and is_valid(now, state.plan.at) then
        state.keepers[#state.keepers + 1] = now.fingerprint
    elseif enabled == nil and may_serve(now, state.plan.at) then
        state.candidates[#state.candidates + 1] = now
    end
end

local function extra(state, now)
    if state.plan.options.delete then
        state.retired[#state.retired + 1] = { "delete", now, "it is not in the snapshot" }
    else
        step(state, "keep", now, now.enabled,
            "it is not in the snapshot, and nothing is deleted without the option delete")
    end
end

-- Several may have been added as enabled because nobody told which was.
local function warn_about_several(state)
    local guessed = 0
    for _, certificate in ipairs(state.missing) do
        guessed = guessed + (certificate.enabled == nil and 1 or 0)
    end
    if guessed > 1 and not state.serving then
        warn(state.plan, "the snapshot does not tell which of the %d certificates of integration "
            .. "%s were enabled: each that is valid is added enabled, the newest last; should "
            .. "SendGrid keep one enabled at a time, only that one is",
            guessed, state.wanted.name or state.wanted.id)
    end
end

-- The steps that take a certificate from people come only when another is known to serve.
local function retire(state)
    local needed = false
    for _, row in ipairs(state.retired) do
        needed = needed or row[2].enabled ~= false
    end
    -- several: which one it was is not known, nor, were one of them missing, after it was added
    if needed and #state.keepers == 0 and state.untold == 1 and #state.candidates == 1 then
        enable(state, state.candidates[1],
            "the only one of the snapshot that can serve, so that others may go")
    end
    if needed and #state.keepers == 0 then
        local plan = state.plan
        plan.unsafe[#plan.unsafe + 1] = ("integration %s (%s): no valid certificate of the "
            .. "snapshot is known to be enabled, so none can be taken away%s"):format(
            (state.now or state.wanted).id, state.wanted.name or "?",
            state.untold > 1 and "; the option enable enables all of them" or "")
    end
    for _, row in ipairs(state.retired) do
        local enabled = nil
        if row[1] == "disable" then
            enabled = false
        end
        local new = step(state, row[1], row[2], enabled, row[3])
        -- none at all: this is unsafe, and carried out by force alone
        new.keepers = needed and #state.keepers > 0 and state.keepers or nil
    end
end

-- Whether a certificate that is there may be what people log in by, now and after the plan.
local function stays_serving(both, plan)
    if not both.b or not may_serve(both.b, plan.at) then
        return false
    elseif both.a then
        return both.a.enabled ~= false
    end
    return not plan.options.delete
end

--- Adds the steps for the certificates of one integration.
---@param plan table  with steps, warnings, unsafe, options, at
---@param wanted table  the integration of the snapshot
---@param now? table  the integration that is there
---@param unfinished? boolean  it was made by a run that did not come to its end
---@return integer added  how many are missing
function M.plan(plan, wanted, now, unfinished)
    local state = {
        plan = plan, wanted = wanted, now = now, keepers = {}, candidates = {}, retired = {},
        missing = {}, serving = false, any_valid = false, untold = 0,
    }
    local paired = match.certificates(wanted.certificates, now and now.certificates or {})
    for _, both in ipairs(paired) do
        local valid = both.a and may_serve(both.a, plan.at)
        state.serving = state.serving or not unfinished and stays_serving(both, plan)
        state.any_valid = state.any_valid or valid
        state.untold = state.untold + (valid and both.a.enabled == nil and 1 or 0)
    end
    for _, both in ipairs(paired) do
        if not both.b then
            state.missing[#state.missing + 1] = both.a
            add(state, both.a)
        elseif both.a then
            adjust(state, both.a, both.b)
        else
            extra(state, both.b)
        end
    end
    warn_about_several(state)
    retire(state)
    return #state.missing
end

return M
