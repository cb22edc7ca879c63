--- One run of one command: what was typed, where output goes, the client when it is needed, and
--- the question before a change.

local core = require "sso.core"
local options = require "sso.cli.options"

local M = {}
local Session = {}
Session.__index = Session

-- Seconds after which work is long enough to say how far it is.
local PATIENCE = 0.5

--- Makes the session of a command.
---@param args table  what was parsed
---@param row table  the command
---@param out table  see sso.cli.output
function M.new(args, row, out)
    return setmetatable({
        args = args,
        row = row,
        out = out,
        now = os.time(),
        began = core.now(),
        asked = 0,
        answered = 0,
    }, Session)
end

--- Raises a mistake in how the program was called.
function Session:usage(text)
    error({ usage = self.row.path .. ": " .. text, help = "sendgrid-sso " .. self.row.path
        .. " --help", path = self.row.path }, 0)
end

-- "file:1: sso.new: option 'timeout' must be …" → "--timeout must be …": the module raises upon
-- what the caller got wrong, and here that is whoever typed it.
local function as_typed(message, fields)
    local text = message:match "^[^:]*:%d+: [%a_]+[%.:]?[%a_]*: (.*)$"
        or message:match "^[%a_]+[%.:]?[%a_]*: (.*)$"
    if not text or message:find "^[^:]*:%d+: attempt to " then
        return nil
    end
    local function flag(name)
        return fields[name] and "--" .. name:gsub("_", "-") or nil
    end
    text = text:gsub("option ('[%w_]+')", "%1"):gsub("field ('[%w_]+')", "%1")
    text = text:gsub("'([%w_]+)'", flag):gsub("%f[%w_-][%w]+_[%w_]+", flag)
    return (text:gsub("(at least one of )(.*)$", function(words, names)
        return words .. names:gsub("%f[%w_-][%w_]+", flag)
    end))
end

--- Calls a function of the module; what it raises about its arguments is a mistake in what was
--- typed.
function Session:call(fn, ...)
    local results = { pcall(fn, ...) }
    if results[1] then
        return results[2], results[3], results[4]
    end
    local names = {}
    for name in pairs(self.args) do
        names[name] = true
    end
    for _, option in ipairs(self.row.options or {}) do
        names[option.name] = true
    end
    local text = type(results[2]) == "string" and as_typed(results[2], names)
    if text then
        self:usage(text)
    end
    error(results[2], 0)
end

local function event_text(event)
    if event.event == "start" then
        return nil
    elseif event.event == "retry" then
        return ("%s: attempt %d failed (%s), the next one in %.1f s"):format(event.operation,
            event.attempt, event.reason, event.wait)
    elseif event.event == "attempt" then
        return ("%s: attempt %d after %.3f s"):format(event.operation, event.attempt,
            event.elapsed)
    end
    return ("%s: %s%s after %.3f s"):format(event.operation, event.reason,
        event.status and (" (%d)"):format(event.status) or "", event.elapsed)
end

function Session:listen(event)
    if self.args.verbose then
        local text = event_text(event)
        if text then
            self.out:note(text)
        end
        return
    end
    if event.event == "start" then
        self.asked = self.asked + 1
    elseif event.event == "finish" then
        self.answered = self.answered + 1
    end
    if core.now() - self.began < PATIENCE then
        return
    elseif event.event == "retry" then
        self.out:progress(("%s: %s; next attempt in %.0f s"):format(event.operation, event.reason,
            event.wait))
    else
        self.out:progress(("%d of %d requests answered"):format(self.answered, self.asked))
    end
end

--- The client of the options and the environment.  Raises the error when there can be none.
---@return sso.Client
function Session:client()
    if not self.made then
        local own = options.of_client(self.args)
        if self.args.verbose or self.out.terminal.stderr or self.row.listens then
            own.on_event = function(event)
                self:listen(event)
            end
        end
        local client, err = self:call(require("sso").new, own)
        self.made = client or error(err, 0)
    end
    return self.made
end

--- The server's address.
function Session:server()
    return tostring(self:client()):match "%((.*)%)" or ""
end

--- Refuses a change that nobody can be asked about.
function Session:need_consent()
    local terminal = self.out.terminal
    if not (self.args.yes or self.args.dry_run or (terminal.stdin and terminal.stderr)) then
        self:usage("this is a change and nobody is there to be asked: add --yes, or --dry-run "
            .. "to see what would be sent")
    end
end

--- Asks before a change, unless --yes was given.  Raises when the answer is no.
---@param question string
function Session:confirm(question)
    self:need_consent()
    if not self.args.yes and not self.out:ask(question) then
        error({ stopped = "nothing was changed" }, 0)
    end
end

--- Shows what a change did: the document with --json, else a line.
function Session:done(document, line)
    if self.args.json then
        self.out:document(document)
    else
        self.out:line(line)
    end
end

return M
