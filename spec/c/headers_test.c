/*
 * headers_test.c - reading a block of headers, and the buffer it lies in;
 * names of kinds and phases.
 */
#include "../../src/transport/sso_transport.h"
#include "check.h"

#include <stdlib.h>

static const char block[] = "HTTP/1.1 200 OK\r\n"
                            "Content-Type: application/json\r\n"
                            "X-Empty:\r\n"
                            "X-Space: \t a b \t\r\n"
                            "no colon here\r\n"
                            ": no name\r\n"
                            "Link: <a:b>\r\n"
                            "X-Bare-LF: lf\n"
                            "content-TYPE: second\r\n"
                            "X-Last: end";

static bool is(const char *text, size_t len, const char *wanted)
{
    return len == strlen(wanted) && memcmp(text, wanted, len) == 0;
}

static void every_header_in_order(void)
{
    static const char *const wanted[][2] = {
        {"Content-Type", "application/json"},
        {"X-Empty", ""},
        {"X-Space", "a b"},
        {"Link", "<a:b>"},
        {"X-Bare-LF", "lf"},
        {"content-TYPE", "second"},
        {"X-Last", "end"},
    };
    struct sso_header_line line;
    size_t cursor = 0;
    size_t n = 0;

    while (sso_headers_next(block, sizeof(block) - 1, &cursor, &line)) {
        if (CHECK(n < 7)) {
            CHECK(is(line.name, line.name_len, wanted[n][0]));
            CHECK(is(line.value, line.value_len, wanted[n][1]));
        }
        n++;
    }
    CHECK(n == 7);
}

static void found_by_name_in_any_case(void)
{
    struct sso_header_line line;
    size_t len = sizeof(block) - 1;

    CHECK(sso_headers_find(block, len, "CONTENT-type", &line));
    CHECK(is(line.value, line.value_len, "application/json"));
    CHECK(sso_headers_find(block, len, "x-last", &line));
    CHECK(!sso_headers_find(block, len, "Content", &line));
    CHECK(!sso_headers_find(block, len, "HTTP/1.1 200 OK", &line));
}

static void odd_blocks_are_harmless(void)
{
    static const char *const blocks[] = {
        "",       "HTTP/1.1 200 OK", "\n",     "HTTP/1.1 200 OK\r\n",
        "x\n:\n", "x\n\n\n",         "x\r\n:", "x\n : b\n",
        "x\n\t:x"};
    struct sso_header_line line;
    size_t cursor = 0;
    size_t i;

    CHECK(!sso_headers_next(NULL, 0, &cursor, &line));
    for (i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        size_t len = strlen(blocks[i]);
        char *exact = malloc(len > 0 ? len : 1); /* no zero behind it */

        memcpy(exact, blocks[i], len);
        cursor = 0;
        CHECK(!sso_headers_next(exact, len, &cursor, &line));
        free(exact);
    }
}

static void buffer_grows_to_its_limit_and_no_further(void)
{
    struct sso_buffer b;
    size_t i;

    sso_buffer_init(&b, 5000);
    for (i = 0; i < 5000; i++) {
        CHECK(sso_buffer_append(&b, "x", 1) == SSO_OK);
    }
    CHECK(sso_buffer_append(&b, "x", 1) == SSO_RESPONSE);
    CHECK(sso_buffer_append(&b, "", 0) == SSO_OK);
    CHECK(b.len == 5000 && strlen(b.data) == 5000);
    sso_buffer_reset(&b);
    CHECK(b.len == 0 && b.data[0] == '\0');
    CHECK(sso_buffer_append(&b, block, SIZE_MAX) == SSO_RESPONSE);
    sso_buffer_free(&b);
    CHECK(b.data == NULL && b.limit == 5000);
    sso_buffer_free(&b);
}

static void wiping_leaves_nothing(void)
{
    char secret[16] = "SG.secret";
    size_t i;

    sso_wipe(secret, sizeof(secret));
    for (i = 0; i < sizeof(secret); i++) {
        CHECK(secret[i] == 0);
    }
    sso_wipe(NULL, 0);
}

static void every_kind_and_phase_has_a_name(void)
{
    static const struct {
        long status;
        const char *kind;
    } rows[] = {
        {200, "ok"},
        {204, "ok"},
        {299, "ok"},
        {301, "http"},
        {304, "http"},
        {400, "invalid_request"},
        {401, "unauthorized"},
        {402, "http"},
        {403, "forbidden"},
        {404, "not_found"},
        {408, "http"},
        {409, "conflict"},
        {413, "invalid_request"},
        {415, "invalid_request"},
        {418, "http"},
        {422, "invalid_request"},
        {429, "rate_limited"},
        {500, "server"},
        {503, "server"},
        {599, "server"},
        {600, "http"},
        {999, "http"},
    };
    size_t i;
    int n;

    for (n = 0; n < SSO_KIND_COUNT; n++) {
        CHECK(sso_kind_name((enum sso_kind)n) != NULL);
    }
    CHECK_TEXT(sso_kind_name(SSO_MEMORY), "memory");
    CHECK_TEXT(sso_kind_name(SSO_INVALID_REQUEST), "invalid_request");
    CHECK(sso_phase_name(SSO_PHASE_NONE) == NULL);
    for (n = 1; n < SSO_PHASE_COUNT; n++) {
        CHECK(sso_phase_name((enum sso_phase)n) != NULL);
    }
    CHECK_TEXT(sso_phase_name(SSO_PHASE_BACKOFF), "backoff");
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK_TEXT(sso_kind_name(sso_kind_of_status(rows[i].status)),
                   rows[i].kind);
    }
}

int main(void)
{
    check_case("every header in order", every_header_in_order);
    check_case("found by name in any case", found_by_name_in_any_case);
    check_case("odd blocks are harmless", odd_blocks_are_harmless);
    check_case("a buffer grows to its limit and no further",
               buffer_grows_to_its_limit_and_no_further);
    check_case("wiping leaves nothing", wiping_leaves_nothing);
    check_case("every kind and phase has a name",
               every_kind_and_phase_has_a_name);
    return check_end();
}
