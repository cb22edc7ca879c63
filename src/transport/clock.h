/*
 * clock.h - time and chance: a monotonic clock for all waiting, the wall
 * clock for what servers write, and random numbers for jitter.
 */
#ifndef SSO_TRANSPORT_CLOCK_H
#define SSO_TRANSPORT_CLOCK_H

#include <stdint.h>

#pragma GCC visibility push(hidden)

/* A time that never comes. */
#define SSO_NEVER INT64_MAX

/* Microseconds on the monotonic clock; its zero means nothing. */
int64_t sso_clock_us(void);

/* Seconds since 1970, UTC.  May jump: never wait by it. */
double sso_clock_unix(void);

/* A seed from the system; different in every process. */
uint64_t sso_random_seed(void);

/* The next number of a splitmix64 sequence.  Jitter, not secrets. */
uint64_t sso_random_next(uint64_t *state);

#pragma GCC visibility pop

#endif
