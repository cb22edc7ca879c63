-- sso.certificate.parse and what stands next to PEM: lines nearly as they have to be, markers
-- nearly written as markers, values nearly shaped as private keys. Whatever is read is the one
-- certificate, in clean PEM; a private key is never read past.

local helper = require "helper"
local mime = require "mime"
local sso = require "sso"

local certificate = sso.certificate

local PEM = helper.certificate { cn = "strict", key = "ec" }
local BODY = PEM:match "%-\n(.-)\n%-"
local BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"

-- The certificate, or the sentence of the refusal.
local function read(text)
    local list, err = certificate.parse(text)
    if not list then
        assert.equal("certificate", err.kind)
        return nil, err.message
    end
    assert.equal(1, #list)
    assert.equal(PEM, list[1].pem)
    return list[1], table.concat(list[1].notes, "\n")
end

describe("next to PEM", function()
    local clean = {
        ["as it is"] = PEM,
        ["without the last line's end"] = PEM:sub(1, -2),
    }
    for name, text in pairs(clean) do
        it("nothing is mended: " .. name, function()
            local _, notes = read(text)
            assert.equal("", notes)
        end)
    end

    local first, rest = BODY:match "^(.-\n)(.*)$"
    local mended = {
        ["lines that end in CR LF"] = PEM:gsub("\n", "\r\n"),
        ["a last line that ends in CR LF"] = PEM:sub(1, -2) .. "\r\n",
        ["a lone CR for a line's end"] = PEM:gsub("\n", "\r", 2),
        ["lines that end in CR alone"] = PEM:gsub("\n", "\r"),
        ["an empty line at first"] = BEGIN .. "\n\n" .. BODY .. "\n" .. END .. "\n",
        ["an empty line between"] = BEGIN .. "\n" .. first .. "\n" .. rest .. "\n" .. END .. "\n",
        ["one line"] = BEGIN .. "\n" .. BODY:gsub("\n", "") .. "\n" .. END .. "\n",
        ["a space in a line"] = BEGIN .. "\n" .. BODY:gsub("(....)", "%1 ", 1) .. "\n" .. END,
        ["no line's end behind BEGIN"] = BEGIN .. BODY .. "\n" .. END .. "\n",
        ["no line's end before END"] = BEGIN .. "\n" .. BODY .. END .. "\n",
        ["four dashes at the end"] = PEM:sub(1, -3) .. "\n",
        ["six dashes at the end"] = PEM:sub(1, -2) .. "-\n",
        ["one dash at the start"] = PEM:sub(5),
        ["END of something else"] = BEGIN .. "\n" .. BODY .. "\n-----END FOO-----\n",
        ["no END at all"] = BEGIN .. "\n" .. BODY .. "\n",
        ["no BEGIN at all"] = BODY .. "\n" .. END .. "\n",
        ["words in capitals for markers"] = "BEGIN CERTIFICATE\n" .. BODY .. "\nEND CERTIFICATE\n",
        ["small letters with dashes"] = BEGIN:lower() .. "\n" .. BODY .. "\n" .. END,
        ["dashes at one side"] = "-----BEGIN CERTIFICATE\n" .. BODY .. "\nEND CERTIFICATE-----\n",
        ["a space before the dashes"] = "-----BEGIN CERTIFICATE -----\n" .. BODY .. "\n" .. END,
        ["spaces around the words"] = "----- BEGIN CERTIFICATE -----\n" .. BODY .. "\n" .. END,
        ["lines under the words"] = "-----BEGIN_CERTIFICATE-----\n" .. BODY .. "\n" .. END,
        ["two spaces between the words"] = "-----BEGIN  CERTIFICATE-----\n" .. BODY .. "\n" .. END,
        ["text before the dashes"] = "cert: " .. PEM,
        ["text behind the dashes"] = PEM:sub(1, -2) .. " that was it\n",
        ["quotation marks"] = "\"" .. PEM:sub(1, -2) .. "\"",
        ["marks of a quoted mail"] = "> " .. PEM:gsub("\n(.)", "\n> %1"),
        ["line ends that were escaped"] = PEM:gsub("\n", "\\n"),
        ["a byte order mark"] = "\239\187\191" .. PEM,
        ["a BEGIN without an end of its name"] = "-----BEGIN " .. ("x"):rep(80) .. "\n" .. PEM,
        ["a BEGIN whose line ends"] = "-----BEGIN some\n" .. PEM,
        ["a BEGIN in the middle of a word"] = "xBEGIN CERTIFICATE and BEGIN CERTIFICATEx " .. PEM,
        ["a BEGIN in prose"] = "we begin certificate work at the end, or begin it later\n" .. PEM,
        ["addresses around it"] = "https://idp.test/pem http://idp.test ssh- <x> </x>\n" .. PEM,
    }
    mended["UTF-16, the small end first"] = "\255\254" .. PEM:gsub("[^\r]", function(c)
        return c .. "\0"
    end)
    for name, text in pairs(mended) do
        it("is read: " .. name, function()
            local c, message = read(text)
            assert.truthy(c, message)
        end)
    end

    it("the bits that no byte takes are mended or refused, never kept", function()
        for _, padding in ipairs { "", "=", "==", "===" } do
            for _, last in ipairs { "A", "B", "C", "E", "I", "Q" } do
                local body = BODY:gsub("=*$", ""):sub(1, -2) .. last .. padding
                local list = certificate.parse(BEGIN .. "\n" .. body .. "\n" .. END .. "\n")
                for _, c in ipairs(list or {}) do
                    assert.equal(c.pem, assert(certificate.parse(c.pem))[1].pem)
                    assert.same({}, certificate.parse(c.pem)[1].notes)
                end
            end
        end
    end)

    local short = { "-----BEGIN CERTIFICATE-----", BEGIN .. "\n", BEGIN .. "\nA", BEGIN .. "\nAA==",
        BEGIN .. "\n====\n" .. END, BEGIN .. "\nAAAA\n", BEGIN .. "\n-\n", "BEGIN", "-----END",
        "-----BEGIN-----", "-", "=", "\0", "https://idp.test/metadata", "http://idp.test",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAB", "<certificate>", "<a></a>",
        "your certificate here" }
    for i, text in ipairs(short) do
        it("is refused: too little, " .. i, function()
            local c, message = read(text)
            assert.is_nil(c)
            assert.is_true(#message > 0)
        end)
    end
end)

-- ---- values shaped as keys -------------------------------------------------------------------

local function value(tag, content)
    local n = #content
    local length = n < 128 and string.char(n)
        or string.char(131, math.floor(n / 65536), math.floor(n / 256) % 256, n % 256)
    return string.char(tag) .. length .. content
end

local function sequence(...)
    return value(48, table.concat { ... })
end

local function integer(content)
    return value(2, content)
end

local octets = function(n)
    return value(4, ("\7"):rep(n))
end

local oids = {
    RSA = "\42\134\72\134\247\13\1\1\1", EC = "\42\134\72\206\61\2\1",
    DSA = "\42\134\72\206\56\4\1", ["DH of X9.42"] = "\42\134\72\206\62\2\1",
    ["DH of PKCS#3"] = "\42\134\72\134\247\13\1\3\1", X25519 = "\43\101\110",
    X448 = "\43\101\111", Ed25519 = "\43\101\112", Ed448 = "\43\101\113",
}

local PBES2, PBE12 = "\42\134\72\134\247\13\1\5\13", "\42\134\72\134\247\13\1\12\1\3"
local DATA, OTHER = "\42\134\72\134\247\13\1\7\1", "\42\3\4\5\6\7"

local function oid(bytes)
    return value(6, bytes)
end

describe("a value that is shaped as", function()
    local keys = {
        ["PKCS#1"] = sequence(integer "\0", integer(("\5"):rep(64)), integer "\3"),
        ["SEC 1"] = sequence(integer "\1", octets(32)),
        ["SEC 1 of 14 bytes"] = sequence(integer "\1", octets(14)),
        ["SEC 1 of 72 bytes"] = sequence(integer "\1", octets(72)),
        ["PKCS#8 of an algorithm that nobody knows"] = sequence(integer "\0",
            sequence(oid(OTHER)), octets(32)),
        ["PKCS#8 with password"] = sequence(sequence(oid(PBES2)), octets(32)),
        ["PKCS#8 with password of PKCS#12"] = sequence(sequence(oid(PBE12)), octets(32)),
        ["PKCS#12"] = sequence(integer "\3", sequence(oid(DATA), octets(32))),
    }
    for name, bytes in pairs(oids) do
        keys["PKCS#8 of " .. name] = sequence(integer "\0", sequence(oid(bytes)), octets(32))
    end
    local harmless = {
        ["a key of another version"] = sequence(integer "\2", integer(("\5"):rep(64))),
        ["PKCS#12 of another version"] = sequence(integer "\5", sequence(oid(DATA), octets(32))),
        ["PKCS#12 with other things"] = sequence(integer "\3", sequence(oid(OTHER), octets(32))),
        ["PKCS#12 without a type"] = sequence(integer "\3", sequence(octets(32))),
        ["PKCS#12 without content"] = sequence(integer "\3", octets(32)),
        ["numbers that are short"] = sequence(integer "\0", integer(("\5"):rep(15)), octets(4)),
        ["SEC 1 of 13 bytes"] = sequence(integer "\1", octets(13)),
        ["SEC 1 of 73 bytes"] = sequence(integer "\1", octets(73)),
        ["SEC 1 of version 0"] = sequence(integer "\0", octets(32)),
        ["a version of two bytes"] = sequence(integer "\0\1", octets(32)),
        ["a version alone, and nothing that it knows"] = sequence(integer "\0", value(12,
            ("x"):rep(32))),
        ["an algorithm and a string of bits"] = sequence(integer "\0", sequence(oid(OTHER)),
            value(3, ("\0"):rep(32))),
        ["a password of another kind"] = sequence(sequence(oid(OTHER)), octets(32)),
        ["a sequence of nothing known"] = sequence(sequence(octets(8)), octets(32)),
    }

    local function sentence(text)
        local list, err = certificate.parse(text)
        assert.is_nil(list)
        return err.message
    end

    local function forms(bytes)
        return { bytes, mime.b64(bytes), BEGIN .. "\n" .. mime.b64(bytes) .. "\n" .. END,
            sequence(bytes, octets(3)) }
    end

    for name, bytes in pairs(keys) do
        it(name .. " is a private key", function()
            for i, text in ipairs(forms(bytes)) do
                if i > 1 or #bytes > 127 then -- such DER is known by its long length
                    assert.truthy(sentence(text):find("private key", 1, true) or i == 4, i)
                end
            end
        end)

        it(name .. " is one when it is cut off, or not read at all", function()
            for length = 1, #bytes - 1 do
                sentence(mime.b64(bytes:sub(1, length)))
            end
        end)
    end
    for name, bytes in pairs(harmless) do
        it(name .. " is none", function()
            for _, text in ipairs(forms(bytes)) do
                assert.falsy(sentence(text):find("private key", 1, true))
            end
        end)
    end
end)

-- Of half a key its end is what it is told by. What stands behind a certificate is dropped, so the
-- PEM that goes on can end where its text did not.
describe("a certificate whose last bytes look like half a key", function()
    local HALF = "\48\64\48\64\6\9" .. PBES2
    local der = mime.unb64(BODY)
    der = der:sub(1, -1 - #HALF) .. HALF
    local rest = ("\1"):rep(100)
    local texts = {
        ["PEM"] = BEGIN .. "\n" .. mime.b64(der) .. "\n" .. END,
        ["PEM with bytes behind it"] = BEGIN .. "\n" .. mime.b64(der .. rest) .. "\n" .. END,
        ["base64 with bytes behind it"] = mime.b64(der .. rest),
        ["DER with bytes behind it"] = der .. rest,
    }
    for name, text in pairs(texts) do
        it("is refused whatever stands behind it: " .. name, function()
            local list, err = certificate.parse(text)
            assert.is_nil(list and list[1].pem)
            assert.truthy(err.message:find("private key", 1, true), err.message)
            err = select(2, sso.update_certificate(1, { public_certificate = text },
                { api_key = "SG.k", base_url = "http://127.0.0.1:1" }))
            assert.equal("certificate", err.kind)
        end)
    end
end)

describe("the limit of a certificate's size", function()
    -- Of a signature that long.
    local function der_of(n)
        local der = mime.unb64(BODY)
        local tbs = der:sub(5, 8 + der:byte(7) * 256 + der:byte(8))
        local algorithm = der:sub(5 + #tbs, 4 + #tbs + 12)
        return sequence(tbs, algorithm, value(3, "\0" .. ("\1"):rep(n)))
    end

    it("is that of its PEM, also where DER is read", function()
        local list = assert(certificate.parse(der_of(700000))) -- of base64: 948,000
        assert(certificate.parse(list[1].pem))
        local text = der_of(800000)
        assert.is_true(#text < 1024 * 1024)
        local none, err = certificate.parse(text)
        assert.is_nil(none)
        assert.matches("is longer than the 1048576 bytes", err.message)
    end)

    it("is that of its PEM, also where DER is sent", function()
        local text = der_of(200000)
        assert.is_true(#text < 256 * 1024)
        local _, err = sso.update_certificate(1, { public_certificate = text },
            { api_key = "SG.k", base_url = "http://127.0.0.1:1" })
        assert.equal("certificate", err.kind)
        assert.matches("is longer than the 262144 bytes", err.message)
    end)
end)

describe("the label of a private key", function()
    local labels = {
        "-----BEGIN PRIVATE KEY-----", "-BEGIN PRIVATE KEY", "- BEGIN PRIVATE KEY",
        "BEGIN PRIVATE KEY-", "begin private key -", "BEGIN PRIVATE  KEY -----",
        "BEGIN RSA PRIVATE KEY", "-----END EC PRIVATE KEY-----", "-----BEGIN_PRIVATE_KEY-----",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----", "begin pgp private key block-",
        "-----BEGIN SSH2 ENCRYPTED PRIVATE KEY-----", "-----begin private key-----",
    }
    for _, label in ipairs(labels) do
        it("is seen: " .. label, function()
            local texts = { label, label .. "\nAAAA\n", PEM .. label, label .. "\n" .. PEM }
            for _, text in ipairs(texts) do
                local c, message = read(text)
                assert.is_nil(c)
                assert.truthy(message:find("private key", 1, true), message)
            end
        end)
    end

    local prose = {
        "begin private key", "Begin the private key", "the private key", "PRIVATE KEY",
        "PRIVATE", "BEGIN PRIVATE", "BEGIN PRIVATE LOCK-----", "xBEGIN PRIVATE KEY",
        "BEGIN ABCDEFGHIJKLMNOPQRSTUVWXYZ PRIVATE KEY",
        "-----BEGIN" .. ("."):rep(80) .. "PRIVATE KEY",
        "BEGIN PRIVATE" .. ("."):rep(9) .. "KEY",
    }
    for _, words in ipairs(prose) do
        it("is not: " .. words, function()
            local c, message = read(words .. "\n" .. PEM)
            assert.truthy(c, message)
            -- right behind an END line it may be the rest of one
            c, message = read(PEM .. ("."):rep(80) .. words)
            assert.truthy(c, message)
        end)
    end
end)
