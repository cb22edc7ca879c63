-- What goes wrong on request. A fault is a row set through the control endpoint; the first row
-- that fits a call and has not been used up happens to it: a delay, another answer, an answer
-- that stalls, or a connection that closes.

local answer = require "answer"
local wire = require "wire"

local M = { list = {} }

-- The members of a row and their types.
local known = {
    method = "string",
    path = "string",
    times = "number",
    after = "number",
    delay = "number",
    status = "number",
    headers = "table",
    body = "string",
    body_base64 = "string",
    body_file = "string",
    content_length = "number",
    close = "string",
    stall = "table",
    raw = "string",
    raw_base64 = "string",
    applied = "boolean",
}

local cuts = { ["mid-headers"] = true, ["mid-body"] = true }
local places = {
    before = true,
    reset = true,
    ["mid-headers"] = true,
    ["mid-body"] = true,
    after = true,
}

-- → nil, or what is wrong with the values of a row
local function impossible(fault)
    local stall = fault.stall
    if fault.close and not places[fault.close] then
        return "close must be before, reset, mid-headers, mid-body or after"
    elseif stall and not (cuts[stall.at] and type(stall.seconds) == "number") then
        return "stall must be {at = mid-headers or mid-body, seconds = number}"
    end
    local file = fault.body_file and io.open(fault.body_file)
    if file then
        file:close()
    elseif fault.body_file then
        return "cannot read " .. fault.body_file
    end
end

-- → nil, or what is wrong with a row
local function mistake(fault)
    if type(fault) ~= "table" then
        return "a fault is an object"
    end
    for name, value in pairs(fault) do
        local forever = name == "times" and value == "always"
        if not known[name] then
            return "unknown member " .. tostring(name) .. " of a fault"
        elseif type(value) ~= known[name] and not forever then
            return name .. " of a fault must be a " .. known[name]
        end
    end
    return impossible(fault)
end

-- Replaces the list. → true, or nil and what is wrong
function M.set(list)
    for _, fault in ipairs(list) do
        local wrong = mistake(fault)
        if wrong then
            return nil, wrong
        end
    end
    for _, fault in ipairs(list) do
        fault.seen, fault.used = 0, 0
    end
    M.list = list
    return true
end

function M.clear()
    M.list = {}
end

-- A path that begins with ^ is a Lua pattern, any other a prefix.
local function fits(fault, method, path)
    if fault.method and fault.method ~= method then
        return false
    end
    local wanted = fault.path
    if not wanted then
        return true
    elseif wanted:sub(1, 1) == "^" then
        return path:find(wanted) ~= nil
    end
    return path:sub(1, #wanted) == wanted
end

local function used_up(fault)
    return fault.times ~= "always" and fault.used >= (fault.times or 1)
end

-- → the fault that happens to this call, or nil. Rows behind it do not count the call.
function M.take(method, path)
    for _, fault in ipairs(M.list) do
        if not used_up(fault) and fits(fault, method, path) then
            fault.seen = fault.seen + 1
            if fault.seen > (fault.after or 0) then
                fault.used = fault.used + 1
                return fault
            end
        end
    end
end

local function own_body(fault)
    if fault.body_base64 then
        return ngx.decode_base64(fault.body_base64)
    elseif fault.body_file then
        local file = assert(io.open(fault.body_file, "rb"))
        local body = file:read("*a")
        file:close()
        return body
    end
    return fault.body
end

-- Whether the call is carried out: by itself only where the client is to get the call's own
-- answer, or a part of it.
function M.applies(fault)
    if fault.applied ~= nil then
        return fault.applied
    end
    local close = fault.close
    return not (fault.status or own_body(fault) or fault.raw or fault.raw_base64)
        and close ~= "before" and close ~= "reset"
end

-- "now+2" → the unix time in two seconds; "date+2" → the same as an HTTP date
local function header_value(value)
    local what, seconds = tostring(value):match("^(%a+)%+?(%-?%d+)$")
    if what == "now" then
        return string.format("%d", math.ceil(ngx.now()) + seconds)
    elseif what == "date" then
        return ngx.http_time(math.ceil(ngx.now()) + seconds)
    end
    return tostring(value)
end

local function add_headers(rendered, fault)
    local replaced = {}
    for name in pairs(fault.headers or {}) do
        replaced[name:lower()] = true
    end
    local kept = {}
    for _, header in ipairs(rendered.headers) do
        if not replaced[header[1]:lower()] then
            kept[#kept + 1] = header
        end
    end
    for name, value in pairs(fault.headers or {}) do
        for _, item in ipairs(type(value) == "table" and value or { value }) do
            kept[#kept + 1] = { name, header_value(item) }
        end
    end
    rendered.headers = kept
end

-- Changes the answer as the fault says. `rendered` is nil when the call was not carried out.
function M.change(fault, rendered, shape)
    local status = fault.status or (rendered and rendered.status) or 200
    local body = own_body(fault)
    if fault.status and not body then
        local problem = answer.problem(status, answer.usual[status] or "fault")
        rendered = answer.render(problem, shape)
        if status < 300 then
            rendered.body = ""
        end
    end
    rendered = rendered or { headers = { { "Content-Type", "application/json" } } }
    rendered.status = status
    if status == 204 then
        rendered.body = nil
    else
        rendered.body = body or rendered.body
    end
    add_headers(rendered, fault)
    return rendered
end

-- Sends the answer with what the fault does to it. → the status as sent, nil when none was
function M.send(fault, rendered)
    if fault.close == "reset" then
        return wire.reset()
    elseif fault.close == "before" then
        return wire.close()
    elseif fault.raw or fault.raw_base64 then
        return wire.send_raw(fault.raw or ngx.decode_base64(fault.raw_base64))
    elseif fault.close or fault.stall or fault.content_length then
        return wire.send_cut(rendered, fault)
    end
    return wire.send(rendered)
end

return M
