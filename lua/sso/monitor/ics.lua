--- A report as a calendar (RFC 5545): an event where each certificate ends, with reminders 60, 30
--- and 7 days before.  An event keeps its UID as long as the certificate is the same, so a calendar
--- that subscribes to the file updates events and never doubles them.

local moment = require "sso.moment"
local printable = require "sso.printable"

local M = { options = {} }

local REMINDERS = { 60, 30, 7 } -- days before the end

-- A line is folded after 75 octets, between characters: the next begins with a space.
local LINE = 75

local function escape(text)
    return (printable(text):gsub("[\\;,]", "\\%0"))
end

local function fold(line)
    if #line <= LINE then
        return line
    end
    local parts, length = {}, 0
    for character in printable.characters(line) do
        if length + #character > LINE then
            parts[#parts + 1] = "\r\n "
            length = 1
        end
        parts[#parts + 1] = character
        length = length + #character
    end
    return table.concat(parts)
end

local function put(out, line, ...)
    out[#out + 1] = fold(select("#", ...) > 0 and line:format(...) or line)
end

-- Ids are digits and letters as a rule; what else there is must not end the line or the value.
local function uid(integration, certificate)
    local id = ("%s.%s.%s"):format(certificate.fingerprint or "unreadable",
        printable(certificate.id), printable(integration.id))
    return (id:gsub("[^%w.-]", "_")) .. "@sendgrid-sso"
end

local function put_reminders(out, summary)
    for _, days in ipairs(REMINDERS) do
        put(out, "BEGIN:VALARM")
        put(out, "ACTION:DISPLAY")
        put(out, "TRIGGER:-P%dD", days)
        put(out, "DESCRIPTION:%s", escape(("%s in %d days"):format(summary, days)))
        put(out, "END:VALARM")
    end
end

local function put_event(out, integration, certificate, at)
    local name = integration.name or integration.id
    local summary = ("SSO certificate of %s ends"):format(name)
    local lines = {
        "Certificate " .. printable(certificate.id),
        "Integration " .. printable(integration.id),
        "Subject " .. printable(certificate.subject or "unknown"),
        "SHA-256 " .. (certificate.fingerprint or "unknown"),
        "Renew from " .. moment.date(certificate.renew_at),
        "Ends at " .. moment.minute(certificate.not_after),
    }
    for i, line in ipairs(lines) do
        lines[i] = escape(line)
    end
    put(out, "BEGIN:VEVENT")
    put(out, "UID:%s", uid(integration, certificate))
    put(out, "DTSTAMP:%s", moment.basic(at))
    put(out, "DTSTART:%s", moment.basic(certificate.not_after))
    put(out, "SUMMARY:%s", escape(summary))
    put(out, "DESCRIPTION:%s", table.concat(lines, "\\n"))
    put(out, "CATEGORIES:SENDGRID-SSO")
    put(out, "TRANSP:TRANSPARENT")
    put_reminders(out, summary)
    put(out, "END:VEVENT")
end

--- Writes the report.
---@param report sso.Report
---@return string  CRLF line ends
function M.write(report)
    local out, seen = {}, {}
    put(out, "BEGIN:VCALENDAR")
    put(out, "VERSION:2.0")
    put(out, "PRODID:-//sendgrid-sso//certificates//EN")
    put(out, "CALSCALE:GREGORIAN")
    put(out, "METHOD:PUBLISH")
    put(out, "X-WR-CALNAME:SendGrid SSO certificates")
    for _, integration in ipairs(report.integrations) do
        for _, certificate in ipairs(integration.certificates) do
            local id = uid(integration, certificate)
            -- years of more than four digits have no form there
            if certificate.renew_at and certificate.not_after > 0
                and certificate.not_after < 253402300800 and not seen[id] then
                seen[id] = true
                put_event(out, integration, certificate, report.at)
            end
        end
    end
    put(out, "END:VCALENDAR")
    return table.concat(out, "\r\n") .. "\r\n"
end

return M
