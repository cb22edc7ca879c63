-- A piece of Lua for each operation; spec/reference_spec.lua runs them.  An operation without one
-- is documented all the same.  Given are client, cert_id, integration_id, username, token and pem.

local M = {}

M.create_certificate = [[
local certificate, err = client:create_certificate {
    public_certificate = pem,
    integration_id = integration_id,
    enabled = true,
}
print(certificate and certificate.id or err)]]

M.get_certificate = [[
local certificate = assert(client:get_certificate(cert_id))
print(os.date("!%Y-%m-%d", certificate.not_after))]]

M.update_certificate = [[
local certificate, err, response = client:update_certificate(cert_id, {
    public_certificate = pem,
    enabled = true, -- false would switch the certificate off
})
if certificate then
    print(response.status, certificate.id)
else
    print(err)
end]]

M.delete_certificate = [[
assert(client:delete_certificate(cert_id))
local certificate, err = client:get_certificate(cert_id)
print(certificate, err.kind)]]

M.list_certificates = [[
for _, certificate in ipairs(assert(client:list_certificates(integration_id))) do
    print(certificate.id, os.date("!%Y-%m-%d", certificate.not_after))
end]]

M.create_integration = [[
local integration, err = client:create_integration {
    name = "Example",
    enabled = false, -- until its certificate is there
    signin_url = "https://idp.example/signin",
    signout_url = "https://idp.example/signout",
    entity_id = "https://idp.example/entity",
}
print(integration and integration.name or err)]]

M.list_integrations = [[
for _, integration in ipairs(assert(client:list_integrations { si = true })) do
    print(integration.name, integration.id, integration.completed_integration)
end]]

M.get_integration = [[
print(assert(client:get_integration(integration_id)).entity_id)]]

M.update_integration = [[
local integration = assert(client:update_integration(integration_id, { enabled = false }))
print(integration.enabled, integration.name)]]

M.delete_integration = [[
local gone, err = client:delete_integration(integration_id)
print(gone or err)]]

M.create_sso_teammate = [[
local teammate, err, response = client:create_sso_teammate {
    email = "john_doe@example.com",
    first_name = "John",
    last_name = "Doe",
    persona = "observer",
}
print(teammate and teammate.email or err, response.status)]]

M.update_sso_teammate = [[
local teammate = assert(client:update_sso_teammate(username, {
    first_name = "Jane",
    last_name = "Doe",
    has_restricted_subuser_access = true,
    subuser_access = {
        { id = 1001, permission_type = "admin" },
        { id = 1002, permission_type = "restricted", scopes = { "mail.send" } },
    },
}))
print(#teammate.subuser_access)]]

M.list_teammates = [[
for _, teammate in ipairs(assert(client:list_teammates { limit = 50 })) do
    print(teammate.username, teammate.is_admin)
end]]

M.get_teammate = [[
print(assert(client:get_teammate(username)).first_name)]]

M.delete_teammate = [[
local gone, err = client:delete_teammate(username)
print(gone or err)]]

M.list_pending_teammates = [[
for _, invitation in ipairs(assert(client:list_pending_teammates())) do
    print(invitation.email, os.date("!%Y-%m-%d", invitation.expiration_date))
end]]

M.delete_pending_teammate = [[
local gone, err = client:delete_pending_teammate(token)
print(gone or err)]]

M.resend_teammate_invite = [[
print(assert(client:resend_teammate_invite(token)).email)]]

M.list_subuser_access = [[
local page = assert(client:list_subuser_access(username, { limit = 1 }))
print(page.subuser_access[1].id, page._metadata.next_params.after_subuser_id)]]

return M
