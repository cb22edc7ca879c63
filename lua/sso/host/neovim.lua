--- Neovim: coroutines are suspended, the main loop waits with vim.wait, callbacks run through
--- vim.schedule, so that they may use the whole API.

local shared = require "sso.host.uv"

local vim = rawget(_G, "vim")

-- Milliseconds of one vim.wait: Ctrl-C is told only at the end of it.
local SLICE = 100

-- What vim.wait gives when somebody pressed Ctrl-C.
local INTERRUPTED = -2

local function is_calm()
    return not vim.in_fast_event()
end

-- Each event of the loop makes vim.wait look again: a slice is not how late an answer comes.
local function block(over, seconds)
    local uv = vim.loop or vim.uv
    local deadline = seconds and uv.now() + seconds * 1000
    while true do
        local left = deadline and deadline - uv.now() or SLICE
        local done, why = vim.wait(math.max(0, math.min(SLICE, math.ceil(left))), over)
        if done or left <= 0 then
            return true
        elseif why == INTERRUPTED then
            return false
        end
    end
end

local host = shared.new {
    uv = vim.loop or vim.uv,
    schedule = vim.schedule,
    is_calm = is_calm,
    rest = function()
        return false
    end,
    block = block,
    -- Neovim shows an error of a scheduled function in its message area
    complain = function(message)
        vim.schedule(function()
            error(message, 0)
        end)
    end,
}

--- Why a call cannot be made from here, or nil.
---@param has_callback boolean
---@return string? message
function host.refuse(has_callback)
    if has_callback or is_calm() or shared.suspendable() then
        return nil
    end
    return "Neovim's fast events can neither wait nor block: pass a callback, make the call "
        .. "inside a coroutine, or from vim.schedule"
end

return host
