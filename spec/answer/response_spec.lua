-- The response table beside each value and error: headers, rate limits, the body's bytes, attempts
-- and timings.

local answers = require "support.answers"
local helper = require "helper"

local GOOD, is_whole, serve = answers.GOOD, answers.is_whole, answers.serve
local ID = helper.CERT_ID

describe("an answer as a response", function()
    local client

    helper.watch()

    before_each(function()
        client = answers.client()
    end)

    after_each(function()
        helper.sandbox.reset()
    end)

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
        helper.patiently(function()
            local _, _, slow = client:get_certificate(ID, { base_url = helper.faults("delay-60") })
            assert.equal(1, slow.attempts)
            assert.is_true(slow.elapsed >= 0.06 and slow.elapsed < helper.patience, slow.elapsed)
            assert.is_true(slow.timings.first_byte >= 0.06)
            assert.is_true(slow.timings.total >= slow.timings.first_byte)
            assert.is_true(slow.elapsed >= slow.timings.total - 0.001)
        end)
    end)

    it("has timings, and tells a kept-alive connection", function()
        local base = helper.faults("ok", "https")
        local secure = helper.client({ base_url = base })
        local _, _, first = secure:get_certificate(ID)
        local _, _, second = secure:get_certificate(ID)
        for _, response in ipairs({ first, second }) do
            for _, name in ipairs({ "dns", "connect", "tls", "first_byte", "total" }) do
                assert.equal("number", type(response.timings[name]))
                local seconds = response.timings[name]
                assert.is_true(seconds >= 0 and seconds < 5 * helper.patience)
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
