--- A report as Nagios, Icinga and their kin read it: one line, the worst first, and performance
--- data behind a bar.  The exit status that goes with it is `sso.monitor.exit_status`.

local moment = require "sso.moment"
local printable = require "sso.printable"

local M = { options = {} }

-- The bar begins the performance data, so no text may hold one.
local function plain(text)
    return (printable(text):gsub("|", "/"))
end

local function label(text)
    return "'" .. plain(text):gsub("'", "''"):gsub("=", "_") .. "'"
end

local function number_of_certificates(report)
    local count = 0
    for _, integration in ipairs(report.integrations) do
        count = count + #integration.certificates
    end
    return count
end

local function describe(finding)
    local who = plain(finding.integration or finding.integration_id)
    if finding.id then
        who = who .. " " .. plain(finding.id)
    end
    return who .. " " .. plain(finding.message)
end

local function verdict(report)
    local parts = {}
    for _, finding in ipairs(report) do
        if finding.severity ~= "info" then
            parts[#parts + 1] = describe(finding)
        end
    end
    if #parts > 0 then
        return table.concat(parts, "; ")
    end
    local earliest
    for _, integration in ipairs(report.integrations) do
        for _, certificate in ipairs(integration.certificates) do
            local ends = certificate.state == "valid" and certificate.enabled ~= false
                and certificate.not_after
            earliest = ends and math.min(earliest or ends, ends) or earliest
        end
    end
    return earliest and "the next end is " .. moment.date(earliest) or "nothing to watch over"
end

-- 'label'=value[unit];warn;crit, where "N:" alerts below N
local function performance(report)
    local parts = {
        ("certificates=%d"):format(number_of_certificates(report)),
        ("critical=%d"):format(report.counts.critical),
        ("warning=%d"):format(report.counts.warning),
    }
    for _, integration in ipairs(report.integrations) do
        for _, certificate in ipairs(integration.certificates) do
            if certificate.not_after then
                parts[#parts + 1] = ("%s=%.0fs;%.0f:;%.0f:"):format(
                    label("seconds_left_" .. tostring(certificate.id)),
                    certificate.not_after - report.at, report.within, report.critical_within)
            end
        end
    end
    return table.concat(parts, " ")
end

--- Writes the report.
---@param report sso.Report
---@return string  one line
function M.write(report)
    return ("SENDGRID_SSO %s - %d integrations, %d certificates: %s | %s\n"):format(
        report.status:upper(), #report.integrations, number_of_certificates(report),
        verdict(report), performance(report))
end

--- Writes why there is no report.
---@param err sso.Error
function M.write_error(err)
    return ("SENDGRID_SSO UNKNOWN - %s\n"):format(plain(tostring(err)))
end

return M
