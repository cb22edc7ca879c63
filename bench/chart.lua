-- chart.lua - the benchmark's picture: CPU time of a call as bars, the C program as the unit.

local M = {}

local WIDTH, LEFT, RIGHT, ROW, TOP = 760, 250, 120, 26, 62

local HEAD = [[
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d"
role="img" aria-label="CPU time of a call beside a C program">
<style>text{font:13px system-ui,sans-serif;fill:#1f2933}.t{font-weight:600}
.n{font-variant-numeric:tabular-nums}.s{font-size:11px;fill:#52606d}</style>
<rect width="100%%" height="100%%" fill="#fff"/>
<text x="16" y="24"
style="font-size:16px;font-weight:600">What a call costs beside the network</text>
]]

local COLOURS = { floor = "#64748b", ours = "#0f766e", other = "#b4b9c2" }

local function escape(text)
    return (text:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
end

local function find(tables, key)
    for _, t in ipairs(tables) do
        if t.key == key then
            return t
        end
    end
end

local function kind_of(row)
    return row.key == "c" and "floor" or row.key:find "^lua54" and "ours"
        or row.key:find "^luajit" and "ours" or "other"
end

-- Bars on a logarithmic axis: the contenders differ by a factor of 40.
local function bar(ratio, most)
    local scale = (WIDTH - LEFT - RIGHT) / math.log(math.max(most, 2) * 1.05 / 0.8)
    return math.log(math.max(ratio, 0.85) / 0.8) * scale
end

local function put(out, format, ...)
    out[#out + 1] = format:format(...)
end

local function panel(out, t, y)
    local most = 1
    for _, row in ipairs(t.rows) do
        most = math.max(most, row.ratio)
    end
    local title = escape("CPU time of a call, " .. t.title)
    put(out, '<text class="t" x="16" y="%d">%s</text>', y, title)
    for _, row in ipairs(t.rows) do
        y = y + ROW
        local length = bar(row.ratio, most)
        put(out, '<text x="%d" y="%d" text-anchor="end">%s</text>', LEFT - 10, y + 4,
            escape((row.name:gsub("^%s+", "… "))))
        put(out, '<rect x="%d" y="%d" width="%.1f" height="16" rx="2" fill="%s"/>', LEFT, y - 8,
            length, COLOURS[kind_of(row)])
        put(out, '<text class="n" x="%.1f" y="%d">%.2f ×, %.0f µs</text>', LEFT + length + 8, y + 4,
            row.ratio, row.cpu_us)
    end
    return y + 44
end

--- The picture, as far as the tables for it were measured.
function M.svg(tables, facts)
    local out, y = {}, TOP
    for _, key in ipairs { "in_turn", "at_64" } do
        local t = find(tables, key)
        if t then
            y = panel(out, t, y)
        end
    end
    put(out, '<text class="s" x="16" y="%d">%s</text>\n</svg>\n', y - 6, escape(
        ("logarithmic; 1 × is a C program with libcurl and cJSON. %s, %s"):format(facts.cpu,
            facts.date)))
    return HEAD:format(WIDTH, y + 12, WIDTH, y + 12) .. table.concat(out, "\n")
end

return M
