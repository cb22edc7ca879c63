/*
 * certificate.c - any text as certificates: what is read reads again to the
 * same, and what goes out is clean PEM without a private key.
 */
#include "fuzz.h"

#include "../src/certificate.h"
#include "../src/certificate_text.h"

#include <openssl/err.h>
#include <string.h>

static void check_again(const struct sso_certificate *c)
{
    struct sso_certificate_list list = {NULL, 0};
    char why[512];

    FUZZ_CHECK(strlen(c->fingerprint) == 64);
    FUZZ_CHECK(sso_certificate_is_clean(c->pem.data, c->pem.len));
    FUZZ_CHECK(sso_certificate_parse(c->pem.data, c->pem.len, &list, why,
                                     sizeof(why)) == SSO_OK);
    FUZZ_CHECK(list.count == 1 && list.items[0].mended == 0);
    FUZZ_CHECK(strcmp(list.items[0].fingerprint, c->fingerprint) == 0);
    FUZZ_CHECK(strcmp(list.items[0].subject, c->subject) == 0);
    sso_certificate_list_free(&list);
}

static bool parse(const char *text, size_t len)
{
    struct sso_certificate_list list = {NULL, 0};
    char why[512] = "";
    unsigned mended = 0;
    bool read;
    size_t i;

    read = sso_certificate_parse(text, len, &list, why, sizeof(why)) == SSO_OK;
    FUZZ_CHECK(read == (list.count > 0));
    FUZZ_CHECK(read || fuzz_is_sentence(why));
    for (i = 0; i < list.count; i++) {
        mended |= list.items[i].mended;
        check_again(&list.items[i]);
    }
    FUZZ_PLANTED((mended & SSO_MENDED_QUOTES) != 0);
    sso_certificate_list_free(&list);
    return read;
}

static void screen(const char *text, size_t len, bool validate, bool readable)
{
    struct sso_buffer clean, again;
    char why[512] = "";
    enum sso_kind kind;

    sso_buffer_init(&clean, 0);
    sso_buffer_init(&again, 0);
    kind =
        sso_certificate_screen(text, len, validate, &clean, why, sizeof(why));
    FUZZ_CHECK(kind == SSO_OK || kind == SSO_CERTIFICATE);
    FUZZ_CHECK(kind == SSO_OK || (clean.len == 0 && fuzz_is_sentence(why)));
    if (kind == SSO_OK && validate) {
        FUZZ_CHECK(readable);
        if (clean.len > 0) {
            FUZZ_CHECK(sso_certificate_is_clean(clean.data, clean.len));
            FUZZ_CHECK(sso_certificate_screen(clean.data, clean.len, true,
                                              &again, why,
                                              sizeof(why)) == SSO_OK);
            FUZZ_CHECK(again.len == 0);
        }
    }
    if (kind == SSO_OK && clean.len == 0 && len > 0)
        FUZZ_CHECK(memmem(text, len, "-----BEGIN PRIVATE KEY-----", 27) ==
                   NULL);
    sso_buffer_free(&clean);
    sso_buffer_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    bool readable = parse(text, size);

    screen(text, size, true, readable);
    screen(text, size, false, readable);
    FUZZ_CHECK(ERR_peek_error() == 0);
    return 0;
}
