-- The life of an SSO integration: created together with its certificate, read, enabled, deleted.
--
--     lua integrations.lua FILE        FILE: the certificate of the identity provider
--
-- It is enabled last, so that nobody logs in by one that is half set up.

local sso = require "sso"

local path = arg[1]
if not path then
    io.stderr:write("usage: integrations.lua FILE\n")
    os.exit(2)
end

local file = assert(io.open(path, "rb"))
local pem = file:read("*a")
file:close()

-- What a call returned, or the end of the program.
local function expect(value, err)
    if not value then
        io.stderr:write(tostring(err), "\n")
        os.exit(1)
    end
    return value
end

local integration = expect(sso.create_integration {
    name = "Example",
    enabled = false,
    signin_url = "https://idp.example/signin",
    signout_url = "https://idp.example/signout",
    entity_id = "https://idp.example/entity",
})
local id = integration.id
print("created " .. integration.name .. ", " .. id)

local certificate, err = sso.create_certificate {
    public_certificate = pem,
    integration_id = id,
    enabled = true,
}
if not certificate then
    sso.delete_integration(id) -- without a certificate it is of no use
    expect(nil, err)
end
print("its certificate ends on " .. os.date("!%Y-%m-%d", certificate.not_after))

-- `si` asks for completed_integration.
integration = expect(sso.get_integration(id, { si = true }))
print("complete: " .. tostring(integration.completed_integration))

-- What is not given stays as it is.
integration = expect(sso.update_integration(id, { enabled = true }))
print(integration.name .. " is enabled: " .. tostring(integration.enabled))

expect(sso.delete_integration(id))
print("deleted, and nobody can log in by it any more")
