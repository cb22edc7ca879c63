-- Finds the record that a call is about: its handler gets it, or the caller the 404.

local answer = require "answer"
local state = require "state"

local M = {}

-- `field` is named in the 404 where the document does so. → what `handle` makes of the record
function M.with(kind, id, missing, handle, field)
    local record = state.get(kind, id)
    return record and handle(record) or answer.problem(404, missing, field)
end

return M
