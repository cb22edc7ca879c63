--- The record of what a run did at the server, in its order: it is in the plan that is returned and
--- in the error.

local printable = require "sso.printable"

local M = {}

---@class sso.JournalEntry
---@field action string  of the step
---@field kind string?  "integration", "certificate" or "teammate", where a run has more than one
---@field id string|integer|nil
---@field fingerprint string?
---@field at integer  unix seconds
---@field outcome "done"|"already"|"found"|"gone"|"unclear"|"failed"  found: the answer was lost,
---and the thing is there; unclear: the answer was lost, and nobody knows
---@field error string?

--- Adds an entry.
---@param journal sso.JournalEntry[]
---@param step table  action, kind, id, fingerprint
---@param outcome string
---@param err? sso.Error
function M.note(journal, step, outcome, err)
    journal[#journal + 1] = {
        action = step.action,
        kind = step.kind,
        id = step.id,
        fingerprint = step.fingerprint,
        at = os.time(),
        outcome = outcome,
        error = err and printable(tostring(err)) or nil,
    }
end

--- Whether a call that failed may have done its work all the same.
---@param err sso.Error
function M.unclear(err)
    return err.maybe_applied or err.kind == "response" or err.kind == "conflict"
end

return M
