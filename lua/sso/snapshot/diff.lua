--- What differs between two snapshots, field by field.  Pure.
--
-- Not told is not different: a field that one of the two does not have is passed over, as the API
-- does not tell everything every time.  Nor is what changes by itself: `last_updated`, and the id
-- of a certificate that was made again.

local match = require "sso.snapshot.match"
local team = require "sso.snapshot.team"

local M = {}

local INTEGRATION_SKIPPED = { certificates = true, last_updated = true }
-- All of these follow from the text, which is what certificates are paired by.
local CERTIFICATE_SKIPPED = {
    id = true, fingerprint = true, subject = true, valid = true, unreadable = true,
    not_before = true, not_after = true, public_certificate = true,
}

local function same(a, b)
    if type(a) ~= "table" or type(b) ~= "table" then
        return a == b
    end
    for name, value in pairs(a) do
        if not same(value, b[name]) then
            return false
        end
    end
    for name in pairs(b) do
        if a[name] == nil then
            return false
        end
    end
    return true
end

-- Adds an entry for each field that both have and that differs.
local function compare_fields(found, a, b, skipped, entry)
    local names = {}
    for name in pairs(a) do
        if not skipped[name] and b[name] ~= nil and not same(a[name], b[name]) then
            names[#names + 1] = name
        end
    end
    table.sort(names)
    for _, name in ipairs(names) do
        local new = { change = "changed", field = name, from = a[name], to = b[name] }
        for key, value in pairs(entry) do
            new[key] = value
        end
        found[#found + 1] = new
    end
end

local function certificate_entry(certificate, integration, change)
    return {
        kind = "certificate",
        id = certificate.id,
        change = change,
        fingerprint = certificate.fingerprint,
        subject = certificate.subject,
        not_after = certificate.not_after,
        integration_id = integration.id,
        integration = integration.name,
    }
end

local function compare_certificates(found, integration, list_a, list_b)
    for _, both in ipairs(match.certificates(list_a, list_b)) do
        if both.a and both.b then
            compare_fields(found, both.a, both.b, CERTIFICATE_SKIPPED,
                certificate_entry(both.a, integration))
        else
            found[#found + 1] = certificate_entry(both.a or both.b, integration,
                both.a and "removed" or "added")
        end
    end
end

local function compare_integrations(found, list_a, list_b)
    for _, both in ipairs(match.integrations(list_a, list_b)) do
        local one = both.a or both.b
        local entry = { kind = "integration", id = one.id, integration = one.name }
        if both.a and both.b then
            compare_fields(found, both.a, both.b, INTEGRATION_SKIPPED, entry)
        else
            entry.change = both.a and "removed" or "added"
            found[#found + 1] = entry
        end
        compare_certificates(found, one, both.a and both.a.certificates or {},
            both.b and both.b.certificates or {})
    end
end

local function compare_teammates(found, list_a, list_b)
    for _, both in ipairs(match.teammates(list_a, list_b)) do
        local entry = { kind = "teammate", id = (both.a or both.b).username }
        if both.a and both.b then
            compare_fields(found, team.comparable(both.a), team.comparable(both.b), {}, entry)
        else
            entry.change = both.a and "removed" or "added"
            found[#found + 1] = entry
        end
    end
end

--- Compares two snapshots.
---@param a table  a snapshot
---@param b table  a later one
---@return sso.Difference[] differences  by integration in the order of `a`; empty: none
function M.compare(a, b)
    local found = {}
    compare_integrations(found, a.integrations, b.integrations)
    if a.teammates and b.teammates then
        compare_teammates(found, a.teammates, b.teammates)
    end
    return found
end

return M
