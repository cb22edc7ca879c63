-- The Teammates API as far as SSO teammates need it: read, delete, pending invitations, access to
-- subusers. Its document shows errors as {"errors":[{…}]} and its list as {"result":[{…}]}.

local answer = require "answer"
local json = require "json"
local records = require "records"
local state = require "state"
local switches = require "switches"
local teammates = require "teammates"
local x509 = require "x509"

local M = {}

local week = 7 * 86400

-- → the whole number of a query parameter, its default when it is missing, or nil and the 400
local function number(query, name, default, most)
    local text = query[name]
    if text == nil then
        return default
    end
    local value = type(text) == "string" and text:match("^%d+$") and tonumber(text)
    if not value or value > most then
        return nil, answer.problem(400, name .. " must be a number up to " .. most, name)
    end
    return value
end

local function with_teammate(request, handle)
    return records.with("teammate", request.parameters.username, "username not found", handle,
        "username")
end

local function with_pending(request, handle)
    return records.with("pending", request.parameters.token, "invalid pending key", handle,
        "pending_key")
end

function M.list(request)
    local limit, wrong = number(request.query, "limit", switches.now.page_size, 500)
    if not limit then
        return wrong
    end
    local offset, impossible = number(request.query, "offset", 0, 2 ^ 31)
    if not offset then
        return impossible
    end
    local all, shown = state.all("teammate"), json.array()
    for i = offset + 1, math.min(#all, offset + limit) do
        shown[#shown + 1] = json.object(teammates.show_account(all[i]))
    end
    return answer.ok(json.object { { "result", shown } })
end

function M.get(request)
    return with_teammate(request, function(record)
        return answer.ok(json.object(teammates.show_all(record)))
    end)
end

function M.delete(request)
    return with_teammate(request, function(record)
        state.remove("teammate", record.email)
        return answer.nothing()
    end)
end

-- A page of the subusers a teammate may act for: those with a higher id than after_subuser_id.
function M.subuser_access(request)
    local limit, wrong = number(request.query, "limit", 100, 500)
    if not limit then
        return wrong
    end
    local after, impossible = number(request.query, "after_subuser_id", 0, 2 ^ 53)
    if not after then
        return impossible
    end
    return with_teammate(request, function(record)
        local page, more = json.array(), false
        local sorted = teammates.show_access(record) or {}
        table.sort(sorted, function(a, b)
            return a.id < b.id
        end)
        for _, access in ipairs(sorted) do
            more = access.id > after and #page == limit
            if more then
                break
            elseif access.id > after then
                page[#page + 1] = access
            end
        end
        return answer.ok(json.object {
            { "has_restricted_subuser_access", record.has_restricted_subuser_access or false },
            { "subuser_access", page },
            { "_metadata", {
                next_params = json.object {
                    { "limit", limit },
                    { "after_subuser_id", more and limit > 0 and page[limit].id or json.null },
                },
            } },
        })
    end)
end

local function show_pending(record)
    return json.object {
        { "email", record.email },
        { "scopes", json.array(record.scopes) },
        { "is_admin", record.is_admin or false },
        { "pending_id", record.pending_id },
        { "expiration_date", record.expiration_date },
    }
end

-- An invitation; the SSO API makes none, so they come from the control endpoints.
function M.invite(given)
    local record = {
        email = given.email,
        scopes = given.scopes,
        is_admin = given.is_admin,
        pending_id = x509.random_hex(10),
        expiration_date = ngx.time() + week,
    }
    state.put("pending", record.pending_id, record)
    return record
end

function M.list_pending()
    local shown = json.array()
    for i, record in ipairs(state.all("pending")) do
        shown[i] = show_pending(record)
    end
    return answer.ok(json.object { { "result", shown } })
end

function M.delete_pending(request)
    return with_pending(request, function(record)
        state.remove("pending", record.pending_id)
        return answer.nothing()
    end)
end

function M.resend(request)
    return with_pending(request, function(record)
        record.expiration_date = ngx.time() + week
        state.put("pending", record.pending_id, record)
        return answer.ok(show_pending(record))
    end)
end

return M
