--- Reads the SSO set-up of an account: integrations, what each has of certificates, and teammates.
-- What belongs to many is asked for at the same time.  The whole or an error, never a part.

local core = require "sso.core"
local document = require "sso.snapshot.document"
local observe = require "sso.rotation.observe"

local M = {}

-- As many subusers as one answer may list.
local PAGE = 100

-- What of a teammate belongs to the set-up: not telephone, address and what else an account has.
local TEAMMATE_FIELDS = {
    "username", "email", "first_name", "last_name", "user_type", "is_admin", "is_sso", "persona",
    "has_restricted_subuser_access",
}

-- A field that the API may gain is kept, unless its name says that it is a secret.
local SECRETS = { "token", "secret", "password", "private", "api_?key", "credential" }

local function is_secret(name)
    for _, word in ipairs(SECRETS) do
        if name:lower():find(word) then
            return true
        end
    end
    return false
end

local function copy_fields(record, left_out)
    local new = {}
    for name, value in pairs(record) do
        if not left_out[name] and not is_secret(name) then
            new[name] = value
        end
    end
    return new
end

--- Starts a call for each element and waits for all of them.
---@param list any[]
---@param start fun(element: any, callback: function): sso.Handle?, sso.Error?
---@return any[]? values  in the order of the elements
---@return sso.Error? err  of the first that failed
local function together(list, start)
    local handles, first = {}, nil
    for i, element in ipairs(list) do
        local handle, refused = start(element, function() end)
        handles[i] = handle or false
        first = first or refused
    end
    local values = {}
    for i, handle in ipairs(handles) do
        if handle then
            local value, err = handle:wait()
            values[i] = value
            first = first or err
        end
    end
    if first then
        return nil, first
    end
    return values
end

-- An id out of an answer goes into the path of a call, which raises upon what cannot.
local function is_id(id)
    return type(id) == "string" and #id > 0 and #id <= 1024 and not id:find("\0", 1, true)
        and id ~= "." and id ~= ".."
end

local function by_id(a, b)
    return observe.before(a.id or "", b.id or "")
end

local function certificates_of(records)
    local list = {}
    for i, record in ipairs(records) do
        list[i] = document.describe(copy_fields(record,
            { integration_id = true, intergration_id = true }))
    end
    table.sort(list, by_id)
    return list
end

--- The integrations with their certificates, ordered by id.
---@param client sso.Client
---@return table[]? integrations
---@return sso.Error? err
function M.integrations(client)
    local records, err = client:list_integrations { si = true }
    if not records then
        return nil, err
    end
    for _, record in ipairs(records) do
        if not is_id(record.id) then
            return nil, core.failure("response",
                "the server lists an integration without an id", "list_integrations")
        end
    end
    local lists, failed = together(records, function(record, callback)
        return client:list_certificates(record.id, callback)
    end)
    if not lists then
        return nil, failed
    end
    local integrations = {}
    for i, record in ipairs(records) do
        integrations[i] = copy_fields(record, {})
        integrations[i].certificates = certificates_of(lists[i])
    end
    table.sort(integrations, by_id)
    return integrations
end

--- The certificates of one integration, as a snapshot has them.
---@param client sso.Client
---@param integration_id string
---@return table[]? certificates
---@return sso.Error? err
function M.certificates(client, integration_id)
    local records, err = client:list_certificates(integration_id)
    if not records then
        return nil, err
    end
    return certificates_of(records)
end

-- Permissions in a stable order.
local function sorted(scopes)
    local list = {}
    for i, scope in ipairs(scopes) do
        list[i] = scope
    end
    table.sort(list)
    return list
end

local function subusers_of(list)
    local new = {}
    for i, access in ipairs(list) do
        new[i] = {
            id = access.id,
            username = access.username,
            permission_type = access.permission_type,
            scopes = access.permission_type ~= "admin" and sorted(access.scopes or {}) or nil,
        }
    end
    table.sort(new, by_id)
    return new
end

local function has_more(page)
    local metadata = type(page._metadata) == "table" and page._metadata
    local next_params = metadata and metadata.next_params
    local after = type(next_params) == "table" and next_params.after_subuser_id
    return after and after ~= ""
end

-- Puts the subusers into the teammates that are restricted to some: the first page of all at
-- once, and all pages of those that have more.
local function add_subusers(client, teammates)
    local some = {}
    for _, teammate in ipairs(teammates) do
        if teammate.has_restricted_subuser_access ~= false then
            some[#some + 1] = teammate
        end
    end
    local pages, err = together(some, function(teammate, callback)
        return client:list_subuser_access(teammate.username, { limit = PAGE }, callback)
    end)
    if not pages then
        return nil, err
    end
    for i, teammate in ipairs(some) do
        local list = pages[i].subuser_access or {}
        if has_more(pages[i]) then
            list = {}
            for access, failed in client:each_subuser_access(teammate.username) do
                if not access then
                    return nil, failed
                end
                list[#list + 1] = access
            end
        end
        teammate.has_restricted_subuser_access = pages[i].has_restricted_subuser_access == true
        teammate.subuser_access = teammate.has_restricted_subuser_access and subusers_of(list)
            or nil
    end
    return true
end

local function all_usernames(client)
    local names = {}
    for teammate, err in client:each_teammate() do
        if not teammate then
            return nil, err
        end
        local name = teammate.username or teammate.email
        if not is_id(name) then
            return nil, core.failure("response",
                "the server lists a teammate without a username", "list_teammates")
        end
        names[#names + 1] = name
    end
    return names
end

--- The teammates that log in by SSO, ordered by name; those of whom the API does not tell how they
--- log in are there without `is_sso`.
---@param client sso.Client
---@return table[]? teammates
---@return sso.Error? err
function M.teammates(client)
    local names, err = all_usernames(client)
    if not names then
        return nil, err
    end
    local records, failed = together(names, function(name, callback)
        return client:get_teammate(name, callback)
    end)
    if not records then
        return nil, failed
    end
    local teammates = {}
    for i, record in ipairs(records) do
        if record.is_sso ~= false and record.user_type ~= "owner" then
            local teammate = { scopes = record.scopes and sorted(record.scopes) }
            for _, name in ipairs(TEAMMATE_FIELDS) do
                teammate[name] = record[name]
            end
            teammate.username = teammate.username or names[i]
            teammates[#teammates + 1] = teammate
        end
    end
    table.sort(teammates, function(a, b)
        return a.username < b.username
    end)
    local ok, problem = add_subusers(client, teammates)
    if not ok then
        return nil, problem
    end
    return teammates
end

return M
