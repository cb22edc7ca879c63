-- The entry of one operation, and of one other function, in docs/reference.md.

local examples = require "docs.examples"
local markdown = require "docs.markdown"

local M = {}

local function code(name)
    return "`" .. name .. "`"
end

-- Two lines with the arrows under each other.
local function signatures(call, returns, started)
    if not started then
        return "    " .. call .. (returns and "  --> " .. returns or "")
    end
    return ("    %-" .. #started .. "s  --> %s\n    %s  --> handle"):format(call, returns, started)
end

-- ---- operations --------------------------------------------------------------------

local function operation_signatures(entry)
    local required, optional = { table.unpack(entry.params) }, {}
    if entry.has_body then
        required[#required + 1] = "fields"
    elseif entry.argument then
        optional[1] = "query"
    end
    optional[#optional + 1] = "options"
    local value = "true"
    if entry.value.class then
        value = entry.value.name:gsub(" ", "_") .. (entry.value.shape == "array" and "s" or "")
    end
    local call = "client:%s(%s)"
    return signatures(
        call:format(entry.name, markdown.arguments(required, optional)),
        value .. ", nil, response  or  nil, err, response",
        call:format(entry.name, markdown.arguments(required, optional, "callback")))
end

local function value_words(value)
    if not value.class then
        return "`true`"
    end
    local link = markdown.link(value.class)
    if value.shape == "array" then
        return "array; each element: " .. link
    end
    return link .. (value.maybe and ", or `true` when the answer has none" or "")
end

local function facts(entry)
    return markdown.table({ "", "" }, {
        { "request", code(entry.method .. " " .. entry.path) },
        { "value", value_words(entry.value) },
        { "tried again", entry.repeatable and "[repeatable](#retries)" or "[not "
            .. "repeatable](#retries)" },
        { "SendGrid's page", ("%s API, \"%s\""):format(entry.api, entry.page) },
    })
end

local function params(entry)
    local rows = {}
    for i, name in ipairs(entry.params) do
        local source = i == #entry.params and entry.source or ""
        rows[i] = { code(name), "string or whole number", (source:gsub("^" .. name .. " ", "")) }
    end
    return #rows > 0 and markdown.table({ "argument", "type", "" }, rows) or nil
end

local function requirement(entry, field)
    if field.required then
        return "required"
    elseif field.query and entry.has_body then
        return "optional, goes into the query"
    end
    return "optional"
end

local function field_text(field)
    local text = field.doc
    if field.alias then
        text = ("%s; `%s` is accepted too"):format(text, field.alias)
    end
    if field.rules then
        text = ("%s; %s"):format(text, field.rules)
    end
    return text
end

local function fields(model, entry)
    if not entry.fields then
        return nil
    end
    local rows = {}
    for _, field in ipairs(entry.fields) do
        rows[#rows + 1] = { code(field.name), model.field_words(field), requirement(entry, field),
            field_text(field) }
        for _, item in ipairs(field.items or {}) do
            rows[#rows + 1] = { code(field.name .. "[i]." .. item.name), model.field_words(item),
                item.required and "required" or "optional", field_text(item) }
        end
    end
    return markdown.table({ "in " .. code(entry.argument), "type", "", "meaning, rules" }, rows)
end

-- What a program can get wrong about this call.
local function raised(entry)
    local list, rules, required = {}, false, false
    for _, name in ipairs(entry.params) do
        list[#list + 1] = ("%s is missing or no id"):format(code(name))
    end
    for _, field in ipairs(entry.fields or {}) do
        required = required or field.required
        rules = rules or field.rules ~= nil
    end
    if required then
        list[#list + 1] = "a required field is missing"
    elseif entry.has_body then
        list[#list + 1] = "there is nothing to change"
    end
    if entry.fields then
        list[#list + 1] = "a name is unknown or a value has the wrong type"
    end
    if rules then
        list[#list + 1] = "fields exclude each other"
    end
    list[#list + 1] = (#list > 0 and "or " or "") .. "an option is wrong"
    return table.concat(list, ", ")
end

-- The kinds that this call has beside those of every call.
local function returned(entry)
    local list = {}
    for _, field in ipairs(entry.fields or {}) do
        if field.name == "public_certificate" then
            list[#list + 1] = "`certificate` when the text must not be sent"
        end
    end
    if entry.fields then
        list[#list + 1] = "`invalid_request` when SendGrid refuses a value (`err.errors` says "
            .. "which)"
    end
    if #entry.params > 0 then
        list[#list + 1] = ("`not_found` when there is no such %s"):format(
            code(entry.params[#entry.params]))
    end
    list[#list + 1] = (#list > 0 and "and " or "") .. "[the kinds of every call](#kinds)"
    return table.concat(list, ", ")
end

local function errors(entry)
    return markdown.paragraph("- returned: " .. returned(entry), "  ") .. "\n"
        .. markdown.paragraph("- raised when " .. raised(entry), "  ")
end

local function joined(parts, n)
    local list = {}
    for i = 1, n do
        if parts[i] then
            list[#list + 1] = parts[i]
        end
    end
    return table.concat(list, "\n\n")
end

--- One operation, from its heading to its example.
function M.operation(model, entry)
    local example = examples[entry.name]
    return joined({
        "### " .. entry.name,
        markdown.paragraph(entry.doc),
        operation_signatures(entry),
        facts(entry),
        params(entry),
        fields(model, entry),
        errors(entry),
        example and markdown.code(example) or nil,
    }, 8)
end

-- ---- other functions ---------------------------------------------------------------

local PREFIX = {
    client = "client:",
    sso = "sso.",
    handle = "handle:",
    certificate = "sso.certificate.",
    metadata = "sso.metadata.",
    monitor = "sso.monitor.",
    saml = "sso.saml.",
    timeline = "sso.timeline.",
}

local function function_signatures(entry)
    local required, optional, values = {}, {}, {}
    for _, param in ipairs(entry.params) do
        local name, missing = param[1]:gsub("%?$", "")
        local list = missing > 0 and optional or required
        list[#list + 1] = name
    end
    for i, value in ipairs(entry.returns) do
        values[i] = value[2]
    end
    local call = PREFIX[entry.owner] .. entry.name .. "(%s)"
    return signatures(
        call:format(markdown.arguments(required, optional)),
        #values > 0 and table.concat(values, ", ") or nil,
        entry.overloads and call:format(markdown.arguments(required, optional, "callback")))
end

local function parts(entry)
    local rows = {}
    for _, param in ipairs(entry.params) do
        local name, missing = param[1]:gsub("%?$", "")
        rows[#rows + 1] = { code(name),
            markdown.words(param[2]) .. (missing > 0 and ", optional" or ""), param[3] }
    end
    for _, value in ipairs(entry.returns) do
        rows[#rows + 1] = { "→ " .. code(value[2]), markdown.words(value[1]), value[3] }
    end
    return #rows > 0 and markdown.table({ "", "type", "" }, rows) or nil
end

--- A function that is no operation.
function M.other(entry)
    return joined({
        "### " .. PREFIX[entry.owner] .. entry.name,
        markdown.paragraph(entry.doc .. (entry.more and " " .. entry.more or "")),
        function_signatures(entry),
        parts(entry),
        entry.example and markdown.code(entry.example) or nil,
    }, 5)
end

return M
