/*
 * engine.h - the engine's inside: shared by engine.c (its life), queue.c
 * (calls in and out), work.c (what a step does) and ending.c (what becomes of
 * attempts and calls).
 */
#ifndef SSO_TRANSPORT_ENGINE_H
#define SSO_TRANSPORT_ENGINE_H

#include "attempt.h"
#include "call.h"
#include "events.h"
#include "pollset.h"
#include "sockets.h"
#include "timers.h"

#pragma GCC visibility push(hidden)

struct sso_list {
    struct sso_call *first;
    struct sso_call *last;
};

struct sso_engine {
    size_t refs;
    uint64_t process; /* stamp of the one that owns the connections */
    bool closed;
    bool exported; /* somebody polls our descriptor */
    bool lent;     /* the same, and looks at the clock by himself */
    bool starved;  /* an allocation failed since the last step began */
    size_t max_in_flight;
    size_t in_flight; /* calls with an attempt on the wire */
    size_t finished_count;

    CURLM *multi;  /* NULL until the first call */
    CURLSH *share; /* TLS sessions, for handles that come and go */
    int64_t curl_due_us;
    int64_t started_us; /* when a call went on the wire last */
    size_t starts;      /* how many did so, ever */
    struct sso_pollset pollset;
    struct sso_sockets sockets;
    struct sso_timers timers; /* every call that is under way */
    struct sso_list queue;
    struct sso_list finished;
    struct sso_events events;

    struct sso_attempt *idle;      /* pooled handles, the last used first */
    size_t attempts_made;          /* handles, over the engine's life */
    struct sso_trust system_trust; /* looked for once */
    bool system_trust_known;
    uint64_t random;
};

void sso_list_push(struct sso_list *list, struct sso_call *call);
void sso_list_push_front(struct sso_list *list, struct sso_call *call);
void sso_list_remove(struct sso_list *list, struct sso_call *call);

/* libcurl and the descriptor, at the first call of this process.  SSO_OK,
 * SSO_MEMORY or SSO_CONFIG (see sso_engine_refusal). */
enum sso_kind sso_engine_open(struct sso_engine *e);

/* Gives all of libcurl back, its connections too; no call is in flight.  What
 * is to start next opens it again. */
void sso_engine_close_curl(struct sso_engine *e);

/* To be called on every entry: in a forked child starts afresh. */
void sso_engine_check_process(struct sso_engine *e);

/* When the first call of the queue may start, or SSO_NEVER; 0: now. */
int64_t sso_engine_start_due_us(const struct sso_engine *e);

/* When the engine itself has something to do next, or SSO_NEVER. */
int64_t sso_engine_work_due_us(const struct sso_engine *e);

/* Arms the timer of the exported descriptor for what is due next. */
void sso_engine_settle(struct sso_engine *e);

/* Takes a call out wherever it is; it is then in no engine. */
void sso_engine_forget(struct sso_engine *e, struct sso_call *call);
bool sso_engine_cancel(struct sso_engine *e, struct sso_call *call);

/* ---- ending.c --------------------------------------------------------- */

/* libcurl is done with an attempt: retries, or finishes the call. */
void sso_engine_attempt_ended(struct sso_engine *e, struct sso_call *call,
                              CURLcode code);

/* Ends a call that is under way, from outside: SSO_TIMEOUT says why itself,
 * other kinds by the message.  Cuts its attempt off. */
void sso_engine_cut(struct sso_engine *e, struct sso_call *call,
                    enum sso_kind kind, const char *message);

/* Moves a call, whose outcome is set, to the finished ones. */
void sso_engine_finish(struct sso_engine *e, struct sso_call *call);

void sso_engine_record(struct sso_engine *e, struct sso_call *call,
                       enum sso_event_type type, double wait);

/* ---- work.c ----------------------------------------------------------- */

/* The callbacks for CURLMOPT_SOCKETFUNCTION and CURLMOPT_TIMERFUNCTION. */
int sso_engine_on_socket(CURL *easy, curl_socket_t fd, int what, void *engine,
                         void *unused);
int sso_engine_on_timer(CURLM *multi, long timeout_ms, void *engine);

#pragma GCC visibility pop

#endif
