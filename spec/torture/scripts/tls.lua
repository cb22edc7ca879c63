--- A client of its own for each run, over TLS: contexts, trust, handshake, close.

local shared = require "client"
local sso = require "sso"

local base_url = ("https://127.0.0.1:%s/ok/torture"):format(
    assert(os.getenv "SSO_FAULTS_HTTPS", "run by spec/support/with_faults"))
local ca_file = os.getenv "SSO_FAULTS_CA"

local function run()
    local client, err = sso.new(shared.options { base_url = base_url, ca_file = ca_file })
    shared.took(client, err)
    if client then
        shared.took(client:get_certificate(66138975))
        client:close()
    end
end

return { setup = shared.check, run = run, check = shared.check }
