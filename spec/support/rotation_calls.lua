--- What the specs of a rotation share: what the sandbox got, what it has, a plan in a line.

local cjson = require "cjson"
local helper = require "helper"
local mime = require "mime"
local sso = require "sso"

local sandbox = helper.sandbox

local M = {}

--- A client of the sandbox that tries nothing twice, closed after the case.
function M.client(options)
    local all = { max_retries = 0 }
    for name, value in pairs(options or {}) do
        all[name] = value
    end
    return helper.track(assert(sso.new(all)))
end

--- Two certificates, made anew, for one rotation after the other.
---@return {pem: string, fingerprint: string} first
---@return {pem: string, fingerprint: string} second
function M.certificates()
    local list = {}
    for i, cn in ipairs { "new", "next" } do
        local pem = helper.certificate { cn = cn, key = "ec" }
        list[i] = { pem = pem, fingerprint = assert(sso.certificate.parse(pem))[1].fingerprint }
    end
    return list[1], list[2]
end

--- rotate_certificate of the integration that is there at the start.
function M.rotate(options, client)
    return (client or M.client()):rotate_certificate(helper.INTEGRATION, options)
end

--- What the sandbox got: "GET list, POST off, PATCH 66138976 on, DELETE 66138975".
function M.requests()
    local words = {}
    for i, request in ipairs(sandbox.log().requests) do
        local body = request.body_base64 ~= "" and cjson.decode((mime.unb64(request.body_base64)))
        local id = request.path:match "/certificates/(%d+)$"
        local word = request.method .. " " .. (id or request.method == "GET" and "list" or "")
        if body then
            word = word .. (id and " " or "") .. (body.enabled and "on" or "off")
        end
        words[i] = word
    end
    return table.concat(words, ", ")
end

--- What is stored: "66138975 +", ids and whether they are enabled.
---@param integration_id? string  the one that is there at the start
function M.stored(integration_id)
    local words = {}
    for _, record in ipairs(sandbox.state().certificates) do
        if record.integration_id == (integration_id or helper.INTEGRATION) then
            words[#words + 1] = ("%d %s"):format(record.id, record.enabled and "+" or "-")
        end
    end
    table.sort(words)
    return table.concat(words, ", ")
end

--- A plan's steps: "add 66138976, delete 66138975 (open)".
function M.steps(plan)
    local words = {}
    for i, step in ipairs(plan.steps) do
        words[i] = ("%s %s%s"):format(step.action, tostring(step.id), step.done and "" or " (open)")
    end
    return table.concat(words, ", ")
end

--- A plan's journal: "add 66138976 done".
function M.journal(plan)
    local words = {}
    for i, entry in ipairs(plan.journal) do
        assert(#entry.fingerprint == 64 and math.abs(os.time() - entry.at) < 60)
        words[i] = ("%s %s %s"):format(entry.action, tostring(entry.id), entry.outcome)
    end
    return table.concat(words, ", ")
end

return M
