-- Seconds at both ends: more than a counter of milliseconds holds, and less than one of them.

local helper = require "helper"
local process = require "process"
local shared = require "support.options"

local ID, KEY = helper.CERT_ID, helper.key
local new = shared.new

describe("options about time", function()
    helper.watch()
    shared.watch()

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
            helper.patiently(function()
                local silent = helper.faults("stall-headers")
                local client = new({ api_key = KEY, base_url = silent, timeout = seconds })
                local from = process.now()
                local _, err, response = client:get_certificate(ID)
                assert.equal("timeout", err.kind)
                assert.is_nil(response)
                assert.is_true(process.now() - from < 0.15 * helper.patience)

                local dead = ("http://127.0.0.1:%d"):format(helper.fault_port("unaccepted"))
                from = process.now()
                _, err = client:get_certificate(ID, {
                    base_url = dead, timeout = 5, connect_timeout = seconds, max_retries = 0,
                })
                assert.equal("connect", err.kind)
                assert.is_true(process.now() - from < 0.25 * helper.patience)
            end)
        end)
    end
end)
