--- The command lines of the program that a page of the documentation quotes.

local runner = require "support.runner"

local M = {}

local NAME = "sendgrid-sso"

--- The words of a command line as a shell would split it; it ends where the shell would begin
--- something else.
function M.words(text)
    local words, at = {}, 1
    while true do
        at = text:find("%S", at)
        local first = at and text:sub(at, at)
        if not first or first:find "[|<>;&#)]" or text:find("^%d>", at) then
            return words
        end
        local word = ""
        while at <= #text and not text:find("^[%s|<>;&)]", at) do
            local quote = text:match("^[\"']", at)
            if quote then
                local stop = assert(text:find(quote, at + 1, true), "open quotes: " .. text)
                word, at = word .. text:sub(at + 1, stop - 1), stop + 1
            else
                word, at = word .. text:sub(at, at), at + 1
            end
        end
        words[#words + 1] = word
    end
end

-- Lines of code that end in a backslash go on in the next.
local function joined(text)
    return (text:gsub("\\\n%s*", " "))
end

local SHELL = { sh = true, bash = true, console = true }

-- What may stand before the program's name on a line of its own.
local BEFORE = { "^%s*", "^%s*%$ ", "^%s*[%w_]+=%S+ ", "^.*| ", "^.*<%(" }

--- The command lines of a page: what a line of a block of shell or of indented code begins with,
--- and what backticks hold.
---@param page string  the text of it
---@return string[] commands  without the program's name
function M.in_text(page)
    local list, fence, name = {}, nil, NAME:gsub("%-", "%%-")
    local function add(code)
        for _, before in ipairs(BEFORE) do
            local command = code:match(before .. name .. "%s+(%S.*)$")
            if command then
                list[#list + 1] = command
                return
            end
        end
    end
    for line in (joined(page) .. "\n"):gmatch "(.-)\n" do
        local language = line:match "^%s*```(%w*)"
        if language then
            fence = not fence and language or nil
        elseif fence and SHELL[fence] or not fence and line:find "^    " then
            add(line)
        elseif not fence then
            for code in line:gmatch "`([^`]+)`" do
                add(code)
            end
        end
    end
    return list
end

--- The same of a file.
function M.quoted(path)
    return M.in_text(runner.read(path))
end

return M
