--- Carries the plan of a restore out, step by step, all of it in a journal.
--
-- A create whose answer was lost is settled by listing, never by a second create.  Before anything
-- is taken from an integration, its certificates are read anew: a valid one of the snapshot must be
-- told enabled, or be the one that this run was the last to enable there.

local core = require "sso.core"
local journal = require "sso.journal"
local observe = require "sso.rotation.observe"
local read = require "sso.snapshot.read"

local M = {}

local id_text, unclear = observe.id_text, journal.unclear

-- run: {client, plan, known = {[id of what was there] = true}, last = {[integration's id] = the id
-- of the certificate that this run enabled last}}

local function note(run, step, outcome, err)
    journal.note(run.plan.journal, step, outcome, err)
    if outcome == "done" or outcome == "found" then
        run.plan.changed = true
    end
end

local function failed(run, step, err)
    note(run, step, unclear(err) and "unclear" or "failed", err)
    return nil, err
end

-- The id that an integration of the snapshot has now.
local function integration_id(run, step)
    return run.plan.ids[step.integration_id] or step.integration_id
end

-- ---- integrations ----------------------------------------------------------------------

-- One of this name and entity_id that was not there when the run began, or nil.
local function find_integration(run, fields)
    for _, record in ipairs(run.client:list_integrations() or {}) do
        if record.name == fields.name and record.entity_id == fields.entity_id
            and record.id and not run.known[record.id] then
            return record
        end
    end
end

local steps = {}

steps["integration add"] = function(run, step)
    local made, err = run.client:create_integration(step.fields)
    local outcome = "done"
    if not made then
        made = unclear(err) and find_integration(run, step.fields)
        outcome = "found"
    end
    if not made then
        return failed(run, step, err)
    end
    step.id = made.id
    run.known[made.id] = true
    run.plan.ids[step.integration_id] = made.id
    note(run, step, outcome, err)
    return true
end

local function update_integration(run, step)
    step.id = integration_id(run, step)
    local value, err = run.client:update_integration(step.id, step.fields)
    if not value then
        return failed(run, step, err)
    end
    note(run, step, "done")
    return true
end

steps["integration change"] = update_integration
steps["integration enable"] = update_integration
steps["integration disable"] = update_integration

-- Deletes; what is not there any more is as good.
local function delete(run, step, operation)
    local gone, err = run.client[operation](run.client, step.id)
    if not gone and err.kind ~= "not_found" then
        return failed(run, step, err)
    end
    note(run, step, gone and "done" or "gone")
    return true
end

steps["integration delete"] = function(run, step)
    return delete(run, step, "delete_integration")
end

-- ---- certificates ----------------------------------------------------------------------

local function remember_enabled(run, step)
    if step.enabled then
        run.last[integration_id(run, step)] = id_text(step.id)
    end
end

-- The certificate that a create without an answer has left, or nil.
local function find_certificate(run, step)
    local list = read.certificates(run.client, integration_id(run, step)) or {}
    for i = #list, 1, -1 do
        local record = list[i]
        if record.fingerprint == step.fingerprint and not run.known[id_text(record.id)] then
            return record
        end
    end
end

steps["certificate add"] = function(run, step)
    local made, err = run.client:create_certificate {
        public_certificate = step.public_certificate,
        integration_id = integration_id(run, step),
        enabled = step.enabled,
    }
    local outcome = "done"
    if not made then
        made = unclear(err) and find_certificate(run, step)
        outcome = "found"
    end
    if not made then
        return failed(run, step, err)
    end
    step.id = made.id
    run.known[id_text(made.id)] = true
    note(run, step, outcome, err)
    remember_enabled(run, step)
    return true
end

steps["certificate enable"] = function(run, step)
    local value, err = run.client:update_certificate(step.id, { enabled = true })
    if not value then
        return failed(run, step, err)
    end
    note(run, step, "done")
    remember_enabled(run, step)
    return true
end

local function contains(list, value)
    for _, item in ipairs(list) do
        if item == value then
            return true
        end
    end
    return false
end

-- The certificates of an integration that the plan takes away, by id.
local function retired_ids(run, id)
    local ids = {}
    for _, step in ipairs(run.plan.steps) do
        if step.kind == "certificate" and (step.action == "disable" or step.action == "delete")
            and integration_id(run, step) == id then
            ids[id_text(step.id)] = true
        end
    end
    return ids
end

-- Whether people can still log in by a certificate of the snapshot. → true, or nil, err
local function check_keepers(run, step)
    local id = integration_id(run, step)
    local list, err = read.certificates(run.client, id)
    if not list then
        return nil, err
    end
    local retired = retired_ids(run, id)
    for _, record in ipairs(list) do
        local known = record.enabled or record.enabled == nil and run.last[id] == id_text(record.id)
        if known and contains(step.keepers, record.fingerprint)
            and not retired[id_text(record.id)] then
            return true
        end
    end
    return nil, core.failure("unsafe", ("no certificate of integration %s is known to be enabled "
        .. "any more: somebody else changes it; nothing was taken away"):format(id), "restore")
end

-- Does what takes a certificate away, once it is known that another is left.
local function retire(act)
    return function(run, step)
        if step.keepers then
            local ok, err = check_keepers(run, step)
            if not ok then
                note(run, step, "failed", err)
                return nil, err
            end
        end
        return act(run, step)
    end
end

steps["certificate disable"] = retire(function(run, step)
    local value, err = run.client:update_certificate(step.id, { enabled = false })
    if not value and err.kind ~= "not_found" then
        return failed(run, step, err)
    end
    note(run, step, value and "done" or "gone")
    return true
end)

steps["certificate delete"] = retire(function(run, step)
    return delete(run, step, "delete_certificate")
end)

-- ---- teammates -------------------------------------------------------------------------

steps["teammate add"] = function(run, step)
    local made, err = run.client:create_sso_teammate(step.fields)
    local found = not made and unclear(err) and run.client:get_teammate(step.id)
    if not made and not found then
        return failed(run, step, err)
    end
    note(run, step, made and "done" or "found", err)
    return true
end

steps["teammate change"] = function(run, step)
    local value, err = run.client:update_sso_teammate(step.id, step.fields)
    if not value then
        return failed(run, step, err)
    end
    note(run, step, "done")
    return true
end

--- Carries a plan out.
---@param client sso.Client
---@param plan sso.RestorePlan  changed: ids, done, journal, changed
---@param now table  the snapshot that the plan was made from
---@return sso.RestorePlan? plan
---@return sso.Error? err  with `plan` and `journal`: what is not done there remains
function M.carry_out(client, plan, now)
    local run = { client = client, plan = plan, known = {}, last = {} }
    for _, integration in ipairs(now.integrations) do
        run.known[integration.id] = true
        for _, certificate in ipairs(integration.certificates) do
            run.known[id_text(certificate.id)] = true
        end
    end
    for _, step in ipairs(plan.steps) do
        if step.action ~= "keep" then
            local ok, err = steps[step.kind .. " " .. step.action](run, step)
            if not ok then
                err.plan, err.journal = plan, plan.journal
                return nil, err
            end
            step.done = true
        end
    end
    return plan
end

return M
