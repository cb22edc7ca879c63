--- Reads an XML document of a stranger into a small tree, within bounds: expat does the work, and
--- what could be used against the reader is refused before or while it is read.
--
--     local root, problem = xml.read(text, { what = "SAML metadata" })
--
-- An element is { name =, namespace =, attributes = { Name = value }, text =, child, child, ... }.
-- Attributes are those without a namespace, text is that of elements without children: SAML says
-- nothing by any other. Callbacks of expat only fill tables and note the first problem; an error
-- raised in one would leave the parser unusable.

local has_lxp, lxp = pcall(require, "lxp")

local M = {}

--- The most that is read, in bytes.
M.MAX_BYTES = 10 * 1024 * 1024

local MAX_DEPTH = 64
local MAX_ATTRIBUTES = 64
local MAX_ELEMENTS = 200000

-- Between namespace and name: no XML document can hold it.
local SEPARATOR = "\1"

-- ---- which characters ------------------------------------------------------

local function utf8_of(code)
    if code < 0x80 then
        return string.char(code)
    elseif code < 0x800 then
        return string.char(0xC0 + math.floor(code / 64), 0x80 + code % 64)
    end
    return string.char(0xE0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64,
        0x80 + code % 64)
end

-- A table from two bytes to UTF-8, which fills itself; surrogates get three bytes each here.
local function units(first_weight, second_weight)
    return setmetatable({}, { __index = function(map, pair)
        local first, second = pair:byte(1, 2)
        local text = utf8_of(first * first_weight + second * second_weight)
        rawset(map, pair, text)
        return text
    end })
end

-- Two surrogates, three bytes each, are one character of four.
local function join_surrogates(a, b, c, d)
    local code = 0x10000 + ((a:byte() - 0xA0) * 64 + b:byte() - 0x80) * 0x400
        + (c:byte() - 0xB0) * 64 + d:byte() - 0x80
    return string.char(0xF0 + math.floor(code / 0x40000), 0x80 + math.floor(code / 4096) % 64,
        0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
end

local PAIR = "\237([\160-\175])([\128-\191])\237([\176-\191])([\128-\191])"

local function from_utf16(text, big_endian)
    if #text % 2 == 1 then
        return nil, "it is UTF-16 that ends in the middle of a character"
    end
    local map = big_endian and units(256, 1) or units(1, 256)
    return (text:gsub("..", map):gsub(PAIR, join_surrogates))
end

--- The text as UTF-8, and the encoding that expat is told: nil where it shall find out.
---@return string? text
---@return string? encoding  or what is wrong
local function decode(text)
    local start = text:sub(1, 4)
    if start == "\255\254\0\0" or start == "\0\0\254\255" or start == "<\0\0\0"
        or start == "\0\0\0<" then
        return nil, "it is UTF-32, which is not read: save it as UTF-8"
    end
    local two = start:sub(1, 2)
    local problem, big_endian
    if two == "\254\255" or two == "\255\254" then
        big_endian = two == "\254\255"
        text, problem = from_utf16(text:sub(3), big_endian)
    elseif two == "\0<" or two == "<\0" then
        big_endian = two == "\0<"
        text, problem = from_utf16(text, big_endian)
    elseif start:sub(1, 3) == "\239\187\191" then
        return text:sub(4), "UTF-8"
    else
        -- text that was UTF-16 once, and says so still, after somebody pasted it
        local declared = text:sub(1, 200):match "^%s*<%?xml[^>]-encoding%s*=%s*[\"']([%w_-]+)"
        return text, declared and declared:lower():find "^utf%-?16" and "UTF-8" or nil
    end
    return text, problem or "UTF-8"
end

-- ---- what is refused before it is read -------------------------------------

local DOCTYPE = "it has a DOCTYPE, which SAML forbids: refused unread"

-- Where the first thing stands that is no white space, comment or instruction: a DOCTYPE if there
-- is one, as expat takes none behind the first element. Nil when there is no such thing.
local function after_prolog(text)
    local at = text:find "[^ \t\r\n]"
    while at do
        local stop
        if text:find("^<%?", at) then
            stop = select(2, text:find("?>", at + 2, true))
        elseif text:find("^<!%-%-", at) then
            stop = select(2, text:find("-->", at + 4, true))
        else
            return at
        end
        at = stop and text:find("[^ \t\r\n]", stop + 1)
    end
end

-- What must not be read, and other things than XML that people, and servers, give for it.
local function refusal(text, what)
    local start = after_prolog(text)
    local head = start and text:sub(start, start + 64):lower()
    local is = "this is %s, not " .. what
    if not text:find "%S" then
        return "it is empty"
    elseif not head then
        return nil -- unfinished, which expat tells
    elseif head:find "^<!doctype%s+html" or head:find "^<html[%s>]" then
        return is:format "an HTML page, such as the page of a login or of an error"
    elseif head:find "^<!" then
        return DOCTYPE
    elseif head:find "^[{%[]" then
        return is:format "JSON"
    elseif head:find "^%-%-%-%-%-begin" then
        return is:format "PEM, as certificates and keys are written"
    elseif not head:find "^<" then
        return "this is not XML, so not " .. what
    end
end

-- ---- the tree --------------------------------------------------------------

local function attributes_of(given)
    local attributes = {}
    for i, name in ipairs(given) do
        if i > MAX_ATTRIBUTES then
            return nil
        end
        if not name:find(SEPARATOR, 1, true) then
            attributes[name] = given[name]
        end
    end
    return attributes
end

-- The callbacks, and the state that they fill: root, or the first problem.
local function builder(options)
    local fold, limit = options.fold, options.elements or MAX_ELEMENTS
    local state, stack, depth, count = {}, {}, 0, 0

    local function refuse(parser, problem)
        state.problem = state.problem or problem
        parser:stop()
    end

    local callbacks = {}

    function callbacks.StartElement(parser, name, given)
        if state.problem then
            return
        end
        depth, count = depth + 1, count + 1
        local attributes = attributes_of(given)
        if depth > MAX_DEPTH then
            return refuse(parser, ("its elements are nested more than %d deep"):format(MAX_DEPTH))
        elseif count > limit then
            return refuse(parser, ("it has more than %d elements"):format(limit))
        elseif not attributes then
            return refuse(parser, ("an element has more than %d attributes"):format(
                MAX_ATTRIBUTES))
        end
        local namespace, own = name:match "^([^\1]*)\1(.*)$"
        stack[depth] = { name = own or name, namespace = namespace, attributes = attributes }
    end

    function callbacks.CharacterData(_, text)
        local element = stack[depth]
        if not state.problem and element and #element == 0 then
            local parts = element.parts or {}
            parts[#parts + 1] = text
            element.parts = parts
        end
    end

    function callbacks.EndElement()
        if state.problem then
            return
        end
        local element, parent = stack[depth], stack[depth - 1]
        element.text = #element == 0 and table.concat(element.parts or {}) or ""
        element.parts = nil
        stack[depth] = nil
        depth = depth - 1
        if fold and not fold(element, depth) then
            return
        elseif parent then
            parent[#parent + 1] = element
        else
            state.root = element
        end
    end

    function callbacks.StartDoctypeDecl(parser)
        refuse(parser, DOCTYPE)
    end

    return callbacks, state
end

local PLAIN = {
    ["no element found"] = "it ends too early: was all of it copied?",
    ["unclosed token"] = "it ends too early: was all of it copied?",
    ["junk after document element"] = "something follows its last element",
    ["undefined entity"] = "it names an entity that XML does not have",
    ["unknown encoding"] = "its encoding is not read: save it as UTF-8",
}

--- Reads a document.
---@param text string
---@param options {what: string, elements: integer?, fold: function?}
--- what: what it should be, for sentences; elements: at most that many; fold: called with each
--- element at its end and with how many lie around it, drops it by returning false, must not raise
---@return table? root
---@return string? problem  a sentence, in lower case and without its full stop
function M.read(text, options)
    if not has_lxp then
        return nil, "reading XML needs luaexpat (the module lxp), which is not installed"
    elseif #text > M.MAX_BYTES then
        return nil, "it is longer than 10 MiB"
    end
    local plain, encoding = decode(text)
    if not plain then
        return nil, encoding
    end
    local problem = refusal(plain, options.what)
    if problem then
        return nil, problem
    end
    local callbacks, state = builder(options)
    local parser = lxp.new(callbacks, SEPARATOR)
    if encoding then
        parser:setencoding(encoding)
    end
    local done, message, line, column = parser:parse(plain)
    if done then
        done, message, line, column = parser:parse()
    end
    pcall(parser.close, parser)
    if state.problem then
        return nil, state.problem
    elseif not done then
        return nil, ("its XML is broken: %s (line %d, column %d)"):format(
            PLAIN[message] or message, line, column)
    elseif not state.root then
        return nil, "nothing of it is " .. options.what
    end
    return state.root
end

-- ---- walking ---------------------------------------------------------------

--- The children of that name, in order.
---@param element? table
---@return table[]
function M.children(element, namespace, name)
    local list = {}
    for _, child in ipairs(element or {}) do
        if child.name == name and child.namespace == namespace then
            list[#list + 1] = child
        end
    end
    return list
end

--- The first child of that name.
---@param element? table
---@return table?
function M.child(element, namespace, name)
    return M.children(element, namespace, name)[1]
end

--- The text of an element without the white space around it; nil when there is none.
---@param element? table
---@return string?
function M.text(element)
    local start = element and element.text:find "%S"
    return start and element.text:match("^.*%S", start)
end

return M
