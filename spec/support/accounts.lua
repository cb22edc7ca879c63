--- Accounts for the specs of snapshots: set up in the sandbox, looked at in it, and what happens to
--- them meanwhile seen request by request.

local helper = require "helper"

local M = { FIRST = helper.INTEGRATION }

--- Whether the long cases are run whole: on the Lua where users start and on LuaJIT.  What they
--- look at does not depend on the Lua; the others run a part of them.
M.thorough = (_VERSION == "Lua 5.4" or rawget(_G, "jit") ~= nil) and helper.patience == 1

--- A client of the sandbox as users have one.
function M.client(options)
    local all = {
        base_url = helper.environment("SENDGRID_BASE_URL", "run the specs by: sandbox/sandbox run"),
        api_key = helper.environment("SENDGRID_API_KEY", "run the specs by: sandbox/sandbox run"),
        validate = true,
        max_retries = 0,
    }
    for name, value in pairs(options or {}) do
        all[name] = value
    end
    return helper.client(all)
end

--- The n-th certificate, the same all through a run.
---@param days? integer  until it ends, 365
function M.pem(n, days)
    return (helper.certificate { cn = "idp " .. n, key = "ec", days = days })
end

--- Makes an integration with certificates.
---@param n integer  a number for its name and addresses
---@param certificates {[1]: string, [2]: boolean}[]  PEM and whether it is enabled
---@param fields? table
---@return string id
function M.integration(n, certificates, fields)
    local given = {
        name = "Provider " .. n,
        enabled = true,
        signin_url = "https://idp" .. n .. ".example/signin",
        signout_url = "https://idp" .. n .. ".example/signout",
        entity_id = "https://idp" .. n .. ".example/entity",
    }
    for name, value in pairs(fields or {}) do
        given[name] = value
    end
    local id = helper.sandbox.seed({ integrations = { given } }).integrations[1]
    for _, row in ipairs(certificates) do
        M.certificate(id, row[1], row[2])
    end
    return id
end

--- Makes a certificate of an integration.
---@return integer id
function M.certificate(integration_id, pem, enabled)
    return helper.sandbox.seed({ certificates = { {
        integration_id = integration_id,
        public_certificate = pem,
        enabled = enabled,
    } } }).certificates[1]
end

--- The ids of an integration's certificates, as the API lists them.
function M.ids(client, integration_id)
    local list = {}
    for i, certificate in ipairs(assert(client:list_certificates(integration_id))) do
        list[i] = certificate.id
    end
    return list
end

--- What an integration has, as the sandbox knows it: "CN=… on" for each, sorted.
function M.held(integration_id)
    local parse = require("sso").certificate.parse
    local list = {}
    for _, record in ipairs(helper.sandbox.state().certificates) do
        if record.integration_id == integration_id then
            local certificate = (parse(record.public_certificate) or {})[1]
            list[#list + 1] = (certificate and certificate.subject or record.public_certificate)
                .. (record.enabled and " on" or " off")
        end
    end
    table.sort(list)
    return table.concat(list, ", ")
end

--- The integrations in whose case somebody can log in: enabled, with an enabled certificate that is
--- valid at a time.
---@return table<string, boolean>
function M.serving(at)
    local state = helper.sandbox.state()
    local serving = {}
    for _, record in ipairs(state.certificates) do
        if record.enabled and record.not_before <= at and at <= record.not_after then
            serving[record.integration_id] = true
        end
    end
    for _, integration in ipairs(state.integrations) do
        if not integration.enabled then
            serving[integration.id] = nil
        end
    end
    return serving
end

--- The requests that changed something, "POST certificates, DELETE integrations/ID".
function M.changes()
    local list = {}
    for _, request in ipairs(helper.sandbox.log().requests) do
        if request.method ~= "GET" then
            list[#list + 1] = request.method .. " " .. request.path:gsub("^/v3/sso/", "")
        end
    end
    return list
end

--- How many requests there were.
function M.requests()
    return #helper.sandbox.log().requests
end

--- The steps of a plan as text, but for those that are kept: "certificate add, integration enable".
function M.steps(plan)
    local list = {}
    for _, step in ipairs(plan.steps) do
        if step.action ~= "keep" then
            list[#list + 1] = step.kind .. " " .. step.action
        end
    end
    return table.concat(list, ", ")
end

--- Differences as text, one a line.
function M.lines(differences)
    local list = {}
    for i, one in ipairs(differences) do
        list[i] = ("%s %s%s"):format(one.kind, one.change, one.field and " " .. one.field or "")
    end
    return table.concat(list, "\n")
end

-- Each way in which the live service may behave.
M.services = {}
for _, spelling in ipairs { "intergration_id", "integration_id", "both" } do
    for _, tell in ipairs { false, true } do
        for _, enabled in ipairs { "several", "one" } do
            M.services[#M.services + 1] = {
                name = ("%s, enabled %s, %s"):format(spelling, tell and "told" or "not told",
                    enabled),
                switches = {
                    spelling = spelling, tell_enabled = tell, enabled_per_integration = enabled,
                },
            }
        end
    end
end

return M
