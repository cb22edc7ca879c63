--- Certificates with a validity of one's choice, made by the openssl program once a run for each,
--- and metadata that announces them.

local process = require "process"

local M = {}

local SCRIPT = [[
set -e
unset LD_PRELOAD
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >cnf <<'EOF'
[ca]
default_ca = d
[d]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = p
unique_subject = no
[p]
commonName = supplied
[req]
distinguished_name = dn
[dn]
EOF
: >index
echo 01 >serial
openssl req -new -nodes -utf8 -config cnf -keyout key -subj "$1" -out csr $4 2>log
openssl ca -batch -selfsign -utf8 -config cnf -in csr -keyfile key -notext \
    -startdate $2 -enddate $3 -out pem 2>log
cat pem
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
        local done = process.run({
            "sh", "-c", SCRIPT, "sh", "/CN=" .. cn, stamp(not_before), stamp(not_after),
            KEYS[key or "ec"],
        }, {}, 20)
        assert(done.status == 0, done.output)
        made[name] = done.output:match "%-%-%-%-%-BEGIN.*END CERTIFICATE%-%-%-%-%-\n"
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
