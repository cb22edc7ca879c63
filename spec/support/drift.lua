-- The comparison of drift_spec.lua: the client's table of operations and what SendGrid's documents
-- say, both put into the same words ("integer, required" for "query limit"), then word by word;
-- what differs and is not in deviations.lua is a problem, and so is the reverse.
local deviations = require "deviations"

local M = {}

-- ---- either side in the same words -----------------------------------------

-- What the client's table calls a type, in the documents' words.
local TYPES = { ["array of tables"] = "array of objects" }

-- What comes back.
local SHAPES = {
    object = "an object",
    array = "an array",
    ["true"] = "nothing",
    maybe = "an object or nothing",
    anything = "anything",
}

-- Adds "integer, required" and so on under prefix .. name, and what is inside under its own name.
local function add_fact(words, prefix, name, fact)
    fact = type(fact) == "table" and fact or { type = fact }
    local parts = { fact.type }
    parts[#parts + 1] = fact.required and "required" or nil
    parts[#parts + 1] = fact.maximum and ("at most %d"):format(fact.maximum) or nil
    parts[#parts + 1] = fact.choices and "one of " .. table.concat(fact.choices, " ") or nil
    parts[#parts + 1] = fact.alias and "also " .. fact.alias or nil
    words[prefix .. name] = table.concat(parts, ", ")
    for inner, item in pairs(fact.items or fact.fields or {}) do
        add_fact(words, prefix .. name .. (fact.items and "[]." or "."), inner, item)
    end
end

--- "nothing", "an object" or "an array"; a list under one name is one: the client takes it out.
function M.answer_words(answer)
    if not answer then
        return "nothing"
    elseif answer.type == "object" then
        local name, only = next(answer.fields)
        if name == nil or next(answer.fields, name) ~= nil then
            return "an object"
        end
        answer = only
    end
    return (answer.type or answer):match("^array of ") and "an array" or "an object"
end

local function words_of_fact(fact)
    local words = { page = fact.page, answer = M.answer_words(fact.answer) }
    for place, parameters in pairs(fact.parameters) do
        for name, parameter in pairs(parameters) do
            if place ~= "path" then
                add_fact(words, place .. " ", name, parameter)
            end
        end
    end
    local position = 0
    for name in fact.path:gmatch("{([^}]*)}") do
        position = position + 1
        add_fact(words, "path ", position, fact.parameters.path[name])
        words["path " .. position] = name .. ", " .. words["path " .. position]
    end
    for name, field in pairs(fact.body or {}) do
        add_fact(words, "body ", name, field)
    end
    return words
end

-- A row's field as a fact. What is created must have what is required, and so must an item of an
-- array; a change need not, which is the calls' doing (below).
local function fact_of_field(field, must)
    local fact = {
        type = TYPES[field.type] or field.type,
        required = field.required and must,
        maximum = tonumber(field.doc:match("up to (%d+)")),
        choices = field.choices,
        alias = field.alias,
        items = field.items and {},
    }
    for _, item in ipairs(field.items or {}) do
        -- an item has no query to go into
        fact.items[item.query and "?" .. item.name or item.name] = fact_of_field(item, true)
    end
    return fact
end

local function words_of_row(row)
    local words = { page = row.page, answer = SHAPES[row.shape] or row.shape }
    local position = 0
    for name in row.path:gmatch("{([^}]*)}") do
        position = position + 1
        words["path " .. position] = name .. ", string, required"
    end
    for _, field in ipairs(row.fields or {}) do
        local place = field.query and "query " or "body "
        add_fact(words, place, field.name, fact_of_field(field, row.method == "POST"))
    end
    return words
end

-- ---- the comparison --------------------------------------------------------

--- Method and path without the parameters' names: what a row and a fact have in common.
function M.request_of(entry)
    return entry.method .. " " .. entry.path:gsub("{[^}]*}", "{}")
end

-- → entries by request; what stands there twice is a problem
local function by_request(list, problems)
    local found = {}
    for _, entry in ipairs(list) do
        local key = M.request_of(entry)
        if found[key] then
            problems[#problems + 1] = key .. " stands there twice"
        end
        found[key] = entry
    end
    return found
end

-- Calls difference(operation, what, document's word, the table's) for each.
local function compare_words(operation, document, ours, difference)
    for what, word in pairs(document) do
        if ours[what] ~= word then
            difference(operation, what, word, ours[what] or "nothing")
        end
    end
    for what, word in pairs(ours) do
        if document[what] == nil then
            difference(operation, what, "nothing", word)
        end
    end
end

local function compare(rows, documented, difference, problems)
    local ours = by_request(rows, problems)
    for key, fact in pairs(by_request(documented, problems)) do
        local operation = fact.method .. " " .. fact.path
        if ours[key] then
            compare_words(operation, words_of_fact(fact), words_of_row(ours[key]), difference)
        else
            difference(operation, "operation", fact.page, "nothing")
        end
        ours[key] = nil
    end
    for _, row in pairs(ours) do
        difference(row.method .. " " .. row.path, "operation", "nothing", row.name)
    end
end

-- An alias is for what SendGrid itself spells so in the answer.
local function check_aliases(rows, documented, problems)
    local known = by_request(documented, {})
    for key, row in pairs(by_request(rows, {})) do
        local answer = known[key] and known[key].answer or {}
        for _, field in ipairs(row.fields or {}) do
            if field.alias and not (answer.fields or answer.items or {})[field.alias] then
                problems[#problems + 1] = ("%s: no answer has %s"):format(key, field.alias)
            end
        end
    end
end

--- Calls f(key, row, group) for each row of the deviations; the key says the whole row.
function M.each_deviation(f)
    for _, group in ipairs(deviations) do
        for _, row in ipairs(group) do
            f(table.concat(row, " | "), row, group)
        end
    end
end

--- What is wrong, sorted: differences without a deviation, deviations without a difference.
function M.problems(rows, documented)
    local problems, expected = {}, {}
    M.each_deviation(function(key)
        expected[key] = true
    end)
    compare(rows, documented, function(operation, what, document, ours)
        local key = table.concat({ operation, what, document, ours }, " | ")
        if not expected[key] then
            problems[#problems + 1] = ("%s: %s: the document has \"%s\", the table \"%s\""):format(
                operation, what, document, ours)
        end
        expected[key] = nil
    end, problems)
    for key in pairs(expected) do
        problems[#problems + 1] = "deviates no longer: " .. key
    end
    check_aliases(rows, documented, problems)
    table.sort(problems)
    return problems
end

return M
