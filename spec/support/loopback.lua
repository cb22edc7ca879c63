--- What the specs of hosts share that start a server of their own: a port that is free, files in
--- the server's folder, and the smallest HTTP client.
--
--     local M = setmetatable({}, { __index = loopback.Server })
--     M.__index = M -- of objects with dir, port and lifeline

local socket = require "socket"

local M = { Server = {} }

local Server = M.Server

--- What a command prints, without the white space at its end.
function M.output(command)
    local pipe = assert(io.popen(command))
    local text = pipe:read "*a"
    pipe:close()
    return (text:gsub("%s+$", ""))
end

--- A port that nobody listens on; another process may take it before it is used.
function M.free_port()
    local server = assert(socket.bind("127.0.0.1", 0))
    local _, port = server:getsockname()
    server:close()
    return tonumber(port)
end

function M.write(path, text)
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
end

--- A file of the server's folder; "" when there is none.
function Server:read(name)
    local file = io.open(self.dir .. "/" .. name)
    if not file then
        return ""
    end
    local text = file:read "*a"
    file:close()
    return text
end

--- Opens a connection and sends a GET; the answer is read with `answer`.
function Server:open(path)
    local connection = assert(socket.connect("127.0.0.1", self.port))
    connection:settimeout(30)
    assert(connection:send(
        ("GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"):format(path)
    ))
    return connection
end

local function joined(chunks)
    local parts, rest = {}, chunks
    repeat
        local size, after = rest:match "^(%x+)\r\n(.*)$"
        size = tonumber(size, 16)
        parts[#parts + 1] = after:sub(1, size)
        rest = after:sub(size + 3)
    until size == 0
    return table.concat(parts)
end

--- Reads the whole answer.
---@return integer status, string body, string head
function Server.answer(connection)
    local text = assert(connection:receive "*a")
    connection:close()
    local head, body = text:match "^(.-\r\n)\r\n(.*)$"
    assert(head, "no answer: " .. text)
    if head:lower():find("transfer-encoding: chunked", 1, true) then
        body = joined(body)
    end
    return tonumber(head:match "^HTTP/%S+ (%d+)"), body, head
end

function Server:get(path)
    return Server.answer(self:open(path))
end

--- Ends the server: the shell that waits for this process's end of the pipe does it.
function Server:stop()
    if self.lifeline then
        self.lifeline:close()
        self.lifeline = nil
    end
end

return M
