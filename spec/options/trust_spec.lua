-- Whom a client trusts, by ca_file or by SSL_CERT_FILE, and how it shows itself to a gateway that
-- asks for its certificate.

local helper = require "helper"
local process = require "process"
local shared = require "support.options"
local sso = require "sso"

local ID, KEY = helper.CERT_ID, helper.key
local file_with, new, works = shared.file_with, shared.new, shared.works

describe("options about trust", function()
    local secure

    helper.watch()
    shared.watch()

    before_each(function()
        secure = helper.faults("ok", "https")
    end)

    it("take the authority from ca_file", function()
        local client = new({ api_key = KEY, base_url = secure, ca_file = helper.fault_ca() })
        works(client, nil, secure)
    end)

    it("take it from SSL_CERT_FILE", function()
        process.setenv("SSL_CERT_FILE", helper.fault_ca())
        works(new({ api_key = KEY, base_url = secure }), nil, secure)
    end)

    it("trust nobody else then", function()
        process.setenv("SSL_CERT_FILE", helper.fault_ca())
        local client = new({ api_key = KEY, base_url = secure,
            ca_file = file_with((helper.certificate())) })
        local _, err = client:get_certificate(ID)
        assert.equal("tls", err.kind)
        assert.truthy(err.message:find("unknown issuer", 1, true))
        assert.same({}, helper.requests(secure))
    end)

    it("do not trust the fault server by themselves", function()
        local _, err = new({ api_key = KEY, base_url = secure }):get_certificate(ID)
        assert.equal("tls", err.kind)
        assert.equal(1, err.attempts)
        assert.same({}, helper.requests(secure))
    end)

    it("refuse a ca_file that is a key, empty or anything but a certificate", function()
        local _, key = helper.certificate()
        local request = "-----BEGIN CERTIFICATE REQUEST-----\n"
        for _, text in ipairs({ key, "\n", "hello\n", request }) do
            local name = file_with(text)
            local message = "ca_file '" .. name .. "' holds no certificate in PEM form, so no "
                .. "server could be trusted by it"
            local client, err = sso.new({ api_key = KEY, base_url = secure, ca_file = name })
            assert.is_nil(client)
            assert.equal("config", err.kind)
            assert.equal(message, err.message)
            process.setenv("SSL_CERT_FILE", name)
            client, err = sso.new({ api_key = KEY, base_url = secure })
            assert.is_nil(client)
            assert.equal("SSL_CERT_FILE" .. message:sub(#"ca_file" + 1), err.message)
            process.setenv("SSL_CERT_FILE", nil)
        end
    end)

    it("refuse every server with a ca_file whose certificate is damaged", function()
        local name = file_with("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
        local client = new({ api_key = KEY, base_url = secure, ca_file = name })
        local _, err = client:get_certificate(ID)
        assert.is_true(err.kind == "config" or err.kind == "tls", err.kind)
        assert.equal(1, err.attempts)
        assert.same({}, helper.requests(secure))
    end)

    it("give a gateway the client's certificate", function()
        local gated = helper.faults("ok", "https_client_cert")
        local client = new({
            api_key = KEY, base_url = gated, ca_file = helper.fault_ca(), max_retries = 0,
            client_cert = helper.fault_file("client.pem"),
            client_key = helper.fault_file("client.key"),
        })
        works(client, nil, gated)
        local _, err = new({
            api_key = KEY, base_url = gated, ca_file = helper.fault_ca(), max_retries = 0,
        }):get_certificate(ID)
        assert.is_table(err)
        assert.equal(1, #helper.requests(gated))
    end)
end)
