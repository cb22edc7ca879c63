--- Reports of the monitor about integrations and certificates that exist nowhere, seen at a fixed
--- moment.

local assess = require("sso.monitor.assess").assess
local dated = require "support.dated"

local M = {
    AT = 1800000000, -- 2027-01-15 08:00 UTC
    DAY = 86400,
}

--- A certificate as SendGrid has it; valid from and to so many days after that moment.
---@param id integer
---@param from number
---@param to number
---@param enabled? boolean
---@param cn? string
function M.stored(id, from, to, enabled, cn)
    return {
        id = id,
        enabled = enabled,
        public_certificate = dated.certificate(cn or "idp", M.AT + from * M.DAY,
            M.AT + to * M.DAY),
    }
end

--- A report of integrations: each a list of certificates with `name` and `enabled`.
---@return table report
function M.of(...)
    local entries = {}
    for i, entry in ipairs { ... } do
        entries[i] = {
            integration = { id = "id-" .. i, name = entry.name, enabled = entry.enabled },
            certificates = entry,
        }
    end
    return assess(entries, { at = M.AT })
end

return M
