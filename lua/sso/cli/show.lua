--- How records are shown to people: the columns of lists, the lines of one record.

local certificate = require("sso.core").certificate
local moments = require "sso.cli.moments"

local M = {}

-- X.509 that ends sooner than this is shown as about to end, seconds.
local SOON = 30 * 86400

local function yes(value)
    if value == nil then
        return ""
    end
    return value and "yes" or "no"
end

local function word(value)
    if type(value) == "boolean" then
        return yes(value)
    elseif type(value) == "number" and value == math.floor(value) then
        return ("%.0f"):format(value)
    end
    return tostring(value)
end

-- The certificate inside a record, or nil when its text is none.
local function x509(record)
    local text = record.public_certificate
    local parsed = type(text) == "string" and certificate.parse(text)
    return parsed and parsed[1] or nil
end

local STATES = { valid = "valid", not_yet_valid = "not yet valid", expired = "expired" }

--- How a certificate stands: a word and its colour.
---@param record {not_before: integer?, not_after: integer?}
function M.state(record, now)
    if not record.not_after or not record.not_before then
        return "unknown", "yellow"
    elseif now < record.not_before then
        return STATES.not_yet_valid, "yellow"
    elseif now > record.not_after then
        return STATES.expired, "red"
    elseif record.not_after - now < SOON then
        return "ends soon", "yellow"
    end
    return STATES.valid, "green"
end

local function left(record, now)
    if not record.not_after then
        return ""
    end
    return moments.distance(record.not_after, now)
end

-- ---- lists -------------------------------------------------------------------------

local LISTS = {
    certificate = {
        { title = "ID", of = function(r) return word(r.id) end },
        { title = "STATE", of = function(r, now) return { M.state(r, now) } end },
        { title = "ENDS (UTC)", of = function(r) return moments.date(r.not_after) end },
        { title = "LEFT", of = left, drop = 2 },
        { title = "ENABLED", of = function(r) return yes(r.enabled) end, optional = true },
        {
            title = "SUBJECT", flexible = true, least = 16, drop = 1,
            of = function(_, _, x) return x and x.subject or "(not readable)" end,
        },
        {
            title = "SHA-256", drop = 4,
            of = function(_, _, x) return x and x.fingerprint:sub(1, 16) or "" end,
        },
        {
            title = "INTEGRATION", flexible = true, drop = 3, least = 12,
            of = function(r) return r.integration_id end,
        },
    },
    integration = {
        { title = "ID", of = function(r) return r.id end, flexible = true, least = 36 },
        { title = "NAME", of = function(r) return r.name end, flexible = true, least = 16 },
        {
            title = "ENABLED",
            of = function(r) return { yes(r.enabled), not r.enabled and "yellow" or nil } end,
        },
        {
            title = "ENTITY ID", flexible = true, least = 16, drop = 1,
            of = function(r) return r.entity_id end,
        },
        { title = "CHANGED", of = function(r) return moments.date(r.last_updated) end, drop = 2 },
    },
    teammate = {
        { title = "USERNAME", of = function(r) return r.username or r.email end, flexible = true },
        {
            title = "NAME", flexible = true, drop = 1,
            of = function(r) return ((r.first_name or "") .. " " .. (r.last_name or "")) end,
        },
        {
            title = "ROLE",
            of = function(r) return r.user_type or (r.is_admin and "admin") or "" end,
        },
        { title = "SSO", of = function(r) return yes(r.is_sso) end, drop = 2, optional = true },
    },
    invitation = {
        { title = "EMAIL", of = function(r) return r.email end, flexible = true },
        { title = "TOKEN", of = function(r) return r.token or r.pending_id end },
        { title = "ADMIN", of = function(r) return yes(r.is_admin) end, drop = 2 },
        {
            title = "ENDS (UTC)", drop = 1,
            of = function(r) return moments.date(r.expiration_date) end,
        },
    },
    subuser = {
        { title = "ID", of = function(r) return word(r.id) end },
        { title = "USERNAME", of = function(r) return r.username end, flexible = true },
        { title = "EMAIL", of = function(r) return r.email end, flexible = true, drop = 1 },
        { title = "PERMISSION", of = function(r) return r.permission_type end },
        {
            title = "SCOPES", flexible = true, drop = 2,
            of = function(r) return table.concat(r.scopes or {}, ", ") end,
        },
    },
}

local NONE = {
    certificate = "no certificate", integration = "no integration", teammate = "no teammate",
    invitation = "no invitation that waits", subuser = "no subuser",
}

-- A column that has nothing to say in any row is left out.
local function keep(column, rows, number)
    if not column.optional then
        return true
    end
    for _, row in ipairs(rows) do
        if row[number] ~= "" then
            return true
        end
    end
    return false
end

--- Appends a list of records.
---@param out table  see sso.cli.output
---@param kind string  certificate, integration, teammate, invitation, subuser
---@param records table[]
---@param now integer  unix seconds
function M.list(out, kind, records, now)
    if #records == 0 then
        out:line(NONE[kind])
        return
    end
    local rows = {}
    for i, record in ipairs(records) do
        local row, x = {}, kind == "certificate" and x509(record)
        for j, column in ipairs(LISTS[kind]) do
            row[j] = column.of(record, now, x) or ""
        end
        rows[i] = row
    end
    local columns, shown = {}, {}
    for i in ipairs(rows) do
        shown[i] = {}
    end
    for j, column in ipairs(LISTS[kind]) do
        if keep(column, rows, j) then
            columns[#columns + 1] = column
            for i, row in ipairs(rows) do
                shown[i][#columns] = row[j]
            end
        end
    end
    out:table(columns, shown)
end

-- ---- one record --------------------------------------------------------------------

local FIRST = {}
for i, name in ipairs {
    "id", "name", "username", "email", "first_name", "last_name", "enabled",
    "completed_integration", "integration_id", "entity_id", "signin_url", "signout_url",
    "single_signon_url", "audience_url", "not_before", "not_after", "last_updated",
    "expiration_date",
} do
    FIRST[name] = i
end

local MOMENTS = {
    not_before = true, not_after = true, last_updated = true, expiration_date = true,
}

-- The same under another spelling, or shown as what is in it.
local NOT_SHOWN = { intergration_id = true, public_certificate = true }

-- A list of words as they are, a list of records as one text each.
local function flat(value)
    local parts = {}
    for i, element in ipairs(value) do
        if type(element) == "table" then
            local fields = {}
            for name, field in pairs(element) do
                fields[#fields + 1] = name .. "=" .. (type(field) == "table" and flat(field)
                    or word(field))
            end
            table.sort(fields)
            element = table.concat(fields, " ")
        end
        parts[i] = word(element)
    end
    return #parts > 0 and table.concat(parts, ", ") or "(none)"
end

local function by_rank(a, b)
    local first, second = FIRST[a] or math.huge, FIRST[b] or math.huge
    if first ~= second then
        return first < second
    end
    return a < b
end

--- What is in an X.509 certificate, as lines.
---@param x sso.X509
function M.x509_rows(x, now)
    local state, style = M.state(x, now)
    local key = x.key.type
        .. (x.key.bits and (" %d bits"):format(x.key.bits) or "")
        .. (x.key.curve and " " .. x.key.curve or "")
    local rows = {
        { "subject", x.subject }, { "issuer", x.self_signed and "itself" or x.issuer },
        { "state", ("%s, ends %s"):format(state, moments.distance(x.not_after, now)), style },
        { "not before", moments.both(x.not_before) }, { "not after", moments.both(x.not_after) },
        { "key", key }, { "signature", x.signature_algorithm }, { "serial", x.serial },
        { "sha256", x.fingerprint }, { "key sha256", x.spki_sha256 },
    }
    if state == "expired" then
        rows[3][2] = ("expired %s"):format(moments.distance(x.not_after, now))
    end
    return rows
end

--- Appends one record, field by field.
function M.record(out, record, now)
    local names, rows = {}, {}
    for name in pairs(record) do
        if not NOT_SHOWN[name] then
            names[#names + 1] = name
        end
    end
    table.sort(names, by_rank)
    for _, name in ipairs(names) do
        local value = record[name]
        if MOMENTS[name] and type(value) == "number" then
            value = ("%s, %s"):format(moments.both(value), moments.distance(value, now))
        end
        value = type(value) == "table" and flat(value) or word(value)
        if value ~= "" then
            rows[#rows + 1] = { (name:gsub("_", " ")), value }
        end
    end
    local x = x509(record)
    local wanted = { subject = true, state = true, key = true, sha256 = true }
    for _, row in ipairs(x and M.x509_rows(x, now) or {}) do
        if wanted[row[1]] then
            rows[#rows + 1] = row
        end
    end
    if record.public_certificate and not x then
        rows[#rows + 1] = { "certificate", "not readable as X.509", "yellow" }
    end
    out:details(rows)
end

return M
