/*
 * queue.c - calls in and out of an engine: submitted, refused, cancelled,
 * taken when they are finished; and the events about them.
 *
 * A call holds a reference to its engine from here until it is handed out.
 */
#include "engine.h"
#include "outcome.h"
#include "tls_errors.h"

/* ---- lists of calls --------------------------------------------------- */

void sso_list_push(struct sso_list *list, struct sso_call *call)
{
    call->next = NULL;
    call->prev = list->last;
    if (list->last != NULL) {
        list->last->next = call;
    } else {
        list->first = call;
    }
    list->last = call;
}

void sso_list_push_front(struct sso_list *list, struct sso_call *call)
{
    call->prev = NULL;
    call->next = list->first;
    if (list->first != NULL) {
        list->first->prev = call;
    } else {
        list->last = call;
    }
    list->first = call;
}

void sso_list_remove(struct sso_list *list, struct sso_call *call)
{
    if (call->prev != NULL) {
        call->prev->next = call->next;
    } else {
        list->first = call->next;
    }
    if (call->next != NULL) {
        call->next->prev = call->prev;
    } else {
        list->last = call->prev;
    }
    call->next = NULL;
    call->prev = NULL;
}

/* ---- calls in and out ------------------------------------------------- */

enum sso_kind sso_engine_submit(struct sso_engine *e, struct sso_call *call)
{
    enum sso_kind kind;

    sso_engine_check_process(e);
    if (e->closed) {
        return SSO_CANCELLED;
    }
    kind = sso_engine_open(e);
    if (kind == SSO_OK) {
        kind = sso_timers_reserve(&e->timers);
    }
    if (kind != SSO_OK) {
        return kind;
    }
    call->engine = sso_engine_ref(e);
    call->state = SSO_CALL_QUEUED;
    call->submitted_us = sso_clock_us();
    call->deadline_us = call->submitted_us + call->settings->timeout_us;
    sso_timers_add(&e->timers, call, call->deadline_us);
    sso_list_push(&e->queue, call);
    sso_engine_record(e, call, SSO_EVENT_START, 0);
    sso_engine_settle(e);
    return SSO_OK;
}

void sso_engine_refuse(struct sso_engine *e, struct sso_call *call,
                       enum sso_kind kind, const char *message)
{
    sso_engine_check_process(e);
    call->engine = sso_engine_ref(e);
    sso_outcome_set(&call->outcome, kind, message);
    sso_engine_finish(e, call);
    sso_engine_settle(e);
}

/* The call leaves the finished ones, and its reference goes. */
static void let_go(struct sso_engine *e, struct sso_call *call)
{
    sso_list_remove(&e->finished, call);
    e->finished_count--;
    call->state = SSO_CALL_HANDED_OUT;
    if (e->finished_count == 0) {
        sso_engine_settle(e);
    }
}

struct sso_call *sso_engine_take_finished(struct sso_engine *e)
{
    struct sso_call *call;

    sso_engine_check_process(e);
    call = e->finished.first;
    if (call != NULL) {
        let_go(e, call);
        if (!call->has_events) {
            call->engine = NULL;
            sso_engine_unref(e);
        }
    }
    return call;
}

bool sso_engine_cancel(struct sso_engine *e, struct sso_call *call)
{
    bool was_under_way;

    sso_engine_check_process(e);
    was_under_way = call->state == SSO_CALL_QUEUED ||
                    call->state == SSO_CALL_IN_FLIGHT ||
                    call->state == SSO_CALL_BACKOFF;
    if (was_under_way) {
        sso_tls_errors_mark();
        sso_engine_cut(e, call, SSO_CANCELLED, "the call was cancelled");
        sso_tls_errors_pop();
        sso_engine_settle(e);
    }
    return was_under_way;
}

void sso_engine_forget(struct sso_engine *e, struct sso_call *call)
{
    sso_engine_cancel(e, call);
    if (call->state == SSO_CALL_FINISHED) {
        let_go(e, call);
    }
    if (call->has_events) {
        sso_events_drop(&e->events, call);
    }
    call->engine = NULL;
    sso_engine_settle(e);
    sso_engine_unref(e);
}

bool sso_engine_take_event(struct sso_engine *e, struct sso_event *event)
{
    bool taken;

    sso_engine_check_process(e);
    taken = sso_events_take(&e->events, event);
    if (taken && e->events.count == 0) {
        sso_engine_settle(e);
    }
    return taken;
}

bool sso_engine_has_events(const struct sso_engine *e)
{
    return e->events.count > 0;
}

size_t sso_engine_active(struct sso_engine *e)
{
    sso_engine_check_process(e);
    return e->timers.count + e->finished_count;
}

size_t sso_engine_in_flight(const struct sso_engine *e)
{
    return e->in_flight;
}

void sso_engine_cancel_if(struct sso_engine *e,
                          bool (*match)(const struct sso_call *call,
                                        const void *context),
                          const void *context)
{
    bool again = true;
    size_t i;

    /* A call that ends leaves the heap, which moves others: a pass may miss
     * some, so passes go on until one finds nothing. */
    while (again) {
        again = false;
        for (i = 0; i < e->timers.count; i++) {
            struct sso_call *call = e->timers.heap[i];
            if (match(call, context)) {
                again = sso_call_cancel(call) || again;
            }
        }
    }
}
