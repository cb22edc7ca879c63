-- What the system refuses: no descriptor left, a name service that does not work. The call ends
-- with an error that says so, and the client works again when the system does.

local helper = require "helper"
local process = require "process"

-- Runs Lua in a process with few descriptors, or with a library before the C library.
local function run(code, options)
    local version = _VERSION:match("%d.%d"):gsub("%.", "_")
    local env = {
        "LUA_PATH=" .. package.path, "LUA_CPATH=" .. package.cpath, "LUA_PATH_" .. version,
        "LUA_CPATH_" .. version, "LUA_INIT",
    }
    local done = process.run({
        "sh", "-c", (options.descriptors and "ulimit -n " .. options.descriptors .. " && " or "")
            .. (options.preload and "LD_PRELOAD=\"${LD_PRELOAD:+$LD_PRELOAD:}" .. options.preload
            .. "\" " or "") .. "exec \"$0\" -e \"$1\"",
        helper.interpreter(), code,
    }, env, 20 * helper.patience)
    assert.equal(0, done.status, done.output)
    return done.output
end

describe("without a descriptor left", function()
    helper.watch()

    -- `full` opens files until none can be; `free` closes them.
    local HEAD = [[
        local sso = require "sso"
        local files = {}
        local function full()
            local file = io.open "/dev/null"
            while file do
                files[#files + 1] = file
                file = io.open "/dev/null"
            end
        end
        local function free()
            for _, file in ipairs(files) do
                file:close()
            end
            files = {}
        end
        local client = assert(sso.new { api_key = "SG.k", base_url = %q, max_retries = 0 })
    ]]

    it("the first call is an error, and the next one goes when there are some", function()
        local base_url = helper.faults "ok"
        local output = run(HEAD:format(base_url) .. [[
            full()
            local value, err = client:get_certificate "1"
            local called
            client:get_certificate("1", function(_, e) called = e end)
            client:run(5)
            free()
            print(value, err.kind, err.maybe_applied, called.kind)
            print((client:get_certificate "1").id)
        ]], { descriptors = 40 })
        assert.equal("nil\tconfig\tfalse\tconfig\n1\n", output)
        assert.equal(1, #helper.requests(base_url))
    end)

    it("a further connection is an error that names the reason", function()
        local base_url = helper.faults "close" -- each call takes a new connection
        local output = run(HEAD:format(base_url) .. [[
            assert(client:get_certificate "1")
            full()
            local value, err = client:get_certificate "1"
            free()
            print(value, err.kind, err.maybe_applied, err.attempts,
                tostring(err):match "[Tt]oo many open files")
            print((client:get_certificate "1").id)
        ]], { descriptors = 40 })
        assert.equal("nil\tconnect\tfalse\t1\ttoo many open files\n1\n", output)
        assert.equal(2, #helper.requests(base_url))
    end)
end)

describe("with a name service that", function()
    helper.watch()

    local function look_up(name)
        return run(([[
            local sso = require "sso"
            local client = assert(sso.new {
                api_key = "SG.k", base_url = "https://%s:4430", max_retries = 1, timeout = 10,
            })
            local _, err = client:get_certificate "1"
            local seen
            client:get_certificate("1", function(_, e) seen = e end)
            client:run(10)
            print(err.kind, err.phase, err.attempts, err.retryable, err.maybe_applied,
                seen.kind == err.kind and seen.attempts == err.attempts)
        ]]):format(name), { preload = helper.module_file "fault_resolver" })
    end

    for _, name in ipairs { "again", "fail", "memory", "family", "system" } do
        it(("answers EAI_%s, a call is tried again"):format(name:upper()), function()
            assert.equal("dns\tdns\t2\ttrue\tfalse\ttrue\n", look_up(name .. ".test"))
        end)
    end
end)
