/*
 * call.h - one call: what is asked, how long it may take, where it stands.
 *
 * States and the moves between them:
 *
 *   NEW ----> QUEUED <---> IN_FLIGHT ----> FINISHED ----> HANDED_OUT
 *    |          ^  \______________________^ ^
 *    |          |                           |
 *    |       BACKOFF <---- (from IN_FLIGHT) |
 *    |__________\___________________________|  (refused, cancelled)
 */
#ifndef SSO_TRANSPORT_CALL_H
#define SSO_TRANSPORT_CALL_H

#include "settings.h"
#include "sso_transport.h"

#pragma GCC visibility push(hidden)

enum sso_call_state {
    SSO_CALL_NEW = 0,
    SSO_CALL_QUEUED,    /* in engine->queue, and in engine->timers */
    SSO_CALL_IN_FLIGHT, /* has an attempt, and is in engine->timers */
    SSO_CALL_BACKOFF,   /* in engine->timers only */
    SSO_CALL_FINISHED,  /* in engine->finished */
    SSO_CALL_HANDED_OUT /* the caller's again */
};

struct sso_call {
    enum sso_call_state state;
    struct sso_call *next; /* in the queue or the finished list */
    struct sso_call *prev;
    struct sso_engine *engine;     /* owned reference; NULL: in none */
    struct sso_settings *settings; /* owned reference; NULL: refused calls */
    struct sso_attempt *attempt;   /* the engine's, while in flight */
    void *user;

    const char *method; /* these three lie behind the struct, in its block */
    const char *target; /* but for settings that came later: own_target */
    const char *body;   /* NULL: none */
    size_t body_len;
    const char *path;  /* what was asked for, without the settings' prefix */
    char *own_target;  /* owned; NULL: target lies in the block */
    size_t block_size; /* of the struct and what lies behind it */
    bool repeatable;
    bool writes; /* anything but GET and HEAD */
    bool is_delete;

    int64_t submitted_us;
    int64_t deadline_us;
    int64_t due_us; /* in the timers: the deadline, or the next attempt */
    size_t heap_at;

    bool again;      /* queued again without having sent: not counted */
    bool fresh;      /* the next attempt takes a new connection */
    bool unsettled;  /* some attempt may have been carried out */
    bool cut_off;    /* some attempt was sent and never answered */
    bool has_events; /* some lie in engine->events */

    struct sso_outcome outcome;
};

/* Empties what an attempt left in the outcome; flags of the call stay. */
void sso_call_reset_outcome(struct sso_call *call);

#pragma GCC visibility pop

#endif
