--- JSON for people and programs: names in order, two spaces a level, so that two documents
--- can be compared line by line.  What a terminal would obey is escaped, as are stray bytes.

local printable = require "sso.printable"

local M = {}

-- Names whose value is a list, which an empty Lua table does not tell.
local LISTS = {}
for name in ([[
    attributes audiences certificates differences errors findings integrations journal matches
    notes problems scopes signatures steps subuser_access teammates wanted warnings
]]):gmatch "%S+" do
    LISTS[name] = true
end

local SHORT = {
    ["\""] = "\\\"", ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n",
    ["\r"] = "\\r", ["\t"] = "\\t",
}

local SEQUENCES = {
    "^[\194-\223][\128-\191]", "^[\224-\239][\128-\191][\128-\191]",
    "^[\240-\244][\128-\191][\128-\191][\128-\191]",
}

-- A character that is not shown as it is: \u and its number, U+FFFD for bytes that are no UTF-8.
local function escape(character)
    local first, second, third, fourth = character:byte(1, 4)
    local code = 0xFFFD
    if #character == 2 then
        code = (first - 0xC0) * 64 + second - 0x80
    elseif #character == 3 then
        code = ((first - 0xE0) * 64 + second - 0x80) * 64 + third - 0x80
        code = (code < 0x800 or (code >= 0xD800 and code <= 0xDFFF)) and 0xFFFD or code
    elseif #character == 4 then
        code = (((first - 0xF0) * 64 + second - 0x80) * 64 + third - 0x80) * 64 + fourth - 0x80
        if code >= 0x10000 and code <= 0x10FFFF then
            local low = (code - 0x10000) % 1024
            return ("\\u%04x\\u%04x"):format(0xD800 + (code - 0x10000 - low) / 1024, 0xDC00 + low)
        end
        code = 0xFFFD
    end
    return ("\\u%04x"):format(code)
end

local function escape_wide(text)
    local parts, at = {}, 1
    while at <= #text do
        local piece = text:match("^[%z\1-\127]+", at)
        local shown = piece
        if not piece then
            for _, pattern in ipairs(SEQUENCES) do
                piece = piece or text:match(pattern, at)
            end
            piece = piece or text:sub(at, at)
            shown = printable(piece) == piece and piece or escape(piece)
        end
        parts[#parts + 1] = shown
        at = at + #piece
    end
    return table.concat(parts)
end

local function quote(text)
    text = text:gsub("[%c\"\\\127]", function(character)
        return SHORT[character] or ("\\u%04x"):format(character:byte())
    end)
    return "\"" .. (text:find "[\128-\255]" and escape_wide(text) or text) .. "\""
end

local encode

local function number(value)
    if value ~= value or value == math.huge or value == -math.huge then
        return "null"
    elseif value == math.floor(value) and math.abs(value) < 2 ^ 53 then
        return ("%.0f"):format(value)
    end
    return ("%.14g"):format(value)
end

local function list(value, indent)
    local parts = {}
    for i, element in ipairs(value) do
        parts[i] = indent .. "  " .. encode(element, indent .. "  ")
    end
    return #parts == 0 and "[]" or "[\n" .. table.concat(parts, ",\n") .. "\n" .. indent .. "]"
end

local function object(value, indent)
    local names, parts = {}, {}
    for name, field in pairs(value) do
        if type(name) == "string" and type(field) ~= "function" then
            names[#names + 1] = name
        end
    end
    table.sort(names)
    for i, name in ipairs(names) do
        parts[i] = ("%s  %s: %s"):format(indent, quote(name),
            encode(value[name], indent .. "  ", LISTS[name]))
    end
    return #parts == 0 and "{}" or "{\n" .. table.concat(parts, ",\n") .. "\n" .. indent .. "}"
end

function encode(value, indent, is_list)
    local kind = type(value)
    if kind == "table" then
        if value[1] ~= nil or is_list then
            return list(value, indent)
        end
        return object(value, indent)
    elseif kind == "string" then
        return quote(value)
    elseif kind == "number" then
        return number(value)
    elseif kind == "boolean" then
        return tostring(value)
    end
    return "null"
end

--- Encodes a value; an empty table is an object, unless `is_list` or its name says otherwise.
---@param value any  functions among the fields of a table are left out
---@param is_list? boolean
---@return string text  ends with a line break
function M.encode(value, is_list)
    return encode(value, "", is_list) .. "\n"
end

return M
