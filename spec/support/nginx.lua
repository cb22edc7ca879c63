--- Starts a real nginx with the lua module around given directives, for specs of the nginx host.
--
-- nginx returns to its caller once its sockets are bound (it daemonizes afterwards), so nobody has
-- to guess when it is ready; a shell that reads from this process ends it, however this one ends.

local socket = require "socket"

local M = {}
M.__index = M

local TEMPLATE = [[
%s
%s
worker_processes %d;
pid %s/nginx.pid;
error_log %s/error.log info;
env SENDGRID_BASE_URL;
env SENDGRID_API_KEY;
env SSO_SANDBOX_HTTP;
env SSO_SANDBOX_CONTROL;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path %s/body;
    proxy_temp_path %s/proxy;
    fastcgi_temp_path %s/fastcgi;
    uwsgi_temp_path %s/uwsgi;
    scgi_temp_path %s/scgi;
    lua_package_path "%s/lua/?.lua;%s/lua/?/init.lua;;";
    lua_package_cpath "%s/build/5.1/?.so;;";
    lua_check_client_abort on;
%s
    server {
        listen 127.0.0.1:%d backlog=1024;
        location = /ping { return 200 "pong"; }
%s
    }
}
]]

local function output(command)
    local pipe = assert(io.popen(command))
    local text = pipe:read "*a"
    pipe:close()
    return (text:gsub("%s+$", ""))
end

local function program()
    return output "PATH=$PATH:/usr/sbin command -v nginx"
end

-- The lines that load the Lua module where it is a file of its own, as in Debian.
local function modules(nginx)
    local folder = output(nginx .. " -V 2>&1"):match "%-%-modules%-path=(%S+)"
    local lines = {}
    for _, name in ipairs { "ndk_http_module", "ngx_http_lua_module" } do
        local path = ("%s/%s.so"):format(folder, name)
        local file = io.open(path)
        if file then
            file:close()
            lines[#lines + 1] = ('load_module "%s";'):format(path)
        end
    end
    return table.concat(lines, "\n")
end

-- As root, nginx would give its workers to a user who may not be able to read this folder.
local function user()
    return output "id -u" == "0" and "user root;" or ""
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

local function succeeded(first, _, code)
    return first == 0 or (first == true and (code == nil or code == 0))
end

--- Starts nginx.
---@param setup {http: string?, server: string?, workers: integer?}  directives for the two levels
function M.start(setup)
    local self = setmetatable({ nginx = program() }, M)
    assert(self.nginx ~= "", "nginx is missing")
    local here = output "pwd"
    self.dir = output "mktemp -d"
    -- another process may take the port between our look and nginx's bind
    for _ = 1, 10 do
        self.port = free_port()
        local d = self.dir
        write(
            d .. "/nginx.conf",
            TEMPLATE:format(
                modules(self.nginx), user(), setup.workers or 1,
                d, d, d, d, d, d, d, here, here, here,
                setup.http or "", self.port, setup.server or ""
            )
        )
        local command = ("env -u LUA_PATH -u LUA_CPATH -u LUA_INIT %s -p %s -c %s/nginx.conf "
            .. "2>%s/stderr </dev/null"):format(self.nginx, d, d, d)
        if succeeded(os.execute(command)) then
            self.lifeline = io.popen(
                ("read -r _; { kill -TERM $(cat %s/nginx.pid); } 2>/dev/null; rm -rf %s"):format(
                    d, d
                ),
                "w"
            )
            return self
        end
    end
    local why = self:read "stderr"
    os.execute("rm -rf " .. self.dir)
    error("nginx did not start: " .. why)
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

--- What nginx and Lua code in it logged.
function M:log()
    return self:read "error.log"
end

function M:version()
    return output(self.nginx .. " -v 2>&1")
end

--- Opens a connection and sends a GET; the answer is read with `M.answer`.
function M:open(path)
    local connection = assert(socket.connect("127.0.0.1", self.port))
    connection:settimeout(10)
    assert(connection:send(
        ("GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"):format(path)
    ))
    return connection
end

--- Reads the whole answer: status, body, head.
function M.answer(connection)
    local text = assert(connection:receive "*a")
    connection:close()
    local head, body = text:match "^(.-\r\n)\r\n(.*)$"
    assert(head, "no answer: " .. text)
    if head:lower():find("transfer-encoding: chunked", 1, true) then
        local parts, rest = {}, body
        repeat
            local size, after = rest:match "^(%x+)\r\n(.*)$"
            size = tonumber(size, 16)
            parts[#parts + 1] = after:sub(1, size)
            rest = after:sub(size + 3)
        until size == 0
        body = table.concat(parts)
    end
    return tonumber(head:match "^HTTP/%S+ (%d+)"), body, head
end

function M:get(path)
    return M.answer(self:open(path))
end

function M:signal(name)
    os.execute(("kill -%s $(cat %s/nginx.pid)"):format(name, self.dir))
end

function M:stop()
    if self.lifeline then
        self.lifeline:close()
        self.lifeline = nil
    end
end

return M
