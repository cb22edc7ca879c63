--- A report as Prometheus reads it (text exposition format 0.0.4): gauges in base units, one family
--- a row of the table below.  What can change, such as a name or a subject, stands on an info
--- series of its own and not on the series that alerts are made from.

local printable = require "sso.printable"

local M = { options = {} }

local function escape(text)
    return (printable(text):gsub('[\\"]', "\\%0"))
end

local function number(value)
    return ("%.0f"):format(value)
end

-- {"name", "value"} pairs; a label without a value is left out, which Prometheus takes for empty.
local function labels(pairs_of)
    local parts = {}
    for _, pair in ipairs(pairs_of) do
        if pair[2] ~= nil then
            parts[#parts + 1] = ('%s="%s"'):format(pair[1], escape(pair[2]))
        end
    end
    return #parts > 0 and "{" .. table.concat(parts, ",") .. "}" or ""
end

local function each_integration(value_of, labels_of)
    return function(report, add)
        for _, integration in ipairs(report.integrations) do
            add(labels_of and labels_of(integration) or { { "integration", integration.id } },
                value_of(integration))
        end
    end
end

local function certificate_labels(integration, certificate)
    return {
        { "integration", integration.id },
        { "id", certificate.id },
        { "fingerprint", certificate.fingerprint },
    }
end

local function each_certificate(value_of, more_labels)
    return function(report, add)
        for _, integration in ipairs(report.integrations) do
            for _, certificate in ipairs(integration.certificates) do
                local list = certificate_labels(integration, certificate)
                for _, label in ipairs(more_labels and more_labels(certificate) or {}) do
                    list[#list + 1] = label
                end
                add(list, value_of(certificate))
            end
        end
    end
end

local function field(name)
    return function(record)
        return record[name]
    end
end

local function flag(name)
    return function(record)
        if record[name] ~= nil then
            return record[name] and 1 or 0
        end
    end
end

local function one()
    return 1
end

local function count_of_severities(report, add)
    for _, severity in ipairs { "critical", "warning", "info" } do
        add({ { "severity", severity } }, report.counts[severity])
    end
end

local function each_finding(report, add)
    for _, finding in ipairs(report) do
        add({
            { "finding", finding.finding },
            { "severity", finding.severity },
            { "integration", finding.integration_id },
            { "id", finding.id },
            { "fingerprint", finding.fingerprint },
        }, 1)
    end
end

local function single(value_of)
    return function(report, add)
        add({}, value_of(report))
    end
end

local UP = { "up", "Whether the certificates could be read, 1 or 0.", single(one) }

-- name after sendgrid_sso_, help, and what gives the series: function(report, add(labels, value))
local FAMILIES = {
    UP,
    {
        "last_check_timestamp_seconds",
        "When the certificates were read, in unix seconds.",
        single(field "at"),
    },
    {
        "certificate_not_after_seconds",
        "End of the certificate's validity, in unix seconds.",
        each_certificate(field "not_after"),
    },
    {
        "certificate_not_before_seconds",
        "Begin of the certificate's validity, in unix seconds.",
        each_certificate(field "not_before"),
    },
    {
        "certificate_renew_at_seconds",
        "When the certificate should be renewed, in unix seconds.",
        each_certificate(field "renew_at"),
    },
    {
        "certificate_enabled",
        "Whether the certificate is enabled, 1 or 0; no sample where SendGrid does not tell.",
        each_certificate(flag "enabled"),
    },
    {
        "certificate_info",
        "What the certificate says of itself; the value is 1.",
        each_certificate(one, function(certificate)
            local key = certificate.key or {}
            return {
                { "subject", certificate.subject },
                { "key_type", key.type },
                { "key_bits", key.bits and number(key.bits) },
                { "state", certificate.state },
            }
        end),
    },
    {
        "integration_certificates",
        "Certificates that the integration has.",
        each_integration(function(integration)
            return #integration.certificates
        end),
    },
    {
        "integration_enabled",
        "Whether the integration is enabled, 1 or 0.",
        each_integration(flag "enabled"),
    },
    {
        "integration_info",
        "The integration's name; the value is 1.",
        each_integration(one, function(integration)
            return { { "integration", integration.id }, { "name", integration.name } }
        end),
    },
    {
        "findings",
        "Findings of the last check, by severity.",
        count_of_severities,
    },
    {
        "finding_info",
        "One series for each finding of the last check; the value is 1.",
        each_finding,
    },
}

local function put_family(out, family, report)
    local name, series, seen = "sendgrid_sso_" .. family[1], {}, {}
    family[3](report, function(list, value)
        local key = labels(list)
        -- the same labels twice would spoil the whole answer
        if value and not seen[key] then
            seen[key] = true
            series[#series + 1] = ("%s%s %s"):format(name, key, number(value))
        end
    end)
    if #series > 0 then
        out[#out + 1] = ("# HELP %s %s"):format(name, family[2])
        out[#out + 1] = ("# TYPE %s gauge"):format(name)
        for _, line in ipairs(series) do
            out[#out + 1] = line
        end
    end
end

--- Writes the report.
---@param report sso.Report
---@return string
function M.write(report)
    local out = {}
    for _, family in ipairs(FAMILIES) do
        put_family(out, family, report)
    end
    return table.concat(out, "\n") .. "\n"
end

--- Writes that there is no report.
function M.write_error()
    local out = {}
    put_family(out, {
        UP[1],
        UP[2],
        single(function()
            return 0
        end),
    }, {})
    return table.concat(out, "\n") .. "\n"
end

return M
