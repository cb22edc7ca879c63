-- connections.lua - a new connection for each call: CPU and wall time beyond a kept one's, with
-- the sandbox's CA and with the system's trust anchors, and how many of them resumed a session.
-- The server says with each answer that it closes.

local measure = require "measure"

local FAULT = "[{\"headers\":{\"Connection\":\"close\"},\"times\":\"always\"}]"

local function fault(on)
    local command = on and "--data-binary '" .. FAULT .. "'" or "-X DELETE"
    return os.execute("curl -fsS --noproxy '*' -o /dev/null " .. command
        .. " \"$SSO_SANDBOX_CONTROL/fault\"")
end

return function(context)
    local rows = {}
    local calls = context.quick and 100 or 400
    local kept = measure.calls("kept", ("lua5.4 %scall.lua %d 1 on %s"):format(
        measure.here, calls, context.pem), { cpu = "server" })
    assert(fault(true), "the sandbox takes no fault")
    local fresh = measure.calls("new connections", ("lua5.4 %scall.lua %d 1 on %s"):format(
        measure.here, calls, context.pem), { cpu = "server" })
    local floor = measure.calls("C", ("%sbench/call_floor %d 1 %s %s"):format(
        measure.build, calls, measure.cert_id, context.pem), { cpu = "server" })
    assert(fault(false), "the sandbox keeps its fault")
    for _, row in ipairs {
        { "kept", "sendgrid-sso, Lua 5.4, kept connection", kept },
        { "fresh", "sendgrid-sso, Lua 5.4, a new one each call", fresh },
        { "c", "C, a new one each call", floor },
    } do
        rows[#rows + 1] = {
            key = row[1], name = row[2], cpu_us = row[3].cpu, ms = 1e3 / row[3].rate,
        }
    end
    return { {
        key = "connections", title = "a new connection for each call, one CA", rows = rows,
        columns = { { "CPU µs", "cpu_us", "%.0f" }, { "ms a call", "ms", "%.2f" } },
    } }
end
