/*
 * certificate_text.c - a text taken apart into blocks of DER (see
 * certificate_text.h).
 *
 * BEGIN and END lines cut the plain text into segments; in each segment, the
 * ones between blocks included, stretches of base64 that begin like DER are
 * decoded.  Secrets are looked for before and after decoding.
 */
#include "certificate_text.h"

#include <stdlib.h>
#include <string.h>

/* ---- blocks ------------------------------------------------------------- */

static struct sso_certificate_block *
add_block(struct sso_certificate_blocks *blocks, enum sso_pem_label label)
{
    struct sso_certificate_block *block;
    if (blocks->count == blocks->capacity) {
        size_t capacity = blocks->capacity == 0 ? 4 : blocks->capacity * 2;
        block = realloc(blocks->items, capacity * sizeof(*block));
        if (block == NULL)
            return NULL;
        blocks->items = block;
        blocks->capacity = capacity;
    }
    block = &blocks->items[blocks->count++];
    memset(block, 0, sizeof(*block));
    block->label = label;
    return block;
}

void sso_certificate_blocks_free(struct sso_certificate_blocks *blocks)
{
    size_t i;
    for (i = 0; i < blocks->count; i++) {
        if (blocks->items[i].der != NULL)
            sso_wipe(blocks->items[i].der, blocks->items[i].len);
        free(blocks->items[i].der);
    }
    free(blocks->items);
    memset(blocks, 0, sizeof(*blocks));
}

/* base64 of "-----BEGIN" */
static const char twice[] = "LS0tLS1CRUdJTi";

/*
 * Does base64 of a DER structure begin at i?  Its first member is a SEQUENCE
 * (certificates, requests, public keys) or an OID (PKCS#7).
 */
static bool der_starts(const char *p, size_t len, size_t i)
{
    struct sso_certificate_run run;
    unsigned char der[9];
    size_t head;
    size_t content;
    if (p[i] != 'M')
        return false;
    sso_certificate_decode(p, i, len, der, sizeof(der), &run);
    return run.bytes == sizeof(der) && der[0] == 0x30 &&
           sso_certificate_der_head(der, run.bytes, &head, &content) &&
           content >= 32 && (der[head] == 0x30 || der[head] == 0x06);
}

/* The next run in from..to; to when there is none. */
static size_t next_run(const char *p, size_t from, size_t to)
{
    size_t i;
    for (i = from; i < to; i++) {
        if (i > from && sso_certificate_sextet(p[i - 1]) >= 0)
            continue;
        if (der_starts(p, to, i) ||
            (p[i] == 'L' && to - i >= sizeof(twice) &&
             memcmp(p + i, twice, sizeof(twice) - 1) == 0))
            return i;
    }
    return to;
}

/* Anything but white space and quotation marks in from..to? */
static bool has_words(const char *p, size_t from, size_t to)
{
    size_t i;
    for (i = from; i < to; i++)
        if (!sso_certificate_is_space(p[i]) && p[i] != '"' && p[i] != '\'' &&
            p[i] != '>')
            return true;
    return false;
}

static void judge_block(struct sso_certificate_block *block, bool broken)
{
    size_t head = 0;
    size_t content = 0;
    block->fault = SSO_BLOCK_WHOLE;
    if (!sso_certificate_der_head(block->der, block->len, &head, &content))
        block->fault = SSO_BLOCK_CUT;
    block->wanted = head + content;
    if (block->len < block->wanted)
        block->fault = broken ? SSO_BLOCK_BROKEN : SSO_BLOCK_CUT;
}

/* A stretch of the plain text, and what is known about it. */
struct segment {
    const char *p; /* the whole text */
    size_t from;
    size_t to;
    enum sso_pem_label label;
    unsigned mended;
    int depth; /* 1: within base64 of PEM */
};

static enum sso_kind split_at(struct sso_certificate_blocks *blocks,
                              const char *text, size_t len, int depth);

/*
 * Decodes the run at pos.  What follows the DER value is text again, unless
 * it is another value: DER files get concatenated before they are encoded.
 */
static void decode_run(const struct segment *s, size_t pos, size_t room,
                       unsigned char *der, struct sso_certificate_run *run,
                       bool *private_key)
{
    size_t head;
    size_t content;
    sso_certificate_decode(s->p, pos, s->to, der, room, run);
    if (sso_certificate_secret_in_der(der, run->bytes))
        *private_key = true;
    if (sso_certificate_der_head(der, run->bytes, &head, &content) &&
        der[0] == 0x30 && run->bytes > head + content &&
        der[head + content] != 0x30) {
        sso_wipe(der, run->bytes);
        sso_certificate_decode(s->p, pos, s->to, der, head + content, run);
    }
}

/* Takes the run at *pos, moving *pos behind it. */
static enum sso_kind take_run(struct sso_certificate_blocks *blocks,
                              const struct segment *s, size_t *pos)
{
    const size_t room = (s->to - *pos) / 4 * 3 + 3;
    const bool is_pem = s->p[*pos] == 'L';
    struct sso_certificate_run run;
    struct sso_certificate_block *block = NULL;
    enum sso_kind kind = SSO_OK;
    unsigned char *der = malloc(room);
    if (der == NULL)
        return SSO_MEMORY;
    decode_run(s, *pos, room, der, &run, &blocks->private_key);
    *pos = run.end;
    if (is_pem) {
        blocks->mended |= SSO_MENDED_TWICE;
        if (s->depth == 0)
            kind = split_at(blocks, (const char *)der, run.bytes, 1);
    } else {
        block = add_block(blocks, s->label);
        kind = block == NULL ? SSO_MEMORY : SSO_OK;
    }
    if (block == NULL) {
        sso_wipe(der, room);
        free(der);
        return kind;
    }
    block->der = der;
    block->len = run.bytes;
    block->mended = s->mended | run.mended;
    if (s->label == SSO_LABEL_NONE)
        block->mended |= SSO_MENDED_BARE;
    judge_block(block, run.broken);
    return SSO_OK;
}

/*
 * Where to go on after the block taken last.  What follows a damaged one is
 * the rest of it, and must not be taken for a key or another certificate.
 */
static size_t behind_damage(const struct sso_certificate_blocks *blocks,
                            const struct segment *s, size_t pos)
{
    if (blocks->count == 0 ||
        blocks->items[blocks->count - 1].fault == SSO_BLOCK_WHOLE)
        return pos;
    if (s->label != SSO_LABEL_NONE)
        return s->to;
    while (pos < s->to && !sso_certificate_is_space(s->p[pos]))
        pos++;
    return pos;
}

static enum sso_kind take_segment(struct sso_certificate_blocks *blocks,
                                  const struct segment *s)
{
    size_t pos = s->from;
    bool found = false;
    enum sso_kind kind;
    struct sso_certificate_block *block;
    for (;;) {
        size_t start = next_run(s->p, pos, s->to);
        if (has_words(s->p, pos, start))
            blocks->mended |= SSO_MENDED_AROUND;
        if (start == s->to)
            break;
        pos = start;
        kind = take_run(blocks, s, &pos);
        if (kind != SSO_OK)
            return kind;
        pos = behind_damage(blocks, s, pos);
        found = true;
    }
    if (found || s->label == SSO_LABEL_NONE)
        return SSO_OK;
    block = add_block(blocks, s->label);
    if (block == NULL)
        return SSO_MEMORY;
    block->fault = SSO_BLOCK_EMPTY;
    return SSO_OK;
}

/* Cuts plain text at its markers. */
static enum sso_kind take_text(struct sso_certificate_blocks *blocks,
                               const char *p, size_t len, int depth)
{
    struct segment s = {p, 0, 0, SSO_LABEL_NONE, 0, depth};
    struct sso_certificate_marker m;
    enum sso_kind kind = SSO_OK;
    while (kind == SSO_OK && sso_certificate_next_marker(p, len, s.from, &m)) {
        s.to = m.from;
        if (m.begin && s.label != SSO_LABEL_NONE) {
            s.mended |= SSO_MENDED_NO_END;
        } else if (!m.begin && s.label == SSO_LABEL_NONE) {
            s.label = m.label;
            s.mended |= SSO_MENDED_NO_BEGIN;
        }
        if (!m.begin && !m.exact)
            s.mended |= SSO_MENDED_MARKERS;
        kind = take_segment(blocks, &s);
        s.from = m.to;
        s.label = m.begin ? m.label : SSO_LABEL_NONE;
        s.mended = m.begin && !m.exact ? SSO_MENDED_MARKERS : 0;
    }
    if (kind != SSO_OK)
        return kind;
    s.to = len;
    if (s.label != SSO_LABEL_NONE)
        s.mended |= SSO_MENDED_NO_END;
    return take_segment(blocks, &s);
}

/* ---- the whole ---------------------------------------------------------- */

/* No text begins with '0' and a byte that only continues a UTF-8 sequence. */
static bool is_der(const char *text, size_t len)
{
    return len >= 2 && text[0] == 0x30 && (unsigned char)text[1] >= 0x80 &&
           (unsigned char)text[1] <= 0x84;
}

static enum sso_kind take_der(struct sso_certificate_blocks *blocks,
                              const char *text, size_t len)
{
    struct sso_certificate_block *block = add_block(blocks, SSO_LABEL_NONE);
    if (block == NULL)
        return SSO_MEMORY;
    block->der = malloc(len);
    if (block->der == NULL)
        return SSO_MEMORY;
    memcpy(block->der, text, len);
    block->len = len;
    block->mended = SSO_MENDED_DER;
    judge_block(block, false);
    return SSO_OK;
}

/* Dashes in the prose around a well-spelt block were not in its way. */
static unsigned mended_in_text(unsigned mended, const char *text, size_t len)
{
    if ((mended & SSO_MENDED_DASHES) != 0 &&
        sso_certificate_find(text, len, "-----BEGIN CERTIFICATE-----") < len &&
        sso_certificate_find(text, len, "-----END CERTIFICATE-----") < len)
        mended &= ~(unsigned)SSO_MENDED_DASHES;
    return mended;
}

static enum sso_kind split_at(struct sso_certificate_blocks *blocks,
                              const char *text, size_t len, int depth)
{
    struct sso_certificate_plain plain;
    enum sso_kind kind = sso_certificate_plain_make(&plain, text, len);
    if (kind != SSO_OK)
        return kind;
    if (sso_certificate_secret_in_text(plain.data, plain.len))
        blocks->private_key = true;
    else if (is_der(text, len))
        kind = take_der(blocks, text, len);
    else
        kind = take_text(blocks, plain.data, plain.len, depth);
    if (!is_der(text, len))
        blocks->mended |= mended_in_text(plain.mended, text, len);
    sso_certificate_plain_free(&plain);
    return kind;
}

enum sso_kind sso_certificate_split(struct sso_certificate_blocks *blocks,
                                    const char *text, size_t len)
{
    if (sso_certificate_secret_in_der((const unsigned char *)text, len)) {
        blocks->private_key = true;
        return SSO_OK;
    }
    return split_at(blocks, text, len, 0);
}
