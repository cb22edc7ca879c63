--- luv as the host: programs in processes of their own, which live in luv's loop, or have luv
--- loaded and no more.

local cases = require "support.uv_cases"
local helper = require "helper"

local function luv(code, options)
    local env = { "SSO_CODE=" .. code }
    for _, entry in ipairs(options.env or {}) do
        env[#env + 1] = entry
    end
    options.env = env
    return helper.lua("require 'support.uv_inside'.main()", options)
end

local function check(prints, code, urls)
    local run = luv(code, { env = cases.environment { urls = urls } })
    assert.equal(prints .. "end\n", run.output)
    assert.equal(0, run.status)
end

describe("in luv", function()
    setup(function()
        local run = helper.lua [[
            io.write(_VERSION, rawget(_G, "jit") and " (" .. jit.version .. ")" or "", ", libuv ",
                require "luv".version_string(), "\n")
        ]]
        assert.equal(0, run.status, "luv is missing: " .. run.output)
        print("\n" .. run.output)
    end)

    cases.define(luv)

    it("callbacks of calls begun before uv.run() run in it, and it ends", function()
        check("returned\n1\n", [[
            client "ok":get_certificate(1, function(value) say(value.id) end)
            say "returned"
            uv.run()
        ]], { ok = "ok" })
    end)

    it("host = \"luv\" suspends coroutines that begin before uv.run()", function()
        check("begun\n1\n", [[
            local client = client("ok", { host = "luv" })
            go(function() say(client:get_certificate(1).id) end)
            say "begun"
            uv.run()
        ]], { ok = "ok" })
    end)

    if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then
        it("where Lua 5.1 cannot yield, the call raises, and wakes nobody later", function()
            check("false true\nstill waiting for another\n", [[
                loop(function(done)
                    local client, thread = client "ok", nil
                    thread = coroutine.create(function()
                        local ok, why = pcall(client.get_certificate, client, 1)
                        say(ok, why:find "attempt to yield" ~= nil)
                        coroutine.yield()
                        say "woken"
                    end)
                    assert(coroutine.resume(thread))
                    later(100, function()
                        say(coroutine.status(thread) == "suspended" and "still waiting for another")
                        done()
                    end)
                end)
            ]], { ok = "ok" })
        end)
    end
end)

describe("with luv loaded and no more", function()
    it("plain calls wait as in plain Lua, in coroutines too", function()
        check("1 2 3\nnil\n", [[
            local client = client "ok"
            local values = coroutine.wrap(function()
                for i = 1, 3 do coroutine.yield(client:get_certificate(i).id) end
            end)
            say(values(), values(), values())
            say(uv.loop_alive() or nil)
        ]], { ok = "ok" })
    end)

    it("client:run() drives callbacks, and raises what they raise", function()
        check("1\nfalse true\n2\n0\n", [[
            local client = client "ok"
            client:get_certificate(1, function(value) say(value.id) end)
            client:run()
            client:get_certificate(1, function() error "a bad callback" end)
            local ok, why = pcall(client.run, client)
            say(ok, why:find "a bad callback" ~= nil)
            client:get_certificate(2, function(value) say(value.id) end)
            say(client:run())
        ]], { ok = "ok" })
    end)

    it("closing hands out what is cancelled at once", function()
        check("cancelled\nclosed\n", [[
            local client = client "stall"
            client:get_certificate(1, function(_, err) say(err.kind) end)
            client:run(0.02)
            client:close()
            say "closed"
        ]], { stall = "stall-headers" })
    end)

    it("a program may end with calls in flight", function()
        check("", [[
            local client = client "stall"
            client:get_certificate(1, function() say "must not come here" end)
            client:run(0.02)
        ]], { stall = "stall-headers" })
    end)
end)
