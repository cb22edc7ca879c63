-- Every command of the command line, as a shell sees it: spec/cli/expected/ has what is typed and
-- what must come, written by hand and read by people; spec/support/transcript.lua says how.

local helper = require "helper"
local samples = require "support.samples"
local transcript = require "support.transcript"

local FOLDER = "spec/cli/expected"

local VARIANT = os.getenv "SSO_VARIANT"

-- The checkers look at C: memcheck does not follow programs, and ASan needs no help texts.  All of
-- it on the first and the last Lua and LuaJIT is enough for what differs between versions.
local all = VARIANT ~= "asan" and not _VERSION:find "5.[23]"
local SOME = {
    ["certificates.txt"] = true, ["doctor.txt"] = true, ["mistakes.txt"] = true,
    ["rotation.txt"] = true,
}

local function files()
    local list = {}
    for _, name in ipairs(samples.files(FOLDER, ".txt")) do
        if VARIANT ~= "valgrind" and (all or SOME[name]) then
            list[#list + 1] = name
        end
    end
    return list
end

local function copy(list)
    local new = {}
    for key, value in pairs(list) do
        new[key] = value
    end
    return new
end

-- A transcript with one line changed, one taken out or one put in must not pass.
local function mutations(lines)
    local list = {}
    for i, line in ipairs(lines) do
        if line ~= "" then
            local changed, shorter, longer = copy(lines), copy(lines), copy(lines)
            changed[i] = line .. "x"
            table.remove(shorter, i)
            table.insert(longer, i, line)
            list[#list + 1] = changed
            list[#list + 1] = shorter
            list[#list + 1] = longer
        end
    end
    return list
end

describe("the command line", function()
    setup(transcript.open)
    teardown(transcript.close)
    before_each(function()
        helper.sandbox.reset()
    end)

    for _, name in ipairs(files()) do
        it("prints what " .. name .. " says, and nothing else would do", function()
            local results = transcript.check(FOLDER .. "/" .. name)
            local mutants = 0
            for _, result in ipairs(results) do
                for _, mutant in ipairs(mutations(result.expected)) do
                    mutants = mutants + 1
                    assert.is_truthy(transcript.compare(mutant, result.lines, copy(result.bound)),
                        "this would pass, too:\n" .. table.concat(mutant, "\n"))
                end
            end
            assert.is_true(mutants > 0)
        end)
    end
end)

-- ---- nothing is left out -----------------------------------------------------------

-- "certificates list", … of all commands
local function paths(rows, parent, found)
    for _, row in ipairs(rows) do
        local path = parent .. row.name
        if row.commands then
            paths(row.commands, path .. " ", found)
        else
            found[#found + 1] = path
        end
    end
    return found
end

describe("the transcripts", function()
    local texts = {}
    for _, name in ipairs(samples.files(FOLDER, ".txt")) do
        for _, block in ipairs(transcript.read(FOLDER .. "/" .. name)) do
            texts[#texts + 1] = block
        end
    end

    local function has(what, on_terminal, pattern)
        for _, block in ipairs(texts) do
            local words = block.command:match("sendgrid%-sso " .. what:gsub("%-", "%%-")
                .. "%f[^%w-](.*)")
            if words and words:find(pattern) and (on_terminal == nil
                or on_terminal == (block.terminal ~= nil)) then
                return true
            end
        end
        return false
    end

    it("run every command on a terminal and off one, and show its help", function()
        local missing = {}
        for _, path in ipairs(paths(require("sso.cli.commands").root.commands, "", {})) do
            if not has(path, true, "") then
                missing[#missing + 1] = path .. " on a terminal"
            end
            if not has(path, false, "") then
                missing[#missing + 1] = path .. " off a terminal"
            end
            if not has(path, nil, "%-%-help") then
                missing[#missing + 1] = path .. " --help"
            end
        end
        assert.same({}, missing)
    end)

    it("have a command for every operation of the module", function()
        local known = {}
        for _, group in ipairs(require("sso.cli.catalogue").groups) do
            for _, command in ipairs(group) do
                known[command[2]] = true
            end
        end
        for _, operation in ipairs(require("sso.core").operations) do
            assert.is_true(known[operation.name], operation.name .. " has no command")
        end
    end)
end)
