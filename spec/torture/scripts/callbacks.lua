--- Several calls at once with callbacks and events, one of them cancelled.  A callback runs once,
-- or the step that would have run it raised: nothing is lost without a word.
--
-- Each run has a client of its own: how many connections a pool keeps is a matter of chance.

local shared = require "client"
local sso = require "sso"

local client
local started, called = 0, 0

local function tell()
    called = called + 1
end

local function run()
    local err
    client, err = sso.new(shared.options())
    shared.took(client, err)
    started, called = 0, 0
    if not client then
        return
    end
    local events = 0
    local options = { on_event = function()
        events = events + 1
    end }
    local handles = {}
    for i = 1, 4 do
        handles[i] = client:get_certificate(66138975, options, tell)
        started = started + 1
    end
    client:step(0)
    handles[2]:cancel()
    client:run(5)
    assert(handles[3]:done() and tostring(handles[4]))
end

local function check()
    if client then
        for _ = 1, 4 do
            pcall(client.run, client, 5)
        end
        if client:_active() ~= 0 then
            error("calls are left", 0)
        end
        if called > started + 1 then
            error(("%d calls, %d callbacks"):format(started, called), 0)
        end
        client:close()
        client = nil
    end
    shared.check()
end

return { setup = shared.check, run = run, check = check }
