-- Puts answers on the wire: the ordinary way through nginx, or byte by byte through the
-- connection's own socket where the answer is to be broken (which ends the connection).

local M = {}

-- → status
function M.send(rendered)
    ngx.status = rendered.status
    local seen = {}
    for _, header in ipairs(rendered.headers) do
        local name, value = header[1], header[2]
        local list = seen[name] or {}
        list[#list + 1] = value
        seen[name] = list
        ngx.header[name] = #list > 1 and list or value
    end
    if rendered.body then
        ngx.header.content_length = #rendered.body
        ngx.print(rendered.body)
    else
        ngx.send_headers()
    end
    return rendered.status
end

-- Closes without a byte of an answer.
function M.close()
    ngx.exit(444)
end

-- The same with a TCP reset.
function M.reset()
    ngx.exec("/.sandbox/reset")
end

local function head(rendered, length)
    local lines = {
        "HTTP/1.1 " .. rendered.status .. " Sandbox",
        "Server: nginx",
        "Date: " .. ngx.http_time(ngx.time()),
    }
    for _, header in ipairs(rendered.headers) do
        lines[#lines + 1] = header[1] .. ": " .. header[2]
    end
    if length then
        lines[#lines + 1] = "Content-Length: " .. string.format("%d", length)
    end
    lines[#lines + 1] = "Connection: keep-alive"
    return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

-- What is sent up to and from the middle of a text.
local function halves(text)
    local middle = math.floor(#text / 2)
    return text:sub(1, middle), text:sub(middle + 1)
end

-- Sends an answer that stalls and closes at the places that the fault names. → status
function M.send_cut(rendered, fault)
    local socket = assert(ngx.req.socket(true))
    local body = rendered.body or ""
    local length = fault.content_length or (rendered.body and #body)
    local head1, head2 = halves(head(rendered, length))
    local body1, body2 = halves(body)
    -- Each step: bytes, then the place reached.
    local steps = { { head1, "mid-headers" }, { head2 .. body1, "mid-body" }, { body2, "after" } }
    for _, step in ipairs(steps) do
        if step[1] ~= "" and not socket:send(step[1]) then
            break
        end
        if fault.stall and fault.stall.at == step[2] then
            ngx.sleep(fault.stall.seconds)
        end
        if fault.close == step[2] then
            break
        end
    end
    return rendered.status
end

function M.send_raw(bytes)
    assert(ngx.req.socket(true)):send(bytes)
end

return M
