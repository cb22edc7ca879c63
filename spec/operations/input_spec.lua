-- What a program can get wrong about each operation's arguments: the whole message, at the line of
-- the call, and nothing sent. Types, names and requirements come from core.operations, so that a
-- new row is looked at without a new line here; what is particular stands below as rows.
-- spec/input has ids, options and certificates in full.

local calls = require "support.calls"
local core = require "sso.core"
local helper = require "helper"

local LONG = ("x"):rep(256 * 1024 + 1)
local MANY = {}
for i = 1, 10001 do
    MANY[i] = "scope"
end
local THIS = debug.getinfo(1, "S").short_src
local OPTION = ": pass it in the options table after the fields"

local PERSON = { email = "a@x.example", first_name = "A", last_name = "B" }

local function plus(one, other)
    local all = {}
    for name, value in pairs(one) do
        all[name] = value
    end
    for name, value in pairs(other or {}) do
        all[name] = value
    end
    return all
end

describe("bad input to", function()
    local base, client

    helper.watch()

    before_each(function()
        base = helper.faults "ok"
        client = helper.client { base_url = base }
    end)

    local function raises(message, name, args)
        local line
        local ok, why = pcall(function()
            line = debug.getinfo(1, "l").currentline + 1
            calls.call(client, name, args)
        end)
        assert.is_false(ok, "nothing was raised")
        assert.equal(("%s:%d: %s"):format(THIS, line, message), why)
    end

    after_each(function()
        assert.equal(0, client:run(0))
        assert.equal(0, #helper.requests(base))
    end)

    -- ---- what the table says ---------------------------------------------------------

    local wrong = {
        string = {
            { 5, "must be a string, not a number" },
            { true, "must be a string, not a boolean" },
            { {}, "must be a string, not a table" },
            { "", "is empty" },
            { "caf\233", "is not UTF-8 text" },
            { LONG, "is longer than 256 KiB" },
        },
        boolean = {
            { "true", "must be true or false, not a string" },
            { 0, "must be true or false, not a number" },
            { {}, "must be true or false, not a table" },
        },
        integer = {
            { true, "must be a whole number, not a boolean" },
            { {}, "must be a whole number, not a table" },
            { "", "must be a whole number, not a string" },
            { "-1", "must be a whole number, not a string" },
            { "1.0", "must be a whole number, not a string" },
            { "0x10", "must be a whole number, not a string" },
            { ("9"):rep(20), "must be a whole number, not a string" },
            { -1, "must be a whole number, 0 or more, not -1" },
            { 1.5, "must be a whole number, 0 or more, not 1.5" },
            { math.huge, "must be a whole number, 0 or more, not inf" },
        },
        ["array of strings"] = {
            { "mail.send", "must be an array of strings, not a string" },
            { true, "must be an array of strings, not a boolean" },
            { { a = "b" }, "must be an array of strings, without gaps or other keys" },
            { { "a", b = "c" }, "must be an array of strings, without gaps or other keys" },
            { MANY, "has more than 10000 elements" },
        },
        ["array of tables"] = {
            { "7", "must be an array of tables, not a string" },
            { { id = 7 }, "must be an array of tables, without gaps or other keys" },
        },
    }

    for i, operation in ipairs(core.operations) do
        local row, name = calls.rows[i], operation.name
        local _, parameters = operation.path:gsub("{", "")
        local full = row.full[parameters + 1]

        local function with(fields)
            local args = {}
            for n = 1, parameters do
                args[n] = row.full[n]
            end
            args[parameters + 1] = fields
            return args
        end

        if parameters > 0 then
            it(name .. ", whose id is missing or leads elsewhere", function()
                local id = operation.path:match "{([%w_]+)}"
                local fields = full
                local no = { n = 2, nil, fields }
                raises(("%s: %s must be a string or a whole number, not nil"):format(name, id),
                    name, no)
                for value, why in pairs {
                    [""] = "is empty", ["."] = "is a path, not an id",
                    [".."] = "is a path, not an id", ["a\0"] = "holds a zero byte",
                    ["\255"] = "is not UTF-8 text",
                } do
                    raises(("%s: %s %s"):format(name, id, why), name, { value, fields })
                end
            end)
        end

        if operation.fields then
            local body = false
            for _, field in ipairs(operation.fields) do
                body = body or not field.query
            end

            it(name .. ", which are no fields", function()
                local what = body and "fields" or "the query"
                raises(("%s: %s must be a table, not a string"):format(name, what), name,
                    with "x")
                raises(("%s: 'timeout' is an option%s"):format(name, OPTION), name,
                    with(plus(full, { timeout = 5 })))
                raises(("%s: the fields table has a key that is a number"):format(name), name,
                    with(plus(full, { "x" })))
                raises(("%s: unknown field 'zzzzzzzz'"):format(name), name,
                    with(plus(full, { zzzzzzzz = true })))
            end)

            for _, field in ipairs(operation.fields) do
                it(("%s, field %s"):format(name, field.name), function()
                    local typo = field.name .. "x"
                    local near = name .. ": unknown field '" .. typo .. "' (did you mean '"
                        .. field.name .. "'?)"
                    if #field.name > 2 then
                        raises(near, name, with(plus(full, { [typo] = true })))
                    end
                    for _, value in ipairs(assert(wrong[field.type], field.type)) do
                        local text = value[2] == "is not UTF-8 text" or value[2] == "is empty"
                        if not (text and field.name == "public_certificate") then
                            raises(("%s: field '%s' %s"):format(name, field.name, value[2]), name,
                                with(plus(full, { [field.name] = value[1] })))
                        end
                    end
                    if field.required and operation.method == "POST" then
                        local without = plus(full)
                        without[field.name] = nil
                        raises(("%s: field '%s' is missing"):format(name, field.name), name,
                            with(without))
                    end
                end)
            end
        end

        if operation.method == "PATCH" then
            it(name .. ", which change nothing", function()
                for _, nothing in ipairs { {}, { si = true } } do
                    if nothing.si == nil or name == "update_integration" then
                        local ok, why = pcall(calls.call, client, name, with(nothing))
                        assert.is_false(ok)
                        assert.truthy(why:find(name .. ": nothing to send: give at least one of ",
                            1, true), why)
                        assert.is_nil(why:find(" si,", 1, true))
                    end
                end
            end)
        end
    end

    -- ---- what is particular ----------------------------------------------------------

    local ACCESS = { has_restricted_subuser_access = true }

    local function item(fields)
        return plus(ACCESS, { subuser_access = { { id = 1, permission_type = "admin" }, fields } })
    end

    -- With email and names where they are needed.
    local particular = {
        { { persona = "admin" },
            "field 'persona' must be one of 'accountant', 'developer', 'marketer', 'observer'" },
        { { scopes = { "a", 5 } }, "field 'scopes[2]' must be a string, not a number" },
        { { scopes = { "" } }, "field 'scopes[1]' is empty" },
        { { scopes = { "a", "\255" } }, "field 'scopes[2]' is not UTF-8 text" },
        { item "x", "field 'subuser_access[2]' must be a table, not a string" },
        { item { permission_type = "admin" }, "field 'subuser_access[2].id' is missing" },
        { item { id = 7 }, "field 'subuser_access[2].permission_type' is missing" },
        { item { id = "seven", permission_type = "admin" },
            "field 'subuser_access[2].id' must be a whole number, not a string" },
        { item { id = 7.5, permission_type = "admin" },
            "field 'subuser_access[2].id' must be a whole number, 0 or more, not 7.5" },
        { item { id = 7, permission_type = 5 },
            "field 'subuser_access[2].permission_type' must be a string, not a number" },
        { item { id = 7, permission_type = "owner" },
            "field 'subuser_access[2].permission_type' must be one of 'admin', 'restricted'" },
        { item { id = 7, permission_type = "restricted", scopes = "mail.send" },
            "field 'subuser_access[2].scopes' must be an array of strings, not a string" },
        { item { id = 7, permision_type = "admin" },
            "unknown field 'subuser_access[2].permision_type' (did you mean 'permission_type'?)" },
        { item { id = 7, permission_type = "admin", timeout = 5 },
            "unknown field 'subuser_access[2].timeout'" },
        { item { id = 7, permission_type = "admin", [1] = 5 },
            "the fields table has a key that is a number" },
        { { is_admin = true, scopes = { "mail.send" } },
            "'is_admin' and 'scopes' exclude each other" },
        { { is_admin = true, scopes = {} }, "'is_admin' and 'scopes' exclude each other" },
        { { is_admin = true, persona = "observer" },
            "'is_admin' and 'persona' exclude each other" },
        { { persona = "observer", scopes = { "mail.send" } },
            "'persona' and 'scopes' exclude each other" },
        { plus(ACCESS, { scopes = { "mail.send" } }),
            "'has_restricted_subuser_access' and 'scopes' exclude each other" },
        { plus(ACCESS, { persona = "observer" }),
            "'has_restricted_subuser_access' and 'persona' exclude each other" },
        { { is_admin = true, has_restricted_subuser_access = true },
            "'has_restricted_subuser_access' and 'is_admin' exclude each other" },
        { item { id = 7, permission_type = "admin", scopes = { "mail.send" } },
            "'subuser_access[2].permission_type' = 'admin' and 'scopes' exclude each other" },
        { plus(item { id = 7, permission_type = "admin" }, { is_admin = true }),
            "'is_admin' and 'subuser_access' exclude each other" },
        { { subuser_access = { { id = 7, permission_type = "admin" } } },
            "'subuser_access' needs has_restricted_subuser_access = true" },
        { { subuser_access = { { id = 7, permission_type = "admin" } },
            has_restricted_subuser_access = false },
            "'subuser_access' needs has_restricted_subuser_access = true" },
    }
    for _, scope in ipairs { "2fa_exempt", "2fa_required", "sender_verification_eligible",
        "sender_verification_legacy" } do
        local message = (" holds '%s', which SendGrid sets itself: leave it out"):format(scope)
        particular[#particular + 1] = { { scopes = { "mail.send", scope } },
            "field 'scopes'" .. message }
        particular[#particular + 1] = {
            item { id = 7, permission_type = "restricted", scopes = { scope } },
            "field 'subuser_access[2].scopes'" .. message,
        }
    end

    for i, row in ipairs(particular) do
        it(("a teammate's fields, %d: %s"):format(i, row[2]), function()
            raises("create_sso_teammate: " .. row[2], "create_sso_teammate",
                { plus(PERSON, row[1]) })
            raises("update_sso_teammate: " .. row[2], "update_sso_teammate",
                { "a@x.example", row[1] })
        end)
    end

    it("update_sso_teammate, whose email cannot be changed", function()
        raises("update_sso_teammate: unknown field 'email'", "update_sso_teammate",
            { "a@x.example", { email = "b@x.example" } })
    end)

    it("create_integration, which takes no si", function()
        local fields = plus(calls.rows[6].full[1], { si = true })
        raises("create_integration: unknown field 'si'", "create_integration", { fields })
    end)

    it("what is false or empty excludes nothing", function()
        local fields = plus(PERSON, {
            is_admin = false, has_restricted_subuser_access = false, subuser_access = {},
            scopes = { "mail.send" },
        })
        local sent, err = client:create_sso_teammate(fields)
        assert.is_nil(err)
        assert.is_table(sent)
        local requests = helper.requests(base)
        assert.equal('{"email":"a@x.example","first_name":"A","last_name":"B","is_admin":false,'
            .. '"scopes":["mail.send"],"has_restricted_subuser_access":false,"subuser_access":[]}',
            requests[1].body)
        base = helper.faults "ok" -- the check after each case is about another one
    end)
end)
