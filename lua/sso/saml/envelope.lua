--- Gets the XML out of what people paste when a login failed: the value of the browser's form field
--- as it is or percent-encoded, with or without its name, a page that holds the form, or the XML.

local M = {}

-- 10 MiB of XML as base64, every other character percent-encoded.
local MAX_TEXT = 32 * 1024 * 1024

local HOW = "take the value of SAMLResponse out of the form that the browser posts to SendGrid "
    .. "(developer tools, Network, the POST request, Form Data)"

local DEFLATED = "this looks like the deflated form that the redirect binding puts into URLs, and "
    .. "no login comes by it: " .. HOW

local REQUEST = "this is a SAMLRequest, which goes to the identity provider; its answer is wanted: "
    .. HOW

local NOT_XML = "this is base64 of something that is not XML: " .. HOW

local NEITHER = "this is neither XML nor base64: " .. HOW

-- ---- base64 ----------------------------------------------------------------

local values = {}
do
    local letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for i = 1, #letters do
        values[letters:byte(i)] = i - 1
    end
    values[("-"):byte()], values[("_"):byte()] = 62, 63
end

local function three_bytes(four)
    local a, b, c, d = four:byte(1, 4)
    local n = ((values[a] * 64 + values[b]) * 64 + values[c]) * 64 + values[d]
    return string.char(math.floor(n / 65536), math.floor(n / 256) % 256, n % 256)
end

-- Both alphabets, with or without padding; nil for anything else.
local function from_base64(text)
    local padding = text:find("=", 1, true)
    if padding then
        if text:find("[^=]", padding) then
            return nil
        end
        text = text:sub(1, padding - 1)
    end
    if text == "" or #text % 4 == 1 or text:find "[^%w+/_-]" then
        return nil
    end
    local missing = (4 - #text % 4) % 4
    local bytes = (text .. ("A"):rep(missing)):gsub("....", three_bytes)
    return bytes:sub(1, #bytes - missing)
end

-- ---- what stands around the value ------------------------------------------

local function is_xml(text)
    local two = text:sub(1, 2)
    return text:find "^%s*<" ~= nil or text:sub(1, 3) == "\239\187\191" or two == "\254\255"
        or two == "\255\254" or two == "\0<" or two == "<\0"
end

local function character(number)
    return number and number < 256 and string.char(number) or ""
end

-- Out of an HTML page: the value of the form's field.
local function field_of_page(text)
    local at = text:find "[\"']SAMLResponse[\"']"
    local head = at and text:sub(math.max(1, at - 200), at)
    local before = head and head:match "^.*<()"
    local start = before and at - #head + before
    local stop = start and text:find(">", at, true)
    local value = stop and text:sub(start, stop):match "[vV][aA][lL][uU][eE]%s*=%s*[\"']([^\"']*)"
    return value and value:gsub("&#(%d+);", function(digits)
        return character(tonumber(digits))
    end):gsub("&#[xX](%x+);", function(digits)
        return character(tonumber(digits, 16))
    end)
end

-- The value alone, of SAMLResponse=value&RelayState=..., and of the same in JSON or over lines.
local function value_of(text)
    local _, stop = text:find "SAMLResponse[\"']?%s*[=:]%s*[\"']?"
    if stop then
        text = text:sub(stop + 1):match "^[^&\"']*"
        local relay = text:find("RelayState", 1, true)
        text = relay and text:sub(1, relay - 1) or text
    end
    text = text:match "^%s*[\"']?([^\"']*)"
    return (text:gsub("\\[rn]", ""):gsub("\\u00(%x%x)", function(digits)
        return character(tonumber(digits, 16))
    end):gsub("\\/", "/"))
end

local function unescape(text)
    for _ = 1, 2 do -- some tools do it once more
        if text:find "%%%x%x" then
            text = text:gsub("%%2[bB]", "\1"):gsub("%%(%x%x)", function(digits)
                return character(tonumber(digits, 16))
            end):gsub("\1", "+")
        end
    end
    return text
end

-- ---- the whole -------------------------------------------------------------

-- Deflate's first block says how it is packed, which is never 3 and hardly ever 0; the shortest
-- message that SAML has is longer.
local function may_be_deflated(bytes)
    local first = bytes:byte(1)
    local kind = math.floor(first / 2) % 4
    return #bytes > 64 and bytes:find "[%z\1-\8\128-\255]" ~= nil and (kind == 1 or kind == 2)
end

-- Whether blanks stand for plus signs, which some tools make of them: there is no plus sign left,
-- and they do not break the text into even lines.
local function has_lost_plus(text)
    if text:find("+", 1, true) or text:find "[\r\n]" or not text:find "%S %S" then
        return false
    end
    local width = #text:match "%S+"
    for piece in text:gmatch "(%S+) " do
        if #piece ~= width then
            return true
        end
    end
    return #text:match "[^ ]*$" > width
end

--- Finds the XML.
---@param text string
---@return string? xml
---@return string? problem  a sentence
function M.open(text)
    if #text > MAX_TEXT then
        return nil, "it is longer than 32 MiB"
    elseif not text:find "%S" then
        return nil, "it is empty"
    elseif is_xml(text) then
        local value = field_of_page(text)
        if not value then
            return text
        end
        text = value
    elseif text:find "^%s*%-%-%-%-%-BEGIN" then
        return nil, "this is PEM, as certificates and keys are written, not a SAML response"
    elseif text:find("SAMLRequest", 1, true) and not text:find("SAMLResponse", 1, true) then
        return nil, REQUEST
    end
    local plain = unescape(value_of(text))
    if is_xml(plain) then
        return plain
    end
    plain = has_lost_plus(plain) and plain:gsub(" ", "+") or plain:gsub("%s", "")
    local bytes = from_base64(plain)
    if not bytes or bytes == "" then
        return nil, NEITHER
    elseif is_xml(bytes) then
        return bytes
    end
    return nil, may_be_deflated(bytes) and DEFLATED or NOT_XML
end

return M
