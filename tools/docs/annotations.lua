-- Reads the annotations (LuaCATS) that stand in the sources: functions of modules and classes of
-- tables, so that the page tells what the code says and nothing is written twice.
--
-- Understood: a block of lines that begin with three dashes; `@class`, `@field`, `@param`,
-- `@return`; a line without a word of these goes on with the one before it.

local M = {}

-- Splits "TYPE  text": a type ends at the first blank outside of brackets, and after "|", ",", ":".
local function split_type(text)
    local depth, i = 0, 1
    while i <= #text do
        local c = text:sub(i, i)
        if c:find "[{(<]" then
            depth = depth + 1
        elseif c:find "[})>]" then
            depth = depth - 1
        elseif c == " " and depth == 0 and not text:sub(1, i - 1):find "[|,:]$" then
            break
        end
        i = i + 1
    end
    return text:sub(1, i - 1), (text:sub(i):gsub("^%s+", ""))
end

-- `name?  TYPE  text` → { name, type, text }, the mark at the type
local function field_of(text)
    local name, mark, rest = text:match "^([%w_]+)(%??)%s+(.*)$"
    local type, words = split_type(rest)
    return { name, mark == "?" and not type:find "%?$" and type .. "?" or type, words }
end

local readers = {}

function readers.class(block, text)
    local name, parent, words = text:match "^([%w_.]+):?%s*([%w_.%[%]]*)%s*(.*)$"
    block.class, block.parent, block.doc = name, parent ~= "" and parent or nil, words
end

function readers.field(block, text)
    block.fields[#block.fields + 1] = field_of(text)
end

function readers.param(block, text)
    local name, mark, rest = text:match "^([%w_]+)(%??)%s+(.*)$"
    local type, words = split_type(rest)
    block.params[#block.params + 1] = { name .. mark, type, words }
end

readers["return"] = function(block, text)
    local type, rest = split_type(text)
    local name, words = rest:match "^([%w_]+)%s*(.*)$"
    block.returns[#block.returns + 1] = { type, name or "value", words or "" }
end

-- A block of lines without their dashes → what it says.
local function read_block(lines)
    local block = { doc = "", fields = {}, params = {}, returns = {} }
    local entries = {}
    for _, line in ipairs(lines) do
        if line:find "^@%l+" or #entries == 0 then
            entries[#entries + 1] = line
        else
            local separator = line == "" and "" or " "
            entries[#entries] = entries[#entries] .. separator .. line:gsub("^%s+", "")
        end
    end
    for _, entry in ipairs(entries) do
        local word, text = entry:match "^@(%l+)%s+(.*)$"
        if word and readers[word] then
            readers[word](block, text)
        elseif not word then
            block.doc = entry:gsub("^%s+", "")
        end
    end
    return block
end

--- Reads one source.
---@param path string
---@return table<string, table> functions  by name: {name, doc, params, returns}
---@return table<string, table> classes  by name: {class, doc, fields}
function M.read(path)
    local functions, classes, lines = {}, {}, {}
    for line in io.lines(path) do
        local said = line:match "^%-%-%-(.*)$"
        if said then
            if said:find "^@class" and #lines > 0 and not lines[1]:find "^@class" then
                lines = { table.concat(lines, " "), said }
            else
                lines[#lines + 1] = said
            end
        elseif #lines > 0 then
            local block = read_block(lines)
            local name = line:match "^function M[.:]([%w_]+)%("
            if block.class then
                classes[block.class] = block
            elseif name then
                block.name = name
                functions[name] = block
            end
            lines = {}
        end
    end
    return functions, classes
end

return M
