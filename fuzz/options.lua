--- Any options, arguments and fields: a client, a call, an error or a raised sentence, and never a
-- crash; nothing is sent, for nothing is driven.

local core = require "sso.core"
local reader = require "reader"
local sso = require "sso"

local unpack = table.unpack or unpack -- luacheck: ignore

local OPTIONS = {}
for _, option in ipairs(core.options) do
    OPTIONS[#OPTIONS + 1] = option.name
end
table.sort(OPTIONS)

local CERTIFICATE = { "at", "min_key_bits", "public_certificate", "pem", "der" }

-- The names of all fields of an operation, those inside items too.
local function names_of(fields, names)
    for _, field in ipairs(fields or {}) do
        names[#names + 1] = field.name
        if type(field.items) == "table" then
            names_of(field.items, names)
        end
    end
    return names
end

local operations = {}
for i, operation in ipairs(core.operations) do
    operations[i] = {
        name = operation.name,
        fields = names_of(operation.fields, { "enabled", "name" }),
    }
end
operations[#operations + 1] = {
    name = "request",
    fields = { "method", "path", "query", "body", "limit" },
}

-- A mistake is raised as a sentence at the caller's position, which is here.
local function check_raised(what)
    if type(what) ~= "string" or not what:find("^fuzz/options%.lua:%d+: ") then
        error("raised without position: " .. tostring(what))
    end
    if what:find(reader.KEY, 1, true) then
        error("the key is in what was raised: " .. what)
    end
end

local function check_error(err)
    local text = tostring(err)
    if type(err) ~= "table" or type(err.kind) ~= "string" or text == "" then
        error("no error: " .. text)
    end
    -- the names of these files are the program's own and are repeated as they stand
    if err.kind == "config" and text:find("^c[al][_i][%a_]* .* cannot be read: ") then
        return
    end
    if text:find(reader.KEY, 1, true) or text:find("[%c]") then
        error("not fit to be shown: " .. text)
    end
end

-- → what the function returned; nil when it raised or answered with an error
local function try(fn)
    local ok, value, err = pcall(fn)
    if not ok then
        check_raised(value)
        return nil
    end
    if value == nil then
        check_error(err)
    end
    return value
end

local function call(client, r, state)
    local operation = r:pick(operations)
    local own
    local arguments, n = {}, r:byte() % 4
    for i = 1, n do
        arguments[i] = r:value(operation.fields)
    end
    if r:chance(128) then
        n = n + 1
        own = r:table(OPTIONS)
        arguments[n] = own
    end
    n = n + 1
    arguments[n] = function()
        state.called = state.called + 1
    end
    local handle = try(function()
        local value, err = client[operation.name](client, unpack(arguments, 1, n))
        return value, err
    end)
    if handle then
        state.started = state.started + 1
        assert(tostring(handle):find("^sso%.handle"))
        if rawget(_G, "SSO_PLANTED_BUG") and own and own.timeout then
            error("the planted bug")
        end
    end
end

local function certificate(r)
    local what = r:pick({ "parse", "same", "check" })
    local text, options = r:value(CERTIFICATE), r:value(CERTIFICATE)
    pcall(function()
        local value = sso.certificate[what](text, options)
        return value
    end)
end

return function(input)
    local r = reader.new(input)
    local options = r:value(OPTIONS)
    local client = try(function()
        local made, err = sso.new(options)
        return made, err
    end)
    certificate(r)
    if not client then
        return
    end
    local state = { started = 0, called = 0 }
    local clients = { client }
    while r:more() and #clients < 6 do
        local one = r:pick(clients)
        if r:chance(40) then
            local more = r:value(OPTIONS)
            clients[#clients + 1] = try(function()
                local made, err = one:with(more)
                return made, err
            end)
        else
            call(one, r, state)
        end
    end
    for _, one in ipairs(clients) do
        assert(not tostring(one):find(reader.KEY, 1, true))
        one:close()
    end
    assert(state.started == state.called,
        ("%d calls, %d callbacks"):format(state.started, state.called))
end
