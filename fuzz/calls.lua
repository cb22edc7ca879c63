--- Any sequence of API calls against a server that does anything: clients, calls, cancels, waits,
-- closes, collections and steps in every order, and answers cut where the bytes say.
--
-- Client and server share this one thread; what the server does is part of the sequence, so an
-- input that fails fails again.  Held: every callback runs once, nothing is left, neither
-- descriptor nor reference.

local reader = require "reader"
local socket = require "socket"
local sso = require "sso"

local unpack = table.unpack or unpack -- luacheck: ignore

local BODY = '{"public_certificate":"x","id":66138975,"not_before":1,"not_after":2}'
local ANSWERS = {
    "HTTP/1.1 200 OK\r\nContent-Length: " .. #BODY .. "\r\n\r\n" .. BODY,
    "HTTP/1.1 200 OK\r\nContent-Length: " .. #BODY .. "\r\nConnection: close\r\n\r\n" .. BODY,
    "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 429 Slow\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 503 No\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 204 None\r\n\r\n",
    "HTTP/1.1 103 Hints\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\n{",
    "HTTP/1.1 302 Away\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n",
    "nonsense\r\n\r\n",
}

-- ---- the server -------------------------------------------------------------

local open_descriptors = open_descriptors -- luacheck: ignore

local listener = assert(socket.bind("127.0.0.1", 0, 64))
listener:settimeout(0)
local _, port = listener:getsockname()
local base_url = "http://127.0.0.1:" .. port
local connections = {}

local function accept()
    local connection = listener:accept()
    while connection do
        connection:settimeout(0)
        connections[#connections + 1] = connection
        connection = listener:accept()
    end
    for _, one in ipairs(connections) do
        one:receive(65536) -- what was asked does not matter
    end
end

local function drop(index, reset)
    local connection = table.remove(connections, index)
    if connection then
        if reset then
            connection:setoption("linger", { on = true, timeout = 0 })
        end
        connection:close()
    end
end

-- ---- the sequence -----------------------------------------------------------

local clients, handles, counts

-- A host that waits by answering: the plain, synchronous form in a single thread.
local host = {
    start = function() end,
    wait = function(client, handle, callbacks)
        while not handle:done() do
            client:_step()
            accept()
            for _, connection in ipairs(connections) do
                connection:send(ANSWERS[1])
            end
            client:_wait(0.001)
        end
        if callbacks then
            client:step()
        end
    end,
}

local function pick(r, list)
    if #list == 0 then
        return nil
    end
    local index = r:byte() % #list + 1
    return list[index], index
end

local moves = {}

-- One that raises is none of the module's mistakes; its error comes out of the step.
local function misbehave(r)
    local what, other = r:byte() % 7, r:byte()
    return function(_, err)
        counts.called = counts.called + 1
        if err and rawget(_G, "SSO_PLANTED_BUG") and err.status then
            io.stderr:write("the planted bug\n")
            os.exit(99) -- libFuzzer reports an exit of its target
        end
        if what == 1 then
            error("raised by a callback", 0)
        elseif what == 2 and #clients > 0 then
            clients[other % #clients + 1]:close()
        elseif what == 3 and #handles > 0 then
            handles[other % #handles + 1]:cancel()
        elseif what == 4 and #clients > 0 then
            moves.call(reader.new(string.char(other)))
        elseif what == 5 then
            collectgarbage()
        elseif what == 6 and #clients > 0 then
            moves.step(reader.new(string.char(other)))
        end
    end
end

local function options_of(r)
    return {
        api_key = "SG.x",
        base_url = base_url,
        timeout = r:pick({ 0.02, 0.005, 5 }),
        max_retries = r:byte() % 3,
        max_in_flight = r:byte() % 3 + 1,
        validate = false,
        host = host,
        on_event = r:chance(64) and function()
            counts.events = counts.events + 1
        end or nil,
    }
end

function moves.new(r)
    if #clients < 4 then
        clients[#clients + 1] = assert(sso.new(options_of(r)))
    end
end

function moves.with(r)
    local client = pick(r, clients)
    if client and #clients < 4 then
        local made, err = client:with({ timeout = r:pick({ 0.02, 0.005 }) })
        assert(made or err.kind == "cancelled") -- of a client that is closed
        clients[#clients + 1] = made
    end
end

local function arguments(r)
    local options = r:chance(48) and { timeout = 0.01 } or nil
    return r:pick({
        { "get_certificate", 66138975, options },
        { "update_certificate", 66138975, { enabled = true }, options },
        { "delete_certificate", 66138975, options },
        { "create_certificate", {
            public_certificate = "x", enabled = true, integration_id = "i",
        }, options },
        { "request", { path = "/v3/scopes" }, options },
    })
end

function moves.call(r)
    local client = pick(r, clients)
    if client and counts.started < 24 then
        local list = arguments(r)
        list[#list + 1] = misbehave(r)
        local handle = assert(client[list[1]](client, unpack(list, 2)))
        counts.started = counts.started + 1
        handles[#handles + 1] = handle
    end
end

-- Without a callback: waits in the host above.
function moves.ask(r)
    local client = pick(r, clients)
    if client and counts.asked < 4 then
        counts.asked = counts.asked + 1
        local list = arguments(r)
        local value, err = client[list[1]](client, unpack(list, 2))
        assert((value == nil) ~= (err == nil))
    end
end

-- What a callback raises is raised here.
local function drive(fn)
    local ok, why = pcall(fn)
    assert(ok or tostring(why):find("raised by a callback", 1, true), why)
end

function moves.step(r)
    local client = pick(r, clients)
    local budget = r:pick({ 0, 1, 0.001 })
    if client then
        drive(function()
            client:step(budget ~= 1 and budget or nil)
        end)
    end
end

function moves.run(r)
    local client = pick(r, clients)
    if client then
        drive(function()
            client:run(0.002)
        end)
    end
end

function moves.cancel(r)
    local handle = pick(r, handles)
    if handle then
        handle:cancel()
    end
end

function moves.forget(r)
    local _, index = pick(r, handles)
    table.remove(handles, index or 1)
    collectgarbage(r:pick({ "step", "collect" }))
end

function moves.look(r)
    local handle, client = pick(r, handles), pick(r, clients)
    if handle then
        assert(type(handle:done()) == "boolean" and tostring(handle))
    end
    if client then
        assert(client:pollfd() and client:events() == "r")
        assert((client:timeout() or 0) >= 0)
        assert(tostring(client))
    end
end

function moves.wait(r)
    local handle = pick(r, handles)
    if handle then
        drive(function()
            local value, err = handle:wait()
            assert((value == nil) ~= (err == nil))
        end)
    end
end

function moves.close(r)
    local client = pick(r, clients)
    if client then
        drive(function()
            client:close()
        end)
    end
end

-- Calls with callbacks keep their client; one that is closed may go.
function moves.drop(r)
    local client, index = pick(r, clients)
    if client then
        drive(function()
            client:close()
        end)
        drive(function()
            client:step()
        end)
        table.remove(clients, index)
        collectgarbage()
    end
end

moves.accept = accept

function moves.answer(r)
    accept()
    local connection = pick(r, connections)
    if connection then
        connection:send(r:pick(ANSWERS))
    end
end

function moves.part(r)
    accept()
    local connection = pick(r, connections)
    if connection then
        connection:send(r:pick(ANSWERS):sub(1, r:byte()))
    end
end

function moves.garble(r)
    local connection = pick(r, connections)
    if connection then
        connection:send(r:raw(60))
    end
end

function moves.shut(r)
    local _, index = pick(r, connections)
    if index then
        drop(index, r:chance(128))
    end
end

local names = {}
for name in pairs(moves) do
    names[#names + 1] = name
end
table.sort(names)

-- ---- what must hold ---------------------------------------------------------

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
    return { descriptors = open_descriptors(), registry = registry_size() }
end

-- A callback may start another call, on another client.
local function close_all()
    local rounds, left = 0, true
    while left do
        left = false
        for _, client in ipairs(clients) do
            drive(function()
                client:close()
            end)
            drive(function()
                client:step() -- this host has no loop that would come by
            end)
        end
        for _, client in ipairs(clients) do
            left = left or client:_active() > 0
        end
        rounds = rounds + 1
        assert(rounds < 100, "calls are left however often clients are closed")
    end
end

local function hang_up()
    accept()
    while #connections > 0 do
        drop(1, true)
    end
end

local function play(input)
    local r, turns = reader.new(input), 0
    clients, handles, counts = {}, {}, { started = 0, called = 0, asked = 0, events = 0 }
    moves.new(r)
    while r:more() and turns < 64 do
        turns = turns + 1
        moves[r:pick(names)](r)
    end
    close_all()
    if counts.called ~= counts.started then
        error(("%d calls, %d callbacks"):format(counts.started, counts.called))
    end
    clients, handles = {}, {}
    hang_up()
end

play("") -- what is opened once for the process is open from here on

return function(input)
    local before = state_of_process()
    play(input)
    local after = state_of_process()
    hang_up()
    for name, value in pairs(before) do
        if after[name] > value then
            error(("%s: %d before, %d after"):format(name, value, after[name]))
        end
    end
end
