--- Lists that take more than one call: pages walked one after the other, and the certificates of
--- all integrations, asked for at the same time.
--
-- Each gives the whole or an error, never a part as if it were the whole: an iterator that cannot
-- go on yields `false` and the error in place of an element.

local core = require "sso.core"

local M = {}

-- How many are asked for at once: the most that the API allows.
local PAGE = 500
local SUBUSER_PAGE = 100

-- The number by which the core knows an operation.
local function number_of(wanted)
    for number, name in ipairs(core.operation_names) do
        if name == wanted then
            return number
        end
    end
end

local LIST_INTEGRATIONS = number_of "list_integrations"
local LIST_TEAMMATES = number_of "list_teammates"
local LIST_SUBUSER_ACCESS = number_of "list_subuser_access"

local function copy(values)
    local new = {}
    for name, value in pairs(values or {}) do
        new[name] = value
    end
    return new
end

local function failure(operation, message)
    return core.failure("response", message, operation)
end

-- Raises at the position of the caller's caller; Lua 5.1 has a level without lines in between.
local function raise(message)
    local level, info = 4
    repeat
        info = debug.getinfo(level, "Sl")
        level = level + 1
    until not info or info.currentline > 0
    error(info and ("%s:%d: %s"):format(info.short_src, info.currentline, message) or message, 0)
end

-- What a program gets wrong about the arguments is told where it asks for the list, and not in the
-- middle of it; the core says the rest (see the `_begin` below).
local function check(name, query, options)
    if type(options) == "function" then
        raise(name .. ": takes no callback: each step waits")
    elseif type(query) == "table" and tonumber(query.limit) == 0 then
        raise(name .. ": limit must be 1 or more")
    end
end

-- Whether the elements are 1 to n: a null among them, or names, would end a page early.
local function is_list(value)
    if type(value) ~= "table" then
        return false
    end
    local n = 0
    for _ in pairs(value) do
        n = n + 1
    end
    for i = 1, n do
        if value[i] == nil then
            return false
        end
    end
    return true
end

--- Makes a function that drops the elements of a page that earlier pages had, as pages overlap
--- when the list changes meanwhile.  It gives nil for a page that has nothing new at all.
---@param key_of fun(element: any): any
local function newcomers(key_of)
    local seen = {}
    return function(page)
        local fresh = {}
        for _, element in ipairs(page) do
            local key = key_of(element)
            if not seen[key] then
                seen[key] = true
                fresh[#fresh + 1] = element
            end
        end
        return (#fresh > 0 or #page == 0) and fresh or nil
    end
end

--- Turns a function that fetches pages into an iterator over their elements.
---@param fetch fun(): table?, sso.Error?  the next page; nil without an error: there is none
local function iterate(fetch)
    local page, i, over = {}, 0, false
    return function()
        while not over do
            i = i + 1
            if page[i] ~= nil then
                return page[i]
            end
            local err
            page, err = fetch()
            i = 0
            if not page then
                over = true
                if err then
                    return false, err
                end
            end
        end
        return nil
    end
end

local REPEATED = "the server gives the same page again: the list cannot be completed"

--- Walks all teammates: `for teammate, err in client:each_teammate() do`.
---@param client sso.Client
---@param query? {limit: integer?, offset: integer?}  `limit`: the size of a page
---@param options? sso.CallOptions  for each call
---@return fun(): sso.Teammate|false|nil, sso.Error?
function M.each_teammate(client, query, options)
    check("each_teammate", query, options)
    client:_begin(LIST_TEAMMATES, query, options):_discard()
    query = copy(query)
    query.limit = query.limit or PAGE
    query.offset = tonumber(query.offset) or 0
    local last = false
    local fresh_of = newcomers(function(teammate)
        return teammate.username or teammate.email or teammate
    end)
    return iterate(function()
        if last then
            return nil
        end
        local page, err = client:list_teammates(query, options)
        if not page then
            return nil, err
        end
        -- a server may give shorter pages than asked for: only an empty one is the end
        last = #page == 0
        query.offset = query.offset + #page
        local fresh = fresh_of(page)
        if not fresh then
            return nil, failure("each_teammate", REPEATED)
        end
        return fresh
    end)
end

-- Numbers, and texts of digits, which the live service was also seen to give, in one spelling.
local function text_of(cursor)
    if type(cursor) ~= "number" then
        return cursor
    end
    local integer = math.type and math.type(cursor) == "integer" -- luacheck: ignore
    return (integer and "%d" or "%.0f"):format(cursor)
end

-- The subusers of an answer, or nil and what is wrong with it.
local function subusers_of(answer)
    local list = answer.subuser_access
    if list == nil and answer.has_restricted_subuser_access == false then
        return {} -- nothing is restricted, so nothing is listed
    elseif not is_list(list) then
        return nil, "the answer has no list of subuser_access"
    end
    for _, subuser in ipairs(list) do
        if type(subuser) ~= "table" then
            return nil, "the answer's subuser_access holds something that is not an object"
        end
    end
    if type(answer._metadata) ~= "table" and #list > 0 then
        return nil, "the answer does not tell whether there is more"
    end
    return list
end

-- Where the next page begins: nil at the end, or false for what is no cursor.
local function cursor_of(answer)
    local next_params = type(answer._metadata) == "table" and answer._metadata.next_params
    local after = type(next_params) == "table" and next_params.after_subuser_id or nil
    if after == nil or after == "" then
        return nil
    end
    local text = text_of(after)
    return type(text) == "string" and #text < 20 and text:find "^%d+$" and after or false
end

--- Walks the subusers that a teammate may act for.
---@param client sso.Client
---@param username string
---@param query? {limit: integer?, username: string?, after_subuser_id: integer?}
---@param options? sso.CallOptions  for each call
---@return fun(): table|false|nil, sso.Error?
function M.each_subuser_access(client, username, query, options)
    check("each_subuser_access", query, options)
    client:_begin(LIST_SUBUSER_ACCESS, username, query, options):_discard()
    query = copy(query)
    query.limit = query.limit or SUBUSER_PAGE
    local last, been = false, { [text_of(query.after_subuser_id or 0)] = true }
    local fresh_of = newcomers(function(subuser)
        return text_of(subuser.id) or subuser
    end)
    return iterate(function()
        if last then
            return nil
        end
        local answer, err = client:list_subuser_access(username, query, options)
        if not answer then
            return nil, err
        end
        local list, problem = subusers_of(answer)
        local after = cursor_of(answer)
        local fresh = list and fresh_of(list)
        if problem then
            return nil, failure("each_subuser_access", problem)
        elseif after == false or after and been[text_of(after)] then
            return nil, failure("each_subuser_access",
                "the server's cursor does not advance: the list cannot be completed")
        elseif not fresh then
            return nil, failure("each_subuser_access", REPEATED)
        end
        last = after == nil
        query.after_subuser_id = after
        been[text_of(after) or ""] = true
        return fresh
    end)
end

-- Whether an id out of an answer can be asked for: one segment of printable ASCII.
local function is_id(id)
    return type(id) == "number" and id >= 0 and id % 1 == 0
        or type(id) == "string" and #id <= 1024 and id:find "^[\33-\126]+$" ~= nil
            and not id:find "^%.%.?$"
end

--- Lists the certificates of every integration, several integrations at a time.
---@param client sso.Client
---@param options? sso.CallOptions  for each call
---@return sso.Certificate[]? certificates  of all integrations, in their order
---@return sso.Error? err  of the first integration that could not be read
function M.list_all_certificates(client, options)
    check("list_all_certificates", nil, options)
    client:_begin(LIST_INTEGRATIONS, nil, options):_discard()
    local integrations, err = client:list_integrations(nil, options)
    if not integrations then
        return nil, err
    end
    for _, integration in ipairs(integrations) do
        if not is_id(integration.id) then
            return nil, failure("list_all_certificates",
                "the server lists an integration without an id")
        end
    end
    local handles, first = {}, nil
    for _, integration in ipairs(integrations) do
        local handle, refused = client:list_certificates(integration.id, options, function() end)
        handles[#handles + 1] = handle
        first = first or refused
    end
    local all = {}
    for _, handle in ipairs(handles) do
        local certificates
        certificates, err = handle:wait()
        first = first or err
        for _, certificate in ipairs(certificates or {}) do
            all[#all + 1] = certificate
        end
    end
    if first then
        return nil, first
    end
    return all
end

return M
