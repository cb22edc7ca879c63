-- SSO teammates: POST and PATCH. An administrator, a persona, single scopes and restricted
-- access to subusers exclude each other, which the document says in prose only.

local answer = require "answer"
local fields = require "fields"
local json = require "json"
local state = require "state"

local M = {}

local rows = {
    { name = "email", type = "email", required = true },
    { name = "first_name", type = "string", required = true },
    { name = "last_name", type = "string", required = true },
    { name = "is_admin", type = "boolean" },
    { name = "persona", type = "string" },
    { name = "scopes", type = "array" },
    { name = "has_restricted_subuser_access", type = "boolean" },
    { name = "subuser_access", type = "array" },
}

-- What an account has besides, and nobody can set here.
local empty = {
    "phone",
    "website",
    "company",
    "address",
    "address2",
    "city",
    "state",
    "country",
    "zip",
}

local exclusions = {
    { "is_admin", "scopes" },
    { "is_admin", "persona" },
    { "persona", "scopes" },
    { "has_restricted_subuser_access", "is_admin" },
    { "has_restricted_subuser_access", "persona" },
    { "has_restricted_subuser_access", "scopes" },
}

local function check_subuser_access(given)
    local list = given.subuser_access or {}
    if #list > 0 and not given.has_restricted_subuser_access then
        return answer.problem(400, "must be true here", "has_restricted_subuser_access")
    end
    for _, access in ipairs(list) do
        local kind = type(access) == "table" and access.permission_type
        local wrong
        if type(access) ~= "table" or type(access.id) ~= "number" then
            wrong = "each subuser_access needs the id of a subuser"
        elseif kind ~= "admin" and kind ~= "restricted" then
            wrong = "permission_type must be admin or restricted"
        elseif kind == "admin" and access.scopes then
            wrong = "an admin of a subuser has all scopes"
        end
        if wrong then
            return answer.problem(400, wrong, "subuser_access")
        end
    end
end

-- → nil, or the 400 for the first rule broken
local function check(given)
    if given.scopes and #given.scopes == 0 then
        return answer.problem(400, "scopes cannot be empty", "scopes")
    end
    for _, pair in ipairs(exclusions) do
        if given[pair[1]] and given[pair[2]] then
            return answer.problem(400, pair[2] .. " cannot be given with " .. pair[1], pair[2])
        end
    end
    return check_subuser_access(given)
end

-- → the subusers a teammate may act for, as answers show them; nil when access is not restricted.
-- The `id` stands beside the pairs in order, for whoever sorts them.
function M.show_access(record)
    if not record.subuser_access then
        return nil
    end
    local shown = json.array()
    for i, access in ipairs(record.subuser_access) do
        local name = "subuser" .. string.format("%d", access.id)
        shown[i] = json.object {
            id = access.id,
            { "id", access.id },
            { "username", name },
            { "email", name .. "@example.com" },
            { "disabled", false },
            { "permission_type", access.permission_type },
            { "scopes", json.array(access.scopes) },
        }
    end
    return shown
end

-- The fields that the answers to POST and PATCH share.
local function show(record)
    return {
        { "first_name", record.first_name },
        { "last_name", record.last_name },
        { "email", record.email },
        { "is_admin", record.is_admin or false },
        { "is_sso", true },
        { "scopes", json.array(record.scopes) },
        { "has_restricted_subuser_access", record.has_restricted_subuser_access or false },
        { "subuser_access", M.show_access(record) },
    }
end

-- The account behind a teammate, as the list shows it.
function M.show_account(record)
    local list = {
        { "username", record.email },
        { "email", record.email },
        { "first_name", record.first_name },
        { "last_name", record.last_name },
        { "user_type", record.is_admin and "admin" or "teammate" },
        { "is_admin", record.is_admin or false },
    }
    for _, name in ipairs(empty) do
        list[#list + 1] = { name, "" }
    end
    return list
end

-- Everything about a teammate, as PATCH and the Teammates API's GET tell it.
function M.show_all(record)
    local list, known = show(record), {}
    for _, pair in ipairs(list) do
        known[pair[1]] = true
    end
    for _, pair in ipairs(M.show_account(record)) do
        if not known[pair[1]] then
            list[#list + 1] = pair
        end
    end
    return list
end

local function change(record, given)
    for _, row in ipairs(rows) do
        if given[row.name] ~= nil then
            record[row.name] = given[row.name]
        end
    end
    state.put("teammate", record.email, record)
    return record
end

function M.make(given)
    return change({}, given)
end

function M.create(request)
    local given, problem = fields.read(request, rows)
    problem = problem or check(given)
    if problem then
        return problem
    elseif state.get("teammate", given.email) then
        return answer.problem(400, "a teammate with this email exists", "email")
    end
    return answer.ok(json.object(show(M.make(given))), 201)
end

function M.update(request)
    local record = state.get("teammate", request.parameters.username)
    if not record then
        return answer.problem(404, "username not found", "username")
    end
    local given, problem = fields.read(request, { unpack(rows, 2) })
    problem = problem or check(given)
    if problem then
        return problem
    end
    return answer.ok(json.object(M.show_all(change(record, given))))
end

return M
