--- What the scripts that change an account share: the sandbox's account, set to how it was, and a
--- script around a function that is run again until it has done its work.
---
--- Of the integration one certificate is there and enabled, another one is wanted. Whatever was
--- refused, at no moment was neither of them enabled; the same client then does the whole, and a
--- third run has nothing left to do.

local cjson = require "cjson"
local helper = require "helper"
local mime = require "mime"
local shared = require "client"
local sso = require "sso"

local sandbox = helper.sandbox

local M = { integration = helper.INTEGRATION, old = helper.CERT_ID }

--- The wanted certificate.
M.pem = (helper.certificate { cn = "torture of an account", key = "ec" })

-- How a call ends whose answer did not fit into memory, or that could not be read back.
local FURTHER = { unsafe = true, cancelled = true }

local client

function M.client()
    client = client or assert(sso.new {
        base_url = helper.sandbox_value "HTTP", timeout = 10, max_retries = 0, proxy = "",
        api_key = helper.environment("SENDGRID_API_KEY", "run by: tools/torture-oom"),
    })
    return client
end

local function plain(text)
    return (text:gsub("%s", ""))
end

--- The certificates of the integration: { [text] = enabled }, and how many.
function M.held()
    local held, count = {}, 0
    for _, record in ipairs(sandbox.state().certificates) do
        if record.integration_id == M.integration then
            held[plain(record.public_certificate)] = record.enabled
            count = count + 1
        end
    end
    return held, count
end

-- Fails where the old certificate was switched off before the wanted one was on, or the wanted one
-- afterwards. What was sent and not answered counts as done where that is worse.
local function look_at_what_was_sent()
    local wanted_is_on = false
    for number, request in ipairs(sandbox.log().requests) do
        local id = tonumber(request.path:match "/certificates/(%d+)$")
        local body = request.body_base64 ~= ""
            and cjson.decode((mime.unb64(request.body_base64))) or {}
        local answered = request.status == 200
        if request.method == "DELETE" or body.enabled == false and id then
            if id == M.old and not wanted_is_on or id ~= M.old and answered then
                error(("request %d, %s %s, locks out"):format(number, request.method,
                    request.path), 0)
            end
        elseif body.enabled and id ~= M.old and request.path:find "/certificates" then
            wanted_is_on = wanted_is_on or answered
        end
    end
end

--- A setup for oom.c: the account as it was, and as many connections as there may ever be. (A call
--- that was broken off is still under way when the next one begins.) Their answers are late, else
--- one connection is free again for the next call.
function M.setup(reset)
    return function()
        reset()
        sandbox.fault { { delay = 0.2, times = 4 } }
        for _ = 1, 4 do
            M.client():get_integration(M.integration, function() end)
        end
        M.client():run(10)
        shared.check()
    end
end

--- A script for oom.c. work(client) → a value, or nil and an error; it has done its work when the
--- wanted certificate alone is there, and enabled. reset() sets the account up.
function M.script(reset, work)
    local function run()
        local value, err = work(M.client())
        shared.took(value, err, FURTHER)
    end

    local function check()
        look_at_what_was_sent()
        local value, err = work(M.client())
        if not value then
            error("it cannot be done any more: " .. tostring(err), 0)
        end
        look_at_what_was_sent()
        local held, count = M.held()
        if count ~= 1 or held[plain(M.pem)] ~= true then
            error(("%d certificates are there, the wanted one: %s"):format(count,
                tostring(held[plain(M.pem)])), 0)
        end
        local writes = #sandbox.log().requests
        assert(work(M.client()))
        for number, request in ipairs(sandbox.log().requests) do
            if number > writes and (request.method == "POST"
                or request.method == "DELETE" and request.status == 200) then
                error("a third run had something left to do: " .. request.method, 0)
            end
        end
        reset()
        shared.check()
    end

    return { setup = M.setup(reset), run = run, check = check, buffers = true }
end

--- As at the start: the old certificate is there and enabled.
function M.reset()
    sandbox.reset()
    sandbox.switch { tell_enabled = true }
end

return M
