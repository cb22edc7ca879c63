--- What is there looked at and told in each form; nothing is ever changed.

local account = require "torture.account"
local helper = require "helper"
local shared = require "client"

local FORMS = { "text", "json", "nagios", "prometheus", "ics" }

local function run()
    local report, err = account.client():check_certificates()
    shared.took(report, err)
    for _, form in ipairs(FORMS) do
        if report or form ~= "ics" then -- which has no form for an error
            assert(#require("sso.monitor").format(report or err, form) > 0)
        end
    end
end

local function check()
    local report, err = account.client():check_certificates()
    if not report then
        error("it cannot be looked at any more: " .. tostring(err), 0)
    end
    for _, request in ipairs(helper.sandbox.log().requests) do
        assert(request.method == "GET")
    end
    account.reset()
    shared.check()
end

return { setup = account.setup(account.reset), run = run, check = check,
    buffers = true }
