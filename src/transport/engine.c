/*
 * engine.c - the engine's life: made, opened, forked, closed, and when a loop
 * has to look at it again.
 *
 * It owns libcurl's multi handle, the pool of easy handles and the one
 * descriptor.  Calls that are in it hold a reference to it, so it goes when
 * its last user and its last call have gone.  queue.c takes calls in and
 * hands them out, work.c does the work.
 */
#include "engine.h"
#include "memory.h"
#include "outcome.h"
#include "process.h"
#include "tls_errors.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <unistd.h>

/*
 * OpenSSL 3 reads its configuration and lists its ciphers when it needs them
 * first, 3 to 5 ms.  In a step that would hold up a host's loop, so it is done
 * when the first engine is made.
 */
static void warm_up_tls(void)
{
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
    sso_tls_errors_mark();
    EVP_CIPHER_free(EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL));
    EVP_MD_free(EVP_MD_fetch(NULL, "SHA2-256", NULL));
    sso_tls_errors_pop();
#endif
}

static void initialise(void)
{
    /* Never undone: other users of libcurl may live in the process, and
     * its resolver's threads may outlive the engine. */
    curl_global_init(CURL_GLOBAL_DEFAULT);
    warm_up_tls();
}

/* ---- making and unmaking ---------------------------------------------- */

struct sso_engine *sso_engine_new(size_t max_in_flight)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct sso_engine *e = sso_calloc(1, sizeof(*e));

    if (e == NULL) {
        return NULL;
    }
    pthread_once(&once, initialise);
    e->refs = 1;
    e->process = sso_process_stamp();
    e->max_in_flight = max_in_flight > 0 ? max_in_flight : 1;
    e->curl_due_us = SSO_NEVER;
    e->random = sso_random_seed();
    e->sockets.pollset = &e->pollset;
    sso_pollset_init(&e->pollset);
    return e;
}

struct sso_engine *sso_engine_ref(struct sso_engine *e)
{
    e->refs++;
    return e;
}

void sso_engine_close_curl(struct sso_engine *e)
{
    sso_tls_errors_mark();
    while (e->idle != NULL) {
        struct sso_attempt *a = e->idle;

        e->idle = a->next;
        sso_attempt_free(a);
    }
    if (e->multi != NULL) {
        curl_multi_cleanup(e->multi); /* says good-bye on its connections */
        e->multi = NULL;
    }
    if (e->share != NULL) {
        curl_share_cleanup(e->share);
        e->share = NULL;
    }
    e->curl_due_us = SSO_NEVER;
    sso_sockets_free(&e->sockets);
    sso_tls_errors_pop();
}

void sso_engine_unref(struct sso_engine *e)
{
    if (e == NULL || --e->refs > 0) {
        return;
    }
    sso_engine_check_process(e); /* no call is in it any more */
    sso_engine_close_curl(e);
    sso_pollset_close(&e->pollset);
    sso_timers_free(&e->timers);
    sso_events_free(&e->events);
    sso_trust_free(&e->system_trust);
    sso_free(e);
}

static CURLSH *open_share(void)
{
    CURLSH *share = curl_share_init();

    if (share != NULL &&
        curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) !=
            CURLSHE_OK) {
        curl_share_cleanup(share);
        share = NULL;
    }
    return share;
}

static bool set_multi_options(struct sso_engine *e)
{
    long kept = e->max_in_flight < 1000000 ? (long)e->max_in_flight : 1000000;
    CURLMcode codes[] = {
        curl_multi_setopt(e->multi, CURLMOPT_SOCKETFUNCTION,
                          sso_engine_on_socket),
        curl_multi_setopt(e->multi, CURLMOPT_SOCKETDATA, e),
        curl_multi_setopt(e->multi, CURLMOPT_TIMERFUNCTION,
                          sso_engine_on_timer),
        curl_multi_setopt(e->multi, CURLMOPT_TIMERDATA, e),
        /* by default libcurl keeps four per handle it has now, and closes
         * the rest as soon as a burst is over */
        curl_multi_setopt(e->multi, CURLMOPT_MAXCONNECTS, kept),
        /* HTTP/2: by default libcurl puts 100 calls on a connection and gives
         * each further one a connection of its own */
        curl_multi_setopt(e->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, kept),
    };
    size_t i;

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i] != CURLM_OK) {
            return false;
        }
    }
    return true;
}

enum sso_kind sso_engine_open(struct sso_engine *e)
{
    enum sso_kind kind;

    if (e->multi != NULL) {
        return SSO_OK;
    }
    kind = sso_pollset_open(&e->pollset);
    if (kind != SSO_OK) {
        return kind;
    }
    e->multi = curl_multi_init();
    e->share = open_share();
    if (e->multi == NULL || e->share == NULL || !set_multi_options(e)) {
        sso_engine_close_curl(e);
        return SSO_MEMORY;
    }
    return SSO_OK;
}

/* ---- fork ------------------------------------------------------------- */

/*
 * libcurl's memory is given up, not cleaned up: cleaning up would send TLS
 * close-notify on the parent's connections.  The epoll description is shared
 * with the parent, so nothing is taken out of it either.
 */
static void abandon(struct sso_engine *e)
{
    sso_sockets_abandon(&e->sockets);
    sso_pollset_abandon(&e->pollset);
    e->exported = false; /* the number was the parent's */
    e->lent = false;
    while (e->idle != NULL) {
        struct sso_attempt *a = e->idle;

        e->idle = a->next;
        sso_attempt_abandon(a);
    }
    e->multi = NULL;
    e->share = NULL;
    e->curl_due_us = SSO_NEVER;
}

void sso_engine_check_process(struct sso_engine *e)
{
    static const char words[] = "this process was forked: the call goes on "
                                "in the parent, where it was made";
    struct sso_call *call;

    if (e->process == sso_process_stamp()) {
        return;
    }
    e->process = sso_process_stamp();
    e->random = sso_random_seed();
    abandon(e);
    for (call = sso_timers_first(&e->timers); call != NULL;
         call = sso_timers_first(&e->timers)) {
        if (call->attempt != NULL) {
            sso_attempt_abandon(call->attempt);
            call->attempt = NULL;
            e->in_flight--;
        }
        if (call->state == SSO_CALL_QUEUED) {
            sso_list_remove(&e->queue, call);
        }
        sso_call_reset_outcome(call);
        sso_outcome_set(&call->outcome, SSO_CANCELLED, words);
        sso_engine_finish(e, call);
    }
}

/* ---- closing ---------------------------------------------------------- */

void sso_engine_close(struct sso_engine *e)
{
    struct sso_call *call;

    sso_engine_check_process(e);
    sso_tls_errors_mark();
    e->closed = true;
    for (call = sso_timers_first(&e->timers); call != NULL;
         call = sso_timers_first(&e->timers)) {
        sso_engine_cut(e, call, SSO_CANCELLED, "the client was closed");
    }
    sso_tls_errors_pop();
    sso_engine_close_curl(e);
    if (!e->exported && !e->lent) {
        sso_pollset_close(&e->pollset);
    }
    /* A descriptor that a loop still polls stays, and tells it about the
     * calls that have just ended. */
    sso_engine_settle(e);
}

/* ---- when and where to wait ------------------------------------------- */

/* When the next unit of work is due by the clock; 0: now. */
int64_t sso_engine_work_due_us(const struct sso_engine *e)
{
    int64_t due = sso_timers_due_us(&e->timers);
    int64_t start = sso_engine_start_due_us(e);

    due = start < due ? start : due;
    return e->curl_due_us < due ? e->curl_due_us : due;
}

/* As above, and at once when something waits to be taken. */
static int64_t due_us(const struct sso_engine *e)
{
    if (e->finished.first != NULL || e->events.count > 0) {
        return 0;
    }
    return sso_engine_work_due_us(e);
}

void sso_engine_settle(struct sso_engine *e)
{
    int64_t due;

    if (!e->exported) {
        return;
    }
    due = due_us(e);
    /* An alarm that is set earlier wakes the loop once for nothing; setting
     * it anew after every call would cost a system call each time. */
    if (due == SSO_NEVER || e->pollset.armed_us > due ||
        e->pollset.armed_us <= sso_clock_us()) {
        sso_pollset_arm(&e->pollset, due);
    }
}

int64_t sso_engine_timeout_ms(struct sso_engine *e)
{
    int64_t due;
    int64_t left;

    sso_engine_check_process(e);
    due = due_us(e);
    if (due == SSO_NEVER) {
        return -1;
    }
    left = due - sso_clock_us();
    return left > 0 ? (left + 999) / 1000 : 0;
}

int sso_engine_pollfd(struct sso_engine *e)
{
    sso_engine_check_process(e);
    if (sso_pollset_open(&e->pollset) != SSO_OK ||
        sso_pollset_open_timer(&e->pollset) != SSO_OK) {
        return -1;
    }
    e->exported = true;
    sso_engine_settle(e);
    return e->pollset.fd;
}

int sso_engine_socket_fd(struct sso_engine *e)
{
    sso_engine_check_process(e);
    if (sso_pollset_open(&e->pollset) != SSO_OK) {
        return -1;
    }
    e->lent = true;
    return e->pollset.fd;
}

const char *sso_engine_refusal(const struct sso_engine *e)
{
    return sso_pollset_reason(e->pollset.error);
}

/* ---- versions --------------------------------------------------------- */

const char *sso_transport_curl_version(void)
{
    const char *version = curl_version_info(CURLVERSION_NOW)->version;

    return version != NULL ? version : "unknown";
}

const char *sso_transport_tls_version(void)
{
    const char *version = curl_version_info(CURLVERSION_NOW)->ssl_version;

    return version != NULL ? version : "none";
}
