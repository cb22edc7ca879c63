--- Which event loop waits: one file a host under `sso/host/`, and here how each is recognised.
--
-- A host is a table:
--   wait(client, handle, deliver)  returns when the handle is done; with `deliver` it also runs
--                                  callbacks meanwhile
--   start(client, handle)          sees to it that the callback will run, and returns
--   run(client, seconds)           drives until nothing is left or the time is over; optional
--   refuse(has_callback)           why this place can neither wait nor block, or nil; optional
--   closed(client)                 what to do when a client was closed; optional

local M = {}

-- In the order in which they are looked for; `blocking` is what remains.
local signs = {
    {
        name = "nginx",
        here = function()
            local ngx = package.loaded.ngx
            return type(ngx) == "table" and ngx.get_phase ~= nil
        end,
    },
}

local names = { blocking = true }
for _, sign in ipairs(signs) do
    names[sign.name] = true
end

local function detect()
    for _, sign in ipairs(signs) do
        if sign.here() then
            return sign.name
        end
    end
    return "blocking"
end

-- What a host of the user's own may leave out.
local function run_by_waiting(host, client, seconds)
    local blocking = require "sso.host.blocking"
    return (host.run or blocking.run)(client, seconds)
end

local completed = setmetatable({}, { __mode = "k" })

local function complete(host)
    if not completed[host] then
        completed[host] = {
            wait = host.wait,
            start = host.start,
            refuse = host.refuse,
            closed = host.closed,
            run = function(client, seconds)
                return run_by_waiting(host, client, seconds)
            end,
        }
    end
    return completed[host]
end

--- Raises, two levels up, when a `host` option cannot be used.
---@param option any
---@param who string
function M.check(option, who)
    if option == nil or option == "auto" or (type(option) == "string" and names[option]) then
        return
    end
    if type(option) == "string" then
        error(("%s: unknown host '%s'"):format(who, option), 3)
    end
    for _, name in ipairs { "wait", "start" } do
        if type(option[name]) ~= "function" then
            error(("%s: option 'host' must have a function '%s'"):format(who, name), 3)
        end
    end
end

--- The host that an option stands for, at this moment.
---@param option nil|string|table
---@return table host
function M.find(option)
    if type(option) == "table" then
        M.check(option, "host")
        return complete(option)
    end
    if option == nil or option == "auto" then
        option = detect()
    end
    M.check(option, "host")
    return require("sso.host." .. option)
end

return M
