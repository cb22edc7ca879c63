--- Rotation, restore and check whose coroutine is never resumed, at each of their requests, before
--- it goes out and after its answer came; and a fork there. Nothing is left behind, somebody can
--- log in at every moment, and the same client does the whole afterwards.

local accounts = require "support.accounts"
local helper = require "helper"
local process = require "process"
local sso = require "sso"

local sandbox = helper.sandbox
local WANTED = accounts.pem(1)

-- Waits by yielding the handle: who resumes decides.
local host = {
    start = function() end,
    wait = function(_, handle)
        repeat
            coroutine.yield(handle)
        until handle:done()
    end,
}

local function client()
    return accounts.client { host = host }
end

-- Runs work in a coroutine, up to its request number stop. → whether it ended, and what it
-- returned; or the handle it waits for, and the coroutine
local function drive(c, work, stop)
    local thread = coroutine.create(work)
    local number, last = 0, nil
    while true do
        local ok, value, err = coroutine.resume(thread, c)
        assert(ok, value)
        if coroutine.status(thread) == "dead" then
            return true, value, err
        end
        number = number + (value ~= last and 1 or 0)
        last = value
        if number == stop then
            return false, value, thread
        end
        c:step(0.1)
    end
end

-- Resumes it until it ends. → what it returned
local function finish(c, thread)
    local ok, value, err
    while coroutine.status(thread) == "suspended" do
        c:step(0.1)
        ok, value, err = coroutine.resume(thread)
        assert(ok, value)
    end
    return value, err
end

-- What a run ends with when another one did its work meanwhile.
local MOVED = { unsafe = true, not_found = true, conflict = true, invalid_request = true }

local function answered(c, handle)
    while not handle:done() do
        c:step(0.1)
    end
end

local function wanted_alone()
    assert.equal("CN=idp 1 on", accounts.held(helper.INTEGRATION))
end

local snapshot

local tasks = {
    { name = "a rotation", requests = 7, work = function(c)
        return c:rotate_certificate(helper.INTEGRATION, {
            public_certificate = WANTED, retire = "delete",
        })
    end, reached = wanted_alone },
    { name = "an ensured certificate", requests = 3, work = function(c)
        local outcome, certificate = c:ensure_certificate(helper.INTEGRATION, {
            public_certificate = WANTED, enabled = true,
        })
        return outcome, certificate
    end, reached = function()
        assert.matches("CN=idp 1 on", accounts.held(helper.INTEGRATION), 1, true)
    end },
    { name = "a restore", requests = 7, prepare = function()
        if not snapshot then
            local id = accounts.certificate(helper.INTEGRATION, WANTED, true)
            local c = accounts.client()
            assert(c:delete_certificate(helper.CERT_ID) and id)
            snapshot = assert(c:snapshot { teammates = false })
            sandbox.reset()
            sandbox.switch { tell_enabled = true }
        end
    end, work = function(c)
        return c:restore(snapshot, { delete = true })
    end, reached = wanted_alone },
    { name = "a check", requests = 2, work = function(c)
        return c:check_certificates()
    end, reached = function()
        assert.same({}, accounts.changes())
    end },
}

local function prepare(task)
    sandbox.reset()
    sandbox.switch { tell_enabled = true }
    if task.prepare then
        task.prepare()
    end
end

local function somebody_can_log_in()
    assert.is_true(accounts.serving(os.time())[helper.INTEGRATION])
end

local function goes_on(c, task)
    somebody_can_log_in()
    local ended, value, err = drive(c, task.work)
    assert.is_true(ended)
    assert(value, tostring(err))
    somebody_can_log_in()
    task.reached()
end

for _, task in ipairs(tasks) do
    describe(task.name, function()
        helper.watch()

        teardown(function()
            sandbox.reset()
        end)

        for _, moment in ipairs { "before it goes out", "after its answer came" } do
            it("whose coroutine dies at a request, " .. moment, function()
                for number = 1, task.requests do
                    prepare(task)
                    local c = client()
                    local ended, handle, thread = drive(c, task.work, number)
                    assert.is_false(ended)
                    if moment == "after its answer came" then
                        answered(c, handle)
                    end
                    assert.equal("suspended", coroutine.status(thread))
                    handle, thread = nil, nil -- luacheck: ignore 311
                    collectgarbage()
                    collectgarbage()
                    assert.equal(0, c:run(10)) -- calls that were begun beside it
                    goes_on(c, task)
                end
            end)
        end

        it("has no more requests than these", function()
            prepare(task)
            local c = client()
            local ended, value = drive(c, task.work, task.requests + 1)
            assert.is_true(ended)
            assert.truthy(value)
            assert.equal(task.requests, accounts.requests())
        end)

        it("goes on in parent and child when the process forks at a request", function()
            for number = 1, task.requests do
                prepare(task)
                local c = client()
                local ended, handle, thread = drive(c, task.work, number)
                assert.is_false(ended)
                c:step(0) -- it is on the wire
                local child = process.fork()
                if child == 0 then
                    -- its call is the parent's; what it does about that, it does well
                    process.exit(pcall(finish, c, thread) and 0 or 1)
                end
                assert.equal(0, (process.waitpid(child)))
                somebody_can_log_in()
                answered(c, handle)
                local value, err = finish(c, thread)
                assert(value or MOVED[err.kind], tostring(err))
                goes_on(c, task)
            end
        end)
    end)
end

describe("a client of a coroutine that died", function()
    helper.watch()

    it("is collected with it", function()
        local collected = setmetatable({}, { __mode = "k" })
        do
            local c = assert(sso.new { host = host })
            collected[c] = true
            local _, _, thread = drive(c, tasks[1].work, 1)
            assert.equal("suspended", coroutine.status(thread))
        end
        for _ = 1, 3 do
            collectgarbage()
        end
        assert.is_nil((next(collected)))
    end)
end)
