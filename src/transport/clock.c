/*
 * clock.c - see clock.h.  Nothing here keeps state.
 */
#include "clock.h"

#include <time.h>
#include <unistd.h>
#ifdef __APPLE__
# include <sys/random.h>
#endif

int64_t sso_clock_us(void)
{
    struct timespec t = {0, 0};

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

double sso_clock_unix(void)
{
    struct timespec t = {0, 0};

    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

uint64_t sso_random_next(uint64_t *state)
{
    uint64_t z;

    *state += UINT64_C(0x9e3779b97f4a7c15);
    z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t sso_random_seed(void)
{
    uint64_t seed = 0;
    uint64_t moment;

    if (getentropy(&seed, sizeof(seed)) == 0) {
        return seed;
    }
    /* An old kernel or a strict sandbox: time and process still differ. */
    moment = (uint64_t)sso_clock_us();
    seed = sso_random_next(&moment) ^ ((uint64_t)getpid() << 40) ^
           (uint64_t)(sso_clock_unix() * 1e6);
    return sso_random_next(&seed);
}
