--- Neovim: coroutines are suspended, the main loop waits with vim.wait, callbacks run through
--- vim.schedule, so that they may use the whole API.

local shared = require "sso.host.uv"

local vim = vim

-- vim.wait takes milliseconds in 32 bits.
local LONGEST = 2 ^ 31 - 1

-- What vim.wait gives when somebody pressed Ctrl-C.
local INTERRUPTED = -2

local function is_calm()
    return not vim.in_fast_event()
end

-- Each event of the loop makes vim.wait look again, so its own interval hardly matters.
local function block(over, seconds)
    local ms = seconds and math.min(math.ceil(seconds * 1000), LONGEST) or LONGEST
    local done, why = vim.wait(ms, over)
    return done or why ~= INTERRUPTED
end

local host = shared.new {
    uv = vim.loop or vim.uv,
    schedule = vim.schedule,
    is_calm = is_calm,
    is_at_rest = function()
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
