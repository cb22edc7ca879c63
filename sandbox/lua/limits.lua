-- The rate limit, when its switch is on: a fixed number of calls in a window that begins with
-- its first call and ends at the whole second that X-RateLimit-Reset tells.

local answer = require "answer"
local switches = require "switches"

local M = { used = 0, reset_at = 0 }

function M.reset()
    M.used, M.reset_at = 0, 0
end

-- Counts one call. → the headers that every answer carries (nil when there is no limit), and the
-- 429 if it is one too many
function M.count(now)
    local limit = switches.now.rate_limit
    if not limit then
        return nil
    end
    if now >= M.reset_at then
        M.used, M.reset_at = 0, math.ceil(now + limit.window)
    end
    M.used = M.used + 1
    local headers = {
        { "X-RateLimit-Limit", string.format("%d", limit.limit) },
        { "X-RateLimit-Remaining", string.format("%d", math.max(0, limit.limit - M.used)) },
        { "X-RateLimit-Reset", string.format("%d", M.reset_at) },
    }
    if M.used > limit.limit then
        return headers, answer.problem(429, "too many requests")
    end
    return headers
end

return M
