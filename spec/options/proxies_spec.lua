-- Which calls go by a proxy: the option, the variables, what is never sent that way, and that a
-- proxy's password is not shown.

local helper = require "helper"
local process = require "process"
local shared = require "support.options"

local ID, KEY = helper.CERT_ID, helper.key
local new, works = shared.new, shared.works

describe("options about proxies", function()
    local proxy = "http://127.0.0.1:" .. helper.fault_port("proxy")
    local base, secure, before

    helper.watch()
    shared.watch()

    before_each(function()
        base = shared.base()
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

    it("do not look for variables that come later than the client", function()
        local client = new { api_key = KEY, base_url = secure, ca_file = helper.fault_ca() }
        process.setenv("https_proxy", proxy)
        works(client, nil, secure)
        assert.equal(before, #helper.proxied())
    end)

    it("show the proxy the user agent and no other header", function()
        local options = { proxy = proxy, user_agent = "app/1", headers = { ["X-A"] = "b" } }
        assert.equal(1, proxied(options))
        local list = helper.proxied()
        local request = list[#list]
        assert.truthy(request.header["user-agent"]:find "^app/1 sendgrid%-sso/")
        assert.is_nil(request.header.authorization)
        assert.is_nil(request.header["x-a"])
        assert.is_nil(request.raw:find(KEY, 1, true))
    end)

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
