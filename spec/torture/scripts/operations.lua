--- Each operation once, the plain form.

local calls = require "support.calls"
local shared = require "client"

local function run()
    local client = shared.client()
    for _, row in ipairs(calls.rows) do
        local want = row.answer and row.answer:sub(1, 1) == "[" and "array" or "object"
        local arguments = { table.unpack(row.full) }
        arguments[#arguments + 1] = { headers = { ["x-want"] = want } }
        shared.took(client[row.name](client, table.unpack(arguments)))
    end
end

return { setup = shared.check, run = run, check = shared.check }
