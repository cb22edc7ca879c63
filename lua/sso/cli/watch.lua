--- `check` and `timeline`: what expires, for people and for monitoring.

local files = require "sso.cli.files"
local moments = require "sso.cli.moments"

local M = {}

local UNKNOWN = 3

local function whole(text)
    local value = tonumber(text:match "^%d+$")
    return value, not value and ("'%s' is no whole number"):format(text) or nil
end

local function check_options(args)
    return {
        integration_id = args.integration_id, within = args.within,
        critical_within = args.critical_within, renew_before = args.renew_before,
        min_key_bits = args.min_key_bits, metadata = args.metadata, at = args.at,
    }
end

local function report_of(session)
    local client = session:client()
    return session:call(client.check_certificates, client, check_options(session.args))
end

-- ---- check -------------------------------------------------------------------------

-- For whom a failure, too, is a document.
local FAILURES_ON_OUTPUT = { nagios = true, json = true, prometheus = true }

local function check(session)
    local args, out = session.args, session.out
    local monitor = require "sso.monitor"
    local format = args.format or (args.json and "json") or "text"
    if args.json and args.format and args.format ~= "json" then
        session:usage "--json and --format say different things"
    end
    -- a client that cannot be made is a failure like any other
    local ok, report, err = pcall(report_of, session)
    if not ok then
        if type(report) ~= "table" or not report.kind then
            error(report, 0)
        end
        report, err = nil, report
    end
    if not report then
        local written, text = false, nil
        if FAILURES_ON_OUTPUT[format] then
            written, text = pcall(monitor.format, err, format)
        end
        if not written then
            error(err, 0)
        end
        out:write(text)
        return UNKNOWN
    end
    local options = format == "text" and {
        width = out.width or 100, ascii = not out.unicode, colour = out.colour,
    } or nil
    local text, status = monitor.format(report, format, options)
    out:write(text)
    return status or monitor.exit_status(report)
end

-- ---- timeline ----------------------------------------------------------------------

local function timeline(session)
    local args, out = session.args, session.out
    local report, err = report_of(session)
    if not report then
        error(err, 0)
    end
    local drawing = require "sso.timeline"
    if args.svg then
        local svg = drawing.svg(report, { at = args.at })
        if args.svg == "-" then
            out:write(svg)
        else
            files.write(args.svg, svg)
            session:done({ written = args.svg }, "wrote " .. args.svg)
        end
    elseif args.json then
        out:write((require("sso.monitor").format(report, "json")))
    else
        out:write(drawing.text(report, {
            width = out.width or 80, ascii = args.ascii or not out.unicode, colour = out.colour,
            at = args.at,
        }))
    end
    return 0
end

-- ---- rows --------------------------------------------------------------------------

local AT = {
    name = "at", argname = "TIME", convert = moments.parse,
    description = "look from this moment (2027-01-31, UTC) and not from now",
}

local function duration(name, description)
    return { name = name, argname = "TIME", convert = moments.duration, description = description }
end

M.rows = {
    {
        name = "check",
        group = "Watching",
        summary = "tells what expires, is weak, doubled or missing",
        description = "Tells which certificates have expired or soon will, are weak, doubled, "
            .. "unreadable or missing. The exit status is that of a Nagios plug-in: 0 ok, "
            .. "1 warning, 2 critical, 3 unknown.",
        options = {
            {
                name = "format", choices = { "text", "json", "prometheus", "nagios", "ics" },
                description = "how to answer (text)",
            },
            { name = "integration_id", argname = "ID", description = "look at this one alone" },
            duration("within", "an end that is nearer than this is a warning (30d)"),
            duration("critical_within", "an end that is nearer than this is critical (7d)"),
            duration("renew_before", "renew so long before an end (last third of the lifetime)"),
            { name = "metadata", argname = "SOURCE", description = "compare with SAML metadata" },
            {
                name = "min_key_bits", argname = "N", convert = whole,
                description = "smallest RSA key that is not weak (2048)",
            },
            AT,
        },
        examples = {
            { "sendgrid-sso check", "for people" },
            { "sendgrid-sso check --format nagios --within 45d", "as a plug-in" },
            {
                "sendgrid-sso check --format prometheus > sso.prom",
                "for the node exporter's textfile collector",
            },
            { "sendgrid-sso check --format ics > sso.ics", "for a calendar, with reminders" },
        },
        run = check,
    },
    {
        name = "timeline",
        group = "Watching",
        summary = "draws the validity of certificates on an axis of time",
        description = "Draws the validity of all certificates of an integration, or of the "
            .. "account, as bars on an axis of time with today marked.",
        arguments = {
            {
                name = "integration_id", args = "?",
                description = "of this one alone; comes from 'sendgrid-sso integrations list'",
            },
        },
        options = {
            {
                name = "svg", argname = "FILE",
                description = "write a picture instead; - prints it",
            },
            { name = "ascii", kind = "switch", description = "no characters but ASCII" },
            AT,
        },
        examples = {
            { "sendgrid-sso timeline", "a gap or an end in sight is seen at a glance" },
            { "sendgrid-sso timeline --svg sso.svg", "for a report" },
        },
        run = timeline,
    },
}

return M
