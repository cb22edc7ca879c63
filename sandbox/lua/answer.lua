-- What a handler gives back, and how it looks on the wire: status, headers, body. Error bodies
-- have the shape that the document or a switch says.

local json = require "json"
local switches = require "switches"
local x509 = require "x509"

local M = {}

function M.ok(value, status)
    return { status = status or 200, value = value }
end

-- 204, no body
function M.nothing()
    return { status = 204 }
end

-- field: the name of the offending field of the request, or nil
function M.problem(status, message, field)
    return { status = status, message = message, field = field }
end

-- The text SendGrid has for a status, used when a fault names the status alone.
M.usual = {
    [400] = "bad request",
    [401] = "authorization required",
    [403] = "access forbidden",
    [404] = "not found",
    [429] = "too many requests",
    [500] = "internal server error",
}

local function error_body(answer, shape)
    local item = json.object {
        { "message", answer.message },
        { "field", answer.field or json.null },
        { "error_id", x509.random_hex(8) },
    }
    local items = json.array { item }
    local chosen = switches.now.error_shape
    if chosen == "documented" then
        chosen = shape
    end
    return chosen == "object" and json.object { { "errors", items } } or items
end

-- → {status, headers (list of name, value), body (nil with 204)}
function M.render(answer, shape)
    local headers = {}
    for _, header in ipairs(answer.headers or {}) do
        headers[#headers + 1] = header
    end
    if answer.status == 204 then
        return { status = 204, headers = headers }
    end
    table.insert(headers, 1, { "Content-Type", "application/json" })
    local value = answer.value
    if answer.message then
        value = error_body(answer, shape)
    end
    return { status = answer.status, headers = headers, body = json.encode(value) }
end

return M
