-- Every command line that the README and docs/ quote is one that the program understands: it is
-- read by the program's own parser, so a flag that does not exist is noticed.  Nothing is run.

local command_lines = require "support.command_lines"
local commands = require "sso.cli.commands"
local parser = require "sso.cli.parser"
local samples = require "support.samples"

local function pages()
    local list = { "README.md" }
    for _, folder in ipairs { "docs", "docs/runbooks" } do
        for _, name in ipairs(samples.files(folder, ".md")) do
            list[#list + 1] = folder .. "/" .. name
        end
    end
    return list
end

-- Whether the words are the name of a command and nothing else.
local function is_name(words)
    local row = commands.root
    for _, word in ipairs(words) do
        local found
        for _, child in ipairs(row and row.commands or {}) do
            found = child.name == word and child or found
        end
        row = found
    end
    return row ~= nil
end

-- Whether what is wrong is a word like TIME or NAME, which stands for a value.
local function is_placeholder(words, problem)
    for i, word in ipairs(words) do
        local stands = word:find "^[%u_]+$" and i > 1 and words[i - 1]:find "^%-%-"
        if stands and (problem:find("'" .. word .. "' is no ", 1, true)
            or problem:find("option '" .. words[i - 1] .. "' must be one of", 1, true)) then
            return true
        end
    end
    return false
end

local function understood(words)
    local ok, problem = pcall(parser.parse, commands.root, words, 80)
    if ok or type(problem) == "table" and problem.help and not problem.usage then
        return true
    end
    problem = type(problem) == "table" and problem.usage or problem
    if is_name(words) or is_placeholder(words, problem) then
        return true
    end
    return nil, problem
end

describe("the command lines that are quoted", function()
    it("are read as a shell does", function()
        assert.same({ "a", "b c", "--d=e f", "g" },
            command_lines.words [[a 'b c' --d="e f" g | jq . > x]])
        assert.same({ "a" }, command_lines.words "a # why")
        assert.same({ "a", "-" }, command_lines.words "a - < file 2> log")
        assert.same({ "a" }, command_lines.words "a)")
    end)

    it("would be noticed if they were wrong", function()
        assert.is_nil((understood { "rotate", "ID", "--no-such-flag" }))
        assert.is_nil((understood { "rotated", "ID" }))
        assert.is_nil((understood { "sync", "ID" }))
        assert.is_nil((understood { "certificates", "lists" }))
        assert.is_nil((understood { "check", "--format", "xml" }))
        assert.is_true((understood { "check", "--format", "NAME" }))
        assert.is_true((understood { "sync", "ID", "https://idp.example/", "--yes" }))
    end)

    it("are in each of the runbooks", function()
        for _, name in ipairs(samples.files("docs/runbooks", ".md")) do
            assert.is_true(#command_lines.quoted("docs/runbooks/" .. name) >= 4, name)
        end
    end)

    for _, page in ipairs(pages()) do
        for _, command in ipairs(command_lines.quoted(page)) do
            it(("%s: %s"):format(page, command), function()
                local ok, problem = understood(command_lines.words(command))
                assert(ok, problem)
            end)
        end
    end
end)
