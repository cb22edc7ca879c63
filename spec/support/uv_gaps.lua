--- Cases of luv and Neovim that give figures: a ticker's longest gap while calls do what could
--- stall a loop, against that of the idle loop in the same process (see uv_cases.lua).

return {
    {
        "ticks on while a name is looked up, TLS begins and a retry waits #timing",
        slow_names = true,
        urls = { tls = { "ok", "https" }, flaky = "flaky-1-retry-after-1" },
        code = [[
            loop(function(done)
                local ticks = ticker()
                go(function()
                    local idle = idle_gap(ticks)
                    local left, thread, from = 3, coroutine.running(), process.now()
                    local function over(value, err)
                        left = left - 1
                        if left == 0 then coroutine.resume(thread) end
                    end
                    client("tls", { base_url = "https://slow-400.test:1", max_retries = 0 })
                        :get_certificate(1, function(_, err)
                            assert(err.kind == "connect", tostring(err))
                            over()
                        end)
                    client "tls":get_certificate(1, function(value)
                        assert(value)
                        over()
                    end)
                    client "flaky":get_certificate(1, function(value, _, response)
                        assert(value and response.attempts == 2)
                        over()
                    end)
                    coroutine.yield()
                    say(("gap %.1f idle %.1f all %.0f"):format(ticks.longest(), idle,
                        (process.now() - from) * 1000))
                    ticks.stop()
                    done()
                end)
            end)
        ]],
    },
    {
        "ticks on while 64 TLS connections begin at once #timing",
        urls = { tls = { "ok", "https" } },
        code = [[
            loop(function(done)
                local ticks = ticker()
                go(function()
                    local client = client "tls"
                    local idle = idle_gap(ticks)
                    local left, thread, from = 64, coroutine.running(), process.now()
                    for i = 1, 64 do
                        client:get_certificate(i, function(value)
                            assert(value.id == i)
                            left = left - 1
                            if left == 0 then coroutine.resume(thread) end
                        end)
                    end
                    coroutine.yield()
                    say(("gap %.1f idle %.1f all %.0f"):format(ticks.longest(), idle,
                        (process.now() - from) * 1000))
                    ticks.stop()
                    done()
                end)
            end)
        ]],
    },
}
