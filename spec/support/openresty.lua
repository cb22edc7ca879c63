--- Starts examples/openresty as it is, in a copy of its folder: only the port, the modules that
--- Debian's nginx has to load, and the user who may read the folder are put in.

local loopback = require "support.loopback"
local Nginx = require "support.nginx"
local socket = require "socket"

local M = setmetatable({}, { __index = Nginx })
M.__index = M

local output = loopback.output

local function read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read "*a"
    file:close()
    return text
end

-- Exactly one place is replaced, or the example is no longer what is run.
local function replace(text, from, to)
    local at, ends = text:find(from, 1, true)
    assert(at and not text:find(from, ends, true), "not once in nginx.conf: " .. from)
    return text:sub(1, at - 1) .. to .. text:sub(ends + 1)
end

local function preamble(nginx)
    local lines = {}
    if output "id -u" == "0" then
        lines[1] = "user root;"
    end
    local folder = output(nginx .. " -V 2>&1"):match "%-%-modules%-path=(%S+)"
    for _, name in ipairs { "ndk_http_module", "ngx_http_lua_module" } do
        local path = ("%s/%s.so"):format(folder, name)
        local file = io.open(path)
        if file then
            file:close()
            lines[#lines + 1] = ('load_module "%s";'):format(path)
        end
    end
    return table.concat(lines, "\n") .. "\n"
end

--- Starts the example.
---@param environment string  "NAME=value NAME=value", for the shell
function M.start(environment)
    local self = setmetatable({ nginx = output "PATH=$PATH:/usr/sbin command -v nginx" }, M)
    local here = output "pwd"
    self.dir = output "mktemp -d"
    assert(os.execute(("cp -r examples/openresty/. %s"):format(self.dir)))
    local conf = preamble(self.nginx) .. read "examples/openresty/nginx.conf"
    for _ = 1, 10 do
        self.port = loopback.free_port()
        local file = assert(io.open(self.dir .. "/nginx.conf", "w"))
        file:write(replace(conf, "listen 127.0.0.1:8080;",
            ("listen 127.0.0.1:%d;"):format(self.port)))
        file:close()
        local command = ("env -u LUA_INIT LUA_PATH='%s/lua/?.lua;%s/lua/?/init.lua;;' "
            .. "LUA_CPATH='%s/build/5.1/?.so;;' %s %s -p %s -c nginx.conf 2>%s/stderr </dev/null")
            :format(here, here, here, environment, self.nginx, self.dir, self.dir)
        local ok = os.execute(command)
        if ok == true or ok == 0 then
            self.lifeline = io.popen(
                ("read -r _; { kill -TERM $(cat %s/nginx.pid); } 2>/dev/null; rm -rf %s"):format(
                    self.dir, self.dir
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

--- Sends a request: status, body, head.
---@param method string
---@param path string
---@param headers? string[]  whole lines
---@param body? string
function M:send(method, path, headers, body)
    local connection = assert(socket.connect("127.0.0.1", self.port))
    connection:settimeout(20)
    local lines = { ("%s %s HTTP/1.1"):format(method, path), "Host: localhost",
        "Connection: close", "Content-Length: " .. #(body or "") }
    for _, line in ipairs(headers or {}) do
        lines[#lines + 1] = line
    end
    assert(connection:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")))
    return Nginx.answer(connection)
end

return M
