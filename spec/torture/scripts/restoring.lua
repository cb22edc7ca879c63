--- A snapshot that went through text, and the account brought back to it: the certificate that is
--- missing is added before the one that came instead goes.

local account = require "torture.account"
local helper = require "helper"
local snapshots = require "sso.snapshot"

-- The account with the wanted certificate in place of the old one, taken once.
local text

local function take()
    account.reset()
    local client = account.client()
    assert(client:create_certificate {
        integration_id = account.integration, public_certificate = account.pem, enabled = true,
    })
    assert(client:delete_certificate(account.old))
    text = snapshots.encode(assert(client:snapshot { teammates = false }))
end

local function reset()
    if not text then
        take()
    end
    account.reset()
end

return account.script(reset, function(client)
    local before, err = snapshots.decode(text)
    if not before then
        return nil, err
    end
    assert(helper.INTEGRATION == before.integrations[1].id)
    return client:restore(before, { delete = true })
end)
