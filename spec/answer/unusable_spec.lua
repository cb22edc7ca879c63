-- A success that cannot be used is an error of kind response: what is no JSON, has another shape or
-- is about something else than what was asked for.

local answers = require "support.answers"
local helper = require "helper"

local GOOD, serve = answers.GOOD, answers.serve
local ID, INTEGRATION = helper.CERT_ID, helper.INTEGRATION

describe("an answer that cannot be used", function()
    local client

    helper.watch()

    before_each(function()
        client = answers.client()
    end)

    after_each(function()
        helper.sandbox.reset()
    end)

    local function is_refused(problem, body, value, err, response)
        assert.is_nil(value)
        assert.equal("table", type(err))
        assert.equal("response", err.kind)
        local words = "the server's 200 answer %s (application/json, %d bytes)"
        assert.equal(words:format(problem, #body), err.message)
        assert.equal(200, err.status)
        assert.is_false(err.retryable)
        assert.equal(1, err.attempts)
        assert.equal(200, response.status)
        assert.equal(body, response.body)
    end

    local about = "is about another id than the one asked for"
    local rows = {
        { "", "is empty" },
        { " \n", "is not JSON" },
        { "null", "is not an object" },
        { "true", "is not an object" },
        { "66138975", "is not an object" },
        { '"text"', "is not an object" },
        { "[]", "is not an object" },
        { "[" .. GOOD .. "]", "is not an object" },
        { "{", "is not JSON" },
        { GOOD:sub(1, -2), "is not JSON" },
        { GOOD .. "x", "is not JSON" },
        { GOOD .. GOOD, "is not JSON" },
        { GOOD .. "\0", "is not JSON" },
        { GOOD .. '\0{"id":66138975}', "is not JSON" },
        { '{"id":66138975,"x":"\0"}', "is not JSON" },
        { "\0", "is not JSON" },
        { '{"id":NaN}', "is not JSON" },
        { '{"id":Infinity}', "is not JSON" },
        { '{"id":0x3F12E5F}', "is not JSON" },
        { "{id:66138975}", "is not JSON" },
        { "{'id':66138975}", "is not JSON" },
        { '{"id":66138975,}', "is not JSON" },
        { '{"x":' .. ("["):rep(100) .. ("]"):rep(100) .. "}", "is not JSON" },
        { ("["):rep(100000), "is not JSON" },
        { ('{"a":'):rep(100000), "is not JSON" },
        { "\239\187\191" .. GOOD, "is not JSON" },
        { "<html></html>", "is not JSON" },
        { '{"id":66138976}', about },
        { '{"id":999}', about },
        { '{"id":"66138975x"}', about },
        { '{"id":""}', about },
        { '{"id":66138975.5}', about },
        { '{"id":-66138975}', about },
        { '{"id":6.6138975e300}', about },
        { '{"id":true}', about },
        { '{"id":[66138975]}', about },
        { '{"id":{"value":66138975}}', about },
    }
    for i, row in ipairs(rows) do
        it(("is kind response: object %d, which %s"):format(i, row[2]), function()
            serve(row[1])
            is_refused(row[2], row[1], client:get_certificate(ID))
            client:get_certificate(ID, helper.expect(function(...)
                is_refused(row[2], row[1], ...)
            end))
            client:run()
        end)
    end

    local elsewhere = GOOD:gsub("b0b98502", "11111111")
    local element = "holds something that is not an object"
    local lists = {
        { "", "is empty" },
        { "{}", "is not an array" },
        { GOOD, "is not an array" },
        { "null", "is not an array" },
        { "5", "is not an array" },
        { '"[]"', "is not an array" },
        { "[1]", element },
        { "[true]", element },
        { '["a"]', element },
        { "[null]", element },
        { "[" .. GOOD .. ",null]", element },
        { "[null," .. GOOD .. "]", element },
        { "[" .. GOOD .. ",5]", element },
        { "[" .. GOOD .. ",[" .. GOOD .. "]]", element },
        { "[[" .. GOOD .. "]," .. GOOD .. "]", element },
        { "[" .. GOOD .. ",", "is not JSON" },
        { "[" .. elsewhere .. "]", about },
        { "[" .. GOOD .. "," .. elsewhere .. "]", about },
        { '[{"id":1,"integration_id":5}]', about },
    }
    for i, row in ipairs(lists) do
        it(("is kind response: list %d, which %s"):format(i, row[2]), function()
            serve(row[1])
            is_refused(row[2], row[1], client:list_certificates(INTEGRATION))
        end)
    end

    it("may have been applied after a PATCH, not after a GET", function()
        serve("oops")
        local _, err = client:update_certificate(ID, { enabled = true })
        assert.equal("response", err.kind)
        assert.is_true(err.maybe_applied)
        assert.equal("update_certificate", err.operation)
        _, err = client:get_certificate(ID)
        assert.is_false(err.maybe_applied)
        assert.equal("get_certificate", err.operation)
    end)

    it("names the content type, cleaned and cut", function()
        serve("<p>", { headers = { ["Content-Type"] = "text/html; charset=utf-8" } })
        local _, err = client:get_certificate(ID)
        assert.equal("the server's 200 answer is not JSON (text/html; charset=utf-8, 3 bytes)",
            err.message)
        serve("<p>", { headers = { ["Content-Type"] = ("x"):rep(1000) } })
        _, err = client:get_certificate(ID)
        assert.equal("the server's 200 answer is not JSON (" .. ("x"):rep(60)
            .. "..., 3 bytes)", err.message)
    end)

    it("is a 204 where a certificate is wanted", function()
        serve("", { status = 204 })
        local value, err, response = client:update_certificate(ID, { enabled = true })
        assert.is_nil(value)
        assert.equal("response", err.kind)
        assert.equal(204, err.status)
        assert.truthy(err.message:find("^the server's 204 answer is empty %("))
        assert.equal(204, response.status)
        assert.equal("", response.body)
    end)
end)
