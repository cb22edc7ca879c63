--- The command line sendgrid-sso: from the words that were typed to an exit status.
--
-- Parsing is in sso.cli.parser, the commands in sso.cli.commands, all writing in sso.cli.output.
-- What goes wrong on the way is raised, and becomes one line on standard error here.

local catalogue = require "sso.cli.catalogue"
local core = require "sso.core"
local output = require "sso.cli.output"
local session = require "sso.cli.session"

local M = {}

local DONE, FAILED, USAGE, LATER = 0, 1, 2, 5
local BY_KIND = { not_found = 3, unauthorized = 4, forbidden = 4 }

-- A plug-in of Nagios that cannot tell how things are.
local UNKNOWN = 3

local function is_error(raised)
    return type(raised) == "table" and type(raised.kind) == "string" and raised.message ~= nil
end

-- What may have been carried out must not be tried again by a script that looks for LATER.
local function status_of(err)
    return BY_KIND[err.kind] or err.retryable and not err.maybe_applied and LATER or FAILED
end

-- One line about an error of the module, in words of the command line.
local function line_of(err)
    local hint = err.hint or err.maybe_applied and "it may have been carried out all the same: "
        .. "look before you try again"
    local text = tostring(err.message):gsub("give api_key or api_key_file", "give --api-key-file")
    if err.retry_after then
        hint = hint and hint:gsub("after retry_after", ("in %.0f s"):format(err.retry_after))
            or ("the server asks to wait %.0f s"):format(err.retry_after)
    end
    return catalogue.in_commands(text .. (hint and " (" .. hint .. ")" or ""))
end

-- What was raised → exit status and what to say, or help.
local function judge(raised)
    if is_error(raised) then
        return status_of(raised), line_of(raised)
    elseif type(raised) == "table" and raised.help and not raised.usage then
        return DONE, nil, raised.help
    elseif type(raised) == "table" and raised.usage then
        return USAGE, raised.usage .. (raised.help and " (see " .. raised.help .. ")" or "")
    elseif type(raised) == "table" and raised.stopped then
        return FAILED, raised.stopped
    end
    return FAILED, "this is a mistake in the program, please report it: "
        .. tostring(type(raised) == "table" and raised.trace or raised)
end

local function with_trace(raised)
    if type(raised) == "table" then
        return raised
    end
    return { trace = debug.traceback(tostring(raised), 2) }
end

-- `seen.path` becomes the command, for whoever looks at what was raised.
local function run(words, out, seen)
    local parser = require "sso.cli.parser"
    local root = require("sso.cli.commands").root
    local args, row = parser.parse(root, words, out.width)
    seen.path = row.path
    return row.run(session.new(args, row, out))
end

--- Runs the program.
---@param words string[]  what was typed after its name
---@return integer status  for the shell
function M.main(words)
    core.program()
    local out = output.new()
    local seen = {}
    local ok, result = xpcall(function()
        return run(words, out, seen)
    end, with_trace)
    local status = result
    -- the exit status of check is that of a Nagios plug-in
    local failed = (seen.path or not ok and result.path) == "check" and UNKNOWN or nil
    if not ok then
        local text, help
        status, text, help = judge(result)
        if help then
            out:write(help)
        else
            status = failed or status
            out:error(text)
        end
    end
    out:flush()
    out:clear()
    if out.problem then
        status = failed or FAILED
        if not out.problem:find "[Bb]roken pipe" then
            io.stderr:write("sendgrid-sso: cannot write the answer: ", out.problem, "\n")
        end
    end
    return status
end

return M
