/*
 * certificate_findings.c - which blocks of a text are certificates, and what
 * the others are (see certificate_findings.h).
 */
#include "certificate_findings.h"

#include <stdlib.h>
#include <string.h>

void sso_certificate_findings_free(struct sso_certificate_findings *f)
{
    sso_certificate_blocks_free(&f->blocks);
    free(f->places);
}

static bool add_place(struct sso_certificate_findings *f,
                      const unsigned char *der, size_t len, unsigned mended)
{
    if (f->count == f->capacity) {
        size_t capacity = f->capacity == 0 ? 4 : f->capacity * 2;
        struct sso_certificate_place *places =
            realloc(f->places, capacity * sizeof(f->places[0]));
        if (places == NULL)
            return false;
        f->places = places;
        f->capacity = capacity;
    }
    f->places[f->count].der = der;
    f->places[f->count].len = len;
    f->places[f->count].mended = mended;
    f->count++;
    return true;
}

static enum sso_der_shape shape_of_label(enum sso_pem_label label)
{
    switch (label) {
    case SSO_LABEL_REQUEST:
        return SSO_SHAPE_REQUEST;
    case SSO_LABEL_CRL:
        return SSO_SHAPE_CRL;
    case SSO_LABEL_PUBLIC_KEY:
        return SSO_SHAPE_PUBLIC_KEY;
    case SSO_LABEL_PKCS7:
        return SSO_SHAPE_PKCS7;
    default:
        return SSO_SHAPE_UNKNOWN;
    }
}

/* Notes a block that holds no certificate. */
static void set_aside(struct sso_certificate_findings *f,
                      const struct sso_certificate_block *block,
                      enum sso_der_shape shape)
{
    if (shape == SSO_SHAPE_UNKNOWN)
        shape = shape_of_label(block->label);
    if (shape != SSO_SHAPE_UNKNOWN) {
        if (f->other == SSO_SHAPE_UNKNOWN)
            f->other = shape;
    } else if (block->label == SSO_LABEL_CERTIFICATE) {
        if (f->bad == NULL)
            f->bad = block;
    } else if (f->cut == NULL && block->label == SSO_LABEL_NONE) {
        f->cut = block;
    }
}

/*
 * Looks at the values of a block one after the other: DER files get
 * concatenated like PEM ones.  The first decides what the block is.
 */
static enum sso_kind look_at(struct sso_certificate_findings *f,
                             struct sso_certificate_block *block)
{
    const size_t before = f->count;
    size_t pos = 0;
    size_t head = 0;
    size_t content = 0;
    if (block->fault != SSO_BLOCK_WHOLE) {
        set_aside(f, block, SSO_SHAPE_UNKNOWN);
        return SSO_OK;
    }
    while (sso_certificate_der_head(block->der + pos, block->len - pos, &head,
                                    &content) &&
           block->der[pos] == 0x30 && head + content <= block->len - pos) {
        const unsigned char *der = block->der + pos;
        enum sso_der_shape shape = sso_certificate_shape(der, head + content);
        if (shape == SSO_SHAPE_NO_MEMORY)
            return SSO_MEMORY;
        if (shape != SSO_SHAPE_CERTIFICATE) {
            if (pos == 0)
                set_aside(f, block, shape);
            break;
        }
        if (!add_place(f, der, head + content, block->mended))
            return SSO_MEMORY;
        pos += head + content;
    }
    if (pos < block->len && f->count > before)
        f->places[f->count - 1].mended |= SSO_MENDED_REST;
    return SSO_OK;
}

/*
 * What goes on from here is each certificate's own PEM, without the bytes that
 * stood behind it.  Half a key is known only where the text ends with it: the
 * look at the whole text can have missed it.
 */
static enum sso_kind look_for_keys(struct sso_certificate_findings *f)
{
    enum sso_kind kind = SSO_OK;
    struct sso_buffer pem;
    size_t i;
    sso_buffer_init(&pem, 0);
    for (i = 0; i < f->count && kind == SSO_OK; i++) {
        const struct sso_certificate_place *at = &f->places[i];
        sso_buffer_reset(&pem);
        kind = sso_certificate_write_pem(&pem, at->der, at->len);
        if (kind == SSO_OK &&
            (sso_certificate_secret_in_der(at->der, at->len) ||
             sso_certificate_secret_in_text(pem.data, pem.len)))
            f->blocks.private_key = true;
    }
    sso_buffer_free(&pem);
    return kind;
}

enum sso_kind sso_certificate_look(struct sso_certificate_findings *f,
                                   const char *text, size_t len)
{
    enum sso_kind kind;
    size_t i;
    memset(f, 0, sizeof(*f));
    f->other = SSO_SHAPE_UNKNOWN;
    kind = sso_certificate_split(&f->blocks, text, len);
    if (f->blocks.private_key)
        return SSO_OK;
    for (i = 0; i < f->blocks.count && kind == SSO_OK; i++)
        kind = look_at(f, &f->blocks.items[i]);
    if (f->other != SSO_SHAPE_UNKNOWN || f->cut != NULL)
        f->blocks.mended |= SSO_MENDED_AROUND;
    if (kind == SSO_OK)
        kind = look_for_keys(f);
    return kind;
}
