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

--- Walks all teammates: `for teammate, err in client:each_teammate() do`.
---@param client sso.Client
---@param query? {limit: integer?, offset: integer?}  `limit`: the size of a page
---@param options? sso.CallOptions  for each call
---@return fun(): sso.Teammate|false|nil, sso.Error?
function M.each_teammate(client, query, options)
    query = copy(query)
    query.limit = query.limit or PAGE
    query.offset = query.offset or 0
    local seen, last = {}, false
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
        local fresh = {}
        for _, teammate in ipairs(page) do
            local name = teammate.username or teammate.email or teammate
            if not seen[name] then
                seen[name] = true
                fresh[#fresh + 1] = teammate
            end
        end
        if #page > 0 and #fresh == 0 then
            return nil, failure("each_teammate",
                "the server gives the same page of teammates again: the list cannot be completed")
        end
        return fresh
    end)
end

-- Where the next page begins: the document has the cursor in next_params, the live service was
-- also seen to spell numbers as strings.
local function cursor_of(answer)
    local metadata = answer._metadata
    local next_params = type(metadata) == "table" and metadata.next_params
    local after = type(next_params) == "table" and next_params.after_subuser_id
    return tonumber(after) and after or nil
end

--- Walks the subusers that a teammate may act for.
---@param client sso.Client
---@param username string
---@param query? {limit: integer?, username: string?, after_subuser_id: integer?}
---@param options? sso.CallOptions  for each call
---@return fun(): table|false|nil, sso.Error?
function M.each_subuser_access(client, username, query, options)
    query = copy(query)
    query.limit = query.limit or SUBUSER_PAGE
    local last = false
    return iterate(function()
        if last then
            return nil
        end
        local answer, err = client:list_subuser_access(username, query, options)
        if not answer then
            return nil, err
        end
        local list = answer.subuser_access
        if type(list) ~= "table" then
            return nil, failure("each_subuser_access", "the answer has no subuser_access")
        end
        local after = cursor_of(answer)
        last = after == nil
        if after and tostring(after) == tostring(query.after_subuser_id) then
            return nil, failure("each_subuser_access",
                "the server's cursor does not advance: the list cannot be completed")
        end
        query.after_subuser_id = after
        return list
    end)
end

--- Lists the certificates of every integration, several integrations at a time.
---@param client sso.Client
---@param options? sso.CallOptions  for each call
---@return sso.Certificate[]? certificates  of all integrations, in their order
---@return sso.Error? err  of the first integration that could not be read
function M.list_all_certificates(client, options)
    local integrations, err = client:list_integrations(nil, options)
    if not integrations then
        return nil, err
    end
    local handles = {}
    for i, integration in ipairs(integrations) do
        handles[i] = client:list_certificates(integration.id, options, function() end)
    end
    local all, first = {}, nil
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
