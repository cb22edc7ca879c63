-- Finds the cert_id that update_certificate needs: lists the certificates of every integration.
--
--     lua find_cert_id.lua
--     lua find_cert_id.lua INTEGRATION_ID
--
-- SendGrid's page says that certificate ids come from "Get All SSO Integrations".  That list has
-- integrations alone; the list of one integration's certificates has theirs.

local sso = require "sso"

-- What a call returned, or the end of the program.
local function expect(value, err)
    if not value then
        io.stderr:write(tostring(err), "\n")
        os.exit(1)
    end
    return value
end

local integration_ids = { arg[1] }
if #integration_ids == 0 then
    for i, integration in ipairs(expect(sso.list_integrations())) do
        integration_ids[i] = integration.id
    end
end

for _, integration_id in ipairs(integration_ids) do
    print("integration " .. integration_id)
    for _, certificate in ipairs(expect(sso.list_certificates(integration_id))) do
        -- What was stored may be any text: those that can be read have a fingerprint.
        local parsed = sso.certificate.parse(certificate.public_certificate)
        print(("  cert_id %s, valid from %s to %s"):format(
            certificate.id,
            os.date("!%Y-%m-%d", certificate.not_before),
            os.date("!%Y-%m-%d", certificate.not_after)
        ))
        print("  sha256 " .. (parsed and parsed[1].fingerprint or "not readable"))
    end
end
