-- client:_fetch, by which metadata of identity providers is read: the client's engine and its rules
-- about TLS, proxies and time, towards a server that must not learn anything about the client.

local helper = require "helper"
local process = require "process"

local KEY = helper.key
local ACCEPT = "application/samlmetadata+xml, application/xml, text/xml, */*"
local MIB = 1024 * 1024

describe("client:_fetch", function()
    local client

    helper.watch()

    before_each(function()
        client = helper.client { base_url = helper.faults "ok", timeout = 5 * helper.patience }
    end)

    local function refused(url)
        local body, err, response = client:_fetch(url)
        assert.is_nil(body)
        assert.is_nil(response)
        assert.equal("config", err.kind)
        assert.equal("fetch", err.operation)
        assert.is_false(err.maybe_applied)
        return err.message
    end

    it("gives the body of any URL, byte by byte, and the response", function()
        local body, err, response = client:_fetch(helper.sandbox_value "HTTP" .. "/ping")
        assert.is_nil(err)
        assert.equal("pong", (body:gsub("%s+$", "")))
        assert.equal(200, response.status)
        assert.equal(body, response.body)
        assert.equal(1, response.attempts)
        assert.is_nil(response.warnings)
    end)

    it("reads what is no JSON, and nothing at all", function()
        assert.equal(("<"):rep(5), (client:_fetch(helper.faults "sized-5" .. "/x")))
        assert.equal("", (client:_fetch(helper.faults "sized-0")))
    end)

    it("sends nothing by which the client shows itself", function()
        local mine = helper.client {
            base_url = helper.faults "ok", on_behalf_of = "subuser",
            headers = { ["X-Secret"] = "hush" }, user_agent = "app/1",
        }
        local url = helper.faults "sized-3"
        assert.equal("<<<", (mine:_fetch(url .. "/m.xml?tenant=a&b=%20c#part", {
            api_key = "SG.other", on_behalf_of = "other", region = "eu",
        })))
        local request = helper.requests(url)[1]
        assert.equal("GET", request.method)
        assert.equal("/m.xml?tenant=a&b=%20c", (request.target:gsub("^/[^/]+/[^/]+", "")))
        assert.equal("", request.body)
        local names = {}
        for _, header in ipairs(request.headers) do
            names[#names + 1] = header.name:lower()
        end
        table.sort(names)
        assert.same({ "accept", "host", "user-agent" }, names)
        assert.equal(ACCEPT, request.header.accept)
        assert.truthy(request.header["user-agent"]:find "^app/1 sendgrid%-sso/")
        for _, secret in ipairs { KEY, "SG.", "hush", "subuser", "other" } do
            assert.is_nil(request.raw:find(secret, 1, true), secret)
        end
        assert.equal(0, #helper.requests(tostring(mine):match "%((.-)%)"))
    end)

    it("sends headers that the call itself gives, and leaves the options as they were", function()
        local options = { headers = { ["X-Meant"] = "yes" }, timeout = 5 * helper.patience }
        local url = helper.faults "sized-3"
        for _ = 1, 2 do
            assert.equal("<<<", (client:_fetch(url, options)))
        end
        local requests = helper.requests(url)
        assert.equal(2, #requests)
        assert.equal("yes", requests[2].header["x-meant"])
        assert.equal(4, #requests[2].headers)
        assert.same({ ["X-Meant"] = "yes" }, options.headers)
        assert.is_table(client:get_certificate "1")
        local own = helper.requests(tostring(client):match "%((.-)%)")[1]
        assert.equal("Bearer " .. KEY, own.header.authorization)
        assert.equal("application/json", own.header.accept)
        assert.is_nil(own.header["x-meant"])
    end)

    it("does not show the client's certificate to other servers", function()
        local gate = helper.sandbox_value "HTTPS_CLIENT_CERT" .. "/ping"
        local trusted = { ca_file = helper.sandbox_value "CA", max_retries = 0,
            client_cert = helper.sandbox_value "CLIENT_CERT",
            client_key = helper.sandbox_value "CLIENT_KEY" }
        local mine = { base_url = helper.faults "ok" }
        for name, value in pairs(trusted) do
            mine[name] = value
        end
        local other = helper.client(mine)
        local body, err = other:_fetch(gate)
        assert.is_nil(body)
        assert.equal(400, err.status)
        assert.truthy(other:_fetch(gate, trusted))
    end)

    it("works without any API key", function()
        local ran = helper.lua([[
            local sso = require "sso"
            local core = require "sso.core"
            local value, err = sso.get_certificate "1"
            assert(value == nil and err.kind == "config" and tostring(err):find "no API key")
            local client = core.new(nil, true) -- as the module's own client is made
            assert(client:_broken())
            io.write(assert(client:_fetch(os.getenv "URL")), "|")
            io.write((assert(client:_fetch(os.getenv "URL", {timeout = 9}))))
            assert(select(2, client:get_certificate "1").kind == "config")
        ]], { env = { "SENDGRID_API_KEY", "SENDGRID_API_KEY_FILE", "SENDGRID_BASE_URL",
            "URL=" .. helper.faults "sized-4" } })
        assert.equal("<<<<|<<<<", ran.output)
        assert.equal(0, ran.status)
    end)

    it("does not ask for the key that a function would give", function()
        local asked = 0
        local other = helper.client { base_url = helper.faults "ok", api_key = function()
            asked = asked + 1
            return KEY
        end }
        assert.equal("<", (other:_fetch(helper.faults "sized-1")))
        assert.equal(0, asked)
    end)

    it("has a callback form of which the host makes use", function()
        local url = helper.faults "sized-7"
        local returned = false
        local handle = client:_fetch(url, nil, helper.expect(function(body, err, response)
            assert.is_true(returned)
            assert.equal("<<<<<<<", body)
            assert.is_nil(err)
            assert.equal(200, response.status)
        end))
        assert.equal("sso.handle (fetch, under way)", tostring(handle))
        returned = true
        assert.equal(0, client:run(5 * helper.patience))
        assert.equal("<<<<<<<", (handle:wait()))
    end)

    it("reads 10 MiB and no byte more", function()
        local body, err = client:_fetch(helper.faults("sized-" .. 10 * MIB))
        assert.is_nil(err)
        assert.equal(10 * MIB, #body)
        body, err = client:_fetch(helper.faults("sized-" .. 10 * MIB + 1))
        assert.is_nil(body)
        assert.equal("response", err.kind)
        assert.truthy(err.message:find("is larger than 10 MiB", 1, true), err.message)
        assert.is_false(err.maybe_applied)
    end)

    it("leaves the limit of other calls where it is", function()
        assert.truthy(client:_fetch(helper.faults("sized-" .. 2 * MIB)))
        local _, err = client:get_certificate("1", { base_url = helper.faults "oversized-body" })
        assert.equal("response", err.kind)
        assert.truthy(err.message:find("is larger than 1 MiB", 1, true), err.message)
    end)

    it("does not follow redirects, and says where to", function()
        local url = helper.faults "redirect-302"
        local body, err = client:_fetch(url)
        assert.is_nil(body)
        assert.equal("http", err.kind)
        assert.equal(302, err.status)
        assert.truthy(err.message:find(": a redirect to http://127.0.0.1:"
            .. helper.fault_port "http_other" .. "/ok/", 1, true), err.message)
        assert.equal(1, #helper.requests(url))
    end)

    it("repeats neither credentials nor query nor controls of where a redirect points", function()
        local places = {
            { "https://user:pa@ss@idp.test:8443/a@b/m.xml?token=t#f",
                "idp.test:8443/a@b/m.xml" },
            { "//u@idp.test/m?x", "idp.test/m" },
            { "/m.xml?secret=1", "/m.xml" },
            { "https://idp.test#f", "https://idp.test" },
            { "https://", "https://" }, { "@", "@" },
        }
        local api = helper.client { base_url = helper.sandbox_value "HTTP" }
        for _, place in ipairs(places) do
            helper.sandbox.fault { { status = 302, headers = { Location = place[1] }, body = "" } }
            local _, err = api:request { path = "/v3/scopes" }
            assert.equal(302, err.status)
            assert.equal("302 unexpected status: a redirect to " .. place[2]
                .. ", which is not followed", err.message)
        end
        helper.sandbox.fault { { raw = "HTTP/1.1 302 Found\r\nLocation: https://i\27[31m.test/\r\n"
            .. "Content-Length: 0\r\n\r\n" } }
        local _, err = api:request { path = "/v3/scopes" }
        assert.is_nil(err.message:find "%c")
        helper.sandbox.reset()
    end)

    it("refuses http to any other machine, and what is no URL of a document", function()
        local NO_URL = "the URL is not a URL: write it as https://host[:port]/path"
        local rows = {
            { "http://idp.test/m", "the URL is http to a host that is not loopback: anybody on "
                .. "the way could change the answer, use https" },
            { "http://127.0.0.1.idp.test/m", "not loopback" },
            { "http://localhost@idp.test/m", "the URL holds credentials: leave them out, they "
                .. "would be sent and logged" },
            { "https://a:hush@idp.test/m", "credentials" },
            { "ftp://idp.test/m", "the URL must begin with https://" },
            { "file:///etc/passwd", "the URL must begin with https://" },
            { "idp.test/m", NO_URL }, { "", NO_URL }, { "/etc/passwd", NO_URL },
            { "https:///m", "names no host" },
            { "https://idp.test:99999/m", "port" },
            { "https://idp.test/a b", "percent-encoded" },
            { "https://idp.test/\r\nX-Evil: 1", "percent-encoded" },
            { "https://idp.t\195\169st/", "percent-encoded" },
            { "https://idp.test/\0/evil", "percent-encoded" },
        }
        for _, row in ipairs(rows) do
            local message = refused(row[1])
            assert.truthy(message:find(row[2], 1, true), message)
            assert.is_nil(message:find("hush", 1, true))
        end
    end)

    it("takes https by the proxy that is named, and http by none", function()
        local proxy = "http://127.0.0.1:" .. helper.fault_port "proxy"
        local before = #helper.proxied()
        assert.equal("<", (client:_fetch(helper.faults "sized-1", { proxy = proxy })))
        assert.equal(before, #helper.proxied())
        assert.equal("<", (client:_fetch(helper.faults("sized-1", "https"),
            { proxy = proxy, ca_file = helper.fault_ca() })))
        assert.equal(before + 1, #helper.proxied())
    end)

    it("raises for what is no call", function()
        for _, args in ipairs { {}, { 5 }, { {} }, { "https://idp.test", 5 },
            { "https://idp.test", { tiemout = 1 } }, { "https://idp.test", { max_in_flight = 1 } },
            { "https://idp.test", {}, {} } } do
            local ok, why = pcall(client._fetch, client, args[1], args[2], args[3])
            assert.is_false(ok)
            assert.truthy(why:find("fetch: ", 1, true), why)
        end
        assert.has_error(function()
            client:_fetch("https://idp.test", { timeout = "5" })
        end)
    end)

    for _, name in ipairs { "UNKNOWN_CA", "WRONG_HOST", "EXPIRED", "NOT_YET_VALID", "OLD_TLS" } do
        it("holds to TLS with a server that is " .. name:lower():gsub("_", " "), function()
            local url = helper.sandbox_value("HTTPS_" .. name) .. "/ping"
            local body, err, response = client:_fetch(url, { ca_file = helper.sandbox_value "CA" })
            assert.is_nil(body)
            assert.is_nil(response)
            assert.equal("tls", err.kind)
            assert.equal(1, err.attempts)
        end)
    end

    it("trusts whom the client trusts", function()
        local url = helper.sandbox_value "HTTPS" .. "/ping"
        local _, err = client:_fetch(url)
        assert.equal("tls", err.kind)
        assert.truthy(client:_fetch(url, { ca_file = helper.sandbox_value "CA" }))
        local other = helper.client { base_url = helper.sandbox_value "HTTPS",
            ca_file = helper.sandbox_value "CA" }
        assert.truthy(other:_fetch(url))
    end)

    it("keeps its deadline", function()
        local began = process.now()
        local body, err = client:_fetch(helper.faults "stall-headers",
            { timeout = 0.2 * helper.patience })
        assert.is_nil(body)
        assert.equal("timeout", err.kind)
        assert.equal("first_byte", err.phase)
        local took = process.now() - began
        assert.is_true(took >= 0.2 * helper.patience and took < 5 * helper.patience, took)
    end)

    it("tries again as any GET does", function()
        local url = helper.sandbox_value "HTTP" .. "/v3/scopes"
        helper.sandbox.fault { { status = 503, headers = { ["Retry-After"] = "0" }, times = 1 },
            { status = 200, body = "<xml/>" } }
        local body, err, response = client:_fetch(url)
        assert.is_nil(err)
        assert.equal("<xml/>", body)
        assert.equal(2, response.attempts)
        helper.sandbox.reset()
    end)

    it("names what a server says no with, and speaks of no key", function()
        for status, kind in pairs { [401] = "unauthorized", [403] = "forbidden",
            [404] = "not_found", [410] = "http" } do
            local body, err, response = client:_fetch(helper.faults("html-" .. status))
            assert.is_nil(body)
            assert.equal(kind, err.kind)
            assert.equal(status, err.status)
            assert.is_nil(err.hint)
            assert.equal(status, response.status)
            assert.is_nil(tostring(err):find("key", 1, true))
        end
    end)

    it("fails as any call does when nobody answers or the client is closed", function()
        local nobody = "http://127.0.0.1:" .. helper.fault_port "refused"
        local _, err = client:_fetch(nobody .. "/", { max_retries = 0 })
        assert.equal("connect", err.kind)
        client:close()
        _, err = client:_fetch(helper.faults "sized-1")
        assert.equal("cancelled", err.kind)
    end)
end)
