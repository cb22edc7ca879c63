-- The control endpoints: what a test or a person sets, sees and breaks. On a loopback port of
-- their own, without a key.

local answer = require "answer"
local certificates = require "certificates"
local faults = require "faults"
local integrations = require "integrations"
local json = require "json"
local limits = require "limits"
local log = require "log"
local state = require "state"
local switches = require "switches"
local team = require "team"
local teammates = require "teammates"
local wire = require "wire"

local M = {}

local function read_file(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read("*a")
    file:close()
    return text
end

-- The ids are those of SendGrid's own examples, so that samples can be pasted.
local function seed_first()
    local integration = integrations.make {
        id = "b0b98502-9408-4b24-9e3d-31ed7cb15312",
        name = "Twilio SendGrid",
        enabled = true,
        signin_url = "https://idp.example/signin",
        signout_url = "https://idp.example/signout",
        entity_id = "https://idp.example/entity",
    }
    local certificate = assert(certificates.make {
        public_certificate = read_file(ngx.config.prefix() .. "idp.pem"),
        integration_id = integration.id,
        enabled = true,
    })
    return json.object { { "integration_id", integration.id }, { "cert_id", certificate.id } }
end

-- → the ids of what is there afterwards
function M.reset()
    state.clear()
    switches.reset()
    faults.clear()
    limits.reset()
    log.clear()
    return seed_first()
end

local function done(ok, wrong)
    return ok and answer.ok(json.object { { "ok", true } }) or answer.problem(400, wrong)
end

-- Makes what the body lists: integrations (any fields, `id` too), certificates, teammates, pending
-- invitations. → ids in the same order
local function seed(body)
    local made = {
        integrations = json.array(),
        certificates = json.array(),
        teammates = json.array(),
        pending = json.array(),
    }
    for i, given in ipairs(body.integrations or {}) do
        made.integrations[i] = integrations.make(given).id
    end
    for i, given in ipairs(body.certificates or {}) do
        local record, wrong = certificates.make(given)
        if not record then
            return wrong
        end
        made.certificates[i] = record.id
    end
    for i, given in ipairs(body.teammates or {}) do
        made.teammates[i] = teammates.make(given).email
    end
    for i, given in ipairs(body.pending or {}) do
        made.pending[i] = team.invite(given).pending_id
    end
    return answer.ok(made)
end

local function everything()
    return {
        integrations = json.array(state.all("integration")),
        certificates = json.array(state.all("certificate")),
        teammates = json.array(state.all("teammate")),
        pending = json.array(state.all("pending")),
        switches = switches.now,
        faults = json.array(faults.list),
    }
end

local rows = {
    ["POST /reset"] = function()
        return answer.ok(M.reset())
    end,
    ["POST /switch"] = function(body)
        return done(switches.set(body))
    end,
    ["POST /seed"] = function(body)
        return seed(body)
    end,
    ["POST /fault"] = function(body)
        return done(faults.set(#body == 0 and next(body) and { body } or body))
    end,
    ["DELETE /fault"] = function()
        faults.clear()
        return answer.nothing()
    end,
    ["GET /log"] = function()
        return answer.ok(log.show())
    end,
    ["DELETE /log"] = function()
        log.clear()
        return answer.nothing()
    end,
    ["GET /state"] = function()
        return answer.ok(everything())
    end,
}

function M.serve()
    ngx.req.read_body()
    local handler = rows[ngx.req.get_method() .. " " .. ngx.var.uri]
    local body = json.decode(ngx.req.get_body_data() or "{}")
    local result
    if not handler then
        result = answer.problem(404, "no such control endpoint")
    elseif type(body) ~= "table" then
        result = answer.problem(400, "the request body is not JSON")
    else
        result = handler(body)
    end
    wire.send(answer.render(result, "array"))
end

return M
