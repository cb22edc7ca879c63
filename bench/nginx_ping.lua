-- What nginx_ping's worker does on request: keeps calls in flight, tells its CPU time, and times
-- calls against ngx.sleep.
-- luacheck: read globals ngx

local ngx = ngx
local now = require("sso.core").now
local sso = require "sso"

local M = {}

local CERT_ID = "66138975"

local client, fields
local load = { wanted = 0, calls = 0 }

local function read_file(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read("*a")
    file:close()
    return text
end

-- One client whatever the delay: it is part of the server's address.
local function prepare(delay)
    client = assert(sso.new {
        base_url = os.getenv("SSO_SANDBOX_HTTPS") .. "/delay/" .. delay,
        ca_file = os.getenv("SSO_SANDBOX_CA"),
        max_retries = 0,
    })
    fields = {
        public_certificate = read_file(os.getenv("SSO_SANDBOX_DIR") .. "/bench.pem"),
        enabled = true,
    }
end

local function call()
    local certificate, err = client:update_certificate(CERT_ID, fields)
    if not certificate or certificate.public_certificate ~= fields.public_certificate then
        load.failure = tostring(err or "the answer is about another certificate")
    end
    load.calls = load.calls + 1
end

local function keep_calling(run)
    while load.run == run and not load.failure do
        call()
    end
end

local function keep_in_flight(_, run, count)
    for _ = 1, count do
        ngx.thread.spawn(keep_calling, run)
    end
end

-- In microseconds, sorted.
local function times_of(count, f, ...)
    local times = {}
    for i = 1, count do
        local from = now()
        f(...)
        times[i] = (now() - from) * 1e6
    end
    table.sort(times)
    return times
end

local rows = {
    ["/pid"] = function()
        return ngx.worker.pid()
    end,
    ["/prepare"] = function(arguments)
        prepare(arguments.delay)
        return "ready"
    end,
    ["/start"] = function(arguments)
        load.run = {}
        assert(ngx.timer.at(0, keep_in_flight, load.run, tonumber(arguments.count)))
        return "started"
    end,
    ["/stop"] = function()
        load.run = nil
        return "stopped"
    end,
    -- CPU seconds, seconds, calls so far
    ["/usage"] = function()
        if load.failure then
            error(load.failure)
        end
        return ("%.6f %.6f %d"):format(os.clock(), now(), load.calls)
    end,
    -- p50 and p99 of a sleep, and of a call that is answered as late
    ["/added"] = function(arguments)
        local count, delay = tonumber(arguments.count), tonumber(arguments.delay)
        times_of(10, call)
        local sleeps = times_of(count, ngx.sleep, delay)
        local calls = times_of(count, call)
        local middle, high = math.floor(count / 2), math.floor(count * 0.99)
        return ("%.0f %.0f %.0f %.0f"):format(sleeps[middle], sleeps[high], calls[middle],
            calls[high])
    end,
}

function M.serve()
    ngx.say(rows[ngx.var.uri](ngx.req.get_uri_args()))
end

return M
