/*
 * certificate_text.h - from whatever was pasted to blocks of DER: PEM, bare
 * base64 and DER itself, with the damage that mail programs, spreadsheets and
 * JSON do to them undone and noted.
 *
 * Knows PEM, base64 and the outermost bytes of DER; X.509 is the caller's.
 */
#ifndef SSO_CERTIFICATE_TEXT_H
#define SSO_CERTIFICATE_TEXT_H

#include "transport/sso_transport.h"

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/* What was mended; one sentence each in certificate_lua.c. */
enum sso_mended {
    SSO_MENDED_BOM = 1 << 0,
    SSO_MENDED_UTF16 = 1 << 1,
    SSO_MENDED_ZEROS = 1 << 2,
    SSO_MENDED_DASHES = 1 << 3,
    SSO_MENDED_ESCAPES = 1 << 4,
    SSO_MENDED_SPACES = 1 << 5, /* where line breaks were */
    SSO_MENDED_WHITE = 1 << 6,  /* indentation, blank lines */
    SSO_MENDED_QUOTES = 1 << 7,
    SSO_MENDED_NO_BEGIN = 1 << 8,
    SSO_MENDED_NO_END = 1 << 9,
    SSO_MENDED_BARE = 1 << 10,
    SSO_MENDED_DER = 1 << 11,
    SSO_MENDED_AROUND = 1 << 12,
    SSO_MENDED_MARKERS = 1 << 13, /* BEGIN or END spelt another way */
    SSO_MENDED_REST = 1 << 14,    /* bytes behind the certificate */
    SSO_MENDED_TWICE = 1 << 15    /* base64 of PEM */
};

/* ---- plain text (certificate_plain.c) --------------------------------- */

/* A copy with one dash, one space, one line break; wiped when freed. */
struct sso_certificate_plain {
    char *data; /* zero-terminated */
    size_t len;
    unsigned mended;
};

enum sso_kind sso_certificate_plain_make(struct sso_certificate_plain *plain,
                                         const char *text, size_t len);
void sso_certificate_plain_free(struct sso_certificate_plain *plain);

/* strncasecmp for ASCII whatever the locale: does word stand at p? */
bool sso_certificate_word_at(const char *p, size_t len, const char *word);

/* Where word first stands, any case; len when nowhere. */
size_t sso_certificate_find(const char *p, size_t len, const char *word);

bool sso_certificate_is_space(char c);
bool sso_certificate_is_alnum(char c);

/* ---- base64 and DER headers (certificate_base64.c) --------------------- */

/* One stretch of base64, decoded. */
struct sso_certificate_run {
    size_t end; /* first character behind it */
    size_t bytes;
    unsigned mended; /* SPACES, WHITE, QUOTES */
    bool broken;     /* ended by a character that has no business there */
};

/*
 * Decodes from p[from] on into out (room for max bytes; decoding stops when
 * it is full).  White space and quotation marks are passed over.
 */
void sso_certificate_decode(const char *p, size_t from, size_t len,
                            unsigned char *out, size_t max,
                            struct sso_certificate_run *run);

/* 0-63, or -1. */
int sso_certificate_sextet(char c);

/* The head of a TLV: lengths of head and content; indefinite is refused. */
bool sso_certificate_der_head(const unsigned char *p, size_t len, size_t *head,
                              size_t *content);

/*
 * Exactly one PEM block and nothing else: plain BEGIN and END lines, lines of
 * any width that end in LF or CRLF, strict base64.  Such a text goes out as
 * it is.
 */
bool sso_certificate_is_clean(const char *text, size_t len);

/* ---- private keys (certificate_secret.c) ------------------------------ */

/* Does a private key (PKCS#1, #8, #12, EC, OpenSSH) begin at any byte? */
bool sso_certificate_secret_in_der(const unsigned char *p, size_t len);

/* ... as PEM label, base64, JWK, XML or PuTTY file in plain text? */
bool sso_certificate_secret_in_text(const char *p, size_t len);

/* ---- blocks (certificate_text.c) -------------------------------------- */

enum sso_pem_label {
    SSO_LABEL_NONE, /* bare base64 or DER */
    SSO_LABEL_CERTIFICATE,
    SSO_LABEL_REQUEST,
    SSO_LABEL_CRL,
    SSO_LABEL_PUBLIC_KEY,
    SSO_LABEL_PKCS7,
    SSO_LABEL_OTHER
};

enum sso_block_fault {
    SSO_BLOCK_WHOLE,
    SSO_BLOCK_EMPTY,  /* a label with no DER under it */
    SSO_BLOCK_CUT,    /* shorter than its own DER header says */
    SSO_BLOCK_BROKEN, /* a character that is not base64 */
};

/* A BEGIN or END line in plain text (certificate_marker.c). */
struct sso_certificate_marker {
    size_t from; /* first dash */
    size_t to;   /* behind the last dash */
    enum sso_pem_label label;
    bool begin;
    bool exact; /* spelt as PEM has it, on a line of its own */
};

/* The first one at or behind from; false: none. */
bool sso_certificate_next_marker(const char *p, size_t len, size_t from,
                                 struct sso_certificate_marker *m);

struct sso_certificate_block {
    unsigned char *der; /* owned; from the start of a DER value on */
    size_t len;
    size_t wanted; /* bytes that the DER header announces */
    enum sso_pem_label label;
    enum sso_block_fault fault;
    unsigned mended;
};

struct sso_certificate_blocks {
    struct sso_certificate_block *items;
    size_t count;
    size_t capacity;
    unsigned mended; /* holds for all of them */
    bool private_key;
};

/*
 * Takes a text apart.  SSO_OK or SSO_MEMORY; blocks is the caller's to free
 * either way (zero it first).  With private_key set the rest may be missing.
 */
enum sso_kind sso_certificate_split(struct sso_certificate_blocks *blocks,
                                    const char *text, size_t len);
void sso_certificate_blocks_free(struct sso_certificate_blocks *blocks);

#pragma GCC visibility pop

#endif
