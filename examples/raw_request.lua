-- Asks what the API key may do with single sign-on: an operation of SendGrid's API that has no
-- function of its own here.
--
--     lua raw_request.lua
--
-- client:request sends the same key and has the same checks, retries and errors as the others.

local sso = require "sso"

local client = assert(sso.new())

local answer, err, response = client:request {
    method = "GET",
    path = "/v3/scopes",
}
if not answer then
    io.stderr:write(tostring(err), "\n")
    os.exit(1)
end

local found = 0
for _, scope in ipairs(answer.scopes) do
    if scope:find("^sso%.") then
        found = found + 1
        print(scope)
    end
end
print(("%d: %d of %d scopes are about single sign-on"):format(response.status, found,
    #answer.scopes))
client:close()
