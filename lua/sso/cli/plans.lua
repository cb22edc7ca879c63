--- Plans of changes, shown to people and to programs: what rotate, sync and restore would do or
--- did, step by step.

local moments = require "sso.cli.moments"

local M = {}

local STYLES = {
    add = "green", enable = "green", change = "yellow", disable = "yellow", delete = "red",
    keep = "dim",
}

--- Whether a plan has anything to do, or had.
---@return boolean
function M.has_work(plan)
    if plan.update_pending or plan.integration and plan.integration.updated then
        return true
    end
    for _, step in ipairs(plan.steps) do
        if step.action ~= "keep" then
            return true
        end
    end
    return false
end

local function word(value)
    if type(value) == "boolean" then
        return value and "yes" or "no"
    elseif type(value) == "number" and value == math.floor(value) then
        return ("%.0f"):format(value)
    end
    return value ~= nil and tostring(value) or ""
end
M.word = word

local function what(step)
    if step.kind and step.kind ~= "certificate" then
        return step.kind .. " " .. (step.integration or word(step.id))
    end
    return step.id and word(step.id) or "(new)"
end

local COLUMNS = {
    { title = "STEP" }, { title = "WHAT", flexible = true, least = 12 },
    { title = "ENDS (UTC)", drop = 2 }, { title = "SUBJECT", flexible = true, drop = 1 },
    { title = "DONE" },
    { title = "WHY", flexible = true, least = 20, drop = 3, wraps = true },
}

--- Appends a plan.
---@param out table  see sso.cli.output
---@param plan table
---@param carried_out boolean  whether it was more than a plan
function M.show(out, plan, carried_out)
    local rows, columns = {}, {}
    for i, step in ipairs(plan.steps) do
        rows[i] = {
            { step.action, STYLES[step.action] }, what(step), moments.date(step.not_after),
            step.subject or "", step.action == "keep" and "" or word(step.done), step.reason,
        }
    end
    for i, column in ipairs(COLUMNS) do
        if column.title ~= "DONE" or carried_out then
            columns[#columns + 1] = column
        else
            for _, row in ipairs(rows) do
                table.remove(row, i)
            end
        end
    end
    if #rows > 0 then
        out:table(columns, rows)
    end
    for _, warning in ipairs(plan.warnings) do
        out:write(out:paint("yellow", "! "))
        out:fold(warning, "  ")
    end
    for _, reason in ipairs(plan.unsafe or {}) do
        out:write(out:paint("red", "! "))
        out:fold(reason, "  ")
    end
end

local STEP = {
    "action", "kind", "id", "integration_id", "integration", "fingerprint", "subject",
    "not_before", "not_after", "enabled", "fields", "reason", "done",
}
local WANTED = { "fingerprint", "subject", "not_before", "not_after" }

local function pick(names, from)
    local new = {}
    for _, name in ipairs(names) do
        new[name] = from[name]
    end
    return new
end

local function pick_all(names, list)
    local new = {}
    for i, element in ipairs(list) do
        new[i] = pick(names, element)
    end
    return new
end

--- A plan as a document.
---@param plan table
---@param err? sso.Error  what ended it
---@return table
function M.document(plan, err)
    return {
        integration_id = plan.integration_id,
        wanted = plan.wanted and pick_all(WANTED, plan.wanted),
        steps = pick_all(STEP, plan.steps),
        warnings = plan.warnings,
        unsafe = plan.unsafe and #plan.unsafe > 0 and plan.unsafe or nil,
        journal = plan.journal,
        changed = plan.changed,
        dry_run = plan.dry_run == true,
        integration = plan.integration,
        differences = plan.differences,
        error = err and { kind = err.kind, message = err.message } or nil,
    }
end

--- Plans, shows, asks, carries out, shows again: the way of every command that has a plan.
---@param session table  see sso.cli.session
---@param fn fun(dry_run: boolean): table?, sso.Error?
---@param question string
---@param after? fun(plan: table, carried_out: boolean)  shows what else the plan has
---@return integer status
function M.run(session, fn, question, after)
    local args, out = session.args, session.out
    session:need_consent()
    local function present(plan, carried_out, err)
        if args.json then
            out:document(M.document(plan, err))
            return
        end
        M.show(out, plan, carried_out)
        if after then
            after(plan, carried_out)
        end
    end
    local function attempt(dry_run)
        local plan, err = session:call(fn, dry_run)
        if not plan then
            if err.plan then
                present(err.plan, not dry_run, err)
            end
            error(err, 0)
        end
        return plan
    end
    if args.dry_run or not args.yes then
        local plan = attempt(true)
        if args.dry_run or not M.has_work(plan) then
            present(plan, false)
            if not args.json then
                out:line(M.has_work(plan) and "nothing was changed: this is a plan"
                    or "nothing is to be done")
            end
            return 0
        end
        out:aside(args.json, function()
            M.show(out, plan, false)
            if after then
                after(plan, false)
            end
        end)
        session:confirm(question)
    end
    local plan = attempt(false)
    present(plan, true)
    if not args.json then
        out:line(not M.has_work(plan) and "nothing was to be done" or "done")
    end
    return 0
end

return M
