/*
 * certificate.h - X.509 for two callers: request building asks whether a
 * text may be sent, Lua asks what is in it.
 *
 * All of it leaves OpenSSL's error queue as it was found, refuses private
 * keys wherever they hide, and never repeats the text it was given.
 */
#ifndef SSO_CERTIFICATE_H
#define SSO_CERTIFICATE_H

#include "transport/sso_transport.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/* Longest text, bytes: one that is sent, one that is only read. */
#define SSO_CERTIFICATE_MAX_SENT (256u * 1024u)
#define SSO_CERTIFICATE_MAX_READ (1024u * 1024u)

/*
 * May this text be sent as public_certificate?  SSO_OK: yes, and when
 * clean->len > 0 the PEM in clean goes out in its place (clean is the
 * caller's, initialised, and stays empty otherwise).  SSO_CERTIFICATE: no,
 * and message says why in one line.  SSO_MEMORY.  Private keys are looked for
 * whatever validate says; dates are not judged.
 */
enum sso_kind sso_certificate_screen(const char *text, size_t len,
                                     bool validate, struct sso_buffer *clean,
                                     char *message, size_t message_size);

/* What a certificate says.  Strings are UTF-8, owned by the list. */
struct sso_certificate {
    char *subject; /* one line, as RFC 2253 writes it */
    char *issuer;
    char *serial; /* lower-case hex, two digits a byte, '-' when negative */
    struct sso_buffer pem; /* 64 columns, LF */
    int64_t not_before_unix;
    int64_t not_after_unix;
    char fingerprint[65];         /* SHA-256 of the DER, lower-case hex */
    char spki_sha256[65];         /* SHA-256 of the SubjectPublicKeyInfo */
    char key_type[64];            /* "RSA", "RSA-PSS", "EC", "Ed25519", ... */
    char key_curve[64];           /* "prime256v1"; "" when there is none */
    int key_bits;                 /* 0: a key that OpenSSL cannot read */
    char signature_algorithm[64]; /* "sha256WithRSAEncryption" */
    bool weak_signature;          /* made with MD5, SHA-1 or older */
    bool self_signed;             /* by its own key, verified */
    unsigned mended;              /* SSO_MENDED_..., certificate_text.h */
};

struct sso_certificate_list {
    struct sso_certificate *items;
    size_t count;
};

/*
 * Reads every certificate in the text.  SSO_OK: at least one is in list,
 * which the caller frees; otherwise list stays empty and message says why.
 */
enum sso_kind sso_certificate_parse(const char *text, size_t len,
                                    struct sso_certificate_list *list,
                                    char *message, size_t message_size);
void sso_certificate_list_free(struct sso_certificate_list *list);

/*
 * One certificate's fields from its DER (certificate_x509.c).  false with
 * *memory_short telling why: no memory, or dates that cannot be read.  What
 * was filled in is freed with the list.
 */
bool sso_certificate_read(struct sso_certificate *c, const unsigned char *der,
                          size_t len, bool *memory_short);

/* Appends the DER as one PEM block of 64 columns. */
enum sso_kind sso_certificate_write_pem(struct sso_buffer *out,
                                        const unsigned char *der, size_t len);

/* What DER turns out to be (certificate_x509.c). */
enum sso_der_shape {
    SSO_SHAPE_CERTIFICATE,
    SSO_SHAPE_REQUEST, /* a CSR */
    SSO_SHAPE_CRL,
    SSO_SHAPE_PUBLIC_KEY,
    SSO_SHAPE_PKCS7,
    SSO_SHAPE_UNKNOWN,
    SSO_SHAPE_NO_MEMORY
};

enum sso_der_shape sso_certificate_shape(const unsigned char *der, size_t len);

/* ---- the face towards Lua ----------------------------------------------- */

struct lua_State;

/* Pushes the table sso.certificate. [-0, +1] */
int sso_certificate_open(struct lua_State *L);

/* "valid", "not_yet_valid" or "expired"; both ends are within (RFC 5280). */
const char *sso_certificate_state_at(double not_before, double not_after,
                                     double at);

struct sso_certificate_wishes {
    double at_unix;
    double min_key_bits; /* RSA and DSA; curves have a bound of their own */
};

/*
 * Pushes an array of {code=, message=, fingerprint=}; refused says why there
 * is no list, NULL when there is one. [-0, +1]
 */
void sso_certificate_push_problems(struct lua_State *L,
                                   const struct sso_certificate_list *list,
                                   const char *refused,
                                   const struct sso_certificate_wishes *w);

#pragma GCC visibility pop

#endif
