-- Asks for the certificates of all integrations at once, in threads of cqueues, while another
-- thread goes on with work of its own.
--
--     lua cqueues_script.lua
--
-- In a thread of cqueues a plain call lets the others run; nothing has to be told so.

local cqueues = require "cqueues"
local sso = require "sso"

local controller = cqueues.new()
local asking, turns = true, 0

controller:wrap(function()
    while asking do
        cqueues.sleep(0.001) -- stands for the work of others
        turns = turns + 1
    end
end)

local function show(integration)
    local certificates, err = sso.list_certificates(integration.id)
    if not certificates then
        error(tostring(err), 0)
    end
    for _, certificate in ipairs(certificates) do
        print(("%s: certificate %s ends on %s"):format(integration.name, certificate.id,
            os.date("!%Y-%m-%d", certificate.not_after)))
    end
end

controller:wrap(function()
    local integrations, err = sso.list_integrations()
    if not integrations then
        asking = false
        error(tostring(err), 0)
    end
    local left = #integrations
    for _, integration in ipairs(integrations) do
        controller:wrap(function()
            show(integration)
            left = left - 1
            asking = left > 0
        end)
    end
    asking = left > 0
end)

local ok, why = controller:loop()
if not ok then
    io.stderr:write(tostring(why), "\n")
    os.exit(1)
end
print(("meanwhile the other thread had %s"):format(turns > 0 and "its turns" or "no turn"))
