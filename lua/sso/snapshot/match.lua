--- Which thing of one set-up is which of another: integrations by id, certificates by what they
--- are, teammates by name.  Pure.
--
-- An integration that was deleted and made again has another id, so those that found no partner by
-- id are paired by name and entity_id; such a pair is `moved`.

local M = {}

-- Pairs what fits, each thing once: by the first key, what is left by the second, and so on.
-- A key is a function that gives a value or nil. → pairs {a=, b=, key=} in the order of `a`, then
-- what only `b` has
local function pair(list_a, list_b, keys)
    local partner, taken = {}, {}
    for number, key in ipairs(keys) do
        local waiting = {}
        for i, b in ipairs(list_b) do
            local name = not taken[i] and key(b)
            if name then
                waiting[name] = waiting[name] or {}
                table.insert(waiting[name], i)
            end
        end
        for i, a in ipairs(list_a) do
            local name = not partner[i] and key(a)
            local queue = name and waiting[name]
            if queue and queue[1] then
                local j = table.remove(queue, 1)
                partner[i], taken[j] = { a = a, b = list_b[j], key = number }, true
            end
        end
    end
    local found = {}
    for i, a in ipairs(list_a) do
        found[#found + 1] = partner[i] or { a = a }
    end
    for j, b in ipairs(list_b) do
        if not taken[j] then
            found[#found + 1] = { b = b }
        end
    end
    return found
end

local function name_and_entity(integration)
    return integration.name and integration.entity_id
        and ("%d %s %s"):format(#integration.name, integration.name, integration.entity_id)
end

--- Pairs integrations.
---@param list_a table[]
---@param list_b table[]
---@return {a: table?, b: table?, moved: boolean?}[]
function M.integrations(list_a, list_b)
    local found = pair(list_a, list_b, {
        function(integration)
            return integration.id
        end,
        name_and_entity,
    })
    for _, both in ipairs(found) do
        both.moved = both.key == 2
    end
    return found
end

-- What a certificate is: what cannot be read is only like what says the same.
local function identity(certificate)
    return certificate.fingerprint or certificate.public_certificate
        or "id " .. tostring(certificate.id)
end

--- Pairs certificates by fingerprint; where one is there twice, by id and by whether it is enabled.
---@param list_a table[]
---@param list_b table[]
---@return {a: table?, b: table?}[]
function M.certificates(list_a, list_b)
    return pair(list_a, list_b, {
        function(certificate)
            return certificate.id and identity(certificate) .. " " .. tostring(certificate.id)
        end,
        function(certificate)
            return identity(certificate) .. " " .. tostring(certificate.enabled)
        end,
        identity,
    })
end

--- Pairs teammates.
---@param list_a table[]
---@param list_b table[]
---@return {a: table?, b: table?}[]
function M.teammates(list_a, list_b)
    return pair(list_a, list_b, {
        function(teammate)
            return teammate.username:lower()
        end,
    })
end

return M
