--- Clients that are dropped instead of closed. To Lua one weighs a few hundred bytes, so a program
--- with much memory of its own would let thousands of them wait for the collector, four
--- descriptors each; making a client counts them instead.

local helper = require "helper"
local process = require "process"

-- Runs code in a process with few descriptors. `ballast` is what a large program has in memory;
-- collections() tells how many there were since it was asked last.
local HEAD = [[
    local sso = require "sso"
    local ballast = {}
    for i = 1, 200000 do
        ballast[i] = { i }
    end
    collectgarbage()
    local seen = setmetatable({ {} }, { __mode = "v" })
    local function collected()
        local was = seen[1] == nil
        seen[1] = seen[1] or {}
        return was
    end
    local options = { api_key = "SG.k", base_url = %q, max_retries = 0, proxy = "" }
    local collections = 0
    local function new()
        local client = assert(sso.new(options))
        collections = collections + (collected() and 1 or 0)
        return client
    end
]]

local function run(code, base_url)
    local version = _VERSION:match("%d.%d"):gsub("%.", "_")
    local done = process.run({
        "sh", "-c", "ulimit -n 460 && exec \"$0\" -e \"$1\"", helper.interpreter(),
        HEAD:format(base_url) .. code,
    }, {
        "LUA_PATH=" .. package.path, "LUA_CPATH=" .. package.cpath, "LUA_PATH_" .. version,
        "LUA_CPATH_" .. version, "LUA_INIT",
    }, 60 * helper.patience)
    assert.equal(0, done.status, done.output)
    return done.output
end

describe("clients that are dropped", function()
    it("leave their descriptors to those that come, however large the program is", function()
        local output = run([[
            for i = 1, 600 do
                local client = new()
                local value, err = client:get_certificate(1)
                assert(value, i .. ": " .. tostring(err))
            end
            print(#ballast, collections > 0)
        ]], helper.faults "ok")
        assert.equal("200000\ttrue\n", output)
    end)

    it("with calls in flight, and in families, too", function()
        local output = run([[
            local called = 0
            for i = 1, 300 do
                local client = new()
                local other = assert(client:with { timeout = 5 })
                other:get_certificate(1, function() called = called + 1 end)
                client:get_certificate(2, function() called = called + 1 end)
                client:step(0)
                client:step(0)
            end
            print(#ballast, called, collections > 0)
        ]], helper.faults "stall-headers")
        assert.equal("200000\t0\ttrue\n", output)
    end)
end)

describe("clients that are kept", function()
    it("are not looked for again and again", function()
        local output = run([[
            local kept = {}
            for i = 1, 2000 do
                kept[i] = new()
            end
            print(#ballast, #kept, collections <= 6 or collections)
        ]], helper.faults "ok")
        assert.equal("200000\t2000\ttrue\n", output)
    end)

    it("or closed make no work for the collector", function()
        local output = run([[
            for i = 1, 1000 do
                local client = new()
                client:with { timeout = 5 }:close()
                client:close()
            end
            print(#ballast, collections)
        ]], helper.faults "ok")
        assert.equal("200000\t0\n", output)
    end)

    if _VERSION ~= "Lua 5.1" or rawget(_G, "jit") then -- which does not tell
        it("make none either where the collector was stopped", function()
            local output = run([[
                collectgarbage "stop"
                for i = 1, 400 do
                    new()
                end
                print(#ballast, collections)
            ]], helper.faults "ok")
            assert.equal("200000\t0\n", output)
        end)
    end
end)
