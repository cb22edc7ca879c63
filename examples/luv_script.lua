-- Lists the certificates of all integrations in luv's loop: one coroutine for each integration, all
-- of them waiting at the same time, while a timer of the script's goes on ticking.
--
--     lua luv_script.lua
--
-- `host = "luv"` is needed by coroutines that begin before `uv.run()`: until the loop has something
-- to do, the module cannot know that it will ever run.

local sso = require "sso"
local uv = require "luv"

local client = assert(sso.new { host = "luv" })
local failed = false

local function go(fn, ...)
    coroutine.wrap(fn)(...)
end

local function fail(err)
    io.stderr:write(tostring(err), "\n")
    failed = true
end

local function days_left(certificate)
    return math.floor((certificate.not_after - os.time()) / 86400)
end

local function report(integration)
    local certificates, err = client:list_certificates(integration.id)
    if not certificates then
        return fail(err)
    end
    print("integration " .. integration.id)
    for _, certificate in ipairs(certificates) do
        local text = "  cert_id %s, valid until %s, %d days left"
        print(text:format(
            certificate.id,
            os.date("!%Y-%m-%d", certificate.not_after),
            days_left(certificate)
        ))
    end
end

go(function()
    local integrations, err = client:list_integrations()
    if not integrations then
        return fail(err)
    end
    for _, integration in ipairs(integrations) do
        go(report, integration)
    end
end)

local ticks = 0
local timer = uv.new_timer()
timer:start(0, 1, function()
    ticks = ticks + 1
end)
timer:unref() -- the loop shall end with the last call

uv.run()
print("the timer ticked meanwhile: " .. tostring(ticks > 0))
os.exit(failed and 1 or 0)
