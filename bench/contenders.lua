-- contenders.lua - who takes part: the C program that everything is compared with, this module,
-- and what people use today.  A contender whose program or library is not there is left out and
-- named.
--
--   name, key   for people; for the JSON
--   command     where CALLS, FLIGHT and PEM stand for what a part wants
--   probe       a command that ends well when the contender can run
--   ours        this module; floor: the C program; judged: targets are about it
--   at_once     can have several calls under way
--   calls       at most as many calls a round, for the slow ones; rounds: as many rounds

local measure = require "measure"

local here, build = measure.here, measure.build
local programs = here .. "contenders/"
local NODE = "NODE_PATH=" .. measure.quote(build .. "npm/node_modules")
local PYTHON = "/usr/bin/python3" -- Debian's, which has Debian's packages

local M = {}

local all = {
    {
        key = "c",
        name = "C, libcurl and cJSON",
        command = build .. "bench/call_floor CALLS FLIGHT " .. measure.cert_id .. " PEM",
        probe = "test -x " .. build .. "bench/call_floor",
        floor = true,
        at_once = true,
    },
    {
        key = "lua54",
        name = "sendgrid-sso, Lua 5.4",
        command = "lua5.4 " .. here .. "call.lua CALLS FLIGHT on PEM",
        probe = "lua5.4 -v && test -e " .. build .. "5.4/sso/core.so",
        ours = true,
        judged = true,
        at_once = true,
    },
    {
        key = "lua54_off",
        name = "  with validate = false",
        command = "lua5.4 " .. here .. "call.lua CALLS FLIGHT off PEM",
        probe = "lua5.4 -v && test -e " .. build .. "5.4/sso/core.so",
        ours = true,
        at_once = true,
    },
    {
        key = "luajit",
        name = "sendgrid-sso, LuaJIT",
        command = "luajit " .. here .. "call.lua CALLS FLIGHT on PEM",
        probe = "luajit -v && test -e " .. build .. "5.1/sso/core.so",
        ours = true,
        judged = true,
        at_once = true,
    },
    {
        key = "luajit_off",
        name = "  with validate = false",
        command = "luajit " .. here .. "call.lua CALLS FLIGHT off PEM",
        probe = "luajit -v && test -e " .. build .. "5.1/sso/core.so",
        ours = true,
        at_once = true,
    },
    {
        key = "luacurl",
        name = "lua-curl 0.3 (GnuTLS), lua-cjson",
        command = "lua5.1 " .. programs .. "luacurl.lua CALLS FLIGHT PEM",
        probe = "lua5.1 -e 'require \"curl\" require \"socket\" require \"cjson\"'",
        rounds = 3,
    },
    {
        key = "lua_http",
        name = "lua-http 0.4, Lua 5.2",
        command = "lua5.2 " .. programs .. "lua_http.lua CALLS FLIGHT PEM",
        probe = "lua5.2 -e 'require \"http.client\" require \"cjson\"'",
        at_once = true,
        rounds = 3,
    },
    {
        key = "luasec",
        name = "luasec, ssl.https, Lua 5.4",
        command = "lua5.4 " .. programs .. "luasec.lua CALLS FLIGHT PEM",
        probe = "lua5.4 -e 'require \"ssl.https\" require \"cjson\"'",
        calls = 25, -- each takes 40 ms: a new connection, and delayed acknowledgements
        rounds = 2,
    },
    {
        key = "http_client",
        name = "Python, http.client",
        command = PYTHON .. " " .. programs .. "http_client.py CALLS FLIGHT PEM",
        probe = PYTHON .. " -c 'import http.client'",
        at_once = true,
        rounds = 3,
    },
    {
        key = "requests",
        name = "Python, requests",
        command = PYTHON .. " " .. programs .. "requests_session.py CALLS FLIGHT PEM",
        probe = PYTHON .. " -c 'import requests'",
        at_once = true,
        calls = 800,
        rounds = 2,
    },
    {
        key = "node",
        name = "Node, @sendgrid/client",
        command = "env " .. NODE .. " node " .. programs .. "sendgrid_client.js CALLS FLIGHT PEM",
        probe = NODE .. " node -e 'require(\"@sendgrid/client\")'",
        at_once = true,
        calls = 800,
        rounds = 2,
    },
}

--- Those that can run here, and the names of the others.
---@return table[] contenders
---@return string[] missing
function M.here()
    local there, missing = {}, {}
    for _, contender in ipairs(all) do
        if os.execute("( " .. contender.probe .. " ) >/dev/null 2>&1") then
            there[#there + 1] = contender
        else
            missing[#missing + 1] = contender.name:gsub("^%s+", "")
        end
    end
    return there, missing
end

--- Those of a list that fit a test; the C program comes first.
function M.pick(list, fits)
    local picked = {}
    for _, contender in ipairs(list) do
        if contender.floor or fits(contender) then
            picked[#picked + 1] = contender
        end
    end
    return picked
end

--- The contender with a key.
function M.named(list, key)
    for _, contender in ipairs(list) do
        if contender.key == key then
            return contender
        end
    end
    error(key .. " is not here: make build", 0)
end

--- A contender's command.
function M.command(contender, calls, in_flight, pem)
    return (contender.command:gsub("%u%u%u+", {
        CALLS = ("%d"):format(calls),
        FLIGHT = ("%d"):format(in_flight),
        PEM = pem,
    }))
end

return M
