-- examples/openresty in a real nginx: the admin page, looked at with a real browser, /metrics, the
-- calendar, and the location that rotates a certificate.

local browser = require "support.browser"
local dated = require "support.dated"
local helper = require "helper"
local OpenResty = require "support.openresty"
local process = require "process"

local DAY = 86400
local NOW = os.time()
local TOKEN = "token-of-the-spec"
local AUTHORIZED = { "Authorization: Bearer " .. TOKEN }
local OKTA = "10000000-0000-4000-8000-000000000001"
local MARKUP = "<b onclick=x>Entra</b> & \"co\""

local function certificate(cn, from, to)
    return dated.certificate(cn, NOW + from * DAY, NOW + to * DAY)
end

local function seed()
    helper.sandbox.reset()
    helper.sandbox.switch { tell_enabled = true }
    local function integration(number, name)
        return {
            id = ("10000000-0000-4000-8000-%012d"):format(number),
            name = name,
            enabled = true,
            entity_id = "https://idp.test/" .. number,
            signin_url = "https://idp.test/in",
            signout_url = "https://idp.test/out",
        }
    end
    local function stored(number, cn, from, to)
        return {
            integration_id = ("10000000-0000-4000-8000-%012d"):format(number),
            public_certificate = certificate(cn, from, to),
            enabled = true,
        }
    end
    helper.sandbox.seed {
        integrations = {
            integration(1, "Okta (EU)"), integration(2, MARKUP), integration(3, "Keycloak"),
        },
        certificates = {
            stored(1, "okta 2026", -350, 21), stored(1, "okta 2027", 30, 395),
            stored(2, "Microsoft Azure Federated SSO Certificate", -200, 3000),
            stored(3, "keycloak", -700, -2),
        },
    }
end

local function stored_names()
    local names = {}
    for _, one in ipairs(helper.sandbox.state().certificates) do
        if one.integration_id == OKTA then
            names[#names + 1] =
                require("sso").certificate.parse(one.public_certificate)[1].subject
        end
    end
    table.sort(names)
    return names
end

describe("the OpenResty example", function()
    local server

    local function start(environment)
        server = OpenResty.start(environment or "SSO_ADMIN_TOKEN=" .. TOKEN)
        return server
    end

    before_each(seed)
    after_each(function()
        if server then
            server:stop()
            server = nil
        end
    end)

    it("shows findings, timeline and certificates", function()
        local status, body, head = start():get "/"
        assert.equal(200, status)
        assert.truthy(head:lower():find("content-type: text/html; charset=utf-8", 1, true))
        assert.truthy(head:lower():find("content-security-policy: default-src 'none'", 1, true))
        assert.truthy(head:lower():find("cache-control: no-store", 1, true))
        assert.truthy(body:find("Okta (EU) · certificate 66138976", 1, true))
        assert.truthy(body:find "the next certificate is not valid before %d+%-%d+%-%d+")
        assert.truthy(body:find '<svg xmlns="http://www.w3.org/2000/svg" class="sso%-timeline"')
        assert.truthy(body:find "CN=keycloak<br><code>%x+</code>")
        assert.is_nil(body:find("<b onclick", 1, true))
        assert.is_nil(body:find "<script")
        assert.is_nil(body:find(os.getenv "SENDGRID_API_KEY", 1, true))
        assert.equal("", server:log())
    end)

    it("answers Prometheus, calendars and image tags", function()
        local status, body, head = start():get "/metrics"
        assert.equal(200, status)
        assert.truthy(head:find("text/plain; version=0.0.4", 1, true))
        assert.truthy(body:find("\nsendgrid_sso_certificate_not_after_seconds{integration=\""
            .. OKTA, 1, true))
        assert.truthy(body:find('sendgrid_sso_findings{severity="critical"} 1', 1, true))
        status, body = server:get "/certificates.ics"
        assert.equal(200, status)
        assert.equal(5, select(2, body:gsub("BEGIN:VEVENT\r\n", "")))
        status, body, head = server:get "/timeline.svg"
        assert.equal(200, status)
        assert.truthy(head:find("image/svg+xml", 1, true))
        assert.truthy(body:find "^<svg ")
    end)

    it("asks SendGrid once a minute and worker, however often it is looked at", function()
        start()
        for _ = 1, 20 do
            server:get "/metrics"
        end
        local requests = #helper.sandbox.log().requests
        assert.is_true(requests == 5 or requests == 10, requests .. " requests")
    end)

    it("serves others while it waits for SendGrid #timing", function()
        local slow = helper.sandbox_value "HTTP" .. "/delay/3"
        start("SENDGRID_BASE_URL=" .. slow .. " SSO_ADMIN_TOKEN=" .. TOKEN)
        local waiting = {}
        for i = 1, 6 do
            waiting[i] = server:open "/"
        end
        local began = process.now()
        for _ = 1, 6 do
            assert.equal(405, (server:get "/rotate"))
        end
        assert.is_true(process.now() - began < 3, "the workers were busy")
        for i = 1, 6 do
            assert.equal(200, (OpenResty.answer(waiting[i])))
        end
    end)

    it("says when SendGrid cannot be read", function()
        start("SENDGRID_API_KEY=SG.wrong SSO_ADMIN_TOKEN=" .. TOKEN)
        local status, body = server:get "/"
        assert.equal(502, status)
        assert.truthy(body:find("Reading from SendGrid failed: list_integrations: 401", 1, true))
        status, body = server:get "/metrics"
        assert.equal(200, status)
        assert.truthy(body:find "\nsendgrid_sso_up 0\n")
        assert.equal(502, (server:get "/certificates.ics"))
        assert.truthy(server:log():find("401 unauthorized", 1, true))
        assert.is_nil(server:log():find("SG.wrong", 1, true))
    end)

    describe("rotates", function()
        local path = "/rotate?integration_id=" .. OKTA

        it("by a certificate", function()
            local status, body = start():send("POST", path, AUTHORIZED,
                certificate("okta 2028", -1, 800))
            assert.equal(200, status, body .. server:log())
            assert.truthy(body:find("add      ", 1, true))
            assert.truthy(body:find "\ndone\n$")
            assert.same({ "CN=okta 2026", "CN=okta 2027", "CN=okta 2028" }, stored_names())
            local _, page = server:get "/"
            assert.truthy(page:find("CN=okta 2028", 1, true))
        end)

        it("by metadata, and retires what is over", function()
            local status, body = start():send("POST", path .. "&retire=delete", AUTHORIZED,
                dated.metadata("https://idp.test/1", certificate("okta 2028", -1, 800)))
            assert.equal(200, status, body .. server:log())
            assert.same({ "CN=okta 2028" }, stored_names())
        end)

        it("on paper when asked to", function()
            local status, body = start():send("POST", path .. "&dry_run=1", AUTHORIZED,
                certificate("okta 2028", -1, 800))
            assert.equal(200, status, body .. server:log())
            assert.truthy(body:find "dry run: nothing was changed\n$")
            assert.same({ "CN=okta 2026", "CN=okta 2027" }, stored_names())
        end)

        local refused = {
            { "without the token", 401, {}, "x" },
            { "with another token", 401, { "Authorization: Bearer wrong" }, "x" },
            { "with another scheme", 401, { "Authorization: Basic " .. TOKEN }, "x" },
            { "what is no certificate", 400, AUTHORIZED, "no certificate" },
            { "what is no metadata", 400, AUTHORIZED, "<x/>" },
            { "nothing", 400, AUTHORIZED, "" },
            { "more than a megabyte", 413, AUTHORIZED, ("x"):rep(1048577) },
        }
        for _, row in ipairs(refused) do
            it("not " .. row[1], function()
                local status, body = start():send("POST", path, row[3], row[4])
                assert.equal(row[2], status, body)
                assert.same({ "CN=okta 2026", "CN=okta 2027" }, stored_names())
                assert.is_nil(server:log():find(TOKEN, 1, true))
            end)
        end

        it("not an integration that is not there, nor in another way than known", function()
            local pem = certificate("okta 2028", -1, 800)
            start()
            assert.equal(404, (server:send("POST", "/rotate?integration_id=none", AUTHORIZED, pem)))
            assert.equal(400, (server:send("POST", path .. "&retire=all", AUTHORIZED, pem)))
            assert.equal(400, (server:send("POST", "/rotate", AUTHORIZED, pem)))
            assert.equal(405, (server:get(path)))
        end)

        it("not by a private key, and does not repeat it", function()
            local _, key = helper.certificate { key = "ec" }
            local status, body = start():send("POST", path, AUTHORIZED, key)
            assert.equal(400, status)
            assert.truthy(body:find("private key", 1, true))
            assert.is_nil((body .. server:log()):find(key:match "\n(%S+)\n", 1, true))
        end)

        it("not as long as there is no token", function()
            start "SSO_ADMIN_TOKEN="
            assert.equal(503, (server:send("POST", path, { "Authorization: Bearer " }, "x")))
            assert.equal(503, (server:send("POST", path, AUTHORIZED, "x")))
        end)
    end)

    if _VERSION == "Lua 5.4" then
        describe("in a browser", function()
            local function look(name, dark, colours)
                assert.is_true(browser.is_there(), "chromium is missing")
                os.execute "mkdir -p build/screenshots"
                local path = "build/screenshots/" .. name .. ".png"
                start()
                local dom = browser.picture(("http://127.0.0.1:%d/"):format(server.port), path,
                    1200, 1800, dark)
                local counts, width, height = browser.colours(path, colours)
                assert.equal("1200 x 1800", width .. " x " .. height)
                for i, least in ipairs { 200000, 200000, 3000, 100 } do
                    assert.is_true(counts[colours[i]] >= least,
                        ("%d pixels of %s"):format(counts[colours[i]], colours[i]))
                end
                return dom
            end

            -- the colours of the ground, a card, what is valid, and words about what is over

            it("stands as it was meant", function()
                local dom = look("openresty", false, { "f3f4f7", "ffffff", "2f855a", "c0362c" })
                assert.truthy(dom:find('id="status">Critical</span>', 1, true))
                assert.equal(3, select(2, dom:gsub('<article class="finding">', "")))
                assert.truthy(dom:find("expired on %d+%-%d+%-%d+, 2 days ago, and no other"))
                assert.truthy(dom:find("&lt;b onclick=x&gt;Entra&lt;/b&gt; &amp;", 1, true))
                assert.is_nil(dom:find "<b onclick")
                assert.truthy(dom:find('<rect class="soon past"', 1, true))
                assert.equal(5, select(2, dom:gsub('<td class="number">', "")))
            end)

            it("is dark for those who want it so", function()
                look("openresty-dark", true, { "0d1117", "141922", "4fb286", "ef6b60" })
            end)
        end)
    end
end)
