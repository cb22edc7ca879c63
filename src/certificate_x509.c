/*
 * certificate_x509.c - what DER says, read by OpenSSL into plain C values
 * (see certificate.h).  Nothing of OpenSSL's lives longer than a call here,
 * and its error queue is as it was before.
 */
#include "certificate.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- OpenSSL's error queue ---------------------------------------------- */

/* Opens a stretch whose errors are ours; true: the queue was empty before. */
static bool open_errors(void)
{
    bool empty = ERR_peek_error() == 0;
    ERR_set_mark();
    return empty;
}

static bool is_memory(unsigned long error)
{
    return ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
}

/*
 * Closes it: the queue is as before.  True: memory ran short within, which
 * the last error alone rarely tells.
 */
static bool close_errors(bool was_empty)
{
    bool memory = false;
    unsigned long error;
    void *probe;
    if (was_empty)
        for (error = ERR_get_error(); error != 0; error = ERR_get_error())
            memory = memory || is_memory(error);
    ERR_pop_to_mark();
    /* With none left at all, errors are not even recorded. */
    probe = OPENSSL_malloc(256);
    OPENSSL_free(probe);
    return memory || probe == NULL;
}

/* ---- shapes ------------------------------------------------------------- */

/* The DER is one value, as long as its head says: 1 MiB at most. */
static X509 *read_x509(const unsigned char *der, size_t len)
{
    return d2i_X509(NULL, &der, (long)len);
}

/* Zero bits: its size could not be asked for. */
static bool has_whole_key(const X509 *x)
{
    const EVP_PKEY *key = X509_get0_pubkey(x);
    return key != NULL && EVP_PKEY_bits(key) > 0;
}

/*
 * The same.  OpenSSL 3 drops a key, or its size, without a word when memory is
 * short for a moment, so one that was not understood has a second chance.
 */
static X509 *read_with_key(const unsigned char *der, size_t len)
{
    X509 *x = read_x509(der, len);
    if (x == NULL || has_whole_key(x))
        return x;
    X509_free(x);
    return read_x509(der, len);
}

static bool is_certificate(const unsigned char *der, size_t len)
{
    X509 *x = read_x509(der, len);
    X509_free(x);
    return x != NULL;
}

static bool is_request(const unsigned char *der, size_t len)
{
    X509_REQ *req = d2i_X509_REQ(NULL, &der, (long)len);
    X509_REQ_free(req);
    return req != NULL;
}

static bool is_crl(const unsigned char *der, size_t len)
{
    X509_CRL *crl = d2i_X509_CRL(NULL, &der, (long)len);
    X509_CRL_free(crl);
    return crl != NULL;
}

static bool is_public_key(const unsigned char *der, size_t len)
{
    X509_PUBKEY *key = d2i_X509_PUBKEY(NULL, &der, (long)len);
    X509_PUBKEY_free(key);
    return key != NULL;
}

/* ContentInfo: a SEQUENCE that begins with one of PKCS#7's OIDs. */
static bool is_pkcs7(const unsigned char *der, size_t len)
{
    static const unsigned char oid[] = {0x06, 0x09, 0x2A, 0x86, 0x48,
                                        0x86, 0xF7, 0x0D, 0x01, 0x07};
    size_t i;
    for (i = 2; i <= 6; i++)
        if (len >= i + sizeof(oid) && memcmp(der + i, oid, sizeof(oid)) == 0)
            return true;
    return false;
}

enum sso_der_shape sso_certificate_shape(const unsigned char *der, size_t len)
{
    static const struct {
        bool (*is)(const unsigned char *der, size_t len);
        enum sso_der_shape shape;
    } rows[] = {
        {is_certificate, SSO_SHAPE_CERTIFICATE}, {is_pkcs7, SSO_SHAPE_PKCS7},
        {is_request, SSO_SHAPE_REQUEST},         {is_crl, SSO_SHAPE_CRL},
        {is_public_key, SSO_SHAPE_PUBLIC_KEY},
    };
    size_t i;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const bool was_empty = open_errors();
        const bool is = rows[i].is(der, len);
        const bool no_memory = close_errors(was_empty);
        if (is)
            return rows[i].shape;
        if (no_memory)
            return SSO_SHAPE_NO_MEMORY;
    }
    return SSO_SHAPE_UNKNOWN;
}

/* ---- pieces ------------------------------------------------------------- */

static void write_hex(char *out, const unsigned char *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    size_t i;
    for (i = 0; i < len; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

static bool write_sha256(char out[65], const unsigned char *der, size_t len)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (EVP_Digest(der, len, digest, &n, EVP_sha256(), NULL) != 1 || n != 32)
        return false;
    write_hex(out, digest, n);
    return true;
}

static bool write_spki(struct sso_certificate *c, X509 *x)
{
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
    bool ok = len > 0 && write_sha256(c->spki_sha256, der, (size_t)len);
    OPENSSL_free(der);
    return ok;
}

static bool is_utf8(const char *text, long len)
{
    unsigned long c;
    while (len > 0) {
        int n = UTF8_getc((const unsigned char *)text, (int)len, &c);
        /* GCOVR_EXCL_START: OpenSSL 3 does not read such a name at all */
        if (n <= 0 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
            return false;
        /* GCOVR_EXCL_STOP */
        text += n;
        len -= n;
    }
    return true;
}

/*
 * RFC 2253, but letters beyond ASCII stay as they are; where a string is not
 * what its type says, its bytes are escaped.  NULL: no memory.
 */
static char *copy_name(X509_NAME *name)
{
    static const unsigned long flags[] = {
        XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB,
        (XN_FLAG_RFC2253 & ~ASN1_STRFLGS_UTF8_CONVERT) |
            ASN1_STRFLGS_IGNORE_TYPE};
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    char *data = NULL;
    long len = 0;
    size_t i;
    if (bio == NULL)
        return NULL;
    for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        (void)BIO_reset(bio);
        if (X509_NAME_print_ex(bio, name, 0, flags[i]) < 0)
            continue;
        len = BIO_get_mem_data(bio, &data);
        if (is_utf8(data, len))
            break;
    }
    if (i < sizeof(flags) / sizeof(flags[0]))
        text = malloc((size_t)len + 1);
    if (text != NULL) {
        if (len > 0)
            memcpy(text, data, (size_t)len);
        text[len] = '\0';
    }
    BIO_free(bio);
    return text;
}

static char *copy_serial(const ASN1_INTEGER *serial)
{
    const size_t len = (size_t)ASN1_STRING_length(serial);
    const bool negative = (ASN1_STRING_type(serial) & V_ASN1_NEG) != 0;
    char *text = malloc(2 * len + 4);
    if (text == NULL)
        return NULL;
    text[0] = '-';
    write_hex(text + (negative ? 1 : 0), ASN1_STRING_get0_data(serial), len);
    return text;
}

/*
 * Days since 1970-01-01 in the Gregorian calendar; month 0-11.  (timegm ends
 * in 2038 where time_t has 32 bits.)
 */
static int64_t days_of(int64_t year, int month, int day)
{
    /* The year begins in March, so that the leap day comes last. */
    const int64_t y = month < 2 ? year - 1 : year;
    const int64_t era = (y >= 0 ? y : y - 399) / 400;
    const int64_t of_era = y - era * 400;
    const int64_t of_year = (153 * ((month + 10) % 12) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
           719468;
}

static bool read_time(const ASN1_TIME *time, int64_t *unix_time)
{
    struct tm tm;
    /* OpenSSL takes an absent time for "now". */
    if (time == NULL || ASN1_STRING_length(time) == 0 ||
        ASN1_TIME_to_tm(time, &tm) != 1)
        return false;
    *unix_time =
        days_of((int64_t)tm.tm_year + 1900, tm.tm_mon, tm.tm_mday) * 86400 +
        tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
    return true;
}

static void write_oid(char *out, size_t size, const ASN1_OBJECT *object)
{
    if (OBJ_obj2txt(out, (int)size, object, 0) <= 0)
        snprintf(out, size, "unknown"); /* GCOVR_EXCL_LINE: d2i took the OID */
}

static const char *key_type_name(int id)
{
    switch (id) {
    case EVP_PKEY_RSA:
        return "RSA";
    case EVP_PKEY_RSA_PSS:
        return "RSA-PSS";
    case EVP_PKEY_EC:
        return "EC";
    case EVP_PKEY_DSA:
        return "DSA";
    case EVP_PKEY_ED25519:
        return "Ed25519";
    case EVP_PKEY_ED448:
        return "Ed448";
    default:
        return NULL;
    }
}

static void read_key(struct sso_certificate *c, X509 *x)
{
    EVP_PKEY *key = X509_get0_pubkey(x);
    ASN1_OBJECT *object = NULL;
    X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *curve = NULL;
    const void *parameter = NULL;
    int type = V_ASN1_UNDEF;
    const char *name;
    X509_PUBKEY_get0_param(&object, NULL, NULL, &algorithm,
                           X509_get_X509_PUBKEY(x));
    name = key_type_name(OBJ_obj2nid(object));
    if (name == NULL && key != NULL)
        name = key_type_name(EVP_PKEY_base_id(key));
    if (name != NULL)
        snprintf(c->key_type, sizeof(c->key_type), "%s", name);
    else
        write_oid(c->key_type, sizeof(c->key_type), object);
    c->key_bits = key == NULL ? 0 : EVP_PKEY_bits(key);
    if (OBJ_obj2nid(object) != NID_X9_62_id_ecPublicKey || algorithm == NULL)
        return;
    X509_ALGOR_get0(NULL, &type, &parameter, algorithm);
    if (type == V_ASN1_OBJECT)
        curve = parameter;
    if (curve == NULL)
        snprintf(c->key_curve, sizeof(c->key_curve), "explicit");
    else if (OBJ_obj2nid(curve) != NID_undef)
        snprintf(c->key_curve, sizeof(c->key_curve), "%s",
                 OBJ_nid2sn(OBJ_obj2nid(curve)));
    else
        write_oid(c->key_curve, sizeof(c->key_curve), curve);
}

/* A second chance here, too: a failure for lack of memory may look like any. */
static bool verifies(X509 *x, EVP_PKEY *key)
{
    return X509_verify(x, key) == 1 || X509_verify(x, key) == 1;
}

static void read_signature(struct sso_certificate *c, X509 *x)
{
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *object = NULL;
    int digest = NID_undef;
    const int nid = X509_get_signature_nid(x);
    X509_NAME *subject = X509_get_subject_name(x);
    EVP_PKEY *key = X509_get0_pubkey(x);
    X509_get0_signature(NULL, &algorithm, x);
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    write_oid(c->signature_algorithm, sizeof(c->signature_algorithm), object);
    if (OBJ_find_sigid_algs(nid, &digest, NULL) == 1)
        c->weak_signature = digest == NID_md2 || digest == NID_md4 ||
                            digest == NID_md5 || digest == NID_sha1;
    c->self_signed = key != NULL &&
                     X509_NAME_cmp(subject, X509_get_issuer_name(x)) == 0 &&
                     verifies(x, key);
}

/* ---- a certificate ------------------------------------------------------ */

static bool fill(struct sso_certificate *c, X509 *x, const unsigned char *der,
                 size_t len, bool *no_dates)
{
    *no_dates = !read_time(X509_get0_notBefore(x), &c->not_before_unix) ||
                !read_time(X509_get0_notAfter(x), &c->not_after_unix);
    if (*no_dates)
        return false;
    c->subject = copy_name(X509_get_subject_name(x));
    c->issuer = copy_name(X509_get_issuer_name(x));
    c->serial = copy_serial(X509_get0_serialNumber(x));
    if (c->subject == NULL || c->issuer == NULL || c->serial == NULL ||
        sso_certificate_write_pem(&c->pem, der, len) != SSO_OK ||
        !write_sha256(c->fingerprint, der, len) || !write_spki(c, x))
        return false;
    read_key(c, x);
    read_signature(c, x);
    return true;
}

bool sso_certificate_read(struct sso_certificate *c, const unsigned char *der,
                          size_t len, bool *memory_short)
{
    const bool was_empty = open_errors();
    X509 *x = read_with_key(der, len);
    bool no_dates = false;
    bool ok;
    memset(c, 0, sizeof(*c));
    sso_buffer_init(&c->pem, 0);
    ok = x != NULL && fill(c, x, der, len, &no_dates);
    X509_free(x);
    /* A key or a signature read without memory would look like a bad one. */
    *memory_short = close_errors(was_empty) || (!ok && !no_dates);
    return ok && !*memory_short;
}
