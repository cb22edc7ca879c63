-- Where options come from and what they do: arguments, the client's, its parent's, the
-- environment's; and that nothing given to one call sticks to the next.

local helper = require "helper"
local process = require "process"
local sso = require "sso"

local ID = helper.CERT_ID
local KEY = helper.key

local VARIABLES = {
    "SENDGRID_API_KEY", "SENDGRID_API_KEY_FILE", "SENDGRID_REGION", "SENDGRID_BASE_URL",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
    "ALL_PROXY", "no_proxy", "NO_PROXY",
}

describe("options", function()
    local base, saved, files

    helper.watch()

    before_each(function()
        base = helper.faults("ok")
        saved, files = {}, {}
        for _, name in ipairs(VARIABLES) do
            saved[name] = os.getenv(name)
            process.setenv(name, nil)
        end
    end)

    after_each(function()
        for _, name in ipairs(VARIABLES) do
            process.setenv(name, saved[name])
        end
        for _, name in ipairs(files) do
            os.remove(name)
        end
    end)

    -- A file with this text, removed after the case.
    local function file_with(text)
        local name = os.tmpname()
        files[#files + 1] = name
        local file = assert(io.open(name, "wb"))
        file:write(text)
        file:close()
        return name
    end

    local function new(options)
        local client, err = sso.new(options)
        assert.is_nil(err)
        return helper.track(client)
    end

    -- The value of a header in each request at the base URL, "" where it is missing.
    local function seen(name, at)
        local values = {}
        for i, request in ipairs(helper.requests(at or base)) do
            values[i] = request.header[name] or ""
        end
        return values
    end

    local function works(client, options, at)
        local before = #helper.requests(at or base)
        local certificate, err, response = client:get_certificate(ID, options)
        assert.is_nil(err)
        assert.equal(ID, certificate.id)
        assert.equal(200, response.status)
        assert.equal(before + 1, #helper.requests(at or base))
    end

    -- ---- the key -----------------------------------------------------------

    describe("about the key", function()
        local function sends(key, options)
            options = options or {}
            options.base_url = base
            works(new(options))
            assert.same({ "Bearer " .. key }, seen("authorization"))
        end

        it("take it from SENDGRID_API_KEY", function()
            process.setenv("SENDGRID_API_KEY", "SG.environment")
            sends("SG.environment")
        end)

        it("take it from the file that SENDGRID_API_KEY_FILE names", function()
            process.setenv("SENDGRID_API_KEY_FILE", file_with("SG.environment.file\n"))
            sends("SG.environment.file")
        end)

        it("prefer SENDGRID_API_KEY to the file", function()
            process.setenv("SENDGRID_API_KEY_FILE", file_with("SG.environment.file\n"))
            process.setenv("SENDGRID_API_KEY", "SG.environment")
            sends("SG.environment")
        end)

        it("take an empty variable for an unset one", function()
            process.setenv("SENDGRID_API_KEY", "")
            process.setenv("SENDGRID_API_KEY_FILE", file_with("SG.environment.file"))
            sends("SG.environment.file")
        end)

        it("prefer api_key to the environment", function()
            process.setenv("SENDGRID_API_KEY", "SG.environment")
            process.setenv("SENDGRID_API_KEY_FILE", "/nonexistent")
            sends("SG.option", { api_key = "SG.option" })
        end)

        it("prefer api_key_file to the environment", function()
            process.setenv("SENDGRID_API_KEY", "SG.environment")
            sends("SG.option.file", { api_key_file = file_with("SG.option.file") })
        end)

        it("drop white space around it", function()
            process.setenv("SENDGRID_API_KEY", " \tSG.environment\r\n")
            works(new({ base_url = base }))
            works(new({ base_url = base, api_key = "\n SG.option \f\v" }))
            works(new({ base_url = base, api_key_file = file_with("\r\n SG.file\r\n\r\n") }))
            works(new({ base_url = base, api_key = function() return " SG.function\n" end }))
            assert.same({
                "Bearer SG.environment", "Bearer SG.option", "Bearer SG.file",
                "Bearer SG.function",
            }, seen("authorization"))
        end)

        it("read the file once per client", function()
            local name = file_with("SG.first")
            local client = new({ base_url = base, api_key_file = name })
            assert(os.remove(name))
            works(client)
            works(client:with({ timeout = 9 }))
            works(client, { on_behalf_of = "sub" })
            assert.same({ "Bearer SG.first", "Bearer SG.first", "Bearer SG.first" },
                seen("authorization"))
        end)

        it("let a call and a relative bring another key or file", function()
            local client = new({ base_url = base, api_key = "SG.parent" })
            works(client, { api_key = "SG.call" })
            works(client)
            works(client, { api_key_file = file_with("SG.call.file") })
            local relative = helper.track(client:with({ api_key_file = file_with("SG.relative") }))
            works(relative)
            works(relative:with({ api_key = "SG.grandchild" }))
            works(client)
            assert.same({
                "Bearer SG.call", "Bearer SG.parent", "Bearer SG.call.file", "Bearer SG.relative",
                "Bearer SG.grandchild", "Bearer SG.parent",
            }, seen("authorization"))
        end)
    end)

    describe("with a function as api_key", function()
        it("call it once per call and not before", function()
            local calls = 0
            local client = new({ base_url = base, api_key = function(...)
                assert(select("#", ...) == 0)
                calls = calls + 1
                return "SG.number" .. calls
            end })
            helper.track(client:with({ timeout = 9 }))
            assert.equal(0, calls)
            works(client)
            assert.equal(1, calls)
            works(client, { on_behalf_of = "sub" })
            assert.equal(2, calls)
            works(client:with({ timeout = 9 }))
            client:get_certificate(ID, helper.expect(function(certificate)
                assert.equal(ID, certificate.id)
            end))
            assert.equal(4, calls)
            client:run()
            assert.equal(4, calls)
            assert.same({
                "Bearer SG.number1", "Bearer SG.number2", "Bearer SG.number3", "Bearer SG.number4",
            }, seen("authorization"))
        end)

        it("call it once for all attempts of a call", function()
            local flaky = helper.faults("flaky-2-status-503")
            local calls = 0
            local client = new({ base_url = flaky, api_key = function()
                calls = calls + 1
                return "SG.number" .. calls
            end })
            local _, err, response = client:get_certificate(ID)
            assert.is_nil(err)
            assert.equal(3, response.attempts)
            assert.equal(1, calls)
            assert.same({ "Bearer SG.number1", "Bearer SG.number1", "Bearer SG.number1" },
                seen("authorization", flaky))
        end)

        it("prefer a call's own key or function", function()
            local client = new({ base_url = base, api_key = function() error("not this one") end })
            works(client, { api_key = "SG.call" })
            works(client, { api_key = function() return "SG.function" end })
            local other = new({ base_url = base, api_key = "SG.other" })
            works(other, { api_key = function() return "SG.function2" end })
            works(other)
            assert.same({
                "Bearer SG.call", "Bearer SG.function", "Bearer SG.function2", "Bearer SG.other",
            }, seen("authorization"))
        end)

        it("do not call it for arguments that raise", function()
            local client = new({ base_url = base, api_key = function() error("called") end })
            assert.has_error(function() client:get_certificate("") end)
            assert.same({}, helper.requests(base))
        end)

        it("go on with the next call after it failed", function()
            local broken = true
            local client = new({ base_url = base, api_key = function()
                if broken then
                    error("the vault is sealed", 0)
                end
                return "SG.later"
            end })
            local _, err = client:get_certificate(ID)
            assert.equal("config", err.kind)
            assert.equal("get_certificate: the function api_key raised: the vault is sealed",
                tostring(err))
            broken = false
            works(client)
            assert.same({ "Bearer SG.later" }, seen("authorization"))
        end)

        it("let it make calls itself", function()
            local inner = new({ base_url = base, api_key = "SG.inner" })
            local client = new({ base_url = base, api_key = function()
                return "SG.of." .. inner:get_certificate(ID).id
            end })
            assert.is_table(client:get_certificate(ID))
            assert.same({ "Bearer SG.inner", "Bearer SG.of." .. ID }, seen("authorization"))
        end)

        -- In Lua 5.1 nothing yields across pcall.
        local yields = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil
        it("let it yield inside a coroutine", function()
            local client = new({ base_url = base, api_key = function()
                return coroutine.yield("which key?")
            end })
            local thread = coroutine.create(function()
                return client:get_certificate(ID)
            end)
            local ok, question = coroutine.resume(thread)
            if not yields then
                assert.is_true(ok)
                assert.is_nil(question)
                return
            end
            assert.is_true(ok)
            assert.equal("which key?", question)
            assert.same({}, helper.requests(base))
            local certificate
            ok, certificate = coroutine.resume(thread, "SG.yielded")
            assert.is_true(ok)
            assert.equal(ID, certificate.id)
            assert.same({ "Bearer SG.yielded" }, seen("authorization"))
        end)

        it("forget a call whose coroutine never comes back from it", function()
            local client = new({ base_url = base, api_key = function()
                return coroutine.yield()
            end })
            coroutine.resume(coroutine.create(function()
                client:get_certificate(ID)
            end))
            collectgarbage()
            assert.equal(0, client:run(0.1))
            assert.same({}, helper.requests(base))
        end)
    end)

    -- ---- the server --------------------------------------------------------

    describe("about the server", function()
        local GLOBAL = "sso.client (https://api.sendgrid.com)"
        local EU = "sso.client (https://api.eu.sendgrid.com)"
        local OTHER, SECOND = "https://proxy.example/sendgrid", "https://second.example"
        local function named(url)
            return "sso.client (" .. url .. ")"
        end

        local rows = {
            { {}, {}, GLOBAL },
            { {}, { region = "global" }, GLOBAL },
            { {}, { region = "eu" }, EU },
            { {}, { base_url = OTHER }, named(OTHER) },
            { {}, { base_url = OTHER .. "/" }, named(OTHER) },
            { {}, { base_url = OTHER, region = "eu" }, named(OTHER) },
            { { SENDGRID_REGION = "eu" }, {}, EU },
            { { SENDGRID_REGION = "eu" }, { region = "global" }, GLOBAL },
            { { SENDGRID_REGION = "eu" }, { base_url = OTHER }, named(OTHER) },
            { { SENDGRID_REGION = "" }, {}, GLOBAL },
            { { SENDGRID_REGION = "asia" }, { region = "eu" }, EU },
            { { SENDGRID_BASE_URL = OTHER }, {}, named(OTHER) },
            { { SENDGRID_BASE_URL = OTHER }, { region = "eu" }, EU },
            { { SENDGRID_BASE_URL = OTHER }, { base_url = SECOND }, named(SECOND) },
            { { SENDGRID_BASE_URL = OTHER, SENDGRID_REGION = "eu" }, {}, named(OTHER) },
            { { SENDGRID_BASE_URL = "", SENDGRID_REGION = "eu" }, {}, EU },
            { { SENDGRID_BASE_URL = "ftp://x" }, { region = "eu" }, EU },
        }
        for i, row in ipairs(rows) do
            it(("choose %s in case %d"):format(row[3], i), function()
                for name, value in pairs(row[1]) do
                    process.setenv(name, value)
                end
                row[2].api_key = KEY
                assert.equal(row[3], tostring(new(row[2])))
            end)
        end

        local families = {
            { { region = "eu" }, { timeout = 9 }, EU },
            { { region = "eu" }, { region = "global" }, GLOBAL },
            { { region = "eu" }, { base_url = OTHER }, named(OTHER) },
            { { base_url = OTHER }, {}, named(OTHER) },
            { { base_url = OTHER }, { region = "eu" }, EU },
            { { base_url = OTHER, region = "eu" }, { base_url = SECOND }, named(SECOND) },
            { { base_url = OTHER }, { region = "eu", base_url = SECOND }, named(SECOND) },
        }
        for i, row in ipairs(families) do
            it(("choose %s for a relative in case %d"):format(row[3], i), function()
                process.setenv("SENDGRID_BASE_URL", "https://never.example")
                row[1].api_key = KEY
                local client = new(row[1])
                local before = tostring(client)
                process.setenv("SENDGRID_REGION", "eu")
                assert.equal(row[3], tostring(helper.track(client:with(row[2]))))
                assert.equal(before, tostring(client))
            end)
        end

        it("keep it when the environment changes later", function()
            process.setenv("SENDGRID_BASE_URL", base)
            process.setenv("SENDGRID_API_KEY", "SG.first")
            local client = new()
            process.setenv("SENDGRID_BASE_URL", "http://127.0.0.1:1")
            process.setenv("SENDGRID_REGION", "eu")
            process.setenv("SENDGRID_API_KEY", "SG.second")
            works(client)
            works(client, { timeout = 9 })
            works(client:with({ timeout = 9 }))
            assert.same({ "Bearer SG.first", "Bearer SG.first", "Bearer SG.first" },
                seen("authorization"))
        end)

        it("can be another one for one call", function()
            local client = new({ base_url = base, api_key = KEY })
            local other = helper.faults("ok", "http_other")
            works(client, { base_url = other }, other)
            works(client)
            assert.equal(named(base), tostring(client))
        end)

        it("accept loopback by other names", function()
            local port = helper.fault_port("http")
            local path = base:match("^%a+://[^/]+(/.*)$")
            works(new({ api_key = KEY, base_url = "http://localhost:" .. port .. path }))
            works(new({ api_key = KEY, base_url = "HTTP://LOCALHOST:" .. port .. path }))
            works(new({ api_key = KEY, base_url = "http://127.0.0.1:" .. port .. path .. "///" }))
        end)
    end)

    -- ---- tostring ----------------------------------------------------------

    describe("show in tostring(client)", function()
        it("the server and not the key", function()
            local clients = {
                new({ api_key = KEY, base_url = base }),
                new({ api_key_file = file_with(KEY), base_url = base }),
                new({ api_key = function() return KEY end, base_url = base }),
            }
            for _, client in ipairs(clients) do
                assert.equal("sso.client (" .. base .. ")", tostring(client))
                works(client)
                assert.equal("sso.client (" .. base .. ")", tostring(client))
                client:close()
                assert.equal("sso.client (closed)", tostring(client))
            end
        end)
    end)

    -- ---- nothing sticks ----------------------------------------------------

    describe("of one call", function()
        it("do not stick to the next", function()
            local client = new({ api_key = KEY, base_url = base, user_agent = "parent" })
            local plain = { "authorization", "accept", "user-agent", "on-behalf-of", "x-own" }
            local function shape(request)
                local values = {}
                for i, name in ipairs(plain) do
                    values[i] = request.header[name] or ""
                end
                return values
            end
            works(client)
            works(client, {
                api_key = "SG.call", on_behalf_of = "sub", headers = { ["X-Own"] = "1" },
                user_agent = "call", timeout = 9, connect_timeout = 1, max_retries = 0,
            })
            works(client)
            local requests = helper.requests(base)
            assert.same(shape(requests[1]), shape(requests[3]))
            local other = shape(requests[2])
            for i, value in ipairs(shape(requests[1])) do
                if plain[i] ~= "accept" then
                    assert.not_equal(value, other[i])
                end
            end
            assert.equal(requests[1].connection, requests[2].connection)
            assert.equal(requests[1].connection, requests[3].connection)
        end)

        it("set time-outs and retries for it alone", function()
            local slow = helper.faults("delay-150")
            local client = new({ api_key = KEY, base_url = slow })
            local _, err = client:get_certificate(ID, { timeout = 0.05 })
            assert.equal("timeout", err.kind)
            assert.is_table(client:get_certificate(ID))
            local hasty = helper.track(client:with({ timeout = 0.05 }))
            _, err = hasty:get_certificate(ID)
            assert.equal("timeout", err.kind)
            assert.is_table(hasty:get_certificate(ID, { timeout = 5 }))

            local broken = helper.faults("status-500")
            _, err = client:get_certificate(ID, { base_url = broken, max_retries = 0 })
            assert.equal(1, err.attempts)
            assert.equal(1, #helper.requests(broken))
        end)

        it("set validate for it alone", function()
            local client = new({ api_key = KEY, base_url = base })
            local fields = { public_certificate = "anything" }
            local _, err = client:update_certificate(ID, fields)
            assert.equal("certificate", err.kind)
            assert.is_table(client:update_certificate(ID, fields, { validate = false }))
            _, err = client:update_certificate(ID, fields)
            assert.equal("certificate", err.kind)
            local lenient = helper.track(client:with({ validate = false }))
            assert.is_table(lenient:update_certificate(ID, fields))
            _, err = lenient:update_certificate(ID, fields, { validate = true })
            assert.equal("certificate", err.kind)
            assert.equal(2, #helper.requests(base))
        end)
    end)

    describe("of a relative", function()
        it("are its own, and the connection is shared", function()
            local client = new({ api_key = KEY, base_url = base, headers = { ["X-Own"] = "a" } })
            local relative = helper.track(client:with({
                on_behalf_of = "sub", api_key = "SG.relative", headers = { ["X-Own"] = "b" },
            }))
            works(client)
            works(relative)
            works(client)
            works(relative, { on_behalf_of = "call" })
            works(relative)
            assert.same({ "", "sub", "", "call", "sub" }, seen("on-behalf-of"))
            assert.same({ "a", "b", "a", "b", "b" }, seen("x-own"))
            assert.same({
                "Bearer " .. KEY, "Bearer SG.relative", "Bearer " .. KEY, "Bearer SG.relative",
                "Bearer SG.relative",
            }, seen("authorization"))
            local requests = helper.requests(base)
            for _, request in ipairs(requests) do
                assert.equal(requests[1].connection, request.connection)
            end
        end)

        it("may be none", function()
            local client = new({ api_key = KEY, base_url = base })
            assert.equal(tostring(client), tostring(helper.track(client:with({}))))
            assert.equal(tostring(client), tostring(helper.track(client:with())))
        end)

        it("go on working when the first client is closed", function()
            local client = new({ api_key = KEY, base_url = base })
            local relative = helper.track(client:with({ on_behalf_of = "sub" }))
            client:close()
            works(relative)
            local again, err = client:with({})
            assert.is_nil(again)
            assert.equal("cancelled", err.kind)
            assert.equal("the client is closed", err.message)
        end)
    end)

    describe("as tables", function()
        it("are read once", function()
            local headers = { ["X-Own"] = "before" }
            local options = {
                api_key = "SG.before", base_url = base, on_behalf_of = "before", headers = headers,
                timeout = 9, validate = false,
            }
            local client = new(options)
            options.api_key, options.base_url, options.on_behalf_of = "SG.after", "x", "after"
            options.timeout, options.unknown, headers["X-Own"] = "x", true, "after"
            headers["X-New"], options.validate = "after", true
            works(client)
            assert.is_table(client:update_certificate(ID, { public_certificate = "any" }))
            for name, value in pairs({
                authorization = "Bearer SG.before", ["on-behalf-of"] = "before",
                ["x-own"] = "before", ["x-new"] = "",
            }) do
                assert.same({ value, value }, seen(name))
            end
        end)

        it("of a call are read before it returns", function()
            local client = new({ api_key = KEY, base_url = base })
            local headers = { ["X-Own"] = "before" }
            local options = { headers = headers, on_behalf_of = "before" }
            client:get_certificate(ID, options, helper.expect(function(certificate)
                assert.equal(ID, certificate.id)
            end))
            options.on_behalf_of, headers["X-Own"] = "after", "after"
            client:run()
            assert.same({ "before" }, seen("on-behalf-of"))
            assert.same({ "before" }, seen("x-own"))
        end)

        it("are left as they were", function()
            local options = { api_key = " " .. KEY, base_url = base .. "/", region = "eu" }
            local copy = { api_key = " " .. KEY, base_url = base .. "/", region = "eu" }
            local client = new(options)
            assert.same(copy, options)
            local own = { api_key_file = file_with("SG.file"), headers = { A = "b" } }
            local name = own.api_key_file
            works(client, own)
            assert.same({ api_key_file = name, headers = { A = "b" } }, own)
        end)

        it("may have a metatable, which is not asked", function()
            local function never()
                error("a metamethod was called")
            end
            local mt = {
                __index = never, __newindex = never, __pairs = never, __len = never, __call = never,
            }
            local client = new(setmetatable({ api_key = KEY, base_url = base }, mt))
            works(client, setmetatable({
                on_behalf_of = "sub", headers = setmetatable({ ["X-Own"] = "1" }, mt),
            }, mt))
            works(client:with(setmetatable({ on_behalf_of = "two" }, mt)))
            assert.same({ "sub", "two" }, seen("on-behalf-of"))
            assert.same({ "1", "" }, seen("x-own"))
        end)
    end)

    -- ---- times -------------------------------------------------------------

    describe("about time", function()
        for _, seconds in ipairs({ 2147483.648, 4294967.297, 9.3e15, 1e300 }) do
            it(("may be %g seconds"):format(seconds), function()
                local client = new({
                    api_key = KEY, base_url = helper.faults("delay-30"),
                    timeout = seconds, connect_timeout = seconds,
                })
                assert.is_table(client:get_certificate(ID))
                assert.is_table(client:get_certificate(ID, { timeout = seconds + seconds / 8 }))
            end)
        end

        for _, seconds in ipairs({ 0.0004, 1e-9, 5e-324 }) do
            it(("may be %g seconds, and that is not for ever"):format(seconds), function()
                local silent = helper.faults("stall-headers")
                local client = new({ api_key = KEY, base_url = silent, timeout = seconds })
                local from = process.now()
                local _, err, response = client:get_certificate(ID)
                assert.equal("timeout", err.kind)
                assert.is_nil(response)
                assert.is_true(process.now() - from < 0.15)

                local dead = ("http://127.0.0.1:%d"):format(helper.fault_port("unaccepted"))
                from = process.now()
                _, err = client:get_certificate(ID, {
                    base_url = dead, timeout = 5, connect_timeout = seconds, max_retries = 0,
                })
                assert.equal("connect", err.kind)
                assert.is_true(process.now() - from < 0.25)
            end)
        end
    end)

    -- ---- proxies -----------------------------------------------------------

    describe("about proxies", function()
        local proxy = "http://127.0.0.1:" .. helper.fault_port("proxy")
        local secure, before

        before_each(function()
            secure = helper.faults("ok", "https")
            before = #helper.proxied()
        end)

        local function proxied(options, env)
            for name, value in pairs(env or {}) do
                process.setenv(name, value)
            end
            options = options or {}
            options.api_key, options.base_url, options.ca_file = KEY, secure, helper.fault_ca()
            works(new(options), nil, secure)
            return #helper.proxied() - before
        end

        local rows = {
            { nil, {}, 0 },
            { proxy, {}, 1 },
            { proxy:gsub("^http://", ""), {}, 1 },
            { "", { https_proxy = proxy }, 0 },
            { "", { all_proxy = proxy }, 0 },
            { nil, { https_proxy = proxy }, 1 },
            { nil, { HTTPS_PROXY = proxy }, 1 },
            { nil, { all_proxy = proxy }, 1 },
            { nil, { http_proxy = proxy }, 0 },
            { nil, { https_proxy = proxy, no_proxy = "127.0.0.1" }, 0 },
            { nil, { https_proxy = proxy, no_proxy = "*" }, 0 },
            { nil, { https_proxy = proxy, no_proxy = "elsewhere.example" }, 1 },
            { proxy, { https_proxy = "http://127.0.0.1:1" }, 1 },
        }
        for i, row in ipairs(rows) do
            it(("use %d in case %d"):format(row[3], i), function()
                assert.equal(row[3], proxied({ proxy = row[1] }, row[2]))
            end)
        end

        it("never take http to loopback there", function()
            for _, name in ipairs({ "http_proxy", "all_proxy", "ALL_PROXY", "https_proxy" }) do
                process.setenv(name, proxy)
            end
            local client = new({ api_key = KEY, base_url = base })
            works(client)
            works(client, { proxy = proxy })
            assert.equal(before, #helper.proxied())
        end)

        it("keep a proxy's password out of the error", function()
            local client = new({
                api_key = KEY, base_url = secure, ca_file = helper.fault_ca(), max_retries = 0,
                proxy = ("http://user:pa55word@127.0.0.1:%d"):format(helper.fault_port("refused")),
            })
            local _, err = client:get_certificate(ID)
            assert.equal("connect", err.kind)
            assert.is_nil(tostring(err):find("pa55word", 1, true))
        end)

        it("call one that cannot exist kind config", function()
            local client = new({ api_key = KEY, base_url = secure, ca_file = helper.fault_ca() })
            local _, err = client:get_certificate(ID, { proxy = "gopher://127.0.0.1:1" })
            assert.equal("config", err.kind)
            assert.is_true(err.attempts <= 1)
            assert.same({}, helper.requests(secure))
        end)
    end)

    -- ---- trust -------------------------------------------------------------

    describe("about trust", function()
        local secure

        before_each(function()
            secure = helper.faults("ok", "https")
        end)

        it("take the authority from ca_file", function()
            local client = new({ api_key = KEY, base_url = secure, ca_file = helper.fault_ca() })
            works(client, nil, secure)
        end)

        it("take it from SSL_CERT_FILE", function()
            process.setenv("SSL_CERT_FILE", helper.fault_ca())
            works(new({ api_key = KEY, base_url = secure }), nil, secure)
        end)

        it("trust nobody else then", function()
            process.setenv("SSL_CERT_FILE", helper.fault_ca())
            local client = new({ api_key = KEY, base_url = secure,
                ca_file = file_with((helper.certificate())) })
            local _, err = client:get_certificate(ID)
            assert.equal("tls", err.kind)
            assert.truthy(err.message:find("unknown issuer", 1, true))
            assert.same({}, helper.requests(secure))
        end)

        it("do not trust the fault server by themselves", function()
            local _, err = new({ api_key = KEY, base_url = secure }):get_certificate(ID)
            assert.equal("tls", err.kind)
            assert.equal(1, err.attempts)
            assert.same({}, helper.requests(secure))
        end)

        it("refuse a ca_file that is a key, empty or anything but a certificate", function()
            local _, key = helper.certificate()
            local request = "-----BEGIN CERTIFICATE REQUEST-----\n"
            for _, text in ipairs({ key, "\n", "hello\n", request }) do
                local name = file_with(text)
                local message = "ca_file '" .. name .. "' holds no certificate in PEM form, so no "
                    .. "server could be trusted by it"
                local client, err = sso.new({ api_key = KEY, base_url = secure, ca_file = name })
                assert.is_nil(client)
                assert.equal("config", err.kind)
                assert.equal(message, err.message)
                process.setenv("SSL_CERT_FILE", name)
                client, err = sso.new({ api_key = KEY, base_url = secure })
                assert.is_nil(client)
                assert.equal("SSL_CERT_FILE" .. message:sub(#"ca_file" + 1), err.message)
                process.setenv("SSL_CERT_FILE", nil)
            end
        end)

        it("refuse every server with a ca_file whose certificate is damaged", function()
            local name = file_with("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
            local client = new({ api_key = KEY, base_url = secure, ca_file = name })
            local _, err = client:get_certificate(ID)
            assert.is_true(err.kind == "config" or err.kind == "tls", err.kind)
            assert.equal(1, err.attempts)
            assert.same({}, helper.requests(secure))
        end)

        it("give a gateway the client's certificate", function()
            local gated = helper.faults("ok", "https_client_cert")
            local client = new({
                api_key = KEY, base_url = gated, ca_file = helper.fault_ca(), max_retries = 0,
                client_cert = helper.fault_file("client.pem"),
                client_key = helper.fault_file("client.key"),
            })
            works(client, nil, gated)
            local _, err = new({
                api_key = KEY, base_url = gated, ca_file = helper.fault_ca(), max_retries = 0,
            }):get_certificate(ID)
            assert.is_table(err)
            assert.equal(1, #helper.requests(gated))
        end)
    end)

    -- ---- the module's own client -------------------------------------------

    describe("of the module itself", function()
        -- In a process of its own: that client is made once.
        local function run(env, code)
            local all = { "SENDGRID_API_KEY_FILE", "SENDGRID_REGION" }
            for name, value in pairs(env) do
                all[#all + 1] = name .. "=" .. value
            end
            local ran = helper.lua('local sso = require "sso"\nlocal process = require "process"\n'
                .. code, { env = all })
            assert.equal(0, ran.status, ran.output)
            return ran.output
        end

        it("come from the environment", function()
            assert.equal("66138975 nil 200\n", run({
                SENDGRID_API_KEY = KEY, SENDGRID_BASE_URL = base,
            }, [[
                local certificate, err, response = sso.update_certificate(66138975,
                    { enabled = true })
                print(("%.0f"):format(certificate.id) .. " " .. tostring(err) .. " "
                    .. response.status)
            ]]))
            assert.same({ "Bearer " .. KEY }, seen("authorization"))
        end)

        it("are read at the first use, and again while they cannot be used", function()
            assert.equal("config config ok ok", run({ SENDGRID_BASE_URL = base }, [[
                process.setenv("SENDGRID_API_KEY")
                local function get()
                    local _, err = sso.get_certificate(66138975)
                    io.write(err and err.kind or "ok")
                end
                get()
                process.setenv("SENDGRID_API_KEY", "SG. bad")
                io.write(" ")
                get()
                process.setenv("SENDGRID_API_KEY", "SG.good")
                io.write(" ")
                get()
                process.setenv("SENDGRID_API_KEY", "SG.late")
                io.write(" ")
                get()
            ]]))
            assert.same({ "Bearer SG.good", "Bearer SG.good" }, seen("authorization"))
        end)

        it("can be given to its calls as well", function()
            run({ SENDGRID_API_KEY = KEY, SENDGRID_BASE_URL = "http://127.0.0.1:1" }, ([[
                assert(sso.get_certificate(66138975, { base_url = %q, on_behalf_of = "sub" }))
                sso.get_certificate(66138975, { base_url = %q }, function(certificate, err)
                    assert(certificate, err)
                end)
                assert(sso.run() == 0)
            ]]):format(base, base))
            assert.same({ "sub", "" }, seen("on-behalf-of"))
        end)
    end)
end)
