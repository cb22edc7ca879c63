-- Texts that are no certificate, or more than one: an error of kind certificate, returned, whether
-- or not the text has been seen before.

local bad_input = require "support.bad_input"
local helper = require "helper"
local mime = require "mime"

local expect_error = bad_input.expect_error

local REFUSED_KEY = "public_certificate holds a private key, which never leaves this machine: "
    .. "give the certificate alone"

-- Of update_certificate, kind certificate; texts made at the time of the test.
local certificates = {
    { function() return "" end, "public_certificate is empty: give an X.509 certificate" },
    { function() return " \r\n" end, "public_certificate is empty: give an X.509 certificate" },
    {
        function() return "<your x509 certificate>" end,
        "public_certificate is a placeholder out of a sample: put the identity provider's X.509 "
            .. "certificate there, or set validate = false to send any text as it is",
    },
    {
        function() return "hello" end,
        "public_certificate is not an X.509 certificate: expected PEM, the base64 of it, or DER",
    },
    {
        function() return "/etc/ssl/idp.pem" end,
        "public_certificate looks like the name of a file or an address: give what is in it",
    },
    {
        function()
            local pem = helper.certificate({ key = "ec" })
            return pem:sub(1, 149) .. "*" .. pem:sub(151)
        end,
        "public_certificate is damaged: there is a character in its base64 that does not belong "
            .. "there",
    },
    {
        function()
            -- the notBefore of a certificate that is otherwise as it was: 2x… is no year
            local base64 = helper.certificate({ key = "ec" }):gsub("%-%-%-%-%-[^\n]*\n", "")
            local der = mime.unb64((base64:gsub("%s", "")))
            return (der:gsub("\23\13%d%d", "\23\0132x", 1))
        end,
        "public_certificate holds a certificate whose dates cannot be read",
    },
    {
        function()
            local pem = helper.certificate({ key = "ec" })
            return pem .. pem
        end,
        "public_certificate holds the same certificate twice: give it once",
    },
    {
        function()
            return helper.certificate({ key = "ec" })
                .. helper.certificate({ key = "ec", cn = "second.test" })
        end,
        "public_certificate holds 2 certificates: give the one that signs, without its chain",
    },
    { function() return (select(2, helper.certificate({ key = "ec" }))) end, REFUSED_KEY },
    {
        function()
            local pem, key = helper.certificate({ key = "ec" })
            return pem .. key
        end,
        REFUSED_KEY,
    },
    { function() return (select(2, helper.certificate({ key = "ec" }))) end, REFUSED_KEY, false },
    {
        function()
            local pem, key = helper.certificate({ key = "ec" })
            return key .. pem
        end,
        REFUSED_KEY,
        false,
    },
}

describe("bad input", function()
    local client

    helper.watch()
    bad_input.watch()

    before_each(function()
        client = bad_input.client()
    end)

    for i, row in ipairs(certificates) do
        it(("certificate %d is kind certificate"):format(i), function()
            local given = { public_certificate = row[1]() }
            local governed = { validate = row[3] ~= false }
            for _ = 1, 2 do -- the second time from what is known of the text
                expect_error("certificate", row[2], client:update_certificate("1", given, governed))
            end
            client:update_certificate("1", given, governed, helper.expect(function(...)
                expect_error("certificate", row[2], ...)
            end))
            client:run()
        end)
    end
end)
