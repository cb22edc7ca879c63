--- Mistakes of the program that uses the module, told where that program made them: the first
--- function on the stack that is none of the module's own, however many of ours lie between.

local M = {}

-- "@/usr/share/lua/5.4/sso/": where the module's own files are.
local OWN = debug.getinfo(1, "S").source:match "^(@.*[/\\])[^/\\]*$" or "@sso/"

--- Raises with the position of the user's code.  Lua 5.1 has levels without lines where a call
--- was the last thing that a function did.
---@param message string
function M.raise(message)
    local level, info = 1
    repeat
        level = level + 1
        info = debug.getinfo(level, "Sl")
    until not info or info.currentline > 0 and info.source:sub(1, #OWN) ~= OWN
    error(info and ("%s:%d: %s"):format(info.short_src, info.currentline, message) or message, 0)
end

-- How many letters have to be put in, taken out or replaced to make one word of the other.
local function distance(a, b)
    local row = {}
    for j = 0, #b do
        row[j] = j
    end
    for i = 1, #a do
        local corner = row[0]
        row[0] = i
        for j = 1, #b do
            local other = a:byte(i) == b:byte(j) and corner or corner + 1
            corner = row[j]
            row[j] = math.min(other, row[j] + 1, row[j - 1] + 1)
        end
    end
    return row[#b]
end

--- The known name that is most like this one, or nil when none is.
---@param name string
---@param known table<string, any>
---@return string?
function M.nearest(name, known)
    local best, least
    for candidate in pairs(known) do
        local far = distance(name:lower(), candidate:lower())
        if not best or far < least or far == least and candidate < best then
            best, least = candidate, far
        end
    end
    return best and least <= math.max(1, math.floor(#best / 3)) and best or nil
end

-- What a value must be, by the name of its type in the tables that check_options takes.
local checks = {
    ["boolean"] = function(value)
        return type(value) == "boolean"
    end,
    ["string"] = function(value)
        return type(value) == "string" and value ~= ""
    end,
    ["seconds"] = function(value)
        return type(value) == "number" and value >= 0 and value < math.huge
    end,
}

local called = { ["boolean"] = "true or false", ["string"] = "a string that is not empty",
    ["seconds"] = "a number, 0 or more" }

--- Raises upon an unknown name or a wrong type among the options of a function.
---@param who string  the function
---@param options any  nil is none
---@param known table<string, string>  name to "boolean", "string", "seconds" or "any"
---@return table options  empty for nil
function M.check_options(who, options, known)
    if options == nil then
        return {}
    elseif type(options) == "function" then
        M.raise(who .. ": takes no callback: each step waits")
    elseif type(options) ~= "table" then
        M.raise(("%s: the options must be a table, not a %s"):format(who, type(options)))
    end
    for name, value in pairs(options) do
        local kind = type(name) == "string" and known[name]
        if not kind then
            local near = type(name) == "string" and M.nearest(name, known)
            M.raise(("%s: unknown option '%s'%s"):format(who, tostring(name),
                near and (" (did you mean '%s'?)"):format(near) or ""))
        elseif checks[kind] and not checks[kind](value) then
            M.raise(("%s: option '%s' must be %s, not %s"):format(who, name, called[kind],
                type(value) == "number" and tostring(value) or "a " .. type(value)))
        end
    end
    return options
end

return M
