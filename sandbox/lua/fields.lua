-- Checks the fields of a request's body against rows: name, type, required. The first that is
-- wrong is the answer's `field`.

local answer = require "answer"
local json = require "json"

local M = {}

local checks = {}

function checks.string(value)
    return type(value) == "string" and value ~= ""
end

function checks.boolean(value)
    return type(value) == "boolean"
end

-- An empty JSON object cannot be told from an empty array here, and passes.
function checks.array(value)
    return type(value) == "table" and (#value > 0 or next(value) == nil)
end

function checks.email(value)
    return type(value) == "string" and value:find("^[^@%s]+@[^@%s]+$") ~= nil
end

-- → the fields that the rows name and the body has, or nil and the 400. partial: nothing is
-- required.
function M.read(request, rows, partial)
    local body = json.decode_object(request.body)
    if not body then
        return nil, answer.problem(400, "the request body is not a JSON object")
    end
    local found = {}
    for _, row in ipairs(rows) do
        local value = body[row.name]
        if value == nil and row.also then
            value = body[row.also]
        end
        if value == nil then
            if row.required and not partial then
                return nil, answer.problem(400, row.name .. " is required", row.name)
            end
        elseif not checks[row.type](value) then
            return nil, answer.problem(400, row.name .. " must be a " .. row.type, row.name)
        end
        found[row.name] = value
    end
    return found
end

return M
