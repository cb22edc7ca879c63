-- bytes.lua - do all contenders do the same work: each makes calls, and the server says how many
-- came, by which TLS, and how what came differs from what the C program sent.

local contenders = require "contenders"
local measure = require "measure"

local CALLS = 5

local function head_of(request, without)
    local lines = { request.method .. " " .. request.uri }
    for _, header in ipairs(request.headers) do
        if header[1] ~= without then
            lines[#lines + 1] = header[1] .. ": " .. header[2]
        end
    end
    return table.concat(lines, "\n")
end

local function sent(contender, context)
    local requests = measure.received(function()
        measure.calls(contender.name,
            contenders.command(contender, CALLS, 1, context.pem), { env = "BENCH_WARM=1" })
    end)
    local warm = #requests - CALLS
    if warm < 0 or warm > CALLS then
        error(("%s: %d calls, and the server counted %d"):format(contender.name, CALLS,
            #requests), 0)
    end
    return requests[#requests]
end

-- Another version of Lua has another name in the header User-Agent, and nothing else.
local function difference(request, floor)
    if request.body_base64 ~= floor.body_base64 then
        return "same values, its own JSON"
    elseif head_of(request) == head_of(floor) then
        return "the same bytes"
    elseif head_of(request, "User-Agent") == head_of(floor, "User-Agent") then
        return "the same bytes but the name in User-Agent"
    end
    return "the same body, its own headers"
end

return function(context)
    local rows, floor = {}, nil
    -- what the module sends is what the C program is told to
    for _, header in ipairs(sent(contenders.named(context.contenders, "lua54"), context).headers) do
        if header[1] == "User-Agent" then
            measure.agent = header[2]
        end
    end
    for i, contender in ipairs(context.contenders) do
        local request = sent(contender, context)
        floor = floor or request
        local how = difference(request, floor)
        if contender.judged and not how:find "^the same bytes" then
            error(contender.name .. " sends other bytes than the C program", 0)
        end
        rows[i] = {
            key = contender.key, name = contender.name, bytes = how, tls = request.tls.protocol,
        }
    end
    return { {
        key = "bytes", title = "what the server received", rows = rows,
        columns = { { "", "bytes", "%s" }, { "TLS", "tls", "%s" } },
    } }
end
