--- Starts a real HAProxy around a Lua file and lines of configuration, for specs of that host.
--
-- It runs in the foreground of a shell that reads from this process: however this one ends, the
-- shell ends HAProxy.  It is ready when its port takes a connection.

local process = require "process"
local socket = require "socket"

local M = {}
M.__index = M

local TEMPLATE = [[
global
    nbthread %d
    log stderr format raw local0 info
    %s %s
%s
defaults
    mode http
    timeout connect 10s
    timeout client 30s
    timeout server 30s
frontend specs
    bind 127.0.0.1:%d
    http-request return status 200 content-type text/plain string pong if { path /ping }
%s
]]

local function output(command)
    local pipe = assert(io.popen(command))
    local text = pipe:read "*a"
    pipe:close()
    return (text:gsub("%s+$", ""))
end

local function free_port()
    local server = assert(socket.bind("127.0.0.1", 0))
    local _, port = server:getsockname()
    server:close()
    return tonumber(port)
end

local function write(path, text)
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
end

function M:read(name)
    local file = io.open(self.dir .. "/" .. name)
    if not file then
        return ""
    end
    local text = file:read "*a"
    file:close()
    return text
end

-- Whether it took a connection, or failed before.
local function is_ready(self)
    local ends = process.now() + 20
    while process.now() < ends and not self:read("ended"):find "[1-9]" do
        local connection = socket.connect("127.0.0.1", self.port)
        if connection then
            connection:close()
            return true
        end
        socket.sleep(0.01)
    end
    return false
end

local COMMAND = [[
cd %s && {
    sh -c 'echo $$ >haproxy.pid; exec "$@"' sh %s %s -f haproxy.cfg </dev/null >log 2>&1
    echo $? >ended
} &
read -r _
kill $(cat %s/haproxy.pid) 2>/dev/null
wait
rm -rf %s
]]

--- Starts HAProxy.
---@param setup {lua: string, rules: string[]?, threads: integer?, load: string?, global: string?,
--- flags: string?}  lua: the Lua file's text; rules: of the frontend; load: lua-load or
--- lua-load-per-thread; global: more lines of that section; flags: -db, or -D
function M.start(setup)
    local self = setmetatable({ program = output "PATH=$PATH:/usr/sbin command -v haproxy" }, M)
    assert(self.program ~= "", "haproxy is missing")
    local here = output "pwd"
    self.dir = output "mktemp -d"
    write(self.dir .. "/specs.lua", setup.lua)
    local environment = ("env -u LUA_INIT -u LUA_PATH_5_3 -u LUA_CPATH_5_3 "
        .. "LUA_PATH='%s/lua/?.lua;%s/lua/?/init.lua;%s/spec/?.lua;;' "
        .. "LUA_CPATH='%s/build/5.3/?.so;%s/build/5.3/spec/?.so;;' %s"):format(
        here, here, here, here, here, setup.environment or "")
    local rules = "    " .. table.concat(setup.rules or {}, "\n    ")
    -- another process may take the port between our look and HAProxy's bind
    for _ = 1, 5 do
        self.port = free_port()
        write(self.dir .. "/haproxy.cfg", TEMPLATE:format(setup.threads or 1,
            setup.load or "lua-load", self.dir .. "/specs.lua",
            "    pidfile " .. self.dir .. "/haproxy.pid\n" .. (setup.global or ""), self.port,
            rules))
        os.execute("rm -f " .. self.dir .. "/ended")
        self.lifeline = io.popen(COMMAND:format(self.dir, environment .. " " .. self.program,
            setup.flags or "-db", self.dir, self.dir), "w")
        if is_ready(self) then
            return self
        end
        local why = self:read "log"
        self:stop()
        self.dir = output "mktemp -d"
        write(self.dir .. "/specs.lua", setup.lua)
        self.why = why
    end
    os.execute("rm -rf " .. self.dir)
    error("haproxy did not start: " .. tostring(self.why))
end

--- What HAProxy and Lua code in it wrote.
function M:log()
    return self:read "log"
end

function M:version()
    return (output(self.program .. " -v 2>&1"):match "^[^\n]+")
end

function M:pid()
    return tonumber((self:read "haproxy.pid"):match "%d+")
end

--- How many descriptors it has open.
function M:descriptors()
    return tonumber(output(("ls /proc/%d/fd | wc -l"):format(self:pid())))
end

--- Opens a connection and sends a GET; the answer is read with `M.answer`.
function M:open(path)
    local connection = assert(socket.connect("127.0.0.1", self.port))
    connection:settimeout(30)
    assert(connection:send(
        ("GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"):format(path)
    ))
    return connection
end

--- Reads the whole answer: body, status.
function M.answer(connection)
    local text = assert(connection:receive "*a")
    connection:close()
    local head, body = text:match "^(.-\r\n)\r\n(.*)$"
    assert(head, "no answer: " .. text)
    return body, tonumber(head:match "^HTTP/%S+ (%d+)")
end

function M:get(path)
    return M.answer(self:open(path))
end

function M:stop()
    if self.lifeline then
        self.lifeline:close()
        self.lifeline = nil
    end
end

return M
