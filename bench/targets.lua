-- targets.lua - what has to hold, each as a ratio of two numbers of one run or as a bound that
-- loopback alone decides.  `value` gets a look-up: value "TABLE" "ROW" "COLUMN".

return {
    {
        name = "instructions, validate on, seen before: at most 1.05 x C",
        limit = 1.05,
        value = function(at) return at("instructions", "lua54", "ratio") end,
    },
    {
        name = "instructions, validate off: at most 1.00 x C",
        limit = 1.00,
        value = function(at) return at("instructions", "lua54_off", "ratio") end,
    },
    {
        name = "CPU one at a time, Lua 5.4: at most 1.20 x C",
        limit = 1.20,
        value = function(at) return at("in_turn", "lua54", "ratio") end,
    },
    {
        name = "CPU one at a time, LuaJIT: at most 1.20 x C",
        limit = 1.20,
        value = function(at) return at("in_turn", "luajit", "ratio") end,
    },
    {
        name = "CPU at 64 in flight, Lua 5.4: at most 1.20 x C",
        limit = 1.20,
        value = function(at) return at("at_64", "lua54", "ratio") end,
    },
    {
        name = "CPU at 64 in flight, LuaJIT: at most 1.20 x C",
        limit = 1.20,
        value = function(at) return at("at_64", "luajit", "ratio") end,
    },
    {
        name = "calls/s at 64 in flight, Lua 5.4: at least 0.99 x C",
        limit = 0.99,
        least = true,
        value = function(at) return at("at_64", "lua54", "rate_ratio") end,
    },
    {
        name = "cold start, system's anchors, Lua 5.4: at most 0.40 x the curl program",
        limit = 0.40,
        value = function(at) return at("cold_system", "lua54", "ratio") end,
    },
    {
        name = "require \"sso\": at most 3 ms beyond loading libcurl",
        limit = 3,
        unit = "ms",
        value = function(at)
            local all = at("loading", "require", "wall_ms")
            local libcurl = at("loading", "libcurl", "wall_ms")
            return all and libcurl and all - libcurl
        end,
    },
    {
        name = "memory of a call in flight: at most 90 KB",
        limit = 90,
        unit = "KB",
        value = function(at) return at("memory", "lua54_1000", "flight_kb") end,
    },
    {
        name = "memory of a queued call: at most 4 KiB and the request (1.6 KB)",
        limit = 4 + 1.6,
        unit = "KB",
        value = function(at) return at("memory", "lua54_10000", "queued_kb") end,
    },
    {
        name = "Node's official client: at least 15 x the CPU of ours",
        limit = 15,
        least = true,
        value = function(at)
            local node, ours = at("in_turn", "node", "cpu_us"), at("in_turn", "lua54", "cpu_us")
            return node and ours and node / ours
        end,
    },
    {
        name = "a new connection, system's anchors: at most 1.2 ms CPU",
        limit = 1200,
        unit = "µs",
        value = function(at) return at("connections", "system", "cpu_us") end,
    },
    {
        name = "a new connection, system's anchors, and its call: at most 100 KB",
        limit = 100,
        unit = "KB",
        value = function(at) return at("connections", "system", "kb") end,
    },
    {
        name = "new connections that resumed a session: at least 95 %",
        limit = 95,
        least = true,
        unit = "%",
        value = function(at) return at("connections", "system", "resumed") end,
    },
    {
        -- the first hundred are few and have the caches to fill
        name = "CPU of a call, last decade to that of 100 to 1,000 calls: at most 1.10 x",
        limit = 1.10,
        value = function(at)
            local early = at("growth", "1000", "ratio")
            local late = at("growth", "1000000", "ratio") or at("growth", "100000", "ratio")
            return early and late and late / early
        end,
    },
}
