/*
 * memory_test.c - every allocation of a call fails in turn, ours and
 * libcurl's: once that one alone, once it and all after it.
 *
 * Built with SSO_MEMORY_HOOKS, so that the transport's allocations come here.
 * Judged each time: nothing crashes, nothing of ours leaks, the call ends
 * with success or an error, and the engine carries the next call.
 */
#include "check.h"
#include "rig.h"

#include <curl/curl.h>
#include <stdlib.h>

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
    r.spec.timeout_ms = 1000;
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
    r.spec.timeout_ms = 1000;
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
    curl_global_cleanup();
    return check_end();
}
