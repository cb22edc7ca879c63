/*
 * retry.c - see retry.h.
 */
#include "retry.h"

#include <ctype.h>
#include <curl/curl.h>
#include <string.h>
#include <time.h>

#define LONGEST_BACKOFF_US INT64_C(8000000)
#define FIRST_BACKOFF_US   INT64_C(500000)

/* Answers after which the same request may well succeed. */
static bool is_passing(long status)
{
    switch (status) {
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
        return true;
    default:
        return false;
    }
}

bool sso_retry_may_help(enum sso_kind kind, long status)
{
    switch (kind) {
    case SSO_DNS:
    case SSO_CONNECT:
    case SSO_TIMEOUT:
    case SSO_NETWORK:
    case SSO_MEMORY:
        return true;
    case SSO_RATE_LIMITED:
    case SSO_SERVER:
    case SSO_HTTP:
        return is_passing(status);
    default:
        return false;
    }
}

bool sso_retry_wanted(const struct sso_outcome *o, bool sent, bool repeatable)
{
    if (!o->retryable) {
        return false;
    }
    switch (o->kind) {
    case SSO_DNS:
    case SSO_CONNECT:
    case SSO_TLS:
    case SSO_NETWORK:
        return !sent || repeatable;
    case SSO_RATE_LIMITED:
        return true; /* the server says that it did nothing */
    case SSO_SERVER:
        return repeatable || (o->status == 503 && o->retry_after >= 0);
    case SSO_HTTP:
        return repeatable; /* 408 */
    default:
        return false;
    }
}

bool sso_retry_is_unsettled(const struct sso_outcome *o)
{
    switch (o->kind) {
    case SSO_OK:
        return false;
    case SSO_SERVER:
        return !(o->status == 503 && o->retry_after >= 0);
    case SSO_HTTP:
        return o->status == 408;
    case SSO_INVALID_REQUEST:
    case SSO_UNAUTHORIZED:
    case SSO_FORBIDDEN:
    case SSO_NOT_FOUND:
    case SSO_CONFLICT:
    case SSO_RATE_LIMITED:
    case SSO_TLS:
        return false; /* a definitive no */
    default:
        return true; /* cut off, timed out, cancelled, unusable answer */
    }
}

int64_t sso_retry_jitter_us(unsigned n, uint64_t random)
{
    int64_t most = LONGEST_BACKOFF_US;

    if (n >= 1 && n <= 5) {
        most = FIRST_BACKOFF_US << (n - 1);
    }
    /* The modulo's bias is 8e6 / 2^64: none that could be measured. */
    return (int64_t)(random % (uint64_t)(most + 1));
}

/* Decimal digits and nothing else; false also when int64 would overflow. */
static bool parse_whole(const char *text, size_t len, int64_t *value)
{
    int64_t sum = 0;
    size_t i;

    if (len == 0) {
        return false;
    }
    for (i = 0; i < len; i++) {
        int digit = text[i] - '0';

        if (digit < 0 || digit > 9 || sum > (INT64_MAX - digit) / 10) {
            return false;
        }
        sum = sum * 10 + digit;
    }
    *value = sum;
    return true;
}

bool sso_retry_parse_date(const char *text, size_t len, double *unix_time)
{
    char line[64];
    time_t t;

    /* curl_getdate(3) is generous; an HTTP date begins with a weekday. */
    if (len == 0 || len >= sizeof(line) || !isalpha((unsigned char)text[0])) {
        return false;
    }
    memcpy(line, text, len);
    line[len] = '\0';
    t = curl_getdate(line, NULL);
    if (t == (time_t)-1) {
        return false;
    }
    *unix_time = (double)t;
    return true;
}

static double not_negative(double seconds)
{
    return seconds > 0 ? seconds : 0;
}

bool sso_retry_parse_after(const char *text, size_t len, double date_unix,
                           double *seconds)
{
    int64_t whole;
    double when;

    if (parse_whole(text, len, &whole)) {
        *seconds = (double)whole;
        return true;
    }
    if (sso_retry_parse_date(text, len, &when)) {
        *seconds = not_negative(when - date_unix);
        return true;
    }
    return false;
}

bool sso_retry_parse_reset(const char *text, size_t len, double date_unix,
                           double *seconds)
{
    int64_t whole;

    if (!parse_whole(text, len, &whole)) {
        return false;
    }
    *seconds = not_negative((double)whole - date_unix);
    return true;
}

double sso_retry_read_headers(const char *block, size_t len, long status,
                              double now_unix, double *skew)
{
    struct sso_header_line line;
    double date = now_unix;
    double seconds = -1;

    *skew = 0;
    if (sso_headers_find(block, len, "Date", &line) &&
        sso_retry_parse_date(line.value, line.value_len, &date)) {
        *skew = date - now_unix;
    }
    if (sso_headers_find(block, len, "Retry-After", &line) &&
        sso_retry_parse_after(line.value, line.value_len, date, &seconds)) {
        return seconds;
    }
    /* Every answer has this one; it asks for patience only with a 429. */
    if (status == 429 &&
        sso_headers_find(block, len, "X-RateLimit-Reset", &line) &&
        sso_retry_parse_reset(line.value, line.value_len, date, &seconds)) {
        return seconds;
    }
    return -1;
}
