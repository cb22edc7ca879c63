--- What an integration has: SendGrid's list of its certificates, read into records that are
--- compared by fingerprint.
--
-- A text that is no certificate, or holds several, is a record without a fingerprint: it is never
-- taken for a wanted one and never retired, as nobody knows whose logins hang on it.

local core = require "sso.core"

local M = {}

---@class sso.rotation.Record
---@field id string|integer|nil  nil: the server lists it without one, and it cannot be named
---@field fingerprint string?  SHA-256, hex; nil: unreadable
---@field certificate table?  as sso.certificate.parse gives it
---@field enabled boolean?  nil: the server does not tell
---@field problem string?  why there is no fingerprint

-- An id as text, the same for 7, 7.0 and "7".
local function id_text(id)
    return type(id) == "number" and ("%.0f"):format(id) or tostring(id)
end
M.id_text = id_text

--- Whether one id comes before another: numbers by size, the rest by text. All rotators agree on
--- it, so they agree on which one of several equal certificates stays.
function M.before(a, b)
    a, b = id_text(a), id_text(b)
    if a:find "^%d+$" and b:find "^%d+$" and #a ~= #b then
        return #a < #b
    end
    return a < b
end

local function read(text)
    if type(text) ~= "string" then
        return nil, "the server gives no text for it"
    end
    local list, err = core.certificate.parse(text)
    if not list then
        return nil, err.message
    elseif #list > 1 then
        return nil, ("its text holds %d certificates"):format(#list)
    end
    return list[1]
end

-- UUIDs in either case are one integration; a record that names none came with the list.
local function is_of(integration_id, stored)
    local named = stored.integration_id or stored.intergration_id
    return named == nil or id_text(named):lower() == id_text(integration_id):lower()
end

--- Makes a function that turns a list of SendGrid's into records, in the order of their ids.  It
--- reads each text once.
---@param integration_id string|integer  certificates of another one are left out
---@return fun(list: table[]): sso.rotation.Record[]
function M.reader(integration_id)
    local known = {}
    return function(list)
        local records = {}
        for _, stored in ipairs(list) do
            local text = stored.public_certificate
            local entry = type(text) == "string" and known[text]
            if not entry then
                local certificate, problem = read(text)
                entry = { certificate, problem }
                known[type(text) == "string" and text or entry] = entry
            end
            if is_of(integration_id, stored) then
                local certificate = entry[1]
                local enabled = nil
                if type(stored.enabled) == "boolean" then
                    enabled = stored.enabled
                end
                records[#records + 1] = {
                    id = stored.id,
                    fingerprint = certificate and stored.id and certificate.fingerprint,
                    certificate = certificate,
                    enabled = enabled,
                    problem = entry[2] or not stored.id and "the server lists it without an id"
                        or nil,
                }
            end
        end
        table.sort(records, function(a, b)
            return M.before(a.id or "", b.id or "")
        end)
        return records
    end
end

--- The record that stands for a certificate: the one with the lowest id.
---@param records sso.rotation.Record[]
---@param fingerprint string
---@return sso.rotation.Record?
function M.holder(records, fingerprint)
    for _, record in ipairs(records) do
        if record.fingerprint == fingerprint then
            return record
        end
    end
end

---@param records sso.rotation.Record[]
---@param id string|integer
---@return sso.rotation.Record?
function M.by_id(records, id)
    for _, record in ipairs(records) do
        if record.id and id_text(record.id) == id_text(id) then
            return record
        end
    end
end

return M
