--- nginx as the host: a real nginx with the lua module, this module loaded into it, calls to the
--- sandbox and to the fault server.

local helper = require "helper"
local Nginx = require "support.nginx"

local INIT = [[
    init_by_lua_block {
        sso = require "sso"
        client = assert(sso.new { validate = false })
        -- a call in the master, before it forks its workers
        local certificate, err = client:get_certificate "66138975"
        at_start = certificate and certificate.id or tostring(err)
        function answer(certificate, err)
            ngx.say(certificate and certificate.id or tostring(err))
        end
        function fact(name, value)
            ngx.shared.facts:set(name, value)
        end
    }
    lua_shared_dict facts 1m;
]]

local SERVER = [[
    location = /at-start { content_by_lua_block { ngx.say(at_start) } }
    location = /active { content_by_lua_block { ngx.say(client:_active()) } }
    location = /fact {
        content_by_lua_block { ngx.say(tostring(ngx.shared.facts:get(ngx.var.arg_name))) }
    }
    location = /get {
        content_by_lua_block { answer(client:get_certificate "66138975") }
    }
    location = /slow {
        content_by_lua_block {
            answer(client:get_certificate("66138975", {
                base_url = os.getenv "SSO_SANDBOX_HTTP" .. "/delay/" .. ngx.var.arg_seconds,
            }))
        }
    }
    location = /from {
        content_by_lua_block {
            local certificate, err, response = client:get_certificate("66138975", {
                base_url = ngx.unescape_uri(ngx.var.arg_server), api_key = "SG.x",
                timeout = tonumber(ngx.var.arg_timeout),
                max_retries = tonumber(ngx.var.arg_retries),
            })
            ngx.say(certificate and certificate.id or err.kind .. " " .. tostring(err.phase),
                " ", response and response.attempts or "-")
        }
    }
    location = /callback {
        content_by_lua_block {
            local handle = client:get_certificate("66138975", function(certificate, err)
                ngx.sleep(0.001) -- a light thread: it may yield
                answer(certificate, err)
            end)
            ngx.say(tostring(handle))
        }
    }
    location = /two {
        content_by_lua_block {
            client:get_certificate("66138975", answer)
            client:get_certificate("66138975", answer)
            ngx.say "started"
        }
    }
    location = /refused {
        content_by_lua_block {
            client:update_certificate("66138975", { public_certificate = "x" },
                { validate = true }, answer)
            ngx.say "returned"
        }
    }
    location = /raise {
        content_by_lua_block {
            client:get_certificate("66138975", function() error "a bad callback" end)
            answer(client:get_certificate "66138975")
        }
    }
    location = /cancel {
        content_by_lua_block {
            local handle = client:get_certificate("66138975", {
                base_url = os.getenv "SSO_SANDBOX_HTTP" .. "/delay/5",
            }, answer)
            ngx.say(tostring(handle:cancel()))
        }
    }
    location = /run {
        content_by_lua_block {
            local n = 0
            for _ = 1, 10 do
                client:get_certificate("66138975", function(certificate)
                    n = n + (certificate and 1 or 0)
                end)
            end
            local left = client:run()
            ngx.say(n, " ", left)
        }
    }
    location = /rewrite {
        rewrite_by_lua_block { ngx.ctx.got = client:get_certificate("66138975").id }
        content_by_lua_block { ngx.say(ngx.ctx.got) }
    }
    location = /access {
        access_by_lua_block { ngx.ctx.got = client:get_certificate("66138975").id }
        content_by_lua_block { ngx.say(ngx.ctx.got) }
    }
    location = /timer {
        content_by_lua_block {
            ngx.timer.at(0, function()
                fact("timer", client:get_certificate("66138975").id)
            end)
        }
    }
    location = /log {
        content_by_lua_block { ngx.say "logged" }
        log_by_lua_block {
            local _, err = client:get_certificate "66138975"
            fact("log_sync", err.kind .. ": " .. tostring(err))
            client:get_certificate("66138975", function(certificate)
                fact("log_callback", certificate.id)
            end)
        }
    }
    location = /header {
        content_by_lua_block { ngx.say "filtered" }
        header_filter_by_lua_block {
            client:get_certificate("66138975", function(certificate)
                fact("header_callback", certificate.id)
            end)
        }
    }
    location = /wait {
        content_by_lua_block {
            local handles = {}
            for i = 1, 5 do
                handles[i] = client:get_certificate("66138975", function() end)
            end
            sso.wait_all(handles)
            answer(handles[5]:wait())
        }
    }
    location = /key {
        content_by_lua_block {
            answer(client:get_certificate("66138975", {
                api_key = function()
                    ngx.sleep(0.001) -- as a key that comes from a vault
                    return os.getenv "SENDGRID_API_KEY"
                end,
            }))
        }
    }
]]

local ID = "66138975\n"

describe("in nginx", function()
    local nginx

    setup(function()
        helper.sandbox.reset()
        nginx = Nginx.start { http = INIT, server = SERVER }
        print("\n" .. nginx:version())
    end)

    teardown(function()
        nginx:stop()
    end)

    local function body(path)
        local status, text = nginx:get(path)
        assert.equal(200, status)
        return text
    end

    -- Asks until the worker has noted it: the server's answers are what paces this.
    local function fact(name)
        local value
        local deadline = os.time() + 10
        repeat
            value = body("/fact?name=" .. name)
        until value ~= "nil\n" or os.time() > deadline
        return value
    end

    -- Until the pump has nothing left.
    local function settled()
        local deadline = os.time() + 10
        repeat
            local active = body "/active"
        until active == "0\n" or os.time() > deadline
        assert.equal("0\n", body "/active")
    end

    it("blocks in init_by_lua, where nothing else could run", function()
        assert.equal(ID, body "/at-start")
    end)

    it("serves workers with a client that was made in the master", function()
        assert.equal(ID, body "/get")
    end)

    for _, phase in ipairs { "rewrite", "access" } do
        it("yields in the " .. phase .. " phase", function()
            assert.equal(ID, body("/" .. phase))
        end)
    end

    it("yields in a timer", function()
        nginx:get "/timer"
        assert.equal(ID, fact "timer")
    end)

    it("answers other requests while fifty calls are in flight", function()
        local connections = {}
        for i = 1, 50 do
            connections[i] = nginx:open "/slow?seconds=1.5"
        end
        -- if the calls blocked the worker, this would come after the first of them
        assert.equal("pong", body "/ping")
        for _ = 1, 20 do
            assert.equal(ID, body "/get")
        end
        for _, connection in ipairs(connections) do
            connection:settimeout(0)
            local line, why = connection:receive(1)
            assert.is_nil(line)
            assert.equal("timeout", why) -- none of the fifty has ended yet
            connection:settimeout(10)
        end
        for _, connection in ipairs(connections) do
            local status, text = Nginx.answer(connection)
            assert.equal(200, status)
            assert.equal(ID, text)
        end
        settled()
    end)

    it("answers other requests while a call waits to be tried again", function()
        local server = helper.faults "flaky-1-retry-after-2"
        local connection = nginx:open("/from?server=" .. server)
        while #helper.requests(server) == 0 do
            assert.equal("pong", body "/ping")
        end
        for _ = 1, 20 do
            assert.equal(ID, body "/get")
        end
        connection:settimeout(0)
        assert.equal("timeout", (select(2, connection:receive(1))))
        connection:settimeout(10)
        local _, text = Nginx.answer(connection)
        assert.equal("66138975 2\n", text)
        assert.equal(2, #helper.requests(server))
    end)

    it("ends at the deadline", function()
        assert.equal("timeout first_byte -\n",
            body("/from?timeout=0.5&server=" .. helper.faults "stall-headers"))
    end)

    it("reports what went wrong", function()
        assert.equal("network first_byte -\n",
            body("/from?retries=0&server=" .. helper.faults "reset-before-answer"))
    end)

    it("runs callbacks in a light thread of the caller's, after the call has returned", function()
        assert.matches("^sso.handle %(get_certificate, .-%)\n" .. ID .. "$", body "/callback")
    end)

    it("runs each of several callbacks there", function()
        for _ = 1, 30 do
            assert.equal("started\n" .. ID .. ID, body "/two")
        end
    end)

    it("does so for a call that was refused before it began", function()
        local text = body "/refused"
        assert.matches("^returned\n", text)
        assert.matches("X.509", text)
    end)

    it("logs the error of a callback that raises, and goes on", function()
        assert.equal(ID, body "/raise")
        assert.matches("%[error%].-a callback raised: .-a bad callback", nginx:log())
    end)

    it("cancels", function()
        local text = body "/cancel"
        assert.matches("^true\n", text)
        assert.matches("cancelled", text)
        settled()
    end)

    it("drives everything with client:run()", function()
        assert.equal("10 0\n", body "/run")
    end)

    it("waits for several handles", function()
        assert.equal(ID, body "/wait")
    end)

    it("lets the api_key function yield", function()
        assert.equal(ID, body "/key")
    end)

    it("says where it can neither wait nor block, and takes a callback there", function()
        assert.equal("logged\n", body "/log")
        assert.matches("^host: get_certificate: nginx's log phase can neither wait nor block: "
            .. "pass a callback", fact "log_sync")
        assert.equal(ID, fact "log_callback")
    end)

    it("takes callbacks in filters", function()
        assert.equal("filtered\n", body "/header")
        assert.equal(ID, fact "header_callback")
    end)

    it("forgets the calls of requests that their clients abort", function()
        for _ = 1, 5 do
            nginx:open("/slow?seconds=0.1"):close()
        end
        assert.equal(ID, body "/get")
        settled()
    end)

    it("runs the callback even when the light thread that waited for it was killed", function()
        local before = select(2, nginx:log():gsub("a bad callback", ""))
        nginx:open("/raise"):close()
        settled()
        local deadline = os.time() + 5
        local after
        repeat
            body "/ping"
            after = select(2, nginx:log():gsub("a bad callback", ""))
        until after > before or os.time() > deadline
        assert.is_true(after > before)
    end)

    it("logs nothing else as an error", function()
        for line in nginx:log():gmatch "[^\n]+" do
            if line:find("[error]", 1, true) or line:find("[alert]", 1, true) then
                assert.matches("a bad callback", line)
            end
        end
    end)
end)
