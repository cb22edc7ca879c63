-- Clocks that jump: what waits goes by the monotonic clock, what a server wrote by the server's.
-- faketime moves the wall clock of a process under way; where it is not installed, nothing runs.

local helper = require "helper"

local found = io.popen "command -v faketime"
local has_faketime = found:read "*l"
found:close()

-- The library that `faketime` preloads.
local function library()
    local pipe = io.popen "faketime -f +0 printenv LD_PRELOAD"
    local file = pipe:read "*l"
    pipe:close()
    return file:match "%S+%s*$"
end

-- Runs Lua in a process whose wall clock is set by a file, which `jump(text)` writes there.
local function run(code)
    local name = os.tmpname()
    local preload = os.getenv "LD_PRELOAD"
    local done = helper.lua(([[
        local process = require "process"
        local sso = require "sso"
        function jump(offset)
            local file = assert(io.open(%q, "w"))
            file:write(offset, "\n")
            file:close()
        end
        jump "+0"
        %s
    ]]):format(name, code), {
        timeout = 20 * helper.patience,
        env = {
            "LD_PRELOAD=" .. (preload and preload .. ":" or "") .. library(),
            "FAKETIME_TIMESTAMP_FILE=" .. name, "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1",
        },
    })
    os.remove(name)
    assert.equal(0, done.status, done.output)
    return done.output
end

-- A call without an answer during which the clock jumps.
local function deadline_under(offset)
    return run(([[
        local client = assert(sso.new {
            api_key = "SG.k", base_url = %q, timeout = 0.5, max_retries = 3,
        })
        local from, err, before = process.now(), nil, os.time()
        client:get_certificate("1", function(_, e) err = e end)
        client:run(0.1)
        jump %q
        local jumped = math.abs(os.time() - before) > 80000
        client:run(10)
        local took = process.now() - from
        print(jumped, err.kind, err.phase, took > 0.45, took < %g)
    ]]):format(helper.faults "stall-headers", offset, 2 * helper.patience))
end

describe("a clock that jumps", function()
    if os.getenv "SSO_VARIANT" == "asan" or os.getenv "SSO_VARIANT" == "valgrind" then
        return -- what fakes the time and what checks memory both want to be first, and hang
    elseif not has_faketime then
        pending "faketime is not installed"
        return
    end
    helper.watch()

    it("a day ahead does not end a call early", function()
        helper.patiently(function()
            assert.equal("true\ttimeout\tfirst_byte\ttrue\ttrue\n", deadline_under "+1d")
        end)
    end)

    it("a day back does not keep a call waiting", function()
        helper.patiently(function()
            assert.equal("true\ttimeout\tfirst_byte\ttrue\ttrue\n", deadline_under "-1d")
        end)
    end)

    -- Retry-After is a date one second after the server's own.
    local function wait_under(offset)
        return run(([[
            jump %q
            local client = assert(sso.new {
                api_key = "SG.k", base_url = %q, timeout = 10, max_retries = 1,
            })
            local from = process.now()
            local value, err, response = client:get_certificate("1")
            local took = process.now() - from
            print(value ~= nil, response.attempts, took < %g)
        ]]):format(offset, helper.faults "flaky-1-retry-after-date-1", 5 * helper.patience))
    end

    it("does not change how long a server's date is away", function()
        for _, offset in ipairs { "+400d", "-400d" } do
            assert.equal("true\t2\ttrue\n", wait_under(offset))
        end
    end)

    it("between attempts does not change the wait", function()
        local output = run(([[
            local client = assert(sso.new {
                api_key = "SG.k", base_url = %q, timeout = 10, max_retries = 1,
                on_event = function(event)
                    if event.event == "retry" then
                        jump "-30d"
                    end
                end,
            })
            local from = process.now()
            local value, err, response = client:get_certificate("1")
            local took = process.now() - from
            print(value ~= nil, response.attempts, took > 0.9, took < %g)
        ]]):format(helper.faults "flaky-1-retry-after-1", 5 * helper.patience))
        assert.equal("true\t2\ttrue\ttrue\n", output)
    end)

    it("far ahead makes certificates expired, and the error says so", function()
        local output = run(([[
            jump "+4000d"
            local client = assert(sso.new {
                api_key = "SG.k", base_url = %q, ca_file = %q, max_retries = 0,
            })
            local _, err = client:get_certificate("1")
            print(err.kind, err.phase, err.attempts, tostring(err):match "expired")
        ]]):format(helper.faults("ok", "https"), helper.fault_ca()))
        assert.equal("tls\ttls\t1\texpired\n", output)
    end)
end)
