-- scenario.lua - one of the scenarios whose instructions bench/guard.lua watches.
--
-- usage: lua scenario.lua NAME CALLS PEM_FILE
--
-- Makes CALLS calls to warm up and as many again, so that the difference between two runs of
-- different length is twice the difference in calls.

package.path = (arg[0]:match "^.*/" or "./") .. "?.lua;" .. package.path
local bench = require "common"

local name, calls = arg[1], assert(tonumber(arg[2]))
local pem = bench.read_file(arg[3])
local url = os.getenv "SENDGRID_BASE_URL"

local function expect(kind)
    return function(value, err)
        if value or err.kind ~= kind then
            error(("%s was expected: %s"):format(kind, tostring(err)), 0)
        end
    end
end

local scenarios = {
    update = function(client)
        bench.run_in_turn(client, pem, calls)
    end,
    update_unchecked = function(client)
        bench.run_in_turn(client, pem, calls)
    end,
    get = function(client)
        for _ = 1, calls do
            assert(client:get_certificate(bench.cert_id))
        end
    end,
    not_found = function(client)
        local check = expect "not_found"
        for _ = 1, calls do
            check(client:get_certificate "1")
        end
    end,
    at_once = function(client)
        bench.run_at_once(client, pem, calls, 16)
    end,
}

local scenario = scenarios[name] or error("no scenario " .. tostring(name), 0)
local client = bench.client(url, 16, name ~= "update_unchecked")
scenario(client)
scenario(client)
client:close()
