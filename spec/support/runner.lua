--- Runs what readers are shown, as they would: in a process of its own, in a folder that holds a
--- new certificate, against the sandbox; then compares what it printed and what SendGrid got.

local assert = require "luassert"
local cjson = require "cjson"
local helper = require "helper"
local mime = require "mime"
local process = require "process"

local ID = tostring(helper.CERT_ID)

local M = { version = _VERSION:match "%d.%d" }

--- What the first call of the README prints.
M.FIRST_CALL = "^200\n{\"public_certificate\":\"%-%-%-%-%-BEGIN CERTIFICATE[^\n]*}\n.*"
    .. "content%-type: application/json\n"

local work

function M.read(path)
    local file = _G.assert(io.open(path, "rb"))
    local text = file:read "*a"
    file:close()
    return text
end

--- Makes a file in the folder.
function M.write(name, text)
    local file = _G.assert(io.open(work .. "/" .. name, "wb"))
    file:write(text)
    file:close()
end

--- What a command prints, without the white space at its end.
function M.output(command)
    local pipe = _G.assert(io.popen(command))
    local text = pipe:read "*a"
    pipe:close()
    return (text:gsub("%s+$", ""))
end

--- The top of the tree.
M.top = M.output "pwd"

-- Programs run in another folder, so that relative places have to become absolute.
local function absolute(path)
    return (path:gsub("[^;]+", function(template)
        return template:match "^/" and template or M.top .. "/" .. template
    end))
end

--- Runs a program in the folder.
---@param argv string[]
---@param options? {env: string[]?}  "NAME=value" sets, "NAME" alone takes away; INPUT names a file
---@return {out: string, err: string, status: integer}
function M.run(argv, options)
    local suffix = M.version:gsub("%.", "_")
    local env = {
        "LUA_PATH=" .. absolute(package.path),
        "LUA_CPATH=" .. absolute(package.cpath),
        "LUA_PATH_" .. suffix,
        "LUA_CPATH_" .. suffix,
        "LUA_INIT",
        "cert_id=" .. ID,
    }
    if os.getenv "ASAN_OPTIONS" then
        -- os.exit leaves the Lua state open, which looks like a leak
        env[#env + 1] = "ASAN_OPTIONS=" .. os.getenv "ASAN_OPTIONS" .. ":detect_leaks=0"
    end
    for _, entry in ipairs(options and options.env or {}) do
        env[#env + 1] = entry
    end
    local command = {
        "sh", "-c", "cd \"$0\" && exec \"$@\" <\"${INPUT:-/dev/null}\" >out 2>err", work,
    }
    for _, word in ipairs(argv) do
        command[#command + 1] = word
    end
    local done = process.run(command, env, 30)
    assert.is_false(done.timed_out or false, "it did not come to an end")
    return { out = M.read(work .. "/out"), err = M.read(work .. "/err"), status = done.status }
end

-- Names that the pages use without defining them.
local GIVEN = [[
local sso = require "sso"
local file = assert(io.open("new.pem", "rb"))
pem = file:read("*a")
file:close()
cert_id = "]] .. ID .. [["
client = assert(sso.new())
]]

--- Runs a block of Lua out of a page, with the arguments that the README's first call takes; busted
--- would take them for its own.
---@param text string
---@param variant? string  the word after the fence's language
function M.run_block(text, variant)
    M.write("given.lua", GIVEN)
    M.write("block.lua", text)
    local argv = { helper.interpreter(), "-e", "dofile 'given.lua'", "block.lua" }
    if variant ~= "busted" then
        argv[#argv + 1], argv[#argv + 2] = ID, "new.pem"
    end
    return M.run(argv)
end

--- What the sandbox got: "GET 200", "3 x GET 200, PATCH 401", in the order of the first of each.
function M.received()
    local counts, order = {}, {}
    for _, request in ipairs(helper.sandbox.log().requests) do
        local what = ("%s %d"):format(request.method, request.status or 0)
        if not counts[what] then
            counts[what] = 0
            order[#order + 1] = what
        end
        counts[what] = counts[what] + 1
    end
    for i, what in ipairs(order) do
        order[i] = counts[what] > 1 and counts[what] .. " x " .. what or what
    end
    return table.concat(order, ", ")
end

-- What is shown never switches a certificate off.
local function check_update()
    local new
    for _, request in ipairs(helper.sandbox.log().requests) do
        if request.method == "PATCH" and request.path:find "/certificates/" then
            local body = cjson.decode((mime.unb64(request.body_base64)))
            assert.is_true(body.enabled)
            new = new or body.public_certificate
        end
    end
    if new then
        local stored = helper.sandbox.state().certificates[1]
        assert.equal(M.read(work .. "/new.pem"), stored.public_certificate)
        assert.is_true(stored.enabled)
    end
end

-- The same whichever of several calls at once came first.
local function sorted(sends)
    local list = {}
    for what in sends:gmatch "[^,]+" do
        list[#list + 1] = what:match "^ *(.*)$"
    end
    table.sort(list)
    return table.concat(list, ", ")
end

--- Fails unless a program did what was expected of it.
---@param done {out: string, err: string, status: integer}
---@param row {prints: string?, err: string?, status: integer?, sends: string?, at_once: boolean?}
--- patterns for standard output and standard error; what is missing is nothing, or 0; at_once: what
--- is sent has no order
function M.check(done, row)
    local sends = row.sends or ""
    assert.is_truthy(done.err:find(row.err or "^$"),
        ("it complained\n%s\nnot\n%s"):format(done.err, row.err or "at all"))
    assert.equal(row.status or 0, done.status)
    assert.is_truthy(done.out:find(row.prints or "^$"),
        ("it printed\n%s\nnot\n%s"):format(done.out, row.prints or "nothing"))
    if row.at_once then
        assert.equal(sorted(sends), sorted(M.received()))
    else
        assert.equal(sends, M.received())
    end
    if sends:find "PATCH 200" then
        check_update()
    end
end

--- For the top of a spec: the folder, and a fresh sandbox for each case.
function M.around()
    local busted = require "busted"
    busted.setup(function()
        work = M.output "mktemp -d"
    end)
    busted.teardown(function()
        process.run({ "rm", "-rf", work }, {}, 10)
    end)
    busted.before_each(function()
        helper.sandbox.reset()
        M.write("new.pem", (helper.certificate { key = "ec" }))
    end)
end

return M
