/*
 * url.c - base URLs, proxies and path segments: what is accepted leads where
 * it says, and a segment decodes to what it was made of.
 *
 * The first byte chooses between a URL and a path segment.
 */
#include "fuzz.h"

#include "../src/transport/url.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

/* The host by a parser that is asked again, from scratch. */
static bool is_loopback(const char *url)
{
    CURLU *u = curl_url();
    char *host = NULL;
    bool loopback;

    FUZZ_CHECK(u != NULL);
    FUZZ_CHECK(curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK);
    FUZZ_CHECK(curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK);
    loopback = sso_url_is_loopback_host(host);
    curl_free(host);
    curl_url_cleanup(u);
    return loopback;
}

static void check_base(const char *text)
{
    struct sso_base base, again;
    char why[256] = "", why_again[256] = "";
    enum sso_kind kind;
    size_t len;

    memset(&base, 0, sizeof(base));
    memset(&again, 0, sizeof(again));
    kind = sso_url_check_base(text, &base, why, sizeof(why));

    FUZZ_CHECK((kind == SSO_OK) ==
               sso_base_url_check(text, why_again, sizeof(why_again)));
    FUZZ_CHECK(kind == SSO_OK || kind == SSO_CONFIG);
    if (kind != SSO_OK) {
        FUZZ_CHECK(fuzz_is_sentence(why));
        sso_base_free(&base);
        return;
    }
    len = strlen(base.url);
    FUZZ_CHECK(len > 0 && base.url[len - 1] != '/');
    FUZZ_CHECK(strncmp(base.url, base.plain ? "http://" : "https://",
                       base.plain ? 7 : 8) == 0);
    FUZZ_CHECK(strpbrk(base.url, "?# \r\n\t") == NULL);
    FUZZ_CHECK(strchr(base.authority, '@') == NULL);
    FUZZ_CHECK(!base.plain || is_loopback(base.url));
    FUZZ_CHECK(sso_url_check_base(base.url, &again, why, sizeof(why)) ==
               SSO_OK);
    FUZZ_CHECK(strcmp(again.url, base.url) == 0);
    FUZZ_CHECK(strcmp(again.authority, base.authority) == 0);
    FUZZ_PLANTED(base.plain && strstr(base.url, "[::1]:") != NULL);
    sso_base_free(&base);
    sso_base_free(&again);
}

static int nibble(char c)
{
    return c <= '9' ? c - '0' : c - 'A' + 10;
}

static void check_segment(const char *text, size_t len)
{
    struct sso_buffer out;
    size_t i, at = 0;

    sso_buffer_init(&out, 0);
    FUZZ_CHECK(sso_url_append_segment(&out, text, len) == SSO_OK);
    for (i = 0; i < out.len; i++, at++) {
        int byte = (unsigned char)out.data[i];
        FUZZ_CHECK(byte > 0x20 && byte < 0x7f &&
                   strchr("/?#&=+", byte) == NULL);
        if (byte == '%') {
            byte = nibble(out.data[i + 1]) * 16 + nibble(out.data[i + 2]);
            i += 2;
        }
        FUZZ_CHECK(at < len && byte == (unsigned char)text[at]);
    }
    FUZZ_CHECK(at == len);
    sso_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;

    if (size == 0)
        return 0;
    if (data[0] % 4 == 0) {
        check_segment((const char *)data + 1, size - 1);
        return 0;
    }
    text = malloc(size);
    FUZZ_CHECK(text != NULL);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    check_base(text);
    (void)sso_url_is_proxy(text);
    free(text);
    return 0;
}
