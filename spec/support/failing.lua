-- How a failing call is looked at, for the specs of errors: rows of what to ask for and what the
-- error must say, run in both forms of the call, counted at the server, searched for the key.

local assert = require "luassert"
local busted = require "busted"
local helper = require "helper"
local process = require "process"

local M = {}

-- ---- what every failure is looked at for ------------------------------------

-- Fails when the text occurs anywhere in what the caller was given as the error.
function M.never_contains(value, secret, where)
    if type(value) == "table" then
        for name, field in pairs(value) do
            M.never_contains(field, secret, where .. "." .. tostring(name))
        end
    elseif type(value) == "string" then
        assert.is_nil(value:find(secret, 1, true), where .. " holds the API key: " .. value)
    end
end

function M.check_text(err)
    for _, text in ipairs({tostring(err), err.message, err .. "", "" .. err}) do
        assert.is_true(#text >= 8 and #text < 1000, text)
        assert.is_nil(text:find("[%z\1-\31\127]"), text)
        assert.is_nil(text:find("\194[\128-\159]"), text)
        M.never_contains(text, helper.key, "text")
    end
    M.never_contains(err, helper.key, "err")
    M.never_contains(err.hint, "\27", "hint")
    assert.truthy(tostring(err):find(err.message, 1, true))
end

local same_in_both = {
    "kind", "status", "phase", "attempts", "retryable", "maybe_applied", "retry_after", "hint",
    "operation", "code", "errors",
}

-- Errors and responses of the two forms; ports and tokens differ in nothing that is compared.
function M.check_same(a, b)
    for _, name in ipairs(same_in_both) do
        assert.same(a.err[name], b.err[name], name .. " differs between the forms")
    end
    local function plain(text)
        return (text:gsub("/%d+%-%d+%-%d+/", "/TOKEN/"))
    end
    assert.equal(plain(a.err.message), plain(b.err.message))
    assert.equal(a.response == nil, b.response == nil)
    if a.response then
        for _, name in ipairs({"status", "attempts", "http_version"}) do
            assert.equal(a.response[name], b.response[name])
        end
        if a.err.phase ~= "body" then -- how much of a cut one came is chance
            assert.equal(#a.response.body, #b.response.body)
        end
    end
end

local arguments = {
    update_certificate = {"123", {enabled = false}},
    get_certificate = {"123"},
    list_certificates = {helper.INTEGRATION},
}

local unpack = table.unpack or unpack

-- Runs one call in one form; base_url decides what happens to it.
local function run(form, operation, options)
    local client = helper.client(options)
    local result = {began = process.now()}
    if form == "sync" then
        result.value, result.err, result.response =
            client[operation](client, unpack(arguments[operation]))
    else
        local list = {unpack(arguments[operation])}
        local returned = false
        list[#list + 1] = helper.expect(function(value, err, response)
            assert.is_true(returned, "the callback ran before the call had returned")
            result.value, result.err, result.response = value, err, response
        end)
        client[operation](client, unpack(list))
        returned = true
        assert.equal(0, client:run(10))
    end
    result.elapsed = process.now() - result.began
    return result
end

-- row: {scenario, want = {field = value}, port, options, operation, requests, connections,
-- message = pattern}; one attempt unless options say otherwise
local function base_url_of(row)
    if row.base_url then
        return row.base_url()
    end
    return helper.faults(row[1], row.port)
end

local function options_of(row, base_url)
    local options = {base_url = base_url, max_retries = 0}
    for name, value in pairs(row.options or {}) do
        if name:match("timeout$") then -- whole milliseconds
            value = math.floor(value * helper.patience * 1000 + 0.5) / 1000
        end
        options[name] = value
    end
    return options
end

function M.check_row(row, form)
    local base_url = base_url_of(row)
    local connections = row.connections and helper.connections(row.port or "http")
    local options = options_of(row, base_url)
    local result = run(form, row.operation or "update_certificate", options)
    local err, want = result.err, row.want
    assert.is_nil(result.value)
    assert.equal("table", type(err), "no error came")
    M.check_text(err)
    for name, value in pairs(want) do
        assert.same(value, err[name] == nil and "none" or err[name],
            ("%s; %s: %s"):format(name, err.kind, tostring(err)))
    end
    assert.equal(want.attempts or 1, err.attempts)
    assert.equal(row.operation or "update_certificate", err.operation)
    assert.is_true(err.elapsed >= 0 and err.elapsed <= result.elapsed)
    assert.equal(err.status, result.response and result.response.status)
    if row.message then
        assert.truthy(err.message:find(row.message), err.message)
    end
    if not row.base_url then
        local wanted = row.requests or 1
        assert.equal(wanted, #helper.requests(base_url, wanted), "requests at the server")
    end
    if row.connections then
        assert.equal(row.connections, helper.connections(row.port or "http") - connections)
    end
    if row.within then
        assert.is_true(result.elapsed < row.within * helper.patience, result.elapsed)
    end
    if err.kind == "timeout" then
        assert.is_true(result.elapsed >= options.timeout, result.elapsed)
        assert.truthy(err.message:find(("%g s"):format(options.timeout), 1, true), err.message)
    end
    return result
end

--- Both forms of the call, and that they agree.
function M.check_both(row)
    local function check()
        M.check_same(M.check_row(row, "sync"), M.check_row(row, "callback"))
    end
    if row.within then
        helper.patiently(check)
    else
        check()
    end
end

--- One case a row.
function M.cases(rows)
    for _, row in ipairs(rows) do
        busted.it(row.name or row[1]:gsub("%-", " "), function()
            M.check_both(row)
        end)
    end
end

-- Expectations that many rows share. "none": the field is nil.
function M.with(base, more)
    local all = {}
    for name, value in pairs(base) do
        all[name] = value
    end
    for name, value in pairs(more or {}) do
        all[name] = value
    end
    return all
end

return M
