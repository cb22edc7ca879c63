-- Every operation on the wire and back: method, path, query and body to the byte, the documented
-- answer and its neighbours, each documented failure in both shapes of its body.

local calls = require "support.calls"
local core = require "sso.core"
local helper = require "helper"

local received = calls.received

describe("the rows of spec/support/calls.lua", function()
    it("are the operations, in order, and request", function()
        local known, rows = {}, {}
        for i, operation in ipairs(core.operations) do
            known[i] = operation.name .. " " .. operation.method
        end
        for i, row in ipairs(calls.rows) do
            rows[i] = row.name .. " " .. row.method
        end
        assert.equal("request POST", table.remove(rows))
        assert.same(known, rows)
    end)

    it("give every field and parameter that there is", function()
        for i, operation in ipairs(core.operations) do
            local given = {}
            local row = calls.rows[i]
            local all = { { row.full } }
            for _, more in ipairs(row.more or {}) do
                all[#all + 1] = more
            end
            for _, one in ipairs(all) do
                for _, argument in ipairs(one[1]) do
                    for name in pairs(type(argument) == "table" and argument or {}) do
                        given[name] = true
                    end
                end
            end
            for _, field in ipairs(operation.fields or {}) do
                if operation.name ~= "update_sso_teammate" then -- the same rows as at its creation
                    assert.is_true(given[field.name], operation.name .. ": " .. field.name)
                end
            end
        end
    end)
end)

describe("client", function()
    local client

    helper.watch()

    before_each(function()
        client = calls.client()
    end)

    teardown(function()
        helper.sandbox.reset()
    end)

    local function sends(row, args, wire, body, answer)
        calls.answers(row.status, answer or row.answer)
        local value, err, response = calls.call(client, row.name, args)
        local requests = received()
        assert.equal(1, #requests)
        local request = requests[1]
        assert.equal(wire, request.wire)
        assert.equal(body or "", request.body)
        assert.equal(body and "application/json" or nil, request.header["content-type"])
        if not body and request.method == "GET" then
            assert.is_nil(request.header["content-length"])
        end
        assert.equal("Bearer " .. os.getenv "SENDGRID_API_KEY", request.header.authorization)
        return value, err, response
    end

    for _, row in ipairs(calls.rows) do
        describe(":" .. row.name, function()
            it("sends exactly this and understands the documented answer", function()
                local value, err, response = sends(row, row.full, row.wire, row.body)
                assert.is_nil(err)
                row.check(value)
                assert.equal(row.status, response.status)
                assert.equal(row.answer or "", response.body)
                assert.equal(1, response.attempts)
                assert.is_nil(response.warnings)
            end)

            for i, more in ipairs(row.more or {}) do
                it(("sends exactly this, %d"):format(i), function()
                    local _, err = sends(row, more[1], more[2], more[3], more[4])
                    if more[1][1] ~= calls.ODD then -- the answer is about another id
                        assert.is_nil(err)
                    end
                end)
            end

            if type(row.full[1]) == "string" or type(row.full[1]) == "number" then
                it("keeps an odd id in its one segment", function()
                    local id = tostring(row.full[1])
                    local encoded = id:gsub("@", "%%%%40"):gsub("[-.]", "%%%0")
                    local wire, n = row.wire:gsub("/" .. encoded .. "%f[/?%z]",
                        "/" .. calls.ODD_ENCODED:gsub("%%", "%%%%"), 1)
                    assert.equal(1, n, wire)
                    sends(row, { calls.ODD, row.full[2] }, wire, row.body)
                end)
            end

            it("takes any 2xx, and an empty one only where nothing is needed", function()
                for _, status in ipairs { 200, 201, 202, 299 } do
                    calls.answers(status, row.answer or "{}")
                    local value, err = calls.call(client, row.name, row.full)
                    assert.is_nil(err)
                    row.check(value)
                end
                for _, status in ipairs { 200, 204 } do
                    calls.answers(status)
                    local value, err, response = calls.call(client, row.name, row.full)
                    assert.equal(status, response.status)
                    if row.nothing then
                        assert.is_true(value)
                        assert.is_nil(err)
                    else
                        assert.is_nil(value)
                        assert.equal("response", err.kind)
                        assert.truthy(err.message:find("is empty", 1, true))
                        assert.equal(row.method ~= "GET", err.maybe_applied)
                    end
                end
            end)

            if row.answer then
                it("makes no value of JSON that is cut, or of an error page", function()
                    for _, body in ipairs { row.answer:sub(1, -2), "<html></html>", row.answer
                        .. "}" } do
                        calls.answers(200, body)
                        local value, err, response = calls.call(client, row.name, row.full)
                        assert.is_nil(value)
                        assert.equal("response", err.kind)
                        assert.equal(row.name, err.operation)
                        assert.equal(row.method ~= "GET", err.maybe_applied)
                        assert.equal(body, response.body)
                    end
                end)
            end

            it("answers a callback with the same", function()
                calls.answers(row.status, row.answer)
                local handle = calls.call(client, row.name, row.full, nil,
                    helper.expect(function(value, err, response)
                        assert.is_nil(err)
                        row.check(value)
                        assert.equal(row.status, response.status)
                    end))
                assert.is_false(handle:done())
                assert.equal(0, client:run(5 * helper.patience))
                assert.equal(row.wire, received()[1].wire)
            end)
        end)
    end

    -- ---- failures ------------------------------------------------------------------

    local documented = {
        { 400, "invalid_request" }, { 401, "unauthorized" }, { 403, "forbidden" },
        { 404, "not_found" }, { 429, "rate_limited" }, { 500, "server" },
    }
    local ERROR = '{"message":"is required","field":"%s","error_id":"SSO-7"}'

    for _, row in ipairs(calls.rows) do
        it(":" .. row.name .. " returns each documented failure, in both shapes", function()
            for _, status in ipairs(documented) do
                for _, shape in ipairs { "[%s]", '{"errors":[%s]}' } do
                    calls.answers(status[1], shape:format(ERROR:format "name"))
                    local value, err, response = calls.call(client, row.name, row.full)
                    assert.is_nil(value)
                    assert.equal(status[2], err.kind)
                    assert.equal(status[1], err.status)
                    assert.equal(status[1], response.status)
                    assert.equal(row.name, err.operation)
                    assert.same({
                        { message = "is required", field = "name", error_id = "SSO-7" },
                    }, err.errors)
                    assert.truthy(tostring(err):find("is required", 1, true))
                    assert.truthy(tostring(err):find(row.name, 1, true))
                    assert.equal(status[1] >= 429, err.retryable)
                    assert.equal(status[1] == 500 and row.method ~= "GET", err.maybe_applied)
                    assert.equal(1, err.attempts)
                end
            end
        end)

        it(":" .. row.name .. " is refused by the sandbox for a wrong key", function()
            helper.sandbox.reset()
            for key, kind in pairs { ["SG.unknown"] = "unauthorized",
                ["SG.forbidden"] = "forbidden" } do
                local value, err = calls.call(client, row.name, row.full, { api_key = key })
                assert.is_nil(value)
                assert.equal(kind, err.kind)
                assert.equal(1, #err.errors)
                assert.is_string(err.hint)
            end
        end)
    end
end)
