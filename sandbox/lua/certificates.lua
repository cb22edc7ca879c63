-- The certificates of SSO integrations: POST, GET, PATCH, DELETE and the list of one
-- integration's.

local answer = require "answer"
local fields = require "fields"
local json = require "json"
local records = require "records"
local state = require "state"
local switches = require "switches"
local x509 = require "x509"

local M = {}

local rows = {
    { name = "public_certificate", type = "string", required = true },
    -- The document's own request example has the other spelling.
    { name = "integration_id", type = "string", required = true, also = "intergration_id" },
    { name = "enabled", type = "boolean" },
}

local function show(record)
    local spelling = switches.now.spelling
    local wrong = spelling ~= "integration_id" and record.integration_id or nil
    local right = spelling ~= "intergration_id" and record.integration_id or nil
    local enabled
    if switches.now.tell_enabled then
        enabled = record.enabled
    end
    return json.object {
        { "public_certificate", record.public_certificate },
        { "id", record.id },
        { "not_before", record.not_before },
        { "not_after", record.not_after },
        { "intergration_id", wrong },
        { "integration_id", right },
        { "enabled", enabled },
    }
end

-- Puts a text and what it says into a record. → true, or nil when it is no certificate
local function set_text(record, text)
    local parsed = x509.parse(text)
    if not parsed and switches.now.validate_pem then
        return nil
    end
    parsed = parsed or { not_before = 0, not_after = 0 }
    record.public_certificate = text
    record.not_before, record.not_after = parsed.not_before, parsed.not_after
    record.fingerprint = parsed.fingerprint
    return true
end

local function disable_others(record)
    local others = state.all("certificate", function(other)
        local sibling = other.integration_id == record.integration_id and other.id ~= record.id
        return sibling and other.enabled
    end)
    for _, other in ipairs(others) do
        other.enabled = false
        state.put("certificate", other.id, other)
    end
end

-- Changes a record by the fields given and stores it. → the record, or nil and the 400
local function change(record, given)
    if given.integration_id and not state.get("integration", given.integration_id) then
        return nil, answer.problem(400, "integration not found", "integration_id")
    end
    if given.public_certificate and not set_text(record, given.public_certificate) then
        return nil, answer.problem(400, "not a valid x509 certificate", "public_certificate")
    end
    record.integration_id = given.integration_id or record.integration_id
    if given.enabled ~= nil then
        record.enabled = given.enabled
    end
    record.id = record.id or state.next_number("certificate", 66138975)
    state.put("certificate", record.id, record)
    if record.enabled and switches.now.enabled_per_integration == "one" then
        disable_others(record)
    end
    return record
end

-- A record from fields, as POST makes one; `enabled` has no documented default, here it is false.
function M.make(given)
    return change({ enabled = false }, given)
end

local function with_record(request, handle)
    return records.with("certificate", request.parameters.cert_id, "certificate not found", handle)
end

function M.create(request)
    local given, problem = fields.read(request, rows)
    if not given then
        return problem
    end
    local record, wrong = M.make(given)
    return record and answer.ok(show(record)) or wrong
end

function M.get(request)
    return with_record(request, function(record)
        return answer.ok(show(record))
    end)
end

function M.update(request)
    return with_record(request, function(record)
        local given, problem = fields.read(request, rows, true)
        if not given then
            return problem
        end
        local changed, wrong = change(record, given)
        return changed and answer.ok(show(changed)) or wrong
    end)
end

function M.delete(request)
    return with_record(request, function(record)
        state.remove("certificate", record.id)
        return answer.ok(show(record))
    end)
end

function M.list(request)
    local id = request.parameters.integration_id
    if not state.get("integration", id) then
        return answer.problem(404, "integration not found")
    end
    local shown = json.array()
    for _, record in ipairs(state.all("certificate")) do
        if record.integration_id == id then
            shown[#shown + 1] = show(record)
        end
    end
    return answer.ok(shown)
end

return M
