-- What becomes of an answer: values, what cannot be used, errors of every shape, and the response
-- table. The sandbox gives the answers that are wanted of it.

local cjson = require "cjson"
local helper = require "helper"

local ID = helper.CERT_ID
local INTEGRATION = helper.INTEGRATION
local GOOD = '{"id":66138975,"not_before":1621289880,"not_after":1936649880,'
    .. '"public_certificate":"x","intergration_id":"' .. INTEGRATION .. '"}'

-- A whole number as this Lua has it.
local function is_whole(value)
    if math.type then
        return math.type(value) == "integer"
    end
    return type(value) == "number" and value % 1 == 0
end

describe("an answer", function()
    local client

    helper.watch()

    before_each(function()
        helper.sandbox.reset()
        client = helper.client({
            base_url = helper.sandbox_value("HTTP"), api_key = os.getenv("SENDGRID_API_KEY"),
            max_retries = 0,
        })
    end)

    after_each(function()
        helper.sandbox.reset()
    end)

    -- Every call gets this answer.
    local function serve(body, more)
        local fault = { status = 200, headers = { ["Content-Type"] = "application/json" },
            body_base64 = require("mime").b64(body), times = "always" }
        if body == "" then
            fault.body_base64, fault.body = nil, ""
        end
        for name, value in pairs(more or {}) do
            fault[name] = value
        end
        helper.sandbox.fault({ fault })
    end

    -- ---- values ------------------------------------------------------------

    describe("as a value", function()
        it("has whole numbers as integers, where there are any", function()
            serve('{"id":66138975,"a":0,"b":-1,"c":1621289880,"d":4102444800,"e":9007199254740991,'
                .. '"f":-9007199254740991,"g":1e3,"h":2.0,"i":[1,{"j":2}]}')
            local value, err = client:get_certificate(ID)
            assert.is_nil(err)
            for _, name in ipairs({ "id", "a", "b", "c", "d", "e", "f", "g", "h" }) do
                assert.is_true(is_whole(value[name]), name)
            end
            assert.equal(66138975, value.id)
            assert.equal("66138975", tostring(value.id))
            assert.equal("4102444800", ("%d"):format(value.d))
            assert.is_true(value.e == 9007199254740991)
            assert.is_true(value.f == -9007199254740991)
            assert.equal(1000, value.g)
            assert.is_true(is_whole(value.i[1]))
            assert.is_true(is_whole(value.i[2].j))
        end)

        it("keeps numbers that are not whole", function()
            serve('{"id":66138975,"a":0.5,"b":-1.25,"c":1e300,"d":1.5e-7}')
            local value = client:get_certificate(ID)
            assert.equal(0.5, value.a)
            assert.equal(-1.25, value.b)
            assert.equal(1e300, value.c)
            assert.equal(1.5e-7, value.d)
        end)

        it("has nil for null, at any depth", function()
            serve('{"id":66138975,"not_before":null,"list":[1,null,3],"inner":{"a":null,"b":1}}')
            local value = client:get_certificate(ID)
            assert.is_nil(value.not_before)
            assert.equal(1, value.list[1])
            assert.is_nil(value.list[2])
            assert.equal(3, value.list[3])
            assert.same({ b = 1 }, value.inner)
        end)

        it("has the integration's id under both spellings", function()
            for _, name in ipairs({ "integration_id", "intergration_id" }) do
                serve('{"id":66138975,"' .. name .. '":"' .. INTEGRATION .. '"}')
                local value = client:update_certificate(ID, { enabled = true })
                assert.equal(INTEGRATION, value.integration_id)
                assert.equal(INTEGRATION, value.intergration_id)
            end
            serve('{"id":66138975,"integration_id":null,"intergration_id":"b"}')
            local value = client:get_certificate(ID)
            assert.equal("b", value.integration_id)
            assert.equal("b", value.intergration_id)
            serve('{"id":66138975}')
            value = client:get_certificate(ID)
            assert.is_nil(value.integration_id)
            assert.is_nil(value.intergration_id)
        end)

        it("has both spellings in every element of a list", function()
            serve("[" .. GOOD .. "," .. GOOD:gsub("intergration", "integration") .. "]")
            local list, err = client:list_certificates(INTEGRATION)
            assert.is_nil(err)
            assert.equal(2, #list)
            for _, certificate in ipairs(list) do
                assert.equal(INTEGRATION, certificate.integration_id)
                assert.equal(INTEGRATION, certificate.intergration_id)
                assert.is_true(is_whole(certificate.id))
            end
        end)

        it("passes on what the API may add", function()
            serve('{"id":66138975,"enabled":false,"new":{"list":["a",true,1.5,{}]},"":"empty",'
                .. '"m\195\188":"\\u00e4\\ud83d\\udd11\\u0000"}')
            local value = client:get_certificate(ID)
            assert.is_false(value.enabled)
            assert.same({ list = { "a", true, 1.5, {} } }, value.new)
            assert.equal("empty", value[""])
            assert.equal("\195\164\240\159\148\145\0", value["m\195\188"])
        end)

        it("may be an empty list, or have white space around it", function()
            serve("[]")
            assert.same({}, client:list_certificates(INTEGRATION))
            serve(" \r\n\t[ ]\n")
            assert.same({}, client:list_certificates(INTEGRATION))
            serve("\n" .. GOOD .. "\n")
            assert.equal(ID, client:get_certificate(ID).id)
        end)

        it("is as good with another 2xx or content type", function()
            for _, status in ipairs({ 200, 201, 202, 203, 206, 299 }) do
                serve(GOOD, { status = status, headers = { ["Content-Type"] = "text/plain" } })
                local value, err, response = client:update_certificate(ID, { enabled = true })
                assert.is_nil(err)
                assert.equal(ID, value.id)
                assert.equal(status, response.status)
            end
        end)

        it("is the same table of one's own each time", function()
            serve(GOOD)
            local one, other = client:get_certificate(ID), client:get_certificate(ID)
            one.id = "changed"
            assert.equal(ID, other.id)
            assert.is_nil(getmetatable(other))
        end)

        it("may have an id as text, or none", function()
            serve('{"id":"66138975"}')
            assert.equal("66138975", client:get_certificate(ID).id)
            assert.equal("66138975", client:get_certificate("66138975").id)
            serve('{"id":"AbC"}')
            assert.equal("AbC", client:get_certificate("aBc").id)
            serve('{"id":66138975.0}')
            assert.equal(ID, client:get_certificate(ID).id)
            serve('{"not_before":1}')
            assert.equal(1, client:get_certificate(ID).not_before)
        end)
    end)

    -- ---- answers that cannot be used ---------------------------------------

    describe("that cannot be used", function()
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

    -- ---- errors ------------------------------------------------------------

    describe("that is an error", function()
        local A = { message = "bad", field = "enabled", error_id = "SSO-1" }
        local a = cjson.encode(A)

        -- body, errors, what follows "400 invalid request" in the message
        local rows = {
            { "[" .. a .. "]", { A }, ": enabled: bad" },
            { '{"errors":[' .. a .. "]}", { A }, ": enabled: bad" },
            { '{"error":' .. a .. "}", { A }, ": enabled: bad" },
            { '{"error":"bad"}', { { message = "bad" } }, ": bad" },
            { '{"message":"bad"}', { { message = "bad" } }, ": bad" },
            { a, { A }, ": enabled: bad" },
            { '"bad"', {}, ": the answer says nothing readable (application/json, 5 bytes)" },
            {
                '{"errors":[' .. a .. ',{"message":"b"},{"message":"c"}]}',
                { A, { message = "b" }, { message = "c" } },
                ": enabled: bad (and 2 more)",
            },
            {
                '{"errors":["x","y"]}',
                { { message = "x" }, { message = "y" } },
                ": x (and 1 more)",
            },
            { '{"errors":"x"}', { { message = "x" } }, ": x" },
            { '{"errors":' .. a .. "}", { A }, ": enabled: bad" },
            { '[{"message":"x","field":null,"error_id":null}]', { { message = "x" } }, ": x" },
            { '[{"message":null,"field":"f"}]', { { field = "f" } }, ": f" },
            { '[null,{"message":"x"}]', { { message = "x" } }, ": x" },
            { '{"errors":[null,' .. a .. "]}", { A }, ": enabled: bad" },
            { '{"errors":null,"message":"x"}', { { message = "x" } }, ": x" },
            { '{"errors":[],"message":"x"}', { { message = "x" } }, ": x" },
            {
                '{"errors":[{"message":7,"field":8.5,"error_id":66138975},9,true,[],{}]}',
                { { message = "7", field = "8.5", error_id = "66138975" }, { message = "9" } },
                ": 8.5: 7 (and 1 more)",
            },
            {
                '[{"message":"a\\u0000b\\r\\nc\\u001bd"}]',
                { { message = "a b  c d" } },
                ": a b  c d",
            },
            {
                '{"message":"' .. ("x"):rep(1000) .. '"}',
                { { message = ("x"):rep(300) .. "..." } },
                ": " .. ("x"):rep(300) .. "...",
            },
            { "[]", {}, ": the answer says nothing readable (application/json, 2 bytes)" },
            { "<p>", {}, ": the answer says nothing readable (application/json, 3 bytes)" },
            { "", {}, "" },
        }
        for i, row in ipairs(rows) do
            it(("is read in shape %d"):format(i), function()
                serve(row[1], { status = 400 })
                local value, err, response = client:update_certificate(ID, { enabled = true })
                assert.is_nil(value)
                assert.equal("invalid_request", err.kind)
                assert.equal(400, err.status)
                assert.equal("400 invalid request" .. row[3], err.message)
                assert.equal("update_certificate: " .. err.message, tostring(err))
                assert.equal("E: update_certificate: " .. err.message .. "!", "E: " .. err .. "!")
                assert.same(row[2], err.errors)
                assert.is_false(err.retryable)
                assert.is_false(err.maybe_applied)
                assert.equal(1, err.attempts)
                assert.is_true(err.elapsed > 0 and err.elapsed < 10)
                assert.equal("update_certificate", err.operation)
                assert.is_nil(err.hint)
                assert.is_nil(err.code)
                assert.is_nil(err.phase)
                assert.is_nil(err.retry_after)
                assert.equal(row[1], response.body)
                assert.equal(400, response.status)
            end)
        end

        local NEW_KEY = "create a new API key with the SSO permissions, an edited one can stay "
            .. "forbidden; SSO needs a plan that includes it"
        local TOO_MANY = "too many calls for this account: try again after retry_after, or lower "
            .. "max_in_flight"
        local kinds = {
            { 400, "invalid_request", "400 invalid request", false },
            { 401, "unauthorized", "401 unauthorized", false, "check the API key" },
            { 402, "http", "402 unexpected status", false },
            { 403, "forbidden", "403 forbidden", false, NEW_KEY },
            { 404, "not_found", "404 not found", false,
                "cert_id comes from list_certificates of an integration" },
            { 405, "http", "405 unexpected status", false },
            { 408, "http", "408 unexpected status", true },
            { 409, "conflict", "409 conflict", false },
            { 413, "invalid_request", "413 invalid request", false },
            { 415, "invalid_request", "415 invalid request", false },
            { 418, "http", "418 unexpected status", false },
            { 422, "invalid_request", "422 invalid request", false },
            { 429, "rate_limited", "429 rate limited", true, TOO_MANY },
            { 500, "server", "500 server error", true },
            { 501, "server", "501 server error", false },
            { 502, "server", "502 server error", true },
            { 503, "server", "503 server error", true },
            { 504, "server", "504 server error", true },
            { 599, "server", "599 server error", true },
        }
        for _, row in ipairs(kinds) do
            it(("of status %d is kind %s"):format(row[1], row[2]), function()
                serve("[" .. a .. "]", { status = row[1] })
                local _, err = client:get_certificate(ID)
                assert.equal(row[2], err.kind)
                assert.equal(row[1], err.status)
                assert.equal(row[3] .. ": enabled: bad", err.message)
                assert.equal(row[5], err.hint)
                assert.equal("get_certificate: " .. err.message
                    .. (row[5] and " (" .. row[5] .. ")" or ""), tostring(err))
                if row[1] ~= 501 and row[1] ~= 599 then -- not documented
                    assert.equal(row[4], err.retryable)
                end
            end)
        end

        it("says when to come back", function()
            serve("[" .. a .. "]", { status = 429, headers = { ["Retry-After"] = "17" } })
            local _, err = client:get_certificate(ID)
            assert.equal(17, err.retry_after)
            serve("[" .. a .. "]", { status = 503, headers = { ["Retry-After"] = "date+20" } })
            _, err = client:get_certificate(ID)
            assert.is_true(err.retry_after >= 18 and err.retry_after <= 21, err.retry_after)
            serve("[" .. a .. "]", { status = 503, headers = { ["Retry-After"] = "0x10" } })
            _, err = client:get_certificate(ID)
            assert.is_nil(err.retry_after)
        end)

        it("has a hint about a clock that is off", function()
            local words = "this machine's clock differs from the server's by more than five "
                .. "minutes: set it right first"
            for _, skew in ipairs({ -1000, 1000, -310, 310 }) do
                local skewed = helper.faults("ratelimit-reset-60-skew-" .. skew)
                local _, err = client:get_certificate(ID, { base_url = skewed })
                assert.equal(words, err.hint)
            end
            for _, skew in ipairs({ -290, 0, 290 }) do
                local skewed = helper.faults("ratelimit-reset-60-skew-" .. skew)
                local _, err = client:get_certificate(ID, { base_url = skewed })
                assert.equal(TOO_MANY, err.hint)
            end
        end)

        it("does not touch a success whose clock is off", function()
            serve(GOOD, { headers = { Date = "Thu, 01 Jan 2015 00:00:00 GMT" } })
            local value, err = client:get_certificate(ID)
            assert.is_nil(err)
            assert.equal(ID, value.id)
        end)

        it("masks the key wherever the server repeats it", function()
            local key = os.getenv("SENDGRID_API_KEY")
            local body = cjson.encode({ errors = {
                { message = "token " .. key .. " is not valid", field = key, error_id = key },
                "Bearer " .. key,
            } })
            serve(body, { status = 401 })
            local _, err = client:get_certificate(ID)
            assert.same({
                { message = "token [api key] is not valid", field = "[api key]",
                    error_id = "[api key]" },
                { message = "Bearer [api key]" },
            }, err.errors)
            assert.equal("401 unauthorized: [api key]: token [api key] is not valid (and 1 more)",
                err.message)
        end)

        it("is a table that can be copied, read and changed, and still printed", function()
            serve("[" .. a .. "]", { status = 400 })
            local _, err = client:get_certificate(ID)
            local copy = {}
            for name, value in pairs(err) do
                copy[name] = value
            end
            assert.equal("invalid_request", copy.kind)
            assert.is_string(cjson.encode(copy))
            err.message, err.operation, err.hint = nil, nil, 5
            assert.equal("unknown error (5)", tostring(err))
            err.message = {}
            assert.is_string(tostring(err))
            assert.is_false(getmetatable(err))
        end)
    end)

    -- ---- the response table ------------------------------------------------

    describe("as a response", function()
        it("has headers in lower case, repeated ones joined", function()
            serve(GOOD, { headers = {
                ["Content-Type"] = "application/json", ["X-Twice"] = { "one", "two", "three" },
                ["X-Empty"] = "", ["X-Utf8"] = "m\195\188",
            } })
            local _, _, response = client:get_certificate(ID)
            local headers = response.headers
            assert.equal("one, two, three", headers["x-twice"])
            assert.equal("application/json", headers["content-type"])
            assert.equal("m\195\188", headers["x-utf8"])
            assert.is_nil(headers["X-Twice"])
            for name, value in pairs(headers) do
                assert.equal(name:lower(), name)
                assert.is_string(value)
            end
            assert.equal(headers, response.headers) -- the same table each time
        end)

        it("has an empty header as an empty text", function()
            local _, _, response = client:get_certificate(ID, {
                base_url = helper.faults("headers"),
            })
            assert.equal("", response.headers["x-empty"])
            assert.equal("one, two", response.headers["x-twice"])
        end)

        it("has the headers of the final answer alone", function()
            local _, _, response = client:get_certificate(ID, {
                base_url = helper.faults("early-hints"),
            })
            assert.equal(200, response.status)
            assert.is_nil(response.headers["retry-after"])
        end)

        it("has the rate limits as numbers, the request's id as text", function()
            local _, _, response = client:get_certificate(ID, {
                base_url = helper.faults("headers"),
            })
            local limit = response.rate_limit
            assert.equal(600, limit.limit)
            assert.equal(598, limit.remaining)
            assert.is_true(math.abs(limit.reset - os.time() - 60) < 10)
            for _, name in ipairs({ "limit", "remaining", "reset" }) do
                assert.is_true(is_whole(limit[name]), name)
            end
            assert.equal("f3a1c0de", response.request_id)
            serve(GOOD, { headers = { ["X-Message-Id"] = "m1" } })
            _, _, response = client:get_certificate(ID)
            assert.equal("m1", response.request_id)
            assert.is_nil(response.rate_limit)
        end)

        it("has neither when neither was sent", function()
            serve(GOOD)
            local _, _, response = client:get_certificate(ID)
            assert.is_nil(response.rate_limit)
            assert.is_nil(response.request_id)
            assert.is_nil(response.no_such_field)
        end)

        for _, text in ipairs({ "0x10", "nan", "inf", "", "many", "5 6" }) do
            it(("takes no rate limit from %q"):format(text), function()
                serve(GOOD, { headers = { ["X-RateLimit-Limit"] = text } })
                local _, _, response = client:get_certificate(ID)
                assert.is_nil(response.rate_limit)
            end)
        end

        it("has them for an error as well", function()
            helper.sandbox.switch({ rate_limit = { limit = 1, window = 60 } })
            client:get_certificate(ID)
            local _, err, response = client:get_certificate(ID)
            assert.equal("rate_limited", err.kind)
            assert.equal(1, response.rate_limit.limit)
            assert.equal(0, response.rate_limit.remaining)
        end)

        it("has the body's bytes", function()
            local body = '{"id":66138975,"x":"\\u00e4\195\164"}\r\n '
            serve(body)
            local _, _, response = client:get_certificate(ID)
            assert.equal(body, response.body)
            serve("\0\1\255", { status = 500 })
            _, _, response = client:get_certificate(ID)
            assert.equal("\0\1\255", response.body)
        end)

        it("counts attempts and says how long it took", function()
            local _, err, response = client:get_certificate(ID, {
                base_url = helper.faults("flaky-1-status-503"), max_retries = 2,
            })
            assert.is_nil(err)
            assert.equal(2, response.attempts)
            assert.is_true(is_whole(response.attempts))
            assert.is_true(is_whole(response.status))
            local slow
            _, _, slow = client:get_certificate(ID, { base_url = helper.faults("delay-60") })
            assert.equal(1, slow.attempts)
            assert.is_true(slow.elapsed >= 0.06 and slow.elapsed < 1, slow.elapsed)
            assert.is_true(slow.timings.first_byte >= 0.06)
            assert.is_true(slow.timings.total >= slow.timings.first_byte)
            assert.is_true(slow.elapsed >= slow.timings.total - 0.001)
        end)

        it("has timings, and tells a kept-alive connection", function()
            local base = helper.faults("ok", "https")
            local secure = helper.client({ base_url = base })
            local _, _, first = secure:get_certificate(ID)
            local _, _, second = secure:get_certificate(ID)
            for _, response in ipairs({ first, second }) do
                for _, name in ipairs({ "dns", "connect", "tls", "first_byte", "total" }) do
                    assert.equal("number", type(response.timings[name]))
                    assert.is_true(response.timings[name] >= 0 and response.timings[name] < 5)
                end
            end
            assert.is_false(first.timings.reused)
            assert.is_true(first.timings.connect > 0)
            assert.is_true(first.timings.tls >= first.timings.connect)
            assert.is_true(second.timings.reused)
            assert.equal(0, second.timings.connect)
            assert.equal(0, second.timings.tls)
            local requests = helper.requests(base)
            assert.equal(requests[1].connection, requests[2].connection)
        end)

        it("has no time for TLS where there is none", function()
            serve(GOOD)
            local _, _, response = client:get_certificate(ID)
            assert.equal(0, response.timings.tls)
        end)

        it("names the version of HTTP", function()
            serve(GOOD)
            local _, _, response = client:get_certificate(ID)
            assert.equal("1.1", response.http_version)
            serve(GOOD, { raw = "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n"
                .. "Content-Length: " .. #GOOD .. "\r\n\r\n" .. GOOD })
            local value, err, old = client:get_certificate(ID)
            assert.is_nil(err)
            assert.equal(ID, value.id)
            assert.equal("1.0", old.http_version)
        end)

        it("is the same for the synchronous form and the callback", function()
            serve(GOOD, { headers = { ["X-Request-Id"] = "r1", ["X-RateLimit-Limit"] = "5" } })
            local value, err, response = client:get_certificate(ID)
            assert.is_nil(err)
            client:get_certificate(ID, helper.expect(function(value2, err2, response2)
                assert.is_nil(err2)
                assert.same(value, value2)
                assert.equal(response.status, response2.status)
                assert.equal(response.body, response2.body)
                assert.equal(response.attempts, response2.attempts)
                assert.equal("r1", response2.request_id)
                assert.same(response.rate_limit, response2.rate_limit)
                local one, two = response.headers, response2.headers
                one.date, two.date = nil, nil
                assert.same(one, two)
            end))
            client:run()
        end)
    end)
end)
