-- Gives somebody who logs in by SSO access to a few subusers, lists all teammates, and takes the
-- access away again.
--
--     lua teammates.lua EMAIL SUBUSER_ID...
--
-- With SSO the address is the username, too.

local sso = require "sso"

local email = arg[1]
if not arg[2] then
    io.stderr:write("usage: teammates.lua EMAIL SUBUSER_ID...\n")
    os.exit(2)
end

-- What a call returned, or the end of the program.
local function expect(value, err)
    if not value then
        io.stderr:write(tostring(err), "\n")
        os.exit(1)
    end
    return value
end

local subusers = {}
for i = 2, #arg do
    subusers[#subusers + 1] = {
        id = arg[i],
        permission_type = "restricted", -- "admin": everything, without scopes
        scopes = { "mail.send" },
    }
end

local created, err = sso.create_sso_teammate {
    email = email,
    first_name = "Jane",
    last_name = "Doe",
    has_restricted_subuser_access = true,
    subuser_access = subusers,
}
if not created and err.maybe_applied then
    -- Not sent again by itself: SendGrid may have created the teammate before the line went dead.
    created = sso.get_teammate(email)
end
print("created " .. expect(created, err).email)

-- Pages are fetched as the loop goes on. Without the check a list that broke off would look whole.
for teammate, why in sso.each_teammate() do
    teammate = expect(teammate, why)
    print("  " .. teammate.username .. (teammate.is_admin and ", administrator" or ""))
end

for access, why in sso.each_subuser_access(email) do
    access = expect(access, why)
    print(("subuser %s: %s"):format(access.username, table.concat(access.scopes, ", ")))
end

expect(sso.delete_teammate(email))
print("deleted " .. email)
