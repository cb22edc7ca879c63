--- Any bytes as SAML metadata: a table whose certificates read again, or an error of kind `saml`
-- that can be shown on a terminal.

local metadata = require "sso.metadata"
local sso = require "sso"

local function check_text(text)
    if type(text) ~= "string" or text == "" or text:find("[%z\1-\31\127]") then
        error("not fit to be shown: " .. tostring(text))
    end
end

return function(input)
    local options
    if input:byte(1) == 0 then -- asks for an entity by name
        options = { entity_id = "https://idp.example" }
        input = input:sub(2)
    end
    local parsed, err = metadata.parse(input, options)
    if not parsed then
        if type(err) ~= "table" or err.kind ~= "saml" then
            error("not an error of its kind: " .. tostring(err))
        end
        check_text(tostring(err))
        return
    end
    if rawget(_G, "SSO_PLANTED_BUG") and (parsed.valid_until or 0) > 1.9e9 then
        error("the planted bug")
    end
    for _, certificate in ipairs(parsed.certificates) do
        local again = assert(sso.certificate.parse(certificate.pem))
        assert((again[1] or again).fingerprint == certificate.fingerprint)
    end
    for _, note in ipairs(parsed.notes or {}) do
        check_text(note)
    end
end
