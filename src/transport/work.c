/*
 * work.c - what a step does, one unit at a time: a deadline, libcurl's own
 * timer, a start, a ready socket.
 *
 * Units are small on purpose.  A host that gives a step a millisecond gets it
 * back after a millisecond, however many sockets are ready.
 */
#include "engine.h"
#include "outcome.h"
#include "tls_errors.h"
#include "transfer.h"

#include <limits.h>

/*
 * Beyond so many connections that begin, another one begins after a while
 * only, whatever max_in_flight says.  libcurl lets every handle whose timer
 * has ended (IPv4 beside IPv6, after 0.2 s) work in one go, which no budget
 * can cut: with a thousand of them that was 100 ms and more.
 */
#define AT_ONCE  64u
#define APART_US 5000

/* ---- libcurl's two callbacks ------------------------------------------ */

int sso_engine_on_timer(CURLM *multi, long timeout_ms, void *engine)
{
    struct sso_engine *e = engine;

    (void)multi;
    /* 0 means "as soon as you can", not "now": we are inside libcurl. */
    e->curl_due_us = timeout_ms < 0
                         ? SSO_NEVER
                         : sso_clock_us() + (int64_t)timeout_ms * 1000;
    return 0;
}

int sso_engine_on_socket(CURL *easy, curl_socket_t fd, int what, void *engine,
                         void *unused)
{
    struct sso_engine *e = engine;
    struct sso_attempt *a = NULL;
    enum sso_kind kind = sso_sockets_want(&e->sockets, fd, what);

    (void)unused;
    if (kind == SSO_OK) {
        return 0;
    }
    /* The transfer would never hear from its socket.  An error from here
     * would end every transfer there is; this ends the one. */
    e->starved = e->starved || kind == SSO_MEMORY;
    if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&a) == CURLE_OK &&
        a != NULL && a->call != NULL) {
        a->stop = kind == SSO_MEMORY ? SSO_STOP_DEAF : SSO_STOP_UNWATCHED;
        a->socket_error = e->pollset.error;
        sso_timers_change(&e->timers, a->call, 0);
    }
    return 0;
}

/* ---- units ------------------------------------------------------------ */

/* Reports every transfer that libcurl has finished. */
static void drain(struct sso_engine *e)
{
    const CURLMsg *message;
    int left;

    for (message = curl_multi_info_read(e->multi, &left); message != NULL;
         message = curl_multi_info_read(e->multi, &left)) {
        struct sso_attempt *a = NULL;
        CURLcode code = message->data.result; /* gone with the handle */

        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
                              (char **)&a) == CURLE_OK &&
            a != NULL && a->call != NULL) {
            sso_engine_attempt_ended(e, a->call, code);
        }
    }
}

/*
 * Ends all transfers and connections.  When libcurl ran out of memory it does
 * not tell for which of them: that transfer would hear of nothing, and in 7.88
 * the next one on its connection divides by the size of a table, which is zero
 * by then.
 */
static void give_up(struct sso_engine *e)
{
    bool again = true;
    size_t i;

    /* A call that ends leaves the heap, which moves others: pass by pass. */
    while (again) {
        again = false;
        for (i = 0; i < e->timers.count; i++) {
            if (e->timers.heap[i]->state == SSO_CALL_IN_FLIGHT) {
                sso_engine_cut(e, e->timers.heap[i], SSO_MEMORY,
                               "no memory left to go on with a call");
                again = true;
            }
        }
    }
    sso_engine_close_curl(e);
}

static void act(struct sso_engine *e, curl_socket_t fd, int mask)
{
    int running = 0;
    CURLMcode code = curl_multi_socket_action(e->multi, fd, mask, &running);

    drain(e);
    if (code == CURLM_OUT_OF_MEMORY) {
        e->starved = true;
        give_up(e);
    }
}

/* A deadline, the end of a back-off, or a socket that cannot be watched. */
static bool do_due_call(struct sso_engine *e, int64_t now)
{
    struct sso_call *call = sso_timers_first(&e->timers);
    enum sso_stop stop;

    if (call == NULL || call->due_us > now) {
        return false;
    }
    stop = call->attempt != NULL ? call->attempt->stop : SSO_STOP_NONE;
    if (now >= call->deadline_us) {
        sso_engine_cut(e, call, SSO_TIMEOUT, NULL);
    } else if (stop == SSO_STOP_DEAF) {
        sso_engine_cut(e, call, SSO_MEMORY,
                       "no memory left to wait for a socket");
    } else if (stop == SSO_STOP_UNWATCHED) {
        sso_engine_attempt_ended(e, call, CURLE_COULDNT_CONNECT);
    } else {
        sso_timers_change(&e->timers, call, call->deadline_us);
        if (call->state == SSO_CALL_BACKOFF) {
            call->state = SSO_CALL_QUEUED;
            sso_list_push_front(&e->queue, call); /* older than all in it */
        }
    }
    return true;
}

static bool do_curl_timer(struct sso_engine *e, int64_t now)
{
    if (e->multi == NULL || e->curl_due_us > now) {
        return false;
    }
    e->curl_due_us = SSO_NEVER;
    act(e, CURL_SOCKET_TIMEOUT, 0);
    return true;
}

static struct sso_attempt *take_attempt(struct sso_engine *e)
{
    struct sso_attempt *a = e->idle;

    if (a == NULL) {
        return sso_attempt_new(e);
    }
    e->idle = a->next;
    a->next = NULL;
    return a;
}

static void fail_start(struct sso_engine *e, struct sso_call *call,
                       enum sso_kind kind)
{
    sso_outcome_set(&call->outcome, kind,
                    kind == SSO_MEMORY
                        ? "no memory left to start a call"
                        : "libcurl refused an option: look at proxy, ca_file "
                          "and client_cert");
    e->starved = e->starved || kind == SSO_MEMORY;
    sso_engine_finish(e, call);
}

static void put_on_wire(struct sso_engine *e, struct sso_call *call,
                        struct sso_attempt *a)
{
    enum sso_kind kind = sso_attempt_prepare(a, call);

    if (kind == SSO_OK &&
        curl_multi_add_handle(e->multi, a->easy) != CURLM_OK) {
        a->call = NULL;
        kind = SSO_MEMORY;
    }
    if (kind != SSO_OK) {
        sso_attempt_free(a);
        fail_start(e, call, kind);
        return;
    }
    call->attempt = a;
    call->state = SSO_CALL_IN_FLIGHT;
    e->in_flight++;
    e->starts++;
    if (!call->again) {
        call->outcome.attempts++;
        sso_engine_record(e, call, SSO_EVENT_ATTEMPT, 0);
    }
    call->again = false;
    call->fresh = false;
    e->curl_due_us = SSO_NEVER; /* libcurl sets its timer again */
    act(e, CURL_SOCKET_TIMEOUT, 0);
}

int64_t sso_engine_start_due_us(const struct sso_engine *e)
{
    if (e->queue.first == NULL || e->in_flight >= e->max_in_flight) {
        return SSO_NEVER;
    }
#if SSO_CURL_FEATURES >= 0x075000 /* older ones tell of no request */
    if (e->in_flight >= AT_ONCE && e->sockets.unused >= AT_ONCE) {
        return e->started_us + APART_US;
    }
#endif
    return 0;
}

static bool do_start(struct sso_engine *e, int64_t now)
{
    struct sso_call *call = e->queue.first;
    struct sso_attempt *a;

    if (sso_engine_start_due_us(e) > now) {
        return false;
    }
    e->started_us = now;
    sso_list_remove(&e->queue, call);
    sso_call_reset_outcome(call);
    a = sso_engine_open(e) == SSO_OK ? take_attempt(e) : NULL;
    if (a == NULL) {
        fail_start(e, call, SSO_MEMORY);
    } else {
        put_on_wire(e, call, a);
    }
    return true;
}

/* Milliseconds until then, rounded up; 0 when it is past. */
static int left_ms(int64_t end_us)
{
    int64_t left = (end_us - sso_clock_us() + 999) / 1000;

    if (left <= 0) {
        return 0;
    }
    return left < INT_MAX ? (int)left : INT_MAX;
}

/* One ready socket that libcurl waits for; end_us: how long to wait for it,
 * 0 is not at all. */
static bool do_socket(struct sso_engine *e, int64_t end_us)
{
    struct sso_ready ready;

    if (e->pollset.fd < 0) {
        return false;
    }
    while (sso_pollset_wait(&e->pollset, end_us > 0 ? left_ms(end_us) : 0,
                            &ready)) {
        const struct sso_socket *socket;
        int mask = 0;

        if (ready.is_timer) {
            continue; /* what is due by the clock was done, or is next */
        }
        socket = sso_sockets_find(&e->sockets, ready.fd);
        if (socket == NULL || socket->wanted == 0) {
            sso_sockets_ignore(&e->sockets, ready.fd);
            continue; /* a kept-alive connection that the server closed */
        }
        if ((socket->wanted & ready.events) == 0) {
            /* what it was ready for is done, or it is a new one */
            continue; /* GCOVR_EXCL_LINE: epoll tells of what is watched */
        }
        mask |= (ready.events & SSO_READ) != 0 ? CURL_CSELECT_IN : 0;
        mask |= (ready.events & SSO_WRITE) != 0 ? CURL_CSELECT_OUT : 0;
        act(e, ready.fd, mask);
        return true;
    }
    return false;
}

/* What the clock or the queue asks for. */
static bool do_due(struct sso_engine *e)
{
    int64_t now = sso_clock_us();

    return do_due_call(e, now) || do_curl_timer(e, now) || do_start(e, now);
}

static bool do_unit(struct sso_engine *e)
{
    return do_due(e) || do_socket(e, 0);
}

/* ---- stepping and waiting --------------------------------------------- */

static enum sso_kind end_step(struct sso_engine *e)
{
    enum sso_kind kind = e->starved ? SSO_MEMORY : SSO_OK;

    sso_tls_errors_pop();
    e->starved = false;
    sso_engine_settle(e);
    return kind;
}

enum sso_kind sso_engine_step(struct sso_engine *e, int64_t budget_us)
{
    int64_t start = sso_clock_us();
    size_t starts = e->starts;

    sso_engine_check_process(e);
    sso_tls_errors_mark();
    while (do_unit(e)) {
        if (budget_us >= 0 && sso_clock_us() - start >= budget_us) {
            break;
        }
        if (e->in_flight <= e->starts - starts &&
            sso_engine_work_due_us(e) > sso_clock_us()) {
            break; /* what is on the wire has just begun: nothing is ready */
        }
    }
    return end_step(e);
}

/* Until then nothing is due by the clock. */
static int64_t wait_end_us(const struct sso_engine *e, int64_t max_ms)
{
    int64_t due = sso_engine_work_due_us(e);
    int64_t now = sso_clock_us();
    int64_t end =
        max_ms < (SSO_NEVER - now) / 1000 ? now + max_ms * 1000 : SSO_NEVER;

    return due < end ? due : end;
}

enum sso_kind sso_engine_wait(struct sso_engine *e, int64_t max_ms)
{
    size_t finished;

    sso_engine_check_process(e);
    sso_tls_errors_mark();
    finished = e->finished_count;
    if (e->timers.count == 0) {
        return end_step(e); /* nothing could end the wait */
    }
    while (e->finished_count == finished && do_due(e)) {
    }
    if (e->finished_count == finished && do_socket(e, wait_end_us(e, max_ms))) {
        while (e->finished_count == finished && do_unit(e)) {
        }
    }
    return end_step(e);
}
