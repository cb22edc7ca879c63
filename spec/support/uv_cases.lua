--- What must hold in luv and in Neovim alike: cases that run inside of the host.  Each has Lua
--- code, the fault scenarios behind its URLs, and what it prints; `define` makes specs of them.

local gaps = require "support.uv_gaps"
local helper = require "helper"

local M = {}

local cases = {
    {
        "a plain call suspends its coroutine, and the loop goes on",
        urls = { ok = "delay-800" },
        code = [[
            loop(function(done)
                local client, left = client "ok", 2
                for i = 1, 2 do
                    go(function()
                        local value = assert(client:get_certificate(i))
                        say("got", value.id)
                        left = left - 1
                        if left == 0 then done() end
                    end)
                    say("begun", i)
                end
                later(20, function() say "tick" end)
            end)
        ]],
        prints = "^begun 1\nbegun 2\ntick\ngot %d\ngot %d\nend\n$",
    },
    {
        "a plain call on the main chunk lets the loop go on",
        urls = { ok = "delay-800" },
        code = [[
            later(20, function() say "tick" end)
            say("got", assert(client "ok":get_certificate(7)).id)
        ]],
        prints = "^tick\ngot 7\nend\n$",
    },
    {
        "a callback runs once, from the loop, after the call has returned",
        urls = { ok = "ok" },
        code = [[
            loop(function(done)
                local client, left = client "ok", 20
                for i = 1, 20 do
                    local handle = client:get_certificate(i, function(value, err, response)
                        assert(value.id == i and not err and response.status == 200)
                        left = left - 1
                        if left == 0 then later(20, done) end
                        assert(left >= 0)
                    end)
                    assert(not handle:done() and left == 20)
                end
            end)
        ]],
        prints = "^end\n$",
    },
    {
        "a call that was refused before it began reaches its callback later",
        urls = { ok = "ok" },
        code = [[
            loop(function(done)
                client "ok":update_certificate(1, { public_certificate = "x" },
                    { validate = true }, function(_, err) say(err.kind) done() end)
                say "returned"
            end)
            print = say
            local _, err = client "ok":update_certificate(1, { public_certificate = "x" },
                { validate = true })
            say(err.kind)
        ]],
        prints = "^returned\ncertificate\ncertificate\nend\n$",
    },
    {
        "a callback may make plain calls",
        urls = { ok = "delay-5" },
        code = [[
            loop(function(done)
                local client = client "ok"
                client:get_certificate(1, function(one)
                    local two = assert(client:get_certificate(2))
                    local three = assert(client:get_certificate(3))
                    say(one.id, two.id, three.id)
                    done()
                end)
            end)
        ]],
        prints = "^1 2 3\nend\n$",
    },
    {
        "cancel",
        urls = { stall = "stall-headers" },
        code = [[
            loop(function(done)
                local handle = client "stall":get_certificate(1, function(_, err)
                    say(err.kind)
                    done()
                end)
                later(30, function() say(handle:cancel()) say(handle:cancel()) end)
            end)
        ]],
        prints = "^true\nfalse\ncancelled\nend\n$",
    },
    {
        "a coroutine whose call is cancelled goes on",
        urls = { stall = "stall-headers" },
        code = [[
            loop(function(done)
                local client = client "stall"
                go(function()
                    local _, err = client:get_certificate(1)
                    say(err.kind)
                    done()
                end)
                later(30, function() client:close() end)
            end)
        ]],
        prints = "^cancelled\nend\n$",
    },
    {
        "an error raised in a callback goes the host's way, and others go on",
        urls = { ok = "delay-20" },
        code = [[
            loop(function(done)
                local client, good = client "ok", 0
                for i = 1, 5 do
                    client:get_certificate(i, function()
                        if i == 3 then error "a bad callback" end
                        good = good + 1
                        if good == 4 then later(20, done) end
                    end)
                end
            end)
        ]],
        prints = "a bad callback.-traceback.-end\n$",
        errors = "a bad callback",
    },
    {
        "an error raised in a coroutine that waited goes the same way",
        urls = { ok = "delay-20" },
        code = [[
            loop(function(done)
                local client = client "ok"
                go(function()
                    client:get_certificate(1)
                    error "a bad coroutine"
                end)
                client:get_certificate(2, function() later(20, done) end)
            end)
        ]],
        prints = "a bad coroutine.-end\n$",
        errors = "a bad coroutine",
    },
    {
        "the deadline",
        urls = { stall = "stall-headers" },
        code = [[
            local client = client("stall", { timeout = 0.15 })
            loop(function(done)
                go(function()
                    local from = process.now()
                    local _, err = client:get_certificate(1)
                    local late = process.now() - from - 0.15
                    say(err.kind, late > -0.01 and late < 1)
                    done()
                end)
            end)
            say(select(2, client:get_certificate(1)).kind)
        ]],
        prints = "^timeout true\ntimeout\nend\n$",
    },
    {
        "events reach on_event before the call returns to its coroutine",
        urls = { flaky = "flaky-1-status-503-array" },
        code = [[
            loop(function(done)
                go(function()
                    client("flaky", { on_event = function(e) say(e.event) end }):get_certificate(1)
                    say "got"
                    done()
                end)
            end)
        ]],
        prints = "^start\nattempt\nretry\nattempt\nfinish\ngot\nend\n$",
    },
    {
        "handle:wait() in several coroutines and on the main chunk",
        urls = { ok = "delay-50" },
        code = [[
            local client = client "ok"
            loop(function(done)
                local left = 3
                local handle = client:get_certificate(1, function() say "callback" end)
                for i = 1, 3 do
                    go(function()
                        assert(handle:wait().id == 1)
                        left = left - 1
                        if left == 0 then say "waited" done() end
                    end)
                end
            end)
            local handles = {}
            for i = 1, 5 do
                handles[i] = client:get_certificate(i, function() say "one" end)
            end
            sso.wait_all(handles)
            say(handles[5]:wait().id)
        ]],
        prints = "^callback\nwaited\none\none\none\none\none\n5\nend\n$",
    },
    {
        "client:run() on the main chunk and in a coroutine",
        urls = { ok = "delay-500" },
        code = [[
            local client, n = client "ok", 0
            local function begin()
                n = 0
                for i = 1, 10 do
                    client:get_certificate(i, function() n = n + 1 end)
                end
            end
            begin()
            say(client:run(0), client:run(0.01) > 0, n < 10)
            say(client:run(), n)
            loop(function(done)
                go(function()
                    begin()
                    say(client:run(0.01) > 0, n < 10)
                    say(client:run(), n)
                    done()
                end)
            end)
        ]],
        prints = "^10 true true\n0 10\ntrue true\n0 10\nend\n$",
    },
    {
        "lists that take several calls",
        code = [[
            local client = assert(sso.new())
            say(#assert(client:list_all_certificates()))
            loop(function(done)
                go(function()
                    say(#assert(client:list_all_certificates()))
                    done()
                end)
            end)
        ]],
        prints = "^1\n1\nend\n$",
    },
    {
        "says what to do where the loop runs and nothing can wait",
        urls = { ok = "ok" },
        code = [[
            loop(function(done)
                local client = client "ok"
                later(1, function()
                    local value, err = client:get_certificate(1)
                    say(value, err)
                    client:get_certificate(2, function(second) say(second.id) done() end)
                end)
            end)
        ]],
        prints = "^nil get_certificate: [^\n]*can neither wait nor block: pass a callback"
            .. "[^\n]*coroutine[^\n]*\n2\nend\n$",
    },
    {
        "closing with calls in flight cancels each, once",
        urls = { stall = "stall-headers", ok = "ok" },
        code = [[
            loop(function(done)
                local client, n = client "stall", 0
                for i = 1, 10 do
                    client:get_certificate(i, function(_, err)
                        assert(err.kind == "cancelled")
                        n = n + 1
                    end)
                end
                later(30, function()
                    client:close()
                    client:close()
                    later(30, function()
                        say(n)
                        client:get_certificate(1, function(_, err) say(err.kind) done() end)
                    end)
                end)
            end)
        ]],
        prints = "^10\ncancelled\nend\n$",
    },
    {
        "a client that nobody holds keeps its calls, and is collected after them",
        urls = { ok = "delay-100" },
        code = [[
            local before = holdings()
            local seen = setmetatable({}, { __mode = "v" })
            loop(function(done)
                seen[1] = client "ok"
                seen[1]:get_certificate(1, function(value)
                    say(value.id)
                    later(20, done)
                end)
                for _ = 1, 5 do collectgarbage() end
            end)
            -- the poll stays for a moment, and keeps the client
            loop(function(done) later(300, done) end)
            local after = holdings()
            say(seen[1], after - before)
        ]],
        prints = "^1\nnil 0\nend\n$",
    },
    {
        "a coroutine that dies while it waits",
        urls = { ok = "delay-50" },
        code = [[
            loop(function(done)
                local client = client "ok"
                local thread = coroutine.create(function()
                    client:get_certificate(1)
                    say "must not come here"
                end)
                assert(coroutine.resume(thread))
                -- LuaJIT has one hook for all coroutines
                local function kill()
                    if coroutine.running() == thread then
                        debug.sethook()
                        error "killed"
                    end
                end
                debug.sethook(thread, kill, "", 1)
                local ok, why = coroutine.resume(thread)
                say(ok, coroutine.status(thread), why)
                client:get_certificate(2, function() later(60, done) end)
            end)
        ]],
        prints = "^false dead [^\n]*killed\nend\n$",
    },
    {
        "a coroutine that somebody else resumes goes on waiting",
        urls = { ok = "delay-50" },
        code = [[
            loop(function(done)
                local client = client "ok"
                local thread
                thread = coroutine.create(function()
                    say(client:get_certificate(1).id)
                    later(20, function() assert(coroutine.resume(thread)) end)
                    coroutine.yield()
                    say "resumed by hand"
                    done()
                end)
                for _ = 1, 3 do assert(coroutine.resume(thread)) end
            end)
        ]],
        prints = "^1\nresumed by hand\nend\n$",
    },
    {
        "a program that steps the client by itself neither hangs the loop nor loses a coroutine",
        urls = { ok = "ok" },
        code = [[
            loop(function(done)
                local client, n = client "ok", 0
                go(function()
                    say(client:get_certificate(1).id)
                    done()
                end)
                client:get_certificate(2, function() n = n + 1 end)
                while client:step() > 0 do end
                say(n)
            end)
        ]],
        prints = "^1\n1\nend\n$",
    },
    {
        "10,000 calls leave descriptors, references and memory where they were #timing",
        timeout = 100,
        shows = "[^\n]*calls: [^\n]*",
        code = [[
            local client = assert(sso.new())
            local function calls(n)
                loop(function(done)
                    local left, begun = n, 0
                    local function over()
                        left = left - 1
                        if left == 0 then later(1, done) end
                    end
                    local function again()
                        begun = begun + 1
                        if begun <= n / 2 then
                            client:get_certificate("66138975", function(value)
                                assert(value)
                                over()
                                again()
                            end)
                        end
                    end
                    for _ = 1, 32 do again() end
                    local plain = 0
                    for _ = 1, 32 do
                        go(function()
                            while plain < n / 2 do
                                plain = plain + 1
                                assert(client:get_certificate "66138975")
                                over()
                            end
                        end)
                    end
                end)
            end
            -- all connections that there can be, so that none is opened after they were counted
            loop(function(done)
                local left = 64
                local late = { base_url = os.getenv "SENDGRID_BASE_URL" .. "/delay/0.3" }
                for _ = 1, 64 do
                    client:get_certificate("66138975", late, function(value)
                        assert(value)
                        left = left - 1
                        if left == 0 then later(1, done) end
                    end)
                end
            end)
            calls(1000)
            local before = { holdings() }
            local from = process.now()
            calls(10000)
            local seconds = process.now() - from
            local after = { holdings() }
            say(("10,000 calls: %.1f s; descriptors %d, %d; references %d, %d; memory %.0f, "
                .. "%.0f kB"):format(seconds, before[1], after[1], before[2], after[2], before[3],
                after[3]))
            say(after[1] <= before[1], after[2] <= before[2], after[3] - before[3] < 64)
        ]],
        prints = "kB\ntrue true true\nend\n$",
    },
}

--- The environment that a case finds.
function M.environment(case)
    local env = {}
    for name, scenario in pairs(case.urls or {}) do
        local base_url = type(scenario) == "table" and helper.faults(scenario[1], scenario[2])
            or helper.faults(scenario)
        env[#env + 1] = "URL_" .. name .. "=" .. base_url
    end
    return env
end

-- Both streams come as one text; libuv's programs end their lines with CR where errors are shown.
local function run(lua, case)
    local done = lua(case.code, {
        env = M.environment(case), slow_names = case.slow_names,
        timeout = case.timeout or 15,
    })
    return done, (done.output:gsub("\r", ""))
end

--- Defines the specs.
---@param lua fun(code: string, options: table): table  runs code inside of the host
function M.define(lua)
    local busted, assert = require "busted", require "luassert"
    for _, case in ipairs(cases) do
        busted.it(case[1], function()
            local done, text = run(lua, case)
            assert.is_false(done.timed_out, text)
            assert.is_truthy(text:find(case.prints), "it printed:\n" .. text)
            if case.shows then
                print("\n" .. text:match(case.shows))
            end
            if case.errors then
                local _, times = text:gsub(case.errors, "")
                assert.equal(1, times, text)
            else
                assert.equal(0, done.status, text)
            end
        end)
    end
    for _, case in ipairs(gaps) do
        busted.it(case[1], function()
            -- another process may take the processor for a while, but not each time
            local text, good
            for _ = 1, 3 do
                local done
                done, text = run(lua, case)
                assert.is_false(done.timed_out, text)
                local gap, idle, all = text:match "gap ([%d.]+) idle ([%d.]+) all ([%d.]+)"
                assert.is_truthy(gap, text)
                print(("  %s: %s (ms)"):format(case[1], text:match "[^\n]+"))
                -- a loop that was blocked would stand still nearly all the time
                good = tonumber(gap) <= math.max(20 * tonumber(idle), tonumber(all) / 3)
                if good then
                    break
                end
            end
            assert.is_true(good, text)
        end)
    end
end

return M
