-- What the sandbox's account holds: records by kind and id, as JSON in nginx's shared memory, in
-- order of creation. Kinds: integration, certificate, teammate, pending. Records are plain
-- tables of strings, numbers, booleans and such.

local cjson = require "cjson"

-- generation: another number after each clear
local M = { generation = 0 }

local function dict()
    return ngx.shared.records
end

local function index(kind)
    local text = dict():get("ids:" .. kind)
    return text and cjson.decode(text) or {}
end

local function set(key, value)
    local ok, err = dict():safe_set(key, value)
    if not ok then
        error("the sandbox cannot hold more: " .. err)
    end
end

function M.get(kind, id)
    local text = dict():get(kind .. ":" .. id)
    return text and cjson.decode(text)
end

-- Stores a record under its id, at the end when it is new.
function M.put(kind, id, record)
    local key = kind .. ":" .. id
    if not dict():get(key) then
        local ids = index(kind)
        ids[#ids + 1] = tostring(id)
        set("ids:" .. kind, cjson.encode(ids))
    end
    set(key, cjson.encode(record))
end

function M.remove(kind, id)
    local ids = index(kind)
    for i, known in ipairs(ids) do
        if known == tostring(id) then
            table.remove(ids, i)
            break
        end
    end
    set("ids:" .. kind, cjson.encode(ids))
    dict():delete(kind .. ":" .. id)
end

-- → every record of a kind, in order of creation; with a filter, those for which it answers true.
function M.all(kind, filter)
    local records = {}
    for _, id in ipairs(index(kind)) do
        local record = M.get(kind, id)
        if not filter or filter(record) then
            records[#records + 1] = record
        end
    end
    return records
end

-- → first, first + 1, … for each name.
function M.next_number(name, first)
    return dict():incr("number:" .. name, 1, first - 1)
end

function M.clear()
    M.generation = M.generation + 1
    dict():flush_all()
    dict():flush_expired()
end

return M
