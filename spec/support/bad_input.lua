-- What the specs of bad input share. A programming mistake raises at the caller's position; what
-- data or the environment cause is returned. Either way nothing is sent, and no message holds a
-- key.

local assert = require "luassert"
local busted = require "busted"
local helper = require "helper"
local sso = require "sso"

local unpack = table.unpack or unpack -- luacheck: ignore

local THIS = debug.getinfo(1, "S").short_src
local KEY = helper.key

local M = {}

--- What is wrong with a server's URL, wherever that came from.
M.CLEAR = "base_url is http to a host that is not loopback: the key would travel in the clear, "
    .. "use https"
M.CREDENTIALS = "base_url holds credentials: leave them out, the key goes in api_key"

--- Arguments, nils among them.
function M.A(...)
    return { n = select("#", ...), ... }
end

local base, client, callbacks

--- Inside a describe, after helper.watch(): fails a case that sends anything or calls back.
function M.watch()
    busted.before_each(function()
        base = helper.faults("ok")
        client = helper.client({ base_url = base })
        callbacks = 0
    end)
    busted.after_each(function()
        assert.equal(0, client:run(0.5)) -- what was queued by mistake would go out here
        assert.equal(0, #helper.requests(base))
        assert.equal(0, callbacks)
    end)
end

--- The case's server, at which nothing may arrive.
function M.base()
    return base
end

--- The case's client of that server.
function M.client()
    return client
end

-- Numbers that are none print with a sign that depends on the machine.
local function settled(message)
    return (message:gsub("%-nan", "nan"))
end

--- A value as the name of a case shows it: short, printable, without the key.
function M.shown(value)
    if type(value) == "table" then
        return M.described(value)
    elseif type(value) ~= "string" then
        return type(value) == "function" and "function" or tostring(value)
    end
    local text = ("%q"):format(value:gsub(KEY:gsub("%p", "%%%0"), "KEY"))
    return (text:gsub("[%c\127-\255]", "?"):gsub("^(" .. ("."):rep(60) .. ").*", "%1..."))
end

--- A table in the same way, sorted.
function M.described(value)
    if type(value) ~= "table" then
        return M.shown(value)
    end
    local words = {}
    for name, inner in pairs(value) do
        if name ~= "n" then
            words[#words + 1] = M.shown(name) .. " = " .. M.shown(inner)
        end
    end
    table.sort(words)
    return "{" .. table.concat(words, ", ") .. "}"
end

--- Calls and expects exactly this error, raised at the line of the call.
function M.expect_raise(message, f, ...)
    local args = M.A(...)
    local line
    local ok, why = pcall(function()
        line = debug.getinfo(1, "l").currentline + 1
        f(unpack(args, 1, args.n))
    end)
    assert.is_false(ok, "nothing was raised")
    assert.equal("string", type(why))
    assert.equal(("%s:%d: %s"):format(THIS, line, message), settled(why))
    assert.is_nil(why:find(KEY, 1, true))
end

--- Expects what a call returned to be exactly this error, without a response.
function M.expect_error(kind, message, value, err, response)
    assert.is_nil(value)
    assert.is_nil(response)
    assert.equal("table", type(err))
    assert.equal(kind, err.kind)
    assert.equal(message, err.message)
    assert.is_false(err.retryable)
    assert.is_false(err.maybe_applied)
    assert.is_nil(tostring(err):find(KEY, 1, true))
    assert.is_nil(tostring(err):find("PRIVATE KEY", 1, true))
end

--- Both tables in one, the other one on top.
function M.plus(one, other)
    local all = {}
    for name, value in pairs(one) do
        all[name] = value
    end
    for name, value in pairs(other) do
        all[name] = value
    end
    return all
end

--- The body of a case in which an operation raises, as the client's and as the module's own;
--- `print` among the arguments stands for a callback that must not run.
function M.raising(operation, args, message)
    return function()
        local copy = M.A(unpack(args, 1, args.n))
        for i = 1, copy.n do
            if copy[i] == print then
                copy[i] = function() callbacks = callbacks + 1 end
            end
        end
        M.expect_raise(message, client[operation], client, unpack(copy, 1, copy.n))
        M.expect_raise(message, sso[operation], unpack(copy, 1, copy.n))
    end
end

return M
