--- What it takes to bring an account back to a snapshot, as a list of steps.  Pure: two snapshots,
--- options and a time in, a plan out.
--
-- The order keeps people logged in: integrations that are missing are made switched off, then
-- certificates are added and enabled, then integrations are changed and switched on, and only then
-- are certificates disabled or deleted, and integrations deleted.  Nothing is taken from an
-- integration unless a valid certificate of the snapshot is known to be enabled there; that check
-- is in plan_certificates.lua.

local document = require "sso.snapshot.document"
local match = require "sso.snapshot.match"
local certificates = require "sso.snapshot.plan_certificates"
local team = require "sso.snapshot.team"

local M = {}

-- The order in which steps are carried out; within one of these, that of the snapshot.
local ORDER = {
    "integration add", "certificate add", "certificate enable", "integration change",
    "integration enable", "integration disable", "teammate add", "teammate change",
    "certificate disable", "certificate delete", "integration delete",
    "integration keep", "certificate keep", "teammate keep",
}
local RANK = {}
for i, name in ipairs(ORDER) do
    RANK[name] = i
end

local function same_fields(a, b, names)
    for _, name in ipairs(names) do
        if a[name] ~= nil and a[name] ~= b[name] then
            return false
        end
    end
    return true
end

-- What create_integration and update_integration take; all of it each time, as SendGrid's document
-- wants for a change as well.
local function fields_of(integration)
    local fields = {}
    for _, name in ipairs(document.INTEGRATION_FIELDS) do
        fields[name] = integration[name]
    end
    return fields
end

local REQUIRED = { "name", "enabled", "signin_url", "signout_url", "entity_id" }

local function missing_field(integration)
    for _, name in ipairs(REQUIRED) do
        if integration[name] == nil or integration[name] == "" then
            return name
        end
    end
end

local function step(plan, kind, action, integration, reason)
    local new = {
        kind = kind,
        action = action,
        id = integration.id,
        integration_id = integration.id,
        integration = integration.name,
        reason = reason,
        done = false,
    }
    plan.steps[#plan.steps + 1] = new
    return new
end

local function warn(plan, message, ...)
    plan.warnings[#plan.warnings + 1] = message:format(...)
end

-- ---- integrations ----------------------------------------------------------------------

-- One that is not there any more.
local function add_integration(plan, wanted)
    local lacking = missing_field(wanted)
    if lacking then
        warn(plan, "integration %s (%s) cannot be made again: the snapshot has no %s", wanted.id,
            wanted.name or "?", lacking)
        return
    end
    local new = step(plan, "integration", "add", wanted, "it is missing")
    new.fields = fields_of(wanted)
    if wanted.enabled then
        -- until its certificates are there
        new.fields.enabled, new.fields.completed_integration = false, nil
    end
    warn(plan, "integration %s (%s) is made again under a new id: give the identity provider its "
        .. "new Single Sign-On URL and Audience", wanted.id, wanted.name)
    if wanted.enabled then
        local on = step(plan, "integration", "enable", wanted, "it was enabled")
        on.fields = fields_of(wanted)
    end
    certificates.plan(plan, wanted, nil)
end

local function change_integration(plan, wanted, now, moved)
    -- made again and still switched off: as a run leaves it that was cut short
    local added = certificates.plan(plan, wanted, now, moved and now.enabled == false)
    local same = same_fields(wanted, now, { "name", "signin_url", "signout_url", "entity_id" })
    if wanted.completed_integration == false or added == 0 then
        -- otherwise SendGrid finds it complete by itself when the certificates are there
        same = same and same_fields(wanted, now, { "completed_integration" })
    end
    local action
    if not same then
        action = "change"
    elseif wanted.enabled ~= nil and wanted.enabled ~= now.enabled then
        action = wanted.enabled and "enable" or "disable"
    end
    if action then
        local new = step(plan, "integration", action, now, "the snapshot says otherwise")
        -- what the snapshot does not say stays as it is
        new.fields = fields_of(now)
        for name, value in pairs(fields_of(wanted)) do
            new.fields[name] = value
        end
    end
    if now.enabled and wanted.enabled == false then
        warn(plan, "integration %s (%s) is switched off: nobody can log in by it", now.id,
            now.name or "?")
    end
end

local function extra_integration(plan, now)
    if plan.options.delete then
        step(plan, "integration", "delete", now, "it is not in the snapshot")
        warn(plan, "integration %s (%s) is deleted: nobody can log in by it", now.id,
            now.name or "?")
    else
        step(plan, "integration", "keep", now,
            "it is not in the snapshot, and nothing is deleted without the option delete")
    end
end

-- Whether people can log in by this integration afterwards, as far as the integration goes.
local function stays_enabled(both, plan)
    if not both.a then
        return both.b.enabled ~= false and not plan.options.delete
    elseif both.a.enabled == nil and both.b then
        return both.b.enabled ~= false
    end
    return both.a.enabled ~= false
end

local function check_one_is_left(plan, paired)
    local before, after = false, false
    for _, both in ipairs(paired) do
        before = before or both.b ~= nil and both.b.enabled ~= false
        after = after or stays_enabled(both, plan)
    end
    if before and not after then
        plan.unsafe[#plan.unsafe + 1] = "no integration would be left enabled"
    end
end

-- ---- teammates -------------------------------------------------------------------------

local function teammate_step(plan, action, teammate, reason)
    local new = step(plan, "teammate", action, {}, reason)
    new.id = teammate.username
    return new
end

local function same_teammate(a, b)
    for name, value in pairs(a) do
        if type(value) == "table" then
            if type(b[name]) ~= "table" or not same_teammate(value, b[name])
                or #value ~= #b[name] then
                return false
            end
        elseif value ~= b[name] then
            return false
        end
    end
    return true
end

local function plan_teammate(plan, wanted, now)
    if not wanted then
        teammate_step(plan, "keep", now, "not in the snapshot; people are not deleted by restore")
        return
    elseif now and same_teammate(team.comparable(wanted), team.comparable(now)) then
        return
    elseif not now and not wanted.is_sso then
        warn(plan, "teammate %s is missing and not made again: the snapshot does not say that it "
            .. "logs in by SSO", wanted.username)
        return
    end
    local fields, problem = team.fields(wanted, now)
    if fields then
        local new = teammate_step(plan, now and "change" or "add", wanted,
            now and "the snapshot says otherwise" or "it is missing")
        new.fields = fields
    else
        warn(plan, "teammate %s stays as it is: %s", wanted.username, problem)
    end
end

local function plan_teammates(plan, snapshot, now)
    if not snapshot.teammates then
        warn(plan, "the snapshot has no teammates")
        return
    end
    for _, both in ipairs(match.teammates(snapshot.teammates, now.teammates)) do
        plan_teammate(plan, both.a, both.b)
    end
end

-- ---- the whole -------------------------------------------------------------------------

local function place(snapshot)
    return snapshot.server and snapshot.server
        .. (snapshot.on_behalf_of and " on behalf of " .. snapshot.on_behalf_of or "")
end

local function check_place(plan, snapshot, now)
    local from, to = place(snapshot), place(now)
    if from and from ~= to then
        warn(plan, "the snapshot was taken at %s, this is %s", from, to)
        if plan.options.delete then
            plan.unsafe[#plan.unsafe + 1] = ("the snapshot is of another account (%s), and the "
                .. "option delete would delete what this one has"):format(from)
        end
    end
end

local function sort(steps)
    for i, one in ipairs(steps) do
        one.number = i
    end
    table.sort(steps, function(a, b)
        local rank_a, rank_b = RANK[a.kind .. " " .. a.action], RANK[b.kind .. " " .. b.action]
        if rank_a ~= rank_b then
            return rank_a < rank_b
        elseif (a.order or 0) ~= (b.order or 0) then
            return (a.order or 0) < (b.order or 0)
        end
        return a.number < b.number
    end)
    for _, one in ipairs(steps) do
        one.number, one.order = nil, nil
    end
end

--- Plans the way from what is there to a snapshot.
---@param snapshot table  checked (document.check)
---@param now table  a snapshot of what is there
---@param options {delete: boolean?, teammates: boolean?, enable: boolean?, force: boolean?}
---@param at number  unix seconds: which certificates are valid
---@return sso.RestorePlan plan  `unsafe`: what could lock people out, empty with `force`
function M.make(snapshot, now, options, at)
    local plan = { steps = {}, warnings = {}, unsafe = {}, options = options, at = at }
    check_place(plan, snapshot, now)
    local paired = match.integrations(snapshot.integrations, now.integrations)
    for _, both in ipairs(paired) do
        if not both.b then
            add_integration(plan, both.a)
        elseif both.a then
            change_integration(plan, both.a, both.b, both.moved)
        else
            extra_integration(plan, both.b)
        end
    end
    check_one_is_left(plan, paired)
    if options.teammates then
        plan_teammates(plan, snapshot, now)
    end
    sort(plan.steps)
    if options.force then
        for _, sentence in ipairs(plan.unsafe) do
            warn(plan, "forced: %s", sentence)
        end
        plan.unsafe = {}
    end
    plan.options, plan.at = nil, nil
    return plan
end

return M
