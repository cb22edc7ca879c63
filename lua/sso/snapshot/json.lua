--- JSON for snapshots: written as the command line writes it, so that the same set-up is the same
--- text, and read into plain Lua values.

local cjson = require("cjson").new()
local writer = require "sso.json"

cjson.decode_invalid_numbers(false)

local M = { encode = writer.encode }

-- Lua 5.3 has whole numbers of their own, which lua-cjson does not always give.
local whole = math.tointeger or function(number) -- luacheck: ignore
    return number
end

-- Null becomes nil.
local function native(value)
    if value == cjson.null then
        return nil
    elseif type(value) == "number" and value % 1 == 0 then
        return whole(value) or value
    elseif type(value) == "table" then
        local new = {}
        for name, item in pairs(value) do
            new[name] = native(item)
        end
        return new
    end
    return value
end

--- Reads JSON.
---@param text string
---@return any? value
---@return string? problem  why there is none
function M.decode(text)
    -- lua-cjson takes a zero byte for the end of the text
    local zero = text:find("\0", 1, true)
    if zero then
        return nil, ("not JSON: a zero byte at character %d"):format(zero)
    end
    local ok, value = pcall(cjson.decode, (text:gsub("^\239\187\191", "")))
    if not ok then
        return nil, "not JSON: " .. tostring(value)
    end
    return native(value)
end

return M
