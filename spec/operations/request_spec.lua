-- client:request, the way out to the rest of SendGrid's API: nothing that a caller passes leads
-- the request elsewhere, bodies keep every digit, and what cannot be JSON is refused where it is
-- called.

local calls = require "support.calls"
local cjson = require "cjson"
local helper = require "helper"
local sso = require "sso"

local THIS = debug.getinfo(1, "S").short_src

describe("client:request", function()
    local base, client

    helper.watch()

    before_each(function()
        base = helper.faults "ok"
        client = helper.client { base_url = base }
    end)

    local function request_for(given)
        local value, err = client:request(given)
        assert.is_nil(err)
        assert.is_not_nil(value)
        local requests = helper.requests(base)
        return requests[#requests]
    end

    local function target(given)
        return (request_for(given).target:gsub("^/[^/]+/[^/]+", ""))
    end

    it("is a GET unless told otherwise", function()
        local request = request_for { path = "/v3/scopes" }
        assert.equal("GET", request.method)
        assert.equal("", request.body)
        assert.is_nil(request.header["content-type"])
    end)

    for _, method in ipairs { "GET", "POST", "PUT", "PATCH", "DELETE" } do
        it("sends a body with " .. method, function()
            local request = request_for { method = method, path = "/v3/x", body = { a = 1 } }
            assert.equal(method, request.method)
            assert.equal('{"a":1}', request.body)
            assert.equal("application/json", request.header["content-type"])
        end)
    end

    it("takes the path as it is, encoded", function()
        assert.equal("/v3/x/a%2Fb/%2e%2e%2e//y", target { path = "/v3/x/a%2Fb/%2e%2e%2e//y" })
        -- nearly dots
        for _, name in ipairs { "...", ".%2e.", "%2f", "%3e", "%2", "%", ".a", "%2ea", "%2Ea" } do
            assert.equal("/v3/" .. name .. "/x", target { path = "/v3/" .. name .. "/x" })
        end
    end)

    it("encodes the query", function()
        local queries = {
            { { a = "b c&d=e+f%\195\188" }, "?a=b%20c%26d%3De%2Bf%25%C3%BC" },
            { { ["a b"] = true }, "?a%20b=true" }, { { a = false }, "?a=false" },
            { { a = 500 }, "?a=500" }, { { a = 0.5 }, "?a=0.5" }, { { a = 0.1 }, "?a=0.1" },
            { { a = 1 / 3 }, "?a=0.3333333333333333" }, { { a = -0.0 }, "?a=0" },
            { { a = 2 ^ 53 }, "?a=9007199254740992" }, { { a = -5 }, "?a=-5" },
            { { a = "" }, "?a=" }, { {}, "" },
        }
        for _, row in ipairs(queries) do
            assert.equal("/v3/x" .. row[2], target { path = "/v3/x", query = row[1] })
        end
    end)

    it("writes bodies with every digit, in order, nested", function()
        local bodies = {
            { { 3, 2, 1 }, "[3,2,1]" },
            { { ids = { 66138975, 123456789012345, 9007199254740991 } },
                '{"ids":[66138975,123456789012345,9007199254740991]}' },
            { { a = { { b = { false } } } }, '{"a":[{"b":[false]}]}' },
            { { a = cjson.null }, '{"a":null}' },
            { { a = 0.1 }, '{"a":0.1}' }, { { a = 1e300 }, '{"a":1e+300}' },
            { { ["k\"\n"] = "v\"\\" }, '{"k\\"\\n":"v\\"\\\\"}' },
            { {}, "{}" }, { "[]", "[]" }, { ' {"a":[]} ', ' {"a":[]} ' },
        }
        if math.type then
            bodies[#bodies + 1] = { { math.maxinteger, math.mininteger },
                "[9223372036854775807,-9223372036854775808]" }
        end
        for _, row in ipairs(bodies) do
            assert.equal(row[2],
                request_for({ method = "PUT", path = "/v3/x", body = row[1] }).body)
        end
        -- an array whose elements came in any order
        local array = {}
        for i = 40, 1, -1 do
            array[i] = i
        end
        local sent = request_for({ method = "PUT", path = "/v3/x", body = array }).body
        assert.same(array, cjson.decode(sent))
    end)

    local deep = {}
    for _ = 1, 70 do
        deep = { deep }
    end
    local circle = {}
    circle[1] = circle

    local TABLE = "needs a table with method, path, query and body"
    local MEMBERS = "the table takes method, path, query and body alone"
    local METHOD = "method must be GET, POST, PUT, PATCH or DELETE"
    local DOTS = "path holds '.' or '..'"
    local ENCODE = "path holds a character that has to be percent-encoded"
    local ASKS = "path holds '?' or '#': give the query as a table, and encode what is part of a "
        .. "name"
    local QUERY = "query must map names to strings, finite numbers or booleans"
    local MIXED = "body has a table that is neither an array without gaps nor names alone"
    local wrong = {
        { nil, TABLE }, { "/v3/x", TABLE }, { 5, TABLE },
        { { path = "/v3/x", headers = {} }, MEMBERS }, { { path = "/v3/x", "GET" }, MEMBERS },
        { { path = "/v3/x", method = "get" }, METHOD },
        { { path = "/v3/x", method = "TRACE" }, METHOD },
        { { path = "/v3/x", method = 5 }, METHOD },
        { { path = "/v3/x", method = "GET /evil HTTP/1.1\r\n" }, METHOD },
        { {}, 'path must be a string such as "/v3/scopes", not a nil' },
        { { path = 5 }, 'path must be a string such as "/v3/scopes", not a number' },
        { { path = "" }, "path must begin with a slash" },
        { { path = "v3/x" }, "path must begin with a slash" },
        { { path = "@evil.example/" }, "path must begin with a slash" },
        { { path = "https://evil.example/" }, "path must begin with a slash" },
        { { path = "/v3/../x" }, DOTS }, { { path = "/v3/x/.." }, DOTS },
        { { path = "/./v3" }, DOTS }, { { path = "/v3/%2e%2E/x" }, DOTS },
        { { path = "/v3/.%2e" }, DOTS }, { { path = "/v3/%2E." }, DOTS },
        { { path = "/v3/%2e/" }, DOTS },
        { { path = "/v3/x?a=b" }, ASKS }, { { path = "/v3/x#a" }, ASKS },
        { { path = "/v3/a b" }, ENCODE }, { { path = "/v3/x\r\nHost: evil" }, ENCODE },
        { { path = "/v3/x\0" }, ENCODE }, { { path = "/v3\\..\\x" }, ENCODE },
        { { path = "/v3/\195\188" }, ENCODE },
        { { path = "/" .. ("x"):rep(8192) }, "path is longer than 8192 bytes" },
        { { path = "/x", query = "a=b" }, "query must be a table, not a string" },
        { { path = "/x", query = { "a" } }, QUERY }, { { path = "/x", query = { a = {} } }, QUERY },
        { { path = "/x", query = { a = 0 / 0 } }, QUERY },
        { { path = "/x", query = { a = math.huge } }, QUERY },
        { { path = "/x", body = 5 }, "body must be a table, or JSON text, not a number" },
        { { path = "/x", body = true }, "body must be a table, or JSON text, not a boolean" },
        { { path = "/x", body = "\255" }, "body is not UTF-8 text" },
        { { path = "/x", body = { "\255" } }, "body is not UTF-8 text" },
        { { path = "/x", body = { ["\255"] = 1 } }, "body is not UTF-8 text" },
        { { path = "/x", body = { print } }, "body holds a function" },
        { { path = "/x", body = { a = { io.stdout } } }, "body holds a userdata" },
        { { path = "/x", body = { 0 / 0 } }, "body holds a number that is not finite" },
        { { path = "/x", body = { a = -math.huge } }, "body holds a number that is not finite" },
        { { path = "/x", body = { 1, a = 2 } }, MIXED }, { { path = "/x", body = { [2] = 1 } },
            MIXED }, { { path = "/x", body = { [true] = 1 } }, MIXED },
        { { path = "/x", body = { { [1.5] = 1 } } }, MIXED },
        { { path = "/x", body = deep }, "body nests more than 64 levels" },
        { { path = "/x", body = circle }, "body nests more than 64 levels" },
    }
    for i, row in ipairs(wrong) do
        it(("raises where it is called, %d: %s"):format(i, row[2]), function()
            for _, callee in ipairs { function(given) client:request(given) end,
                function(given) sso.request(given) end } do
                local line = debug.getinfo(callee, "S").linedefined
                local ok, why = pcall(callee, row[1])
                assert.is_false(ok, "nothing was raised")
                assert.equal(("%s:%d: request: %s"):format(THIS, line, row[2]), why)
            end
            assert.equal(0, client:run(0))
            assert.equal(0, #helper.requests(base))
        end)
    end

    it("takes options after the table, and a callback", function()
        client:request({ path = "/v3/x" }, { on_behalf_of = "sub" }, helper.expect(function(value)
            assert.is_table(value)
        end))
        client:run()
        assert.equal("sub", helper.requests(base)[1].header["on-behalf-of"])
        local ok, why = pcall(client.request, client, { path = "/v3/x" }, { body = {} })
        assert.is_false(ok)
        assert.truthy(why:find("request: unknown option 'body'", 1, true))
    end)

    it("never sends a private key, in a table or as text", function()
        local pem, key = helper.certificate { key = "ec" }
        for _, body in ipairs { { a = { key } }, pem .. key, { [key] = 1 } } do
            local value, err = client:request { method = "POST", path = "/v3/x", body = body }
            assert.is_nil(value)
            assert.equal("certificate", err.kind)
            assert.is_nil(tostring(err):find("PRIVATE KEY", 1, true))
        end
        assert.equal(0, #helper.requests(base))
    end)

    it("gives any JSON, and the sandbox's own errors", function()
        local rows = {
            { "[1,null,2]", nil }, { '"text"', "text" }, { "false", false }, { "7", 7 },
            { '{"a":[]}', { a = {} } },
        }
        local other = calls.client()
        for _, row in ipairs(rows) do
            calls.answers(200, row[1])
            local value, err, response = other:request { path = "/v3/x" }
            assert.is_nil(err)
            assert.equal(row[1], response.body)
            if row[2] ~= nil then
                assert.same(row[2], value)
            end
        end
        helper.sandbox.reset()
        local list = other:request { path = "/v3/sso/integrations", query = { si = true } }
        assert.is_true(list[1].completed_integration)
        for path, status in pairs { ["/v3/nowhere"] = 404, ["/v3/sso/teammates"] = 405 } do
            local value, err = other:request { path = path }
            assert.is_nil(value)
            assert.equal(status, err.status)
            assert.equal("request", err.operation)
        end
        helper.sandbox.reset()
    end)
end)
