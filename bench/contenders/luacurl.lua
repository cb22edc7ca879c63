-- Debian's lua-curl (luacurl 0.3.0) with lua-cjson, Lua 5.1: one call at a time, it has no multi
-- interface.  Its libcurl is the one with GnuTLS, so it is no measure of what a binding adds.
--
-- usage: lua5.1 luacurl.lua CALLS 1 PEM_FILE

package.path = (arg[0]:match "^.*/" or "./") .. "?.lua;" .. package.path
local bench = require "support"
local curl = require "curl"
local socket = require "socket"

local easy = curl.easy_init()
local parts, headers

local function keep_body(data)
    parts[#parts + 1] = data
    return #data
end

local function keep_header(data)
    headers[#headers + 1] = data
    return #data
end

easy:setopt(curl.OPT_URL, bench.url)
easy:setopt(curl.OPT_CAINFO, bench.ca_file)
easy:setopt(curl.OPT_NOSIGNAL, 1)
easy:setopt(curl.OPT_TIMEOUT, 30)
easy:setopt(curl.OPT_CUSTOMREQUEST, "PATCH")
easy:setopt(curl.OPT_HTTPHEADER, {
    "Authorization: Bearer " .. bench.key, "Accept: application/json",
    "Content-Type: application/json", "Expect:",
})
easy:setopt(curl.OPT_WRITEFUNCTION, keep_body)
easy:setopt(curl.OPT_HEADERFUNCTION, keep_header)

local function run(count)
    for _ = 1, count do
        parts, headers = {}, {}
        easy:setopt(curl.OPT_POSTFIELDS, bench.encode())
        local ok, why = easy:perform()
        if not ok then
            error(tostring(why), 0)
        end
        bench.check(headers[1]:match "^%S+ (%d+)", table.concat(parts))
    end
end

bench.measure(run, socket.gettime)
