-- sso.certificate: what is read out of certificates, whatever shape they were pasted in.
-- Keys and certificates are made by the openssl program in a folder that is removed afterwards.
local helper = require "helper"
local pki = require "support.pki"
local sso = require "sso"
local certificate = sso.certificate

local folder

local script = [[
echo 0abc >serial
# name subject not_before not_after key-options...
make() {
    name=$1 subject=$2 from=$3 to=$4
    shift 4
    openssl req -new -nodes -utf8 -config cnf -keyout $name.key -subj "$subject" -out $name.csr "$@"
    openssl ca -batch -selfsign -utf8 -config cnf -in $name.csr -keyfile $name.key -notext \
        -extensions v3 -startdate $from -enddate $to -out $name.pem
    openssl x509 -in $name.pem -outform DER -out $name.der
}
make rsa "/O=Bücher, Söhne/CN=idp 1" 20240101000000Z 20401231235959Z -newkey rsa:2048
make ec /CN=ec 20240101000000Z 99991231235959Z -newkey ec -pkeyopt ec_paramgen_curve:P-256
make ec384 /CN=old 20200101000000Z 20210101000000Z -newkey ec -pkeyopt ec_paramgen_curve:P-384
make ed /CN=ed 19500101000000Z 20380119031408Z -newkey ed25519
make small /CN=small 20240101000000Z 20401231235959Z -newkey rsa:1024
own() { openssl req -x509 -config cnf -extensions v3 "$@"; }
own -nodes -newkey rsa-pss -pkeyopt rsa_keygen_bits:2048 -days 999 -subj /CN=pss \
    -keyout pss.key -out pss.pem
own -key rsa.key -sha1 -days 3650 -subj /CN=sha1 -out sha1.pem
openssl x509 -req -in ec.csr -CA rsa.pem -CAkey rsa.key -set_serial 0x00ff -days 3650 -out leaf.pem
own -key rsa.key -days 3650 -subj "/O=Bücher, Söhne/CN=again" -utf8 -out again.pem
for name in rsa ec ed pss; do
    openssl x509 -in $name.pem -noout -fingerprint -sha256 >$name.fingerprint
    openssl x509 -in $name.pem -noout -pubkey | openssl pkey -pubin -outform DER |
        openssl dgst -sha256 >$name.spki
done
]]

local function read(name)
    return folder.read(name)
end

-- The one certificate in a file.
local function one(name)
    local list = assert(certificate.parse(read(name)))
    assert.equal(1, #list)
    return list[1]
end

local function codes(problems)
    local names = {}
    for i, problem in ipairs(problems) do
        names[i] = problem.code
        assert.is_string(problem.message)
    end
    return table.concat(names, " ")
end

-- Every "from", taken literally.
local function swap(text, from, to)
    return (text:gsub(from:gsub("%p", "%%%0"), (to:gsub("%%", "%%%%"))))
end

local BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"

describe("certificate", function()
    setup(function()
        folder = pki.folder(script)
    end)

    teardown(function()
        folder.remove()
    end)

    describe("parse", function()
        local rows = {
            -- file, field, value
            {"rsa", "subject", "O=Bücher\\, Söhne,CN=idp 1"},
            {"rsa", "issuer", "O=Bücher\\, Söhne,CN=idp 1"},
            {"rsa", "serial", "0abc"},
            {"rsa", "not_before", 1704067200},
            {"rsa", "not_after", 2240611199},
            {"rsa", "signature_algorithm", "sha256WithRSAEncryption"},
            {"rsa", "self_signed", true},
            {"rsa", "key.type", "RSA"},
            {"rsa", "key.bits", 2048},
            {"rsa", "key.curve", nil},
            {"ec", "key.type", "EC"},
            {"ec", "key.bits", 256},
            {"ec", "key.curve", "prime256v1"},
            {"ec", "not_after", 253402300799},
            {"ec", "signature_algorithm", "ecdsa-with-SHA256"},
            {"ec384", "key.curve", "secp384r1"},
            {"ed", "key.type", "Ed25519"},
            {"ed", "not_before", -631152000},
            {"ed", "not_after", 2147483648},
            {"pss", "key.type", "RSA-PSS"},
            {"pss", "self_signed", true},
            {"leaf", "self_signed", false},
            {"leaf", "subject", "CN=ec"},
            {"leaf", "issuer", "O=Bücher\\, Söhne,CN=idp 1"},
            {"leaf", "serial", "ff"},
        }
        for _, row in ipairs(rows) do
            local name, field, value = row[1], row[2], row[3]
            it("reads " .. field .. " of " .. name, function()
                local got = one(name .. ".pem")
                for part in field:gmatch("[^.]+") do
                    got = got[part]
                end
                assert.equal(value, got)
            end)
        end

        for _, name in ipairs {"rsa", "ec", "ed", "pss"} do
            it("computes the fingerprints that openssl does: " .. name, function()
                local wanted = read(name .. ".fingerprint"):match("=(%S+)"):gsub(":", ""):lower()
                local c = one(name .. ".pem")
                assert.equal(wanted, c.fingerprint)
                assert.equal(read(name .. ".spki"):match("(%x+)%s*$"), c.spki_sha256)
            end)
        end

        it("gives whole numbers as integers where Lua has them", function()
            local c = one("ec.pem")
            assert.equal("253402300799", ("%.0f"):format(c.not_after))
            if math.type then
                assert.equal("integer", math.type(c.not_after))
                assert.equal("integer", math.type(c.key.bits))
            end
        end)

        it("returns the PEM it read, and no notes on what was clean", function()
            for _, name in ipairs {"rsa", "ec", "ed", "pss", "leaf"} do
                local c = one(name .. ".pem")
                assert.equal(read(name .. ".pem"), c.pem)
                assert.same({}, c.notes)
            end
        end)

        it("reads a chain in its order, with any text around", function()
            local text = "first\n" .. read("leaf.pem") .. "second\n" .. read("rsa.pem") .. "end"
            local list = assert(certificate.parse(text))
            assert.equal(2, #list)
            assert.equal("CN=ec", list[1].subject)
            assert.equal("0abc", list[2].serial)
            assert.same({"text around the certificate was left out"}, list[1].notes)
        end)

        it("reads the system's kind of bundle", function()
            local text = read("rsa.pem"):rep(200)
            local list = assert(certificate.parse(text))
            assert.equal(200, #list)
            assert.equal(list[1].fingerprint, list[200].fingerprint)
            assert.same({}, list[200].notes)
        end)

        -- what was pasted, and the note about it
        local pasted = {
            {"DER", function() return read("rsa.der") end, "DER"},
            {"CRLF", function(pem) return swap(pem, "\n", "\r\n") end},
            {"no trailing newline", function(pem) return (pem:gsub("\n$", "")) end},
            {
                "bare base64",
                function(pem) return swap(swap(pem, BEGIN .. "\n", ""), END .. "\n", "") end,
                "bare base64",
            },
            {"spaces for line breaks", function(pem) return swap(pem, "\n", " ") end, "spaces"},
            {"literal \\n", function(pem) return swap(pem, "\n", "\\n") end, "escapes"},
            {"literal \\r\\n", function(pem) return swap(pem, "\n", "\\r\\n") end, "escapes"},
            {
                "typographic dashes",
                function(pem) return swap(pem, "-----", "\226\128\148\226\128\147") end,
                "typographic dashes",
            },
            {"no BEGIN", function(pem) return swap(pem, BEGIN .. "\n", "") end, "BEGIN line was"},
            {"no END", function(pem) return swap(pem, END .. "\n", "") end, "END line was"},
            {"text around it", function(pem) return "hello\n" .. pem .. "bye" end, "text around"},
            {"a byte order mark", function(pem) return "\239\187\191" .. pem end, "byte order"},
            {"indentation", function(pem) return swap(" " .. pem, "\n", "\n ") end, "indentation"},
            {"quotation", function(pem) return swap("> " .. pem, "\n", "\n> ") end, "quotation"},
            {"a zero byte", function(pem) return pem .. "\0" end, "zero bytes"},
            {
                "metadata",
                function(pem)
                    pem = swap(swap(pem, BEGIN, "<X509Certificate>"), END, "</X509Certificate>")
                    return swap(pem, "\n", "&#13;\n")
                end,
                "text around",
            },
        }
        for _, row in ipairs(pasted) do
            it("mends " .. row[1], function()
                local pem = read("rsa.pem")
                local list = assert(certificate.parse(row[2](pem)))
                assert.equal(1, #list)
                assert.equal(pem, list[1].pem)
                local notes = table.concat(list[1].notes, "\n")
                if row[3] then
                    assert.truthy(notes:find(row[3], 1, true), notes)
                else
                    assert.equal("", notes)
                end
            end)
        end

        local refused = {
            {"nothing", "", "is empty"},
            {"words", "hello world", "not an X.509 certificate"},
            {"a placeholder", "<your x509 certificate>", "placeholder"},
            {"a CSR", "rsa.csr", "signing request"},
            {"a private key", "rsa.key", "a private key"},
            {"half a certificate", function() return read("rsa.pem"):sub(1, 600) end, "cut off"},
            {
                "a key behind a certificate",
                function() return read("rsa.pem") .. "\0" .. read("ec.key") end,
                "a private key",
            },
            {
                "a damaged certificate behind a good one",
                function() return read("rsa.pem") .. read("rsa.pem"):sub(1, 600) end,
                "second one",
            },
            {"a text of more than 1 MiB", ("x"):rep(1024 * 1024 + 1), "longer than"},
        }
        for _, row in ipairs(refused) do
            it("refuses " .. row[1], function()
                local text = row[2]
                if type(text) == "function" then
                    text = text()
                elseif text:match("^%w+%.%w+$") then
                    text = read(text)
                end
                local list, err = certificate.parse(text)
                assert.is_nil(list)
                assert.equal("certificate", err.kind)
                assert.truthy(err.message:find(row[3], 1, true), err.message)
                assert.falsy(err.message:find("\n", 1, true))
                for piece in text:gmatch("%w%w%w%w%w%w%w%w%w%w%w%w+") do
                    assert.falsy(piece ~= "certificate" and err.message:find(piece, 1, true))
                end
            end)
        end

        it("raises on anything but a string", function()
            for _, value in ipairs {42, {}, true, print} do
                assert.has_error(function() certificate.parse(value) end)
            end
            assert.has_error(function() certificate.parse() end)
        end)
    end)

    describe("state", function()
        it("is valid from the first second up to and with the last", function()
            local c = one("rsa.pem")
            assert.equal("not_yet_valid", c:state(c.not_before - 1))
            assert.equal("valid", c:state(c.not_before))
            assert.equal("valid", c:state(c.not_after))
            assert.equal("expired", c:state(c.not_after + 1))
        end)

        it("looks at the clock when no time is given", function()
            assert.equal("valid", one("ec.pem"):state())
            assert.equal("expired", one("ec384.pem"):state())
        end)

        it("raises on a time that is none", function()
            local c = one("rsa.pem")
            assert.has_error(function() c:state("now") end)
            assert.has_error(function() c:state(0 / 0) end)
            assert.has_error(function() c.state({}, 0) end)
        end)
    end)

    it("shows its subject as a string", function()
        assert.equal("sso.certificate (CN=ec)", tostring(one("ec.pem")))
    end)

    describe("same", function()
        it("compares certificates, not text", function()
            local pem = read("rsa.pem")
            assert.is_true(certificate.same(pem, swap(pem, "\n", "\r\n")))
            assert.is_true(certificate.same(pem, read("rsa.der")))
            assert.is_true(certificate.same(one("rsa.pem"), "text " .. pem))
            assert.is_true(certificate.same(one("rsa.pem"), one("rsa.pem")))
        end)

        it("tells two certificates of one key apart", function()
            assert.equal(one("rsa.pem").spki_sha256, one("again.pem").spki_sha256)
            assert.is_false(certificate.same(read("rsa.pem"), read("again.pem")))
        end)

        it("says why it cannot compare", function()
            local same, err = certificate.same(read("rsa.pem"), "hello")
            assert.is_nil(same)
            assert.equal("certificate", err.kind)
            same, err = certificate.same(read("rsa.pem") .. read("ec.pem"), read("rsa.pem"))
            assert.is_nil(same)
            assert.truthy(err.message:find("2 certificates", 1, true))
            assert.has_error(function() certificate.same(read("rsa.pem"), nil) end)
            assert.has_error(function() certificate.same({}, read("rsa.pem")) end)
        end)
    end)

    describe("check", function()
        local rows = {
            -- file, options, codes
            {"rsa.pem", nil, ""},
            {"ec.pem", nil, ""},
            {"ed.pem", {at = 1800000000}, ""},
            {"rsa.pem", {at = 0}, "not_yet_valid"},
            {"rsa.pem", {at = 1e12}, "expired"},
            {"ec384.pem", nil, "expired"},
            {"small.pem", nil, "weak_key"},
            {"small.pem", {min_key_bits = 1024}, ""},
            {"rsa.pem", {min_key_bits = 3072}, "weak_key"},
            {"ec.pem", {min_key_bits = 3072}, ""},
            {"sha1.pem", nil, "weak_signature"},
            {"small.pem", {at = 1e12}, "expired weak_key"},
            {"rsa.key", nil, "not_a_certificate"},
        }
        for _, row in ipairs(rows) do
            local name = row[1] .. (row[2] and " with " .. (next(row[2])) or "")
            it("finds in " .. name .. ": " .. (row[3] == "" and "nothing" or row[3]), function()
                assert.equal(row[3], codes(certificate.check(read(row[1]), row[2])))
            end)
        end

        it("says which certificate it means, and the day", function()
            local problems = certificate.check(read("rsa.pem") .. read("ec384.pem"))
            assert.equal(1, #problems)
            assert.equal("CN=old: expired on 2021-01-01", problems[1].message)
            assert.equal(one("ec384.pem").fingerprint, problems[1].fingerprint)
        end)

        it("raises on options that it does not know", function()
            local pem = read("rsa.pem")
            for _, options in ipairs {{within = 1}, {at = "now"}, {min_key_bits = {}}, {1}, "x"} do
                assert.has_error(function() certificate.check(pem, options) end)
            end
        end)
    end)

    it("leaves nothing behind, however often it is called", function()
        local pem, key = read("rsa.pem"), read("rsa.key")
        helper.leaves_nothing(function()
            for _ = 1, 50 do
                certificate.parse(pem)
                certificate.parse(key)
                certificate.same(pem, pem)
            end
        end)
    end)
end)
