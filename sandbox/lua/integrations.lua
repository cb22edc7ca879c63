-- SSO integrations: POST, GET, PATCH, DELETE and the list.

local answer = require "answer"
local fields = require "fields"
local json = require "json"
local records = require "records"
local state = require "state"
local switches = require "switches"
local x509 = require "x509"

local M = {}

local rows = {
    { name = "name", type = "string", required = true },
    { name = "enabled", type = "boolean", required = true },
    { name = "signin_url", type = "string", required = true },
    { name = "signout_url", type = "string", required = true },
    { name = "entity_id", type = "string", required = true },
    { name = "completed_integration", type = "boolean" },
}

local function certificates_of(id)
    return state.all("certificate", function(record)
        return record.integration_id == id
    end)
end

-- `completed_integration` is told when the query has si=true. What nobody has set is worked out:
-- is there a certificate?
local function show(record, request)
    local completed
    if request.query.si == "true" then
        completed = record.completed_integration
        if completed == nil then
            completed = #certificates_of(record.id) > 0
        end
    end
    local url = "https://api.sendgrid.com/v3/public/sso/saml/response/id/" .. record.id
    return json.object {
        { "name", record.name },
        { "enabled", record.enabled },
        { "signin_url", record.signin_url },
        { "signout_url", record.signout_url },
        { "entity_id", record.entity_id },
        { "last_updated", record.last_updated },
        { "completed_integration", completed },
        { "id", record.id },
        { "single_signon_url", url },
        { "audience_url", url },
    }
end

local function change(record, given)
    for _, row in ipairs(rows) do
        if given[row.name] ~= nil then
            record[row.name] = given[row.name]
        end
    end
    record.last_updated = ngx.time()
    state.put("integration", record.id, record)
    return record
end

-- A record from fields; `id` only comes from the control endpoints.
function M.make(given)
    return change({ id = given.id or x509.uuid() }, given)
end

local function with_record(request, handle)
    return records.with("integration", request.parameters.id, "integration not found", handle)
end

function M.create(request)
    local given, problem = fields.read(request, rows)
    return given and answer.ok(show(M.make(given), request)) or problem
end

function M.get(request)
    return with_record(request, function(record)
        return answer.ok(show(record, request))
    end)
end

function M.update(request)
    return with_record(request, function(record)
        local partial = switches.now.integration_patch == "partial"
        local given, problem = fields.read(request, rows, partial)
        return given and answer.ok(show(change(record, given), request)) or problem
    end)
end

-- Its certificates go with it.
function M.delete(request)
    return with_record(request, function(record)
        for _, certificate in ipairs(certificates_of(record.id)) do
            state.remove("certificate", certificate.id)
        end
        state.remove("integration", record.id)
        return answer.nothing()
    end)
end

function M.list(request)
    local shown = json.array()
    for _, record in ipairs(state.all("integration")) do
        shown[#shown + 1] = show(record, request)
    end
    return answer.ok(shown)
end

return M
