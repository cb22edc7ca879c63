--- What cases that run inside of luv or Neovim share (see uv_cases.lua): a client, timers, a
--- ticker, and a main loop that ends.  `main` runs the code in SSO_CODE.

local process = require "process"
local sso = require "sso"

local vim = rawget(_G, "vim")

local M = { is_neovim = vim ~= nil, uv = vim and vim.loop or require "luv", sso = sso }

--- Base URLs of the fault server, by the names that a case gave them.
M.url = setmetatable({}, {
    __index = function(_, name)
        return assert(os.getenv("URL_" .. name), name)
    end,
})

function M.say(...)
    local words = { ... }
    for i = 1, select("#", ...) do
        words[i] = tostring(words[i])
    end
    io.stdout:write(table.concat(words, " "), "\n")
    io.stdout:flush()
end

function M.client(name, options)
    local all = {
        api_key = "SG.key", base_url = M.url[name], validate = false,
        ca_file = os.getenv "SSO_FAULTS_CA",
    }
    for key, value in pairs(options or {}) do
        all[key] = value
    end
    return assert(sso.new(all))
end

--- Runs a function as a coroutine, which may wait.
function M.go(fn)
    coroutine.wrap(fn)()
end

--- Calls a function from the loop, after so many milliseconds.
function M.later(ms, fn)
    local timer = M.uv.new_timer()
    timer:start(ms, 0, function()
        timer:close()
        fn()
    end)
end

--- Calls a function in the loop until done() was called; luv's ends by itself, and must.
function M.loop(body)
    local is_done = false
    local function done()
        is_done = true
    end
    if vim then
        body(done)
        assert(vim.wait(90000, function()
            return is_done
        end), "it was never done")
    else
        M.later(0, function()
            body(done)
        end)
        M.uv.run()
        assert(is_done, "the loop ended too early")
    end
end

--- Ticks each millisecond and remembers the longest time between two ticks.
function M.ticker()
    local ticker, last = { ticks = 0, gap = 0 }, nil
    local timer = M.uv.new_timer()
    timer:start(1, 1, function()
        local now = process.now()
        ticker.ticks = ticker.ticks + 1
        if last and now - last > ticker.gap then
            ticker.gap = now - last
        end
        last = now
    end)
    --- The longest gap since this was asked last, milliseconds.
    function ticker.longest()
        local gap = ticker.gap * 1000
        ticker.gap, last = 0, nil
        return gap
    end
    function ticker.stop()
        timer:close()
    end
    return ticker
end

--- The longest gap while the loop has nothing else to do, milliseconds; in a coroutine.
function M.idle_gap(ticker)
    local thread = coroutine.running()
    ticker.longest()
    M.later(150, function()
        coroutine.resume(thread)
    end)
    coroutine.yield()
    return ticker.longest()
end

--- Open descriptors, registry references and kilobytes of Lua memory, on the main chunk.
function M.holdings()
    -- the poll stays for a moment, and what was closed is given back in the loop's next turn
    M.loop(function(done)
        M.later(300, done)
    end)
    for _ = 1, 4 do
        collectgarbage()
    end
    local descriptors, references = 0, 0
    for _ in pairs(process.descriptors()) do
        descriptors = descriptors + 1
    end
    for key, value in pairs(debug.getregistry()) do
        -- a number is a link in the list of free places
        if type(key) == "number" and type(value) ~= "number" then
            references = references + 1
        end
    end
    return descriptors, references, collectgarbage "count"
end

function M.main()
    local names = setmetatable({ process = process }, {
        __index = function(_, name)
            if M[name] ~= nil then
                return M[name]
            end
            return _G[name]
        end,
    })
    local code = assert(os.getenv "SSO_CODE")
    local chunk
    if rawget(_G, "setfenv") then
        chunk = setfenv(assert(loadstring(code, "=case")), names) -- luacheck: ignore
    else
        chunk = assert(load(code, "=case", "t", names))
    end
    local ok, why = xpcall(chunk, debug.traceback)
    if not ok then
        M.say("failed: " .. tostring(why))
    end
    M.say("end")
    if vim then
        vim.cmd(ok and "qa!" or "cquit")
    elseif not ok then
        os.exit(1)
    end
end

return M
