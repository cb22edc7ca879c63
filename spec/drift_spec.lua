-- No drift: the client's table of operations says what SendGrid's OpenAPI documents say, but for
-- the list in deviations.lua. api_facts.lua has what the documents say; where they are at hand (in
-- ../shared/reference or $SSO_REFERENCE) it is derived from them again and must be the same.
-- Then one thing after another is changed, on either side, and each change must be noticed; and
-- the calls are made, since what a call requires and takes as success is not in the table.

local deviations = require "deviations"
local drift = require "support.drift"
local facts = require "api_facts"
local helper = require "helper"
local operations = require("sso.core").operations
local process = require "process"
local sso = require "sso"

local REFERENCE = os.getenv("SSO_REFERENCE") or "../shared/reference"

local function assert_none(problems)
    assert(#problems == 0, ("%d differences:\n%s"):format(#problems, table.concat(problems, "\n")))
end

local function copy(value)
    if type(value) ~= "table" then
        return value
    end
    local made = {}
    for key, item in pairs(value) do
        made[key] = copy(item)
    end
    return made
end

describe("the table of operations", function()
    it("says what SendGrid's documents say, but for the deviations listed", function()
        assert_none(drift.problems(operations, facts.operations))
    end)

    it("deviates with a reason each time, and never twice for the same", function()
        local seen = {}
        drift.each_deviation(function(key, row, group)
            assert(type(group.reason) == "string" and #group.reason > 40 or row[2] == "page", key)
            assert.equal(4, #row, key)
            assert.is_nil(seen[key], key)
            seen[key] = true
        end)
        for i, group in ipairs(deviations) do
            assert(#group > 0 and group.reason, "the group of deviations " .. i)
        end
    end)

    it("names the servers of the documents as regions", function()
        local urls = {}
        for i, region in ipairs({ "eu", "global" }) do
            local client = sso.new({ api_key = helper.key, region = region })
            urls[i] = tostring(client):match("https://[%w.]+")
            client:close()
        end
        assert.same(facts.servers, urls)
    end)
end)

describe("the committed facts", function()
    it("say of each operation one success that fits what it carries", function()
        assert(#facts.operations > 0)
        for _, fact in ipairs(facts.operations) do
            local where = fact.method .. " " .. fact.path
            assert(fact.status >= 200 and fact.status < 300, where)
            assert.equal(fact.status == 204, fact.answer == nil, where)
        end
    end)

    it("are what the documents say today", function()
        local document = io.open(REFERENCE .. "/tsg_sso_v3.json")
        if not document then
            pending("SendGrid's documents are not in " .. REFERENCE .. " ($SSO_REFERENCE)")
            return
        end
        document:close()
        -- LUA_PATH may lead the specs' own interpreter alone to lua-cjson
        local done = process.run({ helper.interpreter(), "tools/derive-facts", REFERENCE },
            { "LUA_PATH=" .. package.path, "LUA_CPATH=" .. package.cpath }, 20)
        assert.equal(0, done.status, done.output)
        local committed = assert(io.open("spec/api_facts.lua", "rb"))
        assert.equal(committed:read("*a"), done.output)
        committed:close()
    end)
end)

-- ---- what is changed must be noticed ---------------------------------------

-- Calls try(what) after each single change of the copy's rows and takes the change back.
local function change_keys(entry, name, changes, try)
    for key, values in pairs(changes) do
        local before = entry[key]
        for _, value in ipairs(values) do
            if value ~= before then
                entry[key] = value
                try(("%s: %s = %s"):format(name, key, tostring(value)))
            end
        end
        entry[key] = before
    end
end

-- Takes out each entry in turn, and puts one in twice.
local function change_list(list, name, extra, try)
    for i = 1, #list do
        local removed = table.remove(list, i)
        try(("%s without its entry %d"):format(name, i))
        table.insert(list, i, removed)
    end
    list[#list + 1] = extra
    try(name .. " with one more")
    list[#list] = nil
end

local function change_fields(fields, where, requires, try)
    local one_more = copy(fields[1])
    one_more.name = "another"
    change_list(fields, where .. ": the fields", one_more, try)
    for _, field in ipairs(fields) do
        local name = where .. " " .. field.name
        change_keys(field, name, {
            name = { field.name .. "s", field.name:upper() },
            alias = { "another", field.alias and false },
            type = {
                "string", "boolean", "integer", "array of strings", "array of tables", "number",
            },
            query = { not field.query },
            required = requires and { not field.required } or {},
            doc = { field.doc:match("up to %d") and "less" or field.doc .. ", up to 12" },
        }, try)
        if field.choices then
            change_list(field.choices, name .. ": the choices", "another", try)
        else
            change_keys(field, name, { choices = { { "a", "b" } } }, try)
        end
        if field.items then
            change_fields(field.items, name, true, try)
        end
    end
end

local function change_rows(rows, try)
    local one_more = copy(rows[1])
    one_more.path = "/v3/sso/others"
    change_list(rows, "the rows", one_more, try)
    change_list(rows, "the rows", rows[1], try)
    for _, row in ipairs(rows) do
        change_keys(row, row.name, {
            method = { "GET", "PUT", "POST", "PATCH", "DELETE" },
            path = {
                row.path .. "/", row.path:gsub("v3", "v4"), row.path:upper(),
                row.path:match("{") and row.path:gsub("{", "{an_") or nil,
            },
            page = { row.page .. "s", false },
            shape = { "object", "array", "true", "maybe", "anything" },
        }, try)
        if row.fields then
            change_fields(row.fields, row.name, row.method == "POST", try)
        else
            local field = { name = "another", type = "string", doc = "" }
            change_keys(row, row.name, { fields = { { field } } }, try)
        end
    end
end

-- The documents' operations that the table has, whose details are compared.
local function wrapped(documented)
    local list, ours = {}, {}
    for _, row in ipairs(operations) do
        ours[drift.request_of(row)] = true
    end
    for _, fact in ipairs(documented) do
        list[#list + 1] = ours[drift.request_of(fact)] and fact or nil
    end
    return list
end

-- Every parameter and field of the documents: gone, another name, another type, not as required.
local function change_facts(group, where, try)
    for name, fact in pairs(copy(group)) do
        local expanded = copy(type(fact) == "table" and fact or { type = fact })
        group[name] = nil
        try(("%s without %s"):format(where, name))
        group.another = fact
        try(("%s: %s is called another"):format(where, name))
        group.another, group[name] = nil, expanded
        change_keys(expanded, where .. " " .. name, {
            type = { "thing" },
            required = { not expanded.required },
            maximum = { 1 },
            choices = { { "a", "b" } },
        }, try)
        if expanded.items then
            change_facts(expanded.items, where .. " " .. name, try)
        end
        group[name] = fact
    end
end

describe("a change", function()
    local rows, documented, tried, unnoticed

    before_each(function()
        rows, documented = copy(operations), copy(facts.operations)
        tried, unnoticed = 0, {}
    end)

    local function try(what)
        tried = tried + 1
        if #drift.problems(rows, documented) == 0 then
            unnoticed[#unnoticed + 1] = what
        end
    end

    -- The copies are again what they were, so that each change was alone.
    local function assert_noticed(least)
        assert.same(operations, rows)
        assert_none(drift.problems(rows, documented))
        assert.same({}, unnoticed)
        assert(tried >= least, tried .. " changes were tried")
    end

    it("of the table is noticed, whatever it is", function()
        change_rows(rows, try)
        assert_noticed(20 * #operations)
    end)

    it("of the documents is noticed, whatever it is", function()
        change_list(documented, "the documents", { method = "GET", path = "/v3/sso/others",
            page = "Others", parameters = {} }, try)
        for _, fact in ipairs(wrapped(documented)) do
            local where = fact.method .. " " .. fact.path
            change_keys(fact, where, {
                method = { "PUT" },
                path = { fact.path .. "/others" },
                page = { fact.page .. "s" },
            }, try)
            for place, group in pairs(fact.parameters) do
                if place ~= "path" then
                    change_facts(group, where .. " " .. place, try)
                end
            end
            if fact.body then
                change_facts(fact.body, where .. " body", try)
            end
        end
        assert_noticed(10 * #operations)
    end)

    it("of what SendGrid answers is noticed, its shape and the odd spelling", function()
        local kinds = {
            { type = "object", fields = { intergration_id = "string", id = "string" } },
            { type = "object", fields = { result = "array of strings" } },
            false,
        }
        for _, fact in ipairs(wrapped(documented)) do
            local before, known = fact.answer, drift.answer_words(fact.answer)
            for _, kind in ipairs(kinds) do
                fact.answer = kind
                if drift.answer_words(kind) ~= known then
                    try(("%s %s: %s"):format(fact.method, fact.path, drift.answer_words(kind)))
                end
            end
            local fields = before and (before.fields or before.items)
            if fields and fields.intergration_id and fact.body then
                fact.answer = copy(before)
                fact.answer.fields.intergration_id = nil
                try(fact.method .. " " .. fact.path .. ": the answer spelled otherwise")
            end
            fact.answer = before
        end
        assert_noticed(2 * #operations)
    end)
end)

-- ---- what the calls do -----------------------------------------------------

local SAMPLES = { boolean = true, integer = 7, string = "x@idp.test" }

local function sample_of(field)
    if field.type:match("^array") then
        return {}
    end
    return field.choices and field.choices[1] or SAMPLES[field.type]
end

local function is_change(row)
    return row.method == "PATCH" or row.method == "PUT"
end

-- → the sets of fields with which a call of this row must go: of a change each field of the body
-- alone, else what is required
local function fewest_fields(row)
    local sets, required = {}, nil
    for _, field in ipairs(row.fields or {}) do
        if is_change(row) and not field.query then
            sets[#sets + 1] = { [field.name] = sample_of(field) }
        elseif field.required then
            required = required or {}
            required[field.name] = sample_of(field)
        end
    end
    return is_change(row) and sets or { required }
end

-- Calls the operation, everything its path takes being 66138975.
local function call(client, row, fields)
    local arguments, n = {}, 0
    for _ in row.path:gmatch("{") do
        n = n + 1
        arguments[n] = helper.CERT_ID
    end
    if row.fields then
        n = n + 1
        arguments[n] = fields
    end
    return client[row.name](client, (table.unpack or unpack)(arguments, 1, n))
end

local function fact_of(row)
    for _, fact in ipairs(facts.operations) do
        if drift.request_of(fact) == drift.request_of(row) then
            return fact
        end
    end
end

-- → a client of a server that answers the documented success, with as little in it as may be
local function client_for_success(fact)
    local shape = "empty-object"
    if not fact.answer then
        shape = "empty"
    elseif fact.answer.type ~= "object" then
        shape = "list"
    elseif drift.answer_words(fact.answer) == "an array" then
        helper.sandbox.reset() -- the sandbox wraps lists as SendGrid does
        return helper.client({
            base_url = helper.sandbox_value("HTTP"),
            api_key = helper.environment("SENDGRID_API_KEY", "use sandbox/sandbox run"),
        })
    end
    local base_url = helper.faults(("status-%d-%s"):format(fact.status, shape))
    return helper.client({ base_url = base_url }), base_url
end

describe("the calls", function()
    helper.watch()

    local function takes(row, fields)
        local fact = fact_of(row)
        local value, err, response = call(client_for_success(fact), row, fields)
        assert.is_nil(err, tostring(err))
        assert.equal(fact.status, response.status)
        assert.equal(fact.answer and "table" or "boolean", type(value))
    end

    for _, row in ipairs(operations) do
        local sets = fewest_fields(row)
        it(("take the documented success of %s with the fewest fields"):format(row.name), function()
            assert(not is_change(row) or #sets > 1)
            for i = 1, math.max(#sets, 1) do
                takes(row, sets[i])
            end
        end)

        for name in pairs(not is_change(row) and sets[1] or {}) do
            it(("of %s refuse to go without %s"):format(row.name, name), function()
                local client = helper.client({ base_url = helper.faults("ok") })
                local fields = copy(sets[1])
                fields[name] = nil
                local ok, message = pcall(call, client, row, fields)
                assert.is_false(ok)
                assert.matches(("field '%s' is missing"):format(name), message, 1, true)
            end)
        end
    end

    it("send by an option what the documents have as a header", function()
        local seen = 0
        for _, row in ipairs(operations) do
            for name in pairs(fact_of(row).parameters.header or {}) do
                local option, base_url = name:gsub("%-", "_"), helper.faults("status-500")
                local client = helper.client({ base_url = base_url, max_retries = 0 })
                call(client:with({ [option] = "one" }), row, fewest_fields(row)[1])
                assert.equal("one", helper.requests(base_url)[1].header[name], row.name)
                seen = seen + 1
            end
        end
        assert(seen > 0)
    end)

    it("reach by client:request what has no call of its own", function()
        local left = {}
        for _, fact in ipairs(facts.operations) do
            left[drift.request_of(fact)] = fact
        end
        for _, row in ipairs(operations) do
            left[drift.request_of(row)] = nil
        end
        assert(next(left))
        for _, fact in pairs(left) do
            local client, base_url = client_for_success(fact)
            local value, err = client:request({
                method = fact.method, path = fact.path:gsub("{[^}]*}", "x"), body = { email = "x" },
            })
            assert.is_nil(err, tostring(err))
            assert.is_table(value)
            assert.equal(fact.method, helper.requests(base_url)[1].method)
        end
    end)
end)
