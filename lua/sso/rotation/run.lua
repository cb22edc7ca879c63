--- One rotation: read what is there, make a plan, carry it out.

local apply = require "sso.rotation.apply"
local core = require "sso.core"
local observe = require "sso.rotation.observe"
local plan = require "sso.rotation.plan"

local M = {}

--- Brings an integration to trust the wanted certificates.
---@param client sso.Client  anything that has its methods
---@param integration_id string|integer
---@param wanted table[]  at least one parsed certificate, none twice
---@param options table  as of rotate_certificate, checked
---@return sso.RotationPlan? plan
---@return sso.Error? err
function M.rotate(client, integration_id, wanted, options)
    local list, err = client:list_certificates(integration_id)
    if not list then
        return nil, err
    end
    local function clock()
        return options.at or os.time()
    end
    local read = observe.reader(integration_id)
    local records = read(list)
    local made = plan.make {
        integration_id = integration_id,
        records = records,
        wanted = wanted,
        options = options,
        now = clock(),
        check = core.certificate.check,
    }
    if options.dry_run then
        made.dry_run = true
        return made
    end
    return apply.carry_out(client, made, read, records, clock)
end

return M
