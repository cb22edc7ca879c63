/*
 * engine_test.c - how an engine is driven: the queue, the descriptor, the
 * budget, waiting, events.
 */
#include "../../src/transport/call.h"
#include "check.h"
#include "rig.h"

/* ---- the queue -------------------------------------------------------- */

static bool answer_in_order(struct exchange *x)
{
    char number[32];

    snprintf(number, sizeof(number), "%d", x->number);
    return server_reply(x, "200 OK", "", number);
}

static void one_in_flight_keeps_the_order(void)
{
    struct sso_call *calls[5];
    struct rig r;
    int i;

    rig_open(&r, answer_in_order);
    rig_renew(&r, 1);
    for (i = 0; i < 5; i++) {
        calls[i] = rig_submit(&r, "GET", "/q", NULL);
    }
    CHECK(sso_engine_active(r.engine) == 5);
    for (i = 0; i < 5; i++) {
        char number[32];

        snprintf(number, sizeof(number), "%d", i + 1);
        rig_finish(&r, calls[i]);
        CHECK_TEXT(rig_outcome(calls[i])->body.data, number);
        CHECK(sso_engine_take_finished(r.engine) == calls[i]);
        sso_call_free(calls[i]);
    }
    CHECK(sso_engine_active(r.engine) == 0);
    CHECK(sso_engine_take_finished(r.engine) == NULL);
    CHECK(r.server.seen->connections == 1);
    rig_close(&r);
}

static void never_more_in_flight_than_allowed(void)
{
    struct sso_call *calls[64];
    struct rig r;
    int round;
    int i;

    rig_open(&r, answer_in_order);
    r.spec.timeout_ms = 20000; /* the last of 64 has waited for the others */
    rig_renew(&r, 4);
    for (round = 0; round < 2; round++) {
        for (i = 0; i < 64; i++) {
            calls[i] = rig_submit(&r, "PATCH", "/q", "{}");
        }
        for (i = 0; i < 64; i++) {
            CHECK(rig_finish(&r, calls[i])->kind == SSO_OK);
            sso_call_free(calls[i]);
        }
    }
    CHECK(r.server.seen->requests == 128);
    CHECK(r.server.seen->connections <= 4);
    rig_close(&r);
}

/* ---- budget and descriptor -------------------------------------------- */

static bool answer_at_gate(struct exchange *x)
{
    server_wait_gate(x, x->number);
    return server_reply(x, "200 OK", "", "x");
}

static void a_budget_of_nothing_starts_one_call(void)
{
    struct sso_call *calls[4];
    struct rig r;
    size_t i;

    rig_open(&r, answer_at_gate); /* none ends before */
    for (i = 0; i < 4; i++) {
        calls[i] = rig_submit(&r, "GET", "/b", NULL);
    }
    CHECK(sso_engine_in_flight(r.engine) == 0);
    for (i = 1; i <= 2; i++) {
        int tries;

        /* libcurl's own timer is a unit of work as well */
        for (tries = 0; sso_engine_in_flight(r.engine) < i && tries < 20;
             tries++) {
            sso_engine_step(r.engine, 0);
        }
        CHECK(sso_engine_in_flight(r.engine) == i);
    }
    for (i = 0; i < 4; i++) {
        server_open_gate(&r.server);
    }
    for (i = 0; i < 4; i++) {
        CHECK(rig_finish(&r, calls[i])->kind == SSO_OK);
        sso_call_free(calls[i]);
    }
    rig_close(&r);
}

static void descriptor_is_readable_when_there_is_work(void)
{
    struct sso_call *call;
    struct rig r;
    int round;
    int tries;
    int fd;

    rig_open(&r, answer_at_gate);
    fd = sso_engine_pollfd(r.engine);
    CHECK(fd >= 0);
    for (round = 1; round <= 3; round++) {
        CHECK(!rig_is_readable(fd, 0));
        call = rig_submit(&r, "GET", "/p", NULL);
        CHECK(sso_engine_pollfd(r.engine) == fd);
        CHECK(rig_is_readable(fd, 1000)); /* a start is due */
        while (sso_call_outcome(call) == NULL &&
               r.server.seen->requests < round) {
            sso_engine_step(r.engine, -1);
        }
        /* the server is silent; a timer of libcurl's may have ended */
        for (tries = 0; rig_is_readable(fd, 20) && tries < 3; tries++) {
            sso_engine_step(r.engine, -1);
        }
        CHECK(tries < 3 && sso_call_outcome(call) == NULL);
        server_open_gate(&r.server);
        CHECK(rig_is_readable(fd, 2000)); /* its answer */
        while (sso_call_outcome(call) == NULL && rig_is_readable(fd, 2000)) {
            sso_engine_step(r.engine, 0);
        }
        CHECK_TEXT(rig_kind(call), "ok");
        CHECK(rig_is_readable(fd, 1000)); /* a finished call waits */
        CHECK(sso_engine_take_finished(r.engine) == call);
        sso_call_free(call);
    }
    CHECK(!rig_is_readable(fd, 0));
    rig_close(&r);
}

static void descriptor_wakes_for_a_deadline(void)
{
    struct rig_tries t = {0};

    while (rig_try(&t)) {
        struct sso_call *call;
        struct rig r;
        int fd;

        rig_open(&r, server_hang);
        r.spec.timeout_ms = 100;
        rig_renew(&r, 1);
        fd = sso_engine_pollfd(r.engine);
        call = rig_submit(&r, "GET", "/p", NULL);
        while (sso_call_outcome(call) == NULL && rig_is_readable(fd, 2000)) {
            sso_engine_step(r.engine, -1);
        }
        CHECK_TEXT(rig_kind(call), "timeout");
        CHECK(rig_outcome(call)->elapsed >= 0.1);
        t.late = rig_outcome(call)->elapsed >= 0.1 + rig_patience();
        sso_call_free(call);
        CHECK(!rig_is_readable(fd, 0));
        CHECK(sso_engine_timeout_ms(r.engine) == -1);
        rig_close(&r);
    }
    CHECK(!t.late);
}

/* ---- events, refusals, nothing left behind ---------------------------- */

static void events_come_in_order(void)
{
    static const enum sso_event_type wanted[] = {
        SSO_EVENT_START, SSO_EVENT_ATTEMPT, SSO_EVENT_FINISH};
    struct sso_event event;
    struct sso_call *call;
    struct sso_call *forgotten;
    struct rig r;
    size_t i;

    rig_open(&r, answer_in_order);
    r.spec.events = true;
    rig_renew(&r, 0);
    forgotten = rig_run(&r, "GET", "/never-told", NULL);
    call = rig_run(&r, "GET", "/e", NULL);
    sso_call_free(forgotten);
    for (i = 0; i < 3; i++) {
        CHECK(sso_engine_take_event(r.engine, &event));
        CHECK(event.type == wanted[i]);
        CHECK(event.call == call);
    }
    CHECK(event.status == 200 && event.reason == SSO_OK && event.attempt == 1);
    CHECK(!sso_engine_take_event(r.engine, &event));
    CHECK(sso_engine_take_finished(r.engine) == call);
    sso_call_free(call);
    rig_close(&r);
}

/*
 * An event that nobody takes keeps the descriptor readable, for loops that
 * poll it; who waits in the engine itself must still sleep.  A timer of
 * libcurl's may end a wait early, a few times; not to sleep at all would take
 * some thousand waits.
 */
static void waiting_sleeps_in_spite_of_an_event(void)
{
    struct sso_event event;
    struct sso_call *call;
    double start;
    struct rig r;
    int waits;

    rig_open(&r, server_hang);
    r.spec.events = true;
    rig_renew(&r, 0);
    CHECK(sso_engine_pollfd(r.engine) >= 0);
    call = rig_submit(&r, "GET", "/", NULL);
    CHECK(rig_await_requests(&r, 1));
    start = rig_now();
    for (waits = 0; waits < 20 && rig_now() - start < 0.05; waits++) {
        CHECK(sso_engine_wait(r.engine, 60) == SSO_OK);
    }
    CHECK(rig_now() - start >= 0.05);
    CHECK(sso_engine_timeout_ms(r.engine) == 0);
    while (sso_engine_take_event(r.engine, &event)) {
    }
    for (waits = 0; waits < 20 && sso_engine_timeout_ms(r.engine) == 0;
         waits++) {
        sso_engine_wait(r.engine, 1); /* what has become due since */
    }
    CHECK(waits < 20);
    CHECK(sso_call_outcome(call) == NULL);
    sso_call_free(call);
    rig_close(&r);
}

static void refused_call_is_delivered_like_any_other(void)
{
    struct sso_engine *e = sso_engine_new(1);
    struct sso_call *call = sso_call_new(NULL, NULL, e);

    sso_engine_refuse(e, call, SSO_CONFIG, "no API key");
    CHECK(sso_engine_active(e) == 1);
    CHECK(sso_engine_timeout_ms(e) == 0);
    CHECK(sso_engine_take_finished(e) == call);
    CHECK(sso_call_user(call) == e);
    CHECK_TEXT(rig_kind(call), "config");
    CHECK_TEXT(rig_outcome(call)->message, "no API key");
    sso_call_free(call);
    sso_engine_unref(e);
}

static void engine_leaves_no_descriptor_behind(void)
{
    int before = rig_count_descriptors();
    struct sso_call *calls[8];
    struct rig r;
    int i;

    rig_open(&r, answer_in_order);
    sso_engine_pollfd(r.engine);
    for (i = 0; i < 8; i++) {
        calls[i] = rig_submit(&r, "GET", "/x", NULL);
    }
    for (i = 0; i < 8; i++) {
        rig_finish(&r, calls[i]);
        sso_call_free(calls[i]);
    }
    rig_close(&r);
    CHECK(rig_count_descriptors() == before);
}

/* ---- limits and choices ----------------------------------------------- */

static void any_number_in_flight_will_do(void)
{
    static const size_t numbers[] = {0, 2000000};
    size_t i;

    for (i = 0; i < 2; i++) {
        struct sso_call *calls[3];
        struct rig r;
        int n;

        rig_open(&r, answer_in_order);
        sso_engine_unref(r.engine);
        r.engine = sso_engine_new(numbers[i]); /* 0 is one */
        for (n = 0; n < 3; n++) {
            calls[n] = rig_submit(&r, "GET", "/", NULL);
        }
        sso_engine_step(r.engine, 0);
        sso_engine_step(r.engine, 0);
        CHECK((sso_engine_in_flight(r.engine) <= 1) || numbers[i] > 0);
        for (n = 0; n < 3; n++) {
            CHECK(rig_finish(&r, calls[n])->kind == SSO_OK);
            sso_call_free(calls[n]);
        }
        CHECK(numbers[i] > 0 || r.server.seen->connections == 1);
        rig_close(&r);
    }
}

static bool is_a_put(const struct sso_call *call, const void *context)
{
    (*(int *)sso_call_user(call))++;
    return strcmp(call->method, context) == 0;
}

/* Those that are chosen end at once, in whatever state; others go on. */
static void a_choice_of_calls_is_cancelled(void)
{
    static const char *const methods[] = {"PUT", "GET", "PUT", "PUT",
                                          "GET", "PUT", "GET"};
    struct sso_call *calls[7];
    struct rig r;
    int asked = 0;
    int i;

    rig_open(&r, answer_in_order);
    rig_renew(&r, 2);
    for (i = 0; i < 7; i++) {
        struct sso_request request = {methods[i], "/", NULL, 0, true};

        calls[i] = sso_call_new(r.settings, &request, &asked);
        CHECK(sso_engine_submit(r.engine, calls[i]) == SSO_OK);
    }
    sso_engine_step(r.engine, 0); /* one or two are on their way */
    sso_engine_cancel_if(r.engine, is_a_put, "PUT");
    CHECK(asked >= 7);
    for (i = 0; i < 7; i++) {
        bool put = strcmp(methods[i], "PUT") == 0;

        if (put) {
            CHECK(sso_call_outcome(calls[i]) != NULL);
        }
    }
    for (i = 0; i < 7; i++) {
        bool put = strcmp(methods[i], "PUT") == 0;

        rig_finish(&r, calls[i]);
        CHECK_TEXT(rig_kind(calls[i]), put ? "cancelled" : "ok");
    }
    asked = 0;
    sso_engine_cancel_if(r.engine, is_a_put, "GET"); /* they are done */
    CHECK(asked == 0);
    for (i = 0; i < 7; i++) {
        sso_call_free(calls[i]);
    }
    rig_close(&r);
}

static void without_a_call_nothing_is_waited_for(void)
{
    struct rig_tries t = {0};
    struct rig r;

    rig_open(&r, answer_in_order);
    while (rig_try(&t)) {
        double start = rig_now();

        CHECK(sso_engine_wait(r.engine, 3600 * 1000) == SSO_OK);
        t.late = rig_now() - start >= 1;
    }
    CHECK(!t.late);
    CHECK(sso_engine_timeout_ms(r.engine) == -1);
    rig_close(&r);
}

/* As long as can be said: there is a deadline all the same. */
static void the_longest_wait_is_no_trouble(void)
{
    struct sso_call *call;
    struct rig r;

    rig_open(&r, answer_in_order);
    r.spec.timeout_ms = INT64_MAX;
    rig_renew(&r, 2);
    call = rig_submit(&r, "GET", "/", NULL);
    while (sso_call_outcome(call) == NULL) {
        sso_engine_wait(r.engine, INT64_MAX);
    }
    CHECK_TEXT(rig_kind(call), "ok");
    sso_call_free(call);
    rig_close(&r);
}

int main(void)
{
    check_case("one in flight keeps the order", one_in_flight_keeps_the_order);
    check_case("never more in flight than allowed",
               never_more_in_flight_than_allowed);
    check_case("a budget of nothing starts one call",
               a_budget_of_nothing_starts_one_call);
    check_case("the descriptor is readable when there is work",
               descriptor_is_readable_when_there_is_work);
    check_case("the descriptor wakes for a deadline",
               descriptor_wakes_for_a_deadline);
    check_case("events come in order", events_come_in_order);
    check_case("waiting sleeps in spite of an event",
               waiting_sleeps_in_spite_of_an_event);
    check_case("a refused call is delivered like any other",
               refused_call_is_delivered_like_any_other);
    check_case("an engine leaves no descriptor behind",
               engine_leaves_no_descriptor_behind);
    check_case("any number in flight will do", any_number_in_flight_will_do);
    check_case("a choice of calls is cancelled",
               a_choice_of_calls_is_cancelled);
    check_case("without a call nothing is waited for",
               without_a_call_nothing_is_waited_for);
    check_case("the longest wait is no trouble",
               the_longest_wait_is_no_trouble);
    return check_end();
}
