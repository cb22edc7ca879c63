--- Starts a real HAProxy around a Lua file and lines of configuration, for specs of that host.
--
-- It runs in the foreground of a shell that reads from this process: however this one ends, the
-- shell ends HAProxy.  It is ready when its port takes a connection.

local loopback = require "support.loopback"
local process = require "process"
local socket = require "socket"

local M = setmetatable({}, { __index = loopback.Server })
M.__index = M

local output, write = loopback.output, loopback.write

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
        self.port = loopback.free_port()
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

return M
