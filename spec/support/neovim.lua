--- Runs Lua code inside a real, headless Neovim with this module, for specs of the Neovim host.

local process = require "process"

local M = {}

local function output(command)
    local pipe = assert(io.popen(command))
    local text = pipe:read "*a"
    pipe:close()
    return (text:gsub("%s+$", ""))
end

local here = output "pwd"

--- What the binary itself reports.
function M.version()
    local text = output "nvim --version 2>&1"
    local version = assert(text:match "NVIM v[^\n]+", "nvim is missing: " .. text)
    return version, text:match "LuaJIT [^\n]+"
end

--- Runs Neovim with commands, as its user would type them after its start.
---@param commands string[]
---@param options? {env: string[]?, timeout: number?, slow_names: boolean?, plugin: string?}
--- plugin: a folder for 'runtimepath'
---@return table outcome  of process.run
function M.run(commands, options)
    options = options or {}
    local env = {
        ("LUA_PATH=%s/lua/?.lua;%s/lua/?/init.lua;%s/spec/?.lua;;"):format(here, here, here),
        ("LUA_CPATH=%s/build/5.1/?.so;%s/build/5.1/spec/?.so;;"):format(here, here),
        "LUA_INIT",
    }
    if options.slow_names then
        env[#env + 1] = ("LD_PRELOAD=%s/build/5.1/spec/slow_resolver.so"):format(here)
    end
    for _, entry in ipairs(options.env or {}) do
        env[#env + 1] = entry
    end
    -- without a user's settings, and without plugins unless one is asked for
    local argv = { "nvim", "--headless", "-n" }
    local words = { "-u", "NONE", "-i", "NONE" }
    if options.plugin then
        words = { "--clean", "--cmd", "set runtimepath+=" .. here .. "/" .. options.plugin }
    end
    for _, word in ipairs(words) do
        argv[#argv + 1] = word
    end
    for _, command in ipairs(commands) do
        argv[#argv + 1] = "-c"
        argv[#argv + 1] = command
    end
    return process.run(argv, env, options.timeout or 15)
end

--- Runs a case (uv_inside.lua).
---@param code string
---@param options? table  as for run
function M.lua(code, options)
    options = options or {}
    local env = { "SSO_CODE=" .. code }
    for _, entry in ipairs(options.env or {}) do
        env[#env + 1] = entry
    end
    return M.run({ "lua require('support.uv_inside').main()" }, {
        env = env,
        timeout = options.timeout,
        slow_names = options.slow_names,
    })
end

return M
