--- From rows to argparse: the commands of the command line are tables (sso.cli.commands), and this
--- is the only file that knows how arguments, options and help are made of them.

local argparse = require "argparse"

local M = {}

local unpack = rawget(table, "unpack") or rawget(_G, "unpack")

M.NAME = "sendgrid-sso"

local OTHERS = "Options of every command (--json, --yes, --region …): sendgrid-sso --help"

local WHY_NO_KEY = "there is no --api-key: what stands in the arguments is seen by everybody on "
    .. "this machine and stays in the shell's history; set SENDGRID_API_KEY, or give "
    .. "--api-key-file FILE"

local function dashed(name)
    return (name:gsub("_", "-"))
end

-- ---- building ----------------------------------------------------------------------

local function add_argument(command, row)
    local argument = command:argument(row.name):description(row.description)
    argument:args(row.args or 1):argname(row.argname or "<" .. row.name .. ">")
    if row.convert then
        argument:convert(row.convert)
    end
    if row.choices then
        argument:choices(row.choices)
    end
end

-- An option of argparse for a row; two for what can be switched on and off.
local function add_option(command, row)
    local name = row.flags or (row.kind == "off" and "--no-" or "--") .. dashed(row.name)
    local option = command:option(name):target(row.name):description(row.description)
    if row.kind == "switch" or row.kind == "boolean" or row.kind == "off" then
        option:args(0)
    else
        option:args(1)
        if row.argname or not row.choices then -- choices are their own name
            option:argname(row.argname or "<" .. row.name .. ">")
        end
    end
    if row.kind == "list" then
        option:count(row.required and "1+" or "*"):action "append":init(nil)
    elseif row.required and row.kind ~= "boolean" then
        option:count(1)
    end
    if row.convert then
        option:convert(row.convert)
    end
    if row.choices then
        option:choices(row.choices)
    end
    if row.kind == "off" then
        option:action "store_false"
    elseif row.kind == "boolean" then
        local off = command:flag("--no-" .. dashed(row.name)):target(row.name)
        off:action("store_false"):description("the opposite of --" .. dashed(row.name))
        return { option, off }
    end
    return { option }
end

local function epilog(row)
    local parts = {}
    for _, example in ipairs(row.examples or {}) do
        parts[#parts + 1] = "   " .. example[1]
        parts[#parts + 1] = "       " .. example[2]
    end
    if #parts > 0 then
        table.insert(parts, 1, #row.examples == 1 and "Example:" or "Examples:")
        parts[#parts + 1] = ""
    end
    parts[#parts + 1] = row.epilog or OTHERS
    return table.concat(parts, "\n")
end

local function show_help(element, order)
    return {
        description = "show this help",
        action = function()
            local help = element:get_help()
            error({ help = (order and order(help) or help) .. "\n" }, 0)
        end,
    }
end

-- Whoever asks the program for help looks for a command first: options go behind the commands.
local function commands_first(help)
    local options, rest = {}, {}
    local at
    for block in (help .. "\n\n"):gmatch "(.-)\n\n" do
        if block:find "^[%w ]*[Oo]ptions[%w ]*:\n" then
            options[#options + 1] = block
        else
            rest[#rest + 1] = block
            at = at or block:find "^Examples?:\n" and #rest
        end
    end
    at = at or #rest + 1
    for i, block in ipairs(options) do
        table.insert(rest, at + i - 1, block)
    end
    return table.concat(rest, "\n\n")
end

local fill

local function add_command(parent, row, parents)
    local command = parent:command(row.name):target("command " .. row.name)
    local sentence = row.summary:gsub("^%l", string.upper) .. "."
    command:summary(row.summary):description(row.description or sentence):epilog(epilog(row))
    command:add_help(show_help(command))
    row.path = (parents == "" and "" or parents .. " ") .. row.name
    if row.raw then
        command:handle_options(false)
    end
    fill(command, row, row.path)
    return command
end

function fill(command, row, path)
    for _, argument in ipairs(row.arguments or {}) do
        add_argument(command, argument)
    end
    for _, option in ipairs(row.options or {}) do
        add_option(command, option)
    end
    local groups, order = {}, {}
    for _, child in ipairs(row.commands or {}) do
        local added, title = add_command(command, child, path), child.group
        if title then
            if not groups[title] then
                groups[title] = {}
                order[#order + 1] = title
            end
            table.insert(groups[title], added)
        end
    end
    for _, title in ipairs(order) do
        command:group(title, unpack(groups[title]))
    end
end

--- Makes the parser.
---@param root table  the row of the program itself: commands, options by group
---@param width? integer  columns of help
---@return table parser
function M.build(root, width)
    width = math.max(math.min(width or 80, 100), 40)
    local parser = argparse(M.NAME, root.description, epilog(root))
    parser:usage("Usage: " .. M.NAME .. " [options] <command> ...")
    parser:add_help(show_help(parser, commands_first)):usage_max_width(width):help_max_width(width)
    parser:help_description_margin(math.min(30, math.floor(width / 3)))
    for _, group in ipairs(root.option_groups) do
        local options = {}
        for _, row in ipairs(group.options) do
            for _, option in ipairs(add_option(parser, row)) do
                options[#options + 1] = option
            end
        end
        parser:group(group.title, unpack(options))
    end
    fill(parser, root, "")
    parser.error = function(command, message)
        error({ usage = message, command = command }, 0)
    end
    return parser
end

-- ---- the words ---------------------------------------------------------------------

-- Every name of an option that takes true or false, wherever it stands.
local function booleans(row, found)
    for _, group in ipairs(row.option_groups or {}) do
        booleans(group, found)
    end
    for _, option in ipairs(row.options or {}) do
        if option.kind == "boolean" then
            found["--" .. dashed(option.name)] = true
        end
    end
    for _, command in ipairs(row.commands or {}) do
        booleans(command, found)
    end
    return found
end

local SAID = { ["true"] = true, ["false"] = false }

-- "--enabled=false" and "--enabled false" are --no-enabled.  A word after it that is neither true
-- nor false is another one's.
local function switch(name, value)
    return SAID[value] and name or "--no-" .. name:sub(3)
end

--- What people type, as argparse reads it.
---@param root table
---@param words string[]
---@return string[] words
function M.rewrite(root, words)
    local known, out, i = booleans(root, {}), {}, 1
    if words[1] == "sandbox" then
        return words -- what follows is another program's
    end
    while i <= #words do
        local word = words[i]
        local name, value = word:match "^(%-%-[%w_-]+)=?(.*)$"
        if word == "--" then
            break
        elseif name then
            name = dashed(name)
            word = name .. word:sub(#name + 1)
            if name == "--api-key" then
                error({ usage = WHY_NO_KEY }, 0)
            elseif known[name] and value == "" and SAID[words[i + 1]] ~= nil then
                word, i = switch(name, words[i + 1]), i + 1
            elseif known[name] and SAID[value] ~= nil then
                word = switch(name, value)
            end
        end
        out[#out + 1] = word
        i = i + 1
    end
    for rest = i, #words do
        out[#out + 1] = words[rest]
    end
    if out[1] == "help" then
        table.remove(out, 1)
        out[#out + 1] = "--help"
    elseif out[1] == "--version" then
        out[1] = "version"
    end
    return out
end

-- Nothing that looks like a key is repeated: it may have been typed in the wrong place.
local function without_keys(text)
    return (text:gsub("SG%.[%w%._-]+", "SG.(hidden)"))
end

local function find(rows, name)
    for _, row in ipairs(rows or {}) do
        if row.name == name then
            return row
        end
    end
end

-- The row that a command of argparse was made of.
local function row_of(root, command)
    local names = {}
    while command and command._parent do
        table.insert(names, 1, command._name)
        command = command._parent
    end
    local row = root
    for _, name in ipairs(names) do
        row = find(row.commands, name)
    end
    return row
end

local function mistake(row, text)
    text = text:gsub("\nDid you mean", "; did you mean")
    if text == "a command is required" then
        local names = {}
        for i, child in ipairs(row.commands) do
            names[i] = child.name
        end
        text = "a command is missing: " .. table.concat(names, ", ")
    end
    local path = row.path
    return {
        usage = without_keys((path and path .. ": " or "") .. text),
        help = M.NAME .. (path and " " .. path or "") .. " --help",
        path = path,
    }
end

--- Reads the words.  Raises {help = text} when help was asked for, {usage = what, help = how to
--- get help, path = command} upon a mistake.
---@param root table
---@param words string[]
---@param width? integer
---@return table args, table row  by option and argument; the command's row
function M.parse(root, words, width)
    local parser = M.build(root, width)
    local ok, args = pcall(function()
        return parser:parse(M.rewrite(root, words))
    end)
    if not ok then
        if type(args) == "table" and args.usage then
            args = mistake(args.command and row_of(root, args.command) or root, args.usage)
        end
        error(args, 0)
    end
    local row = root
    while row.commands do
        local parent = row
        for _, child in ipairs(parent.commands) do
            row = args["command " .. child.name] and child or row
        end
    end
    for _, option in ipairs(row.options or {}) do
        if option.required and args[option.name] == nil then
            local name = dashed(option.name)
            error(mistake(row, ("missing option '--%s' or '--no-%s'"):format(name, name)), 0)
        end
    end
    return args, row
end

return M
