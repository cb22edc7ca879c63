--- The form of a snapshot: what may stand in one, how it becomes text, and how a text that somebody
--- may have edited is read back, with a sentence about what is wrong with it.
--
-- `public_certificate` is what counts of a certificate.  The fields beside it that are for readers
-- are never read, but for `fingerprint`: one that belongs to another certificate stops everything.

local core = require "sso.core"
local json = require "sso.snapshot.json"
local moment = require "sso.moment"

local M = { FORMAT = "sendgrid-sso/1" }

--- What an integration is made of for the API, in its order.
M.INTEGRATION_FIELDS = {
    "name", "enabled", "signin_url", "signout_url", "entity_id", "completed_integration",
}

-- A check gives nil, or the end of a sentence that begins with the place.
local function is(kind, what)
    return function(value)
        if type(value) ~= kind then
            return ("must be %s, not a %s"):format(what, type(value))
        end
    end
end

local text, boolean = is("string", "text"), is("boolean", "true or false")

local function unix(value)
    if type(value) ~= "number" or value % 1 ~= 0 then
        return "must be a whole number, unix seconds"
    end
end

local function certificate_id(value)
    if type(value) ~= "string" and (type(value) ~= "number" or value % 1 ~= 0) then
        return "must be a whole number or text"
    end
end

local function is_array(value)
    if type(value) ~= "table" then
        return false
    end
    local n = 0
    for _ in pairs(value) do
        n = n + 1
    end
    return n == #value
end

local function texts(value)
    if not is_array(value) then
        return "must be an array of texts"
    end
    for _, item in ipairs(value) do
        if type(item) ~= "string" then
            return "must hold nothing but texts"
        end
    end
end

local INTEGRATION = {
    id = text, name = text, enabled = boolean, signin_url = text, signout_url = text,
    entity_id = text, completed_integration = boolean,
}
local CERTIFICATE = {
    id = certificate_id, public_certificate = text, fingerprint = text, enabled = boolean,
    not_before = unix, not_after = unix,
}
local TEAMMATE = {
    username = text, email = text, first_name = text, last_name = text, persona = text,
    is_admin = boolean, is_sso = boolean, has_restricted_subuser_access = boolean, scopes = texts,
}
local SUBUSER = { id = certificate_id, permission_type = text, scopes = texts }

-- Checks a table by rows. → nil, or the sentence
local function check_object(place, value, rows, required)
    if type(value) ~= "table" or is_array(value) and next(value) then
        return place .. " must be an object"
    end
    for _, name in ipairs(required) do
        if value[name] == nil then
            return ("%s has no %s"):format(place, name)
        end
    end
    for name, check in pairs(rows) do
        local problem = value[name] ~= nil and check(value[name])
        if problem then
            return ("%s: %s %s"):format(place, name, problem)
        end
    end
end

-- Checks each element of an array and that no two have the same key. → nil, or the sentence
local function check_array(place, list, key, check)
    if not is_array(list) then
        return place .. " must be an array"
    end
    local seen = {}
    for i, item in ipairs(list) do
        local where = ("%s[%d]"):format(place, i)
        local problem = check(where, item)
        if problem then
            return problem
        end
        local name = item[key] ~= nil and tostring(item[key])
        if name and seen[name] then
            return ("%s has the %s of %s[%d]: %s"):format(where, key, place, seen[name], name)
        elseif name then
            seen[name] = i
        end
    end
end

-- A fingerprint in the spelling that certificates have: OpenSSL and consoles write colons.
local function plain(fingerprint)
    return (fingerprint:lower():gsub("^sha256 fingerprint=", ""):gsub("[:%s]", ""))
end

local function check_certificate(place, value)
    local problem = check_object(place, value, CERTIFICATE, {})
    if problem or value.unreadable then
        return problem
    elseif not value.public_certificate then
        return place .. " has no public_certificate"
    end
    local list, err = core.certificate.parse(value.public_certificate)
    if not list then
        return ("%s: public_certificate: %s"):format(place, err.message)
    elseif #list ~= 1 then
        return ("%s: public_certificate holds %d certificates, not one"):format(place, #list)
    elseif value.fingerprint and list[1].fingerprint ~= plain(value.fingerprint) then
        return ("%s: public_certificate is not the certificate that fingerprint names: "
            .. "its own is %s"):format(place, list[1].fingerprint)
    end
end

local function check_integration(place, value)
    local problem = check_object(place, value, INTEGRATION, { "id", "certificates" })
    return problem or check_array(place .. ".certificates", value.certificates, "id",
        check_certificate)
end

local function check_teammate(place, value)
    local problem = check_object(place, value, TEAMMATE, { "username" })
    if problem or value.subuser_access == nil then
        return problem
    end
    return check_array(place .. ".subuser_access", value.subuser_access, "id",
        function(where, access)
            return check_object(where, access, SUBUSER, { "id", "permission_type" })
        end)
end

-- What the format is, when it is not ours. → nil, or the sentence
local function check_format(format)
    if format == M.FORMAT then
        return nil
    elseif type(format) ~= "string" then
        return "this is no snapshot: it has no format"
    end
    local version = format:match "^sendgrid%-sso/(%d+)$"
    if version then
        return ("this snapshot is of version %s, and this program reads version 1"):format(version)
    end
    return ("this is no snapshot: its format is '%s', not '%s'"):format(format:sub(1, 40), M.FORMAT)
end

--- What is wrong with a snapshot. → nil, or one sentence
---@param snapshot any
---@return string?
function M.problem(snapshot)
    if type(snapshot) ~= "table" then
        return "this is no snapshot: it is no JSON object"
    end
    return check_format(snapshot.format)
        or check_array("integrations", snapshot.integrations, "id", check_integration)
        or snapshot.teammates ~= nil
            and check_array("teammates", snapshot.teammates, "username", check_teammate)
        or nil
end

--- Adds what readers and comparisons want and the text of a certificate tells: its fingerprint,
--- subject and validity.  What cannot be read says why in `unreadable`, and a private key goes.
---@param entry table  a certificate of a snapshot; changed
---@return table entry
function M.describe(entry)
    local given = entry.public_certificate or ""
    local list, err = core.certificate.parse(given)
    local one = list and #list == 1 and list[1] or {}
    entry.public_certificate = one.pem or entry.public_certificate
    entry.fingerprint, entry.subject = one.fingerprint, one.subject
    if one.pem then
        entry.not_before, entry.not_after, entry.unreadable = one.not_before, one.not_after, nil
        entry.valid = ("%s to %s"):format(moment.date(one.not_before),
            moment.date(one.not_after))
        return entry
    end
    entry.valid = nil
    entry.unreadable = list and ("it holds %d certificates"):format(#list) or err.message
    if given:find "PRIVATE KEY" then
        entry.public_certificate = nil
    end
    return entry
end

local function copy(value)
    if type(value) ~= "table" then
        return value
    end
    local new = {}
    for name, item in pairs(value) do
        new[name] = copy(item)
    end
    return new
end

--- Checks a snapshot. → a copy with what `describe` adds, or what is wrong
---@param snapshot any
---@param operation string  who asks
---@return table? snapshot
---@return sso.Error? err  kind `config`
function M.check(snapshot, operation)
    local problem = M.problem(snapshot)
    if problem then
        return nil, core.failure("config", problem, operation)
    end
    snapshot = copy(snapshot)
    for _, integration in ipairs(snapshot.integrations) do
        for _, certificate in ipairs(integration.certificates) do
            M.describe(certificate)
        end
    end
    return snapshot
end

--- Writes a snapshot as JSON that can be reviewed: sorted, indented, always the same.
---@param snapshot table
---@return string
function M.encode(snapshot)
    return json.encode(snapshot)
end

--- Reads a snapshot.
---@param json_text string
---@return table? snapshot
---@return sso.Error? err  kind `config`: not JSON, or no snapshot; says where
function M.decode(json_text)
    local snapshot, problem = json.decode(json_text)
    if problem then
        return nil, core.failure("config", problem, "snapshot")
    end
    return M.check(snapshot, "snapshot")
end

return M
