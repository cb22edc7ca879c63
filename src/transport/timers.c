/*
 * timers.c - see timers.h.
 */
#include "timers.h"
#include "call.h"
#include "memory.h"

#define FIRST_CAPACITY 16u

enum sso_kind sso_timers_reserve(struct sso_timers *t)
{
    size_t capacity = t->capacity != 0 ? t->capacity * 2 : FIRST_CAPACITY;
    struct sso_call **heap;

    if (t->count < t->capacity) {
        return SSO_OK;
    }
    if (capacity > SIZE_MAX / sizeof(struct sso_call *) / 2) {
        return SSO_MEMORY;
    }
    heap = sso_realloc(t->heap, capacity * sizeof(struct sso_call *));
    if (heap == NULL) {
        return SSO_MEMORY;
    }
    t->heap = heap;
    t->capacity = capacity;
    return SSO_OK;
}

static void put(struct sso_timers *t, size_t at, struct sso_call *call)
{
    t->heap[at] = call;
    call->heap_at = at;
}

/* Moves a call to where it belongs, from a place that is as good as empty. */
static void sift(struct sso_timers *t, size_t at, struct sso_call *call)
{
    while (at > 0 && t->heap[(at - 1) / 2]->due_us > call->due_us) {
        put(t, at, t->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (;;) {
        size_t child = 2 * at + 1;

        if (child + 1 < t->count &&
            t->heap[child + 1]->due_us < t->heap[child]->due_us) {
            child++;
        }
        if (child >= t->count || t->heap[child]->due_us >= call->due_us) {
            break;
        }
        put(t, at, t->heap[child]);
        at = child;
    }
    put(t, at, call);
}

void sso_timers_add(struct sso_timers *t, struct sso_call *call, int64_t due_us)
{
    call->due_us = due_us;
    put(t, t->count, call);
    t->count++;
    sift(t, t->count - 1, call);
}

void sso_timers_change(struct sso_timers *t, struct sso_call *call,
                       int64_t due_us)
{
    if (call->due_us != due_us) {
        call->due_us = due_us;
        sift(t, call->heap_at, call);
    }
}

void sso_timers_remove(struct sso_timers *t, struct sso_call *call)
{
    struct sso_call *last = t->heap[t->count - 1];
    size_t at = call->heap_at;

    t->count--;
    if (last != call) {
        sift(t, at, last);
    }
}

struct sso_call *sso_timers_first(const struct sso_timers *t)
{
    return t->count > 0 ? t->heap[0] : NULL;
}

int64_t sso_timers_due_us(const struct sso_timers *t)
{
    return t->count > 0 ? t->heap[0]->due_us : SSO_NEVER;
}

void sso_timers_free(struct sso_timers *t)
{
    sso_free(t->heap);
    t->heap = NULL;
    t->count = 0;
    t->capacity = 0;
}
