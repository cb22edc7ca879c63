-- lua-http 0.4 on cqueues, Lua 5.2 (what it needs is packaged for 5.1 and 5.2 alone): one kept
-- connection a thread.
--
-- usage: lua5.2 lua_http.lua CALLS IN_FLIGHT PEM_FILE

package.path = (arg[0]:match "^.*/" or "./") .. "?.lua;" .. package.path
local bench = require "support"
local cqueues = require "cqueues"
local client = require "http.client"
local http_headers = require "http.headers"
local http_tls = require "http.tls"
local context_store = require "openssl.x509.store"

local host, port = bench.base_url:match "^https://([^:/]+):(%d+)"
local path = bench.base_url:match "^https://[^/]+(.*)$" .. "/v3/sso/certificates/" .. bench.cert_id

local context = http_tls.new_client_context()
local store = context_store.new()
store:add(bench.ca_file)
context:setStore(store)

local function connect()
    local connection = assert(client.connect {
        host = host,
        port = tonumber(port),
        tls = true,
        ctx = context,
        version = 1.1,
    })
    return connection
end

local function call(connection)
    local body = bench.encode()
    local headers = http_headers.new()
    headers:append(":method", "PATCH")
    headers:append(":scheme", "https")
    headers:append(":authority", host .. ":" .. port)
    headers:append(":path", path)
    headers:append("authorization", "Bearer " .. bench.key, true)
    headers:append("accept", "application/json")
    headers:append("content-type", "application/json")
    headers:append("content-length", tostring(#body))
    local stream = assert(connection:new_stream())
    assert(stream:write_headers(headers, false, 30))
    assert(stream:write_body_from_string(body, 30))
    local answer = assert(stream:get_headers(30))
    bench.check(answer:get ":status", assert(stream:get_body_as_string(30)))
end

local connections = {}

local function run(count)
    local loop = cqueues.new()
    local to_start = count
    for i = 1, math.min(bench.in_flight, count) do
        loop:wrap(function()
            connections[i] = connections[i] or connect()
            while to_start > 0 do
                to_start = to_start - 1
                call(connections[i])
            end
        end)
    end
    assert(loop:loop())
end

bench.measure(run, cqueues.monotime)
