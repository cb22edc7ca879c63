/*
 * events.c - see events.h.  A ring that grows; dropped entries stay in it
 * with no call and are passed over.
 */
#include "events.h"
#include "memory.h"

#define FIRST_CAPACITY 16u

static bool grow(struct sso_events *q)
{
    size_t capacity = q->capacity != 0 ? q->capacity * 2 : FIRST_CAPACITY;
    struct sso_event *ring;
    size_t i;

    if (capacity > SIZE_MAX / sizeof(*ring) / 2) {
        return false;
    }
    ring = sso_malloc(capacity * sizeof(*ring));
    if (ring == NULL) {
        return false;
    }
    for (i = 0; i < q->count; i++) {
        ring[i] = q->ring[(q->first + i) % q->capacity];
    }
    sso_free(q->ring);
    q->ring = ring;
    q->first = 0;
    q->capacity = capacity;
    return true;
}

bool sso_events_push(struct sso_events *q, const struct sso_event *event)
{
    if (q->count == q->capacity && !grow(q)) {
        return false;
    }
    q->ring[(q->first + q->count) % q->capacity] = *event;
    q->count++;
    return true;
}

/* Keeps the first entry a real one, so that count > 0 says something. */
static void trim(struct sso_events *q)
{
    while (q->count > 0 && q->ring[q->first].call == NULL) {
        q->first = (q->first + 1) % q->capacity;
        q->count--;
    }
}

bool sso_events_take(struct sso_events *q, struct sso_event *event)
{
    if (q->count == 0) {
        return false;
    }
    *event = q->ring[q->first];
    q->first = (q->first + 1) % q->capacity;
    q->count--;
    trim(q);
    return true;
}

void sso_events_drop(struct sso_events *q, const struct sso_call *call)
{
    size_t i;

    for (i = 0; i < q->count; i++) {
        struct sso_event *event = &q->ring[(q->first + i) % q->capacity];

        if (event->call == call) {
            event->call = NULL;
        }
    }
    trim(q);
}

void sso_events_free(struct sso_events *q)
{
    sso_free(q->ring);
    q->ring = NULL;
    q->first = 0;
    q->count = 0;
    q->capacity = 0;
}
