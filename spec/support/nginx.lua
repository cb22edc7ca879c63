--- Starts a real nginx with the lua module around given directives, for specs of the nginx host.
--
-- nginx returns to its caller once its sockets are bound (it daemonizes afterwards), so nobody has
-- to guess when it is ready; a shell that reads from this process ends it, however this one ends.

local loopback = require "support.loopback"

local M = setmetatable({}, { __index = loopback.Server })
M.__index = M

local output, write = loopback.output, loopback.write

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
        self.port = loopback.free_port()
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

--- What nginx and Lua code in it logged.
function M:log()
    return self:read "error.log"
end

function M:version()
    return output(self.nginx .. " -v 2>&1")
end

function M:signal(name)
    os.execute(("kill -%s $(cat %s/nginx.pid)"):format(name, self.dir))
end

return M
