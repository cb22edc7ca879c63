/*
 * retry_test.c - the rules of retrying as tables: who is retried, how long
 * the wait is, what servers may write in Retry-After and X-RateLimit-Reset.
 */
#include "../../src/transport/diagnosis.h"
#include "../../src/transport/retry.h"
#include "check.h"

/* ---- who is retried --------------------------------------------------- */

static const struct wanted_row {
    enum sso_kind kind;
    long status;
    double retry_after;
    bool sent;
    bool repeatable;
    bool wanted;
} wanted_rows[] = {
    /* nothing was sent: whatever the method */
    {SSO_DNS, 0, -1, false, false, true},
    {SSO_CONNECT, 0, -1, false, false, true},
    {SSO_CONNECT, 0, -1, false, true, true},
    {SSO_NETWORK, 0, -1, false, false, true},
    /* cut off */
    {SSO_NETWORK, 0, -1, true, true, true},
    {SSO_NETWORK, 0, -1, true, false, false},
    {SSO_NETWORK, 200, -1, true, true, true},
    {SSO_NETWORK, 200, -1, true, false, false},
    /* statuses */
    {SSO_HTTP, 408, -1, true, true, true},
    {SSO_HTTP, 408, -1, true, false, false},
    {SSO_RATE_LIMITED, 429, -1, true, true, true},
    {SSO_RATE_LIMITED, 429, -1, true, false, true},
    {SSO_SERVER, 500, -1, true, true, true},
    {SSO_SERVER, 500, -1, true, false, false},
    {SSO_SERVER, 501, -1, true, true, false},
    {SSO_SERVER, 502, -1, true, true, true},
    {SSO_SERVER, 502, 1, true, false, false},
    {SSO_SERVER, 503, -1, true, true, true},
    {SSO_SERVER, 503, -1, true, false, false},
    {SSO_SERVER, 503, 0, true, false, true},
    {SSO_SERVER, 503, 7, true, false, true},
    {SSO_SERVER, 504, -1, true, true, true},
    {SSO_SERVER, 505, -1, true, true, false},
    /* never */
    {SSO_HTTP, 301, -1, true, true, false},
    {SSO_HTTP, 418, -1, true, true, false},
    {SSO_TLS, 0, -1, false, true, false},
    {SSO_PROTOCOL, 0, -1, true, true, false},
    {SSO_RESPONSE, 200, -1, true, true, false},
    {SSO_INVALID_REQUEST, 400, -1, true, true, false},
    {SSO_UNAUTHORIZED, 401, -1, true, true, false},
    {SSO_FORBIDDEN, 403, -1, true, true, false},
    {SSO_NOT_FOUND, 404, -1, true, true, false},
    {SSO_CONFLICT, 409, -1, true, true, false},
    {SSO_CONFIG, 0, -1, false, true, false},
    {SSO_CANCELLED, 0, -1, true, true, false},
    {SSO_TIMEOUT, 0, -1, true, true, false},
};

static void who_is_retried(void)
{
    size_t i;

    for (i = 0; i < sizeof(wanted_rows) / sizeof(wanted_rows[0]); i++) {
        const struct wanted_row *row = &wanted_rows[i];
        struct sso_outcome o;

        memset(&o, 0, sizeof(o));
        o.kind = row->kind;
        o.status = row->status;
        o.retry_after = row->retry_after;
        o.retryable = sso_retry_may_help(row->kind, row->status);
        if (!CHECK(sso_retry_wanted(&o, row->sent, row->repeatable) ==
                   row->wanted)) {
            printf("    row %zu: %s %ld\n", i, sso_kind_name(row->kind),
                   row->status);
        }
    }
}

static void a_handshake_that_broke_is_retried_a_refusal_is_not(void)
{
    struct sso_outcome o;

    memset(&o, 0, sizeof(o));
    o.kind = SSO_TLS;
    o.retryable = true; /* as diagnosis.c sets it for a broken one */
    CHECK(sso_retry_wanted(&o, false, false));
    CHECK(sso_diagnosis_is_cut_handshake(
        "OpenSSL SSL_connect: Connection reset by peer in connection to h"));
    CHECK(sso_diagnosis_is_cut_handshake(
        "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to h"));
    CHECK(sso_diagnosis_is_cut_handshake(
        "OpenSSL/3.0.11: error:0A000126:SSL routines::unexpected eof while "
        "reading"));
    CHECK(!sso_diagnosis_is_cut_handshake(
        "error:0A00010B:SSL routines::wrong version number"));
    CHECK(!sso_diagnosis_is_cut_handshake(
        "error:0A000410:SSL routines::sslv3 alert handshake failure"));
    CHECK(!sso_diagnosis_is_cut_handshake(
        "gnutls_handshake() failed: A TLS fatal alert has been received."));
}

static void what_stays_unsettled(void)
{
    static const struct {
        enum sso_kind kind;
        long status;
        double retry_after;
        bool unsettled;
    } rows[] = {
        {SSO_OK, 200, -1, false},          {SSO_NETWORK, 0, -1, true},
        {SSO_NETWORK, 200, -1, true},      {SSO_TIMEOUT, 0, -1, true},
        {SSO_CANCELLED, 0, -1, true},      {SSO_PROTOCOL, 0, -1, true},
        {SSO_RESPONSE, 200, -1, true},     {SSO_HTTP, 408, -1, true},
        {SSO_HTTP, 301, -1, false},        {SSO_SERVER, 500, -1, true},
        {SSO_SERVER, 504, -1, true},       {SSO_SERVER, 503, -1, true},
        {SSO_SERVER, 503, 0, false},       {SSO_RATE_LIMITED, 429, -1, false},
        {SSO_NOT_FOUND, 404, -1, false},   {SSO_CONFLICT, 409, -1, false},
        {SSO_UNAUTHORIZED, 401, 0, false},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sso_outcome o;

        memset(&o, 0, sizeof(o));
        o.kind = rows[i].kind;
        o.status = rows[i].status;
        o.retry_after = rows[i].retry_after;
        if (!CHECK(sso_retry_is_unsettled(&o) == rows[i].unsettled)) {
            printf("    row %zu\n", i);
        }
    }
}

/* ---- how long --------------------------------------------------------- */

static void jitter_is_full_and_bounded(void)
{
    static const int64_t most[] = {500000,  1000000, 2000000,
                                   4000000, 8000000, 8000000};
    unsigned n;

    for (n = 1; n <= 6; n++) {
        uint64_t random = 0;
        int64_t largest = 0;
        int64_t sum = 0;
        int i;

        CHECK(sso_retry_jitter_us(n, 0) == 0);
        CHECK(sso_retry_jitter_us(n, (uint64_t)most[n - 1]) == most[n - 1]);
        for (i = 0; i < 2000; i++) {
            int64_t wait;

            random = random * UINT64_C(6364136223846793005) + 1442695040888963;
            wait = sso_retry_jitter_us(n, random >> 16);
            CHECK(wait >= 0 && wait <= most[n - 1]);
            largest = wait > largest ? wait : largest;
            sum += wait;
        }
        CHECK(largest > most[n - 1] * 9 / 10);
        CHECK(sum / 2000 > most[n - 1] * 4 / 10);
        CHECK(sum / 2000 < most[n - 1] * 6 / 10);
    }
    CHECK(sso_retry_jitter_us(4000000000u, UINT64_MAX) <= 8000000);
    CHECK(sso_retry_jitter_us(0, UINT64_MAX) <= 8000000);
}

/* ---- Retry-After ------------------------------------------------------ */

/* Tue, 24 Nov 2026 12:00:00 GMT */
#define NOON 1795521600.0

static const struct after_row {
    const char *text;
    double seconds; /* -1: nonsense */
} after_rows[] = {
    {"0", 0},
    {"1", 1},
    {"120", 120},
    {"007", 7},
    {"4294967297", 4294967297.0},
    {"9223372036854775807", 9223372036854775807.0},
    {"9223372036854775808", -1},
    {"99999999999999999999999999", -1},
    {"", -1},
    {"-1", -1},
    {"+1", -1},
    {"1.5", -1},
    {"0x10", -1},
    {"1e3", -1},
    {"nan", -1},
    {"inf", -1},
    {"infinity", -1},
    {"10 s", -1},
    {"ten", -1},
    {"Tue, 24 Nov 2026 12:00:30 GMT", 30},
    {"Tuesday, 24-Nov-26 12:00:30 GMT", 30},
    {"Tue Nov 24 12:00:30 2026", 30},
    {"Tue, 24 Nov 2026 11:59:00 GMT", 0},
    {"Tue, 24 Nov 2026 14:00:30 +0200", 30},
    {"Tue, 31 Nov", -1},
    {"2026-11-24T12:00:30Z", -1},
    {"Tue", -1},
};

static void retry_after_in_all_its_forms(void)
{
    size_t i;

    for (i = 0; i < sizeof(after_rows) / sizeof(after_rows[0]); i++) {
        const struct after_row *row = &after_rows[i];
        double seconds = -1;
        bool good =
            sso_retry_parse_after(row->text, strlen(row->text), NOON, &seconds);

        if (!CHECK(good == (row->seconds >= 0)) ||
            (good && !CHECK(seconds == row->seconds))) {
            printf("    '%s': %s %f\n", row->text, good ? "good" : "nonsense",
                   seconds);
        }
    }
}

static void rate_limit_reset_in_all_its_forms(void)
{
    double seconds;

    CHECK(sso_retry_parse_reset("1795521612", 10, NOON, &seconds));
    CHECK(seconds == 12);
    CHECK(sso_retry_parse_reset("1795521000", 10, NOON, &seconds));
    CHECK(seconds == 0);
    CHECK(!sso_retry_parse_reset("-5", 2, NOON, &seconds));
    CHECK(!sso_retry_parse_reset("soon", 4, NOON, &seconds));
    CHECK(!sso_retry_parse_reset("", 0, NOON, &seconds));
}

static const struct header_row {
    const char *block;
    long status;
    double seconds;
    double skew;
} header_rows[] = {
    {"HTTP/1.1 429 x\r\nRetry-After: 5\r\n", 429, 5, 0},
    {"HTTP/1.1 429 x\r\nretry-after:5\r\n", 429, 5, 0},
    {"HTTP/1.1 429 x\r\n", 429, -1, 0},
    /* our clock is an hour behind; the answer's own Date counts */
    {"HTTP/1.1 503 x\r\nDate: Tue, 24 Nov 2026 13:00:00 GMT\r\n"
     "Retry-After: Tue, 24 Nov 2026 13:00:09 GMT\r\n",
     503, 9, 3600},
    {"HTTP/1.1 429 x\r\nDate: Tue, 24 Nov 2026 13:00:00 GMT\r\n"
     "X-RateLimit-Reset: 1795525207\r\n",
     429, 7, 3600},
    /* Retry-After comes first, if it makes sense */
    {"HTTP/1.1 429 x\r\nX-RateLimit-Reset: 1795521607\r\n"
     "Retry-After: 2\r\n",
     429, 2, 0},
    {"HTTP/1.1 429 x\r\nX-RateLimit-Reset: 1795521607\r\n"
     "Retry-After: 0x2\r\n",
     429, 7, 0},
    /* every answer carries the reset; only a 429 means it */
    {"HTTP/1.1 500 x\r\nX-RateLimit-Reset: 1795521607\r\n", 500, -1, 0},
    {"HTTP/1.1 401 x\r\nDate: Tue, 24 Nov 2026 11:00:00 GMT\r\n", 401, -1,
     -3600},
    {"HTTP/1.1 401 x\r\nDate: yesterday\r\n", 401, -1, 0},
    {"HTTP/1.1 401 x\r\nDate:\r\n", 401, -1, 0},
    {"HTTP/1.1 401 x\r\nDate: Tue, 24 Nov 2026 11:00:00 GMT, and then some "
     "more words, too many of them for any date\r\n",
     401, -1, 0},
    {"HTTP/1.1 429 x\r\nX-RateLimit-Reset: soon\r\n", 429, -1, 0},
};

static void headers_say_when_to_come_back(void)
{
    size_t i;

    for (i = 0; i < sizeof(header_rows) / sizeof(header_rows[0]); i++) {
        const struct header_row *row = &header_rows[i];
        double skew;
        double seconds = sso_retry_read_headers(row->block, strlen(row->block),
                                                row->status, NOON, &skew);

        if (!CHECK(seconds == row->seconds) || !CHECK(skew == row->skew)) {
            printf("    row %zu: %f, skew %f\n", i, seconds, skew);
        }
    }
}

int main(void)
{
    check_case("who is retried", who_is_retried);
    check_case("a handshake that broke is retried, a refusal is not",
               a_handshake_that_broke_is_retried_a_refusal_is_not);
    check_case("what stays unsettled", what_stays_unsettled);
    check_case("jitter is full and bounded", jitter_is_full_and_bounded);
    check_case("Retry-After in all its forms", retry_after_in_all_its_forms);
    check_case("X-RateLimit-Reset in all its forms",
               rate_limit_reset_in_all_its_forms);
    check_case("headers say when to come back", headers_say_when_to_come_back);
    return check_end();
}
