/*
 * retry.h - whether a failed attempt is made again, and not before when.
 *
 * Pure functions: time and chance are arguments, so that every rule can be
 * tried in a table.
 */
#ifndef SSO_TRANSPORT_RETRY_H
#define SSO_TRANSPORT_RETRY_H

#include "sso_transport.h"

#pragma GCC visibility push(hidden)

/*
 * Whether the same call may succeed later, judged by what came of it.
 * status: 0 when no answer came.  A TLS failure counts as permanent here;
 * outcome.c knows the ones that are not.
 */
bool sso_retry_may_help(enum sso_kind kind, long status);

/*
 * Whether a further attempt may be made.  sent: the request had gone out.
 * repeatable: sending it twice does no harm.
 */
bool sso_retry_wanted(const struct sso_outcome *o, bool sent, bool repeatable);

/*
 * Whether the server may have carried out a request that changes something
 * and had been sent.
 */
bool sso_retry_is_unsettled(const struct sso_outcome *o);

/* Full jitter: 0 to min(8, 0.5 * 2^(n-1)) seconds before the n-th retry. */
int64_t sso_retry_jitter_us(unsigned n, uint64_t random);

/*
 * Retry-After, as seconds or as a date.  date_unix: the answer's own Date,
 * against which a date is judged.  False: nonsense.
 */
bool sso_retry_parse_after(const char *text, size_t len, double date_unix,
                           double *seconds);

/* X-RateLimit-Reset, seconds since 1970. */
bool sso_retry_parse_reset(const char *text, size_t len, double date_unix,
                           double *seconds);

/* An HTTP date as seconds since 1970, UTC. */
bool sso_retry_parse_date(const char *text, size_t len, double *unix_time);

/*
 * What the headers of an answer say about coming back: seconds, < 0 for
 * nothing.  *skew: the server's clock minus ours, 0 without a Date.
 */
double sso_retry_read_headers(const char *block, size_t len, long status,
                              double now_unix, double *skew);

#pragma GCC visibility pop

#endif
