-- luasec's ssl.https with lua-cjson, Lua 5.4: it opens a connection for every call.
--
-- usage: lua5.4 luasec.lua CALLS 1 PEM_FILE

package.path = (arg[0]:match "^.*/" or "./") .. "?.lua;" .. package.path
local bench = require "support"
local https = require "ssl.https"
local ltn12 = require "ltn12"
local socket = require "socket"

local function run(count)
    for _ = 1, count do
        local body, parts = bench.encode(), {}
        local ok, status = https.request {
            url = bench.url,
            method = "PATCH",
            headers = {
                authorization = "Bearer " .. bench.key,
                accept = "application/json",
                ["content-type"] = "application/json",
                ["content-length"] = #body,
            },
            source = ltn12.source.string(body),
            sink = ltn12.sink.table(parts),
            cafile = bench.ca_file,
            verify = "peer",
            protocol = "any",
            options = { "all", "no_sslv2", "no_sslv3", "no_tlsv1", "no_tlsv1_1" },
        }
        if not ok then
            error(tostring(status), 0)
        end
        bench.check(status, table.concat(parts))
    end
end

bench.measure(run, socket.gettime)
