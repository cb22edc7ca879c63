/*
 * certificate.c - the verdict on a text: which certificates are in it, or in
 * one sentence why there is none that can be used (see certificate.h).
 *
 * certificate_text.c finds blocks of DER, certificate_x509.c says what they
 * are; both faces draw on the same list of findings.
 */
#include "certificate.h"
#include "certificate_findings.h"

#include <openssl/evp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- PEM ---------------------------------------------------------------- */

enum sso_kind sso_certificate_write_pem(struct sso_buffer *out,
                                        const unsigned char *der, size_t len)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
    static const char end[] = "-----END CERTIFICATE-----\n";
    unsigned char line[4 * 16 + 2]; /* 48 bytes, '\n', '\0' */
    enum sso_kind kind = sso_buffer_append(out, begin, sizeof(begin) - 1);
    size_t i;
    for (i = 0; i < len && kind == SSO_OK; i += 48) {
        int n =
            EVP_EncodeBlock(line, der + i, (int)(len - i < 48 ? len - i : 48));
        line[n] = '\n';
        kind = sso_buffer_append(out, line, (size_t)n + 1);
    }
    if (kind == SSO_OK)
        kind = sso_buffer_append(out, end, sizeof(end) - 1);
    return kind;
}

/* ---- sentences ---------------------------------------------------------- */

/* What the text is called, and what can be done about a placeholder. */
struct voice {
    const char *subject;
    const char *way_out;
};

static const struct voice sending = {
    "public_certificate",
    ", or set validate = false to send any text as it is"};
static const struct voice reading = {"the text", ""};

static const char NO_DATES[] = "holds a certificate whose dates cannot be read";

struct report {
    const struct voice *voice;
    char *message;
    size_t size;
};

static enum sso_kind refuse(const struct report *r, const char *sentence)
{
    snprintf(r->message, r->size, "%s %s", r->voice->subject, sentence);
    return SSO_CERTIFICATE;
}

static enum sso_kind out_of_memory(const struct report *r)
{
    snprintf(r->message, r->size, "no memory left to look at the certificate");
    return SSO_MEMORY;
}

/* The text without white space around it. */
struct span {
    const char *p;
    size_t len;
};

static struct span trim(const char *text, size_t len)
{
    struct span s = {text, len};
    while (s.len > 0 && (sso_certificate_is_space(s.p[0]) || s.p[0] == '\0')) {
        s.p++;
        s.len--;
    }
    while (s.len > 0 &&
           (sso_certificate_is_space(s.p[s.len - 1]) || s.p[s.len - 1] == '\0'))
        s.len--;
    return s;
}

static bool has(const struct span *s, const char *word)
{
    return sso_certificate_find(s->p, s->len, word) < s->len;
}

/*
 * What documentation has where a certificate goes: angle brackets, template
 * variables, "your", an ellipsis; within BEGIN and END lines as well.
 */
static bool is_placeholder(const struct span *s)
{
    static const char *const words[] = {
        "your",  "...",  "\xE2\x80\xA6", "{{",          "${",
        "<cert", "xxxx", "<x509",        "placeholder", "certificate here"};
    size_t i;
    if (s->len > 400)
        return false;
    if (s->len > 2 && s->p[0] == '<' && s->p[s->len - 1] == '>' &&
        !has(s, "</"))
        return true;
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (has(s, words[i]))
            return true;
    return false;
}

static bool is_file_name(const struct span *s)
{
    static const char *const ends[] = {".pem", ".crt", ".cer", ".cert",
                                       ".der", ".p7b", ".txt", ".xml"};
    size_t i;
    if (s->len > 400 || memchr(s->p, '\n', s->len) != NULL)
        return false;
    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        const size_t n = strlen(ends[i]);
        if (s->len > n &&
            sso_certificate_word_at(s->p + s->len - n, n, ends[i]))
            return true;
    }
    return sso_certificate_word_at(s->p, s->len, "https://") ||
           sso_certificate_word_at(s->p, s->len, "http://") ||
           sso_certificate_word_at(s->p, s->len, "file://");
}

static enum sso_kind refuse_other(const struct report *r,
                                  enum sso_der_shape shape)
{
    switch (shape) {
    case SSO_SHAPE_REQUEST:
        return refuse(r, "is a certificate signing request, not a certificate: "
                         "give what the authority issued for it");
    case SSO_SHAPE_CRL:
        return refuse(r, "is a certificate revocation list, not a certificate");
    case SSO_SHAPE_PKCS7:
        return refuse(r, "is a PKCS#7 file: take the certificate out of it "
                         "(openssl pkcs7 -print_certs)");
    default:
        return refuse(r, "is a public key alone: give the certificate that "
                         "holds it");
    }
}

static enum sso_kind refuse_block(const struct report *r,
                                  const struct sso_certificate_block *block)
{
    char sentence[160];
    if (block->fault == SSO_BLOCK_BROKEN)
        return refuse(r, "is damaged: there is a character in its base64 that "
                         "does not belong there");
    if (block->fault == SSO_BLOCK_EMPTY)
        return refuse(r, "has the BEGIN or END line of a certificate, but no "
                         "readable base64 with it");
    if (block->fault == SSO_BLOCK_WHOLE || block->wanted <= block->len)
        return refuse(r, "is damaged: its base64 can be read, but it is no "
                         "X.509 certificate");
    snprintf(sentence, sizeof(sentence),
             "is cut off: %zu of the certificate's %zu bytes are there",
             block->len, block->wanted);
    return refuse(r, sentence);
}

/* No certificate at all: says what there is instead. */
static enum sso_kind refuse_text(const struct report *r,
                                 const struct sso_certificate_findings *f,
                                 const char *text, size_t len)
{
    const struct span s = trim(text, len);
    char sentence[160];
    if (s.len == 0)
        return refuse(r, "is empty: give an X.509 certificate");
    if (f->other != SSO_SHAPE_UNKNOWN && f->bad == NULL)
        return refuse_other(r, f->other);
    if (is_placeholder(&s)) {
        snprintf(sentence, sizeof(sentence),
                 "is a placeholder out of a sample: put the identity "
                 "provider's X.509 certificate there%s",
                 r->voice->way_out);
        return refuse(r, sentence);
    }
    if (f->bad != NULL)
        return refuse_block(r, f->bad);
    if (f->cut != NULL)
        return refuse_block(r, f->cut);
    if (is_file_name(&s))
        return refuse(r, "looks like the name of a file or an address: give "
                         "what is in it");
    if (sso_certificate_word_at(s.p, s.len, "ssh-") ||
        sso_certificate_word_at(s.p, s.len, "ecdsa-sha2-"))
        return refuse_other(r, SSO_SHAPE_PUBLIC_KEY);
    return refuse(r, "is not an X.509 certificate: expected PEM, the base64 "
                     "of it, or DER");
}

/*
 * SSO_OK: nothing stands against the certificates that were found, and there
 * is at least one.
 */
static enum sso_kind judge(const struct report *r,
                           const struct sso_certificate_findings *f,
                           const char *text, size_t len)
{
    if (f->count == 0)
        return refuse_text(r, f, text, len);
    if (f->bad != NULL)
        return refuse(r, "holds a certificate and a second one that is "
                         "damaged or cut off");
    return SSO_OK;
}

static enum sso_kind refuse_key(const struct report *r)
{
    return refuse(r, "holds a private key, which never leaves this machine: "
                     "give the certificate alone");
}

static enum sso_kind refuse_size(const struct report *r, unsigned max)
{
    char sentence[96];
    snprintf(sentence, sizeof(sentence),
             "is longer than the %u bytes that a certificate may have", max);
    return refuse(r, sentence);
}

/* Frees what the certificates own, not the array. */
static void free_items(struct sso_certificate_list *list)
{
    size_t i;
    for (i = 0; i < list->count; i++) {
        free(list->items[i].subject);
        free(list->items[i].issuer);
        free(list->items[i].serial);
        sso_buffer_free(&list->items[i].pem);
    }
}

/* ---- the two faces ------------------------------------------------------ */

static enum sso_kind refuse_several(const struct report *r,
                                    const struct sso_certificate_findings *f)
{
    char sentence[160];
    const struct sso_certificate_place *a = &f->places[0];
    const struct sso_certificate_place *b = &f->places[1];
    if (f->count == 2 && a->len == b->len &&
        memcmp(a->der, b->der, a->len) == 0)
        return refuse(r, "holds the same certificate twice: give it once");
    snprintf(sentence, sizeof(sentence),
             "holds %zu certificates: give the one that signs, without its "
             "chain",
             f->count);
    return refuse(r, sentence);
}

/* What cannot be read here is not sent to be read there. */
static enum sso_kind refuse_unreadable(const struct report *r,
                                       const struct sso_certificate_place *at)
{
    struct sso_certificate c;
    struct sso_certificate_list one = {&c, 1};
    bool memory_short = true;
    bool ok;
    memset(&c, 0, sizeof(c));
    ok = sso_certificate_read(&c, at->der, at->len, &memory_short);
    free_items(&one);
    if (ok)
        return SSO_OK;
    return memory_short ? out_of_memory(r) : refuse(r, NO_DATES);
}

static enum sso_kind screen(const struct report *r,
                            const struct sso_certificate_findings *f,
                            const char *text, size_t len,
                            struct sso_buffer *clean)
{
    enum sso_kind kind = judge(r, f, text, len);
    if (kind != SSO_OK)
        return kind;
    if (f->count > 1)
        return refuse_several(r, f);
    kind = refuse_unreadable(r, &f->places[0]);
    if (kind != SSO_OK)
        return kind;
    if (f->places[0].mended == 0 && sso_certificate_is_clean(text, len))
        return SSO_OK;
    kind = sso_certificate_write_pem(clean, f->places[0].der, f->places[0].len);
    if (kind == SSO_OK && clean->len <= SSO_CERTIFICATE_MAX_SENT)
        return SSO_OK;
    sso_buffer_reset(clean);
    return kind == SSO_OK ? refuse_size(r, SSO_CERTIFICATE_MAX_SENT)
                          : out_of_memory(r);
}

enum sso_kind sso_certificate_screen(const char *text, size_t len,
                                     bool validate, struct sso_buffer *clean,
                                     char *message, size_t message_size)
{
    const struct report r = {&sending, message, message_size};
    struct sso_certificate_findings f;
    enum sso_kind kind;
    if (len > SSO_CERTIFICATE_MAX_SENT)
        return refuse_size(&r, SSO_CERTIFICATE_MAX_SENT);
    if (validate) {
        kind = sso_certificate_look(&f, text, len);
    } else {
        memset(&f, 0, sizeof(f));
        kind = sso_certificate_split(&f.blocks, text, len);
    }
    if (kind == SSO_MEMORY)
        kind = out_of_memory(&r);
    else if (f.blocks.private_key)
        kind = refuse_key(&r);
    else if (validate)
        kind = screen(&r, &f, text, len, clean);
    sso_certificate_findings_free(&f);
    return kind;
}

static enum sso_kind read_all(const struct report *r,
                              const struct sso_certificate_findings *f,
                              struct sso_certificate_list *list)
{
    bool memory_short = true;
    size_t i;
    list->items = calloc(f->count, sizeof(list->items[0]));
    if (list->items == NULL)
        return out_of_memory(r);
    for (i = 0; i < f->count; i++) {
        struct sso_certificate *c = &list->items[i];
        const struct sso_certificate_place *at = &f->places[i];
        list->count = i + 1;
        if (!sso_certificate_read(c, at->der, at->len, &memory_short))
            return memory_short ? out_of_memory(r) : refuse(r, NO_DATES);
        if (c->pem.len > SSO_CERTIFICATE_MAX_READ) /* DER is shorter */
            return refuse_size(r, SSO_CERTIFICATE_MAX_READ);
        c->mended = at->mended | f->blocks.mended;
    }
    return SSO_OK;
}

enum sso_kind sso_certificate_parse(const char *text, size_t len,
                                    struct sso_certificate_list *list,
                                    char *message, size_t message_size)
{
    const struct report r = {&reading, message, message_size};
    struct sso_certificate_findings f;
    enum sso_kind kind;
    list->items = NULL;
    list->count = 0;
    if (len > SSO_CERTIFICATE_MAX_READ)
        return refuse_size(&r, SSO_CERTIFICATE_MAX_READ);
    kind = sso_certificate_look(&f, text, len);
    if (kind == SSO_MEMORY)
        kind = out_of_memory(&r);
    else if (f.blocks.private_key)
        kind = refuse_key(&r);
    else
        kind = judge(&r, &f, text, len);
    if (kind == SSO_OK)
        kind = read_all(&r, &f, list);
    if (kind != SSO_OK)
        sso_certificate_list_free(list);
    sso_certificate_findings_free(&f);
    return kind;
}

void sso_certificate_list_free(struct sso_certificate_list *list)
{
    free_items(list);
    free(list->items);
    list->items = NULL;
    list->count = 0;
}
