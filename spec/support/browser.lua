--- Debian's chromium without a window: what a page looks like, and what became of it.

local process = require "process"

local M = {}

local function output(command)
    local pipe = assert(io.popen(command))
    local text = pipe:read "*a"
    pipe:close()
    return (text:gsub("%s+$", ""))
end

-- Standard error is chromium's own talk about buses and graphics cards.
local SCRIPT = [[
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
unset LD_PRELOAD
chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars \
    --no-first-run --user-data-dir="$profile" --virtual-time-budget=2000 "$@" 2>"$profile/log" \
    || cat "$profile/log"
]]

local function run(...)
    local done = process.run({ "sh", "-c", SCRIPT, "chromium", ... }, {}, 120)
    assert(not done.timed_out and done.status == 0, done.output)
    return done.output
end

function M.is_there()
    return output "command -v chromium" ~= ""
end

--- Takes a picture of a page.
---@param url string
---@param path string  a PNG is written there
---@param width integer  pixels
---@param height integer
---@param dark? boolean  as someone sees it who prefers dark grounds
---@return string html  the document as it stands once the page is loaded
function M.picture(url, path, width, height, dark)
    os.remove(path)
    return run("--window-size=" .. width .. "," .. height, "--screenshot=" .. path,
        "--blink-settings=preferredColorScheme=" .. (dark and 0 or 1), "--dump-dom", url)
end

--- How many pixels of a picture have a colour.
---@param path string
---@param colours string[]  RRGGBB
---@return table<string, integer>, integer width, integer height
function M.colours(path, colours)
    local said = output(("python3 spec/support/png_colours.py %s %s"):format(path,
        table.concat(colours, " ")))
    local counts = {}
    for colour, count in said:gmatch "(%x%x%x%x%x%x) (%d+)" do
        counts[colour] = tonumber(count)
    end
    local width, height = said:match "^(%d+)x(%d+)"
    assert(width, said)
    return counts, tonumber(width), tonumber(height)
end

return M
