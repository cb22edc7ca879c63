--- Certificates read, compared, judged, and screened on their way out.

local helper = require "helper"
local shared = require "client"
local sso = require "sso"

local pem = helper.certificate { cn = "torture", key = "ec" }
local rsa = helper.certificate { cn = "torture", key = "rsa:2048" }
local der = helper.der(pem)
local empty = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"

local function run()
    local read = sso.certificate
    for _, text in ipairs { pem, der, rsa .. pem, (pem:gsub("\n", " ")), "nothing", empty } do
        local list, err = read.parse(text)
        shared.took(list, err, { certificate = true })
    end
    shared.took(read.same(pem, rsa))
    shared.took(read.same(pem, der))
    read.check(rsa .. pem, { at = 4e9, min_key_bits = 4096 })
    -- A client of its own: its buffers are not there yet.
    local client, why = sso.new(shared.options { validate = true })
    shared.took(client, why)
    if not client then
        return
    end
    for _, text in ipairs { (pem:gsub("\n", "\r\n")), (rsa:gsub("\n", " ")), der } do
        local value, err = client:update_certificate(66138975, {
            public_certificate = text, enabled = true,
        })
        shared.took(value, err, { certificate = true })
    end
    shared.took(client:request { path = "/v3/x", method = "PUT", body = { certificate = pem } })
    client:close()
end

return { setup = shared.check, run = run, check = shared.check, buffers = true }
