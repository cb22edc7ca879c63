--- What the spec of the HAProxy host has HAProxy load: each function of `services` is a service
--- under its own name, its argument the query, what it returns the answer.
-- luacheck: read globals core

local process = require "process"
local sso = require "sso"
local client = assert(sso.new { validate = false })
local facts = {}

local function told(certificate, err)
    return certificate and certificate.id or err.kind .. ": " .. tostring(err)
end

local at_start = told(client:get_certificate "66138975")
local at_init
core.register_init(function()
    at_init = told(client:get_certificate "66138975")
end)

local services = {}

function services.at_start()
    return at_start .. " " .. at_init
end

function services.get()
    return told(client:get_certificate "66138975")
end

function services.active()
    return client:_active()
end

function services.fact(argument)
    return facts[argument]
end

function services.slow(seconds)
    return told(client:get_certificate("66138975", {
        base_url = os.getenv "SSO_SANDBOX_HTTP" .. "/delay/" .. seconds,
    }))
end

function services.late(seconds)
    client:get_certificate("66138975", {
        base_url = os.getenv "SSO_SANDBOX_HTTP" .. "/delay/" .. seconds,
    }, function(certificate, err)
        core.Info("a late callback: " .. told(certificate, err))
    end)
    return "begun"
end

function services.pid()
    return process.getpid()
end

function services.from(server)
    local certificate, err, response = client:get_certificate("66138975", {
        base_url = server, api_key = "SG.x", timeout = 10,
    })
    return (certificate and certificate.id or err.kind .. " " .. tostring(err.phase))
        .. " " .. (response and response.attempts or "-")
end

function services.callback()
    local returned, seen = false, {}
    client:get_certificate("66138975", function(certificate)
        seen[#seen + 1] = tostring(returned)
        core.msleep(2) -- a task: it may wait
        seen[#seen + 1] = certificate.id
    end)
    returned = true
    repeat
        core.msleep(1)
    until #seen == 2
    core.msleep(10)
    return table.concat(seen, " ")
end

function services.sleepers()
    local asleep, seen = 0, 0
    for _ = 1, 3 do
        client:get_certificate("66138975", function()
            asleep = asleep + 1
            repeat
                core.msleep(1)
            until seen == 3
            asleep = asleep - 1
        end)
    end
    repeat
        core.msleep(1)
    until asleep == 3
    for _ = 1, 3 do
        client:get_certificate("66138975", function() seen = seen + 1 end)
    end
    repeat
        core.msleep(1)
    until asleep == 0
    return seen
end

function services.refused()
    local seen
    client:update_certificate("66138975", { public_certificate = "x" }, { validate = true },
        function(_, err) seen = err.kind end)
    repeat
        core.msleep(1)
    until seen
    return seen
end

function services.raise()
    local good = 0
    for i = 1, 5 do
        client:get_certificate("66138975", function()
            if i == 3 then
                error "a bad callback"
            end
            good = good + 1
        end)
    end
    client:run()
    core.msleep(5)
    return good
end

function services.cancel()
    local seen
    local handle = client:get_certificate("66138975", {
        base_url = os.getenv "SSO_SANDBOX_HTTP" .. "/delay/5",
    }, function(_, err) seen = err.kind end)
    core.msleep(10)
    local first = tostring(handle:cancel())
    repeat
        core.msleep(1)
    until seen
    return first .. " " .. seen
end

function services.run()
    local n = 0
    for _ = 1, 10 do
        client:get_certificate("66138975", function(certificate)
            n = n + (certificate and 1 or 0)
        end)
    end
    local left = client:run()
    return n .. " " .. left
end

function services.wait()
    local handles = {}
    for i = 1, 5 do
        handles[i] = client:get_certificate("66138975", function() end)
    end
    sso.wait_all(handles)
    return told(handles[5]:wait())
end

function services.key()
    return told(client:get_certificate("66138975", {
        api_key = function()
            core.msleep(1) -- as a key that comes from a vault
            return os.getenv "SENDGRID_API_KEY"
        end,
    }))
end

function services.close(server)
    local mine = assert(sso.new { api_key = "SG.x", base_url = server })
    local seen = {}
    core.register_task(function()
        local _, err = mine:get_certificate "1"
        seen[#seen + 1] = err.kind
    end)
    mine:get_certificate("1", function(_, err)
        seen[#seen + 1] = err.kind
    end)
    core.msleep(20)
    mine:close()
    repeat
        core.msleep(1)
    until #seen == 2
    return table.concat(seen, " ")
end

function services.collected(server)
    local held, seen = setmetatable({}, { __mode = "k" }), nil
    local function begin()
        local mine = assert(sso.new { api_key = "SG.x", base_url = server })
        held[mine] = true
        mine:get_certificate("1", function(certificate) seen = certificate.id end)
    end
    begin()
    collectgarbage()
    repeat
        core.msleep(1)
    until seen
    core.msleep(20)
    collectgarbage()
    collectgarbage()
    return seen .. " " .. tostring(next(held))
end

function services.nested()
    local seen
    coroutine.wrap(function()
        seen = told(client:get_certificate "66138975")
    end)()
    return seen
end

function services.task()
    core.register_task(function()
        facts.task = told(client:get_certificate "66138975")
    end)
    return ""
end

-- The ticker's longest gap, seconds: on the clock, and of CPU time.
local function longest_gap(over)
    local longest, longest_cpu = 0, 0
    local before, before_cpu = process.now(), os.clock()
    repeat
        core.msleep(1)
        local now, cpu = process.now(), os.clock()
        longest = math.max(longest, now - before)
        longest_cpu = math.max(longest_cpu, cpu - before_cpu)
        before, before_cpu = now, cpu
    until over()
    return longest, longest_cpu
end

function services.gap()
    local ends = process.now() + 0.3
    local idle = longest_gap(function() return process.now() > ends end)
    local began, left, failed = os.clock(), 66, nil
    local function count(wanted)
        return function(certificate, err)
            left = left - 1
            if (certificate and "ok" or err.kind) ~= wanted then
                failed = failed or told(certificate, err)
            end
        end
    end
    local function at(port, scenario)
        return ("%s://127.0.0.1:%s/%s/%.0f"):format(port:lower(), os.getenv("SSO_FAULTS_" .. port),
            scenario, process.now() * 1e6)
    end
    local clients = {
        assert(sso.new { api_key = "SG.x", base_url = at("HTTPS", "ok"),
            ca_file = os.getenv "SSO_FAULTS_CA" }),
        assert(sso.new { api_key = "SG.x", base_url = at("HTTP", "flaky-1-retry-after-1") }),
        assert(sso.new { api_key = "SG.x", base_url = "https://nowhere-1000.test:4430",
            max_retries = 0 }),
    }
    clients[3]:get_certificate("1", count "dns")
    clients[2]:get_certificate("1", count "ok")
    for i = 1, 64 do
        clients[1]:get_certificate(i, count "ok")
    end
    local busy, cpu = longest_gap(function() return left == 0 end)
    for _, each in ipairs(clients) do
        each:close()
    end
    return failed or ("idle %.6f busy %.6f cpu %.6f of %.6f"):format(idle, busy, cpu,
        os.clock() - began)
end

function services.added(server)
    local times = {}
    for i = 1, 21 do
        local began = process.now()
        assert(client:get_certificate("1", { base_url = server, api_key = "SG.x" }))
        times[i] = (process.now() - began) * 1000 - 20
    end
    table.sort(times)
    return ("%.1f"):format(times[11])
end

-- Registry references and kB after n calls, of which a tenth are plain.
-- HAProxy 2.6 itself keeps a reference for
-- each task that is registered, so these calls register none.
function services.many(n)
    for _ = 1, n / 10 do -- each waits for HAProxy's next look
        assert(client:get_certificate "66138975")
    end
    local left = n / 10 * 9
    for _ = 1, left do
        client:get_certificate("66138975", function() left = left - 1 end)
    end
    repeat
        core.msleep(1)
    until left == 0
    core.msleep(50)
    collectgarbage()
    collectgarbage()
    local references = 0
    for _ in pairs(debug.getregistry()) do
        references = references + 1
    end
    return ("%d %.0f"):format(references, collectgarbage "count")
end

for name, service in pairs(services) do
    core.register_service(name, "http", function(applet)
        local ok, text = pcall(service, applet.qs)
        text = tostring(text)
        applet:set_status(ok and 200 or 500)
        applet:add_header("content-length", tostring(#text))
        applet:start_response()
        applet:send(text)
    end)
end

core.register_action("sso", { "http-req" }, function(txn)
    txn:set_var("txn.sso", tostring(told(client:get_certificate "66138975")))
end)

core.register_fetches("sso", function()
    return told(client:get_certificate "66138975")
end)

core.register_fetches("sso_callback", function()
    client:get_certificate("66138975", function(certificate, err)
        facts.fetch = told(certificate, err)
    end)
    return "begun"
end)
