--- Carries a plan out: one step after the other, each read back, all of it in a journal.
--
-- It trusts neither the plan's age nor the server's word.  Nothing is retired unless this run has
-- set the wanted certificate enabled, was told so, has seen it in a list afterwards, and has set
-- nothing else enabled since, as that might have switched it off.

local core = require "sso.core"
local journal = require "sso.journal"
local observe = require "sso.rotation.observe"

local M = {}

-- run: {client, plan, read, clock, records (as listed last), set = {[id] = enabled, by this run},
-- last_enabled = id, retiring = whether the plan retires anything}

local function failure(kind, text, ...)
    return core.failure(kind, text:format(...), "rotate_certificate")
end

--- Lists what is there now. → records, or nil, err
local function look(run)
    local list, err = run.client:list_certificates(run.plan.integration_id)
    if not list then
        return nil, err
    end
    run.records = run.read(list)
    return run.records
end

local function note(run, action, step, outcome, err)
    local entries = run.plan.journal
    journal.note(entries, { action = action, id = step.id, fingerprint = step.fingerprint },
        outcome, err)
    entries[#entries].at = run.clock()
end

local unclear = journal.unclear

-- ---- writes ------------------------------------------------------------------------------

local function remember(run, id, enabled)
    local key = observe.id_text(id)
    run.set[key] = enabled
    if enabled then
        run.last_enabled = key
    end
end

-- Sets enabled by value, which may be said any number of times. → true, or nil, err
local function set_enabled(run, step, enabled)
    local action = enabled and "enable" or "disable"
    local before = observe.by_id(run.records, step.id)
    local known = before and before.enabled
    if known == nil then
        known = run.set[observe.id_text(step.id)]
    end
    local value, err = run.client:update_certificate(step.id, { enabled = enabled })
    if not value and not enabled and err.kind == "not_found" then
        note(run, action, step, "gone")
        return true
    elseif not value then
        note(run, action, step, unclear(err) and "unclear" or "failed", err)
        return nil, err
    end
    note(run, action, step, "done")
    remember(run, step.id, enabled)
    if known == nil then
        run.plan.set_unknown = true
    elseif known ~= enabled then
        run.plan.changed = true
    end
    return true
end

-- Reads a certificate back. → record, or nil, err
local function read_back(run, step, enabled)
    local records, err = look(run)
    if not records then
        return nil, err
    end
    local record = observe.by_id(records, step.id)
    if not record or record.fingerprint ~= step.fingerprint then
        return nil, failure("unsafe", "certificate %s is %s: somebody else changes this "
            .. "integration; nothing more was done", observe.id_text(step.id),
            record and "another one now" or "gone")
    elseif record.enabled == not enabled then
        return nil, failure("unsafe", "certificate %s was set enabled = %s and reads back as %s: "
            .. "somebody else changes this integration; nothing more was done",
            observe.id_text(step.id), tostring(enabled), tostring(record.enabled))
    end
    return record
end

-- ---- the steps -----------------------------------------------------------------------------

-- The certificate has an id now: the steps that come later name it.
local function name_it(run, fingerprint, id)
    for _, step in ipairs(run.plan.steps) do
        if step.fingerprint == fingerprint and not step.id then
            step.id = id
        end
    end
end

local function create(run, step, pem)
    local made, err = run.client:create_certificate {
        public_certificate = pem,
        integration_id = run.plan.integration_id,
        enabled = step.enabled,
    }
    if not made then
        if not unclear(err) then
            note(run, "add", step, "failed", err)
            return nil, err
        end
        -- never a second create: the list tells whether there was a first
        local records = look(run)
        local found = records and observe.holder(records, step.fingerprint)
        if not found then
            note(run, "add", step, "unclear", err)
            return nil, err
        end
        step.id = found.id
        note(run, "add", step, "found", err)
        run.plan.changed = true
        return found
    end
    local records
    step.id = made.id
    note(run, "add", step, "done")
    run.plan.changed = true
    remember(run, made.id, step.enabled)
    records, err = look(run)
    if not records then
        return nil, err
    end
    local found = observe.holder(records, step.fingerprint)
    if not found then
        return nil, failure("response", "certificate %s was created and is not in the list of its "
            .. "integration; running this again goes on", observe.id_text(made.id))
    end
    return found
end

local function pem_of(run, fingerprint)
    for _, certificate in ipairs(run.plan.wanted) do
        if certificate.fingerprint == fingerprint then
            return certificate.pem
        end
    end
end

local steps = {}

function steps.add(run, step)
    local found = observe.holder(run.records, step.fingerprint)
    local ok, err
    if found then
        step.id = found.id
        note(run, "add", step, "already")
    else
        found, err = create(run, step, pem_of(run, step.fingerprint))
        if not found then
            return nil, err
        end
    end
    step.id = found.id
    name_it(run, step.fingerprint, found.id)
    -- it may be somebody else's: theirs came first, or ours got no answer
    if step.enabled and not run.set[observe.id_text(found.id)] and found.enabled ~= true then
        ok, err = set_enabled(run, step, true)
        if not ok then
            return nil, err
        end
        return read_back(run, step, true)
    end
    return found
end

-- An `enable` that others made necessary is not, when the server tells that it still holds.
local function holds(run, step)
    local record = observe.by_id(run.records, step.id)
    return record and record.enabled and record.fingerprint == step.fingerprint
end

function steps.enable(run, step)
    if holds(run, step) and not run.retiring then
        note(run, "enable", step, "already")
        return true
    end
    local ok, err = set_enabled(run, step, true)
    if not ok then
        return nil, err
    end
    return read_back(run, step, true)
end

-- → the certificate that people can log in by, as this run has made sure; or nil, err
local function assured(run)
    local record = observe.holder(run.records, run.plan.active)
    local key = record and observe.id_text(record.id)
    if run.retiring and record and run.set[key] and run.last_enabled == key
        and record.enabled ~= false then
        return record
    end
    return nil, failure("unsafe", "%s is not known to be enabled any more: somebody else changes "
        .. "this integration; nothing more was retired", run.plan.active:sub(1, 16))
end

-- Whether the twin of a wanted certificate is more than a copy of the one that is kept.
local function serves(run, record)
    local holder = observe.holder(run.records, record.fingerprint)
    return holder == record or record.enabled and holder.enabled == false
end

-- Whether a certificate may still go: it is what the plan has seen, and not the one that is kept.
-- → its record; nothing when there is nothing left to do
local function candidate(run, step)
    local record = observe.by_id(run.records, step.id)
    local twin = pem_of(run, step.fingerprint) ~= nil
    if not record or step.action == "disable" and record.enabled == false
        and record.fingerprint == step.fingerprint then
        note(run, step.action, step, "already")
    elseif record.fingerprint ~= step.fingerprint then
        step.action, step.reason = "keep", "changed meanwhile by somebody else"
    elseif twin and serves(run, record) then
        step.action, step.reason = "keep", "the same as the one that is kept, and enabled"
    else
        return record
    end
end

-- Deletes or disables. What is not there any more somebody else has removed. → true, or nil, err
local function remove(run, step)
    if step.action == "disable" then
        return set_enabled(run, step, false)
    end
    local value, err = run.client:delete_certificate(step.id)
    if not value and err.kind ~= "not_found" then
        note(run, "delete", step, unclear(err) and "unclear" or "failed", err)
        return nil, err
    end
    note(run, "delete", step, value and "done" or "gone")
    run.plan.changed = run.plan.changed or value ~= nil
    return true
end

local function retire(run, step)
    local ok, err = assured(run)
    if not ok then
        return nil, err
    elseif not candidate(run, step) then
        return true
    end
    ok, err = remove(run, step)
    if not ok then
        return nil, err
    end
    ok, err = look(run)
    if not ok then
        return nil, err
    end
    local record = observe.by_id(run.records, step.id)
    if record and (step.action == "delete" or record.enabled) then
        return nil, failure("response", "certificate %s is still %s after the call that changed "
            .. "that; running this again goes on", observe.id_text(step.id),
            step.action == "delete" and "listed" or "enabled")
    end
    return true
end

steps.disable, steps.delete = retire, retire

function steps.keep()
    return true
end

-- A server that keeps one enabled has switched off what was set before: told, once it can be seen.
local function look_for_one_enabled(run)
    for _, record in ipairs(run.records) do
        if record.enabled == false and record.id and run.set[observe.id_text(record.id)] then
            local warnings = run.plan.warnings
            warnings[#warnings + 1] = ("certificate %s was set enabled and is not any more: "
                .. "SendGrid keeps one enabled at a time, so leave several_enabled away"):format(
                observe.id_text(record.id))
        end
    end
end

--- Carries a plan out.
---@param client sso.Client
---@param plan sso.RotationPlan  changed: ids, done, journal
---@param read fun(list: table[]): sso.rotation.Record[]
---@param records sso.rotation.Record[]  as the plan was made from
---@param clock fun(): number  unix seconds, for the journal
---@return sso.RotationPlan? plan
---@return sso.Error? err  with `plan` and `journal`: what is not done there remains
function M.carry_out(client, plan, read, records, clock)
    local run = {
        client = client, plan = plan, read = read, records = records, clock = clock, set = {},
    }
    for _, step in ipairs(plan.steps) do
        run.retiring = run.retiring or step.action == "disable" or step.action == "delete"
        step.done = step.action == "keep" -- nothing of it can remain
    end
    for _, step in ipairs(plan.steps) do
        local ok, err = steps[step.action](run, step)
        if not ok then
            err.plan, err.journal = plan, plan.journal
            return nil, err
        end
        step.done = true
    end
    look_for_one_enabled(run)
    return plan
end

return M
