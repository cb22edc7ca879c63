-- One API call from reading it to sending its answer: log, fault, delay, key, rate limit,
-- handler.

local answer = require "answer"
local auth = require "auth"
local faults = require "faults"
local limits = require "limits"
local log = require "log"
local router = require "router"
local state = require "state"
local wire = require "wire"

local M = {}

-- "/delay/0.02/v3/…" → "/v3/…", 0.02: a base URL that ends in /delay/SECONDS makes every answer
-- that late.
local function split_delay(path)
    local seconds, rest = path:match("^/delay/([%d.]+)(/.*)$")
    if tonumber(seconds) then
        return rest, tonumber(seconds)
    end
    return path
end

local function tls(var)
    if not var.ssl_protocol then
        return nil
    end
    return {
        protocol = var.ssl_protocol,
        cipher = var.ssl_cipher,
        resumed = var.ssl_session_reused == "r",
        client_subject = var.ssl_client_s_dn,
    }
end

-- The header lines as received.  Of HTTP/2 nginx keeps no text: sorted then, to be the same for
-- the same request.
local function head()
    if ngx.req.http_version() < 2 then
        return ngx.req.raw_header(true)
    end
    local lines = {}
    for name, value in pairs(ngx.req.get_headers(0)) do
        for _, one in ipairs(type(value) == "table" and value or { value }) do
            lines[#lines + 1] = name .. ": " .. tostring(one)
        end
    end
    table.sort(lines)
    return table.concat(lines, "\r\n")
end

-- Reads the request whole and logs it before anything else happens to it.
local function receive()
    ngx.req.read_body()
    local var = ngx.var
    local path, query = var.request_uri:match("^([^?]*)%??(.*)$")
    local rest, delay = split_delay(path)
    local entry = log.add {
        time = ngx.req.start_time(),
        method = ngx.req.get_method(),
        uri = var.request_uri,
        path = rest,
        http_version = ngx.req.http_version(),
        head = head(),
        body = ngx.req.get_body_data() or "",
        connection = tonumber(var.connection),
        request = tonumber(var.connection_requests),
        server = var.sandbox_server,
        tls = tls(var),
    }
    local request = {
        method = entry.method,
        path = rest,
        body = entry.body,
        query = query ~= "" and ngx.decode_args(query) or {},
        authorization = var.http_authorization,
    }
    return request, entry, delay
end

-- → the answer, not yet rendered
local function respond(request, row, parameters)
    local refused = auth.refuse(request.authorization)
    if refused then
        return refused
    end
    local headers, too_many = limits.count(ngx.now())
    local result = too_many
    if not result then
        request.parameters = parameters
        -- Without a row, `parameters` is the answer that says so.
        result = row and row[3](request) or parameters
    end
    result.headers = headers
    return result
end

local function shape_of(row, path)
    return row and row[4] or (path:find("^/v3/sso") and "array" or "object")
end

-- A client that gave up is not seen from here: its call goes on, but not in the account that a
-- reset has made since.
local function wait(seconds)
    local account = state.generation
    ngx.sleep(seconds)
    if state.generation ~= account then
        wire.close()
    end
end

function M.serve()
    local request, entry, delay = receive()
    -- As it arrives: a call that waits must not take what is set for those that follow.
    local fault = faults.take(request.method, request.path)
    delay = (delay or 0) + (fault and fault.delay or 0)
    if delay > 0 then
        wait(delay)
    end
    local row, parameters = router.find(request.method, request.path)
    local shape = shape_of(row, request.path)
    local rendered
    if not fault or faults.applies(fault) then
        rendered = answer.render(respond(request, row, parameters), shape)
    end
    if not fault then
        entry.status = wire.send(rendered)
        return
    end
    rendered = faults.change(fault, rendered, shape)
    entry.status = faults.send(fault, rendered)
end

return M
