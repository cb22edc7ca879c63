/*
 * ending_test.c - calls that end early: the deadline in each phase, cancel
 * and free in each state, close with calls in flight.
 */
#include "check.h"
#include "rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- servers that do not answer --------------------------------------- */

/* A port where connecting hangs: its backlog is full and stays so. */
struct full_port {
    int fds[16];
    char url[64];
};

static void fill_port(struct full_port *p, const char *scheme)
{
    struct sockaddr_in name;
    socklen_t len = sizeof(name);
    size_t i;

    memset(&name, 0, sizeof(name));
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (i = 0; i < 16; i++) {
        p->fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    }
    CHECK(bind(p->fds[0], (struct sockaddr *)&name, len) == 0);
    CHECK(listen(p->fds[0], 0) == 0);
    getsockname(p->fds[0], (struct sockaddr *)&name, &len);
    for (i = 1; i < 16; i++) {
        int made = connect(p->fds[i], (struct sockaddr *)&name, len);

        CHECK(made == 0 || errno == EINPROGRESS);
    }
    snprintf(p->url, sizeof(p->url), "%s://127.0.0.1:%d", scheme,
             ntohs(name.sin_port));
}

static void free_port(struct full_port *p)
{
    size_t i;

    for (i = 0; i < 16; i++) {
        close(p->fds[i]);
    }
}

static bool stall(struct exchange *x)
{
    if (server_is_for(x, "/body")) {
        server_send(x, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"a\"");
    }
    return server_hang(x);
}

/* ---- the deadline ----------------------------------------------------- */

/*
 * Within 100 ms of the deadline, and what it was doing.  False when it had
 * not come to that phase yet.
 */
static bool check_timeout(struct rig_tries *t, const struct sso_call *call,
                          enum sso_phase phase, const char *words)
{
    const struct sso_outcome *o = rig_outcome(call);
    double timeout = (double)t->timeout_ms / 1e3;

    CHECK_TEXT(rig_kind(call), "timeout");
    CHECK(o->phase != SSO_PHASE_NONE);
    CHECK(o->elapsed >= timeout);
    CHECK(strstr(o->message, RIG_KEY) == NULL);
    CHECK(o->retryable);
    if (o->elapsed >= timeout + rig_patience()) {
        printf("    try %d: ended after %g s\n", t->made, o->elapsed);
        t->late = true;
    }
    if (o->phase < phase) {
        printf("    try %d: ended in %s\n", t->made, sso_phase_name(o->phase));
        t->cut_short = true;
        return false;
    }
    CHECK_TEXT(sso_phase_name(o->phase), sso_phase_name(phase));
    CHECK(strstr(o->message, words) != NULL);
    return true;
}

static void deadline_before_the_first_byte(void)
{
    struct rig_tries t = {0};

    while (rig_try(&t)) {
        struct sso_call *get;
        struct sso_call *patch;
        struct rig r;

        rig_open(&r, stall);
        r.spec.timeout_ms = t.timeout_ms;
        r.spec.max_retries = 3;
        rig_renew(&r, 0);
        get = rig_run(&r, "GET", "/", NULL);
        if (check_timeout(&t, get, SSO_PHASE_FIRST_BYTE,
                          "first byte of the answer from")) {
            CHECK(!rig_outcome(get)->maybe_applied);
            CHECK(rig_outcome(get)->attempts == 1);
        }
        patch = rig_run(&r, "PATCH", "/", "{}");
        if (check_timeout(&t, patch, SSO_PHASE_FIRST_BYTE,
                          "within the timeout of")) {
            CHECK(rig_outcome(patch)->maybe_applied);
        }
        CHECK(t.cut_short || server_await(&r.server.seen->requests, 2));
        CHECK(r.server.seen->requests <= 2);
        sso_call_free(get);
        sso_call_free(patch);
        rig_close(&r);
    }
    CHECK(!t.late);
}

static void deadline_in_the_queue(void)
{
    struct rig_tries t = {0};

    while (rig_try(&t)) {
        struct sso_call *first;
        struct sso_call *second;
        struct rig r;

        rig_open(&r, stall);
        rig_renew(&r, 1);
        first = rig_submit(&r, "GET", "/", NULL);
        r.spec.timeout_ms = t.timeout_ms;
        rig_renew(&r, 0);
        second = rig_submit(&r, "PATCH", "/", "{}");
        rig_finish(&r, second);
        check_timeout(&t, second, SSO_PHASE_QUEUE, "max_in_flight");
        CHECK(rig_outcome(second)->attempts == 0);
        CHECK(!rig_outcome(second)->maybe_applied);
        CHECK(sso_call_outcome(first) == NULL);
        sso_call_free(second);
        sso_call_free(first);
        rig_close(&r);
    }
    CHECK(!t.late);
}

/* Where one change is when its deadline passes.  url: NULL for the server's. */
static void deadline_in(enum sso_phase phase, const char *words,
                        const char *url, const char *scheme)
{
    bool answered = phase == SSO_PHASE_BODY;
    struct rig_tries t = {0};

    while (rig_try(&t)) {
        struct sso_call *call;
        char own_url[64];
        struct rig r;

        rig_open(&r, stall);
        snprintf(own_url, sizeof(own_url), "%s://127.0.0.1:%d", scheme,
                 r.server.port);
        r.spec.base_url = url != NULL ? url : own_url;
        r.spec.timeout_ms = t.timeout_ms;
        rig_renew(&r, 0);
        if (phase == SSO_PHASE_TLS) {
            /* OpenSSL initialises itself at the first TLS connection. */
            sso_call_free(rig_run(&r, "GET", "/", NULL));
        }
        call = rig_run(&r, "PATCH", answered ? "/body" : "/", "{}");
        CHECK(answered || !rig_outcome(call)->maybe_applied);
        if (check_timeout(&t, call, phase, words)) {
            CHECK(rig_outcome(call)->status == (answered ? 200 : 0));
            CHECK(rig_outcome(call)->maybe_applied == answered);
        }
        sso_call_free(call);
        rig_close(&r);
    }
    CHECK(!t.late);
}

static void deadline_in_the_body(void)
{
    deadline_in(SSO_PHASE_BODY, "reading the answer of 127.0.0.1", NULL,
                "http");
}

static void deadline_while_connecting(void)
{
    struct full_port port;

    fill_port(&port, "http");
    deadline_in(SSO_PHASE_CONNECT, "connecting to 127.0.0.1", port.url, "http");
    free_port(&port);
}

static void deadline_in_the_tls_handshake(void)
{
    deadline_in(SSO_PHASE_TLS, "in the TLS handshake with", NULL, "https");
}

/* ---- the connect time-out --------------------------------------------- */

static void nobody_accepts(void)
{
    struct full_port port;
    struct sso_call *call;
    struct rig r;

    fill_port(&port, "http");
    rig_open(&r, stall);
    r.spec.base_url = port.url;
    r.spec.connect_timeout_ms = 1000;
    r.spec.max_retries = 1;
    rig_renew(&r, 0);
    call = rig_run(&r, "POST", "/", "{}");
    CHECK_TEXT(rig_kind(call), "connect");
    CHECK_TEXT(sso_phase_name(rig_outcome(call)->phase), "connect");
    CHECK(rig_outcome(call)->attempts == 2);
    CHECK(strstr(rig_outcome(call)->message, "within 1 s (TCP)") != NULL);
    CHECK(!rig_outcome(call)->maybe_applied);
    sso_call_free(call);
    rig_close(&r);
    free_port(&port);
}

static void nobody_says_hello(void)
{
    struct sso_call *call;
    char url[64];
    struct rig r;

    rig_open(&r, stall);
    snprintf(url, sizeof(url), "https://127.0.0.1:%d", r.server.port);
    r.spec.base_url = url;
    r.spec.connect_timeout_ms = 1000;
    rig_renew(&r, 0);
    call = rig_run(&r, "PATCH", "/", "{}");
    CHECK_TEXT(rig_kind(call), "connect");
    CHECK_TEXT(sso_phase_name(rig_outcome(call)->phase), "tls");
    CHECK(strstr(rig_outcome(call)->message, "(TLS handshake)") != NULL);
    sso_call_free(call);
    rig_close(&r);
}

static void nobody_listens(void)
{
    struct sso_call *call;
    struct rig r;

    rig_open(&r, stall);
    r.spec.base_url = "http://127.0.0.1:1";
    rig_renew(&r, 0);
    call = rig_run(&r, "PATCH", "/", "{}");
    CHECK_TEXT(rig_kind(call), "connect");
    CHECK_TEXT(rig_outcome(call)->message,
               "no connection to 127.0.0.1:1: connection refused");
    CHECK(rig_outcome(call)->code == 7);
    sso_call_free(call);
    rig_close(&r);
}

/* ---- cancelling ------------------------------------------------------- */

static bool busy(struct exchange *x)
{
    if (server_is_for(x, "/retry")) {
        return server_reply(x, "503 Busy", "Retry-After: 3\r\n", "");
    }
    return server_hang(x);
}

static void check_cancelled(struct rig *r, struct sso_call *call,
                            const char *phase, bool maybe_applied)
{
    CHECK(sso_call_outcome(call) == NULL);
    CHECK(sso_call_cancel(call));
    CHECK(!sso_call_cancel(call));
    CHECK_TEXT(rig_kind(call), "cancelled");
    CHECK_TEXT(sso_phase_name(rig_outcome(call)->phase), phase);
    CHECK(rig_outcome(call)->maybe_applied == maybe_applied);
    CHECK(sso_engine_take_finished(r->engine) == call);
    CHECK(!sso_call_cancel(call));
    sso_call_free(call);
}

static void cancel_in_each_state(void)
{
    struct sso_call *in_flight;
    struct sso_call *queued;
    struct sso_call *waiting;
    struct rig r;

    rig_open(&r, busy);
    r.spec.max_retries = 1;
    rig_renew(&r, 1);
    waiting = rig_submit(&r, "PATCH", "/retry", "{}");
    in_flight = rig_submit(&r, "PATCH", "/", "{}");
    queued = rig_submit(&r, "PATCH", "/", "{}");
    CHECK(rig_await_requests(&r, 2)); /* a back-off holds no place */
    check_cancelled(&r, waiting, "backoff", false);
    check_cancelled(&r, queued, "queue", false);
    check_cancelled(&r, in_flight, "first_byte", true);
    CHECK(sso_engine_active(r.engine) == 0);
    rig_close(&r);
}

static void free_in_each_state(void)
{
    struct sso_call *calls[4];
    struct rig r;
    int i;

    rig_open(&r, busy);
    r.spec.max_retries = 1;
    r.spec.events = true;
    rig_renew(&r, 1);
    calls[0] = rig_submit(&r, "PATCH", "/retry", "{}");
    calls[1] = rig_submit(&r, "PATCH", "/", "{}");
    calls[2] = rig_submit(&r, "PATCH", "/", "{}");
    calls[3] = rig_submit(&r, "PATCH", "/", "{}");
    CHECK(rig_await_requests(&r, 2));
    sso_call_cancel(calls[3]);
    for (i = 0; i < 4; i++) {
        sso_call_free(calls[i]);
    }
    CHECK(sso_engine_active(r.engine) == 0);
    CHECK(sso_engine_timeout_ms(r.engine) != 0); /* no event is left either */
    rig_close(&r);
}

/* ---- closing ---------------------------------------------------------- */

static void close_ends_everything_once(void)
{
    struct sso_call *calls[4];
    struct sso_request request = {"GET", "/", NULL, 0, true};
    struct sso_call *late;
    struct rig r;
    int fd;
    int i;

    rig_open(&r, busy);
    rig_renew(&r, 2);
    fd = sso_engine_pollfd(r.engine);
    for (i = 0; i < 4; i++) {
        calls[i] = rig_submit(&r, "PATCH", "/", "{}");
    }
    CHECK(rig_await_requests(&r, 2));
    sso_engine_close(r.engine);
    sso_engine_close(r.engine);
    CHECK(rig_is_readable(fd, 1000)); /* whoever polls hears of it */
    CHECK(sso_engine_step(r.engine, -1) == SSO_OK);
    for (i = 0; i < 4; i++) {
        struct sso_call *call = sso_engine_take_finished(r.engine);

        CHECK(call != NULL);
        CHECK_TEXT(rig_kind(call), "cancelled");
        CHECK(rig_outcome(call)->maybe_applied ==
              (call == calls[0] || call == calls[1]));
        sso_call_free(call);
    }
    CHECK(!rig_is_readable(fd, 0));
    late = sso_call_new(r.settings, &request, NULL);
    CHECK(sso_engine_submit(r.engine, late) == SSO_CANCELLED);
    sso_call_free(late);
    rig_close(&r);
}

static void engine_lives_as_long_as_its_calls(void)
{
    struct sso_call *call;
    struct rig r;

    rig_open(&r, busy);
    call = rig_submit(&r, "PATCH", "/", "{}");
    CHECK(rig_await_requests(&r, 1));
    sso_engine_unref(r.engine);
    r.engine = NULL;
    CHECK(sso_call_cancel(call));
    CHECK_TEXT(rig_kind(call), "cancelled");
    sso_call_free(call);
    rig_close(&r);
}

/* ---- no time for another attempt -------------------------------------- */

static bool be_busy(struct exchange *x)
{
    return server_reply(x, "503 Busy", "", "{}");
}

/*
 * The wait before the second attempt is up to 500 ms by chance, and 60 are
 * left: it rarely fits, and a call whose does not ends without it.
 */
static void a_back_off_that_does_not_fit_is_not_begun(void)
{
    bool seen = false;
    struct rig r;
    int i;

    rig_open(&r, be_busy);
    r.spec.timeout_ms = 60;
    r.spec.max_retries = 5;
    rig_renew(&r, 0);
    for (i = 0; i < 500 && !seen; i++) {
        struct sso_call *call = rig_run(&r, "PUT", "/", "{}");

        if (rig_outcome(call)->attempts == 1 &&
            rig_outcome(call)->kind == SSO_SERVER) {
            seen = rig_outcome(call)->elapsed < 0.06;
            CHECK(rig_outcome(call)->status == 503);
            CHECK(rig_outcome(call)->retryable);
        }
        sso_call_free(call);
    }
    CHECK(seen);
    rig_close(&r);
}

int main(void)
{
    check_case("a deadline before the first byte",
               deadline_before_the_first_byte);
    check_case("a deadline in the body", deadline_in_the_body);
    check_case("a deadline in the queue", deadline_in_the_queue);
    check_case("a deadline while connecting", deadline_while_connecting);
    check_case("a deadline in the TLS handshake",
               deadline_in_the_tls_handshake);
    check_case("nobody accepts: connect, after connect_timeout",
               nobody_accepts);
    check_case("nobody says hello: connect, in the TLS phase",
               nobody_says_hello);
    check_case("nobody listens: connect, at once", nobody_listens);
    check_case("cancel in each state", cancel_in_each_state);
    check_case("free in each state", free_in_each_state);
    check_case("close ends everything, once", close_ends_everything_once);
    check_case("an engine lives as long as its calls",
               engine_lives_as_long_as_its_calls);
    check_case("a back-off that does not fit is not begun",
               a_back_off_that_does_not_fit_is_not_begun);
    return check_end();
}
