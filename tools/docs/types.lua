-- Writes the annotations for editors (LuaCATS): lua/sso/types.lua has the tables that go in and
-- come out, types/client.lua and types/module.lua the calls.  Loading any of them does nothing.

local markdown = require "docs.markdown"

local M = {}

local out

local function put(format, ...)
    local text = select("#", ...) > 0 and format:format(...) or format
    out[#out + 1] = (text:gsub("[ \t]+$", ""))
end

local function begin(about)
    out = {}
    put("-- %s", about)
    put("-- For editors that read LuaCATS annotations: nothing of it is needed at run time.")
    put("-- Made by tools/generate-docs: change what it is made from, and run that again.")
    put "-- luacheck: ignore"
    put ""
    put "---@meta _"
    put ""
end

local function finish()
    if out[#out] == "" then
        out[#out] = nil
    end
    return table.concat(out, "\n") .. "\n"
end

-- Code spans and sentences of the page are fine in an editor too.
local function comment(text)
    local line = "---"
    for word in text:gmatch "%S+" do
        if #line + 1 + #word > 98 then
            put("%s", line)
            line = "---"
        end
        line = line .. " " .. word
    end
    put("%s", line)
end

-- ---- tables ------------------------------------------------------------------------

local function put_class(row)
    comment(row.doc)
    put("---@class %s%s", row.exact and "(exact) " or "", row.class)
    for _, field in ipairs(row.fields) do
        local type, missing = markdown.optional(field[2])
        put("---@field %s%s %s %s", field[1], missing and "?" or "", type, field[3])
    end
    put ""
end

local function field_row(model, field)
    local text = field.doc
    if field.rules then
        text = text .. "; " .. field.rules:gsub("`", "")
    end
    local type = model.field_type(field, field.items_class)
    return { field.name, type .. (field.required and "" or "?"), text }
end

local function put_fields(model, class, doc, fields)
    local rows = {}
    for _, field in ipairs(fields) do
        rows[#rows + 1] = field_row(model, field)
        if field.alias then
            rows[#rows + 1] = { field.alias, model.field_type(field) .. "?",
                ("another spelling of %s: one of the two"):format(field.name) }
            -- either spelling will do, so neither alone is required
            rows[#rows - 1][2] = rows[#rows][2]
        end
    end
    put_class { class = class, doc = doc, fields = rows, exact = true }
end

local function put_options(model)
    comment("Options of one call, and of client:with.")
    put "---@class (exact) sso.CallOptions"
    local more = {}
    for _, option in ipairs(model.options) do
        local text = option.doc
        if option.default then
            text = ("%s; %s"):format(text, option.default)
        end
        local line = ("---@field %s? %s %s"):format(option.name, option.type, text)
        if option.per_call then
            put("%s", line)
        else
            more[#more + 1] = line
        end
    end
    put ""
    comment("Options of sso.new.")
    put "---@class (exact) sso.Options: sso.CallOptions"
    for _, line in ipairs(more) do
        put("%s", line)
    end
    put ""
end

local function put_alias(name, doc, rows)
    comment(doc)
    put("---@alias %s", name)
    for _, row in ipairs(rows) do
        put("---| %q # %s", row[1], (row[2]:gsub("`", "")))
    end
    put ""
end

-- ---- calls -------------------------------------------------------------------------

local function callback_of(type)
    return ("fun(value: %s?, err: sso.Error?, response: sso.Response?)"):format(type)
end

local function nullable(type)
    return type:find("|", 1, true) and type .. "|nil" or type .. "?"
end

-- The forms with a callback: parameters after the path's, from few to many.
local function callback_forms(entry, callback)
    local path = {}
    for i, name in ipairs(entry.params) do
        path[i] = name .. ": string|integer"
    end
    local forms = {}
    local function add(...)
        local list = { table.unpack(path) }
        for _, parameter in ipairs { ... } do
            list[#list + 1] = parameter
        end
        list[#list + 1] = "callback: " .. callback
        forms[#forms + 1] = table.concat(list, ", ")
    end
    local options = "options: sso.CallOptions?"
    if entry.has_body then
        add(("fields: %s"):format(entry.class))
        add(("fields: %s"):format(entry.class), options)
    elseif entry.argument then
        add()
        add(("query: %s?"):format(entry.class))
        add(("query: %s?"):format(entry.class), options)
    else
        add()
        add(options)
    end
    return forms
end

local function put_overloads(forms, returns, owner)
    for _, form in ipairs(forms) do
        local self = owner == "client" and "self: sso.Client, " or ""
        put("---@overload fun(%s%s): %s", self, form, returns)
    end
end

-- The local that stands for each owner in its file.
local OWNERS = {
    client = { "Client", ":" },
    handle = { "Handle", ":" },
    sso = { "sso", "." },
    certificate = { "certificate", "." },
    metadata = { "metadata", "." },
    monitor = { "monitor", "." },
    saml = { "saml", "." },
    timeline = { "timeline", "." },
}

-- The parts of the module: what a class of theirs is called, and what it says.
local PARTS = {
    { "certificate", "sso.CertificateFunctions", "reads X.509 certificates" },
    { "metadata", "sso.MetadataFunctions", "reads SAML metadata" },
    { "monitor", "sso.MonitorFunctions", "writes what check_certificates found" },
    { "saml", "sso.SamlFunctions", "says why a login failed" },
    { "timeline", "sso.TimelineFunctions", "draws the validity of certificates" },
}

local function put_function(owner, name, params)
    put("function %s%s%s(%s) end", OWNERS[owner][1], OWNERS[owner][2], name,
        table.concat(params, ", "))
    put ""
end

local function put_operation(model, entry, owner)
    local names = {}
    comment(entry.doc)
    put "---"
    comment(("%s %s"):format(entry.method, entry.path))
    put_overloads(callback_forms(entry, model.callback_alias(entry.value)), "sso.Handle", owner)
    for _, name in ipairs(entry.params) do
        names[#names + 1] = name
        put("---@param %s string|integer 1 to 1024 bytes, one segment of the path", name)
    end
    if entry.argument then
        names[#names + 1] = entry.argument
        put("---@param %s%s %s %s", entry.argument, entry.has_body and "" or "?", entry.class,
            "an unknown name raises")
    end
    names[#names + 1] = "options"
    put "---@param options? sso.CallOptions for this call alone"
    put("---@return %s value nil upon failure", nullable(entry.value.type))
    put "---@return sso.Error? err nil upon success"
    put "---@return sso.Response? response nil when nothing was received"
    put_function(owner, entry.name, names)
end

local function put_other(row, owner)
    local names = {}
    comment(row.doc)
    local forms = {}
    for i, overload in ipairs(row.overloads or {}) do
        forms[i] = overload[1]
    end
    put_overloads(forms, "sso.Handle", owner)
    for _, param in ipairs(row.params) do
        names[#names + 1] = param[1]:gsub("%?", "")
        put("---@param %s %s %s", param[1], param[2], (param[3]:gsub("`", "")))
    end
    for _, value in ipairs(row.returns) do
        put("---@return %s %s %s", value[1], value[2], (value[3]:gsub("`", "")))
    end
    put_function(owner, row.name, names)
end

local function put_functions(model, owner)
    for _, row in ipairs(model.functions) do
        if row.owner == owner or (row.also and owner == "sso") then
            put_other(row, owner)
        end
    end
end

-- ---- the files ---------------------------------------------------------------------

local function put_callbacks(model)
    local known = {}
    for _, entry in ipairs(model.operations) do
        local name = model.callback_alias(entry.value)
        if not known[name] then
            known[name] = true
            put("---@alias %s %s", name, callback_of(entry.value.type:find("|", 1, true)
                and "(" .. entry.value.type .. ")" or entry.value.type))
        end
    end
    put("---@alias sso.Callback %s", callback_of "any")
    put ""
end

local function put_values(model)
    for _, name in ipairs(model.values.order) do
        put_class(model.values.named[name])
        for _, row in ipairs(model.values.within[name] or {}) do
            put_class(row)
        end
    end
end

local function tables_file(model)
    begin "The tables that calls take and return, field by field, with units."
    local kinds = {}
    for i, kind in ipairs(model.kinds) do
        kinds[i] = { kind.name, kind.when }
    end
    put_alias("sso.Kind", "What an error is about: the word to branch on.", kinds)
    put_alias("sso.Phase", "Where a call stood when it failed.", model.tables.phases)
    put_options(model)
    for _, entry in ipairs(model.operations) do
        if entry.argument then
            put_fields(model, entry.class, ("What `%s` takes."):format(entry.name), entry.fields)
        end
    end
    for _, item in ipairs(model.items) do
        local fields = {}
        for i, field in ipairs(item.fields) do
            fields[i] = field
        end
        put_fields(model, item.class, ("An element of `%s`."):format(item.of), fields)
    end
    put_values(model)
    for _, name in ipairs(model.table_order) do
        put_class(model.tables[name])
        if name == "x509" then
            out[#out] = "---@field state fun(self: sso.X509, at?: number): "
                .. "\"valid\"|\"not_yet_valid\"|\"expired\" at: unix seconds, UTC; now"
            put ""
        end
    end
    put_callbacks(model)
    comment "A call that was started with a callback."
    put "---@class sso.Handle"
    put "local Handle = {}"
    put ""
    put_functions(model, "handle")
    return finish()
end

local function client_file(model)
    begin "A client's methods: every operation, and what drives them."
    comment "A client, as `sso.new` makes it."
    put "---@class sso.Client"
    put "local Client = {}"
    put ""
    for _, entry in ipairs(model.operations) do
        put_operation(model, entry, "client")
    end
    put_functions(model, "client")
    return finish()
end

local function module_file(model)
    begin "The module's functions: every operation on a client of its own."
    for _, part in ipairs(PARTS) do
        comment(part[3]:gsub("^%l", string.upper) .. ".")
        put("---@class %s", part[2])
        put("local %s = {}", part[1])
        put ""
        put_functions(model, part[1])
    end
    comment "The module. Its operations use one client, which is made from the environment."
    put "---@class sso"
    put "---@field _VERSION string version of the module"
    for _, part in ipairs(PARTS) do
        put("---@field %s %s %s", part[1], part[2], part[3])
    end
    put "local sso = {}"
    put ""
    put_functions(model, "sso")
    for _, entry in ipairs(model.operations) do
        put_operation(model, entry, "sso")
    end
    return finish()
end

--- The files, by name.
function M.write(model)
    return {
        ["lua/sso/types.lua"] = tables_file(model),
        ["lua/sso/types/client.lua"] = client_file(model),
        ["lua/sso/types/module.lua"] = module_file(model),
    }
end

return M
