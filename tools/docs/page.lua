-- Writes docs/reference.md: tools/docs/reference.md has its prose, and {{part words…}} on a line of
-- its own where one of the parts below goes.

local entries = require "docs.entries"
local markdown = require "docs.markdown"

local M = {}

local parts = {}

local function code(name)
    return "`" .. name .. "`"
end

-- Under which heading a class is told, and what a link to it says.
local function collect_headings(model)
    local headings = markdown.headings
    for class, pair in pairs {
        Client = { "Clients", "client" },
        Handle = { "Handles", "handle" },
        Options = { "Options", "options" },
        CallOptions = { "Options", "options" },
        Kind = { "Kinds", "kind" },
        Phase = { "Phases", "phase" },
        Error = { "Errors", "error" },
        Response = { "Responses", "response" },
        Event = { "Events", "event" },
    } do
        headings["sso." .. class] = pair
    end
    for _, name in ipairs(model.values.order) do
        headings[model.values.named[name].class] = { name:gsub("^%l", string.upper), name }
        for _, class in ipairs(model.values.within[name] or {}) do
            headings[class.class] = { class.title, class.title:lower() }
        end
    end
    for _, set in ipairs { model.tables, model.task_classes } do
        for _, class in pairs(set) do
            if class.title then
                headings[class.class] = { class.title, class.title:gsub("^%u%l", string.lower) }
            end
        end
    end
    for _, entry in ipairs(model.operations) do
        if entry.class then
            headings[entry.class] = { entry.name, entry.argument .. " of " .. entry.name }
        end
    end
end

-- ---- parts -------------------------------------------------------------------------

local function class_part(class, level)
    local rows = {}
    for i, field in ipairs(class.fields) do
        rows[i] = { code(field[1]), markdown.words(field[2]), field[3] }
    end
    return (level and level .. " " .. markdown.headings[class.class][1] .. "\n\n" or "")
        .. (class.doc ~= "" and markdown.paragraph(class.doc) .. "\n\n" or "")
        .. markdown.table({ "field", "type", "" }, rows)
end

function parts.table(model, name, level)
    return class_part(model.tables[name], level)
end

function parts.values(model)
    local list = {}
    for _, name in ipairs(model.values.order) do
        list[#list + 1] = class_part(model.values.named[name], "###")
        for _, class in ipairs(model.values.within[name] or {}) do
            list[#list + 1] = class_part(class, "####")
        end
    end
    return table.concat(list, "\n\n")
end

function parts.overview(model)
    local rows = {}
    for i, entry in ipairs(model.operations) do
        rows[i] = { ("[`%s`](#%s)"):format(entry.name, entry.name),
            entry.method .. " " .. entry.path, entry.doc }
    end
    return markdown.table({ "call", "request", "" }, rows)
end

function parts.operations(model)
    local list = {}
    for _, group in ipairs(model.groups) do
        local first = true
        for _, entry in ipairs(model.operations) do
            if entry.group == group[1] then
                if first then
                    list[#list + 1] = "## " .. group[1]
                    first = false
                end
                list[#list + 1] = entries.operation(model, entry)
            end
        end
    end
    return table.concat(list, "\n\n")
end

function parts.functions(model, owner, group)
    local list = {}
    for _, entry in ipairs(model.functions) do
        if entry.owner == owner and entry.group == group then
            list[#list + 1] = entries.other(entry)
        end
    end
    return table.concat(list, "\n\n")
end

-- What is built of calls: functions of one owner (and group), then the tables they deal with.
function parts.task(model, owner, group)
    local list = { parts.functions(model, owner, group) }
    for _, row in ipairs(model.tasks) do
        if row.owner == owner and row.group == group then
            for _, class in ipairs(row.classes) do
                list[#list + 1] = class_part(model.task_classes[class], "####")
            end
        end
    end
    return table.concat(list, "\n\n")
end

function parts.options(model)
    local rows = {}
    for i, option in ipairs(model.options) do
        rows[i] = {
            code(option.name),
            option.words,
            option.default and code(option.default),
            option.environment and "`" .. option.environment:gsub(", ", "`, `") .. "`",
            option.doc,
        }
    end
    return markdown.table({ "option", "type", "default", "environment", "meaning" }, rows)
end

function parts.kinds(model)
    local rows = {}
    for i, kind in ipairs(model.kinds) do
        rows[i] = { code(kind.name), kind.when, kind.retryable, kind.advice }
    end
    return markdown.table({ "kind", "when", "`retryable`", "what to do" }, rows)
end

function parts.phases(model)
    local rows = {}
    for i, phase in ipairs(model.tables.phases) do
        rows[i] = { code(phase[1]), phase[2] }
    end
    return markdown.table({ "phase", "what the call was doing" }, rows)
end

function parts.hosts(model)
    return "Names for the option: `\"" .. table.concat(model.hosts, "\"`, `\"") .. "\"`."
end

local function contents(text)
    local list = {}
    for title in text:gmatch "\n## ([^\n]*)" do
        list[#list + 1] = ("[%s](#%s)"):format(title, markdown.anchor(title))
    end
    return markdown.paragraph(table.concat(list, " · "))
end

-- ---- the whole ---------------------------------------------------------------------

--- The page.
---@param template string  tools/docs/reference.md
function M.write(model, template)
    collect_headings(model)
    local text = template:gsub("%f[^\n]{{([%w_]+) ?([^}\n]*)}}", function(name, words)
        if name == "contents" then
            return nil -- when all headings are there
        end
        local part = parts[name] or error("tools/docs/reference.md: no part " .. name, 0)
        local list = {}
        for word in words:gmatch "%S+" do
            list[#list + 1] = word
        end
        return part(model, table.unpack(list))
    end)
    text = text:gsub("{{contents}}", (contents(text):gsub("%%", "%%%%")))
    return "<!-- Made by tools/generate-docs: change what it is made from, and run that again. "
        .. "-->\n\n"
        .. text
end

return M
