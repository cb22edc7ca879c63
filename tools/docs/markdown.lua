-- Pieces of Markdown, as strings: paragraphs, tables, links to headings, types in words.

local M = {}

--- Class → { heading, what a link says }; filled by page.lua.
M.headings = {}

--- A paragraph, wrapped as the pages are.
function M.paragraph(text, indent)
    local lines, line = {}, ""
    for word in text:gmatch "%S+" do
        if line ~= "" and #line + 1 + #word > 120 then
            lines[#lines + 1] = line
            line = indent or ""
        end
        line = line:match "^%s*$" and line .. word or line .. " " .. word
    end
    lines[#lines + 1] = line
    return table.concat(lines, "\n")
end

local function line_of(cells)
    local text = "|"
    for i = 1, cells.n do
        local cell = tostring(cells[i] or ""):gsub("|", "\\|")
        text = text .. (cell == "" and " |" or " " .. cell .. " |")
    end
    return text
end

--- A table: the head, then rows, each an array with `n`.
function M.table(head, rows)
    head.n = #head
    local lines = { line_of(head), "|" .. ("---|"):rep(#head) }
    for _, row in ipairs(rows) do
        row.n = #head
        lines[#lines + 1] = line_of(row)
    end
    return table.concat(lines, "\n")
end

function M.code(text)
    return "```lua\n" .. text .. "\n```"
end

function M.anchor(title)
    return (title:lower():gsub("[^%w _-]", ""):gsub(" ", "-"))
end

--- A link to the heading that tells a class, or nil.
function M.link(class)
    local known = M.headings[class]
    return known and ("[%s](#%s)"):format(known[2], M.anchor(known[1]))
end

--- "string?" → "string", true; so for "string|nil" and "nil|fun(): string?".
function M.optional(type)
    local bare = type:match "^nil|(.*)$"
    if not bare and not type:match "^fun" then
        bare = type:match "^(.-)%?$" or type:match "^(.-)|nil$"
    end
    return bare or type, bare ~= nil
end

--- A type of an editor's in words: "string[]?" → "array of strings, or nil".
function M.words(type)
    local bare, missing = M.optional(type)
    local array = bare:match "^(.-)%[%]$"
    local said
    if array then
        said = "array of " .. (M.link(array) or array .. "s")
    elseif bare:match "^fun" then
        said = "function"
    elseif bare:match "^{" then
        said = "`" .. bare .. "`"
    elseif bare:match "^\"" then
        said = "`" .. bare:gsub("|", "`, `") .. "`"
    elseif bare == "table<string, string>" or bare:match "^table<" then
        said = "table of names and values"
    else
        said = bare:gsub("|", " or "):gsub("sso%.%w+", function(class)
            return M.link(class) or class
        end)
    end
    return missing and said .. ", or nil" or said
end

--- Arguments as the manual of Lua writes them: "a, b [, c [, d]]", or with a last one that is
--- always there "a, b, [c, [d,]] callback".
function M.arguments(required, optional, last)
    local text = table.concat(required, ", ")
    if last then
        text = text .. (#required > 0 and ", " or "")
        for i, name in ipairs(optional) do
            text = text .. (i > 1 and " [" or "[") .. name .. ","
        end
        return text .. ("]"):rep(#optional) .. (#optional > 0 and " " or "") .. last
    end
    for i, name in ipairs(optional) do
        if #required == 0 and i == 1 then
            text = "[" .. name
        else
            text = text .. " [, " .. name
        end
    end
    return text .. ("]"):rep(#optional)
end

return M
