--- A client of its own for each run, over TLS: contexts, trust, handshake, close.

local shared = require "client"
local sso = require "sso"

-- libcurl 7.88 frees a host's name twice when memory runs out as it stores the first of the two
-- session tickets that TLS 1.3 brings (Curl_ssl_addsessionid; a C program of curl_easy_perform and
-- a share alone does it too): its own memory is tried with TLS 1.2, which brings one.
local port = rawget(_G, "SOURCE") == "curl" and "SSO_FAULTS_TLS_1_2" or "SSO_FAULTS_HTTPS"
local base_url = ("https://127.0.0.1:%s/ok/torture"):format(
    assert(os.getenv(port), "run by spec/support/with_faults"))
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
