--- A model of SendGrid's certificates, for what no server can be made to do ten thousand times: an
--- error, or the end of the caller, at any request, and two callers that take turns at each.
--
-- Written from the contract and sharing nothing with the module: what a certificate is, it takes
-- from the pool of rotation_situations.lua, by text.  Rules look at it before and after each write.

local M = {}

--- Thrown in the place of an answer: the caller's process is no more.
M.KILLED = {}

local failure = { __tostring = function(err) return "model: " .. err.kind end }

local function fail(kind, maybe_applied)
    return nil, setmetatable({
        kind = kind, message = kind, maybe_applied = maybe_applied, retryable = true,
    }, failure)
end

local Model = {}
Model.__index = Model

--- Makes a server.
---@param setup {one: boolean, tell: boolean, integration: string, records: table[],
--- fingerprint_of: fun(text: string): string?, last_id: integer?}  one: enabling a certificate
--- disables its siblings; tell: answers say `enabled`; records: {text, enabled, integration};
--- last_id: 100, the one before the first's
function M.new(setup)
    local model = setmetatable({
        one = setup.one, tell = setup.tell, integration = setup.integration,
        fingerprint_of = setup.fingerprint_of, last_id = setup.last_id or 100, records = {},
        log = {}, rules = {},
    }, Model)
    for _, record in ipairs(setup.records) do
        model:insert(record)
    end
    return model
end

function Model:insert(given)
    self.last_id = self.last_id + 1
    local record = {
        id = self.last_id, text = given.text, enabled = given.enabled or false,
        integration = given.integration or self.integration,
        fingerprint = self.fingerprint_of(given.text),
    }
    self.records[#self.records + 1] = record
    return record
end

function Model:find(id)
    for i, record in ipairs(self.records) do
        if record.id == id then
            return record, i
        end
    end
end

-- Those of the integration that satisfy a condition.
function Model:own(condition)
    local list = {}
    for _, record in ipairs(self.records) do
        if record.integration == self.integration and (not condition or condition(record)) then
            list[#list + 1] = record
        end
    end
    return list
end

--- All that is stored, as one text: equal when nothing has changed.
function Model:state()
    local lines = {}
    for i, record in ipairs(self.records) do
        lines[i] = ("%d %s %s %s"):format(record.id, record.integration, tostring(record.enabled),
            record.text)
    end
    return table.concat(lines, "\n")
end

local function show(self, record)
    local enabled = nil
    if self.tell then
        enabled = record.enabled
    end
    return {
        id = record.id, public_certificate = record.text, enabled = enabled,
        integration_id = record.integration, intergration_id = record.integration,
    }
end

local function disable_siblings(self, record)
    if self.one and record.enabled then
        for _, other in ipairs(self.records) do
            if other ~= record and other.integration == record.integration then
                other.enabled = false
            end
        end
    end
end

-- What each request does; → value, or nil and a kind of error
local act = {}

function act.list(self, request)
    local list = {}
    for _, record in ipairs(self.records) do
        -- a server that mixes them up: the foreign ones are listed with their own integration's id
        if record.integration == request.id or self.mixes_up then
            list[#list + 1] = show(self, record)
        end
    end
    return list
end

function act.create(self, request)
    local record = self:insert {
        text = request.fields.public_certificate, enabled = request.fields.enabled,
        integration = request.fields.integration_id,
    }
    disable_siblings(self, record)
    request.id = record.id
    return show(self, record)
end

function act.update(self, request)
    local record = self:find(request.id)
    if not record then
        return nil, "not_found"
    end
    if request.fields.public_certificate then
        record.text = request.fields.public_certificate
        record.fingerprint = self.fingerprint_of(record.text)
    end
    if request.fields.enabled ~= nil then
        record.enabled = request.fields.enabled
        disable_siblings(self, record)
    end
    return show(self, record)
end

function act.delete(self, request)
    local record, place = self:find(request.id)
    if not record then
        return nil, "not_found"
    end
    table.remove(self.records, place)
    return show(self, record)
end

local function each_rule(self, when, ...)
    for _, rule in ipairs(self.rules) do
        if rule[when] then
            rule[when](self, ...)
        end
    end
end

--- Carries a request out, under the eyes of the rules. → value, or nil and a kind of error
function Model:carry_out(request)
    if request.what == "list" then
        return act.list(self, request)
    end
    each_rule(self, "before", request)
    local value, kind = act[request.what](self, request)
    request.applied = value ~= nil
    each_rule(self, "after", request)
    return value, kind
end

-- One request of a caller, and what becomes of it.
local function serve(self, caller, request)
    caller.count = caller.count + 1
    request.caller, request.number = caller, caller.count
    if caller.turns then
        coroutine.yield()
    end
    local fate = caller.fate and caller.fate(request) or "answered"
    if fate == "killed before" then
        error(M.KILLED, 0)
    end
    self.log[#self.log + 1] = request
    caller.log[#caller.log + 1] = request
    if fate == "refused" then
        request.outcome = "refused"
        return fail("server", false)
    elseif fate == "lost before" then
        request.outcome = "lost"
        return fail("network", true)
    end
    local value, kind = self:carry_out(request)
    if fate == "killed after" then
        request.outcome = "killed"
        error(M.KILLED, 0)
    elseif fate == "lost after" then
        request.outcome = "lost"
        return fail("network", true)
    elseif not value then
        request.outcome = kind
        return fail(kind, false)
    end
    request.outcome = "answered"
    return value
end

--- Makes a caller: an object with a client's methods.
---@param caller {fate: function?, turns: boolean?, rotation: table?}  fate: what happens to a
--- request, nil or "answered", "refused" (not carried out), "lost before" and "lost after" (no
--- answer), "killed before" and "killed after"; turns: yields before each request
function Model:caller(caller)
    caller.count, caller.log = 0, {}
    local client = { caller = caller }
    function client.list_certificates(_, integration_id)
        return serve(self, caller, { what = "list", id = integration_id })
    end
    function client.create_certificate(_, fields)
        return serve(self, caller, { what = "create", fields = fields })
    end
    function client.update_certificate(_, id, fields)
        return serve(self, caller, { what = "update", id = id, fields = fields })
    end
    function client.delete_certificate(_, id)
        return serve(self, caller, { what = "delete", id = id })
    end
    return client
end

return M
