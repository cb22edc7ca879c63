-- What becomes of an error that the server answers with: its shapes, the kind of each status,
-- hints, and the key masked wherever it is repeated.

local answers = require "support.answers"
local cjson = require "cjson"
local helper = require "helper"

local GOOD, serve = answers.GOOD, answers.serve
local ID = helper.CERT_ID

describe("an answer that is an error", function()
    local client

    helper.watch()

    before_each(function()
        client = answers.client()
    end)

    after_each(function()
        helper.sandbox.reset()
    end)

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
