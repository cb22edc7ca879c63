--- What spec/host/nginx_life_spec.lua asks nginx to do: a client made in the master, a call from
--- each worker's start, and one location for each way of making and losing calls.
--
-- Facts that outlive a request or a worker are counted in the shared dictionary `facts`.

local M = {}

M.http = [[
    lua_shared_dict facts 1m;
    init_by_lua_block {
        sso = require "sso"
        steps = 0
        local methods = require("sso.core").client
        local step = methods._step
        methods._step = function(...)
            steps = steps + 1
            return step(...)
        end
        client = assert(sso.new { validate = false })
        -- the engine of the master, which workers must not inherit
        sandbox = os.getenv "SSO_SANDBOX_HTTP"
        function late(seconds)
            return { base_url = sandbox .. "/delay/" .. seconds }
        end
        assert(client:get_certificate("66138975", late "0.009"))
        -- for a while, so that the next connection goes to the other worker
        function busy()
            ngx.update_time()
            local from = ngx.now()
            repeat ngx.update_time() until ngx.now() - from > 0.003
        end
        function text_of(certificate, err)
            return certificate and certificate.id or tostring(err)
        end
        function count(name)
            return function()
                ngx.shared.facts:incr(name, 1, 0)
            end
        end
        -- what stays referenced from C: in the registry and in nginx's tables there, in which a
        -- number is a free place
        function references()
            local function entries(t)
                local n = 0
                for _, value in pairs(t) do
                    n = n + (type(value) == "number" and 0 or 1)
                end
                return n
            end
            local registry = debug.getregistry()
            local n = entries(registry)
            for key, value in pairs(registry) do
                if type(key) ~= "string" and type(value) == "table" and value ~= _G then
                    n = n + entries(value)
                end
            end
            return n
        end
    }
    init_worker_by_lua_block {
        local _, err = client:get_certificate "66138975"
        ngx.shared.facts:set("init_worker_sync", err.kind .. ": " .. tostring(err))
        client:get_certificate("66138975", function(certificate, err)
            ngx.shared.facts:incr("init_worker " .. text_of(certificate, err), 1, 0)
        end)
    }
]]

M.server = [[
    location = /fact {
        content_by_lua_block {
            ngx.say(tostring(ngx.shared.facts:get(ngx.unescape_uri(ngx.var.arg_name))))
        }
    }
    location = /state {
        content_by_lua_block {
            ngx.say(client:_active(), " calls, ", ngx.timer.running_count(), " timers")
        }
    }
    location = /pid {
        content_by_lua_block {
            busy()
            ngx.say(ngx.worker.pid())
        }
    }
    location = /worker {
        content_by_lua_block {
            busy()
            local own = late("0.00" .. ngx.worker.id() + 1)
            ngx.say(ngx.worker.id(), " ", text_of(client:get_certificate("66138975", own)))
        }
    }
    location = /mine {
        content_by_lua_block {
            busy()
            ngx.say(ngx.worker.id(), " ", client:_active())
        }
    }
    location = /get {
        content_by_lua_block { ngx.say(text_of(client:get_certificate "66138975")) }
    }
    location = /slow {
        content_by_lua_block {
            ngx.say(text_of(client:get_certificate("66138975", late(ngx.var.arg_seconds))))
        }
    }
    location = /guarded {
        content_by_lua_block {
            assert(ngx.on_abort(function()
                count "aborts" ()
                ngx.exit(499)
            end))
            client:get_certificate("66138975", late(ngx.var.arg_seconds), count "guarded")
            ngx.say(text_of(client:get_certificate("66138975", late(ngx.var.arg_seconds))))
        }
    }
    location = /log {
        content_by_lua_block { ngx.say "logged" }
        log_by_lua_block {
            client:get_certificate("66138975", late(ngx.var.arg_seconds), function(...)
                count "log" ()
                ngx.log(ngx.NOTICE, "a late callback: ", text_of(...))
            end)
        }
    }
    location = /refused {
        content_by_lua_block { ngx.say "logged" }
        log_by_lua_block {
            client:update_certificate("66138975", { public_certificate = "x" },
                { validate = true }, count "refused")
        }
    }
    location = /threads {
        content_by_lua_block {
            for _ = 1, tonumber(ngx.var.arg_n) do
                client:get_certificate("66138975", late(ngx.var.arg_seconds), function(...)
                    ngx.log(ngx.NOTICE, "a late callback: ", text_of(...))
                end)
            end
            ngx.say "started"
            ngx.flush()
        }
    }
    location = /exit {
        content_by_lua_block {
            client:get_certificate("66138975", late "0.02", count "exit")
            ngx.say "bye"
            ngx.exit(200)
        }
    }
    location = /steps {
        content_by_lua_block {
            local before = steps
            ngx.sleep(tonumber(ngx.var.arg_seconds))
            ngx.say(steps - before)
        }
    }
    location = /from {
        content_by_lua_block {
            local at = {} -- the steps made until each event: the last of each counts
            local certificate, err, response = client:get_certificate("66138975", {
                base_url = ngx.unescape_uri(ngx.var.arg_server), api_key = "SG.x",
                timeout = tonumber(ngx.var.arg_timeout),
                on_event = function(event) at[event.event] = steps end,
            })
            ngx.say(certificate and certificate.id or err.kind, " ",
                response and response.attempts or "-", " ",
                at.retry and at.attempt - at.retry or "-")
        }
    }
    location = /hundred {
        content_by_lua_block {
            local counts = {}
            for i = 1, 100 do
                client:get_certificate("66138975", late(i % 3 == 0 and "0.01" or "0"),
                    function(certificate)
                        counts[i] = (counts[i] or 0) + (certificate and 1 or 100)
                    end)
            end
            client:run()
            ngx.sleep(0.01) -- a second time would come now
            local right = 0
            for i = 1, 100 do
                right = right + (counts[i] == 1 and 1 or 0)
            end
            ngx.say(right)
        }
    }
    location = /many {
        content_by_lua_block {
            local failed = 0
            local function check(certificate)
                failed = failed + (certificate and 0 or 1)
            end
            for _ = 1, tonumber(ngx.var.arg_n) / 20 do
                for i = 1, 20 do
                    if i % 2 == 0 then
                        client:get_certificate("66138975", check)
                    else
                        check(client:get_certificate "66138975")
                    end
                end
            end
            client:run()
            ngx.say(failed)
        }
    }
    location = /memory {
        content_by_lua_block {
            collectgarbage()
            collectgarbage()
            ngx.say(references(), " ", math.floor(collectgarbage "count"))
        }
    }
    location = /kill {
        content_by_lua_block {
            local ran = 0
            local threads = {}
            for i = 1, 5 do
                threads[i] = ngx.thread.spawn(function()
                    client:get_certificate("66138975", late "0.05")
                    ran = ran + 1
                end)
            end
            ngx.sleep(0.005)
            for i = 1, 5 do
                assert(ngx.thread.kill(threads[i]))
            end
            ngx.say(text_of(client:get_certificate("66138975", late "0.06")), " ", ran)
        }
    }
    location = /close {
        content_by_lua_block {
            local other = assert(sso.new { validate = false, base_url = sandbox .. "/delay/5" })
            local kinds = {}
            local function note(_, err)
                kinds[#kinds + 1] = err.kind
            end
            for _ = 1, 3 do
                other:get_certificate("66138975", note)
                ngx.thread.spawn(function() note(other:get_certificate "66138975") end)
            end
            ngx.sleep(0.005)
            other:close()
            while #kinds < 6 do
                ngx.sleep(0.001)
            end
            ngx.sleep(0.01)
            ngx.say(table.concat(kinds, " "))
        }
    }
    location = /collect {
        content_by_lua_block {
            local weak = setmetatable({}, { __mode = "k" })
            local got = {}
            for i = 1, 3 do
                local other = assert(sso.new {
                    validate = false, base_url = sandbox .. "/delay/0.02",
                })
                weak[other] = true
                other:get_certificate("66138975", function(...)
                    got[#got + 1] = text_of(...)
                end)
                other = nil
            end
            collectgarbage()
            while #got < 3 do
                ngx.sleep(0.001)
                collectgarbage()
            end
            repeat ngx.sleep(0.001) until ngx.timer.running_count() == 0 -- the pumps have ended
            collectgarbage()
            collectgarbage()
            ngx.say(#got, " ", tostring(next(weak)))
        }
    }
    location = /occupy {
        content_by_lua_block {
            ngx.timer.at(0, function()
                repeat ngx.sleep(0.01) until released
            end)
            ngx.sleep(0.01)
            ngx.say(ngx.timer.running_count())
        }
    }
    location = /let-go { content_by_lua_block { released = true } }
    location = /hold {
        content_by_lua_block { ngx.say "held" }
        log_by_lua_block { held = client:get_certificate("66138975", late "9", count "held") }
    }
    location = /release { content_by_lua_block { ngx.say(tostring(held:cancel())) } }
    location = /long {
        content_by_lua_block {
            local function round(n)
                for _ = 1, n do
                    local done
                    client:get_certificate("66138975", function() done = true end)
                    repeat ngx.sleep(0.001) until done
                end
                collectgarbage()
                collectgarbage()
                return references()
            end
            local before = round(20)
            ngx.say(round(200) - before)
        }
    }
]]

return M
