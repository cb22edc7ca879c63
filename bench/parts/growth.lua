-- growth.lua - does a call cost more the more there were: one process makes calls up to a number,
-- and between its blocks the C program makes some, so that a machine that is slower for a while is
-- slower for both.  For each decade the median of its blocks' ratios, and memory at its end.
--
-- BENCH_GROWTH=1000000 goes up to a million, which takes some minutes.

local contenders = require "contenders"
local measure = require "measure"

local FIRST = 100

-- Ends of decades, and the blocks within each: { {to = 100, blocks = {…}}, … }
local function decades(last, per_decade)
    local list, from, to = {}, 0, FIRST
    while to <= last do
        local blocks, count = {}, to == FIRST and 1 or per_decade
        for i = 1, count do
            blocks[i] = (to - from) // count
        end
        list[#list + 1] = { to = to, blocks = blocks }
        from, to = to, to * 10
    end
    return list
end

return function(context)
    local last = tonumber(os.getenv "BENCH_GROWTH") or (context.quick and 1000 or 100000)
    local fifo = os.getenv "SSO_SANDBOX_DIR" .. "/growth"
    assert(os.execute("mkfifo " .. measure.quote(fifo)), "mkfifo failed")
    local orders = assert(io.popen(measure.command(("lua5.4 %sgrowth.lua %s %s"):format(
        measure.here, context.pem, measure.quote(fifo)), { cpu = "server" }), "w"))
    local results = assert(io.open(fifo))
    local floor = contenders.command(context.contenders[1], 500, 1, context.pem)

    -- The C program runs before and after; their mean is what the block is compared with.
    local function c_cpu()
        return measure.calls("C", floor, { cpu = "server" }).cpu
    end
    local function block(calls)
        orders:write(calls, "\n")
        orders:flush()
        local cpu, kb = results:read("l"):match "^([%d.]+) (%d+)$"
        return cpu / calls * 1e6, tonumber(kb)
    end

    local rows, before = {}, c_cpu()
    for _, decade in ipairs(decades(last, context.quick and 3 or 9)) do
        local ratios, cpus, kb = {}, {}, nil
        for i, calls in ipairs(decade.blocks) do
            cpus[i], kb = block(calls)
            local after = c_cpu()
            ratios[i] = cpus[i] / ((before + after) / 2)
            before = after
        end
        rows[#rows + 1] = {
            key = ("%d"):format(decade.to), name = ("up to %d calls"):format(decade.to),
            cpu_us = measure.median(cpus), ratio = measure.median(ratios), mb = kb / 1024,
        }
    end
    orders:close()
    results:close()
    os.remove(fifo)
    return { {
        key = "growth", title = "one client, more and more calls: CPU of a call", rows = rows,
        columns = {
            { "CPU µs", "cpu_us", "%.1f" }, { "ratio to C", "ratio", "%.2f" },
            { "MB", "mb", "%.1f" },
        },
    } }
end
