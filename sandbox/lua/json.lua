-- JSON as the API writes it: fields in a given order, whole numbers in full, empty arrays as [].
-- lua-cjson reads; it cannot write these (14 digits, {} for an empty table, no order), so the
-- writer is here.

local cjson = require("cjson").new()
cjson.decode_invalid_numbers(false)

local M = { null = cjson.null }

local array_type, object_type = {}, {}

-- Marks a table as an array, so that an empty one is written as [].
function M.array(items)
    return setmetatable(items or {}, array_type)
end

-- An object whose fields are written in this order: M.object {{"id", 1}, {"name", "x"}}. A pair
-- without a value is left out.
function M.object(pairs_in_order)
    return setmetatable(pairs_in_order, object_type)
end

-- lua-cjson escapes each slash, and never writes one without its backslash.
local function encode_string(text)
    local encoded = cjson.encode(text)
    if encoded:find("\\/", 1, true) then
        encoded = encoded:gsub("\\/", "/")
    end
    return encoded
end

local function encode_number(number)
    if number % 1 == 0 and math.abs(number) < 2 ^ 53 then
        return string.format("%d", number)
    end
    return string.format("%.14g", number)
end

local encode

local function encode_array(items)
    local out = {}
    for i = 1, #items do
        out[i] = encode(items[i])
    end
    return "[" .. table.concat(out, ",") .. "]"
end

local function encode_pairs(list)
    local out = {}
    for _, pair in ipairs(list) do
        if pair[2] ~= nil then
            out[#out + 1] = encode_string(pair[1]) .. ":" .. encode(pair[2])
        end
    end
    return "{" .. table.concat(out, ",") .. "}"
end

local function encode_table(value)
    local list = {}
    for key, item in pairs(value) do
        list[#list + 1] = { tostring(key), item }
    end
    table.sort(list, function(a, b)
        return a[1] < b[1]
    end)
    return encode_pairs(list)
end

function encode(value)
    local kind = type(value)
    if value == nil or value == cjson.null then
        return "null"
    elseif kind == "string" then
        return encode_string(value)
    elseif kind == "number" then
        return encode_number(value)
    elseif kind == "boolean" then
        return tostring(value)
    elseif getmetatable(value) == object_type then
        return encode_pairs(value)
    elseif getmetatable(value) == array_type or #value > 0 then
        return encode_array(value)
    end
    return encode_table(value)
end

M.encode = encode

-- → the value, or nil when the text is not JSON. A NUL byte ends the text for lua-cjson, so it
-- is looked for first.
function M.decode(text)
    if text:find("\0", 1, true) then
        return nil
    end
    local ok, value = pcall(cjson.decode, text)
    if ok then
        return value
    end
    return nil
end

-- → the object's fields, or nil when the text is not a JSON object (an array, say).
function M.decode_object(text)
    return text:match("^%s*{") and M.decode(text) or nil
end

return M
