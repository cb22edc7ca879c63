-- A kernel that says no: one system call fails always, in a process of its own, and a call is an
-- error or goes without it; nothing crashes, hangs or is left behind.

local helper = require "helper"

-- Where the library to preload is.
local function library()
    for template in package.cpath:gmatch "[^;]+" do
        local file = io.open((template:gsub("%?", "failing_call")), "rb")
        if file then
            file:close()
            return (template:gsub("%?", "failing_call"))
        end
    end
    error("no failing_call in " .. package.cpath)
end

local CODE = [[
    local sso = require "sso"
    local client = assert(sso.new { api_key = "SG.k", base_url = %q, timeout = 5, proxy = "",
        max_retries = 0 })
    local function outcome(value, err)
        return value and "fine" or err.kind
    end
    local function guarded(ok, value, err)
        return ok and outcome(value, err) or tostring(value):match "[^:]*$"
    end
    local results = { guarded(pcall(client.get_certificate, client, 1)) }
    local called = 0
    client:get_certificate(2, function(value, err)
        called = called + 1
        results[2] = outcome(value, err)
    end)
    local fd, why = client:pollfd()
    results[3] = fd and "a descriptor" or why.kind
    local ok, left = pcall(client.run, client, 5)
    results[2] = ok and results[2] or tostring(left):match "[^:]*$"
    assert(not ok or left == 0 and called == 1, tostring(left) .. " " .. called)
    client:close()
    assert(called == 1, "closed without a word")
    print(table.concat(results, ", "))
]]

local rows = {
    { "nothing", "^fine, fine, a descriptor" },
    { "epoll_create1", "^config, config, config" },
    -- what the kernel has no memory for is raised like any other lack of memory
    { "epoll_ctl", "^ not enough memory, ?[ %w]+, config" },
    { "timerfd_create", "^fine, fine, config" },
    { "getsockname", "^%w+, %w+, a descriptor" },
    { "madvise", "^fine, fine, a descriptor" },
    { "getrandom", "^fine, fine, a descriptor" },
    { "socket", "^connect, connect, a descriptor" },
}

describe("a kernel that refuses", function()
    for _, row in ipairs(rows) do
        it(row[1] .. " breaks nothing", function()
            local preloaded = os.getenv "LD_PRELOAD"
            local done = helper.lua(CODE:format(helper.faults "ok"), {
                timeout = 15 * helper.patience, env = {
                    "LD_PRELOAD=" .. (preloaded and preloaded .. ":" or "") .. library(),
                    "SSO_FAILING=" .. row[1],
                },
            })
            assert.equal(0, done.status, done.output)
            assert.truthy(done.output:find(row[2]), done.output)
        end)
    end
end)
