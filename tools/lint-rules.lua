-- lint-rules: the rules of this tree that no compiler knows, as rows; each finding is one line
-- "file:line: what". The floors: src/transport knows no Lua, src/ above it knows no libcurl.
local MAX_FILE, MAX_FUNCTION = 500, 80

local findings = 0
local function finding(file, line, what, ...)
    findings = findings + 1
    print(("%s:%d: %s"):format(file, line, what:format(...)))
end

local function output_of(command)
    local pipe = assert(io.popen(command))
    local text = pipe:read("a")
    return text, pipe:close()
end

local function files_of_tree()
    local list, ok = output_of("git ls-files -co --exclude-standard 2>/dev/null")
    if not ok then
        list = output_of("find . -type f -not -path './build/*' | sed 's,^./,,'")
    end
    local files = {}
    for name in list:gmatch("[^\n]+") do
        -- what fuzzing feeds on is bytes, not text
        local handle = not name:find("^fuzz/corpus/") and io.open(name, "rb")
        if handle then
            files[#files + 1] = {name = name, text = handle:read("a")}
            handle:close()
        end
    end
    table.sort(files, function(a, b) return a.name < b.name end)
    return files
end

local function blank(text)
    return (text:gsub("[^\n]", " "))
end

-- C source with its comments blanked, and the same with its literals blanked too; both keep
-- every byte in its place, so that positions and line numbers stay true.
local function strip(text)
    local with, without, at = {}, {}, 1
    local function add(piece, a, b)
        with[#with + 1] = a and blank(piece) or piece
        without[#without + 1] = b and blank(piece) or piece
        at = at + #piece
    end
    while at <= #text do
        local plain = text:match("^[^/\"']+", at)
        local comment = text:match("^/%*.-%*/", at) or text:match("^//[^\n]*", at)
        local quote = text:match("^[\"']", at)
        if plain then
            add(plain)
        elseif comment then
            add(comment, true, true)
        elseif quote then
            local last = at + 1
            while last < #text and text:sub(last, last) ~= quote do
                last = last + (text:sub(last, last) == "\\" and 2 or 1)
            end
            add(text:sub(at, last), false, true)
        else
            add(text:sub(at, at))
        end
    end
    return table.concat(with), table.concat(without)
end

local function line_at(text, position)
    local _, newlines = text:sub(1, position - 1):gsub("\n", "")
    return newlines + 1
end

-- Calls f(line) for each place where the identifier stands in code.
local function each_word(code, word, f)
    for position in code:gmatch("%f[%w_]()" .. word .. "%f[^%w_]") do
        f(line_at(code, position), position)
    end
end

-- ---- C -------------------------------------------------------------------

-- word, where it may stand, why
local ONLY_IN = {
    {"LUA_VERSION_NUM", "src/compat.h", "what Lua versions spell differently has one place"},
    {"LUAJIT_VERSION_NUM", "src/compat.h", "what Lua versions spell differently has one place"},
    {"luaL_ref", "src/handle.c", "one file owns references"},
    {"luaL_unref", "src/handle.c", "one file owns references"},
    {"curl_easy_setopt", "src/transport/attempt.c", "options of a transfer have one place"},
}

local BANNED = {
    "sprintf", "vsprintf", "strcpy", "strcat", "strtok", "atoi", "atol", "atof", "gets",
    "alloca", "abort", "exit", "_exit", "assert",
}

-- Formats that lua_pushfstring does not have everywhere: "%zu" raises or prints garbage.
local LUA_FORMATS = {"lua_pushfstring", "luaL_error", "sso_raise"}

local function check_includes(file, code)
    local line = 0
    for text in (code .. "\n"):gmatch("(.-)\n") do
        line = line + 1
        local header = text:match("^%s*#%s*include%s*[<\"]([^>\"]+)[>\"]")
        if header and file:match("^src/transport/") then
            if header:match("lua[^/]*%.h$") or header:match("lauxlib%.h$") then
                finding(file, line, "the floor below knows no Lua: %s", header)
            elseif header:match("^%.%./") or header == "compat.h" then
                finding(file, line, "the floor below includes nothing from above: %s", header)
            end
        elseif header and header:match("^curl/") then
            finding(file, line, "the floor above knows no libcurl: %s", header)
        end
    end
end

local function check_formats(file, code, bare)
    for _, name in ipairs(LUA_FORMATS) do
        each_word(bare, name, function(line, position)
            local call = code:match("^[%w_]+%s*(%b())", position) or ""
            for format in call:gmatch("%%[^%%sdfpc'\"]") do
                finding(file, line, "%s has no %s on every Lua", name, format)
            end
        end)
    end
end

local function check_functions(file, text)
    local line, first = 0, nil
    for row in (text .. "\n"):gmatch("(.-)\n") do
        line = line + 1
        if row == "{" then
            first = line
        elseif row:match("^}") and first then
            if line - first + 1 > MAX_FUNCTION then
                finding(file, first, "a function of %d lines, %d are the most",
                    line - first + 1, MAX_FUNCTION)
            end
            first = nil
        end
    end
end

-- gcovr's markers, and whether one has to say why.
local EXCLUSIONS = {
    GCOVR_EXCL_LINE = true, GCOVR_EXCL_START = true, GCOVR_EXCL_STOP = false,
    GCOVR_EXCL_BR_LINE = true, GCOVR_EXCL_BR_START = true, GCOVR_EXCL_BR_STOP = false,
}

local function check_exclusions(file, text)
    local line, open = 0, nil
    for row in (text .. "\n"):gmatch("(.-)\n") do
        line = line + 1
        local marker, behind = row:match("(%w+_EXCL_[%w_]+)(.*)")
        if marker and EXCLUSIONS[marker] == nil then
            finding(file, line, "no marker of coverage: %s", marker)
        elseif marker and EXCLUSIONS[marker] and not behind:match("^: %S+ %S+") then
            finding(file, line, "%s does not say why", marker)
        elseif marker and marker:match("START$") then
            open = line
        elseif marker and marker:match("STOP$") then
            open = nil
        end
    end
    if open then
        finding(file, open, "what is excluded here does not end")
    end
end

local function check_source(file, text)
    check_exclusions(file, text)
    local code, bare = strip(text)
    check_includes(file, code)
    check_formats(file, code, bare)
    for _, row in ipairs(ONLY_IN) do
        if file ~= row[2] then
            each_word(bare, row[1], function(line)
                finding(file, line, "%s stands in %s alone: %s", row[1], row[2], row[3])
            end)
        end
    end
    for _, name in ipairs(BANNED) do
        each_word(bare, name, function(line, position)
            if bare:match("^[%w_]+%s*%(", position) then
                finding(file, line, "%s is not used here", name)
            end
        end)
    end
    for position, body in bare:gmatch("()struct%s+[%w_]*%s*(%b{})") do
        if body:match("lua_State%s*%*%s*[%w_]+%s*;") then
            finding(file, line_at(bare, position), "no lua_State is kept in a struct")
        end
    end
    if file:match("%.h$") and ("\n" .. bare):match("\n%a[%w_ *]*%b();") and
        not (bare:match("#pragma GCC visibility push%(hidden%)") and
            bare:match("#pragma GCC visibility pop")) then
        finding(file, 1, "a header without #pragma GCC visibility push(hidden) and pop")
    end
end

-- ---- all files -----------------------------------------------------------

local LIMITED = {c = true, h = true, lua = true, py = true, sh = true}

local HEADER = {
    c = "^/%*",
    h = "^/%*",
    lua = "^%-%-",
    py = "^[#\"]",
    sh = "^#",
}

local function parent(path)
    return path:match("^(.+)/[^/]+$")
end

-- Where this tree lies, and where the person who works on it lives.
local function machine_paths()
    local here = output_of("pwd -P"):gsub("\n", "")
    local paths = {here, "/home/", "/Users/", "/root/"}
    local shared = {["/tmp"] = true, ["/var/tmp"] = true, ["/usr/src"] = true, ["/home"] = true}
    local above = parent(here)
    if above and not shared[above] then
        paths[#paths + 1] = above .. "/"
    end
    return paths
end

-- Package registries: the tools that use them know where they are.
local REGISTRIES = {
    "registry%.[%w-]+%.%a", "//[%w.-]*npmjs?%.", "//[%w.-]*luarocks%.", "//[%w.-]*pypi",
    "//[%w.-]*%.debian%.", "//proxy%.golang",
}

local LEFT_OPEN = {"TO" .. "DO", "FIX" .. "ME", "X" .. "XX"}

-- c, lua, py, sh, …: by the name, or by the program that the first line names.
local function kind_of(file, text)
    local program = text:match("^#![^\n]*[/ ](%a+)")
    return file:match("%.(%w+)$") or ({lua = "lua", luajit = "lua", python = "py"})[program]
        or program and "sh" or ""
end

local function check_text(file, text, paths)
    local extension = kind_of(file, text)
    local line = 0
    for row in (text:gsub("\n$", "") .. "\n"):gmatch("(.-)\n") do
        line = line + 1
        for _, path in ipairs(paths) do
            local from, to = row:find(path, 1, true)
            if from and not row:sub(from - 1, from - 1):match("[%w._$}]") and
                (path:sub(-1) == "/" or not row:sub(to + 1, to + 1):match("[%w_-]")) and
                file ~= "tools/lint-rules.lua" then
                finding(file, line, "names a path of one machine: %s", path)
            end
        end
        for _, pattern in ipairs(REGISTRIES) do
            if row:find(pattern) and file ~= "tools/lint-rules.lua" then
                finding(file, line, "names a registry")
            end
        end
        for _, word in ipairs(LEFT_OPEN) do
            if row:find("%f[%w]" .. word .. "%f[%W]") then
                finding(file, line, "left open: %s", word)
            end
        end
        if row:find("[ \t]$") and extension ~= "md" then
            finding(file, line, "white space at the end of the line")
        elseif row:find("\t") and (LIMITED[extension] or extension == "md") then
            finding(file, line, "a tab")
        end
    end
    if LIMITED[extension] and line > MAX_FILE then
        finding(file, line, "%d lines, %d are the most", line, MAX_FILE)
    end
    if text ~= "" and text:sub(-1) ~= "\n" then
        finding(file, line, "the last line does not end")
    end
    local start = text:gsub("^#![^\n]*\n", "")
    if HEADER[extension] and not start:match(HEADER[extension]) then
        finding(file, 1, "begins without a comment that says its one idea")
    end
end

-- Waiting is the hosts' business: nothing else in lua/sso sleeps, polls or starts programs.
local WAITS = {"sleep", "poll", "execute", "popen"}

local function check_waits(file, text)
    local bare = text:gsub("%-%-[^\n]*", blank):gsub("\"[^\"\n]*\"", blank)
    for _, name in ipairs(WAITS) do
        each_word(bare, name, function(line, position)
            if bare:match("^[%w_]+%s*%(", position) then
                finding(file, line, "%s: waiting stands in lua/sso/host alone", name)
            end
        end)
    end
end

-- `make help` lists what .PHONY names, but for what INNER names, and nothing else.
local makefiles = {}

local function check_help()
    local listed, public, inner = {}, {}, {}
    for _, file in ipairs(makefiles) do
        local text = file.text:gsub("\\\n", "  ")
        for row in (text .. "\n"):gmatch("([^\n]*)\n") do
            local help = row:match("^\t@echo \"make ([%w-]+)")
            local phony, hidden = row:match("^%.PHONY:([^$]*)$"), row:match("^INNER :=(.*)$")
            if help then
                listed[help] = file
            end
            for name in (phony or ""):gmatch("[%w-]+") do
                public[name] = file
            end
            for name in (hidden or ""):gmatch("[%w-]+") do
                inner[name] = true
            end
        end
    end
    for name, file in pairs(public) do
        if not listed[name] and not inner[name] then
            finding(file.name, 1, "make help does not list '%s'", name)
        end
    end
    for name, file in pairs(listed) do
        if not public[name] then
            finding(file.name, 1, "make help lists '%s', which is no public target", name)
        end
    end
end

local paths = machine_paths()
for _, file in ipairs(files_of_tree()) do
    local name, text = file.name, file.text
    if not text:find("\0", 1, true) then
        check_text(name, text, paths)
        if name == "Makefile" or name:match("^mk/.*%.mk$") then
            makefiles[#makefiles + 1] = file
        end
        if name:match("%.[ch]$") then
            check_functions(name, text)
        end
        if name:match("^src/.*%.[ch]$") then
            check_source(name, text)
        end
        if name:match("^lua/sso/.*%.lua$") and not name:match("^lua/sso/host/") then
            check_waits(name, text)
        end
    end
end
check_help()
os.exit(findings == 0)
