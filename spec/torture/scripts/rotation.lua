--- A rotation: the wanted certificate is added, enabled and read back, the old one deleted.

local account = require "torture.account"

return account.script(account.reset, function(client)
    return client:rotate_certificate(account.integration, {
        public_certificate = account.pem, retire = "delete",
    })
end)
