-- What goes over the wire, byte by byte, as a server saw it that shares no code with the module.

local cjson = require "cjson"
local helper = require "helper"
local mime = require "mime"
local process = require "process"
local sso = require "sso"

local ID = helper.CERT_ID
local INTEGRATION = helper.INTEGRATION

-- The names of a request's headers, lower-case, in order of the alphabet.
local function header_names(request)
    local names = {}
    for _, header in ipairs(request.headers) do
        names[#names + 1] = header.name:lower()
    end
    table.sort(names)
    return names
end

-- The one request that was received at a base URL.
local function only_request(base)
    local requests = helper.requests(base)
    assert.equal(1, #requests)
    assert.is_true(requests[1].complete)
    return requests[1]
end

-- What comes after the base URL's own path.
local function path_of(base, request)
    local prefix = base:match("^%a+://[^/]+(/.*)$")
    assert.equal(prefix, request.target:sub(1, #prefix))
    return request.target:sub(#prefix + 1)
end

describe("on the wire", function()
    local base, client

    helper.watch()

    before_each(function()
        base = helper.faults("ok")
        client = helper.client({ base_url = base })
    end)

    local function path_for(id)
        local certificate, err = client:get_certificate(id)
        assert.is_nil(err)
        assert.is_table(certificate)
        return path_of(base, only_request(base))
    end

    describe("a PATCH", function()
        it("is a method, a path, eight headers and a body, and nothing else", function()
            assert.is_table(client:update_certificate(ID, { enabled = false }))
            local port = helper.fault_port("http")
            local versions = sso.version()
            local lua = versions.lua:gsub("%p", "%%%0")
            local pattern = "^PATCH " .. (base:match("^%a+://[^/]+(/.*)$"):gsub("%p", "%%%0"))
                .. "/v3/sso/certificates/66138975 HTTP/1%.1\r\n(.*)\r\n\r\n{\"enabled\":false}$"
            local request = only_request(base)
            local head = request.raw:match(pattern)
            assert.is_string(head, request.raw)
            assert.same({
                "accept", "authorization", "content-length", "content-type", "host", "user-agent",
            }, header_names(request))
            assert.equal("Bearer " .. helper.key, request.header.authorization)
            assert.equal("application/json", request.header["content-type"])
            assert.equal("application/json", request.header.accept)
            assert.equal("17", request.header["content-length"])
            assert.equal("127.0.0.1:" .. port, request.header.host)
            assert.truthy(request.header["user-agent"]:match(
                "^sendgrid%-sso/%d+%.%d+%.%d+ %(" .. lua .. "; libcurl %d+%.%d+[%w.%-]*%)$"))
            assert.truthy(request.header["user-agent"]:find(sso._VERSION, 1, true))
        end)

        local rows = {
            { { enabled = true }, '{"enabled":true}' },
            { { enabled = false }, '{"enabled":false}' },
            { { integration_id = "i" }, '{"integration_id":"i"}' },
            { { intergration_id = "i" }, '{"integration_id":"i"}' },
            { { integration_id = "i", intergration_id = "i" }, '{"integration_id":"i"}' },
            { { public_certificate = "c" }, '{"public_certificate":"c"}' },
            {
                { intergration_id = "i", enabled = false, public_certificate = "c" },
                '{"public_certificate":"c","enabled":false,"integration_id":"i"}',
            },
        }
        for _, row in ipairs(rows) do
            it("sends exactly the fields that are given: " .. row[2], function()
                assert.is_table(client:update_certificate(ID, row[1]))
                assert.equal(row[2], only_request(base).body)
            end)
        end

        it("does not change the table of fields", function()
            local fields = { intergration_id = "i", enabled = false }
            client:update_certificate(ID, fields)
            assert.same({ intergration_id = "i", enabled = false }, fields)
        end)

        it("sends what the table itself holds, and calls no metamethod", function()
            local function never()
                error("a metamethod was called")
            end
            local fields = setmetatable({ enabled = false }, {
                __index = never, __newindex = never, __pairs = never, __len = never, __call = never,
            })
            assert.is_table(client:update_certificate(ID, fields))
            assert.equal('{"enabled":false}', only_request(base).body)
        end)

        it("sends a clean PEM block as it is", function()
            local pem = helper.certificate()
            assert.is_table(client:update_certificate(ID, { public_certificate = pem },
                { validate = true }))
            assert.same({ public_certificate = pem }, cjson.decode(only_request(base).body))
        end)

        it("sends clean PEM for DER, bare base64 and text around the block", function()
            local pem = helper.certificate()
            local shapes = {
                helper.der(pem),
                mime.b64(helper.der(pem)),
                "Signing certificate:\r\n" .. pem:gsub("\n", "\r\n") .. "\r\nbye",
                (pem:gsub("\n", "\\n")),
            }
            for _, text in ipairs(shapes) do
                assert.is_table(client:update_certificate(ID, { public_certificate = text },
                    { validate = true }))
            end
            local requests = helper.requests(base)
            assert.equal(#shapes, #requests)
            for i = 1, #shapes do
                assert.equal(pem, cjson.decode(requests[i].body).public_certificate)
            end
        end)
    end)

    describe("a GET", function()
        it("has neither a body nor a Content-Type", function()
            assert.is_table(client:get_certificate(ID))
            local request = only_request(base)
            assert.equal("GET", request.method)
            assert.equal("/v3/sso/certificates/66138975", path_of(base, request))
            assert.equal("", request.body)
            assert.same({ "accept", "authorization", "host", "user-agent" }, header_names(request))
            assert.equal("Bearer " .. helper.key, request.header.authorization)
        end)

        it("after a PATCH on the same connection has none either", function()
            client:update_certificate(ID, { enabled = true })
            client:get_certificate(ID)
            client:update_certificate(ID, { enabled = false })
            local requests = helper.requests(base)
            assert.equal(3, #requests)
            assert.equal(requests[1].connection, requests[3].connection)
            assert.equal("GET", requests[2].method)
            assert.equal("", requests[2].body)
            assert.same({ "accept", "authorization", "host", "user-agent" },
                header_names(requests[2]))
            assert.equal('{"enabled":false}', requests[3].body)
        end)

        it("of a list has the integration in its path", function()
            assert.is_table(client:list_certificates(INTEGRATION))
            assert.equal("/v3/sso/integrations/" .. INTEGRATION .. "/certificates",
                path_of(base, only_request(base)))
        end)
    end)

    describe("an id", function()
        local rows = {
            { "66138975", "66138975" },
            { "someone+sso@example.com", "someone%2Bsso%40example.com" },
            { "a/b", "a%2Fb" },
            { "100%", "100%25" },
            { "%2E%2E", "%252E%252E" },
            { "a b", "a%20b" },
            { "?a=b&c#d", "%3Fa%3Db%26c%23d" },
            { "m\195\188ller", "m%C3%BCller" },
            { "\240\159\148\145", "%F0%9F%94%91" },
            { "a..b", "a..b" },
            { "...", "..." },
            { "..%00", "..%2500" },
            { "../integrations", "..%2Fintegrations" },
            { "-._~", "-._~" },
            { "!$&'()*+,;=:@", "%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A%40" },
            { "a\r\nb\t\127", "a%0D%0Ab%09%7F" },
            { "{cert_id}", "%7Bcert_id%7D" },
            { ("x"):rep(1024), ("x"):rep(1024) },
            { 66138975, "66138975" },
            { 66138975.0, "66138975" },
            { 0, "0" },
            { -0.0, "0" },
            { 0 * -1.5, "0" },
            { 1e15, "1000000000000000" },
            { 2 ^ 53, "9007199254740992" },
            { 2 ^ 53 - 1, "9007199254740991" },
        }
        if math.type then
            rows[#rows + 1] = { math.maxinteger, "9223372036854775807" }
            rows[#rows + 1] = { math.tointeger(2 ^ 53) + 1, "9007199254740993" }
        end
        for i, row in ipairs(rows) do
            it(("%d becomes %s"):format(i, row[2]:sub(1, 60)), function()
                -- Only the path is asked for: the fault server's answer names the id it decoded.
                client:get_certificate(row[1])
                assert.equal("/v3/sso/certificates/" .. row[2], path_of(base, only_request(base)))
            end)
        end

        it("that the server decodes to the same one makes a success", function()
            assert.equal("/v3/sso/certificates/m%C3%BCller%2F1", path_for("m\195\188ller/1"))
        end)

        it("beyond 2^53 is understood in the answer too", function()
            local certificate, err = client:get_certificate("9007199254740993")
            assert.is_nil(err)
            assert.is_table(certificate)
        end)

        it("is encoded under the path of the base URL", function()
            local other = helper.client({ base_url = base .. "/proxy%20a/" })
            other:get_certificate("a/b")
            assert.equal("/proxy%20a/v3/sso/certificates/a%2Fb",
                path_of(base, only_request(base)))
        end)
    end)

    describe("any UTF-8 text arrives byte for byte", function()
        -- One to four bytes a character, the first and last of each length, what JSON has to
        -- escape, what text editors hide, a zero byte.
        local samples = {
            "\0", "\1", "\8", "\9", "\n", "\r", "\31", " ", "\"", "\\", "/", "</script>", "\127",
            "A", "\194\128", "\194\160", "\195\188", "\223\191", "\224\160\128", "\226\128\168",
            "\226\128\169", "\237\159\191", "\238\128\128", "\239\187\191", "\239\191\189",
            "\239\191\191", "\240\144\128\128", "\240\159\148\145", "\244\143\191\191", "e\204\129",
            "\\u0000", "\\ud800", "%00", "${x}", "\r\n",
        }
        local all = table.concat(samples)

        local function text_of(size)
            local text = all:rep(math.ceil(size / #all))
            local cut = size
            while text:byte(cut + 1) and text:byte(cut + 1) >= 128 and text:byte(cut + 1) < 192 do
                cut = cut - 1 -- not within a character
            end
            return text:sub(1, cut) .. ("x"):rep(size - cut)
        end

        local function arrives(text)
            local certificate, err = client:update_certificate(ID, { public_certificate = text })
            assert.is_nil(err)
            local request = only_request(base)
            assert.equal(#request.body, tonumber(request.header["content-length"]))
            local sent = cjson.decode(request.body)
            assert.equal(#text, #sent.public_certificate)
            assert.is_true(text == sent.public_certificate, "the text differs")
            assert.is_true(text == certificate.public_certificate, "the answer's text differs")
        end

        for _, size in ipairs({ 1, 2, 1000, 1024, 65535, 65536, 100000, 262143, 262144 }) do
            it(("with %d bytes"):format(size), function()
                arrives(text_of(size))
            end)
        end

        it("each character by itself", function()
            for _, sample in ipairs(samples) do
                client:update_certificate(ID, { public_certificate = sample })
            end
            local requests = helper.requests(base)
            assert.equal(#samples, #requests)
            for i, sample in ipairs(samples) do
                assert.equal(sample, cjson.decode(requests[i].body).public_certificate)
            end
        end)

        it("when each byte takes six in JSON", function()
            local text = ("\1"):rep(262144) -- the echo would be larger than the client reads
            client:update_certificate(ID, { public_certificate = text })
            assert.is_true(text == cjson.decode(only_request(base).body).public_certificate)
        end)

        it("in integration_id as well", function()
            client:update_certificate(ID, { integration_id = text_of(262144) })
            local sent = cjson.decode(only_request(base).body).integration_id
            assert.is_true(text_of(262144) == sent)
        end)

        it("with what stands in for certificates in the official samples", function()
            arrives("<your x509 certificate>")
        end)
    end)

    describe("headers", function()
        it("have the subuser as on-behalf-of", function()
            client:get_certificate(ID, { on_behalf_of = "sub@example.com" })
            client:get_certificate(ID)
            local requests = helper.requests(base)
            assert.equal("sub@example.com", requests[1].header["on-behalf-of"])
            assert.is_nil(requests[2].header["on-behalf-of"])
        end)

        it("can be added", function()
            client:get_certificate(ID, {
                headers = {
                    ["X-Trace"] = "a, b; c=\"d\"", ["x-utf8"] = "m\195\188", ["X-Empty"] = "",
                },
            })
            local request = only_request(base)
            assert.same({
                "accept", "authorization", "host", "user-agent", "x-empty", "x-trace", "x-utf8",
            }, header_names(request))
            assert.equal("a, b; c=\"d\"", request.header["x-trace"])
            assert.equal("m\195\188", request.header["x-utf8"])
            assert.equal("", request.header["x-empty"])
        end)

        it("of blanks alone are sent, as empty ones", function()
            client:get_certificate(ID, { headers = { ["X-Blank"] = "  " } })
            assert.equal("", only_request(base).header["x-blank"])
        end)

        it("have the program's name before the module's", function()
            client:get_certificate(ID, { user_agent = "rotator/2.1 (ops)" })
            client:get_certificate(ID)
            local requests = helper.requests(base)
            local own = requests[2].header["user-agent"]
            assert.equal("rotator/2.1 (ops) " .. own, requests[1].header["user-agent"])
            assert.truthy(own:find("^sendgrid%-sso/"))
        end)

        it("hold no cookie of an earlier answer", function()
            helper.sandbox.reset()
            helper.sandbox.fault({
                { status = 200, headers = { ["Set-Cookie"] = "session=1; Path=/" },
                    body = '{"id":66138975}', times = "always" },
            })
            local sandbox = helper.client({ base_url = helper.sandbox_value("HTTP") })
            assert.is_table(sandbox:get_certificate(ID))
            assert.is_table(sandbox:get_certificate(ID))
            local seen = helper.sandbox.log().requests
            helper.sandbox.reset()
            for i = #seen - 1, #seen do
                for _, header in ipairs(seen[i].headers) do
                    assert.not_equal("cookie", header[1]:lower())
                end
            end
        end)

        it("are the same ones for a body too long to be sent at once", function()
            client:update_certificate(ID, { public_certificate = ("x"):rep(262144) })
            local request = only_request(base)
            assert.same({
                "accept", "authorization", "content-length", "content-type", "host", "user-agent",
            }, header_names(request)) -- no Expect
        end)
    end)

    describe("through a proxy", function()
        local proxy = "http://127.0.0.1:" .. helper.fault_port("proxy")

        it("the key goes to the server and not into the CONNECT", function()
            local server = helper.faults("ok", "https")
            local secure = helper.client({
                base_url = server, proxy = proxy, on_behalf_of = "sub",
                headers = { ["X-Own"] = "1" },
            })
            local before = #helper.proxied()
            assert.is_table(secure:update_certificate(ID, { enabled = false }))
            local proxied = helper.proxied()
            assert.equal(before + 1, #proxied)
            local connect = proxied[#proxied]
            assert.equal("CONNECT", connect.method)
            assert.equal("127.0.0.1:" .. helper.fault_port("https"), connect.target)
            assert.is_nil(connect.raw:find(helper.key, 1, true))
            assert.is_nil(connect.header.authorization)
            assert.is_nil(connect.header["on-behalf-of"])
            assert.is_nil(connect.header["x-own"])
            local request = only_request(server)
            assert.equal("Bearer " .. helper.key, request.header.authorization)
            assert.equal("sub", request.header["on-behalf-of"])
            assert.equal("1", request.header["x-own"])
            assert.is_nil(request.header["proxy-connection"])
        end)

        it("http to loopback does not go, even when the option names one", function()
            local before = #helper.proxied()
            assert.is_table(client:get_certificate(ID, { proxy = proxy }))
            assert.equal(before, #helper.proxied())
            assert.equal("/v3/sso/certificates/66138975", path_of(base, only_request(base)))
        end)
    end)

    describe("SendGrid's own client for node", function()
        local function is_installed()
            for folder in (os.getenv("NODE_PATH") or ""):gmatch("[^:]+") do
                local file = io.open(folder .. "/@sendgrid/client/package.json")
                if file then
                    file:close()
                    return true
                end
            end
            return false
        end

        -- Runs it; skips the test where it is not installed, unless the machine is one that tests
        -- for others (CI).
        local function official(server, key, fields)
            if not is_installed() then
                local why = "@sendgrid/client for node is not there: make npm"
                assert.not_equal("true", os.getenv("CI"), why)
                pending(why)
                return nil
            end
            local ran = process.run({
                "node", "spec/support/official_client.js", tostring(ID), cjson.encode(fields),
            }, { "SENDGRID_BASE_URL=" .. server, "SENDGRID_API_KEY=" .. key }, 30)
            assert.equal(0, ran.status, ran.output)
            return cjson.decode(ran.output)
        end

        it("sends the same", function()
            local fields = {
                public_certificate = "m\195\188ller </script> \"\\\n",
                enabled = false,
                integration_id = INTEGRATION,
            }
            local answer = official(base, helper.key, fields)
            if not answer then
                return
            end
            assert.equal(200, answer.status)
            assert.is_table(client:update_certificate(ID, fields))
            local requests = helper.requests(base)
            assert.equal(2, #requests)
            local theirs, ours = requests[1], requests[2]
            assert.equal(theirs.method, ours.method)
            assert.equal(theirs.target, ours.target)
            assert.equal(theirs.version, ours.version)
            assert.equal(theirs.header.host, ours.header.host)
            assert.equal(theirs.header.authorization, ours.header.authorization)
            assert.equal(theirs.header["content-type"], ours.header["content-type"])
            assert.same(cjson.decode(theirs.body), cjson.decode(ours.body))
            assert.same(fields, cjson.decode(ours.body))
        end)

        it("and the module do the same to the sandbox", function()
            local server = helper.sandbox_value("HTTP")
            local key = os.getenv("SENDGRID_API_KEY")
            helper.sandbox.reset()
            local other = helper.client({ base_url = server, api_key = key, validate = true })
            local fields = { public_certificate = helper.certificate(), enabled = false }
            local theirs = official(server, key, fields)
            if not theirs then
                return
            end
            assert.equal(200, theirs.status)
            local state = helper.sandbox.state().certificates
            helper.sandbox.reset()
            local ours, err, response = other:update_certificate(ID, fields)
            assert.is_nil(err)
            assert.equal(200, response.status)
            for name, value in pairs(theirs.body) do
                assert.equal(value, ours[name])
            end
            assert.equal(theirs.body.intergration_id, ours.integration_id)
            assert.same(state, helper.sandbox.state().certificates)
            helper.sandbox.reset()
        end)

        it("and the module meet the same refusal of a wrong key", function()
            local server = helper.sandbox_value("HTTP")
            local theirs = official(server, "SG.wrong", { enabled = true })
            if not theirs then
                return
            end
            local other = helper.client({ base_url = server, api_key = "SG.wrong" })
            local _, err, response = other:update_certificate(ID, { enabled = true })
            assert.equal(theirs.status, err.status)
            assert.equal(401, err.status)
            local said = type(theirs.body) == "string" and cjson.decode(theirs.body) or theirs.body
            local one = cjson.decode(response.body)
            one, said = one.errors or one, said.errors or said
            assert.equal(said[1].message, one[1].message)
            assert.equal(said[1].message, err.errors[1].message)
        end)
    end)
end)
