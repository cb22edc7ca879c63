-- Every API request as it came in, for whoever tests a client. Kept in this process's memory,
-- the oldest dropped when there are too many.

local json = require "json"

local M = {}

local max_entries, max_bytes = 20000, 64 * 1024 * 1024
local entries, first, last, bytes, dropped

function M.clear()
    entries, first, last, bytes, dropped = {}, 1, 0, 0, 0
end

local function drop_first()
    local entry = entries[first]
    bytes = bytes - #entry.body - #entry.head
    entries[first] = nil
    first, dropped = first + 1, dropped + 1
end

-- entry: time, method, uri, path, head (the header lines as received), body, connection,
-- request, server, tls
function M.add(entry)
    last = last + 1
    entries[last] = entry
    bytes = bytes + #entry.body + #entry.head
    while last - first >= max_entries or bytes > max_bytes do
        drop_first()
    end
    return entry
end

local function headers(head)
    local list = json.array()
    for line in head:gmatch("[^\r\n]+") do
        local name, value = line:match("^([^:]*):[ \t]*(.-)[ \t]*$")
        if name then
            list[#list + 1] = json.array { name, value }
        end
    end
    return list
end

local function show(entry)
    return json.object {
        { "time", entry.time },
        { "method", entry.method },
        { "uri", entry.uri },
        { "path", entry.path },
        { "http_version", entry.http_version },
        { "headers", headers(entry.head) },
        { "body_base64", ngx.encode_base64(entry.body) },
        { "connection", entry.connection },
        { "request", entry.request },
        { "server", entry.server },
        { "tls", entry.tls },
        { "status", entry.status },
    }
end

-- `status` is missing for a request that was cut off or is still waiting.
function M.show()
    local list = json.array()
    for i = first, last do
        list[#list + 1] = show(entries[i])
    end
    return json.object { { "dropped", dropped }, { "requests", list } }
end

M.clear()

return M
