/*
 * certificate_findings.h - what was found in a text: the certificates, and
 * the first of each thing that stands in their way.
 */
#ifndef SSO_CERTIFICATE_FINDINGS_H
#define SSO_CERTIFICATE_FINDINGS_H

#include "certificate.h"
#include "certificate_text.h"

#pragma GCC visibility push(hidden)

/* A certificate's place in its block. */
struct sso_certificate_place {
    const unsigned char *der; /* borrowed from the block */
    size_t len;
    unsigned mended;
};

struct sso_certificate_findings {
    struct sso_certificate_blocks blocks;
    struct sso_certificate_place *places;
    size_t count;
    size_t capacity;
    enum sso_der_shape other; /* the first thing that is no certificate */
    const struct sso_certificate_block *bad; /* labelled so, but is none */
    const struct sso_certificate_block *cut; /* bare, and not whole */
};

/*
 * Splits the text and looks into each block.  SSO_OK or SSO_MEMORY; findings
 * are the caller's to free either way.  With blocks.private_key set the rest
 * may be missing.
 */
enum sso_kind sso_certificate_look(struct sso_certificate_findings *f,
                                   const char *text, size_t len);
void sso_certificate_findings_free(struct sso_certificate_findings *f);

#pragma GCC visibility pop

#endif
