-- The sandbox itself, seen by a client that shares nothing with the module: luasocket. What the
-- other specs rely on. Runs under `sandbox/sandbox run`.

local cjson = require "cjson"
local http = require "socket.http"
local ltn12 = require "ltn12"
local mime = require "mime"
local socket = require "socket"

local function environment(name)
    return assert(os.getenv(name), "run the specs by: sandbox/sandbox run busted")
end

local base, key = environment "SSO_SANDBOX_HTTP", environment "SENDGRID_API_KEY"
local control = environment "SSO_SANDBOX_CONTROL"
local certificate_path = "/v3/sso/certificates/66138975"
local integration = "b0b98502-9408-4b24-9e3d-31ed7cb15312"

-- Seconds that nginx is told to wait for 0.2 at least: it counts from its last look at the clock.
local LATE = 0.21

-- Without this a body that follows its headers waits 40 ms for an acknowledgement.
local function connect()
    local connection = socket.tcp()
    connection:setoption("tcp-nodelay", true)
    return connection
end

-- → status, decoded body or text, headers
local function send(method, url, body, authorization)
    local text = type(body) == "table" and cjson.encode(body) or body
    local sink = {}
    local _, status, headers = http.request {
        method = method,
        url = url,
        headers = {
            authorization = authorization,
            ["content-type"] = text and "application/json",
            ["content-length"] = text and #text,
        },
        source = text and ltn12.source.string(text),
        sink = ltn12.sink.table(sink),
        redirect = false,
        create = connect,
    }
    local answer = table.concat(sink)
    local ok, value = pcall(cjson.decode, answer)
    return status, ok and value or answer, headers
end

local function call(method, path, body, other_key)
    return send(method, base .. path, body, "Bearer " .. (other_key or key))
end

local function set(endpoint, body)
    local status, value = send("POST", control .. endpoint, body)
    assert.equal(200, status, cjson.encode(value))
    return value
end

local function state()
    return select(2, send("GET", control .. "/state"))
end

local function log()
    return select(2, send("GET", control .. "/log")).requests
end

local function seeded_pem()
    return state().certificates[1].public_certificate
end

-- All that comes back for one request on a connection of its own.
local function raw(method, path)
    local connection = assert(socket.connect(base:match("//([^:]+):(%d+)")))
    connection:settimeout(5)
    local lines = {
        method .. " " .. path .. " HTTP/1.1",
        "Host: x",
        "Connection: close",
        "Authorization: Bearer " .. key,
        "Content-Length: 17",
        "",
        '{"enabled":false}',
    }
    connection:send(table.concat(lines, "\r\n"))
    local all, _, part = connection:receive("*a")
    connection:close()
    return all or part
end

describe("the sandbox", function()
    before_each(function()
        set("/reset")
    end)

    it("begins with the ids of SendGrid's own examples", function()
        local ids = set("/reset")
        assert.same({ integration_id = integration, cert_id = 66138975 }, ids)
    end)

    it("answers a certificate as the document shows it, with its own validity", function()
        local status, value, headers = call("PATCH", certificate_path, { enabled = true })
        assert.equal(200, status)
        assert.equal("application/json", headers["content-type"])
        local days = (value.not_after - value.not_before) / 86400
        assert.is_true(days >= 365 and days < 365.001) -- openssl may look at the clock twice
        assert.is_true(math.abs(value.not_before - os.time()) < 3600)
        assert.equal(integration, value.intergration_id)
        assert.is_nil(value.integration_id)
        assert.is_nil(value.enabled)
    end)

    it("remembers `enabled` without telling it", function()
        call("PATCH", certificate_path, { enabled = false })
        assert.is_false(state().certificates[1].enabled)
    end)

    it("writes ids as whole numbers and empty lists as []", function()
        local _, made = call("POST", "/v3/sso/integrations", {
            name = "n",
            enabled = true,
            signin_url = "a",
            signout_url = "b",
            entity_id = "c",
        })
        local list = raw("GET", "/v3/sso/integrations/" .. made.id .. "/certificates")
        assert.equal("[]", list:match("\r\n\r\n(.*)$"))
        local answer = raw("PATCH", certificate_path)
        assert.truthy(answer:find('"id":66138975,', 1, true))
    end)

    -- "PEM" stands for the seeded certificate's text.
    local whole = { public_certificate = "PEM", integration_id = integration }
    local part = { public_certificate = "PEM" }
    local integration_path = "/v3/sso/integrations/" .. integration
    local teammate = { email = "a@b.example", first_name = "A", last_name = "B" }
    local rows = {
        { "GET", certificate_path, nil, 200 },
        { "GET", "/v3/sso/certificates/1", nil, 404 },
        { "PATCH", certificate_path, {}, 200 },
        { "PATCH", certificate_path, { public_certificate = "no" }, 400, "public_certificate" },
        { "PATCH", certificate_path, { enabled = "yes" }, 400, "enabled" },
        { "PATCH", certificate_path, { integration_id = "none" }, 400, "integration_id" },
        { "PATCH", certificate_path, "[]", 400, nil },
        { "POST", "/v3/sso/certificates", whole, 200 },
        { "POST", "/v3/sso/certificates", part, 400, "integration_id" },
        { "DELETE", certificate_path, nil, 200 },
        { "PUT", certificate_path, {}, 405 },
        { "GET", integration_path .. "?si=true", nil, 200 },
        { "GET", integration_path .. "/certificates", nil, 200 },
        { "GET", "/v3/sso/integrations", nil, 200 },
        { "PATCH", integration_path, { name = "new" }, 200 },
        { "PATCH", integration_path, { enabled = 1 }, 400, "enabled" },
        { "POST", "/v3/sso/integrations", { name = "new" }, 400, "enabled" },
        { "DELETE", integration_path, nil, 204 },
        { "POST", "/v3/sso/teammates", teammate, 201 },
        { "POST", "/v3/sso/teammates", { email = "nobody" }, 400, "email" },
        { "PATCH", "/v3/sso/teammates/a@b.example", teammate, 404, "username" },
        { "GET", "/v3/teammates?limit=500&offset=0", nil, 200 },
        { "GET", "/v3/teammates/pending", nil, 200 },
    }
    for _, row in ipairs(rows) do
        local method, path, body, expected, field = row[1], row[2], row[3], row[4], row[5]
        local shown = type(body) == "table" and cjson.encode(body) or body or ""
        it(("answers %s %s %s with %d"):format(method, path, shown, expected), function()
            if type(body) == "table" and body.public_certificate == "PEM" then
                body = { public_certificate = seeded_pem(), integration_id = body.integration_id }
            end
            local status, value = call(method, path, body)
            assert.equal(expected, status)
            if expected >= 400 then
                local item = value[1]
                assert.equal("string", type(item.message))
                assert.equal("string", type(item.error_id))
                assert.equal(field or cjson.null, item.field)
            end
        end)
    end

    it("refuses other keys, and forbids SG.forbidden ones", function()
        assert.equal(401, (call("GET", certificate_path, nil, "SG.other")))
        assert.equal(401, (send("GET", base .. certificate_path)))
        assert.equal(403, (call("GET", certificate_path, nil, "SG.forbidden.key")))
    end)

    it("finds a teammate whose name holds a slash and a plus", function()
        local name = { email = "a/b+c@x.example", first_name = "A", last_name = "B" }
        assert.equal(201, (call("POST", "/v3/sso/teammates", name)))
        local change = { first_name = "C", last_name = "D" }
        local status, value = call("PATCH", "/v3/sso/teammates/a%2Fb+c%40x.example", change)
        assert.equal(200, status)
        assert.equal("a/b+c@x.example", value.username)
    end)

    describe("with teammates", function()
        local ids

        before_each(function()
            local list = {}
            for i = 1, 51 do
                list[i] = { email = i .. "@x.example", first_name = "F", last_name = "L" }
            end
            list[51].has_restricted_subuser_access = true
            list[51].subuser_access = {
                { id = 12, permission_type = "admin" },
                { id = 11, permission_type = "restricted", scopes = { "mail.send" } },
            }
            ids = set("/seed", { teammates = list, pending = { { email = "p@x.example" } } })
        end)

        it("lists them in pages", function()
            local _, all = call("GET", "/v3/teammates")
            local _, some = call("GET", "/v3/teammates?limit=2&offset=50")
            set("/switch", { page_size = 50 })
            local _, fifty = call("GET", "/v3/teammates")
            assert.same({ 51, 1, 50 }, { #all.result, #some.result, #fifty.result })
            assert.equal("51@x.example", some.result[1].username)
            local status, value = call("GET", "/v3/teammates?limit=501")
            assert.equal(400, status)
            assert.equal("limit", value.errors[1].field)
        end)

        it("reads and deletes one", function()
            local _, value = call("GET", "/v3/teammates/7%40x.example")
            assert.equal("F", value.first_name)
            assert.equal(204, (call("DELETE", "/v3/teammates/7%40x.example")))
            assert.equal(404, (call("GET", "/v3/teammates/7%40x.example")))
        end)

        it("walks the subusers of one", function()
            local path = "/v3/teammates/51%40x.example/subuser_access?limit=1"
            local _, first = call("GET", path)
            local _, second = call("GET", path .. "&after_subuser_id=11")
            assert.equal(11, first.subuser_access[1].id)
            assert.equal(11, first._metadata.next_params.after_subuser_id)
            assert.equal(12, second.subuser_access[1].id)
            assert.equal(cjson.null, second._metadata.next_params.after_subuser_id)
        end)

        it("resends and withdraws an invitation", function()
            local path = "/v3/teammates/pending/" .. ids.pending[1]
            local status, value = call("POST", path .. "/resend")
            assert.equal(200, status)
            assert.equal("p@x.example", value.email)
            assert.equal(204, (call("DELETE", path)))
            assert.equal(404, (call("DELETE", path)))
        end)
    end)

    -- server → what OpenSSL says of its certificate
    local verdicts = {
        HTTPS = "ok",
        HTTPS_WRONG_HOST = "hostname mismatch",
        HTTPS_UNKNOWN_CA = "self-signed certificate",
        HTTPS_EXPIRED = "certificate has expired",
        HTTPS_NOT_YET_VALID = "certificate is not yet valid",
        HTTPS_CLIENT_CERT = "ok",
    }
    for name, verdict in pairs(verdicts) do
        it("shows a certificate on " .. name .. ": " .. verdict, function()
            local port = environment("SSO_SANDBOX_" .. name):match(":(%d+)$")
            local pipe = io.popen("openssl s_client -connect 127.0.0.1:" .. port
                .. " -verify_hostname localhost -CAfile '" .. environment "SSO_SANDBOX_CA"
                .. "' </dev/null 2>&1")
            local text = pipe:read("*a")
            pipe:close()
            assert.equal(verdict, text:match("Verify return code: %d+ %((.-)%)"))
        end)
    end

    it("speaks nothing newer than TLS 1.1 on HTTPS_OLD_TLS", function()
        local port = environment("SSO_SANDBOX_HTTPS_OLD_TLS"):match(":(%d+)$")
        local command = "openssl s_client -cipher ALL:@SECLEVEL=0 -connect 127.0.0.1:" .. port
        local function try(version)
            local pipe = io.popen(command .. " " .. version .. " </dev/null 2>&1")
            local text = pipe:read("*a")
            pipe:close()
            return text
        end
        assert.truthy(try("-tls1_2"):find("unsupported protocol", 1, true))
        assert.truthy(try("-tls1_1"):find("Protocol  : TLSv1.1", 1, true))
    end)

    describe("with a switch", function()
        it("spells the field right, or both ways", function()
            set("/switch", { spelling = "both", tell_enabled = true })
            local _, value = call("GET", certificate_path)
            assert.equal(integration, value.integration_id)
            assert.equal(integration, value.intergration_id)
            assert.is_true(value.enabled)
        end)

        it("answers errors as an object", function()
            set("/switch", { error_shape = "object" })
            local _, value = call("GET", "/v3/sso/certificates/1")
            assert.equal("certificate not found", value.errors[1].message)
        end)

        it("keeps one certificate of an integration enabled", function()
            set("/switch", { enabled_per_integration = "one" })
            call("POST", "/v3/sso/certificates", {
                public_certificate = seeded_pem(),
                integration_id = integration,
                enabled = true,
            })
            local list = state().certificates
            assert.is_false(list[1].enabled)
            assert.is_true(list[2].enabled)
        end)

        it("takes any text for a certificate", function()
            set("/switch", { validate_pem = false })
            local text = ("\195\169"):rep(128 * 1024)
            local _, value = call("PATCH", certificate_path, { public_certificate = text })
            assert.is_true(value.public_certificate == text)
        end)

        it("limits the rate and tells it", function()
            set("/switch", { rate_limit = { limit = 1, window = 60 } })
            local _, _, first = call("GET", certificate_path)
            local status, value, second = call("GET", certificate_path)
            assert.equal("0", first["x-ratelimit-remaining"])
            assert.equal("1", first["x-ratelimit-limit"])
            assert.equal(429, status)
            assert.equal("too many requests", value[1].message)
            local wait = tonumber(second["x-ratelimit-reset"]) - os.time()
            assert.is_true(wait > 50 and wait <= 62)
        end)

        it("refuses what it does not know", function()
            assert.equal(400, (send("POST", control .. "/switch", { nothing = true })))
            assert.equal(400, (send("POST", control .. "/switch", { tell_enabled = 1 })))
        end)
    end)

    describe("with a fault", function()
        it("answers it as often as told, after as many calls as told", function()
            local path = "^/v3/sso/certificates/%d+$"
            set("/fault", { { path = path, status = 503, after = 1, times = 2 } })
            local seen = {}
            for i = 1, 4 do
                seen[i] = call("GET", certificate_path)
            end
            assert.same({ 200, 503, 503, 200 }, seen)
        end)

        it("sends the status, headers and body given", function()
            local headers_given = { ["Retry-After"] = "now+7" }
            set("/fault", { { status = 500, body = "<html>", headers = headers_given } })
            local status, value, headers = call("PATCH", certificate_path, { enabled = false })
            assert.equal(500, status)
            assert.equal("<html>", value)
            assert.is_true(math.abs(tonumber(headers["retry-after"]) - os.time() - 7) <= 2)
            assert.is_true(state().certificates[1].enabled)
        end)

        -- close → whether the call is carried out, what came back
        local cuts = {
            before = { true, "^$" },
            reset = { true, "^$" },
            ["mid-headers"] = { false, "^HTTP/1.1 200[^\n]*\r\n" },
            ["mid-body"] = { false, '\r\n\r\n{"public' },
            after = { false, '"}$' },
        }
        for close, expected in pairs(cuts) do
            it("closes " .. close, function()
                set("/fault", { { close = close } })
                local answer = raw("PATCH", certificate_path)
                assert.truthy(answer:find(expected[2]))
                assert.equal(close == "mid-headers", not answer:find("\r\n\r\n") and answer ~= "")
                assert.equal(close == "after", answer:find("}$") ~= nil)
                assert.equal(expected[1], state().certificates[1].enabled)
            end)
        end

        it("carries the call out and loses the answer", function()
            set("/fault", { { close = "before", applied = true } })
            assert.equal("", raw("PATCH", certificate_path))
            assert.is_false(state().certificates[1].enabled)
        end)

        it("delays and stalls", function()
            for _, fault in ipairs {
                { delay = LATE },
                { stall = { at = "mid-headers", seconds = LATE } },
                { stall = { at = "mid-body", seconds = LATE } },
            } do
                set("/fault", { fault })
                local began = socket.gettime()
                assert.equal(200, (call("GET", certificate_path)))
                local took = socket.gettime() - began
                assert.is_true(took >= 0.2 and took < 2)
            end
        end)

        it("refuses a row that it does not understand", function()
            assert.equal(400, (send("POST", control .. "/fault", { { clsoe = "before" } })))
            assert.equal(400, (send("POST", control .. "/fault", { { close = "soon" } })))
        end)
    end)

    it("makes every answer late below /delay/SECONDS", function()
        local began = socket.gettime()
        assert.equal(200, (call("GET", "/delay/" .. LATE .. certificate_path)))
        assert.is_true(socket.gettime() - began >= 0.2)
        assert.equal(certificate_path, log()[1].path)
    end)

    -- A request without waiting for its answer; returns once it has arrived, and how to read that.
    local function start(method, path)
        local connection = connect()
        local host, port = base:match "//(.-):(%d+)"
        assert(connection:connect(host, tonumber(port)))
        connection:settimeout(10)
        connection:send(("%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
            .. "Content-Length: 17\r\nConnection: close\r\n\r\n{\"enabled\":false}")
            :format(method, path, key))
        repeat until #log() > 0
        return function()
            local answer, _, received = connection:receive "*a"
            connection:close()
            return answer or received
        end
    end

    it("keeps a fault for the calls that come after it, whatever is late", function()
        local late = start("GET", "/delay/" .. LATE .. certificate_path)
        set("/fault", { { status = 503 } })
        assert.truthy(late():find "^HTTP/1.1 200 ")
        assert.equal(503, (call("GET", certificate_path)))
    end)

    it("carries nothing out in an account that was made anew meanwhile", function()
        local late = start("PATCH", "/delay/1" .. certificate_path)
        set "/reset"
        assert.equal("", late())
        assert.is_true(state().certificates[1].enabled)
    end)

    it("logs each request as received", function()
        call("PATCH", certificate_path, '{"enabled":true}')
        raw("GET", certificate_path)
        local list = log()
        assert.equal(2, #list)
        assert.equal("PATCH", list[1].method)
        assert.equal(certificate_path, list[1].uri)
        assert.equal('{"enabled":true}', mime.unb64(list[1].body_base64))
        assert.equal(1, list[1].request)
        assert.are_not.equal(list[1].connection, list[2].connection)
        assert.same({ "Host", "x" }, list[2].headers[1])
        send("DELETE", control .. "/log")
        assert.equal(0, #log())
    end)

    it("seeds records directly", function()
        local made_ids = set("/seed", {
            integrations = { { id = "own", name = "n" } },
            certificates = { { public_certificate = seeded_pem(), integration_id = integration } },
            teammates = { { email = "t@x.example", first_name = "T", last_name = "X" } },
        })
        assert.same({ "own" }, made_ids.integrations)
        assert.same({ 66138976 }, made_ids.certificates)
        assert.same({ "t@x.example" }, made_ids.teammates)
    end)

    it("answers /ping", function()
        assert.equal("pong", (http.request(base .. "/ping")))
    end)

    it("exits with its command's status and removes its directory", function()
        local pipe = io.popen("sandbox/sandbox run sh -c 'echo $SSO_SANDBOX_DIR; exit 7'; echo $?")
        local directory, status = pipe:read("*l"), pipe:read("*l")
        pipe:close()
        assert.equal("7", status)
        assert.truthy(directory:find("sso%-sandbox%.%w+$"))
        assert.is_nil((io.open(directory .. "/nginx.conf")))
    end)
end)
