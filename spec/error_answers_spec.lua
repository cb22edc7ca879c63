-- Every status and every shape of an error's body: what the caller makes of it, and that nothing
-- the server sends can bring the API key, control characters or 300 kB into an error.

local failing = require "support.failing"
local helper = require "helper"

local cases, check_both, check_row = failing.cases, failing.check_both, failing.check_row
local with = failing.with

local NO = {retryable = false, maybe_applied = false, attempts = 1}

describe("the status", function()
    helper.watch()

    local statuses = {
        {400, "invalid_request"}, {401, "unauthorized"}, {402, "http"}, {403, "forbidden"},
        {404, "not_found"}, {405, "http"}, {406, "http"}, {409, "conflict"}, {410, "http"},
        {412, "http"}, {413, "invalid_request"}, {415, "invalid_request"}, {418, "http"},
        {422, "invalid_request"}, {451, "http"}, {300, "http"}, {304, "http", "empty"},
        {501, "server"}, {505, "server"}, {599, "server"}, {600, "http"}, {999, "http"},
    }
    local passing = {
        {408, "http"}, {429, "rate_limited"}, {500, "server"}, {502, "server"},
        {503, "server"}, {504, "server"},
    }
    local rows = {}
    for _, status in ipairs(statuses) do
        rows[#rows + 1] = {
            ("status-%d-%s"):format(status[1], status[3] or "object"),
            options = {max_retries = 2}, -- and yet there is one request
            want = {status = status[1], kind = status[2], retryable = false, attempts = 1},
            message = "^" .. status[1],
        }
    end
    for _, status in ipairs(passing) do
        rows[#rows + 1] = {
            ("status-%d-object"):format(status[1]),
            want = {status = status[1], kind = status[2], retryable = true, attempts = 1,
                maybe_applied = status[1] ~= 429},
            message = "^" .. status[1],
        }
    end
    for _, status in ipairs({301, 302, 303, 307, 308}) do
        rows[#rows + 1] = {"redirect-" .. status, want = with(NO, {kind = "http",
            status = status}), message = "redirect to http://127"}
    end
    rows[#rows + 1] = {"html-502", want = {kind = "server", status = 502, errors = {}},
        message = "text/html"}
    rows[#rows + 1] = {"html-403", want = with(NO, {kind = "forbidden", errors = {}})}
    rows[#rows + 1] = {"early-hints-503", want = {kind = "server", status = 503,
        retry_after = "none"}}
    rows[#rows + 1] = {"truncated-body-500", want = {kind = "server", status = 500}}
    rows[#rows + 1] = {"retry-after-7", want = {kind = "rate_limited", retry_after = 7,
        maybe_applied = false}}
    rows[#rows + 1] = {"retry-after-503:9", want = {kind = "server", retry_after = 9,
        maybe_applied = false}}
    for _, odd in ipairs({"-5", "0x10", "nan", "soon", "1e3", "99999999999999999999"}) do
        rows[#rows + 1] = {"retry-after-" .. odd, want = {kind = "rate_limited",
            retry_after = "none"}}
    end
    rows[#rows + 1] = {name = "429 and a wait beyond the deadline", "retry-after-60",
        options = {max_retries = 2, timeout = 2}, within = 0.5,
        want = {kind = "rate_limited", retry_after = 60}}
    rows[#rows + 1] = {name = "429 and a wait that overflows", "retry-after-9223372036854775807",
        options = {max_retries = 2, timeout = 2}, within = 0.5, want = {kind = "rate_limited"}}
    rows[#rows + 1] = {name = "503 each time", "status-503", options = {max_retries = 1},
        requests = 2, want = {kind = "server", attempts = 2}, message = "after 2 attempts"}
    cases(rows)

    it("429 tells when X-RateLimit-Reset comes, whatever this clock says", function()
        for _, skew in ipairs({0, 3600, -3600}) do
            local row = {("ratelimit-reset-40-skew-%d"):format(skew),
                want = {kind = "rate_limited", status = 429}}
            local err = check_row(row, "sync").err
            assert.is_true(err.retry_after >= 39 and err.retry_after <= 41)
            assert.equal(skew ~= 0, err.hint:find("clock", 1, true) ~= nil, err.hint)
        end
    end)

    it("429 with a date tells the seconds until then", function()
        local err = check_row({"retry-after-date-30", want = {kind = "rate_limited"}}, "sync").err
        assert.is_true(err.retry_after >= 28 and err.retry_after <= 31, err.retry_after)
    end)

    it("never leads to where a redirect points", function()
        local before = helper.connections("http_other")
        check_row({"redirect-307", want = {kind = "http"}, options = {max_retries = 2}}, "sync")
        assert.equal(before, helper.connections("http_other"))
    end)
end)

describe("the body of an error", function()
    helper.watch()

    local first = {message = "public_certificate is not valid", field = "public_certificate",
        error_id = "SSO-1017"}
    local forbidden = {{message = "access forbidden"}}
    local shapes = {
        {"array", {first}},
        {"object", {first}},
        {"two", {first, {message = "enabled must be a boolean", field = "enabled"}}},
        {"error", forbidden},
        {"error-object", {{message = "access forbidden", field = "scope"}}},
        {"message", forbidden},
        {"strings", {{message = "first"}, {message = "second"}}},
        {"errors-string", {{message = "plain words"}}},
        {"errors-object", {{message = "an object", field = "enabled"}}},
        {"null-field", {{message = "no field", error_id = "SSO-2"}}},
        {"null", {}}, {"null-fields", {}}, {"no-errors", {}}, {"list", {}}, {"empty-object", {}},
        {"number", {}}, {"json-null", {}}, {"empty", {}}, {"html", {}}, {"text", {}}, {"cut", {}},
        {"nul", {}}, {"deep", {}}, {"html-as-json", {}}, {"not-a-number", {}},
    }
    local rows = {}
    for _, shape in ipairs(shapes) do
        for _, status in ipairs({403, 500}) do
            local text = shape[2][1] and shape[2][1].message
            rows[#rows + 1] = {
                ("status-%d-%s"):format(status, shape[1]),
                want = {status = status, errors = shape[2]},
                message = text and text:gsub("%p", "%%%0") or "^" .. status,
            }
        end
    end
    for _, shape in ipairs({"numbers", "string", "format", "bad-utf8"}) do
        rows[#rows + 1] = {"status-400-" .. shape, want = with(NO, {kind = "invalid_request"})}
    end
    cases(rows)

    local function errors_of(scenario)
        return check_row({scenario, want = {}}, "sync").err
    end

    it("is cut when it is long", function()
        local err = errors_of("status-400-huge")
        assert.is_true(#err.errors[1].message < 1000 and #err.errors[1].message > 50)
        assert.is_true(#errors_of("status-400-many").errors <= 1000)
    end)

    it("loses its control characters, C1 ones included", function()
        local text = errors_of("status-400-control").errors[1].message
        assert.is_nil(text:find("[%z\1-\31\127]"), text)
        assert.is_nil(text:find("\194[\128-\159]"), text)
        assert.truthy(text:find("red", 1, true) and text:find("end", 1, true))
    end)

    it("is never used as a format", function()
        assert.equal("100%n %s %d %999999d %%", errors_of("status-400-format").errors[1].message)
    end)

    local echoes = {
        "status-401-echo", "status-401-echo-escaped", "status-401-echo-message",
        "status-401-echo-error", "status-401-echo-html", "status-500-echo", "status-302-echo",
        "status-200-echo-html", "echo-reason", "echo-type-401", "echo-type-500",
        "echo-location-302",
    }
    for _, scenario in ipairs(echoes) do
        it("does not repeat the API key: " .. scenario, function()
            -- check_row looks for it in every field and text
            local row = {scenario, want = {}}
            check_both(row)
        end)
    end

    it("masks the key and keeps the rest of the sentence", function()
        local message = errors_of("status-401-echo").errors[1].message
        assert.truthy(message:match("^token .+ is not valid$"), message)
    end)
end)
