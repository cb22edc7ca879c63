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

local loaded = package.loaded

-- Where the call is made, asked anew each time: a loop may be loaded later, and run or not.  In the
-- order in which they are looked for; `blocking` is what remains.
local function detect()
    local ngx = loaded.ngx
    if ngx and type(ngx) == "table" and ngx.get_phase then
        return "nginx"
    end
    local vim = rawget(_G, "vim")
    if vim and type(vim) == "table" and vim.api and (vim.loop or vim.uv) then
        return "neovim"
    end
    local haproxy = rawget(_G, "core")
    if haproxy and type(haproxy) == "table" and haproxy.register_task and haproxy.msleep then
        return "haproxy"
    end
    local cqueues = loaded.cqueues
    if cqueues and type(cqueues) == "table" and cqueues.running and cqueues.running() then
        return "cqueues"
    end
    local copas = loaded.copas
    if copas and type(copas) == "table" and copas.addthread then
        return "copas"
    end
    -- loaded is enough: a callback's loop may be run later (sso/host/luv.lua has the rest)
    local uv = loaded.luv
    if uv and type(uv) == "table" and uv.loop_mode then
        return "luv"
    end
    return "blocking"
end

-- The names that the option `host` takes; the core checks it by this table.
local names = core.hosts
for name in ("auto nginx neovim haproxy cqueues copas luv blocking"):gmatch "%a+" do
    names[name] = true
end

-- What a host of the user's own may leave out.
local function run_by_waiting(client, seconds)
    return require("sso.host.blocking").run(client, seconds)
end

-- Made anew each time: kept by a weak key, it would keep that key alive in Lua 5.1 and LuaJIT.
local function complete(host)
    return {
        wait = host.wait,
        start = host.start,
        refuse = host.refuse,
        closed = host.closed,
        run = host.run or run_by_waiting,
    }
end

-- Name → module, of those that were needed: this runs at every call.
local modules = {}

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
    local host = modules[option]
    if not host then
        host = require("sso.host." .. option)
        modules[option] = host
    end
    return host
end

return M
