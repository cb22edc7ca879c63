-- What the specs share: faults and what the fault server recorded, the sandbox's control
-- endpoints, certificates made on the spot, child processes, and a check after every case that
-- nothing is left behind.
--
--     local helper = require "helper"
--     describe("a call", function()
--         helper.watch()
--         it("names the status", function()
--             local base_url = helper.faults("status-404-array")
--             local _, err = helper.client({base_url = base_url}):get_certificate("123")
--             assert.equal("not_found", err.kind)
--             assert.equal(1, #helper.requests(base_url))
--         end)
--     end)
--
-- It shares no code with the module: luasocket speaks to the servers, openssl makes certificates.

local cjson = require "cjson"
local http = require "socket.http"
local ltn12 = require "ltn12"
local mime = require "mime"
local process = require "process"

local M = {}

http.TIMEOUT = 10

local tokens = 0
local function unique()
    tokens = tokens + 1
    -- busted loads this file anew for each spec: the count alone would repeat
    return ("%d-%.0f-%d"):format(process.getpid(), process.now() * 1e6 % 1e10, tokens)
end

-- The bearer key of clients made by helper.client: long and odd enough to be found wherever it
-- does not belong.
M.key = "SG.K3yOfTheSpecs" .. unique():gsub("%-", "x") .. ".neverToBeSeen_0123456789"

--- How many times slower than usual everything may be: sanitizers and valgrind cost time.
M.patience = ({asan = 3, valgrind = 10})[os.getenv("SSO_VARIANT")] or 1

--- For what is about times, which are short lest the specs take long: where the machine rested in
--- one of them and fn raised, the same with ten times as long (M.patience) decides.
function M.patiently(fn)
    if pcall(fn) then
        return
    end
    local usual = M.patience
    M.patience = 10 * usual
    local ok, why = pcall(fn)
    M.patience = usual
    if not ok then
        error(why, 0)
    end
end

M.CERT_ID = 66138975
M.INTEGRATION = "b0b98502-9408-4b24-9e3d-31ed7cb15312"

function M.environment(name, how)
    local value = os.getenv(name)
    if not value or value == "" then
        error(name .. " is not set; " .. how, 0)
    end
    return value
end

-- ---- a small client of our own ---------------------------------------------

-- → decoded JSON (nil for an empty answer); raises when the status is not 2xx
local function ask(method, url, value)
    local body = value and cjson.encode(value)
    local pieces = {}
    local _, status = http.request({
        method = method,
        url = url,
        headers = {["content-type"] = "application/json", ["content-length"] = body and #body or 0},
        source = body and ltn12.source.string(body),
        sink = ltn12.sink.table(pieces),
    })
    local text = table.concat(pieces)
    if type(status) ~= "number" or status < 200 or status > 299 then
        error(("%s %s: %s %s"):format(method, url, tostring(status), text), 0)
    end
    return text ~= "" and cjson.decode(text) or nil
end

-- ---- the fault server ------------------------------------------------------

local function fault_environment(name)
    return M.environment("SSO_FAULTS_" .. name:upper(),
        "run the specs by: spec/support/with_faults COMMAND")
end

--- The port of a listener of spec/support/fault_server.py.
function M.fault_port(name)
    return tonumber(fault_environment(name))
end

--- The certificate authority of the fault server, a PEM file.
function M.fault_ca()
    return fault_environment("ca")
end

--- A file of the fault server's certificates: client.pem, client.key, good.pem, …
function M.fault_file(name)
    return fault_environment("dir") .. "/" .. name
end

--- A base URL at which the scenario happens, with a token that nobody else uses.
---@param scenario string  a name of spec/support/fault_scenarios.py
---@param port? string  "http" (default) or a TLS port's name
function M.faults(scenario, port)
    port = port or "http"
    local scheme = port:match("^http$") and "http" or port == "http_other" and "http" or "https"
    return ("%s://127.0.0.1:%d/%s/%s"):format(scheme, M.fault_port(port), scenario, unique())
end

local function control(path)
    return ask("GET", ("http://127.0.0.1:%d%s"):format(M.fault_port("control"), path))
end

-- "PATCH /x HTTP/1.1\r\nA: b\r\n\r\nbody" → its parts; .headers has name and value in order, as
-- received; .header maps lower-case names to values
local function read_request(raw)
    local head, body = raw:match("^(.-\r\n)\r\n(.*)$")
    if not head then
        return {raw = raw, headers = {}, header = {}}
    end
    local request = {raw = raw, body = body, headers = {}, header = {}}
    local first, rest = head:match("^(.-)\r\n(.*)$")
    request.method, request.target, request.version = first:match("^(%S+) (%S+) (%S+)$")
    for line in rest:gmatch("(.-)\r\n") do
        local name, value = line:match("^([^:]*):[ \t]*(.-)[ \t]*$")
        request.headers[#request.headers + 1] = {name = name, value = value}
        request.header[name:lower()] = value
    end
    return request
end

local function decoded(list)
    for i, entry in ipairs(list) do
        local request = read_request((mime.unb64(entry.raw)))
        for key, value in pairs(entry) do
            if key ~= "raw" then
                request[key] = value
            end
        end
        list[i] = request
    end
    return list
end

--- What the fault server got at a base URL of M.faults, in order: {method, target, headers,
--- header, body, raw, connection, order, on_connection, complete, time}.
---@param at_least integer?  waits for so many: a server may be slow to write down what it has read
function M.requests(base_url, at_least)
    local ends = process.now() + 5
    local list
    repeat
        list = decoded(control("/_log/" .. base_url:match("^%a+://[^/]+/[^/]+/([^/]+)")))
    until #list >= (at_least or 0) or process.now() > ends
    return list
end

--- What the fault server's proxy port was asked for.
function M.proxied()
    return decoded(control("/_log/proxy"))
end

--- How many connections a port of the fault server has seen.
function M.connections(port)
    return #control("/_connections/" .. port)
end

-- ---- the sandbox -----------------------------------------------------------

local function sandbox(method, path)
    return function(value)
        local base = M.environment("SSO_SANDBOX_CONTROL",
            "run the specs by: sandbox/sandbox run COMMAND")
        return ask(method, base .. path, value)
    end
end

M.sandbox = {
    reset = sandbox("POST", "/reset"), -- → {integration_id, cert_id} of what is seeded
    switch = sandbox("POST", "/switch"),
    seed = sandbox("POST", "/seed"),
    fault = sandbox("POST", "/fault"),
    log = sandbox("GET", "/log"),
    state = sandbox("GET", "/state"),
}

--- A variable of the sandbox, such as "HTTPS_EXPIRED" or "CA".
function M.sandbox_value(name)
    return M.environment("SSO_SANDBOX_" .. name, "run the specs by: sandbox/sandbox run COMMAND")
end

-- ---- certificates ----------------------------------------------------------

local certificates = {}

-- openssl's words for a key
local keys = {
    ["rsa:1024"] = {"rsa:1024"},
    ["rsa:2048"] = {"rsa:2048"},
    ["ec"] = {"ec", "-pkeyopt", "ec_paramgen_curve:P-256"},
    ["ed25519"] = {"ed25519"},
}

local function pem_block(text, label)
    local from = text:find("-----BEGIN " .. label .. "-----", 1, true)
    local _, to = text:find("-----END " .. label .. "-----\n", from, true)
    return from and to and text:sub(from, to)
end

--- A self-signed certificate, made once a run for each set of options.
---@param options? {cn: string?, days: integer?, key: string?}  key: rsa:2048 (default), rsa:1024,
--- ec, ed25519
---@return string pem, string private_key  PEM, one block each
function M.certificate(options)
    options = options or {}
    local cn, days = options.cn or "idp.test", options.days or 365
    local key = options.key or "rsa:2048"
    local name = table.concat({cn, days, key}, "|")
    local made = certificates[name]
    if not made then
        local argv = {"openssl", "req", "-x509", "-sha256", "-nodes", "-newkey"}
        for _, word in ipairs(keys[key] or error("no such key: " .. key)) do
            argv[#argv + 1] = word
        end
        for _, word in ipairs({"-subj", "/CN=" .. cn, "-days", tostring(days), "-keyout", "-"}) do
            argv[#argv + 1] = word
        end
        local done = process.run(argv, {}, 20)
        made = {pem_block(done.output, "CERTIFICATE"), pem_block(done.output, "PRIVATE KEY")}
        assert(done.status == 0 and made[1] and made[2], done.output)
        certificates[name] = made
    end
    return made[1], made[2]
end

--- The bytes inside a PEM block.
function M.der(pem)
    return (mime.unb64((pem:gsub("%-%-%-%-%-.-%-%-%-%-%-", ""):gsub("%s", ""))))
end

-- ---- other processes -------------------------------------------------------

--- Where this Lua finds a C module, or a library that is built beside them to be preloaded.
---@param name string
---@return string path
function M.module_file(name)
    for template in package.cpath:gmatch("[^;]+") do
        local file = template:gsub("%?", name)
        local handle = io.open(file, "rb")
        if handle then
            handle:close()
            return file
        end
    end
    error("no " .. name .. " in " .. package.cpath)
end

--- The interpreter that runs this spec.
function M.interpreter()
    if os.getenv("SSO_LUA") then
        return os.getenv("SSO_LUA")
    end
    return rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match("%d.%d")
end

--- Runs Lua code in a process of its own that finds the same modules.
---@param code string
---@param options? {timeout: number?, env: string[]?, slow_names: boolean?, await: string?,
--- signal: string?}  slow_names: with spec/support/slow_resolver.c; await: text upon which the
--- signal is sent
---@return {output: string, status: integer?, signal: string?, elapsed: number,
--- timed_out: boolean, after_signal: number?}
function M.lua(code, options)
    options = options or {}
    local version = _VERSION:match("%d.%d"):gsub("%.", "_")
    local env = {
        "LUA_PATH=" .. package.path,
        "LUA_CPATH=" .. package.cpath,
        "LUA_PATH_" .. version,
        "LUA_CPATH_" .. version,
        "LUA_INIT",
    }
    if options.slow_names then
        local preloaded = os.getenv("LD_PRELOAD")
        env[#env + 1] = "LD_PRELOAD=" .. (preloaded and preloaded .. ":" or "")
            .. M.module_file("slow_resolver")
    end
    for _, entry in ipairs(options.env or {}) do
        env[#env + 1] = entry
    end
    return process.run({M.interpreter(), "-e", code}, env, options.timeout or 10,
        options.await, options.signal)
end

-- ---- after every case ------------------------------------------------------

local clients, expected = {}, {}

--- Has a client closed and looked at after the case.
function M.track(client)
    clients[#clients + 1] = client
    return client
end

--- A client for this case: helper.key, validate = false unless told, closed after the case.
--- Raises when there is none.
function M.client(options)
    local all = {api_key = M.key, validate = false, ca_file = options.base_url
        and options.base_url:match("^https") and os.getenv("SSO_FAULTS_CA") or nil}
    for name, value in pairs(options) do
        all[name] = value
    end
    local client, err = require("sso").new(all)
    return M.track(client or error(tostring(err), 2))
end

--- Wraps a callback that must run exactly n times (1) before the case ends.
function M.expect(fn, n)
    local caller = debug.getinfo(2, "Sl")
    local counter = {
        wanted = n or 1,
        got = 0,
        where = caller.short_src .. ":" .. caller.currentline,
    }
    expected[#expected + 1] = counter
    return function(...)
        counter.got = counter.got + 1
        return fn(...)
    end
end

-- References live in the registry under other keys than strings.
local function registry_size()
    local n = 0
    for key in pairs(debug.getregistry()) do
        if type(key) ~= "string" then
            n = n + 1
        end
    end
    return n
end

local function state_of_process()
    collectgarbage()
    collectgarbage()
    return {descriptors = process.descriptors(), registry = registry_size()}
end

local function check_callbacks(problems)
    for _, counter in ipairs(expected) do
        if counter.got ~= counter.wanted then
            problems[#problems + 1] = ("the callback of %s ran %d times, not %d"):format(
                counter.where, counter.got, counter.wanted)
        end
    end
    expected = {}
end

local function check_clients(problems)
    for _, client in ipairs(clients) do
        local left = client:run(0)
        if left ~= 0 then
            problems[#problems + 1] = ("%d calls unfinished at %s"):format(left, tostring(client))
        end
        client:close()
    end
    clients = {}
end

local function left_behind(before)
    local after, list = state_of_process(), {}
    for number, target in pairs(after.descriptors) do
        if before.descriptors[number] ~= target then
            list[#list + 1] = ("descriptor %d is left open: %s"):format(number, target)
        end
    end
    if after.registry > before.registry then
        list[#list + 1] = ("the registry grew from %d to %d entries"):format(
            before.registry, after.registry)
    end
    return list
end

local function check_process(problems, before)
    local left = left_behind(before)
    for _ = 1, 3 do -- what only a finalized object knows needs one collection more
        left = #left > 0 and left_behind(before) or left
    end
    for _, text in ipairs(left) do
        problems[#problems + 1] = text
    end
    local dirty = process.openssl_error()
    if dirty and dirty ~= 0 then
        problems[#problems + 1] = ("OpenSSL's error queue is dirty: 0x%x"):format(dirty)
    end
end

--- Fails when every round of some work leaves memory behind.  One may: LuaJIT counts the code that
--- it compiles, and compiles when it likes.
function M.leaves_nothing(round)
    local function kilobytes()
        round()
        collectgarbage()
        collectgarbage()
        return collectgarbage "count"
    end
    local before, grown = kilobytes(), {}
    for i = 1, 5 do
        local after = kilobytes()
        grown[i] = ("%.1f kB"):format(after - before)
        if after < before + 16 then
            return
        end
        before = after
    end
    error("each round left memory behind: " .. table.concat(grown, ", "), 2)
end

--- Inside a describe: fails every case of it that leaves something behind: a callback missing or
--- extra, an unfinished call, a descriptor, a registry reference, an OpenSSL error.
function M.watch()
    local busted = require "busted"
    local before, case
    busted.subscribe({"test", "start"}, function(element)
        case = element.name
        return nil, true
    end)
    busted.before_each(function()
        clients, expected = {}, {}
        process.openssl_error() -- what another case left is its own affair
        before = state_of_process()
    end)
    busted.after_each(function()
        local problems = {}
        check_callbacks(problems)
        check_clients(problems)
        check_process(problems, before)
        if #problems > 0 then
            error(("after \"%s\": %s"):format(case, table.concat(problems, "\n")), 0)
        end
    end)
end

return M
