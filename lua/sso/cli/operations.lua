--- SendGrid's records: a command for each operation of the API, made from the core's rows and the
--- names of sso.cli.catalogue, so that a field that the module learns is a flag here.

local cjson = require "cjson"
local catalogue = require "sso.cli.catalogue"
local core = require "sso.core"
local files = require "sso.cli.files"
local request = require "sso.cli.request"
local show = require "sso.cli.show"

local M = {}

local unpack = rawget(table, "unpack") or rawget(_G, "unpack")

local LIST_KINDS = { ["subuser access"] = "subuser" }

-- ---- fields as options -------------------------------------------------------------

-- "a,b" → {"a", "b"}; "" is the empty list.
local function split(text)
    local list = {}
    for word in text:gmatch "[^,%s]+" do
        list[#list + 1] = word
    end
    return list
end

local function parse_json(text)
    if text:sub(1, 1) == "@" then
        text = files.read(text:sub(2))
    end
    local ok, value = pcall(cjson.decode, text)
    if not ok or type(value) ~= "table" then
        return nil, "--subuser-access takes JSON, a list of objects, or @FILE with it"
    end
    return value
end

local BY_TYPE = {
    ["boolean"] = { kind = "boolean" },
    ["integer"] = { argname = "N" },
    ["array of strings"] = { argname = "A,B,…", convert = split },
    ["array of tables"] = { argname = "JSON", convert = parse_json },
    ["string"] = { argname = "TEXT" },
}

local function whole(text)
    local value = tonumber(text)
    return value, not value and ("'%s' is no whole number"):format(text) or nil
end
BY_TYPE.integer.convert = whole

local function field_row(operation, field)
    local names = catalogue.flag_names[operation.name] or {}
    local row = {
        name = names[field.name] or field.name, field = field.name, required = field.required,
        description = field.doc, choices = field.choices,
    }
    for key, value in pairs(BY_TYPE[field.type]) do
        row[key] = value
    end
    if field.name == "public_certificate" then
        row.argname = "FILE"
        row.description = field.doc .. "; a file, or - for standard input"
    elseif field.name:find "_url$" then
        row.argname = "URL"
    elseif field.name:find "_id$" then
        row.argname = "ID"
    elseif field.choices then
        row.argname = nil
    end
    return row
end

-- ---- running -----------------------------------------------------------------------

local function gather(command, args)
    local params, fields, given = {}, {}, false
    for _, row in ipairs(command.row.arguments) do
        params[#params + 1] = args[row.name]
    end
    for _, row in ipairs(command.row.options) do
        local value = args[row.name]
        if value ~= nil and row.field then
            given = true
            fields[row.field] = row.field == "public_certificate" and files.read(value) or value
        end
    end
    local arguments, n = {}, #params
    for i, param in ipairs(params) do
        arguments[i] = param
    end
    if command.operation.fields then
        n = n + 1
        arguments[n] = fields
    end
    arguments.n = n
    return params, fields, arguments, given
end

-- An iterator over pages → a list.  Raises the error that ended it.
local function collect(each, ...)
    local list = {}
    for element, err in each(...) do
        if not element then
            error(err, 0)
        end
        list[#list + 1] = element
    end
    return list
end

local function read_all(session, command, params)
    local client = session:client()
    local fn = client[command.all]
    if command.all == "list_all_certificates" then
        local list, err = fn(client)
        return list or error(err, 0)
    end
    return collect(fn, client, unpack(params))
end

local function show_value(session, command, value, params)
    local out = session.out
    local kind = LIST_KINDS[command.operation.value] or command.operation.value
    if command.done then
        local noun, id = command.noun, params[#params]
        if type(value) == "table" then
            id = value.id or value.username or value.email or id
        end
        if session.args.json and command.operation.method == "DELETE" then
            out:document { deleted = true, id = params[#params] }
        elseif session.args.json then
            out:document(value)
        else
            out:line(("%s %s %s"):format(command.done, noun, tostring(id)))
            if type(value) == "table" and command.operation.method ~= "DELETE" then
                show.record(out, value, session.now)
            end
        end
        return
    end
    if session.args.pem then
        local parsed, err = core.certificate.parse(tostring(value.public_certificate))
        out:write((parsed or error(err, 0))[1].pem)
        return
    end
    local is_list = command.operation.shape == "array" or value[1] ~= nil or next(value) == nil
    if session.args.json then
        out:document(value, is_list)
    elseif is_list then
        show.list(out, kind, value, session.now)
    elseif kind == "subuser" then
        show.list(out, kind, value.subuser_access, session.now)
    else
        show.record(out, value, session.now)
    end
end

local function question(command, params)
    if command.question then
        return command.question:format(params[#params])
    end
    local verb = command[1]:gsub("^%l", string.upper)
    local what = #params > 0 and command.noun .. " " .. params[#params] or "this " .. command.noun
    return ("%s %s?"):format(verb, what)
end

local function dry_run(session, command, params, fields, arguments)
    request.rehearse(session, command, arguments)
    local wanted = request.of(session, command, params, fields)
    if session.args.json then
        wanted.dry_run = true
        session.out:document(wanted)
        return 0
    end
    for _, line in ipairs(request.lines(wanted)) do
        session.out:line(line)
    end
    session.out:note "nothing was sent"
    return 0
end

local function run(session, command)
    local changes = command.operation.method ~= "GET"
    if changes then
        session:need_consent()
    end
    local params, fields, arguments, given = gather(command, session.args)
    if session.args.dry_run then
        return dry_run(session, command, params, fields, arguments)
    end
    local value, err, response
    if command.all and not given and (not command.optional or #params == 0) then
        value = read_all(session, command, params)
    else
        local client = session:client()
        if changes and not session.args.yes then
            request.rehearse(session, command, arguments)
            local wanted = request.of(session, command, params, fields)
            for _, line in ipairs(request.lines(wanted)) do
                session.out:note(line)
            end
        end
        if changes then
            session:confirm(question(command, params))
        end
        value, err, response = session:call(client[command.operation.name], client,
            unpack(arguments, 1, arguments.n))
    end
    if value == nil then
        error(err, 0)
    end
    for _, warning in ipairs(response and response.warnings or {}) do
        session.out:warn(warning)
    end
    show_value(session, command, value, params)
    return 0
end

-- ---- rows --------------------------------------------------------------------------

local function find_operation(name)
    for number, operation in ipairs(core.operations) do
        if operation.name == name then
            return operation, number
        end
    end
end

local function path_arguments(command)
    local rows = {}
    local source = (command.operation.source or ""):match "comes from (.*)"
    for name in command.operation.path:gmatch "{([%w_]+)}" do
        local described = source and "comes from " .. catalogue.in_commands(source) or ""
        rows[#rows + 1] = {
            name = name, description = described, args = command.optional and "?" or nil,
        }
        if command.optional then
            rows[1].description = "of this integration alone; " .. described
        end
    end
    return rows
end

local function command_row(group, command)
    command.operation, command.number = find_operation(command[2])
    command.noun = command.noun or group.noun
    local doc = command.doc or command.operation.doc
    local row = {
        name = command[1],
        summary = doc:match "^(.-)[;.]":gsub("^%u", string.lower),
        description = catalogue.in_commands(doc),
        examples = catalogue.examples[command[2]],
        options = {},
        run = function(session)
            return run(session, command)
        end,
    }
    command.row = row
    row.arguments = path_arguments(command)
    if command.pem then
        row.options[1] = {
            name = "pem", kind = "switch", description = "print its PEM text and nothing else",
        }
    end
    for _, field in ipairs(command.operation.fields or {}) do
        row.options[#row.options + 1] = field_row(command.operation, field)
    end
    return row
end

--- The rows of the groups.
---@return table[]
function M.rows()
    local rows = {}
    for i, group in ipairs(catalogue.groups) do
        rows[i] = {
            name = group.name, summary = group.summary, group = "Records of SendGrid",
            commands = {},
        }
        for j, command in ipairs(group) do
            rows[i].commands[j] = command_row(group, command)
        end
    end
    return rows
end

return M
