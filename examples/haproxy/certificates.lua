-- A service of HAProxy that shows an integration's certificates and how long they are good for.
--
--     GET /certificates?integration=INTEGRATION_ID
--
-- While SendGrid's answer is awaited HAProxy goes on with other requests.

local sso = require "sso"

local client = assert(sso.new { timeout = 10 })

local DAY = 24 * 60 * 60

-- SendGrid refused, or could not be reached: what the reader is told is no secret.
local function failure(err)
    local status = err.kind == "not_found" and 404 or 502
    return status, tostring(err) .. "\n"
end

local function page(integration_id)
    if not integration_id then
        return 400, "which integration? /certificates?integration=ID\n"
    end
    local certificates, err = client:list_certificates(integration_id)
    if not certificates then
        return failure(err)
    end
    local lines = {}
    for i, certificate in ipairs(certificates) do
        local days = math.floor((certificate.not_after - os.time()) / DAY)
        lines[i] = ("%s  ends on %s, in %d days\n"):format(certificate.id,
            os.date("!%Y-%m-%d", certificate.not_after), days)
    end
    return 200, #lines > 0 and table.concat(lines) or "no certificates\n"
end

core.register_service("sso_certificates", "http", function(applet)
    local status, text = page(applet.qs:match "integration=([%w-]+)")
    applet:set_status(status)
    applet:add_header("content-type", "text/plain")
    applet:add_header("content-length", tostring(#text))
    applet:start_response()
    applet:send(text)
end)
