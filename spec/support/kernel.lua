--- Runs code under a kernel that says no to one system call, in a process of its own.

local helper = require "helper"

local M = {}

--- Runs code with the system call refused.
---@param call string  its name; see spec/support/failing_call.c
---@param code string
---@param more? table<string, string>  further variables
---@return {status: integer, output: string}
function M.refusing(call, code, more)
    local preloaded = os.getenv "LD_PRELOAD"
    local library = helper.module_file "failing_call"
    local env = {
        "LD_PRELOAD=" .. (preloaded and preloaded .. ":" or "") .. library,
        "SSO_FAILING=" .. call,
    }
    for name, value in pairs(more or {}) do
        env[#env + 1] = name .. "=" .. value
    end
    return helper.lua(code, { timeout = 15 * helper.patience, env = env })
end

return M
