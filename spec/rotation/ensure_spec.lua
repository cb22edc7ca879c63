-- ensure_certificate: one certificate, there already, created, or put in the place of another one
-- of its key; whatever was there before and however often it is run.

local cjson = require "cjson"
local helper = require "helper"
local process = require "process"
local sso = require "sso"

local sandbox, INTEGRATION, CERT_ID = helper.sandbox, helper.INTEGRATION, helper.CERT_ID

local pem, renewed, other_pem

-- Another certificate of the same key.
local function renew(key)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(key)
    file:close()
    local done = process.run({
        "openssl", "req", "-x509", "-sha256", "-key", path, "-subj", "/CN=renewed", "-days", "30",
    }, {}, 20)
    os.remove(path)
    assert(done.status == 0, done.output)
    return done.output:match "%-%-%-%-%-BEGIN.-END CERTIFICATE%-%-%-%-%-\n"
end

local function requests()
    local words = {}
    for i, request in ipairs(sandbox.log().requests) do
        words[i] = request.method
    end
    return table.concat(words, " ")
end

describe("ensure_certificate", function()
    local client

    helper.watch()

    setup(function()
        local key
        pem, key = helper.certificate { cn = "ensured", key = "ec" }
        renewed = renew(key)
        other_pem = helper.certificate { cn = "other", key = "ec" }
    end)

    before_each(function()
        sandbox.reset()
        client = helper.track(assert(sso.new { max_retries = 0 }))
    end)

    teardown(function()
        sandbox.reset()
    end)

    local function ensure(fields)
        return client:ensure_certificate(INTEGRATION, fields)
    end

    local function record(id)
        for _, one in ipairs(sandbox.state().certificates) do
            if one.id == id then
                return one
            end
        end
    end

    it("creates what is not there, reads it back and finds it the next time", function()
        local outcome, certificate = ensure { public_certificate = pem, enabled = true }
        assert.equal("created", outcome)
        assert.equal(CERT_ID + 1, certificate.id)
        assert.equal("GET POST GET", requests())
        assert.is_true(record(CERT_ID + 1).enabled)
        outcome, certificate = ensure { public_certificate = pem }
        assert.equal("present", outcome)
        assert.equal(CERT_ID + 1, certificate.id)
        assert.equal("GET POST GET GET", requests())
        assert.equal(2, #sandbox.state().certificates)
    end)

    it("says nothing about enabled when it is not told", function()
        ensure { public_certificate = pem }
        assert.is_false(record(CERT_ID + 1).enabled)
    end)

    it("sets enabled each time when it is told", function()
        for _, enabled in ipairs { true, false, true, true } do
            assert(ensure { public_certificate = pem, enabled = enabled })
            assert.equal(enabled, record(CERT_ID + 1).enabled)
        end
        assert.equal("GET POST GET GET PATCH GET GET PATCH GET GET PATCH GET", requests())
    end)

    it("compares certificates, not text", function()
        local stored = record(CERT_ID).public_certificate
        assert.equal("present", (ensure { public_certificate = stored:gsub("\n", "\r\n") }))
        local parsed = assert(sso.certificate.parse(stored))[1]
        assert.equal("present", (ensure { public_certificate = parsed }))
        assert.equal("GET GET", requests())
    end)

    it("puts a renewed certificate in the place of the one with the same key", function()
        ensure { public_certificate = pem, enabled = true }
        local outcome, certificate = ensure { public_certificate = renewed }
        assert.equal("renewed_same_key", outcome)
        assert.equal(CERT_ID + 1, certificate.id)
        assert.is_true(sso.certificate.same(renewed, certificate.public_certificate))
        assert.is_true(record(CERT_ID + 1).enabled)
        assert.equal(2, #sandbox.state().certificates)
        assert.equal("present", (ensure { public_certificate = renewed }))
    end)

    it("takes the enabled one of several with the same key", function()
        sandbox.switch { tell_enabled = true }
        local row = { public_certificate = pem, integration_id = INTEGRATION, enabled = false }
        sandbox.seed { certificates = { row } }
        row.enabled = true
        sandbox.seed { certificates = { row } }
        row.enabled = false
        sandbox.seed { certificates = { row } }
        local _, certificate = ensure { public_certificate = renewed, enabled = true }
        assert.equal(CERT_ID + 2, certificate.id)
        assert.is_true(certificate.enabled)
    end)

    it("takes the one that ends last when nothing is told", function()
        local _, key = helper.certificate { cn = "ensured", key = "ec" }
        for _, text in ipairs { renewed, pem } do -- 30 days and a year
            sandbox.seed { certificates = { {
                public_certificate = text, integration_id = INTEGRATION, enabled = true,
            } } }
        end
        local _, certificate = ensure { public_certificate = renew(key) }
        assert.equal(CERT_ID + 2, certificate.id)
    end)

    it("never creates a second time what got no answer and is there", function()
        sandbox.fault { { method = "POST", close = "before", applied = true } }
        local outcome, certificate = ensure { public_certificate = pem, enabled = true }
        assert.equal("created", outcome)
        assert.equal(CERT_ID + 1, certificate.id)
        assert.equal("GET POST GET PATCH GET", requests())
    end)

    it("returns the error of a create that got no answer and left nothing", function()
        sandbox.fault { { method = "POST", close = "before", applied = false } }
        local outcome, err = ensure { public_certificate = pem }
        assert.is_nil(outcome)
        assert.equal("network", err.kind)
        assert.is_true(err.maybe_applied)
        assert.equal("GET POST GET", requests())
    end)

    local cut = {
        { "the list", { method = "GET" } },
        { "the create", { method = "POST" } },
        { "reading back", { method = "GET", after = 1 } },
        { "the update", { method = "PATCH" }, true },
        { "reading the update back", { method = "GET", after = 1 }, true },
    }
    for _, row in ipairs(cut) do
        it("returns the error of " .. row[1], function()
            if row[3] then
                sandbox.seed { certificates = { {
                    public_certificate = pem, integration_id = INTEGRATION, enabled = false,
                } } }
            end
            row[2].status = 500
            sandbox.fault { row[2] }
            local outcome, err = ensure { public_certificate = pem, enabled = true }
            assert.is_nil(outcome)
            assert.equal("server", err.kind)
        end)
    end

    it("does not believe an answer that has changed nothing", function()
        sandbox.switch { tell_enabled = true }
        sandbox.seed { certificates = { {
            public_certificate = pem, integration_id = INTEGRATION, enabled = false,
        } } }
        local answer = {
            id = CERT_ID + 1, integration_id = INTEGRATION, public_certificate = pem,
            not_before = 1, not_after = 2, enabled = true,
        }
        sandbox.fault { { method = "PATCH", status = 200, body = cjson.encode(answer) } }
        local outcome, err = ensure { public_certificate = pem, enabled = true }
        assert.is_nil(outcome)
        assert.equal("unsafe", err.kind)
        assert.matches("was set enabled = true and reads back as false", err.message, 1, true)
        sandbox.fault { { method = "PATCH", status = 200, body = cjson.encode(answer) } }
        outcome, err = ensure { public_certificate = renewed }
        assert.is_nil(outcome)
        assert.equal("unsafe", err.kind)
        assert.matches("reads back as another one", err.message, 1, true)
    end)

    it("refuses what is not one certificate", function()
        local rows = {
            { pem .. other_pem, "2 certificates where one is wanted" },
            { "hello", "not an X.509 certificate" },
            { {}, "no certificate is wanted" },
        }
        for _, row in ipairs(rows) do
            local outcome, err = ensure { public_certificate = row[1] }
            assert.is_nil(outcome)
            assert.equal("certificate", err.kind)
            assert.equal("ensure_certificate", err.operation)
            assert.matches(row[2], err.message, 1, true)
        end
        assert.equal("", requests())
    end)

    it("raises on what no data can make right", function()
        local rows = {
            { nil, "public_certificate is missing" },
            { { enabled = true }, "public_certificate is missing" },
            { { public_certificate = pem, enable = true }, "did you mean 'enabled'?" },
            { { public_certificate = pem, enabled = "yes" }, "enabled" },
            { { public_certificate = 5 }, "not a number" },
            { function() end, "takes no callback" },
        }
        for _, row in ipairs(rows) do
            local ok, message = pcall(function()
                local outcome = ensure(row[1])
                return outcome
            end)
            assert.is_false(ok)
            assert.matches("^[^\n]*ensure_spec.lua:%d+: ensure_certificate: ", message)
            assert.matches(row[2], message, 1, true)
        end
        assert.is_false(pcall(function()
            return client:ensure_certificate("", { public_certificate = pem })
        end))
    end)
end)
