--- What hosts.lua needs of each host, in one shape:
---   version                what the host itself reports
---   sleep(seconds)         the host's own sleep, in a coroutine of the host's
---   spawn(fn)              begins a coroutine of the host's
---   ticker(fn)             → stop; calls fn each millisecond
---   enter(main)            runs main in such a coroutine, and the loop until it is over
-- luacheck: read globals ngx vim core

local M = {}

-- A ticker made of sleeps.
local function sleeping_ticker(loop)
    return function(fn)
        local over = false
        loop.spawn(function()
            while not over do
                loop.sleep(0.001)
                fn()
            end
        end)
        return function()
            over = true
        end
    end
end

function M.blocking()
    local socket = require "socket"
    return {
        version = rawget(_G, "jit") and jit.version or _VERSION,
        sleep = socket.sleep,
        enter = function(main)
            main()
        end,
    }
end

local function on_libuv(uv)
    local loop = {}

    function loop.sleep(seconds)
        local thread, timer = coroutine.running(), uv.new_timer()
        timer:start(seconds * 1000, 0, function()
            timer:close()
            assert(coroutine.resume(thread))
        end)
        coroutine.yield()
    end

    function loop.spawn(fn)
        assert(coroutine.resume(coroutine.create(fn)))
    end

    function loop.ticker(fn)
        local timer = uv.new_timer()
        timer:start(1, 1, fn)
        return function()
            timer:close()
        end
    end

    return loop
end

function M.luv()
    local uv = require "luv"
    local loop = on_libuv(uv)
    loop.version = "luv, libuv " .. uv.version_string()
    function loop.enter(main)
        local timer = uv.new_timer()
        timer:start(0, 0, function()
            timer:close()
            loop.spawn(main)
        end)
        uv.run()
    end
    return loop
end

function M.neovim()
    local loop = on_libuv(vim.loop)
    local v = vim.version()
    loop.version = ("Neovim %d.%d.%d"):format(v.major, v.minor, v.patch)
    function loop.enter(main)
        local over = false
        vim.schedule(function()
            loop.spawn(function()
                main()
                over = true
            end)
        end)
        assert(vim.wait(600000, function() return over end, 100))
    end
    return loop
end

function M.cqueues()
    local cqueues = require "cqueues"
    local loop = { version = "cqueues " .. cqueues.VERSION, sleep = cqueues.sleep }
    function loop.spawn(fn)
        cqueues.running():wrap(fn)
    end
    function loop.enter(main)
        local controller = cqueues.new()
        controller:wrap(main)
        assert(controller:loop())
    end
    loop.ticker = sleeping_ticker(loop)
    return loop
end

function M.copas()
    local copas = require "support.copas_loop" -- 1.1.7 has no sleep: it is made of a dirty socket
    local loop = { version = copas.version, sleep = copas.pause, spawn = copas.spawn }
    function loop.enter(main)
        local errors = copas.run(main, 600)
        assert(#errors == 0, errors[1])
    end
    loop.ticker = sleeping_ticker(loop)
    return loop
end

function M.nginx()
    local loop = {
        version = ("nginx %s, lua-nginx-module %s"):format(
            ("%d.%d.%d"):format(math.floor(ngx.config.nginx_version / 1000000),
                math.floor(ngx.config.nginx_version / 1000) % 1000,
                ngx.config.nginx_version % 1000),
            ("0.10.%d"):format(ngx.config.ngx_lua_version % 1000)),
        sleep = ngx.sleep,
        spawn = ngx.thread.spawn,
    }
    function loop.enter(main)
        assert(ngx.timer.at(0, function()
            main()
        end))
    end
    loop.ticker = sleeping_ticker(loop)
    return loop
end

function M.haproxy()
    local loop = {
        version = "HAProxy " .. (core.get_info().Version or "?"),
        spawn = core.register_task,
    }
    function loop.sleep(seconds)
        core.msleep(math.floor(seconds * 1000 + 0.5))
    end
    function loop.enter(main)
        core.register_task(main)
    end
    loop.ticker = sleeping_ticker(loop)
    return loop
end

return M
