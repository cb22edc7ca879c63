/*
 * ending.c - what becomes of an attempt that ended and of a call that is
 * over: sent again, or handed to the finished ones.
 */
#include "engine.h"
#include "outcome.h"
#include "retry.h"
#include "transfer.h"

#include <stdio.h>

void sso_engine_record(struct sso_engine *e, struct sso_call *call,
                       enum sso_event_type type, double wait)
{
    const struct sso_outcome *o = &call->outcome;
    bool over = type == SSO_EVENT_RETRY || type == SSO_EVENT_FINISH;
    struct sso_event event;

    if (call->settings == NULL || !call->settings->events) {
        return;
    }
    event.type = type;
    event.call = call;
    event.attempt = o->attempts;
    event.status = over ? o->status : 0;
    event.reason = over ? o->kind : SSO_OK;
    event.elapsed = (double)(sso_clock_us() - call->submitted_us) / 1e6;
    event.wait = wait;
    if (sso_events_push(&e->events, &event)) {
        call->has_events = true;
    } else {
        e->starved = true;
    }
}

void sso_engine_finish(struct sso_engine *e, struct sso_call *call)
{
    struct sso_outcome *o = &call->outcome;

    if (call->submitted_us == 0) {
        call->submitted_us = sso_clock_us();
    } else {
        sso_timers_remove(&e->timers, call);
    }
    o->elapsed = (double)(sso_clock_us() - call->submitted_us) / 1e6;
    o->maybe_applied = o->kind != SSO_OK && call->unsettled;
    call->state = SSO_CALL_FINISHED;
    sso_list_push(&e->finished, call);
    e->finished_count++;
    sso_engine_record(e, call, SSO_EVENT_FINISH, 0);
}

/* Takes the attempt off the wire and back into the pool. */
static void release(struct sso_engine *e, struct sso_call *call)
{
    struct sso_attempt *a = call->attempt;

    curl_multi_remove_handle(e->multi, a->easy);
    call->attempt = NULL;
    a->call = NULL;
    e->in_flight--;
    a->next = e->idle; /* handles are made when none is idle: few there are */
    e->idle = a;
}

/* What an attempt that ended says about the server's state. */
static void note(struct sso_call *call, bool sent)
{
    const struct sso_outcome *o = &call->outcome;

    if (!sent || o->kind == SSO_OK) {
        return;
    }
    if (call->writes && sso_retry_is_unsettled(o)) {
        call->unsettled = true;
    }
    if (o->status == 0) {
        call->cut_off = true;
    }
}

/* True when the call now waits for its next attempt.  shared: the connection
 * of the last one could carry other calls as well. */
static bool retry(struct sso_engine *e, struct sso_call *call, bool sent,
                  bool shared)
{
    const struct sso_outcome *o = &call->outcome;
    int64_t now = sso_clock_us();
    int64_t room = call->deadline_us - now;
    int64_t wait;

    if (o->attempts > call->settings->max_retries ||
        !sso_retry_wanted(o, sent, call->repeatable)) {
        return false;
    }
    if (room <= 0 || o->retry_after * 1e6 >= (double)room) {
        return false; /* as a double: the server may ask for 2^62 seconds */
    }
    wait = sso_retry_jitter_us(o->attempts, sso_random_next(&e->random));
    if (o->retry_after > 0 && (int64_t)(o->retry_after * 1e6) > wait) {
        wait = (int64_t)(o->retry_after * 1e6);
    }
    if (wait >= room) {
        return false;
    }
    /* One kept-alive connection was dead: the others may be as well.  Of
     * shared ones there are no others, and calls that failed together shall
     * not make a connection each. */
    call->fresh = o->status == 0 && !shared;
    call->state = SSO_CALL_BACKOFF;
    sso_timers_change(&e->timers, call, now + wait);
    sso_engine_record(e, call, SSO_EVENT_RETRY, (double)wait / 1e6);
    return true;
}

void sso_engine_attempt_ended(struct sso_engine *e, struct sso_call *call,
                              CURLcode code)
{
    const struct sso_attempt *a = call->attempt;
    struct sso_outcome *o = &call->outcome;
    bool sent = sso_transfer_was_sent(a);
    bool shared = a->multiplexed;

    if (a->stop == SSO_STOP_STALE) {
        release(e, call);
        call->again = true;
        call->fresh = true;
        call->state = SSO_CALL_QUEUED;
        sso_list_push_front(&e->queue, call);
        return;
    }
    sso_outcome_read(call, a, code);
    release(e, call);
    if (o->kind == SSO_NOT_FOUND && call->is_delete && call->cut_off) {
        o->kind = SSO_OK; /* the attempt without an answer did it */
        o->already_gone = true;
    }
    note(call, sent);
    if (o->kind == SSO_OK || !retry(e, call, sent, shared)) {
        sso_engine_finish(e, call);
    }
}

/* Reads what a running attempt tells before it is cut off. */
static enum sso_phase stop_attempt(struct sso_engine *e, struct sso_call *call)
{
    struct sso_outcome *o = &call->outcome;
    enum sso_phase phase = sso_transfer_phase(call->attempt);

    sso_transfer_observe(call->attempt, o);
    if (call->writes && sso_transfer_was_sent(call->attempt)) {
        call->unsettled = true;
    }
    release(e, call);
    return phase;
}

void sso_engine_cut(struct sso_engine *e, struct sso_call *call,
                    enum sso_kind kind, const char *message)
{
    enum sso_phase phase;

    if (call->state == SSO_CALL_IN_FLIGHT) {
        phase = stop_attempt(e, call);
    } else if (call->state == SSO_CALL_QUEUED) {
        sso_list_remove(&e->queue, call);
        sso_call_reset_outcome(call);
        phase = SSO_PHASE_QUEUE;
    } else {
        sso_call_reset_outcome(call);
        phase = SSO_PHASE_BACKOFF;
    }
    if (kind == SSO_TIMEOUT) {
        sso_outcome_set_timeout(call, phase);
    } else {
        sso_outcome_set(&call->outcome, kind, message);
        call->outcome.phase = phase;
    }
    sso_engine_finish(e, call);
}
