--- A certificate that is to be there, of which nothing is known; the old one goes by hand.

local account = require "torture.account"

return account.script(account.reset, function(client)
    local outcome, certificate = client:ensure_certificate(account.integration, {
        public_certificate = account.pem, enabled = true,
    })
    if not outcome then
        return nil, certificate
    end
    local gone, err = client:delete_certificate(account.old)
    return gone or err.kind == "not_found" or nil, err
end)
