/*
 * other_libcurl_test.c - the libcurl found at run time is not the one that was
 * compiled against: it is older, refuses an option, does not tell a number.
 *
 * The program brings its own curl_version_info and three more, which say what
 * a case wants and pass the rest on to the library.
 */
#include "check.h"
#include "rig.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#if LIBCURL_VERSION_NUM >= 0x075700 /* 7.87: it has all that is refused here */

# undef curl_easy_setopt
# undef curl_easy_getinfo
# undef curl_multi_setopt

static struct {
    curl_version_info_data version;
    bool is_old;                /* knows no option that came after 7.68 */
    CURLoption refused;         /* this one fails … */
    CURLcode code;              /* … with this; 0: none does */
    CURLMoption refused_of_all; /* fails; 0: none does */
    bool takes_none;            /* no handle is added to the others */
    CURLINFO untold;            /* 0: all are told */
    CURLINFO changed;           /* this one tells … */
    long value;                 /* … this; 0: none does */
    int quick_exits;            /* how often the youngest option was set */
} other;

/* ---- in place of libcurl's own ---------------------------------------- */

static void *own(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (found == NULL) {
        printf("other_libcurl_test: no %s\n", name);
        exit(2);
    }
    return found;
}

curl_version_info_data *curl_version_info(CURLversion age)
{
    (void)age;
    return &other.version;
}

CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    CURLcode (*next)(CURL *, CURLoption, ...);
    va_list list;
    void *value; /* longs and offsets have its size where this runs */

    *(void **)&next = own("curl_easy_setopt");
    va_start(list, option);
    value = va_arg(list, void *);
    va_end(list);
    other.quick_exits += option == CURLOPT_QUICK_EXIT;
    if (other.code != CURLE_OK && option == other.refused) {
        return other.code;
    }
    if (other.is_old &&
        (option == CURLOPT_PREREQFUNCTION || option == CURLOPT_PREREQDATA ||
         option == CURLOPT_PROTOCOLS_STR || option == CURLOPT_QUICK_EXIT)) {
        return CURLE_UNKNOWN_OPTION;
    }
    return next(easy, option, value);
}

CURLcode curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
    CURLcode (*next)(CURL *, CURLINFO, ...);
    va_list list;
    void *place;

    *(void **)&next = own("curl_easy_getinfo");
    va_start(list, info);
    place = va_arg(list, void *);
    va_end(list);
    if (other.untold != 0 && info == other.untold) {
        return CURLE_UNKNOWN_OPTION;
    }
    if (other.value != 0 && info == other.changed) {
        *(long *)place = other.value;
        return CURLE_OK;
    }
    return next(easy, info, place);
}

CURLMcode curl_multi_setopt(CURLM *multi, CURLMoption option, ...)
{
    CURLMcode (*next)(CURLM *, CURLMoption, ...);
    va_list list;
    void *value;

    *(void **)&next = own("curl_multi_setopt");
    va_start(list, option);
    value = va_arg(list, void *);
    va_end(list);
    return option == other.refused_of_all ? CURLM_OUT_OF_MEMORY
                                          : next(multi, option, value);
}

CURLMcode curl_multi_add_handle(CURLM *multi, CURL *easy)
{
    CURLMcode (*next)(CURLM *, CURL *);

    *(void **)&next = own("curl_multi_add_handle");
    return other.takes_none ? CURLM_OUT_OF_MEMORY : next(multi, easy);
}

/* Makes the library its own self again. */
static void restore(void)
{
    curl_version_info_data *(*next)(CURLversion);

    *(void **)&next = own("curl_version_info");
    memset(&other, 0, sizeof(other));
    other.version = *next(CURLVERSION_NOW);
}

static void become_old(void)
{
    other.is_old = true;
    other.version.version_num = 0x074400;
    other.version.version = "7.68.0";
    other.version.age = CURLVERSION_SIXTH; /* knows no cainfo, no capath */
}

/* ---- an old one ------------------------------------------------------- */

static bool answer(struct exchange *x)
{
    return server_reply(x, "200 OK", "", "{}");
}

static void run_well(struct rig *r, const char *method)
{
    struct sso_call *call = rig_run(r, method, "/", NULL);

    CHECK_TEXT(rig_kind(call), "ok");
    sso_call_free(call);
}

static void an_old_one_carries_calls(void)
{
    struct rig r;

    become_old();
    rig_open(&r, answer);
    run_well(&r, "GET");
    run_well(&r, "PUT");
    CHECK(r.server.seen->connections == 1);
    /* It could send a request twice on a connection that dies. */
    run_well(&r, "POST");
    CHECK(r.server.seen->connections == 2);
    run_well(&r, "GET");
    CHECK(r.server.seen->connections == 2);
    CHECK(other.quick_exits == 0); /* not even tried */
    CHECK_TEXT(sso_transport_curl_version(), "7.68.0");
    rig_close(&r);
    restore();
}

/* Whether a request went out is read from the clock, or from its size. */
static void an_old_one_knows_what_was_sent(void)
{
    static const CURLINFO untold[] = {0, CURLINFO_PRETRANSFER_TIME_T};
    size_t i;

    for (i = 0; i < 2; i++) {
        struct sso_call *call;
        struct rig r;

        become_old();
        rig_open(&r, server_hang);
        r.spec.timeout_ms = 2000; /* it has surely been sent by then */
        rig_renew(&r, 0);
        other.untold = untold[i];
        call = rig_run(&r, "POST", "/", "{}");
        CHECK_TEXT(rig_kind(call), "timeout");
        CHECK(rig_outcome(call)->phase == SSO_PHASE_FIRST_BYTE);
        CHECK(rig_outcome(call)->maybe_applied);
        sso_call_free(call);
        rig_close(&r);
        restore();
    }
}

static void an_old_one_knows_what_was_not_sent(void)
{
    struct sso_call *call;
    struct rig r;
    char url[64];
    int refusing = server_refuse(url);

    become_old();
    rig_open(&r, answer);
    r.spec.base_url = url;
    rig_renew(&r, 0);
    call = rig_run(&r, "POST", "/", "{}");
    CHECK_TEXT(rig_kind(call), "connect");
    CHECK(!rig_outcome(call)->maybe_applied);
    sso_call_free(call);
    rig_close(&r);
    close(refusing);
    restore();
}

/* ---- one that refuses ------------------------------------------------- */

/*
 * Each option that a handle or a call is set up with, refused alone: the call
 * ends, by lack of memory or as a matter of configuration, and the engine
 * carries the next one.
 */
static const struct refusal {
    CURLoption option;
    CURLcode code;
    const char *method;
    const char *body;
    const char *kind;
} refusals[] = {
    /* of every handle: without it there is none */
    {CURLOPT_NOSIGNAL, CURLE_OUT_OF_MEMORY, "GET", NULL, "memory"},
    {CURLOPT_NOSIGNAL, CURLE_UNKNOWN_OPTION, "GET", NULL, "memory"},
    {CURLOPT_QUICK_EXIT, CURLE_OUT_OF_MEMORY, "GET", NULL, "memory"},
    {CURLOPT_QUICK_EXIT, CURLE_UNKNOWN_OPTION, "GET", NULL, "ok"},
    {CURLOPT_PREREQFUNCTION, CURLE_OUT_OF_MEMORY, "GET", NULL, "memory"},
    {CURLOPT_PREREQDATA, CURLE_OUT_OF_MEMORY, "GET", NULL, "memory"},
    {CURLOPT_PROTOCOLS_STR, CURLE_OUT_OF_MEMORY, "GET", NULL, "memory"},
    {CURLOPT_SHARE, CURLE_OUT_OF_MEMORY, "GET", NULL, "memory"},
    /* of settings */
    {CURLOPT_CAINFO, CURLE_OUT_OF_MEMORY, "GET", NULL, "memory"},
    {CURLOPT_CAINFO, CURLE_NOT_BUILT_IN, "GET", NULL, "config"},
    {CURLOPT_CAPATH, CURLE_NOT_BUILT_IN, "GET", NULL, "config"},
    {CURLOPT_URL, CURLE_OUT_OF_MEMORY, "GET", NULL, "memory"},
    {CURLOPT_PROXY, CURLE_OUT_OF_MEMORY, "GET", NULL, "memory"},
    {CURLOPT_SSLCERT, CURLE_UNKNOWN_OPTION, "GET", NULL, "config"},
    /* of a call */
    {CURLOPT_HTTPHEADER, CURLE_OUT_OF_MEMORY, "GET", NULL, "memory"},
    {CURLOPT_HTTPHEADER, CURLE_OUT_OF_MEMORY, "PATCH", "{}", "memory"},
    {CURLOPT_HTTPGET, CURLE_OUT_OF_MEMORY, "GET", NULL, "memory"},
    {CURLOPT_POST, CURLE_OUT_OF_MEMORY, "PATCH", "{}", "memory"},
    {CURLOPT_CUSTOMREQUEST, CURLE_OUT_OF_MEMORY, "GET", NULL, "memory"},
    {CURLOPT_REQUEST_TARGET, CURLE_OUT_OF_MEMORY, "PATCH", "{}", "memory"},
    {CURLOPT_POSTFIELDSIZE_LARGE, CURLE_OUT_OF_MEMORY, "PATCH", "{}", "memory"},
    {CURLOPT_POSTFIELDS, CURLE_OUT_OF_MEMORY, "PATCH", "{}", "memory"},
};

static void a_refused_option_ends_the_call_alone(void)
{
    struct rig r;
    size_t i;

    rig_open(&r, answer);
    for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        const struct refusal *row = &refusals[i];
        struct sso_call *call;
        int before;

        rig_renew(&r, 8);
        before = r.server.seen->requests;
        other.refused = row->option;
        other.code = row->code;
        call = rig_run(&r, row->method, "/", row->body);
        if (!CHECK(strcmp(rig_kind(call), row->kind) == 0) ||
            !CHECK(r.server.seen->requests - before ==
                   (strcmp(row->kind, "ok") == 0))) {
            printf("    row %d: %s, %s\n", (int)i, rig_kind(call),
                   rig_outcome(call)->message);
        }
        if (strcmp(row->kind, "config") == 0) {
            CHECK(strstr(rig_outcome(call)->message,
                         "libcurl refused an option") != NULL);
        }
        other.code = CURLE_OK;
        run_well(&r, row->method);
        sso_call_free(call);
    }
    rig_close(&r);
    restore();
}

/* The handle is in the pool, and a POST would need a new connection. */
static void a_refused_new_connection_ends_the_call(void)
{
    struct sso_call *call;
    struct rig r;

    become_old();
    rig_open(&r, answer);
    run_well(&r, "GET");
    other.refused = CURLOPT_FRESH_CONNECT;
    other.code = CURLE_OUT_OF_MEMORY;
    call = rig_run(&r, "POST", "/", "{}");
    CHECK_TEXT(rig_kind(call), "memory");
    CHECK(r.server.seen->requests == 1);
    sso_call_free(call);
    rig_close(&r);
    restore();
}

static void an_engine_opens_whole_or_not_at_all(void)
{
    static const CURLMoption options[] = {CURLMOPT_SOCKETFUNCTION,
                                          CURLMOPT_MAXCONNECTS};
    size_t i;

    for (i = 0; i < 2; i++) {
        struct sso_request request = {"GET", "/", NULL, 0, true};
        struct sso_call *call;
        struct rig r;

        rig_open(&r, answer);
        other.refused_of_all = options[i];
        call = sso_call_new(r.settings, &request, NULL);
        CHECK(sso_engine_submit(r.engine, call) == SSO_MEMORY);
        CHECK(sso_call_outcome(call) == NULL);
        CHECK(sso_engine_active(r.engine) == 0);
        other.refused_of_all = 0;
        CHECK(sso_engine_submit(r.engine, call) == SSO_OK);
        CHECK(rig_finish(&r, call)->kind == SSO_OK);
        sso_call_free(call);
        rig_close(&r);
    }
}

static void a_handle_that_is_not_taken_ends_its_call_alone(void)
{
    struct sso_call *call;
    struct rig r;

    rig_open(&r, answer);
    other.takes_none = true;
    call = rig_run(&r, "PATCH", "/", "{}");
    CHECK_TEXT(rig_kind(call), "memory");
    CHECK_TEXT(rig_outcome(call)->message, "no memory left to start a call");
    CHECK(!rig_outcome(call)->maybe_applied);
    CHECK(rig_outcome(call)->attempts == 0);
    other.takes_none = false;
    run_well(&r, "PATCH");
    CHECK(r.server.seen->requests == 1);
    sso_call_free(call);
    rig_close(&r);
}

/* ---- one that keeps to itself ----------------------------------------- */

static void what_is_not_told_is_nothing(void)
{
    static const CURLINFO untold[] = {CURLINFO_CERTINFO, CURLINFO_NUM_CONNECTS,
                                      CURLINFO_CONNECT_TIME_T};
    size_t i;

    for (i = 0; i < sizeof(untold) / sizeof(untold[0]); i++) {
        const struct sso_outcome *o;
        struct sso_call *call;
        struct rig r;

        rig_open(&r, answer);
        r.spec.events = true;
        rig_renew(&r, 0);
        other.untold = untold[i];
        call = rig_run(&r, "GET", "/", NULL);
        o = rig_outcome(call);
        CHECK_TEXT(rig_kind(call), "ok");
        CHECK(o->status == 200 && o->chain.len == 0);
        CHECK((o->timings.connect == 0) ==
              (untold[i] == CURLINFO_CONNECT_TIME_T));
        CHECK(o->timings.reused == (untold[i] == CURLINFO_NUM_CONNECTS));
        sso_call_free(call);
        rig_close(&r);
        restore();
    }
}

static void every_http_version_has_a_number(void)
{
    static const struct {
        long told;
        int number;
    } rows[] = {{CURL_HTTP_VERSION_1_0, 10},
                {CURL_HTTP_VERSION_1_1, 11},
                {CURL_HTTP_VERSION_2_0, 20},
                {CURL_HTTP_VERSION_3, 30},
                {99, 0}};
    struct rig r;
    size_t i;

    rig_open(&r, answer);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sso_call *call;

        other.changed = CURLINFO_HTTP_VERSION;
        other.value = rows[i].told;
        call = rig_run(&r, "GET", "/", NULL);
        CHECK(rig_outcome(call)->http_version == rows[i].number);
        sso_call_free(call);
    }
    rig_close(&r);
    restore();
}

static void without_http2_nobody_promises_it(void)
{
    struct sso_settings_spec spec;
    struct sso_settings *s;
    char why[128];

    memset(&spec, 0, sizeof(spec));
    spec.base_url = "https://host.example";
    spec.http2 = true;
    other.version.features |= CURL_VERSION_HTTP2;
    s = sso_settings_new(&spec, why, sizeof(why));
    CHECK(s != NULL);
    sso_settings_unref(s);
    other.version.features &= ~CURL_VERSION_HTTP2;
    CHECK(sso_settings_new(&spec, why, sizeof(why)) == NULL);
    CHECK_TEXT(why,
               "http_version is \"2\", but libcurl was built without HTTP/2");
    restore();
}

static void versions_that_are_not_told(void)
{
    other.version.version = NULL;
    other.version.ssl_version = NULL;
    CHECK_TEXT(sso_transport_curl_version(), "unknown");
    CHECK_TEXT(sso_transport_tls_version(), "none");
    restore();
}

int main(void)
{
    restore();
    check_case("an old libcurl carries calls", an_old_one_carries_calls);
    check_case("an old libcurl knows what was sent",
               an_old_one_knows_what_was_sent);
    check_case("an old libcurl knows what was not sent",
               an_old_one_knows_what_was_not_sent);
    check_case("a refused option ends the call alone",
               a_refused_option_ends_the_call_alone);
    check_case("a refused new connection ends the call",
               a_refused_new_connection_ends_the_call);
    check_case("an engine opens whole or not at all",
               an_engine_opens_whole_or_not_at_all);
    check_case("a handle that is not taken ends its call alone",
               a_handle_that_is_not_taken_ends_its_call_alone);
    check_case("what is not told is nothing", what_is_not_told_is_nothing);
    check_case("every HTTP version has a number",
               every_http_version_has_a_number);
    check_case("without HTTP/2 nobody promises it",
               without_http2_nobody_promises_it);
    check_case("versions that are not told", versions_that_are_not_told);
    return check_end();
}

#else

int main(void)
{
    return check_end();
}

#endif
