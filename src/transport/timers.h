/*
 * timers.h - which call is due next: a binary heap over call->due_us.
 *
 * Every call that is under way is in it exactly once, so it is also the list
 * of all of them.
 */
#ifndef SSO_TRANSPORT_TIMERS_H
#define SSO_TRANSPORT_TIMERS_H

#include "clock.h"
#include "sso_transport.h"

#pragma GCC visibility push(hidden)

struct sso_timers {
    struct sso_call **heap; /* calls borrowed, the array owned */
    size_t count;
    size_t capacity;
};

/* Room for one more, so that adding cannot fail. */
enum sso_kind sso_timers_reserve(struct sso_timers *t);
void sso_timers_add(struct sso_timers *t, struct sso_call *call,
                    int64_t due_us);
void sso_timers_change(struct sso_timers *t, struct sso_call *call,
                       int64_t due_us);
void sso_timers_remove(struct sso_timers *t, struct sso_call *call);

/* The first one, NULL: none.  SSO_NEVER: none. */
struct sso_call *sso_timers_first(const struct sso_timers *t);
int64_t sso_timers_due_us(const struct sso_timers *t);

void sso_timers_free(struct sso_timers *t);

#pragma GCC visibility pop

#endif
