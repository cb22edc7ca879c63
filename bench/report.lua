-- report.lua - the benchmark's tables: on the screen, as Markdown, and as JSON.

local M = {}

-- Columns that a terminal needs for a text: multi-byte characters count as one.
local function width(text)
    return utf8.len(text) or #text
end

local function left(text, columns)
    return text .. (" "):rep(columns - width(text))
end

local function right(text, columns)
    return (" "):rep(columns - width(text)) .. text
end

local function cell(row, column)
    local value = row[column[2]]
    if value == nil then
        return ""
    end
    return column[3]:format(column[4] and value * column[4] or value)
end

--- One table for a terminal.
function M.text(t)
    local lines = { "", t.title }
    local name = 24
    for _, row in ipairs(t.rows) do
        name = math.max(name, width(row.name))
    end
    local head, widths = (" "):rep(name), {}
    for i, column in ipairs(t.columns) do
        widths[i] = math.max(8, width(column[1]))
        for _, row in ipairs(t.rows) do
            widths[i] = math.max(widths[i], width(cell(row, column)))
        end
        head = head .. "  " .. right(column[1], widths[i])
    end
    lines[#lines + 1] = head
    for _, row in ipairs(t.rows) do
        local line = left(row.name, name)
        for i, column in ipairs(t.columns) do
            line = line .. "  " .. right(cell(row, column), widths[i])
        end
        lines[#lines + 1] = line
    end
    return table.concat(lines, "\n")
end

--- One table as Markdown.
function M.markdown(t)
    local head, rule = { t.title }, { "---" }
    for _, column in ipairs(t.columns) do
        head[#head + 1], rule[#rule + 1] = column[1], "---:"
    end
    local lines = {
        "| " .. table.concat(head, " | ") .. " |",
        "|" .. table.concat(rule, "|") .. "|",
    }
    for _, row in ipairs(t.rows) do
        local cells = { (row.name:gsub("^%s+", "")) }
        for _, column in ipairs(t.columns) do
            cells[#cells + 1] = cell(row, column)
        end
        lines[#lines + 1] = "| " .. table.concat(cells, " | ") .. " |"
    end
    return table.concat(lines, "\n") .. "\n"
end

--- Machine and versions in two lines.
function M.facts(facts)
    return ("%s, %d CPUs, Linux %s, load %.1f, %s\n"):format(facts.cpu, facts.cpus, facts.kernel,
        facts.load, facts.date) .. ("sendgrid-sso %s, libcurl %s, %s, lua-cjson %s"):format(
        facts.module, facts.libcurl, facts.tls, facts.cjson)
end

local function row_of(tables, key, row_key)
    for _, t in ipairs(tables) do
        for _, row in ipairs(t.key == key and t.rows or {}) do
            if row.key == row_key then
                return row
            end
        end
    end
end

--- The README's table: a row a contender, of the CPU and the start.
function M.summary(tables)
    local lines = {
        "| | CPU µs a call, in turn | to C | 64 at once | to C | cold start, ms |",
        "|---|---:|---:|---:|---:|---:|",
    }
    local function add(key, name)
        local turn, once = row_of(tables, "in_turn", key), row_of(tables, "at_64", key)
        local cold = row_of(tables, "cold", key)
        lines[#lines + 1] = ("| %s | %s | %s | %s | %s | %s |"):format(name,
            turn and ("%.0f"):format(turn.cpu_us) or "", turn and ("%.2f"):format(turn.ratio) or "",
            once and ("%.0f"):format(once.cpu_us) or "", once and ("%.2f"):format(once.ratio) or "",
            cold and ("%.0f"):format(cold.wall_ms) or "")
    end
    for _, t in ipairs(tables) do
        for _, row in ipairs(t.key == "in_turn" and t.rows or {}) do
            if not row.key:find "_off$" then
                add(row.key, row.name)
            end
        end
    end
    add("curl", "the curl program")
    return table.concat(lines, "\n") .. "\n"
end

--- Everything as JSON: `{facts, missing, tables = {KEY = {title, rows = {KEY = {…}}}}, targets}`.
function M.json(facts, missing, tables, targets)
    local document = { facts = facts, tables = {}, targets = targets }
    document.missing = #missing > 0 and missing or nil
    for _, t in ipairs(tables) do
        local rows = {}
        for _, row in ipairs(t.rows) do
            rows[row.key] = {}
            for key, value in pairs(row) do
                if key ~= "key" then
                    rows[row.key][key] = value
                end
            end
        end
        document.tables[t.key] = { title = t.title, rows = rows }
    end
    return require "cjson".encode(document) .. "\n"
end

return M
