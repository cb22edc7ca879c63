/*
 * retry.c - the three values that say when to come back: whatever stands in
 * them, the wait is a number of seconds that can be waited, or nonsense.
 *
 * The first byte chooses which value the rest is.
 */
#include "fuzz.h"

#include "../src/transport/retry.h"

#include <math.h>
#include <string.h>

#define DATE 1.7e9

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data + 1;
    double seconds = -1;
    bool understood;

    if (size == 0)
        return 0;
    size--;
    switch (data[0] % 3) {
    case 0:
        understood = sso_retry_parse_after(text, size, DATE, &seconds);
        FUZZ_PLANTED(understood && seconds > 1e8 && text[0] == 'F');
        break;
    case 1:
        understood = sso_retry_parse_reset(text, size, DATE, &seconds);
        break;
    default:
        understood = sso_retry_parse_date(text, size, &seconds);
        FUZZ_CHECK(!understood || isfinite(seconds));
        return 0;
    }
    FUZZ_CHECK(understood ? isfinite(seconds) && seconds >= 0 : seconds == -1);
    return 0;
}
