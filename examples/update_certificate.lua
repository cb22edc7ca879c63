-- Gives an SSO certificate the new key of the identity provider.
--
--     export SENDGRID_API_KEY=SG.....
--     lua update_certificate.lua CERT_ID FILE        FILE: the new certificate, "-": standard input
--
-- The counterpart of the samples on SendGrid's page "Update SSO Certificate".

local sso = require "sso"

local cert_id, path = arg[1], arg[2]
if not path then
    io.stderr:write("usage: update_certificate.lua CERT_ID FILE\n")
    os.exit(2)
end

local file = path == "-" and io.stdin or assert(io.open(path, "rb"))
local pem = file:read("*a")

local certificate, err, response = sso.update_certificate(cert_id, {
    public_certificate = pem,
    enabled = true, -- false, as SendGrid's own samples have it, would switch the certificate off
})

if not certificate then
    io.stderr:write(tostring(err), "\n")
    os.exit(1)
end

print(response.status)
print(response.body)
for name, value in pairs(response.headers) do
    print(name .. ": " .. value)
end
