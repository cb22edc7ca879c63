--- Certificates with a validity of one's choice, made by the openssl program once a run for each,
--- and metadata that announces them.

local pki = require "support.pki"

local M = {}

-- subject, not_before, not_after, options for the key
local SCRIPT = [[
openssl req -new -nodes -utf8 -config cnf -keyout key -subj "$3" -out csr $6
openssl ca -batch -selfsign -utf8 -config cnf -in csr -keyfile key -notext \
    -startdate $4 -enddate $5 -out pem
]]

local KEYS = {
    ec = "-newkey ec -pkeyopt ec_paramgen_curve:P-256",
    ["rsa:1024"] = "-newkey rsa:1024",
}

local made = {}

local function stamp(unix)
    return os.date("!%Y%m%d%H%M%SZ", unix)
end

--- A certificate.
---@param cn string
---@param not_before integer  unix seconds
---@param not_after integer
---@param key? string  ec, rsa:1024
---@return string pem
function M.certificate(cn, not_before, not_after, key)
    local name = table.concat({ cn, not_before, not_after, key or "ec" }, "|")
    if not made[name] then
        local folder = pki.folder(SCRIPT, "/CN=" .. cn, stamp(not_before), stamp(not_after),
            KEYS[key or "ec"])
        made[name] = folder.read "pem"
        folder.remove()
    end
    return made[name]
end

local KEY = [[
<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>
<X509Certificate>%s</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
]]

local METADATA = [[
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="%s">
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
%s<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
Location="https://idp.test/in"/></IDPSSODescriptor></EntityDescriptor>
]]

--- Metadata of an identity provider that signs with these certificates.
---@param entity_id string
---@param ... string  PEM
---@return string xml
function M.metadata(entity_id, ...)
    local keys = {}
    for i, pem in ipairs { ... } do
        keys[i] = KEY:format((pem:gsub("%-%-%-%-%-[^-]+%-%-%-%-%-", "")))
    end
    return METADATA:format(entity_id, table.concat(keys))
end

return M
