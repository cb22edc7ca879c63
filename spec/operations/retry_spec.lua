-- What is tried again, operation by operation: reads, changes and removals are, a POST only when
-- the server surely did not process it; otherwise the error says that it may have.

local calls = require "support.calls"
local helper = require "helper"

-- A fault's path is a pattern here: the row's own path and no longer one.
local function pattern_of(row)
    return "^" .. row.target:gsub("%?.*", ""):gsub("%p", "%%%0") .. "$"
end

local function fault(row, what)
    local all = { method = row.method, path = pattern_of(row) }
    for name, value in pairs(what) do
        all[name] = value
    end
    return all
end

describe("trying again", function()
    local client

    helper.watch()

    before_each(function()
        helper.sandbox.reset()
        client = calls.client { max_retries = 2, timeout = 10 * helper.patience }
    end)

    teardown(function()
        helper.sandbox.reset()
    end)

    -- All rows at once, as the waits between attempts are long: the first request of each meets
    -- the fault, later ones the documented answer. Gives what each came to.
    local function all_rows(what, options)
        local faults, results = {}, {}
        for _, row in ipairs(calls.rows) do
            faults[#faults + 1] = fault(row, what)
            faults[#faults + 1] = fault(row, {
                status = row.status, body = row.answer or "", times = "always",
            })
        end
        helper.sandbox.fault(faults)
        for i, row in ipairs(calls.rows) do
            local result = { row = row, requests = 0 }
            results[i] = result
            calls.call(client, row.name, row.full, options,
                helper.expect(function(value, err, response)
                    result.value, result.err, result.response = value, err, response
                end))
        end
        assert.equal(0, client:run(15 * helper.patience))
        for _, request in ipairs(calls.received()) do
            for _, result in ipairs(results) do
                if request.wire == result.row.wire then
                    result.requests = result.requests + 1
                end
            end
        end
        return results
    end

    local function succeeded(result, attempts)
        assert.is_nil(result.err, tostring(result.err))
        result.row.check(result.value)
        assert.equal(attempts, result.response.attempts)
        assert.equal(attempts, result.requests)
    end

    local function failed(result, kind)
        local err = result.err
        assert.is_nil(result.value)
        assert.equal(kind, err.kind)
        assert.is_true(err.maybe_applied)
        assert.equal(1, err.attempts)
        assert.equal(1, result.requests)
        assert.equal(result.row.name, err.operation)
    end

    it("follows a 429, whatever the operation", function()
        for _, result in ipairs(all_rows { status = 429 }) do
            succeeded(result, 2)
        end
    end)

    it("follows a 503 that says when to come back, whatever the operation", function()
        for _, result in ipairs(all_rows { status = 503, headers = { ["Retry-After"] = "0" } }) do
            succeeded(result, 2)
        end
    end)

    for _, status in ipairs { 408, 500, 502, 503, 504 } do
        it(("follows a %d, unless it is a POST"):format(status), function()
            for _, result in ipairs(all_rows { status = status }) do
                if result.row.repeatable then
                    succeeded(result, 2)
                else
                    failed(result, status == 408 and "http" or "server")
                    assert.equal(status, result.err.status)
                end
            end
        end)
    end

    for _, place in ipairs { "before", "reset", "mid-headers", "mid-body" } do
        it("follows an answer cut off (" .. place .. "), unless it is a POST", function()
            local cut = { close = place, applied = true }
            if place:find "mid" then
                cut = { close = place, status = 200, body = '{"id":1,"padding":"0123456789"}' }
            end
            for _, result in ipairs(all_rows(cut)) do
                if result.row.repeatable then
                    succeeded(result, 2)
                else
                    failed(result, "network")
                end
            end
        end)
    end

    it("ends with the server's last word", function()
        helper.sandbox.fault {
            { status = 503, headers = { ["Retry-After"] = "0" }, times = 2 },
            { status = 500, body = '{"message":"the last word"}' },
        }
        local value, err = client:get_certificate "1"
        assert.is_nil(value)
        assert.equal(500, err.status)
        assert.equal(3, err.attempts)
        assert.same({ { message = "the last word" } }, err.errors)
    end)

    it("follows a connection that cannot be made, whatever the operation", function()
        local nobody = "http://127.0.0.1:" .. helper.fault_port "refused"
        for _, result in ipairs(all_rows({}, { base_url = nobody, max_retries = 1 })) do
            assert.is_nil(result.value)
            assert.is_nil(result.response)
            assert.equal("connect", result.err.kind)
            assert.equal(2, result.err.attempts)
            assert.is_false(result.err.maybe_applied)
            assert.is_true(result.err.retryable)
            assert.equal(0, result.requests)
        end
    end)

    for _, row in ipairs(calls.rows) do
        if row.method == "DELETE" then
            it(":" .. row.name .. " is done when its retry finds nothing any more", function()
                helper.sandbox.fault {
                    { method = "DELETE", close = "before" },
                    { method = "DELETE", status = 404 },
                }
                local value, err, response = calls.call(client, row.name, row.full)
                assert.is_nil(err)
                assert.is_true(value)
                assert.equal(404, response.status)
                assert.equal(2, response.attempts)
            end)

            it(":" .. row.name .. " is an error when the first attempt finds nothing", function()
                helper.sandbox.fault {
                    { method = "DELETE", status = 429 },
                    { method = "DELETE", status = 404 },
                }
                local value, err = calls.call(client, row.name, row.full)
                assert.is_nil(value)
                assert.equal("not_found", err.kind) -- the 429 had done nothing
                assert.is_false(err.maybe_applied)
            end)
        end
    end
end)

-- libcurl by itself sends a request again when a kept connection turns out to be dead.
describe("a POST on a connection that dies", function()
    helper.watch()

    for _, scenario in ipairs { "keepalive-then-close", "keepalive-then-reset" } do
        it("reaches the server once: " .. scenario, function()
            local base = helper.faults(scenario)
            local client = helper.client { base_url = base }
            assert.is_table(client:get_certificate "1")
            local fields = { public_certificate = "c", integration_id = "i" }
            local value, err = client:create_certificate(fields)
            local posts = 0
            for _, request in ipairs(helper.requests(base)) do
                posts = posts + (request.method == "POST" and 1 or 0)
            end
            assert.equal(1, posts)
            if value then -- on a connection of its own
                assert.is_nil(err)
            else
                assert.equal("network", err.kind)
                assert.is_true(err.maybe_applied)
            end
        end)
    end
end)
