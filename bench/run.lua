-- run.lua - the benchmark: what a call costs beyond the network, beside a C program that does the
-- same work with libcurl and cJSON, and beside what people use today.
--
-- usage: sandbox/sandbox run bench/run [--quick] [--only PART[,PART...]] [--publish]
--
-- Prints tables and what of the targets holds; writes build/bench/results.json and chart.svg.
-- --publish also writes docs/benchmark.md and docs/benchmark.svg.  Ends with 1 when a target is
-- missed, except with --quick, whose numbers are too few to judge.

local here = arg[0]:match "^.*/" or "./"
package.path = here .. "?.lua;" .. package.path

local measure = require "measure"
local contenders = require "contenders"
local report = require "report"

local PARTS = {
    "bytes", "cpu", "instructions", "start", "memory", "latency", "connections",
    "http2", "growth",
}

local function options_of(words)
    local options = { parts = PARTS }
    local i = 1
    while words[i] do
        if words[i] == "--quick" or words[i] == "--publish" then
            options[words[i]:sub(3)] = true
        elseif words[i] == "--only" and words[i + 1] then
            options.parts = {}
            for part in words[i + 1]:gmatch "%w+" do
                options.parts[#options.parts + 1] = part
            end
            i = i + 1
        else
            io.stderr:write("usage: bench/run [--quick] [--only PART[,PART...]] [--publish]\n")
            os.exit(2)
        end
        i = i + 1
    end
    return options
end

local function write(path, text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
end

-- → looks a number up: at(TABLE, ROW, COLUMN), nil where it was not measured
local function lookup(tables)
    return function(key, row_key, column)
        for _, t in ipairs(tables) do
            for _, row in ipairs(t.key == key and t.rows or {}) do
                if row.key == row_key then
                    return row[column]
                end
            end
        end
    end
end

-- → list of {name, limit, value, holds}
local function judge(tables)
    local at, verdicts = lookup(tables), {}
    for _, target in ipairs(require "targets") do
        local value = target.value(at)
        if value then
            local holds
            if target.least then
                holds = value >= target.limit
            else
                holds = value <= target.limit
            end
            verdicts[#verdicts + 1] = {
                name = target.name, limit = target.limit, value = value, holds = holds,
                unit = target.unit or "x",
            }
        end
    end
    return verdicts
end

local README_MARKS = { "<!-- benchmark: make bench PUBLISH=1 -->", "<!-- benchmark ends -->" }

-- Writes docs/benchmark.md, its picture, and the README's part.
local function publish(facts, tables, verdicts, chart, quick)
    local page = { "# Benchmark results\n\nMade by `make bench "
        .. (quick and "QUICK=1 PUBLISH=1`, the short run, so with few rounds"
            or "PUBLISH=1`")
        .. "; [bench/README.md](../bench/README.md) says what each\nnumber is.\n\n"
        .. report.facts(facts):gsub("\n", "  \n")
        .. "\n\n![CPU time of a call](benchmark.svg)\n" }
    for _, t in ipairs(tables) do
        page[#page + 1] = report.markdown(t)
    end
    page[#page + 1] = "| target | measured | |\n|---|---:|---|\n"
    for _, verdict in ipairs(verdicts) do
        page[#page] = page[#page] .. ("| %s | %.3f %s | %s |\n"):format(verdict.name, verdict.value,
            verdict.unit, verdict.holds and "holds" or "missed")
    end
    write(here .. "../docs/benchmark.md", table.concat(page, "\n"))
    write(here .. "../docs/benchmark.svg", chart)
    local readme = measure.read_file(here .. "../README.md")
    local from, start = readme:find(README_MARKS[1], 1, true)
    local stop = readme:find(README_MARKS[2], 1, true)
    assert(from and stop, "the README has no place for the benchmark")
    write(here .. "../README.md", readme:sub(1, start) .. "\n\n" .. report.summary(tables)
        .. "\n" .. report.facts(facts):gsub("\n", "; ") .. ".\n" .. readme:sub(stop))
end

local options = options_of(arg)
local began = measure.now()
local facts = measure.facts()
local list, missing = contenders.here()
assert(list[1] and list[1].floor, "the C program is missing: make bench-programs")

local context = {
    quick = options.quick,
    contenders = list,
    pem = require "common".make_certificate(),
    say = print,
}
measure.pin()
print(report.facts(facts))
if #missing > 0 then
    print("not to be had here: " .. table.concat(missing, "; "))
end

local tables = {}
for _, part in ipairs(options.parts) do
    local run = require("parts." .. part)
    for _, t in ipairs((type(run) == "table" and run.run or run)(context)) do
        tables[#tables + 1] = t
        print(report.text(t))
    end
end

local verdicts, all_hold = judge(tables), true
print ""
for _, verdict in ipairs(verdicts) do
    all_hold = all_hold and verdict.holds
    print(("%-7s %8.3f %-2s  %s"):format(verdict.holds and "holds" or "MISSED", verdict.value,
        verdict.unit, verdict.name))
end
print(("\n%.0f s"):format(measure.now() - began))

write(measure.build .. "bench/results.json", report.json(facts, missing, tables, verdicts))
local chart = require "chart".svg(tables, facts)
write(measure.build .. "bench/chart.svg", chart)
if options.publish then
    publish(facts, tables, verdicts, chart, options.quick)
end
os.exit(all_hold or options.quick)
