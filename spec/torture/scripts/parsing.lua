--- Certificates read, compared, judged, and screened on their way out.

local helper = require "helper"
local shared = require "client"
local sso = require "sso"

local pem = helper.certificate { cn = "torture", key = "ec" }
local rsa = helper.certificate { cn = "torture", key = "rsa:2048" }
local der = helper.der(pem)

local function run()
    local read = sso.certificate
    for _, text in ipairs { pem, der, rsa .. pem, (pem:gsub("\n", " ")), "no certificate" } do
        local list, err = read.parse(text)
        shared.took(list, err, { certificate = true })
    end
    shared.took(read.same(pem, rsa))
    shared.took(read.same(pem, der))
    read.check(rsa .. pem, { at = 4e9, min_key_bits = 4096 })
    local value, err = shared.client():update_certificate(66138975, {
        public_certificate = (pem:gsub("\n", "\r\n")), enabled = true,
    }, { validate = true })
    shared.took(value, err, { certificate = true })
end

return { setup = shared.check, run = run, check = shared.check }
