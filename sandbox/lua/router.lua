-- The API as rows: method, path, handler, shape of the error body in the document. A new
-- operation is a new row.

local answer = require "answer"
local certificates = require "certificates"
local integrations = require "integrations"
local team = require "team"
local teammates = require "teammates"

local M = {}

M.rows = {
    { "POST", "/v3/sso/certificates", certificates.create, "array" },
    { "GET", "/v3/sso/certificates/{cert_id}", certificates.get, "array" },
    { "PATCH", "/v3/sso/certificates/{cert_id}", certificates.update, "array" },
    { "DELETE", "/v3/sso/certificates/{cert_id}", certificates.delete, "array" },
    { "GET", "/v3/sso/integrations/{integration_id}/certificates", certificates.list, "array" },
    { "POST", "/v3/sso/integrations", integrations.create, "array" },
    { "GET", "/v3/sso/integrations", integrations.list, "array" },
    { "GET", "/v3/sso/integrations/{id}", integrations.get, "array" },
    { "PATCH", "/v3/sso/integrations/{id}", integrations.update, "array" },
    { "DELETE", "/v3/sso/integrations/{id}", integrations.delete, "array" },
    { "POST", "/v3/sso/teammates", teammates.create, "array" },
    { "PATCH", "/v3/sso/teammates/{username}", teammates.update, "array" },
    { "GET", "/v3/teammates", team.list, "object" },
    { "GET", "/v3/teammates/pending", team.list_pending, "object" },
    { "DELETE", "/v3/teammates/pending/{token}", team.delete_pending, "object" },
    { "POST", "/v3/teammates/pending/{token}/resend", team.resend, "object" },
    { "GET", "/v3/teammates/{username}", team.get, "object" },
    { "DELETE", "/v3/teammates/{username}", team.delete, "object" },
    { "GET", "/v3/teammates/{username}/subuser_access", team.subuser_access, "object" },
}

-- Splits at slashes before anything is decoded: an encoded slash is part of its segment.
local function segments(path)
    local list = {}
    for segment in path:gmatch("/([^/]*)") do
        list[#list + 1] = segment
    end
    return list
end

for _, row in ipairs(M.rows) do
    row.segments, row.names = segments(row[2]), {}
    for i, segment in ipairs(row.segments) do
        row.names[i] = segment:match("^{(.*)}$")
    end
end

local function fits(row, given)
    if #row.segments ~= #given then
        return false
    end
    for i, segment in ipairs(row.segments) do
        if row.names[i] and given[i] == "" or not row.names[i] and segment ~= given[i] then
            return false
        end
    end
    return true
end

-- A plus sign in a path is a plus sign.
local function parameters_of(row, given)
    local parameters = {}
    for i, name in pairs(row.names) do
        parameters[name] = ngx.unescape_uri((given[i]:gsub("%+", "%%2B")))
    end
    return parameters
end

-- → row, parameters; or nil and the 404 or 405
function M.find(method, path)
    local given = segments(path)
    local known = false
    for _, row in ipairs(M.rows) do
        if fits(row, given) then
            if row[1] == method then
                return row, parameters_of(row, given)
            end
            known = true
        end
    end
    if known then
        return nil, answer.problem(405, "method not allowed")
    end
    return nil, answer.problem(404, "not found")
end

return M
