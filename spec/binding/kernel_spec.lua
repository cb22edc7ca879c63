-- A kernel that says no: one system call fails always, in a process of its own, and a call is an
-- error or goes without it; nothing crashes, hangs or is left behind.

local helper = require "helper"
local kernel = require "support.kernel"

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
    { "epoll_ctl", "^connect, connect, config" },
    { "timerfd_create", "^fine, fine, config" },
    { "getsockname", "^%w+, %w+, a descriptor" },
    { "madvise", "^fine, fine, a descriptor" },
    { "getrandom", "^fine, fine, a descriptor" },
    { "socket", "^connect, connect, a descriptor" },
}

-- The output of code that runs with the system call refused.
local function refused(call, code, more)
    local done = kernel.refusing(call, code, more)
    assert.equal(0, done.status, done.output)
    return done.output
end

describe("a kernel that refuses", function()
    for _, row in ipairs(rows) do
        it(row[1] .. " breaks nothing", function()
            local output = refused(row[1], CODE:format(helper.faults "ok"))
            assert.truthy(output:find(row[2]), output)
        end)
    end
end)

-- The user's watches are used up, by other programs most likely, or the kernel has no memory.
describe("a kernel that watches no further descriptor", function()
    local TOLD = [[
        local sso = require "sso"
        local client = assert(sso.new { api_key = "SG.k", base_url = %q, timeout = 20, proxy = "",
            max_retries = %d })
        local function told(value, err)
            print(value and "fine" or err.kind, err and err.phase, err and err.attempts,
                err and err.retryable, err and err.maybe_applied, err and err.message)
        end
        local function free()
            assert(os.remove %q)
        end
        %s
    ]]
    -- What each way makes of it, and of a call once the kernel does as it is told.
    local BLOCKING = [[
        told(client:create_certificate { public_certificate = certificate, integration_id = "1" })
        free()
        told(client:get_certificate(1))
    ]]
    local WITH_A_CALLBACK = [[
        client:get_certificate(1, told)
        assert(client:run(5) == 0)
        free()
        client:get_certificate(1, told)
        assert(client:run(5) == 0)
    ]]
    local IN_A_LOOP = [[
        local fd, err = client:pollfd()
        told(fd, err)
        free()
        assert(client:pollfd())
        client:get_certificate(1, told)
        while client:timeout() do
            client:step()
        end
    ]]
    local REASONS = {
        { 28, "the system watches no further descriptor for this user: look at "
            .. "fs.epoll.max_user_watches and at what uses it up" }, -- ENOSPC
        { 12, "the system has no memory left for it" }, -- ENOMEM
    }

    local function outcomes(code, number, options)
        local file = os.tmpname()
        local base_url = helper.faults "ok"
        code = TOLD:format(base_url, options and options.max_retries or 0, file, code)
        local certificate = helper.certificate()
        code = ("local certificate = %q\n"):format(certificate) .. code
        local output = refused("epoll_ctl", code, {
            SSO_FAILING_ERRNO = number, SSO_FAILING_WHILE = file,
        })
        os.remove(file)
        return output, #helper.requests(base_url), base_url
    end

    for _, reason in ipairs(REASONS) do
        local number, words = reason[1], reason[2]

        it("is told by its name, " .. number, function()
            for _, code in ipairs { BLOCKING, WITH_A_CALLBACK } do
                local output, requests, base_url = outcomes(code, number)
                local refusal = ("no connection to %s: %s"):format(base_url:match "//([^/]+)",
                    words)
                assert.equal("connect\tconnect\t1\ttrue\tfalse\t" .. refusal .. "\nfine"
                    .. ("\tnil"):rep(5) .. "\n", output)
                assert.equal(1, requests)
            end
        end)

        it("is told where a loop asks for the descriptor, " .. number, function()
            local output = outcomes(IN_A_LOOP, number)
            assert.equal(("config\tnil\tnil\tfalse\tfalse\t%s\n")
                :format(words) .. "fine" .. ("\tnil"):rep(5) .. "\n", output)
        end)
    end

    it("may change its mind while a call waits to be tried again", function()
        local output, requests = outcomes([[
            client:get_certificate(1, told)
            repeat
                client:step()
            until (client:timeout() or 0) > 0 and client._in_flight(client) == 0
            free()
            assert(client:run(15) == 0)
        ]], 28, { max_retries = 2 })
        assert.equal("fine" .. ("\tnil"):rep(5) .. "\n", output)
        assert.equal(1, requests)
    end)
end)
