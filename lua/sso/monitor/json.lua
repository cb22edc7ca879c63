--- A report for programs: one JSON document whose names stay as they are.  Times are whole unix
--- seconds, lists are lists when they are empty, and what is not known is left out.

local json = require "sso.json"
local moment = require "sso.moment"

local M = { options = {} }

local FINDING = {
    "severity", "finding", "integration_id", "integration", "id", "fingerprint", "subject",
    "not_before", "not_after", "days_left", "message", "action",
}
local INTEGRATION = { "id", "name", "enabled", "entity_id" }
local CERTIFICATE = {
    "id", "enabled", "fingerprint", "subject", "not_before", "not_after", "renew_at", "state",
}

local function pick(from, names)
    local new = {}
    for _, name in ipairs(names) do
        if type(from[name]) ~= "table" then
            new[name] = from[name]
        end
    end
    return new
end

local function key_of(certificate)
    return certificate.key and pick(certificate.key, { "type", "bits", "curve" }) or nil
end

--- Writes the report.
---@param report sso.Report
---@return string
function M.write(report)
    local document = pick(report, { "status", "at", "within", "critical_within" })
    document.checked = moment.rfc3339(report.at)
    document.counts = pick(report.counts, { "critical", "warning", "info" })
    document.findings, document.integrations = {}, {}
    for i, finding in ipairs(report) do
        document.findings[i] = pick(finding, FINDING)
    end
    for i, integration in ipairs(report.integrations) do
        local new = pick(integration, INTEGRATION)
        new.certificates = {}
        for j, certificate in ipairs(integration.certificates) do
            new.certificates[j] = pick(certificate, CERTIFICATE)
            new.certificates[j].key = key_of(certificate)
        end
        document.integrations[i] = new
    end
    return json.encode(document)
end

--- Writes why there is no report.
---@param err sso.Error
function M.write_error(err)
    return json.encode {
        status = "unknown",
        error = { kind = err.kind, message = tostring(err), status = err.status },
    }
end

return M
