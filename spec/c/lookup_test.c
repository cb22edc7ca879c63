/*
 * lookup_test.c - name look-ups: failing ones, slow ones, and ending a call in
 * the middle of one.
 *
 * The program brings its own getaddrinfo, which libcurl's resolver thread
 * calls in place of the C library's: no name server is asked.
 */
#include "check.h"
#include "rig.h"

#include <netdb.h>
#include <time.h>

#define SLOW_MS 2000

static void pause_ms(long ms)
{
    struct timespec t;

    t.tv_sec = ms / 1000;
    t.tv_nsec = ms % 1000 * 1000000;
    nanosleep(&t, NULL);
}

__attribute__((visibility("default"))) int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
            struct addrinfo **result)
{
    (void)name;
    (void)service;
    (void)hints;
    pause_ms(SLOW_MS);
    *result = NULL;
    return EAI_NONAME;
}

static void open_at(struct rig *r, const char *base_url)
{
    rig_open(r, server_hang);
    r->spec.base_url = base_url;
    r->spec.proxy = "";
    r->spec.timeout_ms = r->spec.connect_timeout_ms = 10000;
    rig_renew(r, 0);
}

static void unknown_name(void)
{
    struct sso_call *call;
    struct rig r;

    open_at(&r, "https://nowhere.example");
    call = rig_run(&r, "POST", "/", "{}");
    CHECK_TEXT(rig_kind(call), "dns");
    CHECK(rig_outcome(call)->phase == SSO_PHASE_DNS);
    CHECK(rig_outcome(call)->code == 6);
    CHECK(rig_outcome(call)->retryable);
    CHECK(!rig_outcome(call)->maybe_applied);
    CHECK_TEXT(rig_outcome(call)->message,
               "no address found for nowhere.example");
    CHECK(rig_outcome(call)->elapsed >= SLOW_MS / 1e3); /* ours was called */
    sso_call_free(call);
    rig_close(&r);
}

static void deadline_in_a_look_up(void)
{
    struct rig_tries t = {0};

    while (rig_try(&t)) {
        const struct sso_outcome *o;
        struct sso_call *call;
        struct rig r;

        open_at(&r, "https://slow.example");
        r.spec.timeout_ms = t.timeout_ms;
        rig_renew(&r, 0);
        call = rig_run(&r, "PATCH", "/", "{}");
        o = rig_outcome(call);
        CHECK_TEXT(rig_kind(call), "timeout");
        CHECK(o->elapsed >= (double)t.timeout_ms / 1e3);
        CHECK(!o->maybe_applied);
        t.cut_short = o->phase == SSO_PHASE_QUEUE;
        if (!t.cut_short) {
            CHECK(o->phase == SSO_PHASE_DNS);
            CHECK(strstr(o->message,
                         "looking up the address of slow.example") != NULL);
            t.late = o->elapsed >= (double)t.timeout_ms / 1e3 + rig_patience();
        }
        sso_call_free(call);
        rig_close(&r);
    }
    CHECK(!t.late);
}

static void connect_timeout_in_a_look_up(void)
{
    struct sso_call *call;
    struct rig r;

    open_at(&r, "https://slow.example");
    r.spec.connect_timeout_ms = 100;
    rig_renew(&r, 0);
    call = rig_run(&r, "PATCH", "/", "{}");
    CHECK_TEXT(rig_kind(call), "connect");
    CHECK(rig_outcome(call)->phase == SSO_PHASE_DNS);
    CHECK(strstr(rig_outcome(call)->message, "(name look-up)") != NULL);
    CHECK(rig_outcome(call)->elapsed < SLOW_MS / 1e3);
    sso_call_free(call);
    rig_close(&r);
}

static bool can_leave_a_look_up(void)
{
    char version[32];
    int major = 0;
    int minor = 0;

    snprintf(version, sizeof(version), "%s", sso_transport_curl_version());
    if (sscanf(version, "%d.%d", &major, &minor) != 2) {
        return false;
    }
    return major > 7 || (major == 7 && minor >= 87);
}

/* 7.87 and later; older ones join the resolver's thread. */
static void ending_does_not_wait_for_the_look_up(void)
{
    struct rig_tries t = {0};

    while (rig_try(&t)) {
        struct sso_call *calls[3];
        double start;
        struct rig r;
        int i;

        open_at(&r, "https://slow.example");
        for (i = 0; i < 3; i++) {
            calls[i] = rig_submit(&r, "PATCH", "/", "{}");
        }
        sso_engine_step(r.engine, -1);
        CHECK(sso_engine_in_flight(r.engine) == 3);
        start = rig_now();
        CHECK(sso_call_cancel(calls[0]));
        CHECK(rig_outcome(calls[0])->phase == SSO_PHASE_DNS);
        sso_call_free(calls[1]);
        sso_engine_close(r.engine);
        CHECK_TEXT(rig_kind(calls[2]), "cancelled");
        sso_call_free(calls[0]);
        sso_call_free(calls[2]);
        sso_engine_unref(r.engine);
        r.engine = NULL;
        t.late = can_leave_a_look_up() && rig_now() - start >= rig_patience();
        rig_close(&r);
    }
    CHECK(!t.late);
}

int main(void)
{
    check_case("a name that nobody knows", unknown_name);
    check_case("a deadline in a look-up", deadline_in_a_look_up);
    check_case("connect_timeout in a look-up", connect_timeout_in_a_look_up);
    check_case("ending does not wait for the look-up",
               ending_does_not_wait_for_the_look_up);
    pause_ms(SLOW_MS); /* the threads end before the program does */
    return check_end();
}
