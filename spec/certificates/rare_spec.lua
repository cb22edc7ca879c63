-- sso.certificate.parse on values that are allowed, or nearly so, and that no identity provider
-- has: dates before the calendar, negative numbers, names without a name, signatures of long ago.
-- The openssl program makes them in a folder that is removed afterwards; some bytes are changed.

local pki = require "support.pki"
local sso = require "sso"

local certificate = sso.certificate

local folder

local script = [[
sed 's/^.req.$/[req]\nstring_mask = MASK:0x800/' cnf >bmp.cnf
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024 -out pss.key
openssl genpkey -algorithm X25519 -out x25519.key
openssl pkey -in x25519.key -pubout -out x25519.pub
openssl req -x509 -config cnf -key rsa.key -days 999 -subj / -set_serial -5 -out nameless.pem
openssl req -x509 -config cnf -key pss.key -days 999 -subj /CN=pss -out pss.pem
openssl req -x509 -config cnf -key rsa.key -days 999 -subj /CN=odd -outform DER -out odd.der
openssl req -x509 -config bmp.cnf -key rsa.key -days 999 -subj /CN=odd -outform DER -out bmp.der
openssl req -new -config cnf -key rsa.key -subj /CN=old -out old.csr
openssl x509 -req -in old.csr -force_pubkey x25519.pub -signkey rsa.key -out x25519.pem
openssl ca -batch -selfsign -config cnf -in old.csr -keyfile rsa.key -notext -out zero.pem \
    -startdate 00000101000000Z -enddate 00000102000000Z
]]

local function read(name)
    return folder.read(name)
end

-- Each occurrence, taken literally; as many as are expected.
local function swap(text, from, to, times)
    local pieces, at, seen = {}, 1, 0
    while true do
        local first, last = text:find(from, at, true)
        if not first then
            break
        end
        pieces[#pieces + 1] = text:sub(at, first - 1) .. to
        at, seen = last + 1, seen + 1
    end
    assert.equal(times, seen)
    return table.concat(pieces) .. text:sub(at)
end

local function one(text)
    local list = assert(certificate.parse(text))
    assert.equal(1, #list)
    return list[1]
end

-- DER of which `less` bytes were taken out within the first member.
local function shorter(der, less)
    local function length(at)
        local n = der:byte(at) * 256 + der:byte(at + 1) - less
        return string.char(math.floor(n / 256), n % 256)
    end
    return "\48\130" .. length(3) .. "\48\130" .. length(7) .. der:sub(9)
end

local SHA256 = "\42\134\72\134\247\13\1\1\11"

describe("a rare certificate", function()
    setup(function()
        folder = pki.folder(script)
    end)

    teardown(function()
        folder.remove()
    end)

    it("may have been valid in the year 0", function()
        local c = one(read "zero.pem")
        assert.equal(-62167219200, c.not_before)
        assert.equal(-62167132800, c.not_after)
        local problems = certificate.check(c)
        assert.equal("expired", problems[1].code)
        assert.truthy(problems[1].message:find("expired on 0000-01-02", 1, true))
    end)

    it("may have a negative number and no name", function()
        local c = one(read "nameless.pem")
        assert.equal("-05", c.serial)
        assert.equal("", c.subject)
        assert.equal("", c.issuer)
        assert.is_true(c.self_signed)
    end)

    it("may hold a key that signs nothing", function()
        local c = one(read "x25519.pem")
        assert.same({ "X25519", 253 }, { c.key.type, c.key.bits })
        assert.is_false(c.self_signed)
        assert.same({}, certificate.check(c))
    end)

    it("with a short key of RSA-PSS is weak", function()
        local problems = certificate.check(one(read "pss.pem"))
        assert.equal(1, #problems)
        assert.equal("weak_key", problems[1].code)
        assert.truthy(problems[1].message:find("its RSA-PSS key has 1024 bits", 1, true))
    end)

    local digests = {
        { "MD2", "\2", "md2WithRSAEncryption", true },
        { "MD4", "\3", "md4WithRSAEncryption", true },
        { "MD5", "\4", "md5WithRSAEncryption", true },
        { "SHA-1", "\5", "sha1WithRSAEncryption", true },
        { "SHA-224", "\14", "sha224WithRSAEncryption", false },
        { "something that nobody knows", "\111", "1.2.840.113549.1.1.111", false },
    }
    for _, row in ipairs(digests) do
        it("signed with " .. row[1] .. (row[4] and " is weak" or " is not weak"), function()
            local c = one(swap(read "odd.der", SHA256, SHA256:sub(1, -2) .. row[2], 2))
            assert.equal(row[3], c.signature_algorithm)
            assert.is_false(c.self_signed) -- the signature is of another kind
            local problems = certificate.check(c)
            assert.equal(row[4] and 1 or 0, #problems)
            if row[4] then
                assert.equal("weak_signature", problems[1].code)
                assert.truthy(problems[1].message:find("it is signed with " .. row[3], 1, true))
            end
        end)
    end

    it("may have a name of two bytes a character", function()
        assert.equal("CN=odd", one(read "bmp.der").subject)
    end)

    -- OpenSSL 3 reads none of these; 1.1.1 reads some, whose names are escaped then.
    local names = {
        { "half a surrogate", "bmp.der", "\0o\0d\0d", "\216\0\0d\0d" },
        { "bytes that are no UTF-8", "odd.der", "\12\3odd", "\12\3\255dd" },
        { "a cut sequence", "odd.der", "\12\3odd", "\12\3od\195" },
    }
    for _, row in ipairs(names) do
        it("has no name of " .. row[1], function()
            local list, err = certificate.parse(swap(read(row[2]), row[3], row[4], 2))
            if list then
                assert.truthy(list[1].subject:find "^CN=[%w\\]+$", list[1].subject)
            else
                assert.equal("the text is damaged: its base64 can be read, but it is no X.509 "
                    .. "certificate", err.message)
            end
        end)
    end

    it("has dates, both of them, or is none", function()
        local der = read "odd.der"
        local first = assert(der:find("\48\30\23\13", 1, true))
        local before, after = der:sub(first + 2, first + 16), der:sub(first + 17, first + 31)
        local spoilt = {
            der:sub(1, first + 3) .. "x" .. der:sub(first + 5),
            der:sub(1, first + 18) .. "x" .. der:sub(first + 20),
            shorter(der:sub(1, first - 1) .. "\48\17\23\0" .. after .. der:sub(first + 32), 13),
            shorter(der:sub(1, first - 1) .. "\48\17" .. before .. "\23\0"
                .. der:sub(first + 32), 13),
        }
        for _, text in ipairs(spoilt) do
            local list, err = certificate.parse(text)
            assert.is_nil(list)
            assert.equal("the text holds a certificate whose dates cannot be read", err.message)
        end
    end)
end)
