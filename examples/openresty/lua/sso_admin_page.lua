-- The page: a report as HTML.  Everything that SendGrid or an identity provider wrote is escaped;
-- there is no script and nothing is loaded from elsewhere.

local printable = require "sso.printable"
local sso = require "sso"

local M = {}

local STYLE = [[
:root { color-scheme: light dark; --ink: #1c2330; --muted: #5d6778; --line: #dfe3ea;
  --card: #ffffff; --ground: #f3f4f7; --critical: #b42318; --warning: #a15c07; --info: #2b5c9e;
  --ok: #23704d; --tint: 10%; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --muted: #98a2b3; --line: #2b323e;
  --card: #141922; --ground: #0d1117; --critical: #ef6b60; --warning: #e0a030; --info: #7fabe6;
  --ok: #4fb286; --tint: 18%; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums; }
main { max-width: 1040px; margin: 0 auto; padding: 28px 24px 40px; }
header { display: flex; align-items: baseline; gap: 14px; flex-wrap: wrap; margin-bottom: 20px; }
h1 { font-size: 22px; font-weight: 650; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 13px; font-weight: 600; color: var(--muted); margin: 28px 0 10px; }
.meta { color: var(--muted); margin-left: auto; }
.pill { font-size: 12px; font-weight: 700; padding: 2px 10px; border-radius: 999px;
  white-space: nowrap; display: inline-block; color: var(--c);
  background: color-mix(in srgb, var(--c) var(--tint), transparent); }
.critical { --c: var(--critical); } .warning { --c: var(--warning); }
.info { --c: var(--info); } .ok { --c: var(--ok); }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 12px; }
.tile, .card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.tile { padding: 12px 16px; }
.tile b { display: block; font-size: 24px; line-height: 1.25; font-weight: 600; }
.tile b.on { color: var(--c); }
.tile span { color: var(--muted); font-size: 13px; }
.card { overflow-x: auto; }
.timeline { padding: 14px 8px; }
.timeline svg { display: block; margin: 0 auto; max-width: 100%; min-width: 760px;
  height: auto; }
.finding { display: grid; grid-template-columns: 92px 1fr; padding: 14px 16px;
  border-top: 1px solid var(--line); }
.finding:first-child { border-top: 0; }
.finding strong { font-weight: 600; }
.finding p { margin: 2px 0 0; }
.finding .do { color: var(--muted); }
.finding .do::before { content: "→ "; }
table { border-collapse: collapse; width: 100%; min-width: 760px; table-layout: fixed; }
th:nth-child(1) { width: 12%; } th:nth-child(3) { width: 11%; } th:nth-child(4) { width: 12%; }
th:nth-child(5) { width: 11%; } th:nth-child(6) { width: 13%; } th:nth-child(7) { width: 13%; }
th { text-align: left; font-size: 12px; font-weight: 600; color: var(--muted); }
th, td { padding: 8px 16px; border-top: 1px solid var(--line); white-space: nowrap; }
tr:first-child th { border-top: 0; }
td.wide { white-space: normal; overflow-wrap: anywhere; min-width: 150px; }
.number { text-align: right; }
code { font: 12px ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace; }
.empty { padding: 16px; color: var(--muted); }
.banner { border-left: 3px solid var(--critical); padding: 12px 16px; margin-bottom: 16px; }
footer { margin-top: 24px; color: var(--muted); font-size: 13px; }
a { color: inherit; } a + a { margin-left: 14px; }
@media (max-width: 720px) { .tiles { grid-template-columns: repeat(2, 1fr); }
  .finding { grid-template-columns: 1fr; gap: 6px; } .meta { margin-left: 0; } }
]]

local ESCAPES = {
    ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;",
}

local function escape(text)
    return (printable(text):gsub("[&<>\"']", ESCAPES))
end

local function date(unix)
    return unix and os.date("!%Y-%m-%d", unix) or "unknown"
end

local function days(unix, at)
    return unix and math.floor((unix - at) / 86400)
end

-- ---- the parts --------------------------------------------------------------

local function certificates_of(report)
    local list = {}
    for _, integration in ipairs(report.integrations) do
        for _, certificate in ipairs(integration.certificates) do
            list[#list + 1] = { certificate = certificate, integration = integration }
        end
    end
    return list
end

local function next_end(report)
    local earliest
    for _, entry in ipairs(certificates_of(report)) do
        local one = entry.certificate
        if one.state == "valid" and one.enabled ~= false and entry.integration.enabled ~= false
            and not (earliest and earliest < one.not_after) then
            earliest = one.not_after
        end
    end
    return earliest
end

local function tile(value, label, class)
    return ('<div class="tile"><b class="%s">%s</b><span>%s</span></div>'):format(class or "",
        escape(value), escape(label))
end

local function tiles(report)
    local ends = next_end(report)
    return table.concat {
        '<section class="tiles">',
        tile(report.counts.critical, "critical", report.counts.critical > 0 and "on critical"),
        tile(report.counts.warning, "warnings", report.counts.warning > 0 and "on warning"),
        tile(#certificates_of(report), ("certificates of %d integrations"):format(
            #report.integrations)),
        tile(ends and date(ends) or "none",
            ends and ("next end, in %d days"):format(days(ends, report.at)) or "valid certificate"),
        "</section>",
    }
end

local function finding(one)
    local who = escape(one.integration or one.integration_id)
    if one.id then
        who = who .. " · certificate " .. escape(one.id)
    end
    return ([[<article class="finding"><div><span class="pill %s">%s</span></div><div>
<strong>%s</strong><p>%s</p><p class="do">%s</p></div></article>]]):format(one.severity,
        one.severity, who, escape(one.message), escape(one.action))
end

local function findings(report)
    local list = {}
    for i, one in ipairs(report) do
        list[i] = finding(one)
    end
    if #list == 0 then
        list[1] = '<p class="empty">Nothing was found.</p>'
    end
    return '<section class="card" id="findings">' .. table.concat(list, "\n") .. "</section>"
end

local STATES = {
    valid = { "valid", "ok" }, expired = { "expired", "critical" },
    not_yet_valid = { "not yet", "info" }, unreadable = { "unreadable", "warning" },
}

local function key_of(certificate)
    local key = certificate.key
    return key and ("%s %s"):format(key.type, tostring(key.bits or "")) or "unknown"
end

local function row(entry, at)
    local one = entry.certificate
    local state = one.enabled == false and { "disabled", "info" } or STATES[one.state]
    return ([[<tr><td>%s</td><td class="wide">%s<br><code>%s</code></td><td>%s</td>
<td>%s</td><td class="number">%s</td><td>%s</td><td><span class="pill %s">%s</span></td></tr>]])
        :format(escape(one.id), escape(one.subject or "unreadable"),
            escape((one.fingerprint or ""):sub(1, 16)), escape(key_of(one)), date(one.not_after),
            one.state == "expired" and "–" or days(one.not_after, at) or "", date(one.renew_at),
            state[2], state[1])
end

local HEADS = [[<tr><th>ID</th><th>Subject, SHA-256</th><th>Key</th><th>Ends</th>
<th class="number">Days left</th><th>Renew from</th><th>State</th></tr>]]

local function tables(report)
    local parts = {}
    for _, integration in ipairs(report.integrations) do
        local rows = {}
        for i, certificate in ipairs(integration.certificates) do
            rows[i] = row({ certificate = certificate }, report.at)
        end
        parts[#parts + 1] = ("<h2>%s%s</h2>"):format(escape(integration.name or integration.id),
            integration.enabled == false and " (disabled)" or "")
        parts[#parts + 1] = #rows == 0 and '<div class="card"><p class="empty">No certificate.</p>'
            .. "</div>" or '<div class="card"><table>' .. HEADS .. table.concat(rows, "\n")
            .. "</table></div>"
    end
    return table.concat(parts, "\n")
end

-- ---- the page ---------------------------------------------------------------

local PAGE = [[
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>%s: SSO certificates</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="300"><style>%s</style></head>
<body><main>
<header><h1>SSO certificates</h1><span class="pill %s" id="status">%s</span>
<span class="meta">%s</span></header>
%s
<footer><a href="/metrics">Metrics</a><a href="/certificates.ics">Calendar</a>
<a href="/timeline.svg">Timeline as SVG</a></footer>
</main></body></html>
]]

local WORDS = { ok = "All is well", warning = "Warning", critical = "Critical" }

--- Renders the page.
---@param report sso.Report?
---@param err sso.Error?  why it could not be read again
function M.render(report, err)
    local banner = err and '<div class="card banner">Reading from SendGrid failed: '
        .. escape(err) .. "</div>" or ""
    if not report then
        return PAGE:format("Unknown", STYLE, "warning", "Unknown", "", banner)
    end
    return PAGE:format(WORDS[report.status], STYLE, report.status, WORDS[report.status],
        "read at " .. os.date("!%Y-%m-%d %H:%M UTC", report.at), table.concat({
            banner,
            tiles(report),
            "<h2>Findings</h2>",
            findings(report),
            "<h2>Timeline</h2>",
            '<section class="card timeline">' .. sso.timeline.svg(report) .. "</section>",
            tables(report),
        }, "\n"))
end

return M
