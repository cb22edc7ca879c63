--- Transcripts: files of commands and of what each must print, run by a shell against the sandbox
--- and compared to the letter.
--
--     ## certificate new.pem cn=idp.test days=30     makes a file
--     ## fault [{"status":503,"times":"always"}]      a control endpoint of the sandbox
--     ## terminal 80                                 what follows runs on a terminal so wide
--     ## plain                                       what follows does not
--     $ sendgrid-sso certificates get 1
--     ! what standard error has                      on a terminal without the mark
--     [3]                                            the exit status, unless it is 0
--
-- What follows "[y/N] " in a line is what is typed there.  ESC is written ␛.  {date}, {n}, … stand
-- for what differs from run to run, as in PLACEHOLDERS; {hex:new} is the same text at each place.

local cjson = require "cjson"
local helper = require "helper"
local process = require "process"

local M = {}

local PLACEHOLDERS = {
    date = "%d%d%d%d%-%d%d%-%d%d", time = "%d%d:%d%d:%d%d", n = "%d+", hex = "%x+",
    uuid = "%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x",
    base64 = "[%w+/=\\]+", version = "[%d%.]+%w*", seconds = "%d+%.%d+",
    rest = "[^\n]+", lua = "Lua[JIT]* [%w%.-]+", tls = "%a+/[%w%.-]+",
    ago = "%d+ %l+ ago", when = "[%l%d ]+", port = "%d%d%d%d%d", ms = "%d+ ms",
    clock = "[%d%- ]*%d%d:%d%d", -- with a date where that is another one than UTC's
}

-- ---- reading -----------------------------------------------------------------------

--- Reads a transcript.
---@param path string
---@return table[] blocks  {command=, lines=, directives=, terminal=, file=, at=}
function M.read(path)
    local blocks, directives, terminal, at = {}, {}, nil, 0
    local file = assert(io.open(path, "rb"))
    for line in file:lines() do
        at = at + 1
        local command, directive = line:match "^%$ (.*)$", line:match "^## (.*)$"
        if directive then
            local columns = directive:match "^terminal (%d+)$"
            if columns or directive == "plain" then
                terminal = columns
            else
                directives[#directives + 1] = directive
            end
        elseif command then
            blocks[#blocks + 1] = {
                command = command, lines = {}, directives = directives, terminal = terminal,
                file = path, at = at,
            }
            directives = {}
        elseif blocks[#blocks] then
            table.insert(blocks[#blocks].lines, line)
        end
    end
    file:close()
    assert(#blocks > 0 and #directives == 0, path .. ": no command follows")
    return blocks
end

-- ---- running -----------------------------------------------------------------------

local top, work

local function output(command)
    local pipe = assert(io.popen(command))
    local text = pipe:read "*a"
    pipe:close()
    return (text:gsub("%s+$", ""))
end

local function write(path, text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
end

local function read(path)
    local file = io.open(path, "rb")
    local text = file and file:read "*a" or ""
    if file then
        file:close()
    end
    return text
end

local function absolute(path)
    return (path:gsub("[^;]+", function(template)
        return template:match "^/" and template or top .. "/" .. template
    end))
end

--- A folder in which `sendgrid-sso` is a command, run by the interpreter that runs this.
---@return string folder
function M.open()
    top, work = output "pwd", output "mktemp -d"
    assert(os.execute("mkdir '" .. work .. "/bin'"))
    write(work .. "/bin/sendgrid-sso", ("#!/bin/sh\nexec %s '%s/bin/sendgrid-sso' \"$@\"\n")
        :format(helper.interpreter(), top))
    assert(os.execute("chmod 755 '" .. work .. "/bin/sendgrid-sso'"))
    return work
end

function M.close()
    process.run({ "rm", "-rf", work }, {}, 10)
end

--- The environment of commands: nothing of the person who runs the specs shows.
function M.environment()
    local suffix = _VERSION:match "%d.%d":gsub("%.", "_")
    local env = {
        "LUA_PATH=" .. absolute(package.path), "LUA_CPATH=" .. absolute(package.cpath),
        "LUA_PATH_" .. suffix, "LUA_CPATH_" .. suffix, "LUA_INIT", "COLUMNS", "NO_COLOR", "LC_ALL",
        "LC_CTYPE", "SENDGRID_API_KEY_FILE", "SENDGRID_REGION", "https_proxy", "http_proxy",
        "all_proxy", "TZ=UTC", "LANG=C.UTF-8", "TERM=xterm", "CDPATH",
        "PATH=" .. work .. "/bin:" .. os.getenv "PATH", "SSO_WORK=" .. work,
        "ID=" .. helper.INTEGRATION,
    }
    if os.getenv "ASAN_OPTIONS" then
        -- os.exit leaves what the interpreter itself keeps, which looks like a leak
        env[#env + 1] = "ASAN_OPTIONS=" .. os.getenv "ASAN_OPTIONS" .. ":detect_leaks=0"
    end
    return env
end

local DIRECTIVES = {}

function DIRECTIVES.certificate(rest)
    local name, options = rest:match "^(%S+)", {}
    for key, value in rest:gmatch "(%a+)=(%S+)" do
        options[key] = tonumber(value) or value
    end
    local pem, key = helper.certificate(options)
    write(work .. "/" .. name, pem)
    write(work .. "/" .. name:gsub("%.pem$", "") .. ".key", key)
end

function DIRECTIVES.text(rest)
    local name, text = rest:match "^(%S+) (.*)$"
    write(work .. "/" .. name, (text:gsub("\\n", "\n"):gsub("␛", "\27")))
end

-- metadata NAME entity=… signin=… signout=… keys=a.pem,b.pem
function DIRECTIVES.metadata(rest)
    local name, options, keys = rest:match "^(%S+)", {}, {}
    for key, value in rest:gmatch "(%a+)=(%S+)" do
        options[key] = value
    end
    for file in options.keys:gmatch "[^,]+" do
        keys[#keys + 1] = [[<KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data>]]
            .. "<ds:X509Certificate>" .. read(work .. "/" .. file):gsub("%-%-%-%-%-[^\n]*\n", "")
            .. [[</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>]]
    end
    local redirect = [[Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"]]
    write(work .. "/" .. name, ([[<?xml version="1.0"?>
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"
 xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="%s">
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
%s<SingleLogoutService %s Location="%s"/><SingleSignOnService %s Location="%s"/>
</IDPSSODescriptor></EntityDescriptor>
]]):format(options.entity, table.concat(keys, "\n"), redirect, options.signout, redirect,
        options.signin))
end

-- response NAME issuer=… audience=… key=a.pem from=… to=…
function DIRECTIVES.response(rest)
    local name, options = rest:match "^(%S+)", {}
    for key, value in rest:gmatch "(%a+)=(%S+)" do
        options[key] = value
    end
    write(work .. "/" .. name, (([[
<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="r1" Version="2.0"
 xmlns="urn:oasis:names:tc:SAML:2.0:assertion" IssueInstant="{from}">
<Issuer>{issuer}</Issuer><samlp:Status>
<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
<Assertion ID="a1" Version="2.0" IssueInstant="{from}"><Issuer>{issuer}</Issuer>
<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>
<ds:Reference URI="#a1"><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>
</ds:Reference></ds:SignedInfo><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{pem}
</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>
<Subject><NameID>jane@example.com</NameID></Subject>
<Conditions NotBefore="{from}" NotOnOrAfter="{to}"><AudienceRestriction>
<Audience>{audience}</Audience></AudienceRestriction></Conditions></Assertion></samlp:Response>
]]):gsub("{(%a+)}", function(key)
        return key == "pem" and read(work .. "/" .. options.key):gsub("%-%-%-%-%-[^\n]*\n", "")
            or options[key]
    end)))
end

for _, name in ipairs { "switch", "seed", "fault" } do
    DIRECTIVES[name] = function(rest)
        helper.sandbox[name](cjson.decode((rest:gsub("␛", "\\u001b"))))
    end
end

local function obey(directive)
    local word, rest = directive:match "^(%S+) ?(.*)$"
    local fn = DIRECTIVES[word]
    if fn then
        fn(rest)
    else
        assert(directive:find "^%u", "an unknown directive: " .. directive) -- a sentence
    end
end

-- What a slow machine alone sees: how far the work is, and that cleared away.
local function without_progress(text)
    local shorter, times = text:gsub("\r\27%[K%d+ of %d+ requests answered", "")
    return times == 0 and text or (shorter:gsub("\r\27%[K", ""))
end

local function lines_of(text, mark, lines)
    if text ~= "" and text:sub(-1) ~= "\n" then
        text = text .. "\n"
    end
    for line in text:gmatch "([^\n]*)\n" do
        lines[#lines + 1] = mark .. line:gsub("\27", "␛"):gsub("\r", "␍")
    end
end

local function answers_of(block)
    local answers = {}
    for _, line in ipairs(block.lines) do
        answers[#answers + 1] = line:match "%[y/N%] (.+)$"
    end
    return answers
end

--- Runs one command.
---@return string[] lines  what it printed, as a transcript has it
function M.run(block)
    for _, directive in ipairs(block.directives) do
        obey(directive)
    end
    local seconds = 20 * helper.patience
    local argv = { "sh", "-c", "cd \"$SSO_WORK\" && exec >out 2>err && eval \"$1\"", "sh" }
    if block.terminal then
        argv[3] = "cd \"$SSO_WORK\" && exec \"$@\" >out 2>err"
        for _, word in ipairs {
            "python3", "-I", "-S", top .. "/spec/support/terminal.py", block.terminal,
            tostring(seconds),
        } do
            argv[#argv + 1] = word
        end
        for _, answer in ipairs(answers_of(block)) do
            argv[#argv + 1] = answer
        end
        for _, word in ipairs { "--", "sh", "-c" } do
            argv[#argv + 1] = word
        end
    end
    argv[#argv + 1] = block.command
    local done = process.run(argv, M.environment(), seconds + 5)
    local lines = {}
    lines_of(without_progress(read(work .. "/out")), "", lines)
    lines_of(read(work .. "/err"), "! ", lines)
    if done.status ~= 0 then
        lines[#lines + 1] = ("[%s]"):format(tostring(done.status or done.signal or "late"))
    end
    return lines
end

-- ---- comparing ---------------------------------------------------------------------

local patterns = {}

-- → the pattern of an expected line, and the names of its placeholders in order
local function pattern_of(line)
    if patterns[line] then
        return patterns[line][1], patterns[line][2]
    end
    local whole, names = line, {}
    line = line:gsub("%[y/N%] %^D$", "[y/N] ") -- nothing shows of it
    local pattern = line:gsub("[%^%$%(%)%%%.%[%]%*%+%-%?]", "%%%0"):gsub("{(%l+%d*):?(%l*)}",
        function(kind, name)
            assert(PLACEHOLDERS[kind], "no such placeholder: " .. kind)
            names[#names + 1] = name
            return "(" .. PLACEHOLDERS[kind] .. ")"
        end)
    patterns[whole] = { "^" .. pattern .. "$", names }
    return patterns[whole][1], names
end

-- Whether a line is what is expected; texts with a name go into `bound` or are compared with it.
local function fits(expected, line, bound)
    local pattern, names = pattern_of(expected)
    local found = { line:match(pattern) }
    if found[1] == nil then
        return false
    end
    for i, name in ipairs(names) do
        if name ~= "" then
            if bound[name] and bound[name] ~= found[i] then
                return false
            end
            bound[name] = found[i]
        end
    end
    return true
end

local function trim(lines)
    local last = #lines
    while last > 0 and lines[last] == "" do
        last = last - 1
    end
    local kept = {}
    for i = 1, last do
        kept[i] = lines[i]
    end
    return kept
end

--- Compares what a command printed with what it must print; empty lines at the end do not count.
---@param expected string[]
---@param lines string[]
---@param bound table<string, string>  texts of placeholders with a name, by name
---@return integer? line  the first that differs, or nil
function M.compare(expected, lines, bound)
    expected, lines = trim(expected), trim(lines)
    for i = 1, math.max(#expected, #lines) do
        if not expected[i] or not lines[i] or not fits(expected[i], lines[i], bound) then
            return i
        end
    end
end

--- Runs all commands of a transcript and compares; raises at the first difference.
---@param path string
---@return table[] results  {expected=, lines=, bound=}: what was compared
function M.check(path)
    local results, bound = {}, {}
    for i, block in ipairs(M.read(path)) do
        local lines = M.run(block)
        local before = {}
        for name, text in pairs(bound) do
            before[name] = text
        end
        local at = M.compare(block.lines, lines, bound)
        if at then
            error(("%s:%d: $ %s\nexpected, line %d: %s\nit printed:\n%s"):format(path, block.at,
                block.command, at, block.lines[at] or "(nothing)", table.concat(lines, "\n")), 0)
        end
        results[i] = { expected = block.lines, lines = lines, bound = before }
    end
    return results
end

return M
