/*
 * memory_test.c - every allocation of a call fails in turn, ours and
 * libcurl's: once that one alone, once it and all after it.
 *
 * Built with SSO_MEMORY_HOOKS, so that the transport's allocations come here.
 * Judged each time: nothing crashes, nothing of ours leaks, the call ends
 * with success or an error, and the engine carries the next call.
 */
#include "../../src/transport/engine.h"
#include "check.h"
#include "rig.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <unistd.h>

static long countdown; /* allocations until one fails; 0: none will */
static bool persistent;
static bool has_failed;
static long balance; /* blocks of the transport's that are not freed */

static bool fails(void)
{
    if (has_failed && persistent) {
        return true;
    }
    if (countdown > 0) {
        countdown--;
        if (countdown == 0) {
            has_failed = true;
            return true;
        }
    }
    return false;
}

void *sso_malloc(size_t size);
void *sso_calloc(size_t count, size_t size);
void *sso_realloc(void *block, size_t size);
void sso_free(void *block);

void *sso_malloc(size_t size)
{
    void *block = fails() ? NULL : malloc(size);

    balance += block != NULL;
    return block;
}

void *sso_calloc(size_t count, size_t size)
{
    void *block = fails() ? NULL : calloc(count, size);

    balance += block != NULL;
    return block;
}

void *sso_realloc(void *block, size_t size)
{
    void *made = fails() ? NULL : realloc(block, size);

    balance += block == NULL && made != NULL;
    return made;
}

void sso_free(void *block)
{
    balance -= block != NULL;
    free(block);
}

static void *curl_malloc(size_t size)
{
    return fails() ? NULL : malloc(size);
}

static void *curl_calloc(size_t count, size_t size)
{
    return fails() ? NULL : calloc(count, size);
}

static void *curl_realloc(void *block, size_t size)
{
    return fails() ? NULL : realloc(block, size);
}

static char *curl_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *made = curl_malloc(size);

    if (made != NULL) {
        memcpy(made, text, size);
    }
    return made;
}

static void fail_at(long n, bool from_then_on)
{
    countdown = n;
    persistent = from_then_on;
    has_failed = false;
}

static void fail_no_more(void)
{
    countdown = 0;
    persistent = false;
}

/* ---- the run ---------------------------------------------------------- */

static bool answer(struct exchange *x)
{
    return server_reply(x, "200 OK", "X-A: b\r\n", "{\"id\":1}");
}

/* A whole life: settings, engine, call, events, end.  False: no engine. */
static enum sso_kind live(struct rig *r)
{
    struct sso_request request = {"PATCH", "/x", "{}", 2, true};
    enum sso_kind kind = SSO_MEMORY;
    struct sso_settings *s;
    struct sso_engine *e;
    struct sso_call *call = NULL;
    struct sso_event event;
    char why[64];
    int rounds = 0;

    s = sso_settings_new(&r->spec, why, sizeof(why));
    e = sso_engine_new(2);
    if (s == NULL) {
        CHECK(why[0] == '\0');
    }
    if (s != NULL && e != NULL) {
        call = sso_call_new(s, &request, NULL);
    }
    if (call != NULL && sso_engine_pollfd(e) >= 0) {
        kind = sso_engine_submit(e, call);
        while (kind == SSO_OK && sso_call_outcome(call) == NULL &&
               rounds++ < 1000) {
            sso_engine_wait(e, 20);
        }
        if (kind == SSO_OK && CHECK(sso_call_outcome(call) != NULL)) {
            kind = sso_call_outcome(call)->kind;
        }
        while (sso_engine_take_event(e, &event)) {
        }
    }
    fail_no_more(); /* the end must not need memory */
    sso_call_free(call);
    sso_engine_unref(e);
    sso_settings_unref(s);
    return kind;
}

static bool is_expected(enum sso_kind kind)
{
    /* libcurl words some of its own failures as others */
    return kind == SSO_OK || kind == SSO_MEMORY || kind == SSO_CONNECT ||
           kind == SSO_DNS || kind == SSO_RESPONSE || kind == SSO_CONFIG ||
           kind == SSO_NETWORK;
}

static void fail_each(bool from_then_on)
{
    struct rig r;
    long unfailed = 0;
    long failed = 0;
    long n;

    rig_open(&r, answer);
    r.spec.events = true;
    r.spec.timeout_ms = 10000;
    CHECK(live(&r) == SSO_OK);
    for (n = 1; unfailed == 0 && n < 5000; n++) {
        long before = balance;
        enum sso_kind kind;

        fail_at(n, from_then_on);
        kind = live(&r);
        unfailed += !has_failed;
        failed += has_failed && kind != SSO_OK;
        has_failed = false;
        if (!CHECK(balance == before) || !CHECK(is_expected(kind))) {
            printf("    allocation %ld: %s\n", n, sso_kind_name(kind));
        }
    }
    CHECK(unfailed == 1); /* the loop went through all of them */
    CHECK(failed > 20);
    rig_close(&r);
}

static void each_allocation_fails_alone(void)
{
    fail_each(false);
}

static void each_allocation_fails_with_all_after_it(void)
{
    fail_each(true);
}

/* The same engine all the time: a failure must not spoil the next call. */
static void engine_stays_usable(void)
{
    struct rig r;
    long n;

    rig_open(&r, answer);
    r.spec.timeout_ms = 10000;
    r.spec.max_retries = 0;
    rig_renew(&r, 2);
    for (n = 1; n < 60; n++) {
        struct sso_request request = {"PATCH", "/x", "{}", 2, true};
        struct sso_call *call = sso_call_new(r.settings, &request, NULL);
        struct sso_call *next;

        fail_at(n, false);
        if (sso_engine_submit(r.engine, call) == SSO_OK) {
            rig_finish(&r, call);
            CHECK(is_expected(rig_outcome(call)->kind));
        }
        fail_no_more();
        sso_call_free(call);
        next = rig_run(&r, "PATCH", "/next", "{}");
        if (!CHECK(rig_outcome(next)->kind == SSO_OK)) {
            printf("    after allocation %ld: %s\n", n, rig_kind(next));
        }
        sso_call_free(next);
    }
    rig_close(&r);
}

/* ---- parts ------------------------------------------------------------ */

/* A whole URL, taken apart; what is there without memory is less, not other. */
static enum sso_kind split_a_url(void)
{
    struct sso_buffer base, target;
    enum sso_kind kind;
    char why[128] = "";

    sso_buffer_init(&base, 0);
    sso_buffer_init(&target, 0);
    kind = sso_url_split("https://host.example/a?b=c#d", 28, &base, &target,
                         why, sizeof(why));
    if (kind == SSO_OK) {
        CHECK_TEXT(base.data, "https://host.example");
        CHECK_TEXT(target.data, "/a?b=c");
    }
    CHECK(why[0] == '\0');
    sso_buffer_free(&base);
    sso_buffer_free(&target);
    return kind;
}

static enum sso_kind check_a_base_url(void)
{
    char why[128];

    if (sso_base_url_check("https://host.example:8443/gate", why,
                           sizeof(why))) {
        return SSO_OK;
    }
    CHECK_TEXT(why, "not enough memory");
    return SSO_MEMORY;
}

static enum sso_kind encode_a_segment(void)
{
    char text[3000]; /* the buffer grows within it */
    struct sso_buffer out;
    enum sso_kind kind;

    memset(text, '/', sizeof(text));
    sso_buffer_init(&out, 0);
    kind = sso_url_append_segment(&out, text, sizeof(text));
    CHECK(out.len % 3 == 0 && (kind != SSO_OK || out.len == 9000));
    if (kind == SSO_OK) {
        kind = sso_buffer_reserve(&out, 9000) != NULL ? SSO_OK : SSO_MEMORY;
    }
    sso_buffer_free(&out);
    return kind;
}

static enum sso_kind give_other_settings(void)
{
    struct sso_request request = {"GET", "/x", NULL, 0, true};
    struct sso_settings_spec spec;
    struct sso_settings *s;
    struct sso_call *call;
    enum sso_kind kind = SSO_MEMORY;
    char why[128];

    memset(&spec, 0, sizeof(spec));
    spec.base_url = "https://host.example/gate";
    spec.timeout_ms = spec.connect_timeout_ms = 1000;
    s = sso_settings_new(&spec, why, sizeof(why));
    call = sso_call_new(NULL, &request, NULL);
    if (s != NULL && call != NULL) {
        kind = sso_call_use_settings(call, s) ? SSO_OK : SSO_MEMORY;
        CHECK(sso_call_settings(call) == (kind == SSO_OK ? s : NULL));
    }
    sso_call_free(call);
    sso_settings_unref(s);
    return kind;
}

static enum sso_kind watch_a_pipe(void)
{
    struct sso_pollset p;
    struct sso_sockets s;
    enum sso_kind kind;
    int ends[2];

    memset(&s, 0, sizeof(s));
    sso_pollset_init(&p);
    s.pollset = &p;
    CHECK(pipe(ends) == 0 && sso_pollset_open(&p) == SSO_OK);
    kind = sso_sockets_want(&s, ends[0], CURL_POLL_IN);
    CHECK(s.count == (kind == SSO_OK));
    sso_sockets_free(&s);
    sso_pollset_close(&p);
    close(ends[0]);
    close(ends[1]);
    return kind;
}

static void parts_say_that_memory_is_short(void)
{
    static enum sso_kind (*const parts[])(void) = {
        split_a_url,         check_a_base_url, encode_a_segment,
        give_other_settings, watch_a_pipe,
    };
    size_t i;

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        long before = balance;
        long n = 0;

        do {
            enum sso_kind kind;

            fail_at(++n, false);
            kind = parts[i]();
            fail_no_more();
            if (!CHECK(kind == (has_failed ? SSO_MEMORY : SSO_OK)) ||
                !CHECK(balance == before)) {
                printf("    part %d, allocation %ld: %s\n", (int)i, n,
                       sso_kind_name(kind));
            }
        } while (has_failed && n < 1000);
        CHECK(n > 1 && n < 1000);
    }
}

/* The transfer would never hear from its socket: its call ends, alone. */
static void a_socket_that_is_not_watched_ends_its_call(void)
{
    struct sso_call *call;
    struct sso_call *next;
    struct rig r;
    int ends[2];

    rig_open(&r, answer);
    CHECK(pipe(ends) == 0);
    call = rig_submit(&r, "PATCH", "/", "{}");
    sso_engine_step(r.engine, 0);
    CHECK(sso_engine_in_flight(r.engine) == 1);
    r.engine->sockets.capacity = r.engine->sockets.count; /* it has to grow */
    fail_at(1, false);
    CHECK(sso_engine_on_socket(call->attempt->easy, ends[0], CURL_POLL_IN,
                               r.engine, NULL) == 0);
    fail_no_more();
    CHECK(sso_engine_step(r.engine, 0) == SSO_MEMORY);
    CHECK_TEXT(rig_kind(call), "memory");
    CHECK_TEXT(rig_outcome(call)->message,
               "no memory left to wait for a socket");
    next = rig_run(&r, "GET", "/", NULL);
    CHECK_TEXT(rig_kind(next), "ok");
    sso_call_free(next);
    sso_call_free(call);
    close(ends[0]);
    close(ends[1]);
    rig_close(&r);
}

int main(void)
{
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_malloc, free,
                             curl_realloc, curl_strdup,
                             curl_calloc) != CURLE_OK) {
        return 2;
    }
    check_case("each allocation fails alone", each_allocation_fails_alone);
    check_case("each allocation fails with all after it",
               each_allocation_fails_with_all_after_it);
    check_case("the engine stays usable", engine_stays_usable);
    check_case("parts say that memory is short",
               parts_say_that_memory_is_short);
    check_case("a socket that is not watched ends its call",
               a_socket_that_is_not_watched_ends_its_call);
    curl_global_cleanup();
    return check_end();
}
