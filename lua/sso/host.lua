--- Which event loop waits: one file a host under `sso/host/`, and here how each is recognised.
--
-- A host is a table:
--   wait(client, handle, deliver)  returns when the handle is done; with `deliver` it also runs
--                                  callbacks meanwhile
--   start(client, handle)          sees to it that the callback will run, and returns
--   run(client, seconds)           drives until nothing is left or the time is over; optional
--   refuse(has_callback)           why this place can neither wait nor block, or nil; optional
--   closed(client)                 what to do when a client was closed; optional

local core = require "sso.core"

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
    {
        name = "neovim",
        here = function()
            local vim = rawget(_G, "vim")
            return type(vim) == "table" and vim.api ~= nil and (vim.loop or vim.uv) ~= nil
        end,
    },
    {
        name = "haproxy",
        here = function()
            local haproxy = rawget(_G, "core")
            return type(haproxy) == "table" and haproxy.register_task ~= nil
                and haproxy.msleep ~= nil
        end,
    },
    {
        name = "cqueues",
        here = function()
            local cqueues = package.loaded.cqueues
            return type(cqueues) == "table" and cqueues.running ~= nil
                and cqueues.running() ~= nil
        end,
    },
    {
        name = "copas",
        here = function()
            local copas = package.loaded.copas
            return type(copas) == "table" and copas.addthread ~= nil
        end,
    },
    {
        -- loaded is enough: a callback's loop may be run later (sso/host/luv.lua has the rest)
        name = "luv",
        here = function()
            local uv = package.loaded.luv
            return type(uv) == "table" and uv.loop_mode ~= nil
        end,
    },
}

-- The names that the option `host` takes; the core checks it by this table.
local names = core.hosts
names.auto = true
names.blocking = true
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

--- The host that a checked option stands for, at this moment.
---@param option nil|string|table
---@return table host
function M.find(option)
    if type(option) == "table" then
        return complete(option)
    end
    if option == nil or option == "auto" then
        option = detect()
    end
    return require("sso.host." .. option)
end

return M
