/*
 * url_test.c - which base URLs are taken or refused, how whole URLs are taken
 * apart, and how path segments are encoded.
 */
#include "../../src/transport/url.h"
#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/* ---- base URLs -------------------------------------------------------- */

static const struct good_row {
    const char *text;
    const char *url;
    const char *authority;
    bool plain;
} good_rows[] = {
    {"https://api.sendgrid.com", "https://api.sendgrid.com", "api.sendgrid.com",
     false},
    {"https://api.sendgrid.com/", "https://api.sendgrid.com",
     "api.sendgrid.com", false},
    {"https://host:8443/gate/way///", "https://host:8443/gate/way", "host:8443",
     false},
    {"HTTPS://Host/", "https://Host", "Host", false},
    {"https://10.0.0.1", "https://10.0.0.1", "10.0.0.1", false},
    {"https://[2001:db8::1]:99", "https://[2001:db8::1]:99", "[2001:db8::1]:99",
     false},
    {"http://127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1:8080", true},
    {"http://127.255.3.4", "http://127.255.3.4", "127.255.3.4", true},
    {"http://localhost:1", "http://localhost:1", "localhost:1", true},
    {"http://LOCALHOST", "http://LOCALHOST", "LOCALHOST", true},
    {"http://[::1]:80/x", "http://[::1]:80/x", "[::1]:80", true},
};

static void good_base_urls(void)
{
    size_t i;

    for (i = 0; i < sizeof(good_rows) / sizeof(good_rows[0]); i++) {
        const struct good_row *row = &good_rows[i];
        struct sso_base base;
        char why[256] = "";

        if (!CHECK(sso_url_check_base(row->text, &base, why, sizeof(why)) ==
                   SSO_OK)) {
            printf("    %s: %s\n", row->text, why);
            continue;
        }
        CHECK_TEXT(base.url, row->url);
        CHECK_TEXT(base.authority, row->authority);
        CHECK(base.plain == row->plain);
        sso_base_free(&base);
    }
}

/* A host may be spelt so that it is decoded before it is taken for an address,
 * or after: what is kept is what libcurl makes of it in the end. */
static void bases_that_are_read_again(void)
{
    static const char *const texts[] = {
        "https://22%2e4/x/",          "http://127%2e1:80", "https://%30x7f.1",
        "https://host%2eexample/%2e", "https://%31",       "https://1.2.3",
    };
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct sso_base base, again;
        char why[256] = "";

        if (!CHECK(sso_url_check_base(texts[i], &base, why, sizeof(why)) ==
                   SSO_OK) ||
            !CHECK(sso_url_check_base(base.url, &again, why, sizeof(why)) ==
                   SSO_OK)) {
            printf("    %s: %s\n", texts[i], why);
            continue;
        }
        CHECK_TEXT(again.url, base.url);
        CHECK_TEXT(again.origin, base.origin);
        CHECK_TEXT(again.authority, base.authority);
        CHECK(again.plain == base.plain);
        sso_base_free(&base);
        sso_base_free(&again);
    }
}

static const struct bad_row {
    const char *text;
    const char *why; /* words of the sentence */
} bad_rows[] = {
    {"", "not a URL"},
    {"api.sendgrid.com", "not a URL"},
    {"/v3", "not a URL"},
    {"https://", "base_url"},
    {"https:///v3", "base_url"},
    {"https://ho st/", "not a URL"},
    {"https://host\n.example/", "not a URL"},
    {"https://host:99999", "port"},
    {"https://host:http", "port"},
    {"ftp://host", "https://"},
    {"file:///etc/passwd", "https://"},
    {"javascript:alert(1)", "base_url"},
    {"https://user:secret@host", "credentials"},
    {"https://secret@host", "credentials"},
    {"https://host/?a=b", "query"},
    {"https://host/?", "query"},
    {"https://host/#f", "fragment"},
    {"https://host/#", "fragment"},
    {"http://api.sendgrid.com", "loopback"},
    {"http://0.0.0.0", "loopback"},
    {"http://0", "loopback"},
    {"http://[::]", "loopback"},
    {"http://10.0.0.1", "loopback"},
    {"http://127.0.0.1.evil.example", "loopback"},
    {"http://localhost.evil.example", "loopback"},
    {"http://localhost.", "loopback"},
    {"http://evil.example/127.0.0.1", "loopback"},
    {"http://127.0.0.1@evil.example", "credentials"},
    {"http://127.0.0.1:secret@evil.example", "credentials"},
    {"http://127.0.0.1\\@evil.example", "base_url"},
    {"http://evil.example#127.0.0.1", "fragment"},
    {"http://[::ffff:10.0.0.1]", "loopback"},
};

static void bad_base_urls(void)
{
    size_t i;

    for (i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
        const struct bad_row *row = &bad_rows[i];
        struct sso_base base;
        char why[256] = "";
        bool held = CHECK(sso_url_check_base(row->text, &base, why,
                                             sizeof(why)) == SSO_CONFIG);

        held = CHECK(strstr(why, row->why) != NULL) && held;
        held = CHECK(strstr(why, "secret") == NULL) && held;
        held = CHECK(strstr(why, "base_url") == why) && held;
        held = CHECK(base.url == NULL && base.authority == NULL) && held;
        if (!held) {
            printf("    '%s': %s\n", row->text, why);
        }
    }
}

/* ---- whole URLs ------------------------------------------------------- */

static const struct split_row {
    const char *text;
    const char *base; /* NULL: refused */
    const char *target;
} split_rows[] = {
    {"https://idp.example", "https://idp.example", "/"},
    {"https://idp.example?a=b", "https://idp.example", "/?a=b"},
    {"https://idp.example:8443/m.xml?a=b&c=http://x#f",
     "https://idp.example:8443", "/m.xml?a=b&c=http://x"},
    {"https://idp.example/a%20b/%2e%2e", "https://idp.example",
     "/a%20b/%2e%2e"},
    {"https://idp.example/m?u=a@b:///c", "https://idp.example",
     "/m?u=a@b:///c"},
    {"http://[::1]:80/m#", "http://[::1]:80", "/m"},
    {"http://idp.example/m", NULL, "loopback"},
    {"http://127.0.0.1.idp.example/", NULL, "loopback"},
    {"https://secret@idp.example/m", NULL, "credentials"},
    {"http://localhost:secret@idp.example/m", NULL, "credentials"},
    {"https://idp.example/secret path", NULL, "percent-encoded"},
    {"https://idp.example/\r\nA: secret", NULL, "percent-encoded"},
    {"https://idp.example/secret\x80", NULL, "percent-encoded"},
    {"https://idp.example/secret\x7f", NULL, "percent-encoded"},
    {"https:", NULL, "not a URL"},
    {"https://?secret", NULL, "the URL"},
    {"https://idp.example:99999/secret", NULL, "port"},
    {"https:///secret", NULL, "host"},
    {"ftp://idp.example/secret", NULL, "https://"},
    {"idp.example/secret", NULL, "not a URL"},
    {"", NULL, "not a URL"},
};

static void whole_urls(void)
{
    struct sso_buffer base, target;
    size_t i;

    sso_buffer_init(&base, 0);
    sso_buffer_init(&target, 0);
    for (i = 0; i < sizeof(split_rows) / sizeof(split_rows[0]); i++) {
        const struct split_row *row = &split_rows[i];
        char why[256] = "";
        enum sso_kind kind = sso_url_split(row->text, strlen(row->text), &base,
                                           &target, why, sizeof(why));

        bool held;

        if (row->base != NULL) {
            held = CHECK(kind == SSO_OK);
            if (held) {
                CHECK_TEXT(base.data, row->base);
                CHECK_TEXT(target.data, row->target);
            }
        } else {
            held = CHECK(kind == SSO_CONFIG);
            held = CHECK(strstr(why, row->target) != NULL) && held;
            held = CHECK(strstr(why, "secret") == NULL) && held;
            held = CHECK(strstr(why, "the URL ") == why) && held;
        }
        if (!held) {
            printf("    '%s': %s\n", row->text, why);
        }
    }
    sso_buffer_free(&base);
    sso_buffer_free(&target);
}

static void loopback_addresses(void)
{
    static const struct {
        const char *text;
        bool loopback;
    } rows[] = {
        {"127.0.0.1", true}, {"127.9.9.9", true}, {"128.0.0.1", false},
        {"0.0.0.0", false},  {"::1", true},       {"::", false},
        {"fe80::1", false},  {"::2", false},      {"1::1", false},
        {"0:1::1", false},   {"0:0:1::1", false}, {"::1:0:0:1", false},
    };
    struct sockaddr elsewhere;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sockaddr_storage address;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;

        memset(&in, 0, sizeof(in));
        memset(&in6, 0, sizeof(in6));
        in.sin_family = AF_INET;
        in6.sin6_family = AF_INET6;
        if (inet_pton(AF_INET, rows[i].text, &in.sin_addr) == 1) {
            memcpy(&address, &in, sizeof(in));
        } else {
            CHECK(inet_pton(AF_INET6, rows[i].text, &in6.sin6_addr) == 1);
            memcpy(&address, &in6, sizeof(in6));
        }
        CHECK(sso_url_is_loopback_address((struct sockaddr *)&address) ==
              rows[i].loopback);
    }
    memset(&elsewhere, 0, sizeof(elsewhere));
    elsewhere.sa_family = AF_UNIX;
    CHECK(!sso_url_is_loopback_address(&elsewhere));
}

static void loopback_hosts(void)
{
    static const struct {
        const char *host;
        bool loopback;
    } rows[] = {
        {"localhost", true},
        {"LocalHost", true},
        {"localhos", false},
        {"127.0.0.1", true},
        {"126.0.0.1", false},
        {"127.1", false},
        {"[::1]", true},
        {"[0:0:0:0:0:0:0:1]", true},
        {"::1", false},
        {"[1::1]", false},
        {"[0:1::1]", false},
        {"[0:0:1::1]", false},
        {"[::1:0:0:1]", false},
        {"[::2]", false},
        {"[", false},
        {"[]", false},
        {"[x]", false},
        {"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]", false},
        {"", false},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!CHECK(sso_url_is_loopback_host(rows[i].host) ==
                   rows[i].loopback)) {
            printf("    %s\n", rows[i].host);
        }
    }
}

/* ---- path segments ---------------------------------------------------- */

static void path_segments_are_encoded(void)
{
    static const struct {
        const char *text;
        size_t len;
        const char *wanted;
    } rows[] = {
        {"abc-._~019AZ", 12, "abc-._~019AZ"},
        {"a b", 3, "a%20b"},
        {"a/b?c#d%e", 9, "a%2Fb%3Fc%23d%25e"},
        {"\xc3\xa9", 2, "%C3%A9"},
        {"a\0b", 3, "a%00b"},
        {"\x7f\xff", 2, "%7F%FF"},
        {"user@example.com", 16, "user%40example.com"},
        {"..", 2, ".."},
        {"", 0, ""},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sso_buffer out;

        sso_buffer_init(&out, 0);
        CHECK(sso_url_append_segment(&out, rows[i].text, rows[i].len) ==
              SSO_OK);
        CHECK_TEXT(out.data != NULL ? out.data : "", rows[i].wanted);
        sso_buffer_free(&out);
    }
}

int main(void)
{
    check_case("good base URLs", good_base_urls);
    check_case("a base URL reads again as it was read",
               bases_that_are_read_again);
    check_case("bad base URLs are refused with a reason", bad_base_urls);
    check_case("whole URLs are taken apart or refused", whole_urls);
    check_case("loopback addresses", loopback_addresses);
    check_case("loopback hosts", loopback_hosts);
    check_case("path segments are encoded", path_segments_are_encoded);
    return check_end();
}
