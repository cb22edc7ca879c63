--- The integration's addresses next to those of the identity provider's metadata: told where they
--- differ, changed when asked to.

local M = {}

local FIELDS = { "signin_url", "signout_url", "entity_id" }

-- SendGrid's document has PATCH bring all of these.
local REQUIRED = { "name", "enabled", "signin_url", "signout_url", "entity_id" }

--- Compares, and changes what differs when `update` is true.
---@param client sso.Client
---@param integration_id string|integer
---@param metadata table  of sso.metadata; what it does not say does not differ
---@param update boolean
---@return {differences: {field: string, ours: string?, theirs: string}[], updated: boolean}? result
---@return sso.Error? err
function M.integration(client, integration_id, metadata, update)
    local ours, err = client:get_integration(integration_id)
    if not ours then
        return nil, err
    end
    local result = { differences = {}, updated = false }
    local fields = {}
    for _, name in ipairs(REQUIRED) do
        fields[name] = ours[name]
    end
    for _, name in ipairs(FIELDS) do
        local theirs = metadata[name]
        if theirs and theirs ~= ours[name] then
            fields[name] = theirs
            result.differences[#result.differences + 1] = {
                field = name, ours = ours[name], theirs = theirs,
            }
        end
    end
    if update and #result.differences > 0 then
        local value
        value, err = client:update_integration(integration_id, fields)
        if not value then
            return nil, err
        end
        result.updated = true
    end
    return result
end

return M
