/*
 * headers.c - a block of received headers: what is walked over lies within
 * the block, and what is found is what the walk came by first.
 */
#include "fuzz.h"

#include "../src/transport/retry.h"
#include "../src/transport/sso_transport.h"

#include <math.h>
#include <string.h>
#include <strings.h>

static void check_line(const char *block, size_t len,
                       const struct sso_header_line *line)
{
    FUZZ_CHECK(line->name >= block && line->name_len > 0);
    FUZZ_CHECK(line->name + line->name_len <= block + len);
    FUZZ_CHECK(line->value >= block && line->value_len <= len);
    FUZZ_CHECK(line->value + line->value_len <= block + len);
    FUZZ_CHECK(memchr(line->name, ':', line->name_len) == NULL);
    FUZZ_CHECK(memchr(line->name, '\n', line->name_len) == NULL);
    FUZZ_CHECK(memchr(line->value, '\n', line->value_len) == NULL);
}

/* Whether a walk comes by this name before any line at or behind `first`. */
static bool is_first(const char *block, size_t len, const char *name,
                     const char *first)
{
    struct sso_header_line line;
    size_t cursor = 0;

    while (sso_headers_next(block, len, &cursor, &line))
        if (line.name_len == strlen(name) &&
            strncasecmp(line.name, name, line.name_len) == 0)
            return line.value == first;
    return first == NULL;
}

static void check_waits(const char *block, size_t len)
{
    static const long statuses[] = {200, 429, 503};
    size_t i;

    for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        double skew = -1;
        double wait =
            sso_retry_read_headers(block, len, statuses[i], 1.7e9 + 0.5, &skew);
        FUZZ_CHECK(isfinite(skew));
        FUZZ_CHECK(isfinite(wait) && (wait >= 0 || wait == -1));
        FUZZ_PLANTED(wait >= 1000);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"Retry-After", "date",
                                        "X-RateLimit-Reset", "content-type"};
    const char *block = (const char *)data;
    struct sso_header_line line;
    size_t cursor = 0, before, i;

    for (before = 0; sso_headers_next(block, size, &cursor, &line);
         before = cursor) {
        FUZZ_CHECK(cursor > before && cursor <= size);
        check_line(block, size, &line);
    }
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        bool found = sso_headers_find(block, size, names[i], &line);
        FUZZ_CHECK(is_first(block, size, names[i], found ? line.value : NULL));
    }
    check_waits(block, size);
    return 0;
}
