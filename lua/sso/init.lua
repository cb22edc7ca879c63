--- sendgrid-sso: Twilio SendGrid's SSO API for Lua.
--
-- The public module: the C core's clients and handles, taught to wait the way
-- of the host they run in, and the default client behind `sso.update_certificate`
-- and its siblings.  What differs from host to host is in `sso/host/`.

local core = require "sso.core"
local deliver = require "sso.deliver"
local hosts = require "sso.host"
require "sso.host.blocking" -- loaded here, as later there may be no descriptor left to read it

local Client, Handle = core.client, core.handle
local find_host = hosts.find

---@class sso
local M = {
    _VERSION = core._VERSION,
    --- Versions of the module, Lua, libcurl, its TLS library and lua-cjson, as loaded.
    version = core.version,
    --- Reads X.509 certificates: `parse`, `same`, `check`.
    certificate = core.certificate,
}

--- Ends the start of a call: hands the handle to the host, which waits for it or sees to it that
--- its callback will run.
---@param client sso.Client
---@param handle sso.Handle
---@param has_callback boolean
---@param key_function? function  called here and not in C, so that it may yield
---@param option? string|table  the option `host`
local function conclude(client, handle, has_callback, key_function, option)
    local host = find_host(option)
    local refusal = host.refuse and host.refuse(has_callback)
    if refusal then
        handle:_discard()
        return nil, core.failure("host", refusal, handle:_name())
    end
    if key_function then
        handle:_key(pcall(key_function))
    end
    if has_callback then
        host.start(client, handle)
        return handle
    end
    host.wait(client, handle)
    return handle:_take()
end

local default

--- The client behind the module's own operations, made from the environment at first use.  One
--- that could not be configured is made anew at the next use: a mounted key file may come late.
local function default_client()
    if not default or (default:_broken() and default:_active() == 0) then
        default = core.new(nil, true)
    end
    return default
end

local function check_client(client, name)
    if type(client) ~= "userdata" then
        error(("%s: the client is missing: call it with a colon, as client:%s(...)"):format(
            name == "with" and "client:with" or name, name), 3)
    end
end

for number, name in ipairs(core.operation_names) do
    -- _begin raises at the position of these functions' caller: no tail calls here
    Client[name] = function(client, ...)
        check_client(client, name)
        local value, err, response = conclude(client, client:_begin(number, ...))
        return value, err, response
    end
    M[name] = function(...)
        local client = default_client()
        local value, err, response = conclude(client, client:_begin(number, ...))
        return value, err, response
    end
end

--- Calls any other operation of SendGrid's API: same key, checks, retries and errors.
---@param request {method: string?, path: string, query: table?, body: table|string?}
---@param options? sso.CallOptions
---@param callback? function
function Client:request(...)
    check_client(self, "request")
    local value, err, response = conclude(self, self:_begin(0, ...))
    return value, err, response
end

function M.request(...)
    local client = default_client()
    local value, err, response = conclude(client, client:_begin(0, ...))
    return value, err, response
end

--- Reads a document from any server, such as an identity provider's metadata: the client's engine,
--- hosts, TLS rules, proxies, retries and deadline, and neither its key nor its headers.
---@param url string
---@param options? sso.CallOptions
---@return string? body
---@return sso.Error? err
---@return sso.Response? response
function Client:_fetch(...)
    check_client(self, "_fetch")
    local value, err, response = conclude(self, self:_begin(-1, ...))
    return value, err, response
end

-- Loaded when it is first used: a script that makes one call needs none of it.
local LATER = {
    each_teammate = "sso.pages",
    each_subuser_access = "sso.pages",
    list_all_certificates = "sso.pages",
    ensure_certificate = "sso.rotation",
    rotate_certificate = "sso.rotation",
    sync_metadata = "sso.rotation",
    snapshot = "sso.snapshot",
    diff = "sso.snapshot",
    restore = "sso.snapshot",
    check_certificates = "sso.monitor",
}
for name, module in pairs(LATER) do
    Client[name] = function(client, ...)
        check_client(client, name)
        return require(module)[name](client, ...)
    end
    M[name] = function(...)
        return require(module)[name](default_client(), ...)
    end
end

-- Parts that stand by themselves, loaded when they are first named: sso.metadata and so on.
local PARTS = { metadata = true, monitor = true, saml = true, timeline = true }
setmetatable(M, {
    __index = function(module, name)
        if PARTS[name] then
            local part = require("sso." .. name)
            rawset(module, name, part)
            return part
        end
    end,
})

--- Makes a client.
---@param options? sso.Options
---@return sso.Client? client
---@return sso.Error? err  kind `config`: no API key anywhere, a file that cannot be read
function M.new(options)
    local client, err = core.new(options)
    return client, err
end

--- A client that shares the connections of this one, with other defaults.
---@param options sso.Options  what shall differ
---@return sso.Client? client
---@return sso.Error? err
function Client:with(options)
    check_client(self, "with")
    local client, err = self:_with(options)
    return client, err
end

--- Does what is due, runs events and callbacks, and raises what a callback raised.
---@param budget? number  seconds after which the rest is left to the next step; nil: everything
---@return integer active  calls that are not finished
function Client:step(budget)
    self:_step(budget)
    deliver.all(self)
    return self:_active()
end

--- Drives calls until none is left or the time is over.
---@param seconds? number
---@return integer left
function Client:run(seconds)
    local host = hosts.find(self:_option "host")
    local refusal = host.refuse and host.refuse(false)
    if refusal then
        error(core.failure("host", refusal), 0)
    end
    host.run(self, seconds)
    return self:_active()
end

--- Cancels what is in flight and closes the connections; twice is fine.
function Client:close()
    self:_close()
    local host = hosts.find(self:_option "host")
    if host.closed then
        host.closed(self)
    end
end

--- Waits for the call; its callback runs meanwhile, if it has one.
---@return any? value
---@return sso.Error? err
---@return sso.Response? response
function Handle:wait()
    local host = hosts.find(self:_option "host")
    local refusal = host.refuse and host.refuse(false)
    if refusal and not self:done() then
        return nil, core.failure("host", refusal)
    end
    host.wait(self:_client(), self, true)
    return self:_result()
end

--- Waits for several calls.
---@param handles sso.Handle[]
---@return sso.Handle[] handles  the same, all of them done
function M.wait_all(handles)
    for _, handle in ipairs(handles) do
        handle:wait()
    end
    return handles
end

--- Drives the calls of the default client; see `Client:run`.
---@param seconds? number
---@return integer left
function M.run(seconds)
    return default_client():run(seconds)
end

return M
