/*
 * events.h - what happened to calls, in order, until somebody asks.
 */
#ifndef SSO_TRANSPORT_EVENTS_H
#define SSO_TRANSPORT_EVENTS_H

#include "sso_transport.h"

#pragma GCC visibility push(hidden)

struct sso_events {
    struct sso_event *ring; /* owned */
    size_t first;
    size_t count;
    size_t capacity;
};

/* False: no memory, the event is lost. */
bool sso_events_push(struct sso_events *q, const struct sso_event *event);
bool sso_events_take(struct sso_events *q, struct sso_event *event);

/* Forgets what lies there about a call. */
void sso_events_drop(struct sso_events *q, const struct sso_call *call);
void sso_events_free(struct sso_events *q);

#pragma GCC visibility pop

#endif
