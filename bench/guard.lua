-- guard.lua - fails when a call takes more instructions than it used to.
--
-- usage: sandbox/sandbox run lua5.4 bench/guard.lua [--write]
--
-- bench/baseline.json holds the instructions of a call in five scenarios, counted by callgrind on
-- Lua 5.4.  One that takes 3 % more fails; who means it writes the new numbers with --write, in
-- the same commit.  Another libcurl, lua-cjson, Lua or OpenSSL (but for the last number of its
-- version) than the baseline's has other numbers: then they are shown and judged by none.

package.path = (arg[0]:match "^.*/" or "./") .. "?.lua;" .. package.path

local cjson = require "cjson"
local measure = require "measure"
local per_call = require "parts.instructions".per_call

local SCENARIOS = { "update", "update_unchecked", "get", "not_found", "at_once" }
local LIMIT = 1.03
local ROUNDS = 2
local BASELINE = measure.here .. "baseline.json"

local function versions()
    local facts = measure.facts()
    local tls = facts.tls:match "^%a+/%d+%.%d+" or facts.tls
    return ("libcurl %s, %s, lua-cjson %s, %s"):format(facts.libcurl, tls, facts.cjson,
        measure.output_of "lua5.4 -v 2>&1":match "Lua [%d.]+")
end

local pem = require "common".make_certificate()

-- Answers come late (seconds), so that no call finds its own already there: how many do varies with
-- the load of the machine, by 3 % of a call.  Those of `at_once` come after all 16 calls have a
-- connection, and without TLS: how many of 16 handshakes at once resume a session varies too
-- (docs/performance.md).
local LATE = { delay = 0.003 }
local OPTIONS = { at_once = { url = os.getenv "SENDGRID_BASE_URL" .. "/delay/0.15" } }

local function count(name)
    return math.floor(per_call(function(calls)
        return ("lua5.4 %sscenario.lua %s %d %s"):format(measure.here, name, calls, pem)
    end, OPTIONS[name] or LATE, ROUNDS) + 0.5)
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
    local now = count(name)
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
