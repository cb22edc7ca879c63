-- What the Lua programs here share: they find the built module beside this folder, and make calls
-- that check their answers.  They run inside the sandbox, whose variables they read.

local M = {
    cert_id = "66138975",
    integration_id = "b0b98502-9408-4b24-9e3d-31ed7cb15312",
}

local function environment(name)
    return os.getenv(name) or error(name .. " is not set: start this by sandbox/sandbox run", 0)
end

-- LuaJIT loads what is built for 5.1.
local version = _VERSION:match("%d%.%d")
local here = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"
local root = here .. ".."
package.path = here .. "?.lua;" .. root .. "/lua/?.lua;" .. root .. "/lua/?/init.lua;"
    .. package.path
package.cpath = root .. "/build/" .. version .. "/?.so;" .. package.cpath

local sso = require "sso"

--- Seconds on a clock that only goes forward.
M.now = require("sso.core").now

function M.read_file(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read("*a")
    file:close()
    return text
end

--- A certificate as an identity provider has it, made anew by openssl in the sandbox's folder.
---@return string path
function M.make_certificate()
    local path = environment("SSO_SANDBOX_DIR") .. "/bench.pem"
    local command = "openssl req -x509 -newkey rsa:3072 -nodes -days 365 -keyout /dev/null "
        .. "-subj '/CN=identity provider' -out '" .. path .. "' 2>/dev/null"
    local ok = os.execute(command)
    assert(ok == true or ok == 0, "openssl made no certificate")
    return path
end

--- The sandbox over TLS.
---@param delay? number  seconds that each answer is late
function M.base_url(delay)
    local url = environment("SSO_SANDBOX_HTTPS")
    return delay and url .. "/delay/" .. delay or url
end

--- A client with the sandbox's CA, or the system's trust anchors where SSL_CERT_FILE is not set.
--- No retries: a failure shall be seen.
function M.client(base_url, in_flight, validate)
    return assert(sso.new {
        base_url = base_url,
        validate = validate,
        ca_file = os.getenv "SSL_CERT_FILE" and environment "SSO_SANDBOX_CA",
        max_in_flight = in_flight,
        max_retries = 0,
    })
end

function M.fields(pem)
    return { public_certificate = pem, enabled = true, integration_id = M.integration_id }
end

local id = tonumber(M.cert_id)

function M.check(pem, certificate, err)
    if not certificate then
        error(tostring(err), 0)
    elseif certificate.id ~= id or certificate.public_certificate ~= pem then
        error("the answer is about another certificate", 0)
    end
end

--- Makes calls one after the other.
---@param times? number[]  gets the seconds that each took
function M.run_in_turn(client, pem, calls, times)
    for i = 1, calls do
        local from = times and M.now()
        M.check(pem, client:update_certificate(M.cert_id, M.fields(pem)))
        if times then
            times[i] = M.now() - from
        end
    end
end

--- Makes calls so that `in_flight` of them are under way all the time.
function M.run_at_once(client, pem, calls, in_flight)
    local to_start, done = calls, 0
    local start
    local function callback(certificate, err)
        M.check(pem, certificate, err)
        done = done + 1
        start()
    end
    function start()
        if to_start > 0 then
            to_start = to_start - 1
            client:update_certificate(M.cert_id, M.fields(pem), callback)
        end
    end
    for _ = 1, in_flight do
        start()
    end
    client:run()
    assert(done == calls, "callbacks are missing")
end

function M.median(values)
    local sorted = {}
    for i, value in ipairs(values) do
        sorted[i] = value
    end
    table.sort(sorted)
    local middle = math.floor((#sorted + 1) / 2)
    return #sorted % 2 == 1 and sorted[middle] or (sorted[middle] + sorted[middle + 1]) / 2
end

return M
