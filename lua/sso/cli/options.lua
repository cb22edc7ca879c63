--- Options of every command: how to answer, and the client's own, made from the core's table, so
--- that a new option of the module is a new flag here.

local core = require "sso.core"

local M = {}

M.OUTPUT = {
    {
        name = "json", kind = "switch",
        description = "answer with one JSON document instead of text",
    },
    {
        name = "yes", flags = "-y --yes", kind = "switch",
        description = "change without asking",
    },
    {
        name = "dry_run", flags = "-n --dry-run", kind = "switch",
        description = "show what would be sent, and send no change",
    },
    {
        name = "verbose", flags = "-v --verbose", kind = "switch",
        description = "tell each request and retry on standard error",
    },
}

-- What a program's arguments are no place for, or the command line sees to itself.
local NOT_OFFERED = { api_key = true, headers = true, host = true, on_event = true }

local ARGNAMES = {
    api_key_file = "FILE", base_url = "URL", on_behalf_of = "SUBUSER", ca_file = "FILE",
    ca_path = "DIRECTORY", client_cert = "FILE", client_key = "FILE", proxy = "URL",
    user_agent = "TEXT",
}

local function number(text)
    local value = tonumber(text)
    if not value or not text:find "^[%d.]+$" then
        return nil, ("'%s' is no number"):format(text)
    end
    return value
end

-- What is true unless said otherwise needs the other flag alone.
local OFF = { validate = "send any text as a certificate, a private key excepted" }

local function row_of(option)
    local row = { name = option.name, description = option.doc }
    if OFF[option.name] then
        row.kind, row.description = "off", OFF[option.name]
    elseif option.type == "true or false" then
        row.kind = "boolean"
    elseif option.type:find "number" then
        row.argname = option.type:find "seconds" and "SECONDS" or "N"
        row.convert = number
    elseif option.name == "region" then
        row.choices = { "global", "eu" }
    elseif option.name == "http_version" then
        row.choices = { "1.1", "2" }
    else
        row.argname = ARGNAMES[option.name] or "TEXT"
    end
    return row
end

--- The client's options, as rows for the parser.
---@return table[] rows
function M.client_rows()
    local rows = {}
    for _, option in ipairs(core.options) do
        if not NOT_OFFERED[option.name] then
            rows[#rows + 1] = row_of(option)
        end
    end
    return rows
end

--- The options for sso.new out of what was parsed.
---@param args table
---@return table options
function M.of_client(args)
    local options = {}
    for _, option in ipairs(core.options) do
        if not NOT_OFFERED[option.name] then
            options[option.name] = args[option.name]
        end
    end
    return options
end

return M
