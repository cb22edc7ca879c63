--- The one place where the command line writes: standard output, gathered and written at once so
--- that a reader who has gone or a full disk is noticed; standard error for what is not the result.
--
-- What others wrote goes through printable(); colours come after it, on a terminal alone.

local core = require "sso.core"
local json = require "sso.json"
local printable = require "sso.printable"

local M = {}
local Output = {}
Output.__index = Output

local STYLES = {
    bold = "1", dim = "2", red = "31", green = "32", yellow = "33", cyan = "36",
}

-- Narrowest terminal that is believed, and the least a shortened column keeps.
local NARROWEST, LEAST = 20, 8

local function variable(name)
    local value = os.getenv(name)
    return value ~= "" and value or nil
end

local function is_unicode()
    local locale = variable "LC_ALL" or variable "LC_CTYPE" or variable "LANG" or ""
    return locale:upper():find "UTF%-?8" ~= nil
end

local function told_width()
    local columns = tonumber((variable "COLUMNS" or ""):match "^%d+$")
    return columns and columns >= NARROWEST and columns or nil
end

--- Looks at the process's files and environment.
---@return table output
function M.new()
    local terminal = core.terminal()
    local colours = not variable "NO_COLOR" and variable "TERM" ~= "dumb"
    return setmetatable({
        terminal = terminal,
        colour = colours and terminal.stdout,
        warn_colour = colours and terminal.stderr,
        --- columns of standard output; nil: as wide as it likes
        width = told_width() or (terminal.stdout and terminal.columns) or nil,
        unicode = is_unicode(),
        arrow = is_unicode() and "→" or "->",
        parts = {},
        problem = nil,
    }, Output)
end

--- Appends text as it is.
function Output:write(text)
    self.parts[#self.parts + 1] = text
end

--- Appends a line that may hold what others wrote.
function Output:line(text)
    self:write(printable(text or "") .. "\n")
end

--- Appends a line as wide as the terminal, what follows its first line indented.
function Output:fold(text, indent)
    local room = (self.width or math.huge) - #(indent or "")
    for i, line in ipairs(printable.wrap(printable(text), math.max(room, NARROWEST))) do
        self:write((i > 1 and indent or "") .. line .. "\n")
    end
end

--- Appends a value as JSON.
function Output:document(value, is_list)
    self:write(json.encode(value, is_list))
end

--- Writes what was gathered.
---@return boolean ok  false: it could not be written, now or earlier
function Output:flush()
    local text = table.concat(self.parts)
    self.parts = {}
    if text == "" or self.problem then
        return not self.problem
    end
    self:clear()
    local ok, why = io.stdout:write(text)
    if ok then
        ok, why = io.stdout:flush()
    end
    if not ok then
        self.problem = why or "it cannot be written to"
    end
    return not self.problem
end

--- Marks a text that is fit to be shown.
function Output:paint(style, text)
    return style and self.colour and ("\27[%sm%s\27[0m"):format(STYLES[style], text) or text
end

-- ---- standard error ----------------------------------------------------------------

local function complain(self, style, word, text)
    self:flush()
    self:clear()
    if style and self.warn_colour then
        word = ("\27[%sm%s\27[0m"):format(STYLES[style], word)
    end
    io.stderr:write(word, printable(text), "\n")
end

function Output:error(text)
    complain(self, "red", "sendgrid-sso: ", text)
end

function Output:warn(text)
    complain(self, "yellow", "warning: ", text)
end

--- A line for people who look on, not part of the result.
function Output:note(text)
    complain(self, nil, "", text)
end

--- Has what `fn` appends written to standard error when `aside`, else to standard output, at once.
function Output:aside(aside, fn)
    if not aside then
        fn()
        return self:flush()
    end
    self:flush()
    fn()
    local text = table.concat(self.parts)
    self.parts = {}
    self:clear()
    io.stderr:write(text)
end

--- Asks on the terminal; false unless the answer is y or yes.
function Output:ask(question)
    self:flush()
    self:clear()
    io.stderr:write(printable(question), " [y/N] ")
    io.stderr:flush()
    local answer = io.read "*l"
    if not answer then
        io.stderr:write "\n"
        return false
    end
    answer = answer:lower():match "^%s*(.-)%s*$"
    return answer == "y" or answer == "yes"
end

--- Shows how far long work is, on a terminal alone, until something else is written.
function Output:progress(text)
    if self.terminal.stderr then
        local room = math.max((self.terminal.columns or 80) - 1, 1)
        io.stderr:write("\r\27[K", printable.cut(printable(text), room, "."))
        io.stderr:flush()
        self.shows_progress = true
    end
end

function Output:clear()
    if self.shows_progress then
        io.stderr:write "\r\27[K"
        io.stderr:flush()
        self.shows_progress = false
    end
end

-- ---- tables ------------------------------------------------------------------------

local function text_of(cell)
    return type(cell) == "table" and cell[1] or cell or ""
end

local function natural_widths(columns, rows)
    local widths = {}
    for i, column in ipairs(columns) do
        widths[i] = printable.width(column.title)
        for _, row in ipairs(rows) do
            widths[i] = math.max(widths[i], printable.width(row[i].text))
        end
    end
    return widths
end

local function total(widths)
    local sum = 2 * (#widths - 1)
    for _, width in ipairs(widths) do
        sum = sum + width
    end
    return sum
end

-- Takes from the widest of the columns that may be cut until the table fits.  False: it cannot.
local function shrink(columns, widths, room)
    local over = total(widths) - room
    while over > 0 do
        local widest
        for i, column in ipairs(columns) do
            if column.flexible and widths[i] > (column.least or LEAST) and
                (not widest or widths[i] > widths[widest]) then
                widest = i
            end
        end
        if not widest then
            return false
        end
        widths[widest] = widths[widest] - 1
        over = over - 1
    end
    return true
end

-- The column that matters least, or nil.
local function most_dispensable(columns)
    local found
    for i, column in ipairs(columns) do
        if column.drop and (not found or column.drop >= columns[found].drop) then
            found = i
        end
    end
    return found
end

local function without(list, number)
    local rest = {}
    for i, element in ipairs(list) do
        if i ~= number then
            rest[#rest + 1] = element
        end
    end
    return rest
end

local function fit(columns, rows, room)
    while true do
        local widths = natural_widths(columns, rows)
        local drop = most_dispensable(columns)
        if not room or shrink(columns, widths, room) or not drop then
            return columns, rows, widths
        end
        columns = without(columns, drop)
        for i, row in ipairs(rows) do
            rows[i] = without(row, drop)
        end
    end
end

-- Leaves the first line of each last cell in its row. → the lines that go below, by row
local function wrap_last(cells, widths)
    local below = {}
    for number, row in ipairs(cells) do
        local lines = printable.wrap(row[#row].text, widths[#widths])
        row[#row].text = table.remove(lines, 1) or ""
        below[number] = lines
    end
    return below
end

--- Appends a table.
---@param columns table[]  title; flexible: may be cut, to `least` columns; drop: may go, the
--- highest number first; right: numbers; wraps: the last column goes on below itself, uncut
---@param rows (string|{[1]: string, [2]: string})[][]  a cell is a text, or a text and a style
function Output:table(columns, rows)
    local cells = {}
    for i, row in ipairs(rows) do
        cells[i] = {}
        for j in ipairs(columns) do
            local cell = row[j]
            cells[i][j] = {
                text = printable(text_of(cell)),
                style = type(cell) == "table" and cell[2] or nil,
            }
        end
    end
    local widths
    columns, cells, widths = fit(columns, cells, self.width)
    local head = {}
    for i, column in ipairs(columns) do
        head[i] = { text = column.title, style = "bold" }
    end
    table.insert(cells, 1, head)
    local below = columns[#columns].wraps and wrap_last(cells, widths) or {}
    for number, row in ipairs(cells) do
        local parts = {}
        for i, cell in ipairs(row) do
            local text = printable.cut(cell.text, widths[i], self.unicode and "…" or "~")
            if i < #row or columns[i].right then
                text = printable.pad(text, widths[i], columns[i].right)
            end
            parts[i] = self:paint(cell.style, text)
        end
        self:write(table.concat(parts, "  "):gsub(" +$", "") .. "\n")
        for _, line in ipairs(below[number] or {}) do
            self:write((" "):rep(total(widths) - widths[#widths]) .. line .. "\n")
        end
    end
end

--- Appends lines of a name and a value each; a long value goes on below its beginning.
---@param rows {[1]: string, [2]: string, [3]: string?}[]  name, value, style
function Output:details(rows)
    local widest = 0
    for _, row in ipairs(rows) do
        widest = math.max(widest, printable.width(row[1]))
    end
    local room = math.max((self.width or math.huge) - widest - 2, NARROWEST)
    for _, row in ipairs(rows) do
        local label = row[1]
        for _, line in ipairs(printable.wrap(printable(row[2]), room)) do
            local name = self:paint(label ~= "" and "bold" or nil, printable.pad(label, widest))
            self:write((name .. "  " .. self:paint(row[3], line)):gsub(" +$", "") .. "\n")
            label = ""
        end
    end
end

return M
