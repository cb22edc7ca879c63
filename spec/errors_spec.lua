-- Every kind of error that a fault on the way brings about, each by a real one: what the caller
-- sees, what the server got, and that both forms of the call agree. The fault server and the
-- sandbox's TLS ports make the faults; statuses and bodies are in error_answers_spec.

local failing = require "support.failing"
local helper = require "helper"
local process = require "process"

local cases, check_text = failing.cases, failing.check_text
local never_contains, with = failing.never_contains, failing.with

local function sandbox_url(name)
    return function()
        return helper.sandbox_value(name)
    end
end

local NOT_SENT = {status = "none", retryable = true, maybe_applied = false, attempts = 1}
local CUT = {kind = "network", retryable = true, maybe_applied = true, attempts = 1}
local TLS = {kind = "tls", phase = "tls", status = "none", retryable = false,
    maybe_applied = false, attempts = 1}
local UNUSABLE = {kind = "response", status = 200, retryable = false, maybe_applied = true,
    attempts = 1}

describe("an error of", function()
    helper.watch()

    describe("connecting:", function()
        cases({
            {name = "a port where nobody listens", "ok", port = "refused", requests = 0,
                want = with(NOT_SENT, {kind = "connect", phase = "connect"}),
                message = "refused"},
            {name = "a port that never accepts, and the deadline", "ok", port = "unaccepted",
                requests = 0, options = {timeout = 0.15}, within = 0.5,
                want = with(NOT_SENT, {kind = "timeout", phase = "connect"}),
                message = "connecting"},
            {name = "a port that never accepts, and connect_timeout", "ok", port = "unaccepted",
                requests = 0, options = {connect_timeout = 0.15}, within = 0.5,
                want = with(NOT_SENT, {kind = "connect", phase = "connect"}),
                message = "no connection.*within"},
            {name = "a refused port, tried again", "ok", port = "refused", requests = 0,
                options = {max_retries = 1},
                want = with(NOT_SENT, {kind = "connect", phase = "connect", attempts = 2})},
        })
    end)

    describe("TLS:", function()
        cases({
            {name = "an expired certificate", "ok", port = "expired", requests = 0, want = TLS,
                message = "expired", connections = 1, options = {max_retries = 2}},
            {name = "a certificate that is not valid yet", "ok", port = "not_yet_valid",
                requests = 0, want = TLS, message = "not yet valid"},
            {name = "a certificate for another host", "ok", port = "wrong_host", requests = 0,
                want = TLS, message = "wrong host", connections = 1,
                options = {max_retries = 2}},
            {name = "a certificate that is not for servers", "ok", port = "wrong_purpose",
                requests = 0, want = TLS, message = "purpose"},
            {name = "an unknown issuer", "ok", port = "unknown_ca", requests = 0, want = TLS,
                message = "unknown issuer", connections = 1, options = {max_retries = 2}},
            {name = "a self-signed certificate", "ok", port = "self_signed", requests = 0,
                want = TLS, message = "self%-signed"},
            {name = "a server of TLS 1.0", "ok", port = "tls_1_0", requests = 0, want = TLS,
                message = "version"},
            {name = "a server of TLS 1.1", "ok", port = "tls_1_1", requests = 0, want = TLS,
                message = "version"},
            {name = "a server that sends a fatal alert", "ok", port = "tls_alert", requests = 0,
                want = TLS, message = "handshake"},
            {name = "a server that answers in plain text", "ok", port = "tls_garbage",
                requests = 0, want = TLS, message = "handshake"},
            {name = "a server that asks for a client certificate", "ok",
                port = "https_client_cert", requests = 0, want = {kind = "tls",
                retryable = false}, message = "certificate", connections = 1,
                options = {max_retries = 1}},
            {name = "a handshake that is reset, tried again", "ok", port = "tls_reset",
                requests = 0, connections = 2, options = {max_retries = 1},
                want = with(TLS, {retryable = true, attempts = 2}), message = "cut off"},
            {name = "a handshake that is closed", "ok", port = "tls_close", requests = 0,
                want = with(TLS, {retryable = true}), message = "cut off"},
            {name = "a handshake that stalls, and the deadline", "ok", port = "tls_stall",
                requests = 0, options = {timeout = 0.2}, within = 0.6,
                want = with(NOT_SENT, {kind = "timeout", phase = "tls"}), message = "TLS"},
            {name = "a handshake that stalls half-way", "ok", port = "tls_stall_late",
                requests = 0, options = {timeout = 0.2}, within = 0.6,
                want = with(NOT_SENT, {kind = "timeout", phase = "tls"}), message = "TLS"},
            {name = "a handshake that stalls, and connect_timeout", "ok", port = "tls_stall",
                requests = 0, options = {connect_timeout = 0.2}, within = 0.6,
                want = with(NOT_SENT, {kind = "connect", phase = "tls"}), message = "TLS"},
        })
    end)

    describe("TLS at the sandbox:", function()
        local function row(name, variable, message, certificate_authority)
            return {name = name, "none", base_url = sandbox_url(variable), want = TLS,
                message = message, options = {ca_file = certificate_authority}}
        end
        cases({
            row("an expired certificate", "HTTPS_EXPIRED", "expired", os.getenv("SSO_SANDBOX_CA")),
            row("a certificate not valid yet", "HTTPS_NOT_YET_VALID", "not yet valid",
                os.getenv("SSO_SANDBOX_CA")),
            row("another host's certificate", "HTTPS_WRONG_HOST", "wrong host",
                os.getenv("SSO_SANDBOX_CA")),
            row("an unknown CA", "HTTPS_UNKNOWN_CA", "self%-signed", os.getenv("SSO_SANDBOX_CA")),
            row("its CA where the system's are trusted", "HTTPS", "unknown issuer"),
            row("old TLS", "HTTPS_OLD_TLS", "handshake", os.getenv("SSO_SANDBOX_CA")),
        })
    end)

    describe("a connection that breaks:", function()
        cases({
            {"reset-before-answer", want = with(CUT, {status = "none", phase = "first_byte"})},
            {"close-before-answer", want = with(CUT, {status = "none", phase = "first_byte"})},
            {"reset-mid-headers", want = CUT},
            {"close-mid-headers", want = CUT},
            {"reset-mid-body", want = with(CUT, {phase = "body", status = 200}),
                message = "cut"},
            {"truncated-body", want = with(CUT, {phase = "body", status = 200}),
                message = "cut"},
            {name = "reset before a read was answered", "reset-before-answer",
                operation = "get_certificate", want = with(CUT, {maybe_applied = false})},
            {name = "a list that is cut off", "truncated-body", operation = "list_certificates",
                want = with(CUT, {maybe_applied = false})},
            {name = "reset before the answer, over TLS", "reset-before-answer", port = "https",
                want = with(CUT, {status = "none", phase = "first_byte"})},
            {name = "reset in the body, over TLS", "reset-mid-body", port = "https",
                want = with(CUT, {phase = "body", status = 200})},
            {name = "reset before the answer, each time", "reset-before-answer",
                options = {max_retries = 1}, requests = 2, want = with(CUT, {attempts = 2})},
            {name = "truncated body, each time", "truncated-body", options = {max_retries = 1},
                requests = 2, want = with(CUT, {attempts = 2, status = 200})},
        })
    end)

    describe("time:", function()
        local slow = {retryable = true, maybe_applied = true, attempts = 1}
        local function timeout(phase, more)
            return with(slow, with({kind = "timeout", phase = phase}, more))
        end
        cases({
            {"stall-headers", options = {timeout = 0.15}, within = 0.5,
                want = timeout("first_byte", {status = "none"}), message = "first byte"},
            {"stall-mid-headers", options = {timeout = 0.15}, within = 0.5,
                want = timeout("body")},
            {"stall-body", options = {timeout = 0.15}, within = 0.5,
                want = timeout("body", {status = 200}), message = "reading the answer"},
            {"drip", options = {timeout = 0.15}, within = 0.5, want = {kind = "timeout"}},
            {"drip-body", options = {timeout = 0.15}, within = 0.5,
                want = timeout("body", {status = 200})},
            {name = "no answer to a read", "stall-headers", operation = "get_certificate",
                options = {timeout = 0.15}, within = 0.5,
                want = timeout("first_byte", {maybe_applied = false})},
            {name = "no answer over TLS", "stall-headers", port = "https",
                options = {timeout = 0.3}, within = 0.7, want = timeout("first_byte")},
            {name = "a deadline that is not tried again", "stall-headers",
                options = {timeout = 0.15, max_retries = 5}, within = 0.5,
                want = timeout("first_byte")},
        })
    end)

    describe("what is not HTTP:", function()
        local odd = {kind = "protocol", retryable = false, maybe_applied = true, attempts = 1}
        cases({
            {"garbage", want = odd, message = "not HTTP"},
            {"http09", want = odd, message = "not HTTP"},
            {"bad-chunk", want = odd, message = "chunk"},
            {"bad-length", want = odd},
        })
    end)

    describe("an answer that cannot be used:", function()
        cases({
            {"html", want = UNUSABLE, message = "not JSON.*text/html"},
            {"truncated-json", want = UNUSABLE, message = "not JSON"},
            {"oversized-body", want = UNUSABLE, message = "1 MiB"},
            {"oversized-chunked", want = UNUSABLE, message = "1 MiB"},
            {"oversized-headers", want = UNUSABLE, message = "64 KiB"},
            {"oversized-header", want = UNUSABLE, message = "64 KiB"},
            {"gzip-bomb", want = UNUSABLE},
            {"other-id", want = UNUSABLE, message = "another id"},
            {"status-200-empty", want = UNUSABLE, message = "empty"},
            {"status-204-empty", want = with(UNUSABLE, {status = 204}), message = "empty"},
            {"status-200-array", want = UNUSABLE, message = "not an object"},
            {"status-200-number", want = UNUSABLE, message = "not an object"},
            {"status-200-string", want = UNUSABLE, message = "not an object"},
            {"status-200-json-null", want = UNUSABLE, message = "not an object"},
            {"status-200-nul", want = UNUSABLE, message = "not JSON"},
            {"status-200-not-a-number", want = UNUSABLE, message = "not JSON"},
            {"status-200-deep", want = UNUSABLE, message = "not JSON"},
            {"status-200-html-as-json", want = UNUSABLE, message = "not JSON"},
            {"echo-type-200", want = UNUSABLE, message = "not JSON"},
            {name = "a read answered in HTML", "html", operation = "get_certificate",
                want = with(UNUSABLE, {maybe_applied = false})},
            {name = "a list answered with an object", "status-200-object",
                operation = "list_certificates", message = "not an array",
                want = with(UNUSABLE, {maybe_applied = false})},
            {name = "a list of strings", "status-200-list-of-strings",
                operation = "list_certificates", want = with(UNUSABLE, {maybe_applied = false})},
        })
    end)
end)

describe("an error without a server:", function()
    helper.watch()

    -- In a process of its own, whose name look-ups are answered by slow_resolver.c.
    local function look_up(host, options)
        local done = helper.lua(([[
            local sso = require "sso"
            local client = assert(sso.new({api_key = "SG.k", base_url = "https://%s:4430",
                max_retries = 0, %s}))
            local _, err, response = client:get_certificate("1")
            assert(response == nil)
            print(err.kind, err.phase, err.retryable, err.maybe_applied, err.attempts, err)
            local seen
            client:get_certificate("1", nil, nil, function(_, e) seen = e end)
            assert(client:run(5) == 0)
            assert(seen.kind == err.kind and seen.phase == err.phase and
                tostring(seen) == tostring(err))
        ]]):format(host, options), {slow_names = true, timeout = 20})
        assert.equal(0, done.status, done.output)
        return done.output, done.elapsed
    end

    it("a name that does not exist", function()
        local line = look_up("nowhere.invalid", "")
        assert.truthy(line:match("^dns\tdns\ttrue\tfalse\t1\t"), line)
        assert.truthy(line:find("no address found for nowhere.invalid", 1, true), line)
    end)

    it("a name server that is slow, and the deadline", function()
        helper.patiently(function()
            local line, elapsed = look_up("slow-30000.test", "timeout = 0.2")
            assert.truthy(line:match("^timeout\tdns\ttrue\tfalse\t1\t"), line)
            assert.is_true(elapsed < 2 * helper.patience, elapsed)
        end)
    end)

    it("a name server that is slow, and connect_timeout", function()
        helper.patiently(function()
            local line, elapsed = look_up("slow-30000.test", "connect_timeout = 0.2")
            assert.truthy(line:match("^connect\tdns\ttrue\tfalse\t1\t"), line)
            assert.is_true(elapsed < 2 * helper.patience, elapsed)
        end)
    end)

    it("a configuration that cannot work", function()
        local sso = require "sso"
        for _, options in ipairs({
            {ca_file = "/nonexistent/ca.pem"},
            {ca_file = helper.fault_file("good.key")},
            {client_cert = "/nonexistent/client.pem"},
            {api_key = "SG.with space"},
            {api_key = ""},
            {api_key_file = "/nonexistent/key", api_key = false},
        }) do
            local all = {api_key = helper.key, base_url = helper.faults("ok", "https"),
                max_retries = 0}
            for name, value in pairs(options) do
                all[name] = value or nil
            end
            local client, err = sso.new(all)
            if client then
                helper.track(client)
                local value
                value, err = client:get_certificate("1")
                assert.is_nil(value)
            end
            assert.equal("config", err.kind, tostring(err))
            assert.is_false(err.retryable)
            check_text(err)
            assert.equal(0, #helper.requests(all.base_url))
        end
    end)

    it("a private key where a certificate belongs", function()
        local pem, private_key = helper.certificate({key = "ec"})
        for _, text in ipairs({private_key, pem .. private_key, private_key .. pem}) do
            for _, validate in ipairs({true, false}) do
                local base_url = helper.faults("ok")
                local client = helper.client({base_url = base_url, validate = validate})
                local value, err, response =
                    client:update_certificate("1", {public_certificate = text})
                assert.is_nil(value)
                assert.is_nil(response)
                assert.equal("certificate", err.kind)
                assert.is_false(err.retryable)
                never_contains(err, private_key:sub(30, 80), "err")
                assert.equal(0, #helper.requests(base_url))
            end
        end
    end)

    it("a call that is cancelled, and one whose client is closed", function()
        local base_url = helper.faults("stall-headers")
        local client = helper.client({base_url = base_url})
        local kinds = {}
        local function note(value, err)
            assert.is_nil(value)
            kinds[#kinds + 1] = err.kind
            check_text(err)
        end
        local handle = client:get_certificate("1", nil, nil, helper.expect(note))
        while #helper.requests(base_url) == 0 do
            client:run(0.01)
        end
        assert.is_true(handle:cancel())
        assert.is_false(handle:cancel())
        assert.equal(0, client:run(1))
        client:update_certificate("1", {enabled = true}, nil, helper.expect(note))
        client:close()
        assert.same({"cancelled", "cancelled"}, kinds)
        local _, err = client:get_certificate("1")
        assert.equal("cancelled", err.kind)
        assert.equal(1, #helper.requests(base_url))
    end)

    it("a call that waits in the queue until its deadline", function()
        local base_url = helper.faults("stall-headers")
        local client = helper.client({base_url = base_url, max_in_flight = 1,
            timeout = helper.patience})
        local phases = {}
        local function note(_, err)
            phases[err.phase] = err
        end
        client:get_certificate("1", nil, nil, helper.expect(note))
        client:get_certificate("2", nil, {timeout = 0.1 * helper.patience},
            helper.expect(note))
        assert.equal(0, client:run(10))
        assert.equal("timeout", phases.queue.kind)
        assert.equal(0, phases.queue.attempts)
        assert.is_false(phases.queue.maybe_applied)
        assert.truthy(phases.queue.message:find("max_in_flight", 1, true))
        assert.equal("timeout", phases.first_byte.kind)
        assert.equal(1, #helper.requests(base_url))
    end)

    it("a deadline that ends a wait between attempts", function()
        local base_url = helper.faults("retry-after-1")
        local client = helper.client({base_url = base_url, timeout = 1.9, max_retries = 5})
        local began = process.now()
        local _, err = client:get_certificate("1")
        -- the second wait would not fit: the error in hand, at once
        assert.equal("rate_limited", err.kind)
        assert.equal(2, err.attempts)
        assert.is_true(process.now() - began < 1.9)
        assert.equal(2, #helper.requests(base_url))
    end)
end)
