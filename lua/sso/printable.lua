--- Text of others, made fit to be shown: what the server or an identity provider wrote cannot move
--- the cursor, colour a terminal, break a line or turn the direction of what stands around it.
--
--     local printable = require "sso.printable"
--     print(printable(integration.name))
--
-- Also how many columns a text takes in a terminal, and cutting and padding by columns.  Works on
-- bytes, as Lua 5.1 to 5.4 and LuaJIT have nothing for UTF-8 in common.

local M = {}

local REPLACEMENT = "\239\191\189" -- U+FFFD

-- Ranges of code points that do something instead of showing something, beyond C0 and C1:
-- directions, line and paragraph separators, byte order marks, annotations, tags.
local CONTROLS = {
    { 0x061C, 0x061C }, { 0x200E, 0x200F }, { 0x2028, 0x202E }, { 0x2060, 0x206F },
    { 0xFEFF, 0xFEFF }, { 0xFFF9, 0xFFFB }, { 0xE0000, 0xE0FFF },
}

-- Marks that stand on the character before them, and joiners.
local ZERO_WIDE = {
    { 0x0300, 0x036F }, { 0x0483, 0x0489 }, { 0x0591, 0x05BD }, { 0x05BF, 0x05BF },
    { 0x05C1, 0x05C2 }, { 0x0610, 0x061A }, { 0x064B, 0x065F }, { 0x0670, 0x0670 },
    { 0x06D6, 0x06DC }, { 0x06DF, 0x06E4 }, { 0x0900, 0x0902 }, { 0x093C, 0x093C },
    { 0x0941, 0x0948 }, { 0x094D, 0x094D }, { 0x0E31, 0x0E31 }, { 0x0E34, 0x0E3A },
    { 0x0E47, 0x0E4E }, { 0x1AB0, 0x1AFF }, { 0x1DC0, 0x1DFF }, { 0x200B, 0x200D },
    { 0x20D0, 0x20FF }, { 0x302A, 0x302D }, { 0x3099, 0x309A }, { 0xFE00, 0xFE0F },
    { 0xFE20, 0xFE2F },
}

-- East Asian wide and full-width characters, and pictographs.
local TWO_WIDE = {
    { 0x1100, 0x115F }, { 0x231A, 0x231B }, { 0x2329, 0x232A }, { 0x23E9, 0x23EC },
    { 0x25FD, 0x25FE }, { 0x2614, 0x2615 }, { 0x26A1, 0x26A1 }, { 0x2705, 0x2705 },
    { 0x274C, 0x274C }, { 0x2753, 0x2755 }, { 0x2757, 0x2757 }, { 0x2E80, 0x303E },
    { 0x3041, 0x33FF }, { 0x3400, 0x4DBF }, { 0x4E00, 0x9FFF }, { 0xA000, 0xA4CF },
    { 0xA960, 0xA97F }, { 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF }, { 0xFE10, 0xFE19 },
    { 0xFE30, 0xFE6F }, { 0xFF00, 0xFF60 }, { 0xFFE0, 0xFFE6 }, { 0x1F300, 0x1F64F },
    { 0x1F680, 0x1F6FF }, { 0x1F900, 0x1FAFF }, { 0x20000, 0x3FFFD },
}

local function within(ranges, code)
    for _, range in ipairs(ranges) do
        if code < range[1] then
            return false
        elseif code <= range[2] then
            return true
        end
    end
    return false
end

-- The code point at a byte and how many bytes it takes; nil and 1 where there is no valid one.
local function decode(text, at)
    local first, second, third, fourth = text:byte(at, at + 3)
    local function more(byte)
        return byte and byte >= 0x80 and byte <= 0xBF
    end
    if first < 0x80 then
        return first, 1
    elseif first >= 0xC2 and first <= 0xDF and more(second) then
        return (first - 0xC0) * 64 + second - 0x80, 2
    elseif first >= 0xE0 and first <= 0xEF and more(second) and more(third) then
        local code = ((first - 0xE0) * 64 + second - 0x80) * 64 + third - 0x80
        if code >= 0x800 and (code < 0xD800 or code > 0xDFFF) then
            return code, 3
        end
    elseif first >= 0xF0 and first <= 0xF4 and more(second) and more(third) and more(fourth) then
        local code = (((first - 0xF0) * 64 + second - 0x80) * 64 + third - 0x80) * 64
            + fourth - 0x80
        if code >= 0x10000 and code <= 0x10FFFF then
            return code, 4
        end
    end
    return nil, 1
end

--- Iterates over a text: each character's bytes, its code point (nil for a stray byte), and whether
--- it can be shown as it is.
---@param text string
---@return fun(): string?, integer?, boolean?
function M.characters(text)
    local at = 1
    return function()
        if at > #text then
            return nil
        end
        local code, length = decode(text, at)
        at = at + length
        local harmless = code ~= nil and code >= 32 and (code < 127 or code > 159)
            and (code < 0x600 or not within(CONTROLS, code))
        return text:sub(at - length, at - 1), code, harmless
    end
end

local function columns_of(code)
    if not code or code < 0x300 then
        return 1
    end
    return within(ZERO_WIDE, code) and 0 or within(TWO_WIDE, code) and 2 or 1
end

--- Replaces what a terminal would obey: C0 and C1 controls, escape sequences' beginnings,
--- directional controls and bytes that are no UTF-8 become U+FFFD; line breaks and tabs a space.
---@param text any  what is no string is shown as tostring does
---@return string text  one line of valid UTF-8
function M.text(text)
    if type(text) == "number" and text % 1 == 0 and math.abs(text) < 2 ^ 53 then
        return ("%.0f"):format(text) -- ids: 1e+15 on some, 12.0 on others
    end
    text = type(text) == "string" and text or tostring(text)
    if not text:find "[^\32-\126]" then
        return text
    end
    local parts = {}
    for character, _, harmless in M.characters((text:gsub("\r?\n", " "):gsub("\t", " "))) do
        parts[#parts + 1] = harmless and character or REPLACEMENT
    end
    return table.concat(parts)
end

--- The same with ASCII only: every other character becomes a question mark.
---@param text any
---@return string text
function M.ascii(text)
    local parts = {}
    for character in M.characters(M.text(text)) do
        parts[#parts + 1] = #character == 1 and character or "?"
    end
    return table.concat(parts)
end

--- How many columns a text takes in a terminal.  Controls are not expected (see `text`).
---@param text string
---@return integer columns
function M.width(text)
    if not text:find "[\128-\255]" then
        return #text
    end
    local columns = 0
    for _, code in M.characters(text) do
        columns = columns + columns_of(code)
    end
    return columns
end

--- Shortens a text to so many columns; what was cut is marked at the end.
---@param text string
---@param columns integer  1 or more
---@param mark? string  `…` if not given; `.` for ASCII
---@return string text
function M.cut(text, columns, mark)
    if M.width(text) <= columns then
        return text
    end
    mark = mark or "\226\128\166"
    local room, parts = columns - M.width(mark), {}
    for character, code in M.characters(text) do
        room = room - columns_of(code)
        if room < 0 then
            break
        end
        parts[#parts + 1] = character
    end
    return table.concat(parts) .. mark
end

--- Fills a text with spaces up to so many columns.
---@param text string
---@param columns integer
---@param right? boolean  spaces before it
---@return string text
function M.pad(text, columns, right)
    local spaces = (" "):rep(columns - M.width(text))
    return right and spaces .. text or text .. spaces
end

--- Breaks a text into lines at its spaces; a longer word stands on a line of its own.
---@param text string  one line
---@param columns integer
---@return string[] lines  at least one
function M.wrap(text, columns)
    local lines, line = {}, nil
    for word in text:gmatch "[^ ]+" do
        if line and M.width(line) + 1 + M.width(word) <= columns then
            line = line .. " " .. word
        else
            lines[#lines + 1] = line
            line = word
        end
    end
    lines[#lines + 1] = line or ""
    return lines
end

return setmetatable(M, {
    __call = function(_, text)
        return M.text(text)
    end,
})
