-- concurrency.lua - checks that calls in flight really overlap: 6,400 calls on warm connections
-- with max_in_flight 64 take at most 1.15 times as long as 100 calls in turn, when each answer
-- comes 20 ms late.  Perfect overlap would be 1.
--
-- usage: sandbox/sandbox run lua5.4 bench/concurrency.lua
--
-- Three rounds, each with both; the median decides.  Exits 1 when it does not hold.

local bench = dofile((arg[0]:match("^.*/") or "./") .. "common.lua")

local IN_FLIGHT, IN_TURN, ROUNDS, LIMIT, DELAY = 64, 100, 3, 1.15, 0.02

local function timed(f, ...)
    local from = bench.now()
    f(...)
    return bench.now() - from
end

local pem = bench.read_file(bench.make_certificate())
local client = bench.client(bench.base_url(DELAY), IN_FLIGHT)
bench.run_at_once(client, pem, 2 * IN_FLIGHT, IN_FLIGHT)

local calls = IN_TURN * IN_FLIGHT
print(("each answer %g ms late, connections warm"):format(DELAY * 1000))
print(("round  %d in turn, s  %d with %d in flight, s  ratio"):format(IN_TURN, calls, IN_FLIGHT))
local ratios = {}
for round = 1, ROUNDS do
    local in_turn = timed(bench.run_in_turn, client, pem, IN_TURN)
    local at_once = timed(bench.run_at_once, client, pem, calls, IN_FLIGHT)
    ratios[round] = at_once / in_turn
    print(("%5d  %14.3f  %24.3f  %5.3f"):format(round, in_turn, at_once, ratios[round]))
end
client:close()

local ratio = bench.median(ratios)
local holds = ratio <= LIMIT
print(("median ratio %.3f, at most %.2f: %s"):format(ratio, LIMIT, holds and "holds" or "FAILS"))
os.exit(holds and 0 or 1)
