--- Plays rows of the table of faults: one call in both forms against one scenario of the fault
-- server, and every column of the row compared with what came.
--
-- A row is {scenario, kind, phase, attempts, maybe_applied, requests}: kind "ok" is a success and
-- phase "-" none.  Further columns by name: port, operation, options, status, retry_after, within
-- (seconds, 3), message (a pattern), version (of HTTP, as the response tells it), before (calls on
-- the same connection first, counted among the requests), large (a request of 200,000 bytes).
-- max_retries is attempts - 1 unless options say otherwise.

local assert = require "luassert"
local busted = require "busted"
local failing = require "support.failing"
local helper = require "helper"
local process = require "process"

local unpack = table.unpack or unpack -- luacheck: ignore

local M = {}

-- How long a row takes at most, seconds: nothing in the table waits for more than a retry.
local WITHIN = 3

local ARGUMENTS = {
    update_certificate = { "123", { enabled = false } },
    get_certificate = { "123" },
    delete_certificate = { "123" },
    create_certificate = {
        { public_certificate = "c", enabled = true, integration_id = helper.INTEGRATION },
    },
    list_certificates = { helper.INTEGRATION },
}

local LARGE = { public_certificate = ("x"):rep(200000) }

local function options_of(row, base_url)
    local options = { base_url = base_url, max_retries = row[4] - 1 }
    for name, value in pairs(row.options or {}) do
        options[name] = name == "timeout" and value * helper.patience or value
    end
    return options
end

--- Plays a row in one form ("sync", "callback").
---@return {value: any, err: table?, response: table?, elapsed: number, requests: integer}
function M.play(row, form)
    local base_url = helper.faults(row[1], row.port)
    local client = helper.client(options_of(row, base_url))
    local operation = row.operation or "update_certificate"
    local arguments, n = {}, #ARGUMENTS[operation]
    for _ = 1, row.before or 0 do
        assert(client:get_certificate "123")
    end
    for i = 1, n do
        arguments[i] = ARGUMENTS[operation][i]
    end
    if row.large then
        arguments[2] = LARGE
    end
    local got, began = {}, process.now()
    if form == "sync" then
        got.value, got.err, got.response = client[operation](client, unpack(arguments, 1, n))
    else
        arguments[n + 1] = helper.expect(function(value, err, response)
            got.value, got.err, got.response = value, err, response
        end)
        client[operation](client, unpack(arguments, 1, n + 1))
        assert.equal(0, client:run(10))
    end
    got.elapsed = process.now() - began
    got.requests = #helper.requests(base_url, row[6])
    return got
end

--- The columns of a row as they came.
function M.columns(got)
    local err = got.err
    return {
        err and err.kind or "ok",
        err and err.phase or "-",
        err and err.attempts or got.response.attempts,
        err and err.maybe_applied or false,
        got.requests,
    }
end

local NAMES = { "kind", "phase", "attempts", "maybe_applied", "requests" }

local function check(row, form)
    local got = M.play(row, form)
    local came = M.columns(got)
    local said = got.err and tostring(got.err) or "a success"
    for i, name in ipairs(NAMES) do
        assert.same(row[i + 1], came[i], ("%s, %s: %s"):format(form, name, said))
    end
    assert.is_true(got.elapsed < (row.within or WITHIN) * helper.patience, got.elapsed)
    if got.err then
        assert.is_nil(got.value)
        failing.check_text(got.err)
        if row.status then
            assert.equal(row.status, got.err.status)
        end
        if row.retry_after then
            assert.same(row.retry_after, got.err.retry_after or "none")
        end
    else
        assert.is_truthy(got.value)
        if row.version then
            assert.equal(row.version, got.response.http_version)
        end
    end
    if row.message then
        assert.truthy(said:find(row.message), said)
    end
end

--- One case a row.
function M.cases(rows)
    for _, row in ipairs(rows) do
        local name = ("%s%s%s%s: %s"):format(row[1], row.port and " on " .. row.port or "",
            row.operation and " of " .. row.operation or "", row.large and " (large)" or "", row[2])
        local function both()
            check(row, "sync")
            check(row, "callback")
        end
        busted.it(name, row[2] == "timeout" and function()
            helper.patiently(both)
        end or both)
    end
    return #rows
end

return M
