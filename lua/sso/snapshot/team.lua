--- Teammates of a snapshot: what of them can be compared, and what the API takes to make one again.
-- Pure.
--
-- An administrator has all permissions, and whoever acts for subusers only has none of the account:
-- the API wants one of `is_admin`, `has_restricted_subuser_access` and `scopes`, so only the one
-- that holds is looked at.

local M = {}

-- Permissions that SendGrid gives and takes by itself, and refuses from others.
local SERVER_SCOPES = {
    ["2fa_exempt"] = true,
    ["2fa_required"] = true,
    ["sender_verification_eligible"] = true,
    ["sender_verification_legacy"] = true,
}

local function settable(scopes)
    local list = {}
    for _, scope in ipairs(scopes or {}) do
        if not SERVER_SCOPES[scope] then
            list[#list + 1] = scope
        end
    end
    table.sort(list)
    return list
end

local function subusers(list)
    local new = {}
    for i, access in ipairs(list or {}) do
        new[i] = {
            id = access.id,
            permission_type = access.permission_type,
            scopes = access.permission_type ~= "admin" and settable(access.scopes) or nil,
        }
    end
    table.sort(new, function(a, b)
        return tostring(a.id) < tostring(b.id)
    end)
    return new
end

--- The fields of a teammate that a snapshot can be compared by.
---@param teammate table
---@return table
function M.comparable(teammate)
    local new = {
        first_name = teammate.first_name,
        last_name = teammate.last_name,
        is_sso = teammate.is_sso,
        is_admin = teammate.is_admin,
        has_restricted_subuser_access = teammate.has_restricted_subuser_access,
    }
    if teammate.is_admin then
        return new
    elseif teammate.has_restricted_subuser_access then
        new.subuser_access = subusers(teammate.subuser_access)
    else
        new.scopes = teammate.scopes and settable(teammate.scopes)
    end
    return new
end

--- What create_sso_teammate and update_sso_teammate take to make a teammate as the snapshot has it.
---@param teammate table
---@param now? table  the teammate as it is; nil: there is none
---@return table? fields
---@return string? problem  why the API cannot
function M.fields(teammate, now)
    if not (teammate.first_name and teammate.last_name) then
        return nil, "the snapshot has not both names"
    end
    local fields = { first_name = teammate.first_name, last_name = teammate.last_name }
    if not now then
        fields.email = teammate.email or teammate.username
    end
    if teammate.is_admin then
        fields.is_admin = true
        return fields
    end
    if now and now.is_admin then
        fields.is_admin = false
    end
    if teammate.has_restricted_subuser_access then
        fields.has_restricted_subuser_access = true
        fields.subuser_access = subusers(teammate.subuser_access)
        return fields
    end
    if now and now.has_restricted_subuser_access then
        fields.has_restricted_subuser_access = false
    end
    local scopes = settable(teammate.scopes)
    if #scopes == 0 and now and #settable(now.scopes) > 0 then
        return nil, "the API cannot take the last permission away"
    end
    fields.scopes = #scopes > 0 and scopes or nil
    return fields
end

return M
