--- What commands read and write: files, and "-" for standard input or output.

local core = require "sso.core"

local M = {}

-- Most that is read of one file, bytes: a device that never ends is no certificate.
local MOST = 16 * 1024 * 1024

-- "name: why" as the system says it, without the name.
local function reason(name, why)
    why = tostring(why or "it cannot be read")
    return why:sub(1, #name + 2) == name .. ": " and why:sub(#name + 3) or why
end

local function stop(name, verb, why)
    error(core.failure("config", ("cannot %s %s: %s"):format(verb, name, reason(name, why))), 0)
end

--- The whole of a file.  Raises an error of kind `config` when it cannot be read.
---@param name string  "-": standard input
---@return string text
function M.read(name)
    local shown = name == "-" and "standard input" or name
    local file, problem = io.stdin, nil
    if name ~= "-" then
        file, problem = io.open(name, "rb")
    end
    if not file then
        stop(shown, "read", problem)
    end
    local text, why = file:read(MOST + 1)
    if name ~= "-" then
        file:close()
    end
    if not text and why then
        stop(shown, "read", why)
    elseif text and #text > MOST then
        stop(shown, "read", "it is longer than 16 MiB")
    end
    return text or ""
end

--- Writes a file; one that is there is replaced.
---@param name string
---@param text string
function M.write(name, text)
    local file, why = io.open(name, "wb")
    local ok = file
    if file then
        ok, why = file:write(text)
        local closed, problem = file:close()
        if ok and not closed then
            ok, why = false, problem
        end
    end
    if not ok then
        stop(name, "write", why)
    end
end

return M
