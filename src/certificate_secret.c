/*
 * certificate_secret.c - is there a private key in it?  Looks at the first
 * bytes of a structure alone, so that half a key is found as well, and at
 * every place where one can begin (see certificate_text.h).
 *
 * Rather refuses a text that merely looks like one than let a key go out.
 */
#include "certificate_text.h"

#include <string.h>

#define INTEGER      0x02
#define OCTET_STRING 0x04
#define OID          0x06
#define SEQUENCE     0x30

/* What is left of a DER value that may have been cut off. */
struct der {
    const unsigned char *p;
    size_t len;
};

/* Enters the value of this type at d->p; false when another is there. */
static bool enter(struct der *d, unsigned char tag, size_t *content)
{
    size_t head;
    if (d->len < 2 || d->p[0] != tag ||
        !sso_certificate_der_head(d->p, d->len, &head, content))
        return false;
    d->p += head;
    d->len -= head;
    return true;
}

static bool starts_with(const struct der *d, const char *bytes, size_t n)
{
    return d->len >= n && memcmp(d->p, bytes, n) == 0;
}

struct prefix {
    const char *bytes;
    size_t len;
};

static bool any_prefix(const struct der *d, const struct prefix *rows, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++)
        if (starts_with(d, rows[i].bytes, rows[i].len))
            return true;
    return false;
}

/* Algorithms of keys (of signatures a certificate has, too). */
static const struct prefix key_algorithms[] = {
    {"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01", 9}, /* rsaEncryption */
    {"\x2A\x86\x48\xCE\x3D\x02\x01", 7},         /* id-ecPublicKey */
    {"\x2A\x86\x48\xCE\x38\x04\x01", 7},         /* DSA */
    {"\x2A\x86\x48\xCE\x3E\x02\x01", 7},         /* X9.42 DH */
    {"\x2A\x86\x48\x86\xF7\x0D\x01\x03\x01", 9}, /* PKCS#3 DH */
    {"\x2B\x65\x6E", 3},                         /* X25519 */
    {"\x2B\x65\x6F", 3},                         /* X448 */
    {"\x2B\x65\x70", 3},                         /* Ed25519 */
    {"\x2B\x65\x71", 3},                         /* Ed448 */
};

/* Password-based encryption: PKCS#5 and PKCS#12. */
static const struct prefix pbe_algorithms[] = {
    {"\x2A\x86\x48\x86\xF7\x0D\x01\x05", 8},
    {"\x2A\x86\x48\x86\xF7\x0D\x01\x0C\x01", 9},
};

#define ROWS(a) (a), sizeof(a) / sizeof((a)[0])

/*
 * AlgorithmIdentifier, OCTET STRING: the tail of PKCS#8, plain or encrypted.
 * Where the text ends before the string, the algorithm alone decides.
 */
static bool key_info(struct der d, const struct prefix *rows, size_t n,
                     bool any_algorithm)
{
    struct der inner;
    size_t content;
    size_t ignored;
    if (!enter(&d, SEQUENCE, &content))
        return false;
    inner = d;
    if (!enter(&inner, OID, &ignored))
        return false;
    if (content >= d.len)
        return any_prefix(&inner, rows, n);
    return d.p[content] == OCTET_STRING &&
           (any_algorithm || any_prefix(&inner, rows, n));
}

/* A SEQUENCE that begins with a version: PKCS#1, DSA, EC, PKCS#8, #12. */
static bool versioned_key(struct der d)
{
    struct der safe;
    size_t content;
    unsigned char version;
    if (!enter(&d, INTEGER, &content) || content != 1 || d.len < 2)
        return false;
    version = d.p[0];
    d.p++;
    d.len--;
    if (version == 3) { /* PKCS#12: ContentInfo of PKCS#7 data */
        safe = d;
        return enter(&safe, SEQUENCE, &content) &&
               enter(&safe, OID, &content) &&
               starts_with(&safe, "\x2A\x86\x48\x86\xF7\x0D\x01\x07", 8);
    }
    if (version > 1)
        return false;
    if (d.p[0] == INTEGER)
        return enter(&d, INTEGER, &content) && content >= 16;
    if (d.p[0] == OCTET_STRING)
        return version == 1 && enter(&d, OCTET_STRING, &content) &&
               content >= 14 && content <= 72;
    return key_info(d, ROWS(key_algorithms), true);
}

static bool key_at(const unsigned char *p, size_t len)
{
    struct der d;
    size_t content;
    d.p = p;
    d.len = len;
    if (!enter(&d, SEQUENCE, &content) || content < 16)
        return false;
    if (d.len >= 1 && d.p[0] == INTEGER)
        return versioned_key(d);
    return key_info(d, ROWS(pbe_algorithms), false);
}

bool sso_certificate_secret_in_der(const unsigned char *p, size_t len)
{
    static const char openssh[] = "openssh-key-v1";
    size_t i;
    for (i = 0; i < len; i++) {
        if (p[i] == SEQUENCE && key_at(p + i, len - i))
            return true;
        if (p[i] == 'o' && len - i >= sizeof(openssh) - 1 &&
            memcmp(p + i, openssh, sizeof(openssh) - 1) == 0)
            return true;
    }
    return false;
}

/* ---- labels ------------------------------------------------------------ */

/* How many alphanumeric characters a label has before PRIVATE. */
#define MAX_LABEL 24

static size_t skip_gap(const char *p, size_t len, size_t i)
{
    const size_t limit = i + 8;
    while (i < len && i < limit && !sso_certificate_is_alnum(p[i]))
        i++;
    return i;
}

/* A dash right before i, or one space between. */
static bool dash_before(const char *p, size_t i)
{
    if (i > 0 && p[i - 1] == ' ')
        i--;
    return i > 0 && p[i - 1] == '-';
}

static bool dash_behind(const char *p, size_t len, size_t i)
{
    static const char block[] = " BLOCK";
    if (sso_certificate_word_at(p + i, len - i, block))
        i += sizeof(block) - 1;
    if (i < len && p[i] == ' ')
        i++;
    return i < len && p[i] == '-';
}

/* Where BEGIN or END stands before the PRIVATE at i; len: nowhere near. */
static size_t marker_before(const char *p, size_t len, size_t i)
{
    size_t letters = 0;
    size_t j = i;
    size_t lowest = i > 64 ? i - 64 : 0;
    while (j > lowest && letters <= MAX_LABEL) {
        j--;
        if (sso_certificate_is_alnum(p[j]))
            letters++;
        if ((sso_certificate_word_at(p + j, len - j, "BEGIN") ||
             sso_certificate_word_at(p + j, len - j, "END")) &&
            (j == 0 || !sso_certificate_is_alnum(p[j - 1])))
            return j;
    }
    return len;
}

static bool has_small_letter(const char *p, size_t len)
{
    size_t i;
    for (i = 0; i < len; i++)
        if (p[i] >= 'a' && p[i] <= 'z')
            return true;
    return false;
}

/*
 * Is the END at marker a certificate's, spelt exactly and on a line of its
 * own, and are the words PRIVATE (i) and KEY (key) behind it a comment?  Not
 * in capitals, and not with a dash anywhere between or behind: that may be
 * what is left of a key's own marker.
 */
static bool in_comment(const char *p, size_t len, size_t marker, size_t i,
                       size_t key)
{
    struct sso_certificate_marker m;
    if (!sso_certificate_next_marker(p, i + 1, marker, &m) || m.begin ||
        !m.exact || m.from != marker)
        return false;
    return memchr(p + m.to, '-', i - m.to) == NULL &&
           has_small_letter(p + i, 7) && has_small_letter(p + key, 3) &&
           !dash_behind(p, len, key + 3);
}

/*
 * BEGIN ... PRIVATE KEY with a dash on either side, or all in capitals:
 * prose about private keys has neither.
 */
static bool label_at(const char *p, size_t len, size_t i)
{
    size_t key = skip_gap(p, len, i + 7);
    size_t marker;
    if (!sso_certificate_word_at(p + key, len - key, "KEY"))
        return false;
    marker = marker_before(p, len, i);
    if (marker == len || in_comment(p, len, marker, i, key))
        return false;
    return dash_before(p, marker) || dash_behind(p, len, key + 3) ||
           (p[marker] < 'a' && p[i] < 'a' && p[key] < 'a');
}

static bool labelled(const char *p, size_t len)
{
    static const char word[] = "PRIVATE";
    size_t i = sso_certificate_find(p, len, word);
    while (i < len) {
        if (label_at(p, len, i))
            return true;
        i += sizeof(word) - 1;
        i += sso_certificate_find(p + i, len - i, word);
    }
    return false;
}

/* ---- base64 ------------------------------------------------------------ */

/* Does a key begin with the 'M' at p?  (Each DER SEQUENCE does in base64.) */
static bool base64_key_at(const char *p, size_t len)
{
    struct sso_certificate_run run;
    unsigned char der[96];
    bool found;
    sso_certificate_decode(p, 0, len, der, 6, &run);
    if (run.bytes < 6 || der[0] != SEQUENCE)
        return false;
    sso_certificate_decode(p, 0, len, der, sizeof(der), &run);
    found = key_at(der, run.bytes);
    sso_wipe(der, sizeof(der));
    return found;
}

static bool in_base64(const char *p, size_t len)
{
    /* base64 of "openssh-key-v1" */
    static const char openssh[] = "b3BlbnNzaC1rZXktdj";
    size_t i;
    for (i = 0; i < len; i++) {
        if (p[i] == 'M' && base64_key_at(p + i, len - i))
            return true;
        if (p[i] == 'b' && len - i >= sizeof(openssh) - 1 &&
            memcmp(p + i, openssh, sizeof(openssh) - 1) == 0)
            return true;
    }
    return false;
}

/* ---- other spellings --------------------------------------------------- */

/*
 * Two words that stand together in nothing but a private key.  The first
 * begins with a character that is rare in certificates.
 */
static const char *const pairs[][2] = {
    {"-User-Key-File", "Private-Lines"}, /* PuTTY */
    {"\"kty\"", "\"d\""},                /* JSON Web Key */
    {"<RSAKeyValue", "<D>"},             /* .NET */
    {"-Type:", "DEK-Info:"},             /* encrypted PEM without its label */
};

bool sso_certificate_secret_in_text(const char *p, size_t len)
{
    size_t i;
    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (sso_certificate_find(p, len, pairs[i][0]) < len &&
            sso_certificate_find(p, len, pairs[i][1]) < len)
            return true;
    return labelled(p, len) || in_base64(p, len);
}
