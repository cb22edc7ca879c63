--- A report for people: a verdict, what is wrong and what to do about it, then all certificates.

local moment = require "sso.moment"
local printable = require "sso.printable"

local M = { options = { width = "seconds", ascii = "boolean", colour = "boolean" } }

local WORDS = { ok = "OK", info = "INFO", warning = "WARNING", critical = "CRITICAL" }
local COLOURS = { ok = "32", info = "36", warning = "33", critical = "31" }

-- What differs from one terminal to the next: width, characters, colours.
local function style_of(options)
    local style = {
        width = math.max(40, math.floor(options.width or 80)),
        arrow = options.ascii and "->" or "→",
        none = options.ascii and "-" or "–",
        mark = options.ascii and "." or nil,
        text = options.ascii and printable.ascii or printable.text,
    }
    function style.paint(word, severity)
        if options.colour then
            return ("\27[1;%sm%s\27[0m"):format(COLOURS[severity], word)
        end
        return word
    end
    return style
end

local function plural(count, word)
    return ("%d %s%s"):format(count, word, count == 1 and "" or "s")
end

local function summary(report)
    local parts, certificates = {}, 0
    for _, integration in ipairs(report.integrations) do
        certificates = certificates + #integration.certificates
    end
    for _, severity in ipairs { "critical", "warning", "info" } do
        if report.counts[severity] > 0 then
            parts[#parts + 1] = ("%d %s"):format(report.counts[severity], severity)
        end
    end
    return ("%s, %s: %s"):format(plural(#report.integrations, "integration"),
        plural(certificates, "certificate"),
        #parts > 0 and table.concat(parts, ", ") or "nothing found")
end

local function put_wrapped(out, style, first, rest, text)
    for i, line in ipairs(printable.wrap(text, style.width - printable.width(first))) do
        out[#out + 1] = (i == 1 and first or rest) .. line
    end
end

local function put_finding(out, style, finding)
    local word = WORDS[finding.severity]
    local title = style.text(finding.integration or finding.integration_id)
    if finding.id then
        title = title .. ", certificate " .. style.text(finding.id)
    end
    out[#out + 1] = style.paint(printable.pad(word, 9), finding.severity)
        .. " " .. printable.cut(title, style.width - 10, style.mark)
    if finding.subject then
        out[#out + 1] = (" "):rep(10)
            .. printable.cut(style.text(finding.subject), style.width - 10, style.mark)
    end
    local indent = (" "):rep(10)
    put_wrapped(out, style, indent, indent, style.text(finding.message))
    put_wrapped(out, style, indent .. style.arrow .. " ",
        indent .. (" "):rep(printable.width(style.arrow) + 1), style.text(finding.action))
end

-- ---- the table of certificates ----------------------------------------------

local STATES = {
    valid = "valid", expired = "expired", not_yet_valid = "not yet", unreadable = "unreadable",
}

local function row_of(style, certificate, at)
    local state = STATES[certificate.state]
    if certificate.enabled == false then
        state = "disabled"
    end
    local ends = certificate.not_after
    return {
        style.text(certificate.id),
        style.text(certificate.subject or style.none),
        ends and moment.date(ends) or style.none,
        ends and ends >= at and ("%.0f"):format(math.floor((ends - at) / moment.DAY)) or style.none,
        certificate.renew_at and moment.date(certificate.renew_at) or style.none,
        state,
    }
end

local HEADS = { "ID", "SUBJECT", "ENDS", "DAYS LEFT", "RENEW FROM", "STATE" }
local ID, SUBJECT, DAYS, RENEW = 1, 2, 4, 5

-- What gives way until the table fits, in order: columns become this narrow, 0 is gone.
local GIVES_WAY = { { SUBJECT, 7 }, { RENEW, 0 }, { SUBJECT, 0 }, { DAYS, 0 }, { ID, 2 } }

-- The width of each column, 0 for one that is left out.
local function widths_of(rows, width)
    local widths, total = {}, -2
    for column = 1, #HEADS do
        widths[column] = 0
        for _, row in ipairs(rows) do
            widths[column] = math.max(widths[column], printable.width(row[column]))
        end
        total = total + widths[column] + 2
    end
    for _, step in ipairs(GIVES_WAY) do
        local column, least = step[1], step[2]
        if total > width and widths[column] > least then
            local less = widths[column] - math.max(least, widths[column] - (total - width))
            if least == 0 then
                less = widths[column] + 2
                widths[column] = 0
            else
                widths[column] = widths[column] - less
            end
            total = total - less
        end
    end
    return widths
end

local function put_row(out, style, row, widths)
    local cells = {}
    for column, text in ipairs(row) do
        if widths[column] > 0 then
            cells[#cells + 1] = printable.pad(printable.cut(text, widths[column], style.mark),
                widths[column], column == DAYS)
        end
    end
    out[#out + 1] = (table.concat(cells, "  "):gsub(" +$", ""))
end

local function put_certificates(out, style, report)
    local all = { HEADS }
    for _, integration in ipairs(report.integrations) do
        for _, certificate in ipairs(integration.certificates) do
            all[#all + 1] = row_of(style, certificate, report.at)
        end
    end
    local widths, i = widths_of(all, style.width), 1
    for _, integration in ipairs(report.integrations) do
        out[#out + 1] = ""
        out[#out + 1] = printable.cut(style.text(integration.name or integration.id)
            .. (integration.enabled == false and " (disabled)" or ""), style.width, style.mark)
        if #integration.certificates == 0 then
            out[#out + 1] = "no certificate"
        else
            put_row(out, style, HEADS, widths)
        end
        for _ = 1, #integration.certificates do
            i = i + 1
            put_row(out, style, all[i], widths)
        end
    end
end

--- Writes the report.
---@param report sso.Report
---@param options {width: integer?, ascii: boolean?, colour: boolean?}
---@return string
function M.write(report, options)
    local style, out = style_of(options), {}
    local word = WORDS[report.status]
    put_wrapped(out, style, word .. "  ", (" "):rep(#word + 2),
        ("%s at %s"):format(summary(report), moment.minute(report.at)))
    out[1] = style.paint(word, report.status) .. out[1]:sub(#word + 1)
    for _, finding in ipairs(report) do
        out[#out + 1] = ""
        put_finding(out, style, finding)
    end
    put_certificates(out, style, report)
    return table.concat(out, "\n") .. "\n"
end

--- Writes why there is no report.
---@param err sso.Error
function M.write_error(err, options)
    return "UNKNOWN  " .. style_of(options).text(tostring(err)) .. "\n"
end

return M
