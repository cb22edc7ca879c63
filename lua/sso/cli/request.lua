--- The request that an operation would send, shown before it is sent or instead of that: method,
--- address, body with the certificate shortened; never the key.

local certificate = require("sso.core").certificate
local json = require "sso.json"
local moments = require "sso.cli.moments"

local M = {}

local unpack = rawget(table, "unpack") or rawget(_G, "unpack")

local function escape(text)
    return (tostring(text):gsub("[^%w%-%._~]", function(byte)
        return ("%%%02X"):format(byte:byte())
    end))
end

-- What stands for a certificate where its text would be in the way.
local function shortened(text)
    local parsed = certificate.parse(text)
    if not parsed then
        return ("(%d bytes that are no X.509 certificate)"):format(#text)
    end
    local x = parsed[1]
    return ("-----BEGIN CERTIFICATE-----… (%s, until %s, sha256 %s)"):format(x.subject,
        moments.date(x.not_after), x.fingerprint:sub(1, 16))
end

---- What would go over the wire.
---@param command table  with the operation's row
---@param params any[]  of the path
---@param fields table
---@return {method: string, url: string, on_behalf_of: string?, body: table?}
function M.of(session, command, params, fields)
    local operation = command.operation
    local path, i = operation.path:gsub("{[%w_]+}", "%%s"), 0
    path = path:gsub("%%s", function()
        i = i + 1
        return escape(params[i])
    end)
    local body, query = nil, {}
    for _, field in ipairs(operation.fields or {}) do
        local value = fields[field.name]
        if value ~= nil and field.query then
            query[#query + 1] = escape(field.name) .. "=" .. escape(value)
        elseif value ~= nil then
            body = body or {}
            body[field.name] = field.name == "public_certificate" and shortened(value) or value
        end
    end
    return {
        method = operation.method,
        url = session:server() .. path .. (#query > 0 and "?" .. table.concat(query, "&") or ""),
        on_behalf_of = session.args.on_behalf_of,
        body = body,
    }
end

--- The same for people.
---@return string[]
function M.lines(request)
    local lines = { request.method .. " " .. request.url }
    if request.on_behalf_of then
        lines[2] = "on-behalf-of: " .. request.on_behalf_of
    end
    for line in (request.body and json.encode(request.body) or ""):gmatch "[^\n]+" do
        lines[#lines + 1] = line
    end
    return lines
end

--- Has the core look at everything that it looks at before it sends, and raises what it would
--- refuse.
---@param arguments table  with their number, n
function M.rehearse(session, command, arguments)
    local client = session:client()
    local handle = session:call(client._begin, client, command.number, unpack(arguments, 1,
        arguments.n))
    local _, err
    if handle:done() then
        _, err = handle:_result()
    end
    handle:_discard()
    if err then
        error(err, 0)
    end
end

return M
