--- What must hold of rotations, written from the contract and not from the code: at every moment,
--- before every write, and at the end.  Each rule raises with a sentence when it is broken.

local M = {}

local function broken(text, ...)
    error(("broken: " .. text):format(...), 0)
end

local function is_valid(entry, now)
    return entry.from <= now and now <= entry.to
end

local function has_ended(entry, now)
    return now > entry.to
end

--- What a situation means: the wanted certificate that counts, and what may be expected.
function M.meaning(wanted, options)
    local now = options.at
    local meaning = { names = {}, valid = {}, wanted = wanted, options = options }
    local future
    for _, entry in ipairs(wanted) do
        meaning.names[entry.fingerprint] = entry
        if is_valid(entry, now) then
            meaning.valid[entry.fingerprint] = true
            meaning.active = meaning.active or entry
        elseif not has_ended(entry, now) then
            future = future or entry
        end
    end
    meaning.sure = meaning.active ~= nil
    meaning.active = meaning.active or future or wanted[1]
    return meaning
end

local function enabled_of(model, condition)
    return model:own(function(record)
        return record.enabled and record.fingerprint and condition(record.fingerprint)
    end)
end

-- ---- at every moment -------------------------------------------------------------------------

--- Once people could log in by a valid wanted certificate, they always can; where `strict`, by the
--- one that is signed with, too.  `wrong`: the server keeps one enabled, though several_enabled
--- says otherwise; it may be left for a moment with a wanted one that is not valid.
function M.moments(model, meaning, strict, wrong)
    local served, active_served = false, false
    local function look(where)
        local serves = #enabled_of(model, function(fingerprint)
            return meaning.valid[fingerprint] or wrong and meaning.names[fingerprint]
        end) > 0
        local active = meaning.sure and #enabled_of(model, function(fingerprint)
            return fingerprint == meaning.active.fingerprint
        end) > 0
        if served and not serves then
            broken("nobody can log in any more after %s", where)
        elseif strict and active_served and not active then
            broken("the active certificate is not enabled any more after %s", where)
        end
        served, active_served = serves, active
    end
    look "the start"
    return {
        after = function(_, request)
            look(("%s %s of request %d"):format(request.what, tostring(request.id), request.number))
        end,
    }
end

-- ---- before every write ------------------------------------------------------------------------

-- Whether this caller has set a wanted certificate enabled, was answered, has seen it in a list
-- after that, and has set no other one enabled since.
local function made_sure(caller, meaning)
    local listed = false
    for i = #caller.log, 1, -1 do
        local request = caller.log[i]
        if request.what == "list" and request.outcome == "answered" then
            listed = true
        elseif request.fields and request.fields.enabled == true then
            local fits = meaning.valid[request.fingerprint]
                or meaning.options.force and meaning.names[request.fingerprint]
            return listed and request.outcome == "answered" and fits and true or false
        end
    end
    return false
end

local function check_retirement(model, request, meaning, record)
    local mode = meaning.options.retire or "keep"
    local wanted = {
        delete = mode == "delete", update = mode == "disable",
    }
    if not wanted[request.what] then
        broken("%s of %d with retire = %s", request.what, record.id, mode)
    elseif not record.fingerprint then
        broken("an unreadable certificate is retired")
    elseif not made_sure(request.caller, meaning) then
        broken("%d is retired before anything was made sure of", record.id)
    elseif meaning.names[record.fingerprint] then
        local twins = model:own(function(other)
            return other.fingerprint == record.fingerprint and other.id < record.id
        end)
        if #twins == 0 then
            broken("%d is wanted and retired", record.id)
        end
    elseif meaning.options.overlap then
        local began = meaning.active.from
        for _, earlier in ipairs(request.caller.log) do
            if earlier.what == "create" and earlier.fingerprint == meaning.active.fingerprint then
                began = math.max(began, meaning.options.at)
            end
        end
        if meaning.options.at < began + meaning.options.overlap then
            broken("%d is retired before the overlap is over", record.id)
        end
    end
end

--- What may be asked for at all.
function M.writes(check_of)
    return {
        before = function(model, request)
            local meaning = check_of(request.caller)
            local fields = request.fields or {}
            local record = request.id and model:find(request.id)
            request.fingerprint = record and record.fingerprint
            if request.what == "create" then
                request.fingerprint = model.fingerprint_of(fields.public_certificate)
                if not meaning.names[request.fingerprint] then
                    broken("something is added that is not wanted")
                elseif fields.integration_id ~= model.integration then
                    broken("something is added to another integration")
                end
                return
            end
            for name in pairs(fields) do
                if name ~= "enabled" then
                    broken("an update sets %s", name)
                end
            end
            if not record then
                return -- somebody else was quicker
            elseif record.integration ~= model.integration then
                broken("a certificate of another integration is touched")
            elseif request.what == "delete" or fields.enabled == false then
                check_retirement(model, request, meaning, record)
            elseif not meaning.names[record.fingerprint or ""] then
                broken("%d is enabled and not wanted", record.id)
            end
        end,
    }
end

-- ---- what is reported ------------------------------------------------------------------------

local ACTIONS = { create = "add", delete = "delete" }

local function action_of(request)
    return ACTIONS[request.what] or request.fields.enabled and "enable" or "disable"
end

local OUTCOMES = {
    answered = { done = true },
    refused = { failed = true, unclear = true },
    lost = { unclear = true, found = true },
    not_found = { gone = true, failed = true },
}

--- The journal names the writes that were made, in their order, and no others.
function M.journal(caller, plan)
    local writes, entries = {}, {}
    for _, request in ipairs(caller.log) do
        if request.what ~= "list" then
            writes[#writes + 1] = request
        end
    end
    for _, entry in ipairs(plan.journal) do
        if entry.outcome ~= "already" then
            entries[#entries + 1] = entry
        end
    end
    if #writes ~= #entries then
        broken("%d writes and %d entries in the journal", #writes, #entries)
    end
    for i, request in ipairs(writes) do
        local entry = entries[i]
        local same_id = entry.id == request.id or request.what == "create"
        if action_of(request) ~= entry.action or not same_id
            or not OUTCOMES[request.outcome][entry.outcome]
            or request.applied and entry.fingerprint ~= request.fingerprint then
            broken("write %d was %s %s, %s; the journal says %s %s, %s", i, action_of(request),
                tostring(request.id), request.outcome, entry.action, tostring(entry.id),
                entry.outcome)
        end
    end
end

local HOLDS = {
    add = function(record, step)
        return record and record.fingerprint == step.fingerprint
    end,
    enable = function(record, _, wrong)
        return record and (record.enabled or wrong) -- a later step may have switched it off
    end,
    disable = function(record)
        return not record or not record.enabled
    end,
    delete = function(record)
        return not record
    end,
    keep = function(record, step)
        return record and record.fingerprint == step.fingerprint
    end,
}

--- What is said to be done is so.  For a rotator that was alone.
function M.steps(model, plan, all, wrong)
    for _, step in ipairs(plan.steps) do
        if all and not step.done then
            broken("a step is not done: %s %s", step.action, tostring(step.id))
        elseif step.done and not HOLDS[step.action](model:find(step.id), step, wrong) then
            broken("a step is said to be done and is not: %s %s", step.action, tostring(step.id))
        end
    end
end

-- ---- at the end ------------------------------------------------------------------------------

local function retired(model, meaning)
    local options, mode = meaning.options, meaning.options.retire
    local due = meaning.active.from + (options.overlap or 0) <= options.at
    if mode ~= "delete" and mode ~= "disable" or not (meaning.sure or options.force) then
        return
    end
    for _, record in ipairs(model:own()) do
        local left = record.fingerprint and (mode == "delete" or record.enabled)
        if left and not meaning.names[record.fingerprint] and due and not meaning.added then
            broken("%d is not wanted and still there", record.id)
        elseif left and record.fingerprint == meaning.active.fingerprint then
            local first = model:own(function(other)
                return other.fingerprint == record.fingerprint
            end)[1]
            if first ~= record then
                broken("%d is still there twice", record.id)
            end
        end
    end
end

--- What a run that was not disturbed has reached.
---@param meaning table  `added`: this run added the active one, so that its overlap begins now
function M.reached(model, meaning, several)
    local active = meaning.active
    local serves = enabled_of(model, function(fingerprint)
        return fingerprint == active.fingerprint
    end)
    if (meaning.sure or meaning.options.force or several) and #serves == 0 then
        broken("the active certificate is not enabled at the end")
    end
    for _, entry in ipairs(meaning.wanted) do
        local held = model:own(function(record)
            return record.fingerprint == entry.fingerprint
        end)
        local needed = entry == active or not has_ended(entry, meaning.options.at)
        if needed and #held == 0 then
            broken("a wanted certificate is not there: %s", entry.name)
        elseif needed and several and not model.one then
            local on = false
            for _, record in ipairs(held) do
                on = on or record.enabled
            end
            if not on then
                broken("a wanted certificate is not enabled: %s", entry.name)
            end
        end
    end
    retired(model, meaning)
end

return M
