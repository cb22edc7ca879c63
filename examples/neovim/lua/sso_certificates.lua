-- A floating window with the certificates of SendGrid's SSO integrations: a bar from the first to
-- the last day of each, and today as a line through all of them.  q closes it, r asks again.
--
-- The calls are made in a coroutine, as if they were plain ones; Neovim goes on meanwhile, and the
-- coroutine goes on where the API may be used.
-- luacheck: globals vim

local sso = require "sso"

local M = {}

local api = vim.api
local namespace = api.nvim_create_namespace "sso_certificates"

local DAY = 86400
local SOON = 30 * DAY

-- Cells of the longest text behind a bar, and of the least bar that says something.
local TEXT, LEAST = 34, 16

local function date(time)
    return os.date("!%Y-%m-%d", time)
end

local function days(seconds)
    local n = math.floor(seconds / DAY)
    return n == 1 and "1 day" or n .. " days"
end

-- What to say about a certificate, and the highlight group that says it in a colour.
local function judge(certificate, now)
    if now >= certificate.not_after then
        local ago = days(now - certificate.not_after)
        return ("ended %s, %s ago"):format(date(certificate.not_after), ago), "DiagnosticError"
    elseif now < certificate.not_before then
        return "begins " .. date(certificate.not_before), "DiagnosticHint"
    end
    local left = certificate.not_after - now
    return ("until %s, %s left"):format(date(certificate.not_after), days(left)),
        left < SOON and "DiagnosticWarn" or "DiagnosticInfo"
end

-- Maps times to cells 1 to width, so that every certificate and today have a place.
local function scale_of(certificates, now, width)
    local first, last = now, now + 1
    for _, certificate in ipairs(certificates) do
        first = math.min(first, certificate.not_before)
        last = math.max(last, certificate.not_after)
    end
    return function(time)
        return math.floor((time - first) / (last - first) * (width - 1) + 0.5) + 1
    end, first, last
end

local function bar_of(certificate, cell_of, now, width)
    local from, to = cell_of(certificate.not_before), cell_of(certificate.not_after)
    local cells = {}
    for i = 1, width do
        cells[i] = i >= from and i <= to and "█" or "·"
    end
    cells[cell_of(now)] = "┃"
    return table.concat(cells)
end

-- The line above the bars: the first day, today, the last day.
local function heading(cell_of, first, last, now, indent, width)
    local today = cell_of(now)
    local at = math.max(1, math.min(today - 2, width - 4))
    local line = (" "):rep(indent + at - 1) .. "today"
    return { (" "):rep(indent) .. date(first) .. (" "):rep(width - 20) .. date(last), line }
end

--- The lines that show certificates, and what to highlight in them.
---@param certificates sso.Certificate[]
---@param now integer  unix seconds
---@param columns integer  cells that a line may take
---@return string[] lines
---@return table[] marks  {line, first byte, last byte, group}, lines from 0
function M.render(certificates, now, columns)
    if #certificates == 0 then
        return { " no certificates" }, {}
    end
    table.sort(certificates, function(a, b)
        return a.not_after < b.not_after
    end)
    local names = 0
    for _, certificate in ipairs(certificates) do
        names = math.max(names, #tostring(certificate.id))
    end
    local indent = names + 3
    local width = math.max(LEAST + 4, columns - indent - TEXT)
    local cell_of, first, last = scale_of(certificates, now, width)
    local lines = heading(cell_of, first, last, now, indent, width)
    local marks = {}
    for _, certificate in ipairs(certificates) do
        local name = (" %-" .. names .. "s  "):format(tostring(certificate.id))
        local bar = bar_of(certificate, cell_of, now, width)
        local text, group = judge(certificate, now)
        lines[#lines + 1] = name .. bar .. "  " .. text
        marks[#marks + 1] = { #lines - 1, #name, #name + #bar, group }
    end
    return lines, marks
end

local function show(window, buffer, lines, marks)
    if not api.nvim_buf_is_valid(buffer) then
        return -- closed meanwhile
    end
    vim.bo[buffer].modifiable = true
    api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
    vim.bo[buffer].modifiable = false
    for _, mark in ipairs(marks) do
        api.nvim_buf_add_highlight(buffer, namespace, mark[4], mark[1], mark[2], mark[3])
    end
    if api.nvim_win_is_valid(window) then
        api.nvim_win_set_height(window, math.max(1, math.min(#lines, vim.o.lines - 4)))
    end
end

local function load(window, buffer, columns, integration_id)
    show(window, buffer, { " asking SendGrid …" }, {})
    coroutine.wrap(function()
        local certificates, err
        if integration_id then
            certificates, err = sso.list_certificates(integration_id)
        else
            certificates, err = sso.list_all_certificates()
        end
        if certificates then
            show(window, buffer, M.render(certificates, os.time(), columns))
        else
            show(window, buffer, { " " .. tostring(err) }, { { 0, 0, -1, "DiagnosticError" } })
        end
    end)()
end

--- Opens the window and fills it when the answers are there.
---@param integration_id? string  nil: all integrations
function M.open(integration_id)
    local columns = math.min(110, vim.o.columns - 4)
    local buffer = api.nvim_create_buf(false, true)
    vim.bo[buffer].bufhidden = "wipe"
    local window = api.nvim_open_win(buffer, true, {
        relative = "editor",
        row = 1,
        col = math.floor((vim.o.columns - columns) / 2) - 1,
        width = columns,
        height = 1,
        style = "minimal",
        border = "rounded",
    })
    local function map(key, fn)
        vim.keymap.set("n", key, fn, { buffer = buffer, nowait = true })
    end
    local function close()
        api.nvim_win_close(window, true)
    end
    map("q", close)
    map("<Esc>", close)
    map("r", function()
        load(window, buffer, columns, integration_id)
    end)
    load(window, buffer, columns, integration_id)
end

return M
