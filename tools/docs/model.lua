-- What page and annotations are written from: the operations, options and kinds of the built module
-- joined with the tables of this folder.  What has no meaning there, or a meaning here and no row
-- there, stops the generator: nothing is left out without a word.

local annotations = require "docs.annotations"
local functions = require "docs.functions"
local kinds = require "docs.kinds"
local tables = require "docs.tables"
local tasks = require "docs.tasks"
local values = require "docs.values"

local M = { functions = functions, tables = tables, values = values }

local function fail(...)
    error(string.format(...), 0)
end

local function camel(name)
    return (("_" .. name):gsub("_(%w)", string.upper))
end

-- ---- fields ------------------------------------------------------------------------

-- The core's words for a field's type, as editors write it and as a reader does.
local FIELD_TYPES = {
    string = { "string", "string" },
    boolean = { "boolean", "boolean" },
    integer = { "integer|string", "whole number, or its digits" },
    ["array of strings"] = { "string[]", "array of strings" },
    ["array of tables"] = { nil, "array of tables" },
}

local function quoted(list)
    local words = {}
    for i, word in ipairs(list) do
        words[i] = ("%q"):format(word)
    end
    return words
end

--- The type of a field for editors.
---@param items? string  the class of its elements
function M.field_type(field, items)
    local known = FIELD_TYPES[field.type] or fail("no words for the field type '%s'", field.type)
    if field.choices then
        return table.concat(quoted(field.choices), "|")
    end
    return known[1] or items .. "[]"
end

--- The type of a field for readers.
function M.field_words(field)
    local known = FIELD_TYPES[field.type] or fail("no words for the field type '%s'", field.type)
    if field.choices then
        return "`" .. table.concat(quoted(field.choices), "`, `") .. "`"
    end
    return known[2]
end

-- ---- operations --------------------------------------------------------------------

-- Which part of the page, by what the path is about.
M.groups = {
    { "Certificates", "certificates" },
    { "Integrations", "integrations" },
    { "Teammates", "teammates" },
    { "Others", "" },
}

local function group_of(path)
    for _, group in ipairs(M.groups) do
        if path:find(group[2], 1, true) then
            return group[1]
        end
    end
end

local API = {
    { "^/v3/sso/", "Single Sign-On" },
    { "^/v3/teammates", "Teammates" },
}

local function api_of(path)
    for _, row in ipairs(API) do
        if path:match(row[1]) then
            return row[2]
        end
    end
    fail("which part of SendGrid's reference is %s in?", path)
end

-- value: what the table calls it; class: for editors; "true" has none.
local function value_of(operation)
    local base = operation.value:match "^(.-) or true$" or operation.value
    local value = { name = base, shape = operation.shape, maybe = operation.shape == "maybe" }
    if base == "true" then
        value.type = "true"
    else
        local known = values.named[base]
            or fail("%s: no fields are written down for the value '%s'", operation.name, base)
        value.class = known.class
        value.type = known.class .. (value.shape == "array" and "[]" or "")
            .. (value.maybe and "|true" or "")
    end
    return value
end

-- The rules about a field, in words; nil: none.  A boolean excludes others when it is true.
local function rules_of(operation, field)
    local booleans, excluded, phrases = {}, {}, {}
    for _, other in ipairs(operation.fields) do
        booleans[other.name] = other.type == "boolean"
    end
    for _, rule in ipairs(operation.rules or {}) do
        if rule.field == field.name and rule.needed then
            phrases[1] = ("needs `%s = true`"):format(rule.other)
        elseif rule.field == field.name then
            excluded[#excluded + 1] = "`" .. rule.other .. "`"
        elseif rule.other == field.name and not rule.needed then
            local mark = booleans[rule.field] and " = true`" or "`"
            excluded[#excluded + 1] = "`" .. rule.field .. mark
        end
    end
    if #excluded > 0 then
        phrases[#phrases + 1] = (field.type == "boolean" and "when true, not with " or "not with ")
            .. table.concat(excluded, ", ")
    end
    return #phrases > 0 and table.concat(phrases, "; ") or nil
end

local function prepare(operation)
    local entry = {
        name = operation.name,
        method = operation.method,
        path = operation.path,
        doc = operation.doc,
        source = operation.source,
        repeatable = operation.repeatable,
        page = operation.page,
        api = api_of(operation.path),
        group = group_of(operation.path),
        fields = operation.fields,
        value = value_of(operation),
        params = {},
    }
    for name in operation.path:gmatch "{([%w_]+)}" do
        entry.params[#entry.params + 1] = name
    end
    for _, field in ipairs(operation.fields or {}) do
        entry.has_body = entry.has_body or not field.query
        field.rules = rules_of(operation, field)
        field.required = field.required and operation.method == "POST"
    end
    if entry.fields then
        entry.argument = entry.has_body and "fields" or "query"
        entry.class = "sso." .. camel(entry.name) .. (entry.has_body and "Fields" or "Query")
    end
    return entry
end

-- Classes of the elements of fields, each once: operations share them.
local function item_classes(operations)
    local list, known = {}, {}
    for _, operation in ipairs(operations) do
        for _, field in ipairs(operation.fields or {}) do
            if field.items then
                field.items_class = "sso." .. camel(field.name) .. "Fields"
                if not known[field.items_class] then
                    known[field.items_class] = true
                    list[#list + 1] = {
                        class = field.items_class,
                        fields = field.items,
                        of = field.name,
                    }
                end
            end
        end
    end
    return list
end

-- ---- options -----------------------------------------------------------------------

-- The core's words for an option's type, as editors write it.
local OPTION_TYPES = {
    ["a string"] = "string",
    ["a string or a function that returns one"] = "string|fun(): string",
    ["\"global\" or \"eu\""] = "\"global\"|\"eu\"",
    ["\"1.1\" or \"2\""] = "\"1.1\"|\"2\"",
    ["a URL"] = "string",
    ["a number of seconds above 0"] = "number",
    ["a whole number, 0 or more"] = "integer",
    ["a whole number, 1 or more"] = "integer",
    ["true or false"] = "boolean",
    ["a table of names and values"] = "table<string, string>",
    ["a function"] = "fun(event: sso.Event)",
}

local function hosts_of(core)
    local names = {}
    for name in pairs(core.hosts) do
        names[#names + 1] = name
    end
    table.sort(names)
    return names
end

local function options_of(core)
    local list = {}
    for i, row in ipairs(core.options) do
        local editor = OPTION_TYPES[row.type]
        if row.name == "host" then
            editor = table.concat(quoted(hosts_of(core)), "|") .. "|sso.Host"
        end
        list[i] = {
            name = row.name,
            words = row.type,
            type = editor or fail("no words for the option type '%s'", row.type),
            environment = row.environment,
            default = row.default,
            doc = row.doc,
            per_call = row.per_call,
        }
    end
    return list
end

--- The name of the type of a callback.
function M.callback_alias(value)
    if not value.class then
        return "sso.TrueCallback"
    end
    local plural = value.shape == "array" and "List" or value.maybe and "OrTrue" or ""
    return value.class .. plural .. "Callback"
end

-- The module's tables in the order in which they are told, after the values.
M.table_order = {
    "error", "server_error", "response", "timings", "rate_limit", "event", "request", "host",
    "x509", "x509_key", "check", "problem", "version",
}

-- ---- what is built of calls ----------------------------------------------------------

-- The sentences that come before the first colon or blank line are enough for an editor's table.
local function class_of(block)
    return { title = block.class:match "%.(%u%w*)$":gsub("%l%u", function(pair)
        return pair:sub(1, 1) .. " " .. pair:sub(2):lower()
    end), class = block.class, doc = block.doc, fields = block.fields }
end

local function function_of(row, block, example)
    local entry = {
        owner = row.owner, also = row.owner == "client", group = row.group, name = block.name,
        doc = block.doc, params = {}, returns = block.returns, example = example, task = true,
    }
    for i, param in ipairs(block.params) do
        if not (i == 1 and param[1] == "client" and row.owner == "client") then
            entry.params[#entry.params + 1] = param
        end
    end
    return entry
end

-- The functions and classes of docs/tasks.lua, read out of the sources.
local function read_tasks(top)
    local entries, classes = {}, {}
    for _, row in ipairs(tasks) do
        local known, defined = annotations.read(top .. "/" .. row.source)
        for _, source in ipairs(row.also or {}) do
            for class, block in pairs(select(2, annotations.read(top .. "/" .. source))) do
                defined[class] = block
            end
        end
        for _, named in ipairs(row.functions) do
            local block = known[named[1]] or fail("%s annotates no %s", row.source, named[1])
            entries[#entries + 1] = function_of(row, block, named[2])
        end
        for _, class in ipairs(row.classes) do
            local block = defined[class] or fail("%s defines no class %s", row.source, class)
            classes[class] = class_of(block)
        end
    end
    return entries, classes
end

-- ---- the whole ---------------------------------------------------------------------

local function kinds_of(core)
    local list, known = {}, {}
    for i, name in ipairs(core.kinds) do
        local row = kinds[name] or fail("tools/docs/kinds.lua does not explain the kind '%s'", name)
        list[i] = { name = name, when = row.when, advice = row.advice, retryable = row.retryable }
        known[name] = true
        local base = tostring(core.failure(name, "…").retryable)
        if (base == "true") ~= (row.retryable:match "^%a+" == "yes") then
            fail("tools/docs/kinds.lua: retryable of '%s' is %s", name, base)
        end
    end
    for name in pairs(kinds) do
        if not known[name] then
            fail("tools/docs/kinds.lua explains '%s', which is no kind", name)
        end
    end
    return list
end

--- Joins the module with the tables.
---@param core table  sso.core
---@param top string  the top of the tree
function M.load(core, top)
    local entries
    entries, M.task_classes = read_tasks(top)
    M.tasks = tasks
    M.functions = { table.unpack(functions) }
    table.move(entries, 1, #entries, #M.functions + 1, M.functions)
    M.operations = {}
    for i, operation in ipairs(core.operations) do
        M.operations[i] = prepare(operation)
    end
    M.items = item_classes(M.operations)
    M.options = options_of(core)
    M.hosts = hosts_of(core)
    M.kinds = kinds_of(core)
    M.version = core._VERSION
    for name in pairs(require "docs.examples") do
        local known = false
        for _, operation in ipairs(M.operations) do
            known = known or operation.name == name
        end
        if not known then
            fail("tools/docs/examples.lua has an example for '%s', which is no operation", name)
        end
    end
    return M
end

return M
