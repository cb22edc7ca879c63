-- What the specs of answers share: a client of the sandbox that tries once, the answer that the
-- sandbox gives to every call of the case, and what a whole number is.

local helper = require "helper"

local M = {}

--- A certificate as JSON, with the id and the integration of the helper.
M.GOOD = '{"id":66138975,"not_before":1621289880,"not_after":1936649880,'
    .. '"public_certificate":"x","intergration_id":"' .. helper.INTEGRATION .. '"}'

--- A whole number as this Lua has it.
function M.is_whole(value)
    if math.type then
        return math.type(value) == "integer"
    end
    return type(value) == "number" and value % 1 == 0
end

--- A client of the sandbox as it is after its start.
function M.client()
    helper.sandbox.reset()
    return helper.client({
        base_url = helper.sandbox_value("HTTP"), api_key = os.getenv("SENDGRID_API_KEY"),
        max_retries = 0,
    })
end

--- Every call gets this answer; more: what else the sandbox's fault has, such as status.
function M.serve(body, more)
    local fault = { status = 200, headers = { ["Content-Type"] = "application/json" },
        body_base64 = require("mime").b64(body), times = "always" }
    if body == "" then
        fault.body_base64, fault.body = nil, ""
    end
    for name, value in pairs(more or {}) do
        fault[name] = value
    end
    helper.sandbox.fault({ fault })
end

return M
