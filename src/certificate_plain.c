/*
 * certificate_plain.c - text as people paste it, in the plain characters that
 * PEM is made of: typographic dashes and spaces, escapes of JSON, HTML, XML
 * and URLs, UTF-16 and byte order marks (see certificate_text.h).
 *
 * Never grows: each replacement is no longer than what it replaces.
 */
#include "certificate_text.h"

#include <stdlib.h>
#include <string.h>

/* Takes the place of what is left out. */
#define DROP '\0'

/* UTF-8 sequences whose last byte lies in first..last. */
struct fold {
    unsigned char lead[2];
    size_t lead_len;
    unsigned char first;
    unsigned char last;
    char to;
    unsigned mended;
};

static const struct fold folds[] = {
    {{0xC2, 0}, 1, 0x85, 0x85, '\n', 0},
    {{0xC2, 0}, 1, 0xA0, 0xA0, ' ', 0},
    {{0xC2, 0}, 1, 0xAD, 0xAD, DROP, 0}, /* soft hyphen: not seen, not meant */
    {{0xE2, 0x80}, 2, 0x80, 0x8A, ' ', 0},
    {{0xE2, 0x80}, 2, 0x8B, 0x8F, DROP, 0}, /* zero width, direction */
    {{0xE2, 0x80}, 2, 0x90, 0x95, '-', SSO_MENDED_DASHES},
    {{0xE2, 0x80}, 2, 0x98, 0x9F, '"', 0},
    {{0xE2, 0x80}, 2, 0xA8, 0xA9, '\n', 0},
    {{0xE2, 0x80}, 2, 0xAA, 0xAE, DROP, 0},
    {{0xE2, 0x80}, 2, 0xAF, 0xAF, ' ', 0},
    {{0xE2, 0x81}, 2, 0x83, 0x83, '-', SSO_MENDED_DASHES},
    {{0xE2, 0x81}, 2, 0x9F, 0x9F, ' ', 0},
    {{0xE2, 0x81}, 2, 0xA0, 0xA0, DROP, 0},
    {{0xE2, 0x88}, 2, 0x92, 0x92, '-', SSO_MENDED_DASHES}, /* minus */
    {{0xE2, 0x94}, 2, 0x80, 0x81, '-', SSO_MENDED_DASHES}, /* box drawing */
    {{0xE2, 0xB8}, 2, 0xBA, 0xBB, '-', SSO_MENDED_DASHES}, /* long em dash */
    {{0xE3, 0x80}, 2, 0x80, 0x80, ' ', 0},
    {{0xEF, 0xB9}, 2, 0x98, 0x98, '-', SSO_MENDED_DASHES},
    {{0xEF, 0xB9}, 2, 0xA3, 0xA3, '-', SSO_MENDED_DASHES},
    {{0xEF, 0xBC}, 2, 0x8D, 0x8D, '-', SSO_MENDED_DASHES},
    {{0xEF, 0xBB}, 2, 0xBF, 0xBF, DROP, SSO_MENDED_BOM},
};

/* Escapes, any case, by what writes them; longest first. */
struct escape {
    const char *from;
    char to;
};

static const struct escape escapes[] = {
    /* JSON, shells, programs */
    {"\\r\\n", '\n'},
    {"\\n", '\n'},
    {"\\r", '\n'},
    {"\\t", ' '},
    {"\\/", '/'},
    {"\\\"", '"'},
    {"\\u000a", '\n'},
    {"\\u000d", '\n'},
    {"\\u0020", ' '},
    {"\\u00a0", ' '},
    {"\\u002b", '+'},
    {"\\u002d", '-'},
    {"\\u002f", '/'},
    {"\\u003d", '='},
    {"\\u2010", '-'},
    {"\\u2011", '-'},
    {"\\u2012", '-'},
    {"\\u2013", '-'},
    {"\\u2014", '-'},
    {"\\u2015", '-'},
    {"\\u2212", '-'},
    /* XML, HTML: Java writes &#13; at the end of each base64 line */
    {"&#10;", '\n'},
    {"&#13;", '\n'},
    {"&#xa;", '\n'},
    {"&#xd;", '\n'},
    {"&#x0a;", '\n'},
    {"&#x0d;", '\n'},
    {"&#32;", ' '},
    {"&#160;", ' '},
    {"&nbsp;", ' '},
    {"&#43;", '+'},
    {"&#x2b;", '+'},
    {"&#45;", '-'},
    {"&#x2d;", '-'},
    {"&#47;", '/'},
    {"&#x2f;", '/'},
    {"&#61;", '='},
    {"&#x3d;", '='},
    {"&ndash;", '-'},
    {"&mdash;", '-'},
    {"&#8211;", '-'},
    {"&#8212;", '-'},
    {"<br>", '\n'},
    {"<br/>", '\n'},
    {"<br />", '\n'},
    /* URLs */
    {"%0d%0a", '\n'},
    {"%0a", '\n'},
    {"%0d", '\n'},
    {"%20", ' '},
    {"%2b", '+'},
    {"%2d", '-'},
    {"%2f", '/'},
    {"%3d", '='},
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool sso_certificate_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool sso_certificate_is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

bool sso_certificate_word_at(const char *p, size_t len, const char *word)
{
    size_t i;
    for (i = 0; word[i] != '\0'; i++)
        if (i >= len || lower(p[i]) != lower(word[i]))
            return false;
    return true;
}

/* The next character that is c in either case; len: none. */
static size_t find_letter(const char *p, size_t len, size_t i, char c)
{
    if (sso_certificate_is_alnum(c)) {
        while (i < len && lower(p[i]) != c)
            i++;
        return i;
    }
    if (i < len) { /* rare in base64: worth asking memchr */
        const char *at = memchr(p + i, c, len - i);
        return at != NULL ? (size_t)(at - p) : len;
    }
    return len;
}

size_t sso_certificate_find(const char *p, size_t len, const char *word)
{
    const char first = lower(word[0]);
    size_t i;
    for (i = find_letter(p, len, 0, first); i < len;
         i = find_letter(p, len, i + 1, first))
        if (sso_certificate_word_at(p + i, len - i, word))
            return i;
    return len;
}

/* How many bytes the escape at p takes, 0 when none is there. */
static size_t escape_at(const char *p, size_t len, char *to)
{
    size_t slashes = 0;
    size_t i;
    /* JSON within JSON: several backslashes before the letter are one. */
    while (slashes + 1 < len && p[slashes] == '\\' && p[slashes + 1] == '\\')
        slashes++;
    for (i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
        if (sso_certificate_word_at(p + slashes, len - slashes,
                                    escapes[i].from)) {
            *to = escapes[i].to;
            return slashes + strlen(escapes[i].from);
        }
    return 0;
}

static const struct fold *fold_at(const unsigned char *p, size_t len)
{
    size_t i;
    for (i = 0; i < sizeof(folds) / sizeof(folds[0]); i++) {
        const struct fold *f = &folds[i];
        if (len > f->lead_len && memcmp(p, f->lead, f->lead_len) == 0 &&
            p[f->lead_len] >= f->first && p[f->lead_len] <= f->last)
            return f;
    }
    return NULL;
}

/* Bytes of the UTF-8 sequence at p; 1 for what is none. */
static size_t sequence_len(const unsigned char *p, size_t len)
{
    size_t want = 1;
    size_t i;
    if (p[0] >= 0xC2 && p[0] <= 0xF4)
        want = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (want > len)
        return 1;
    for (i = 1; i < want; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 1;
    return want;
}

/* Takes the sequence at p, which is not ASCII; returns its length. */
static size_t take_wide(struct sso_certificate_plain *plain,
                        const unsigned char *p, size_t len)
{
    const struct fold *f = fold_at(p, len);
    size_t n = sequence_len(p, len);
    if (f != NULL) {
        plain->mended |= f->mended;
        if (f->to != DROP)
            plain->data[plain->len++] = f->to;
        return f->lead_len + 1;
    }
    if (n == 1 && (p[0] == 0x96 || p[0] == 0x97)) { /* Windows-1252 dashes */
        plain->mended |= SSO_MENDED_DASHES;
        plain->data[plain->len++] = '-';
        return 1;
    }
    memcpy(plain->data + plain->len, p, n);
    plain->len += n;
    return n;
}

static size_t take(struct sso_certificate_plain *plain, const char *p,
                   size_t len)
{
    char to = *p;
    size_t n = 1;
    if ((unsigned char)*p >= 0x80)
        return take_wide(plain, (const unsigned char *)p, len);
    if (*p == '\0') {
        plain->mended |= SSO_MENDED_ZEROS;
        return 1;
    }
    if (*p == '\\' || *p == '&' || *p == '%' || *p == '<') {
        n = escape_at(p, len, &to);
        if (n > 0)
            plain->mended |= SSO_MENDED_ESCAPES;
        else
            n = 1;
    }
    plain->data[plain->len++] = to;
    return n;
}

enum sso_kind sso_certificate_plain_make(struct sso_certificate_plain *plain,
                                         const char *text, size_t len)
{
    size_t i = 0;
    plain->len = 0;
    plain->mended = 0;
    plain->data = malloc(len + 1);
    if (plain->data == NULL)
        return SSO_MEMORY;
    if (len >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 ||
                     memcmp(text, "\xFE\xFF", 2) == 0)) {
        plain->mended |= SSO_MENDED_UTF16;
        i = 2;
    }
    while (i < len)
        i += take(plain, text + i, len - i);
    plain->data[plain->len] = '\0';
    /* The zero bytes of UTF-16 were no zero bytes of the text. */
    if ((plain->mended & SSO_MENDED_UTF16) != 0)
        plain->mended &= ~(unsigned)SSO_MENDED_ZEROS;
    return SSO_OK;
}

void sso_certificate_plain_free(struct sso_certificate_plain *plain)
{
    sso_wipe(plain->data, plain->len);
    free(plain->data);
    plain->data = NULL;
    plain->len = 0;
}
