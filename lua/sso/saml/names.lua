--- SAML's names, and how others' text is quoted in sentences.

local printable = require "sso.printable"

local M = {
    METADATA = "urn:oasis:names:tc:SAML:2.0:metadata",
    PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol",
    ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion",
    SIGNATURE = "http://www.w3.org/2000/09/xmldsig#",
    REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
    POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
}

--- What a stranger wrote, fit for a sentence: one line, at most 200 columns.
---@param text any
---@return string
function M.quote(text)
    if type(text) == "number" then
        text = ("%.0f"):format(text) -- an id, which JSON may have made a float of
    end
    -- of a text of megabytes only the beginning is looked at
    text = type(text) == "string" and text:sub(1, 1000) or text
    return printable.cut(printable.text(text), 200)
end

--- The last part of a name such as `urn:oasis:names:tc:SAML:2.0:status:Success`.
---@param name string
---@return string
function M.short(name)
    return M.quote(name:match "[:#/]([^:#/]+)$" or name)
end

--- The text of a ds:X509Certificate as PEM, so that the mere lack of BEGIN and END is not noted.
---@param text string
---@return string
function M.pem(text)
    local base64 = text:gsub("%s+", "")
    if base64:find "[^%w+/=]" or base64 == "" then
        return text
    end
    local lines = base64:gsub(("."):rep(64), "%0\n"):gsub("\n$", "")
    return "-----BEGIN CERTIFICATE-----\n" .. lines .. "\n-----END CERTIFICATE-----\n"
end

return M
