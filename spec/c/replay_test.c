/*
 * replay_test.c - requests that are sent again: never behind our back, never
 * more often than `attempts` says, and a POST not at all once it was sent.
 *
 * libcurl repeats a request by itself when a kept-alive connection turns out
 * dead; here the server dies in each way it can and counts.
 */
#include "check.h"
#include "rig.h"

/* ---- a kept-alive connection that dies -------------------------------- */

/* Answers the first request of a connection, resets at every other one. */
static bool die_at_second(struct exchange *x)
{
    if (x->on_connection > 1) {
        return server_reset(x);
    }
    return server_reply(x, "200 OK", "", "{}");
}

static struct sso_call *warm_and_run(struct rig *r, const char *method,
                                     const char *body)
{
    struct sso_call *first = rig_run(r, "GET", "/warm", NULL);

    CHECK_TEXT(rig_kind(first), "ok");
    sso_call_free(first);
    return rig_run(r, method, "/x", body);
}

static void check_retried(const char *method, const char *body)
{
    struct sso_call *call;
    struct rig r;

    rig_open(&r, die_at_second);
    r.spec.max_retries = 2;
    rig_renew(&r, 0);
    call = warm_and_run(&r, method, body);
    CHECK_TEXT(rig_kind(call), "ok");
    CHECK(rig_outcome(call)->attempts == (rig_can_veto() ? 2 : 1));
    CHECK(!rig_outcome(call)->maybe_applied);
    CHECK(r.server.seen->requests == 1 + 2);
    sso_call_free(call);
    rig_close(&r);
}

static void dying_connection_get_and_patch_are_our_retries(void)
{
    check_retried("GET", NULL);
    check_retried("PATCH", "{}");
    check_retried("DELETE", NULL);
}

static void check_not_retried(const char *method, unsigned max_retries)
{
    const struct sso_outcome *o;
    struct sso_call *call;
    struct rig r;

    rig_open(&r, die_at_second);
    r.spec.max_retries = max_retries;
    rig_renew(&r, 0);
    call = warm_and_run(&r, method, "{}");
    o = rig_outcome(call);
    CHECK_TEXT(rig_kind(call), "network");
    CHECK(o->phase == SSO_PHASE_FIRST_BYTE);
    CHECK(o->attempts == 1);
    CHECK(o->maybe_applied);
    CHECK(o->retryable);
    CHECK(o->timings.reused);
    CHECK(strstr(o->message, "kept-alive") != NULL);
    CHECK(r.server.seen->requests == 1 + 1);
    sso_call_free(call);
    rig_close(&r);
}

static void post_avoids_kept_alive_connections(void)
{
    struct sso_call *call;
    struct rig r;

    rig_open(&r, die_at_second);
    call = warm_and_run(&r, "POST", "{}");
    CHECK_TEXT(rig_kind(call), "ok");
    CHECK(!rig_outcome(call)->timings.reused);
    CHECK(r.server.seen->requests == 2 && r.server.seen->connections == 2);
    sso_call_free(call);
    rig_close(&r);
}

static void dying_connection_post_is_sent_once(void)
{
    if (!rig_can_veto()) {
        post_avoids_kept_alive_connections();
        return;
    }
    check_not_retried("POST", 5);
    check_not_retried("PATCH", 0);
}

/* Many pooled connections, all of them dead: once each, then a fresh one. */
static bool answer_slowly_then_die(struct exchange *x)
{
    if (x->on_connection > 1) {
        return server_reset(x);
    }
    server_wait_gate(x, 1);
    return server_reply(x, "200 OK", "", "{}");
}

static void a_pool_of_dead_connections_costs_one_retry(void)
{
    struct sso_call *calls[6];
    struct sso_call *call;
    struct rig r;
    int i;

    rig_open(&r, answer_slowly_then_die);
    r.spec.max_retries = 2;
    rig_renew(&r, 6);
    for (i = 0; i < 6; i++) {
        calls[i] = rig_submit(&r, "PATCH", "/warm", "{}");
    }
    CHECK(rig_await_requests(&r, 6));
    server_open_gate(&r.server);
    for (i = 0; i < 6; i++) {
        CHECK(rig_finish(&r, calls[i])->kind == SSO_OK);
        sso_call_free(calls[i]);
    }
    CHECK(r.server.seen->connections == 6);
    call = rig_run(&r, "PATCH", "/x", "{}");
    CHECK_TEXT(rig_kind(call), "ok");
    CHECK(!rig_can_veto() || rig_outcome(call)->attempts == 2);
    CHECK(!rig_can_veto() || r.server.seen->requests == 6 + 2);
    sso_call_free(call);
    rig_close(&r);
}

/* ---- an idle connection that has said something ----------------------- */

static bool answer_and_babble(struct exchange *x)
{
    if (x->number == 1) {
        server_reply(x, "200 OK", "", "first");
        server_wait_gate(x, 1);
        server_send(x, "HTTP/1.1 408 Request Timeout\r\n"
                       "Content-Length: 5\r\n\r\nstray");
        __atomic_store_n(&x->seen->gates, 2, __ATOMIC_SEQ_CST);
        return true;
    }
    return server_reply(x, "200 OK", "", "second");
}

static void stray_answer_is_not_taken(void)
{
    struct sso_call *call;
    struct rig r;

    rig_open(&r, answer_and_babble);
    call = rig_run(&r, "GET", "/1", NULL);
    sso_call_free(call);
    server_open_gate(&r.server);
    CHECK(server_await(&r.server.seen->gates, 2));
    call = rig_run(&r, "POST", "/2", "{}");
    CHECK_TEXT(rig_kind(call), "ok");
    CHECK_TEXT(rig_outcome(call)->body.data, "second");
    CHECK(rig_outcome(call)->attempts == 1);
    CHECK(!rig_outcome(call)->timings.reused);
    CHECK(r.server.seen->requests == 2);
    CHECK(r.server.seen->connections == 2);
    sso_call_free(call);
    rig_close(&r);
}

/* Answers and closes; gates says when. */
static bool answer_and_close(struct exchange *x)
{
    server_reply(x, "200 OK", "", "{}");
    server_wait_gate(x, 1);
    return server_end(x);
}

static void closed_idle_connection_costs_nothing(void)
{
    struct sso_call *call;
    struct rig r;
    int fd;

    rig_open(&r, answer_and_close);
    fd = sso_engine_pollfd(r.engine);
    call = rig_run(&r, "GET", "/1", NULL);
    CHECK(sso_engine_take_finished(r.engine) == call);
    sso_call_free(call);
    server_open_gate(&r.server);
    CHECK(server_await(&r.server.seen->ended, 1));
    CHECK(rig_is_readable(fd, 2000)); /* the end of the stream */
    sso_engine_step(r.engine, -1);
    CHECK(!rig_is_readable(fd, 0)); /* ... is heard once */
    call = rig_run(&r, "POST", "/2", "{}");
    CHECK_TEXT(rig_kind(call), "ok");
    CHECK(rig_outcome(call)->attempts == 1);
    CHECK(r.server.seen->requests == 2);
    sso_call_free(call);
    rig_close(&r);
}

/* ---- retries by status ------------------------------------------------ */

static bool answer_by_path(struct exchange *x)
{
    const char *wait = server_is_for(x, "/0") ? "Retry-After: 0\r\n" : "";

    if (server_is_for(x, "/fail500")) {
        return server_reply(x, "500 Oops", wait, "[]");
    }
    if (server_is_for(x, "/fail503")) {
        return server_reply(x, "503 Busy", wait, "[]");
    }
    if (server_is_for(x, "/fail429")) {
        return server_reply(x, "429 Slow", wait, "[]");
    }
    if (server_is_for(x, "/fail404")) {
        return server_reply(x, "404 None", wait, "[]");
    }
    if (server_is_for(x, "/long")) {
        return server_reply(x, "429 Slow", "Retry-After: 60\r\n", "[]");
    }
    if (server_is_for(x, "/cut")) {
        server_send(x, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{");
        return false;
    }
    return server_reset(x);
}

static const struct status_row {
    const char *method;
    const char *path;
    const char *kind;
    unsigned attempts;
    bool maybe_applied;
} status_rows[] = {
    {"PATCH", "/fail500", "server", 2, true},
    {"GET", "/fail500", "server", 2, false},
    {"POST", "/fail500", "server", 1, true},
    {"PATCH", "/fail503", "server", 2, true},
    {"POST", "/fail503", "server", 1, true},
    {"POST", "/fail503/0", "server", 2, false},
    {"PATCH", "/fail503/0", "server", 2, false},
    {"POST", "/fail429", "rate_limited", 2, false},
    {"PATCH", "/fail404", "not_found", 1, false},
    {"PATCH", "/long", "rate_limited", 1, false},
    {"GET", "/cut", "network", 2, false},
    {"PATCH", "/cut", "network", 2, true},
    {"POST", "/cut", "network", 1, true},
    {"POST", "/reset", "network", 1, true},
    {"PATCH", "/reset", "network", 2, true},
};

static void requests_at_the_server_equal_attempts(void)
{
    struct rig r;
    size_t i;

    rig_open(&r, answer_by_path);
    r.spec.max_retries = 1;
    rig_renew(&r, 0);
    for (i = 0; i < sizeof(status_rows) / sizeof(status_rows[0]); i++) {
        const struct status_row *row = &status_rows[i];
        const char *body = row->method[0] == 'P' ? "{}" : NULL;
        int before = r.server.seen->requests;
        struct sso_call *call = rig_run(&r, row->method, row->path, body);
        const struct sso_outcome *o = rig_outcome(call);
        bool held = true;

        held = CHECK(strcmp(rig_kind(call), row->kind) == 0) && held;
        held = CHECK(o->attempts == row->attempts) && held;
        held = CHECK(o->maybe_applied == row->maybe_applied) && held;
        held = CHECK(!rig_can_veto() ||
                     r.server.seen->requests - before == (int)o->attempts) &&
               held;
        if (!held) {
            printf("    row: %s %s: %s (%s)\n", row->method, row->path,
                   rig_kind(call), o->message);
        }
        sso_call_free(call);
    }
    rig_close(&r);
}

static void wait_that_does_not_fit_ends_at_once(void)
{
    struct rig_tries t = {0};

    while (rig_try(&t)) {
        double start = rig_now();
        struct sso_call *call;
        struct rig r;

        rig_open(&r, answer_by_path);
        r.spec.max_retries = 3;
        rig_renew(&r, 0);
        call = rig_run(&r, "PATCH", "/long", "{}");
        CHECK_TEXT(rig_kind(call), "rate_limited");
        CHECK(rig_outcome(call)->retry_after == 60);
        CHECK(rig_outcome(call)->retryable);
        CHECK_TEXT(rig_outcome(call)->body.data, "[]");
        t.late = rig_now() - start >= 1;
        sso_call_free(call);
        rig_close(&r);
    }
    CHECK(!t.late);
}

/* ---- the wait, and DELETE --------------------------------------------- */

static bool ask_for_a_second(struct exchange *x)
{
    if (x->number == 1) {
        return server_reply(x, "503 Busy", "Retry-After: 1\r\n", "");
    }
    return server_reply(x, "200 OK", "", "{}");
}

static void retry_after_is_waited_for(void)
{
    struct sso_event event;
    struct sso_call *call;
    struct rig r;
    int types[8] = {-1, -1, -1, -1, -1, -1, -1, -1};
    int n = 0;

    rig_open(&r, ask_for_a_second);
    r.spec.max_retries = 1;
    r.spec.events = true;
    rig_renew(&r, 0);
    call = rig_run(&r, "POST", "/", "{}");
    CHECK_TEXT(rig_kind(call), "ok");
    CHECK(rig_outcome(call)->elapsed >= 1);
    CHECK(!rig_outcome(call)->maybe_applied);
    while (n < 8 && sso_engine_take_event(r.engine, &event)) {
        types[n++] = (int)event.type;
        if (event.type == SSO_EVENT_RETRY) {
            CHECK(event.wait >= 1 && event.wait < 1.1);
            CHECK(event.status == 503 && event.reason == SSO_SERVER);
        }
    }
    CHECK(n == 5);
    CHECK(types[0] == SSO_EVENT_START && types[1] == SSO_EVENT_ATTEMPT &&
          types[2] == SSO_EVENT_RETRY && types[3] == SSO_EVENT_ATTEMPT &&
          types[4] == SSO_EVENT_FINISH);
    sso_call_free(call);
    rig_close(&r);
}

static bool cut_off_then_gone(struct exchange *x)
{
    if (x->number == 1) {
        return server_reset(x);
    }
    return server_reply(x, "404 Not Found", "", "{}");
}

static void delete_that_was_cut_off_and_is_gone_is_done(void)
{
    struct sso_call *call;
    struct rig r;

    rig_open(&r, cut_off_then_gone);
    r.spec.max_retries = 1;
    rig_renew(&r, 0);
    call = rig_run(&r, "DELETE", "/x", NULL);
    CHECK_TEXT(rig_kind(call), "ok");
    CHECK(rig_outcome(call)->already_gone);
    CHECK(rig_outcome(call)->status == 404);
    sso_call_free(call);
    call = rig_run(&r, "DELETE", "/x", NULL); /* never there */
    CHECK_TEXT(rig_kind(call), "not_found");
    CHECK(!rig_outcome(call)->already_gone);
    sso_call_free(call);
    rig_close(&r);
}

static bool cut_off_then_refuse(struct exchange *x)
{
    if (x->number == 1) {
        return server_reset(x);
    }
    return server_reply(x, "403 Forbidden", "", "{}");
}

static void doubt_of_the_first_attempt_stays(void)
{
    struct sso_call *call;
    struct rig r;

    rig_open(&r, cut_off_then_refuse);
    r.spec.max_retries = 1;
    rig_renew(&r, 0);
    call = rig_run(&r, "PATCH", "/x", "{}");
    CHECK_TEXT(rig_kind(call), "forbidden");
    CHECK(rig_outcome(call)->attempts == 2);
    CHECK(rig_outcome(call)->maybe_applied);
    sso_call_free(call);
    rig_close(&r);
}

/* ---- what is no HTTP -------------------------------------------------- */

static bool answer_no_http(struct exchange *x)
{
    if (server_is_for(x, "/09")) {
        server_send(x, "hello\n");
    } else if (server_is_for(x, "/9.9")) {
        server_send(x, "HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n");
    } else if (server_is_for(x, "/chunk")) {
        server_send(x, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "zz\r\nabc\r\n");
    } else {
        server_send(x, "HTTP/1.1 103 Early Hints\r\n\r\n");
    }
    return false;
}

static void what_is_no_http_is_a_protocol_error(void)
{
    static const char *const paths[] = {"/09", "/9.9", "/chunk"};
    struct sso_call *call;
    struct rig r;
    size_t i;

    rig_open(&r, answer_no_http);
    r.spec.max_retries = 2;
    rig_renew(&r, 0);
    for (i = 0; i < 3; i++) {
        call = rig_run(&r, "PATCH", paths[i], "{}");
        if (!CHECK(strcmp(rig_kind(call), "protocol") == 0)) {
            printf("    %s: %s, %s\n", paths[i], rig_kind(call),
                   rig_outcome(call)->message);
        }
        CHECK(rig_outcome(call)->attempts == 1);
        CHECK(rig_outcome(call)->maybe_applied);
        sso_call_free(call);
    }
    call = rig_run(&r, "POST", "/only-hints", "{}");
    CHECK_TEXT(rig_kind(call), "network");
    CHECK(rig_outcome(call)->status == 0);
    CHECK(rig_outcome(call)->headers.len == 0);
    sso_call_free(call);
    rig_close(&r);
}

int main(void)
{
    check_case("a dying connection: GET, PATCH, DELETE are our retries",
               dying_connection_get_and_patch_are_our_retries);
    check_case("a dying connection: a POST is sent once",
               dying_connection_post_is_sent_once);
    check_case("a pool of dead connections costs one retry",
               a_pool_of_dead_connections_costs_one_retry);
    check_case("a stray answer is not taken", stray_answer_is_not_taken);
    check_case("an idle connection that was closed costs nothing",
               closed_idle_connection_costs_nothing);
    check_case("requests at the server equal attempts",
               requests_at_the_server_equal_attempts);
    check_case("a wait that does not fit ends the call at once",
               wait_that_does_not_fit_ends_at_once);
    check_case("Retry-After is waited for", retry_after_is_waited_for);
    check_case("a DELETE that was cut off and is gone is done",
               delete_that_was_cut_off_and_is_gone_is_done);
    check_case("the doubt of the first attempt stays",
               doubt_of_the_first_attempt_stays);
    check_case("what is no HTTP is a protocol error",
               what_is_no_http_is_a_protocol_error);
    return check_end();
}
