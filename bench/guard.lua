-- guard.lua - fails when a call takes more instructions than it used to.
--
-- usage: sandbox/sandbox run lua5.4 bench/guard.lua [--write]
--
-- bench/baseline.json holds the instructions of a call in five scenarios, counted by callgrind on
-- Lua 5.4.  One that takes 3 % more fails; who means it writes the new numbers with --write, in
-- the same commit.  Another libcurl, OpenSSL or lua-cjson than the baseline's has other numbers:
-- then they are shown and judged by none.

package.path = (arg[0]:match "^.*/" or "./") .. "?.lua;" .. package.path

local cjson = require "cjson"
local measure = require "measure"
local per_call = require "parts.instructions".per_call

local SCENARIOS = { "update", "update_unchecked", "get", "not_found", "at_once" }
local LIMIT = 1.03
local BASELINE = measure.here .. "baseline.json"

local function versions()
    local facts = measure.facts()
    return ("libcurl %s, %s, lua-cjson %s, %s"):format(facts.libcurl, facts.tls, facts.cjson,
        measure.output_of "lua5.4 -v 2>&1":match "Lua [%d.]+")
end

local pem = require "common".make_certificate()

local function count(name)
    return math.floor(per_call(function(calls)
        return ("lua5.4 %sscenario.lua %s %d %s"):format(measure.here, name, calls, pem)
    end, {}) + 0.5)
end

-- How often a call has to ask whether its answer has come depends on the machine, and varies by
-- 2 %: what seems to have grown is counted again, and the least number counts.
local function count_carefully(name, limit)
    local least = count(name)
    for _ = 1, 3 do
        if least <= limit then
            break
        end
        least = math.min(least, count(name))
    end
    return least
end

local function save(counts)
    local lines = {}
    for i, name in ipairs(SCENARIOS) do
        lines[i] = ('        "%s": %d'):format(name, counts[name])
    end
    local file = assert(io.open(BASELINE, "wb"))
    file:write(('{\n    "versions": "%s",\n    "instructions": {\n%s\n    }\n}\n'):format(
        versions(), table.concat(lines, ",\n")))
    file:close()
end

if arg[1] == "--write" then
    local counts = {}
    for _, name in ipairs(SCENARIOS) do
        counts[name] = count(name)
    end
    save(counts)
    print("written to " .. BASELINE)
    os.exit(0)
end

local baseline = cjson.decode(measure.read_file(BASELINE))
local comparable = baseline.versions == versions()
local failed = 0
print(("%-18s %10s %10s"):format("instructions of", "baseline", "now"))
for _, name in ipairs(SCENARIOS) do
    local before = baseline.instructions[name]
    local now = count_carefully(name, before * LIMIT)
    local grown = now > before * LIMIT
    print(("%-18s %10d %10d  %+.1f %%%s"):format(name, before, now, (now / before - 1) * 100,
        grown and "  GREW" or ""))
    failed = failed + (grown and 1 or 0)
end
if not comparable then
    print(("not judged: the baseline is of %s, here is %s"):format(baseline.versions, versions()))
    failed = 0
end
os.exit(failed == 0)
