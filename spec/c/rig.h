/*
 * rig.h - what most C specs need: a server, settings that lead to it, an
 * engine, and calls that are driven to their end.
 */
#ifndef SSO_SPEC_RIG_H
#define SSO_SPEC_RIG_H

#include "../../src/transport/sso_transport.h"
#include "server.h"

#define RIG_KEY "SG.rig-key-that-nobody-may-see"

struct rig {
    struct server server;
    struct sso_settings_spec spec; /* as used for settings */
    struct sso_settings *settings;
    struct sso_engine *engine;
};

/* Defaults: 5 s, no retries, 8 in flight. */
void rig_open(struct rig *r, server_script *script);

/* To be called after changing r->spec, or with another number in flight. */
void rig_renew(struct rig *r, size_t max_in_flight);
void rig_close(struct rig *r);

struct sso_call *rig_submit(struct rig *r, const char *method, const char *path,
                            const char *body);

/* Drives the engine until the call is over, 10 s at most. */
const struct sso_outcome *rig_finish(struct rig *r, struct sso_call *call);

/* submit and finish; the call is to be freed. */
struct sso_call *rig_run(struct rig *r, const char *method, const char *path,
                         const char *body);
const struct sso_outcome *rig_outcome(const struct sso_call *call);

/* Drives until n requests have reached the server; false after 5 s. */
bool rig_await_requests(struct rig *r, int n);

/* The name of an outcome's kind; "none" while a call is under way. */
const char *rig_kind(const struct sso_call *call);

/*
 * Whether libcurl's own replays can be refused, from 7.80 on; below it a POST
 * takes a new connection instead.
 */
bool rig_can_veto(void);

bool rig_is_readable(int fd, int timeout_ms);
int rig_count_descriptors(void);
double rig_now(void); /* s, monotonic */

/*
 * How long after its deadline a call may end, s: what the contract promises,
 * and ten times that under a sanitizer or valgrind.
 */
double rig_patience(void);

/*
 * Tries of a case that is about time, which the machine may spoil by holding
 * up a process: five at most, until one is neither late nor cut short.
 *
 *     struct rig_tries t = {0};
 *
 *     while (rig_try(&t)) {
 *         ... t.late = t.late || elapsed > ...;
 *     }
 *     CHECK(!t.late);
 */
struct rig_tries {
    int made;
    int64_t timeout_ms; /* a short one; longer after a try that it cut short */
    bool late;
    bool cut_short; /* it ended before it came to what it is about */
};

bool rig_try(struct rig_tries *t);

#endif
