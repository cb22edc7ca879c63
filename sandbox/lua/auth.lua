-- Who is asking: the sandbox's own key may do everything, a key that begins with SG.forbidden
-- nothing, others are unknown.

local answer = require "answer"

local M = {}

function M.load(path)
    local file = assert(io.open(path))
    M.key = file:read("*l")
    file:close()
end

-- → nil when the call may go on, or the answer that refuses it
function M.refuse(authorization)
    local key = type(authorization) == "string" and authorization:match("^[Bb]earer +(%S+)$")
    if not key then
        return answer.problem(401, "authorization required")
    elseif key == M.key then
        return nil
    elseif key:find("SG.forbidden", 1, true) == 1 then
        return answer.problem(403, "access forbidden")
    end
    return answer.problem(401, "The provided authorization grant is invalid, expired, or revoked")
end

return M
