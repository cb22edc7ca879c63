--- One certificate read, and nothing else: few enough allocations for each of them to be refused.

local helper = require "helper"
local shared = require "client"
local sso = require "sso"

local der = helper.der((helper.certificate { cn = "torture", key = "ec" }))

local function run()
    local list, err = sso.certificate.parse(der)
    shared.took(list, err)
    if list then
        local c = list[1]
        if #list ~= 1 or c.subject ~= "CN=torture" or c.key.bits ~= 256 or not c.self_signed then
            error(("read as %s, %s bits, self-signed: %s"):format(c.subject, c.key.bits,
                tostring(c.self_signed)), 0)
        end
    end
end

return { setup = shared.check, run = run, check = shared.check }
