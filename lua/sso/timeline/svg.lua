--- A timeline as SVG: one document without references to anything else, that reads on light and on
--- dark ground, prints, and says in words (title, description, tool tips) what it draws.
--
-- Everything stands in classes below `.sso-timeline`, so that it can also be put into a page.

local layout = require "sso.timeline.layout"
local moment = require "sso.moment"
local printable = require "sso.printable"

local M = {}

-- Pixels.
local WIDTH, LEAST_WIDTH = 960, 560
local LABELS, NOTES, EDGE = 250, 206, 16
local AXIS, TITLE, ROW, REMARK, BETWEEN, LEGEND = 60, 34, 28, 22, 18, 40
local BAR = 14
local CHARACTER = 6.6 -- the width of a character of 12 pixels, on average

-- The colours of the two grounds; what they mean stands beside the bars in words, too.
local STYLE = [[
.sso-timeline { --ink: #1c2330; --muted: #667085; --line: #dfe3ea;
  --ground: #ffffff; --valid: #2f855a; --soon: #c27803; --future: #3b6fb6; --expired: #c0362c;
  --disabled: #98a2b3; --today: #1c2330;
  font: 12px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
@media (prefers-color-scheme: dark) { .sso-timeline { --ink: #e6e9ef; --muted: #98a2b3;
  --line: #323a47; --ground: #141922; --valid: #4fb286; --soon: #e0a030;
  --future: #6f9fe0; --expired: #ef6b60; --disabled: #667085; --today: #e6e9ef; } }
.sso-timeline .ground { fill: var(--ground); }
.sso-timeline text { fill: var(--ink); font-variant-numeric: tabular-nums; }
.sso-timeline .name { font-size: 14px; font-weight: 600; }
.sso-timeline text.muted, .sso-timeline tspan.muted { fill: var(--muted); }
.sso-timeline .tick { stroke: var(--line); }
.sso-timeline .zebra { fill: var(--ink); opacity: .035; }
.sso-timeline .today { stroke: var(--today); stroke-width: 1.5; }
.sso-timeline .badge { fill: var(--today); }
.sso-timeline .badge-text { fill: var(--ground); font-weight: 600; }
.sso-timeline .valid { fill: var(--valid); } .sso-timeline .soon { fill: var(--soon); }
.sso-timeline .future { fill: var(--future); } .sso-timeline .expired { fill: var(--expired); }
.sso-timeline .disabled { fill: none; stroke: var(--disabled); stroke-dasharray: 4 3; }
.sso-timeline .past { opacity: .35; }
.sso-timeline .renew { stroke: var(--ground); stroke-width: 2; }
.sso-timeline .arrow { fill: var(--muted); }
.sso-timeline .gap { fill: var(--expired); opacity: .16; }
.sso-timeline text.urgent { fill: var(--expired); font-weight: 600; }
.sso-timeline text.notice { fill: var(--soon); font-weight: 600; }
]]

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

local function escape(text)
    return (printable(text):gsub('[&<>"]', ESCAPES))
end

local function put(drawing, format, ...)
    drawing.out[#drawing.out + 1] = format:format(...)
end

-- Pixels from the left, never outside of the plot.
local function x_of(drawing, unix)
    local share = (unix - drawing.from) / (drawing.to - drawing.from)
    return drawing.left + math.max(0, math.min(1, share)) * (drawing.right - drawing.left)
end

local function put_text(drawing, x, y, class, text, anchor)
    put(drawing, '<text x="%.1f" y="%.1f"%s%s>%s</text>', x, y,
        class ~= "" and ' class="' .. class .. '"' or "",
        anchor and ' text-anchor="' .. anchor .. '"' or "", escape(text))
end

local function fitting(text, pixels)
    return printable.cut(printable(text), math.floor(pixels / CHARACTER))
end

-- ---- the parts --------------------------------------------------------------

local function put_axis(drawing)
    for _, tick in ipairs(drawing.ticks) do
        local x = x_of(drawing, tick.at)
        put(drawing, '<line class="tick" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>', x, 26, x,
            drawing.bottom)
        put_text(drawing, x, 20, "muted", tick.label, "middle")
    end
end

local function put_today(drawing)
    local x = x_of(drawing, drawing.at)
    local label = "today " .. moment.date(drawing.at)
    local width = #label * (CHARACTER + 0.9) + 18
    local left = math.max(drawing.left, math.min(drawing.right - width, x - width / 2))
    put(drawing, '<line class="today" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>', x, 40, x,
        drawing.bottom)
    put(drawing, '<rect class="badge" x="%.1f" y="30" width="%.1f" height="20" rx="10"/>', left,
        width)
    put_text(drawing, left + width / 2, 44, "badge-text", label, "middle")
end

local STATES = {
    valid = "valid", soon = "ends soon", future = "not yet valid", expired = "expired",
    disabled = "disabled", unreadable = "unreadable",
}

local function tool_tip(row)
    local lines = { ("certificate %s, %s"):format(printable(row.id), STATES[row.look]) }
    lines[#lines + 1] = row.subject
    if row.from and row.to then
        lines[#lines + 1] = ("%s to %s"):format(moment.minute(row.from), moment.minute(row.to))
        lines[#lines + 1] = "renew from " .. moment.date(row.renew_at)
    end
    lines[#lines + 1] = row.fingerprint and "sha256 " .. row.fingerprint or nil
    for i, line in ipairs(lines) do
        lines[i] = escape(line)
    end
    return table.concat(lines, "\n")
end

local function put_piece(drawing, y, from, to, class)
    local left, right = x_of(drawing, from), x_of(drawing, to)
    if to > from and right > left then
        put(drawing, '<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%d" rx="3"/>', class,
            left, y, math.max(2, right - left), BAR)
    end
end

-- What lies behind today is paler than what is to come.
local function put_bar(drawing, row, y)
    y = y + (ROW - BAR) / 2
    if row.look == "disabled" then
        put_piece(drawing, y, row.from, row.to, "disabled")
        return
    end
    put_piece(drawing, y, row.from, math.min(row.to, drawing.at), row.look .. " past")
    put_piece(drawing, y, math.max(row.from, drawing.at), row.to, row.look)
    if row.renew_at > drawing.at and row.renew_at < row.to and row.renew_at < drawing.to then
        local x = x_of(drawing, row.renew_at)
        put(drawing, '<line class="renew" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>', x, y, x,
            y + BAR)
    end
end

-- The end, and what to know about it, in two columns at the right.
local function put_note(drawing, row, middle)
    local class = row.look == "expired" and "urgent" or row.look == "soon" and "notice" or "muted"
    local text = STATES[row.look]
    if row.look == "valid" or row.look == "soon" then
        local days = math.floor((row.to - drawing.at) / moment.DAY)
        text = ("%.0f day%s left"):format(days, days == 1 and "" or "s")
    end
    if row.to then
        put_text(drawing, drawing.right + 18, middle, "muted", moment.date(row.to))
    end
    put_text(drawing, drawing.width - EDGE, middle, class, text, "end")
end

-- Points to what lies outside of the range.
local function put_arrows(drawing, row, y)
    local middle = y + ROW / 2
    if row.from < drawing.from then
        put(drawing, '<path class="arrow" d="M%.1f %.1fl-6 5l6 5z"/>', drawing.left, middle - 5)
    end
    if row.to > drawing.to then
        put(drawing, '<path class="arrow" d="M%.1f %.1fl6 5l-6 5z"/>', drawing.right, middle - 5)
    end
end

local function put_row(drawing, row, y, number)
    if number % 2 == 1 then
        put(drawing, '<rect class="zebra" x="%d" y="%d" width="%d" height="%d"/>', EDGE / 2, y,
            drawing.width - EDGE, ROW)
    end
    put(drawing, "<g><title>%s</title>", tool_tip(row))
    local middle = y + ROW / 2 + 4
    put(drawing, '<text x="%d" y="%.1f">%s <tspan class="muted">%s</tspan></text>', EDGE, middle,
        escape(row.id),
        escape(fitting(row.subject or "", LABELS - EDGE - 12
            - (printable.width(printable(row.id)) + 1) * (CHARACTER + 0.6))))
    if row.look ~= "unreadable" then
        put_bar(drawing, row, y)
        put_arrows(drawing, row, y)
    end
    put_note(drawing, row, middle)
    put(drawing, "</g>")
end

local function put_group(drawing, group, y)
    local title = group.name or group.id
    put_text(drawing, EDGE, y + 22, "name",
        fitting(title, (drawing.width - 2 * EDGE) * 0.8)
            .. (group.enabled == false and " (disabled)" or ""))
    y = y + TITLE
    for i, row in ipairs(group.rows) do
        put_row(drawing, row, y + (i - 1) * ROW, i)
    end
    local gaps = group.gaps
    if #group.rows > 0 and #group.covered == 0 then
        gaps = { { from = drawing.at, to = drawing.to } }
    end
    for _, gap in ipairs(gaps) do
        local left, right = x_of(drawing, gap.from), x_of(drawing, gap.to)
        put(drawing, '<rect class="gap" x="%.1f" y="%d" width="%.1f" height="%d"/>', left, y,
            math.max(2, right - left), #group.rows * ROW)
    end
    y = y + #group.rows * ROW
    for i, remark in ipairs(group.remarks) do
        put_text(drawing, EDGE, y + (i - 1) * REMARK + 16, remark.level,
            remark.text)
    end
    return y + #group.remarks * REMARK + BETWEEN
end

-- class, words, and whether the mark of the renewal stands within
local SAMPLES = {
    { "valid", "valid" }, { "soon", "ends soon" }, { "future", "not yet valid" },
    { "expired past", "expired" }, { "disabled", "disabled" }, { "gap", "none is valid" },
    { "valid", "renew from", true },
}

-- Where each sample stands: in as many lines as the width needs. → samples, number of lines
local function legend_of(width)
    local list, x, line = {}, EDGE, 1
    for i, sample in ipairs(SAMPLES) do
        local columns = 24 + #sample[2] * CHARACTER + 22
        if x > EDGE and x + columns > width then
            x, line = EDGE, line + 1
        end
        list[i] = { class = sample[1], words = sample[2], renew = sample[3], x = x, line = line }
        x = x + columns
    end
    return list, line
end

local function put_legend(drawing, samples, top)
    for _, sample in ipairs(samples) do
        local y = top + 8 + (sample.line - 1) * REMARK
        put(drawing, '<rect class="%s" x="%.1f" y="%.1f" width="18" height="10" rx="2"/>',
            sample.class, sample.x, y)
        if sample.renew then
            put(drawing, '<line class="renew" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>',
                sample.x + 10, y, sample.x + 10, y + 10)
        end
        put_text(drawing, sample.x + 24, y + 9, "muted", sample.words)
    end
end

-- ---- the document -----------------------------------------------------------

local function height_of(groups)
    local height = AXIS
    for _, group in ipairs(groups) do
        height = height + TITLE + #group.rows * ROW + #group.remarks * REMARK + BETWEEN
    end
    return height
end

-- The same in words, for those who do not see it.
local function description(drawing)
    local parts = {}
    for _, group in ipairs(drawing.groups) do
        local remarks = {}
        for i, remark in ipairs(group.remarks) do
            remarks[i] = remark.text
        end
        parts[#parts + 1] = ("%s: %d certificate%s%s."):format(printable(group.name or group.id),
            #group.rows, #group.rows == 1 and "" or "s",
            #remarks > 0 and ", " .. table.concat(remarks, ", ") or "")
    end
    return table.concat(parts, " ")
end

--- Draws a report.
---@param report sso.Report
---@param options {width: integer?, at: integer?}
---@return string svg
function M.draw(report, options)
    local width = math.max(LEAST_WIDTH, math.floor(options.width or WIDTH))
    local plot = width - LABELS - NOTES
    local drawing = layout.of(report, options.at, math.floor(plot / 60))
    drawing.out, drawing.width = {}, width
    drawing.left, drawing.right = LABELS, width - NOTES
    drawing.bottom = height_of(drawing.groups)
    local samples, lines = legend_of(width)
    local height = drawing.bottom + LEGEND + (lines - 1) * REMARK
    put(drawing, '<svg xmlns="http://www.w3.org/2000/svg" class="sso-timeline" width="%d" '
        .. 'height="%d" viewBox="0 0 %d %d" role="img" aria-label="Validity of certificates">',
        width, height, width, height)
    put(drawing, "<title>Validity of certificates on %s</title>", moment.date(drawing.at))
    put(drawing, "<desc>%s</desc>", escape(description(drawing)))
    put(drawing, "<style>%s</style>", STYLE)
    put(drawing, '<rect class="ground" width="%d" height="%d" rx="6"/>', width, height)
    put_axis(drawing)
    local y = AXIS
    for _, group in ipairs(drawing.groups) do
        y = put_group(drawing, group, y)
    end
    put_today(drawing)
    put_legend(drawing, samples, drawing.bottom)
    put(drawing, "</svg>")
    return table.concat(drawing.out, "\n") .. "\n"
end

return M
