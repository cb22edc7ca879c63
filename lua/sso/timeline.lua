--- The validity of certificates as bars on an axis of time, today marked, so that a gap or an end
--- in sight is seen at a glance: for terminals here, for documents in `sso.timeline.svg`.
--
-- One column of a terminal can be weeks.  With Unicode the end of a bar is drawn by eighths of a
-- column; what lies behind today is shaded, what is still to come is solid.

local layout = require "sso.timeline.layout"
local misuse = require "sso.misuse"
local moment = require "sso.moment"
local printable = require "sso.printable"

local M = {}

local OPTIONS = { width = "seconds", ascii = "boolean", colour = "boolean", at = "seconds" }

local UNICODE = {
    past = "░", future = "█", half = "▐", off = "╌", today = "│", before = "◂", after = "▸",
    covered = "━", gap = "╳", tick = "╵", marker = "▼",
    eighths = { "▏", "▎", "▍", "▌", "▋", "▊", "▉" },
}
local ASCII = {
    past = "-", future = "#", half = "#", off = "~", today = "|", before = "<", after = ">",
    covered = "=", gap = "x", tick = "'", marker = "v", mark = ".",
    eighths = {},
}

local COLOURS = {
    valid = "32", soon = "33", future = "36", expired = "31", disabled = "90", unreadable = "31",
    covered = "32", gap = "1;31", notice = "33", urgent = "1;31", muted = "90", title = "1",
    axis = "90", today = "1",
}

local WORDS = { expired = "expired", disabled = "disabled", future = "not yet" }

-- ---- rows of cells ----------------------------------------------------------

-- A row of the plot: cells with a glyph and the name of a colour.
local function new_cells(columns)
    local cells = {}
    for i = 1, columns do
        cells[i] = { " ", "none" }
    end
    return cells
end

local function render(cells, style)
    local parts, open = {}, nil
    for _, cell in ipairs(cells) do
        local colour = style.colour and COLOURS[cell[2]] or nil
        if colour ~= open then
            parts[#parts + 1] = open and "\27[0m" or ""
            parts[#parts + 1] = colour and "\27[" .. colour .. "m" or ""
            open = colour
        end
        parts[#parts + 1] = cell[1]
    end
    return table.concat(parts) .. (open and "\27[0m" or "")
end

-- Where a moment is, in columns from the left: 0 is the left edge.
local function position(drawing, unix)
    return (unix - drawing.from) / (drawing.to - drawing.from) * drawing.columns
end

-- Fills the cells between two moments, with glyphs that depend on the side of today.
local function put_bar(drawing, cells, from, to, colour)
    local glyphs = drawing.style.glyphs
    local left, right = position(drawing, from), position(drawing, to)
    local today = math.floor(position(drawing, drawing.at)) + 1
    local first = math.max(1, math.floor(left) + 1)
    -- shades have no eighths: what ended before today is rounded
    local whole = to < drawing.at and math.floor(right + 0.5) or math.ceil(right)
    local last = math.min(drawing.columns, math.max(whole, first))
    for i = first, last do
        cells[i] = {
            colour == "disabled" and glyphs.off or i < today and glyphs.past or glyphs.future,
            colour,
        }
    end
    if colour ~= "disabled" and last > first then
        local part = right - math.floor(right)
        if last > today and right < drawing.columns and part > 0 then
            cells[last][1] = glyphs.eighths[math.max(1, math.floor(part * 8))] or glyphs.future
        end
        if first > today and left % 1 >= 0.5 then
            cells[first][1] = glyphs.half
        end
    end
    if left < 0 then
        cells[1][1] = glyphs.before
    end
    if right > drawing.columns then
        cells[drawing.columns][1] = glyphs.after
    end
end

local function put_today(drawing, cells)
    local column = math.floor(position(drawing, drawing.at)) + 1
    cells[column] = { drawing.style.glyphs.today, "today" }
end

-- Bars outside of the range, such as of one that expired years ago, leave an arrow at the edge.
local function bar_cells(drawing, row)
    local cells = new_cells(drawing.columns)
    local glyphs = drawing.style.glyphs
    if row.look ~= "unreadable" then
        if row.to <= drawing.from then
            cells[1] = { glyphs.before, row.look }
        elseif row.from >= drawing.to then
            cells[drawing.columns] = { glyphs.after, row.look }
        else
            put_bar(drawing, cells, row.from, row.to, row.look)
        end
    end
    put_today(drawing, cells)
    return cells
end

local function coverage_cells(drawing, group)
    local cells, glyphs = new_cells(drawing.columns), drawing.style.glyphs
    local function put(spans, glyph, colour)
        for _, span in ipairs(spans) do
            local first = math.floor(position(drawing, span.from)) + 1
            local last = math.max(first, math.ceil(position(drawing, span.to)))
            for i = math.max(1, first), math.min(drawing.columns, last) do
                cells[i] = { glyph, colour }
            end
        end
    end
    put(group.covered, glyphs.covered, "covered")
    put(group.gaps, glyphs.gap, "gap")
    if #group.covered == 0 then
        put({ { from = drawing.at, to = drawing.to } }, glyphs.gap, "gap")
    end
    put_today(drawing, cells)
    return cells
end

-- ---- lines ------------------------------------------------------------------

local function paint(style, text, colour)
    if style.colour and text ~= "" then
        return ("\27[%sm%s\27[0m"):format(COLOURS[colour], text)
    end
    return text
end

local function label_of(style, row)
    local subject = row.subject and " " .. style.text(row.subject) or ""
    return "  " .. style.text(row.id) .. subject
end

-- The end and what to know about it, in so many columns: "2027-02-05     21 d".
local function note_of(row, at, columns, mark)
    if columns == 0 then
        return ""
    end
    local text = "unreadable"
    if row.look ~= "unreadable" then
        local word = WORDS[row.look]
            or ("%.0f d"):format(math.floor((row.to - at) / moment.DAY))
        text = moment.date(row.to)
        text = columns < 12 and text or text .. " " .. printable.pad(word, 8, true)
    end
    -- a server may name years of any length
    return printable.cut(text, columns, mark)
end

local function put_line(out, text)
    out[#out + 1] = (text:gsub(" +$", ""))
end

-- Two lines: the labels, and below each a tick.
local function put_axis(out, drawing)
    local labels, ticks = new_cells(drawing.columns), new_cells(drawing.columns)
    local free = 1
    for _, tick in ipairs(drawing.ticks) do
        local column = math.floor(position(drawing, tick.at)) + 1
        if column >= free and column + #tick.label - 1 <= drawing.columns then
            for i = 1, #tick.label do
                labels[column + i - 1] = { tick.label:sub(i, i), "axis" }
            end
            free = column + #tick.label + 1
        end
        if column >= 1 and column <= drawing.columns then
            ticks[column] = { drawing.style.glyphs.tick, "axis" }
        end
    end
    local today = math.floor(position(drawing, drawing.at)) + 1
    ticks[today] = { drawing.style.glyphs.marker, "today" }
    local indent = (" "):rep(drawing.label_columns)
    put_line(out, indent .. render(labels, drawing.style))
    put_line(out, indent .. render(ticks, drawing.style) .. paint(drawing.style,
        drawing.note_columns > 10 and "  today " .. moment.date(drawing.at) or "", "axis"))
end

local function put_row(out, drawing, label, cells, note, colour)
    local style = drawing.style
    local cut = printable.cut(label, drawing.label_columns - 1, style.glyphs.mark)
    put_line(out, printable.pad(cut, drawing.label_columns) .. render(cells, style)
        .. (note ~= "" and "  " .. paint(style, note, colour) or ""))
end

local function put_group(out, drawing, group)
    local style = drawing.style
    local title = style.text(group.name or group.id)
    if group.enabled == false then
        title = title .. " (disabled)"
    end
    put_line(out, "")
    put_line(out, paint(style, printable.cut(title, drawing.width, style.glyphs.mark), "title"))
    for _, row in ipairs(group.rows) do
        put_row(out, drawing, label_of(style, row), bar_cells(drawing, row),
            note_of(row, drawing.at, drawing.note_columns, style.glyphs.mark), row.look)
    end
    if #group.rows > 1 then
        put_row(out, drawing, "  covered", coverage_cells(drawing, group), "", "covered")
    end
    for _, remark in ipairs(group.remarks) do
        for i, line in ipairs(printable.wrap(remark.text, drawing.width - 4)) do
            put_line(out, (i == 1 and "  ! " or "    ")
                .. paint(style, line, remark.level))
        end
    end
end

-- What the glyphs mean, of those that are there to be seen.
local function put_legend(out, drawing)
    local glyphs, seen = drawing.style.glyphs, {}
    local text = table.concat(out, "\n")
    for _, entry in ipairs {
        { glyphs.past, "past" }, { glyphs.future, "to come" }, { glyphs.off, "disabled" },
        { glyphs.covered, "some certificate is valid" }, { glyphs.gap, "none is valid" },
        { glyphs.today, "today" },
    } do
        if text:find(entry[1]:rep(entry[1] == glyphs.today and 1 or 2), 1, true) then
            seen[#seen + 1] = entry[1] .. " " .. entry[2]
        end
    end
    local line = ""
    put_line(out, "")
    for _, text_of_entry in ipairs(seen) do
        if printable.width(line .. text_of_entry) + 3 > drawing.width then
            put_line(out, paint(drawing.style, line, "axis"))
            line = ""
        end
        line = line == "" and text_of_entry or line .. "   " .. text_of_entry
    end
    put_line(out, paint(drawing.style, line, "axis"))
end

-- Shares the width among labels, bars and notes.
local function share(report, style, width)
    local needed = 11
    for _, integration in ipairs(report.integrations) do
        for _, certificate in ipairs(integration.certificates) do
            needed = math.max(needed, printable.width(label_of(style, certificate)) + 1)
        end
    end
    local labels = math.min(needed, math.max(12, math.floor(width * 0.3)))
    local notes = width >= 64 and 19 or width >= 48 and 10 or 0
    return labels, width - labels - notes - (notes > 0 and 2 or 0), notes
end

local function check(report, options, name)
    options = misuse.check_options(name, options, OPTIONS)
    if type(report) ~= "table" or type(report.integrations) ~= "table" then
        misuse.raise(name .. ": a report of check_certificates is expected")
    end
    return options
end

--- Draws a timeline for a terminal.
---@param report sso.Report  what `check_certificates` returned
---@param options? {width: integer?, ascii: boolean?, colour: boolean?, at: integer?}  columns (80,
---at least 40); ASCII characters only; ANSI colours; what counts as today (the report's own time)
---@return string text  no line is longer than the width
function M.text(report, options)
    options = check(report, options, "timeline")
    local style = {
        glyphs = options.ascii and ASCII or UNICODE,
        text = options.ascii and printable.ascii or printable.text,
        colour = options.colour,
    }
    local width = math.max(40, math.floor(options.width or 80))
    local labels, columns, notes = share(report, style, width)
    local drawing = layout.of(report, options.at, math.floor(columns / 6))
    drawing.style, drawing.width, drawing.columns = style, width, columns
    drawing.label_columns, drawing.note_columns = labels, notes
    local out = {}
    put_axis(out, drawing)
    for _, group in ipairs(drawing.groups) do
        put_group(out, drawing, group)
    end
    if #drawing.groups == 0 then
        put_line(out, "no integration")
    end
    put_legend(out, drawing)
    return table.concat(out, "\n") .. "\n"
end

--- Draws a timeline as a document of its own (SVG), which can also stand inside a page of HTML.
---@param report sso.Report
---@param options? {width: integer?, at: integer?}  pixels (960); what counts as today
---@return string svg
function M.svg(report, options)
    options = check(report, options, "timeline")
    return require("sso.timeline.svg").draw(report, options)
end

return M
