--- Measures in a process of its own for how long a loop stands still: the longest gap between two
--- turns of a ticker of 1 ms, while there is nothing to do and while everything happens at once.
--
-- What happens: 64 TLS connections begin, a name look-up takes a second and finds nothing, and a
-- call waits a second to be tried again.  The gap is told in CPU time, too: on a busy machine the
-- clock on the wall tells more about the others.

local now = require("process").now
local sso = require "sso"

local CALLS = 64

local function client_of(port, options)
    options.base_url = ("%s://%s"):format(port == "http" and "http" or "https", options.base_url)
    options.api_key, options.validate = "SG.x", false
    options.ca_file = port ~= "http" and os.getenv "SSO_FAULTS_CA" or nil
    return assert(sso.new(options))
end

local function at(port, scenario)
    return ("127.0.0.1:%s/%s/%.0f"):format(os.getenv("SSO_FAULTS_" .. port:upper()), scenario,
        now() * 1e6)
end

-- Ticks until `over()`; the longest gap, seconds: on the clock, and of CPU time.
local function longest_gap(loop, over)
    local longest, longest_cpu = 0, 0
    local before, before_cpu = now(), os.clock()
    repeat
        loop.pause(0.001)
        local at_last, cpu = now(), os.clock()
        longest = math.max(longest, at_last - before)
        longest_cpu = math.max(longest_cpu, cpu - before_cpu)
        before, before_cpu = at_last, cpu
    until over()
    return longest, longest_cpu
end

local function idle_gap(loop)
    local ends = now() + 0.3
    return longest_gap(loop, function()
        return now() > ends
    end)
end

local function busy_gap(loop)
    local left, problems, began = CALLS + 2, {}, os.clock()
    local tls = client_of("https", { base_url = at("https", "ok") })
    local slow = client_of("https", {
        base_url = "nowhere-1000.test:4430", max_retries = 0,
    })
    local flaky = client_of("http", { base_url = at("http", "flaky-1-retry-after-1") })
    local function count(wanted)
        return function(value, err)
            left = left - 1
            local got = value and "ok" or err.kind
            if got ~= wanted then
                problems[#problems + 1] = tostring(err)
            end
        end
    end
    slow:get_certificate(1, count "dns")
    flaky:get_certificate(1, count "ok")
    for i = 1, CALLS do
        tls:get_certificate(i, count "ok")
    end
    local longest, cpu = longest_gap(loop, function()
        return left == 0
    end)
    assert(#problems == 0, problems[1])
    for _, client in ipairs { tls, slow, flaky } do
        client:close()
    end
    return longest, cpu, os.clock() - began
end

-- The median of what one plain call adds to a server that takes 20 ms, seconds.
local function added(loop)
    local client, times = client_of("http", { base_url = at("http", "delay-20") }), {}
    for i = 1, 21 do
        local began = now()
        assert(client:get_certificate(i))
        times[i] = now() - began - 0.020
        loop.pause(0)
    end
    client:close()
    table.sort(times)
    return times[11]
end

--- Writes "added S" and a few lines "idle S busy S cpu S of S", seconds.
return function(loop)
    local errors = loop.run(function()
        io.write(("added %.6f\n"):format(added(loop)))
        for _ = 1, 3 do
            local idle = idle_gap(loop)
            io.write(("idle %.6f busy %.6f cpu %.6f of %.6f\n"):format(idle, busy_gap(loop)))
        end
    end)
    assert(#errors == 0, errors[1])
end
