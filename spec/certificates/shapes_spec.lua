-- sso.certificate.parse on what else people have in files and paste: keys of rare kinds, other
-- documents of a PKI, private keys in each of their forms, markers that are written wrongly.
-- The openssl program makes all of it in a folder that is removed afterwards.

local mime = require "mime"
local pki = require "support.pki"
local sso = require "sso"

local certificate = sso.certificate

local folder

local script = [[
make() { openssl req -x509 -config cnf -key $1.key -days 999 -subj /CN=$1 -out $1.pem; }
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key
openssl ecparam -name prime256v1 -genkey -noout -out ec.key
openssl ecparam -name prime256v1 -param_enc explicit -genkey -noout -out explicit.key
openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024 -out dsa.param
openssl genpkey -paramfile dsa.param -out dsa.key
openssl genpkey -algorithm ed448 -out ed448.key
for name in rsa ec explicit dsa ed448; do make $name; done
openssl x509 -in rsa.pem -outform DER -out rsa.der
openssl x509 -in ec.pem -outform DER -out ec.der
openssl req -new -config cnf -key rsa.key -subj /CN=csr -outform DER -out request.der
openssl ca -config cnf -gencrl -keyfile rsa.key -cert rsa.pem -out crl.pem
openssl crl -in crl.pem -outform DER -out crl.der
openssl crl2pkcs7 -nocrl -certfile rsa.pem -outform DER -out pkcs7.der
openssl pkey -in rsa.key -pubout -outform DER -out public.der
openssl pkcs8 -topk8 -in rsa.key -passout pass:x -outform DER -out encrypted.der
openssl pkcs12 -export -in rsa.pem -inkey rsa.key -passout pass:x -out store.der
openssl rsa -in rsa.key -traditional -outform DER -out pkcs1.der
openssl ec -in ec.key -outform DER -out sec1.der
openssl pkey -in ec.key -outform DER -out pkcs8.der
openssl dsa -in dsa.key -outform DER -out dsa.der
]]

local function read(name)
    return folder.read(name)
end

local function base64(bytes)
    return (mime.b64(bytes):gsub(("."):rep(64), "%0\n"))
end

local function pem(label, bytes)
    return ("-----BEGIN %s-----\n%s\n-----END %s-----\n"):format(label, base64(bytes), label)
end

-- The first occurrence, taken literally.
local function swap(text, from, to)
    local first, last = text:find(from, 1, true)
    assert(first, "nothing to swap")
    return text:sub(1, first - 1) .. to .. text:sub(last + 1)
end

local function codes(c)
    local list = {}
    for i, problem in ipairs(certificate.check(c)) do
        list[i] = problem.code
    end
    return table.concat(list, " ")
end

local P256 = "\42\134\72\206\61\3\1\7"
local RSA = "\42\134\72\134\247\13\1\1\1"

describe("certificate.parse", function()
    setup(function()
        folder = pki.folder(script)
    end)

    teardown(function()
        folder.remove()
    end)

    -- name, text, type, bits, curve, what check finds
    local keys = {
        { "a curve by its parameters", function() return read "explicit.pem" end, "EC", 256,
            "explicit", "" },
        { "DSA", function() return read "dsa.pem" end, "DSA", 1024, nil, "weak_key" },
        { "Ed448", function() return read "ed448.pem" end, "Ed448", 456, nil, "" },
        { "a curve that nobody knows", function()
            return swap(read "ec.der", P256, P256:sub(1, -2) .. "\127")
        end, "EC", nil, "1.2.840.10045.3.1.127", "unknown_key" },
        { "an algorithm that nobody knows", function()
            return swap(read "rsa.der", RSA, RSA:sub(1, -2) .. "\111")
        end, "1.2.840.113549.1.1.111", nil, nil, "unknown_key" },
    }
    for _, row in ipairs(keys) do
        it("reads a key of " .. row[1], function()
            local list = assert(certificate.parse(row[2]()))
            assert.equal(1, #list)
            assert.same({ row[3], row[4], row[5] },
                { list[1].key.type, list[1].key.bits, list[1].key.curve })
            assert.equal(row[6], codes(list[1]))
        end)
    end

    -- Each as DER, as its base64, and under two labels.
    local documents = {
        { "request", "CERTIFICATE REQUEST", "signing request" },
        { "crl", "X509 CRL", "revocation list" },
        { "pkcs7", "PKCS7", "PKCS#7" },
        { "public", "PUBLIC KEY", "public key alone" },
        { "encrypted", "ENCRYPTED PRIVATE KEY", "a private key" },
        { "store", "PKCS12", "a private key" },
        { "pkcs1", "RSA PRIVATE KEY", "a private key" },
        { "sec1", "EC PRIVATE KEY", "a private key" },
        { "pkcs8", "PRIVATE KEY", "a private key" },
        { "dsa", "DSA PRIVATE KEY", "a private key" },
    }
    for _, row in ipairs(documents) do
        it(("says what it was given instead: %s"):format(row[1]), function()
            local der = read(row[1] .. ".der")
            for _, text in ipairs {
                der, base64(der), pem(row[2], der), pem("CERTIFICATE", der), read "ec.pem" .. pem(
                    row[2], der),
            } do
                local list, err = certificate.parse(text)
                if list then -- the certificate before it, where the rest is no secret
                    assert.equal("CN=ec", list[1].subject)
                    assert.not_equal("a private key", row[3])
                else
                    assert.equal("certificate", err.kind)
                    assert.truthy(err.message:find(row[3], 1, true), err.message)
                end
            end
        end)
    end

    -- A label without its bytes says as much.
    for _, row in ipairs(documents) do
        it(("goes by the label where nothing stands behind it: %s"):format(row[2]), function()
            local list, err = certificate.parse(("-----BEGIN %s-----\n-----END %s-----\n"):format(
                row[2], row[2]))
            assert.is_nil(list)
            assert.equal("certificate", err.kind)
        end)
    end

    -- name, text, subjects, a note
    local mended = {
        { "two values in one block", function()
            return pem("CERTIFICATE", read "rsa.der" .. read "ec.der")
        end, "CN=rsa CN=ec" },
        { "a value and something else in one block", function()
            return pem("CERTIFICATE", read "rsa.der" .. "junk")
        end, "CN=rsa", "text around" },
        { "a label that nobody uses", function() return pem("FOO BAR", read "rsa.der") end,
            "CN=rsa", "rewritten" },
        { "two whose dashes touch", function()
            return read("rsa.pem"):gsub("\n$", "") .. read "ec.pem"
        end, "CN=rsa CN=ec", "rewritten" },
        { "one whose END is missing before the next", function()
            return read("rsa.pem"):gsub("%-%-%-%-%-END.*", "") .. read "ec.pem"
        end, "CN=rsa CN=ec", "END line was missing" },
        { "DER with zeros behind it", function() return read "rsa.der" .. "\0\0\0" end, "CN=rsa",
            "left out" },
        { "PEM in base64", function() return base64(read "rsa.pem") end, "CN=rsa", "second time" },
        { "prose about private keys", function()
            return "Begin with the private key in mind, and never send a private key.\n"
                .. read "rsa.pem"
        end, "CN=rsa", "text around" },
        { "words far apart", function()
            return "BEGIN " .. ("x"):rep(100) .. " PRIVATE KEY\n" .. read "rsa.pem"
        end, "CN=rsa", "text around" },
        { "lines that end in CR LF", function() return (read("rsa.pem"):gsub("\n", "\r\n")) end,
            "CN=rsa" },
    }
    for _, row in ipairs(mended) do
        it("reads " .. row[1], function()
            local list = assert(certificate.parse((row[2]())))
            local subjects, notes = {}, {}
            for i, c in ipairs(list) do
                subjects[i] = c.subject
                notes[i] = table.concat(c.notes, "\n")
                assert.equal(c.subject, assert(certificate.parse(c.pem))[1].subject)
            end
            assert.equal(row[3], table.concat(subjects, " "))
            assert.truthy(table.concat(notes, "\n"):find(row[4] or "", 1, true),
                table.concat(notes, "\n"))
        end)
    end

    -- name, text, a part of the sentence
    local refused = {
        { "base64 that is cut off, and another behind it", function()
            return base64(read "rsa.der"):sub(1, 300) .. " and words " .. base64(read "ec.der")
        end, "cut off" },
        { "a block that is cut off before another", function()
            return pem("CERTIFICATE", read("rsa.der"):sub(1, 300)) .. read "ec.pem"
        end, "damaged or cut off" },
        { "a length that is cut off", function() return pem("CERTIFICATE", "\48\130\3") end, "" },
        { "padding before another line", function()
            return "-----BEGIN CERTIFICATE-----\nAA==\nAAAA\n-----END CERTIFICATE-----\n"
        end, "no readable base64" },
        { "a key of PGP", function()
            return "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBF\n"
                .. "-----END PGP PRIVATE KEY BLOCK-----\n"
        end, "a private key" },
        { "a key of OpenSSH", function() return "openssh-key-v1\0" .. read "rsa.pem" end,
            "a private key" },
        { "the label of a key without its dashes", function()
            return "BEGIN RSA PRIVATE KEY\nAAAA\n"
        end, "a private key" },
        { "PEM in base64 in base64", function()
            return base64(pem("CERTIFICATE", read "rsa.pem"))
        end, "not an X.509 certificate" },
        { "a short sequence", function() return base64 "\48\3\2\1\1" end, "not an X.509" },
    }
    for _, row in ipairs(refused) do
        it("refuses " .. row[1], function()
            local list, err = certificate.parse(row[2]())
            assert.is_nil(list)
            assert.equal("certificate", err.kind)
            assert.truthy(err.message:find(row[3], 1, true), err.message)
        end)
    end
end)
