-- connections.lua - a new connection for each call, which the server closes with its answer: CPU
-- beyond a kept one, resident memory, and how many resumed a session.  With the sandbox's CA alone
-- and with the system's trust anchors, which is what a program has that sets nothing.

local measure = require "measure"

local FAULT = [=[[{"headers":{"Connection":"close"},"times":"always"}]]=]
local FLIGHT = 64

-- With the server closing after each answer.  → what f gave, and the share that resumed a session
local function closing(f)
    local requests, result = measure.received(f, FAULT)
    local resumed = 0
    for _, request in ipairs(requests) do
        resumed = resumed + (request.tls.resumed and 1 or 0)
    end
    return result, resumed / #requests
end

-- KB that each of 64 connections takes which are open at once.
local function resident(context, around)
    local command = ("lua5.4 %sresident.lua %d %s"):format(measure.here, FLIGHT, context.pem)
    local text, ok = measure.output_of(measure.command(around and around(command) or command,
        { delay = 0.02, cpu = "other" }))
    local _, queued, flight = text:match "^(%d+) (%d+) (%d+)"
    if not ok or not flight then
        error("resident.lua failed: " .. text, 0)
    end
    return (flight - queued) / FLIGHT
end

return function(context)
    local calls, rounds = context.quick and 60 or 200, context.quick and 1 or 5
    local ours = ("lua5.4 %scall.lua %d 1 on %s"):format(measure.here, calls, context.pem)
    local floor = ("%sbench/call_floor %d 1 %s %s"):format(measure.build, calls, measure.cert_id,
        context.pem)
    local system = measure.with_system_anchors()
    local list = {
        { key = "one_ca", name = "sendgrid-sso, one CA", command = ours, resident = true },
        { key = "c_one_ca", name = "C, one CA", command = floor },
    }
    if system then
        list[3] = {
            key = "system", name = "sendgrid-sso, system's anchors", command = ours,
            around = system, resident = true,
        }
        list[4] = {
            key = "c_system", name = "C, system's anchors, hashed folder", command = floor,
            around = system,
        }
        list[5] = {
            key = "c_defaults", name = "C, system's anchors, libcurl's defaults", command = floor,
            around = system, env = "BENCH_ANCHORS=default",
        }
    end
    local shown = measure.rounds(list, rounds, function(item)
        local options = { cpu = "server", around = item.around, env = item.env }
        local kept = measure.calls(item.name, item.command, options)
        local fresh, resumed = closing(function()
            return measure.calls(item.name, item.command, options)
        end)
        return { cpu = fresh.cpu - kept.cpu, resumed = resumed }
    end)
    local rows = {}
    for i, item in ipairs(list) do
        local cpu, least, most = measure.of(shown[i], "cpu")
        rows[i] = {
            key = item.key, name = item.name, cpu_us = cpu, least = least, most = most,
            resumed = measure.of(shown[i], "resumed") * 100,
            kb = item.resident and resident(context, item.around) or nil,
        }
    end
    return { {
        key = "connections", title = "a new connection: beyond a call on a kept one", rows = rows,
        columns = {
            { "CPU µs", "cpu_us", "%.0f" }, { "least", "least", "%.0f" },
            { "most", "most", "%.0f" }, { "resumed", "resumed", "%.0f %%" },
            { "KB with its call", "kb", "%.1f" },
        },
    } }
end
