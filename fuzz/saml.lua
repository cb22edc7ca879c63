--- Any bytes as a SAMLResponse, bare or in base64: findings that can be shown on a terminal, or an
-- error of kind `saml`.

local mime = require "mime"
local saml = require "sso.saml"

local OPTIONS = { audience = "https://api.sendgrid.com/sp", at = 1764000000 }

local function check_text(text)
    if type(text) ~= "string" or text == "" or text:find("[%z\1-\31\127]") then
        error("not fit to be shown: " .. tostring(text))
    end
end

return function(input)
    if input:byte(1) == 0 then
        input = mime.b64(input:sub(2)) or "" -- nil for nothing
    end
    local explained, err = saml.explain(input, OPTIONS)
    if not explained then
        if type(err) ~= "table" or err.kind ~= "saml" then
            error("not an error of its kind: " .. tostring(err))
        end
        check_text(tostring(err))
        return
    end
    for _, finding in ipairs(explained.findings) do
        check_text(finding.message)
        check_text(finding.severity)
        if rawget(_G, "SSO_PLANTED_BUG") and tostring(finding.finding):find("expired", 1, true) then
            error("the planted bug")
        end
    end
end
