/*
 * wire_test.c - calls that go well: the bytes that reach the server, and what
 * is made of the bytes that come back.
 */
#include "check.h"
#include "rig.h"

#include <stdlib.h>

/* ---- on the wire ------------------------------------------------------ */

static bool echo_path(struct exchange *x)
{
    return server_reply(x, "200 OK", "X-Two: a\r\nX-Two: b\r\n", "{\"id\":1}");
}

static void patch_is_as_expected_byte_for_byte(void)
{
    char wanted[1024];
    struct sso_call *call;
    struct rig r;

    rig_open(&r, echo_path);
    call = rig_run(&r, "PATCH", "/v3/sso/certificates/a%2Fb?x=1",
                   "{\"enabled\":false}");
    snprintf(wanted, sizeof(wanted),
             "PATCH /v3/sso/certificates/a%%2Fb?x=1 HTTP/1.1\r\n"
             "Host: 127.0.0.1:%d\r\n"
             "User-Agent: rig/1\r\n"
             "Authorization: Bearer " RIG_KEY "\r\n"
             "Accept: application/json\r\n"
             "Content-Type: application/json\r\n"
             "Content-Length: 17\r\n"
             "\r\n"
             "{\"enabled\":false}",
             r.server.port);
    CHECK_TEXT(r.server.seen->raw, wanted);
    CHECK_TEXT(rig_kind(call), "ok");
    CHECK(rig_outcome(call)->status == 200);
    CHECK(rig_outcome(call)->attempts == 1);
    CHECK(rig_outcome(call)->http_version == 11);
    CHECK_TEXT(rig_outcome(call)->body.data, "{\"id\":1}");
    CHECK_TEXT(rig_outcome(call)->headers.data,
               "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nX-Two: a\r\n"
               "X-Two: b\r\n");
    sso_call_free(call);
    rig_close(&r);
}

static void get_and_delete_carry_no_body(void)
{
    char wanted[512];
    struct sso_call *get;
    struct sso_call *gone;
    struct rig r;

    rig_open(&r, echo_path);
    get = rig_run(&r, "GET", "/a", NULL);
    snprintf(wanted, sizeof(wanted),
             "GET /a HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: rig/1\r\n"
             "Authorization: Bearer " RIG_KEY "\r\n"
             "Accept: application/json\r\n\r\n",
             r.server.port);
    CHECK_TEXT(r.server.seen->raw, wanted);
    gone = rig_run(&r, "DELETE", "/a", NULL);
    CHECK(strncmp(r.server.seen->raw, "DELETE /a HTTP/1.1\r\n", 20) == 0);
    CHECK(strstr(r.server.seen->raw, "Content-") == NULL);
    sso_call_free(get);
    sso_call_free(gone);
    rig_close(&r);
}

static void post_without_a_body_says_so(void)
{
    struct sso_call *call;
    struct rig r;

    rig_open(&r, echo_path);
    call = rig_run(&r, "POST", "/resend", NULL);
    CHECK(strstr(r.server.seen->raw, "\r\nContent-Length: 0\r\n") != NULL);
    CHECK(strstr(r.server.seen->raw, "Content-Type") == NULL);
    sso_call_free(call);
    rig_close(&r);
}

/* Methods one after the other on the one pooled handle. */
static void nothing_of_a_call_sticks_to_the_next(void)
{
    static const char *const methods[] = {"PATCH", "GET",    "POST", "GET",
                                          "PUT",   "DELETE", "POST"};
    struct rig r;
    size_t i;

    rig_open(&r, echo_path);
    for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        const char *body = methods[i][0] == 'P' ? "{\"n\":1}" : NULL;
        struct sso_call *call = rig_run(&r, methods[i], "/x", body);
        size_t len = strlen(methods[i]);

        CHECK(strncmp(r.server.seen->raw, methods[i], len) == 0);
        CHECK((strstr(r.server.seen->raw, "{\"n\":1}") != NULL) ==
              (body != NULL));
        CHECK((strstr(r.server.seen->raw, "Content-Type: application/json") !=
               NULL) == (body != NULL));
        sso_call_free(call);
    }
    /* The two POSTs take connections of their own below 7.80. */
    CHECK(r.server.seen->connections == (rig_can_veto() ? 1 : 3));
    rig_close(&r);
}

static void given_headers_replace_ours(void)
{
    static const struct sso_header headers[] = {
        {"accept", "text/plain"},
        {"on-behalf-of", "sub user"},
        {"X-Empty", ""},
    };
    struct sso_call *call;
    struct rig r;

    rig_open(&r, echo_path);
    r.spec.headers = headers;
    r.spec.header_count = 3;
    rig_renew(&r, 0);
    call = rig_run(&r, "GET", "/a", NULL);
    CHECK(strstr(r.server.seen->raw, "accept: text/plain\r\n") != NULL);
    CHECK(strstr(r.server.seen->raw, "Accept: ") == NULL);
    CHECK(strstr(r.server.seen->raw, "on-behalf-of: sub user\r\n") != NULL);
    CHECK(strstr(r.server.seen->raw, "X-Empty:\r\n") != NULL);
    sso_call_free(call);
    rig_close(&r);
}

static void settings_change_between_calls_on_one_handle(void)
{
    struct sso_call *first;
    struct sso_call *second;
    struct rig r;

    rig_open(&r, echo_path);
    first = rig_run(&r, "GET", "/a", NULL);
    r.spec.api_key = "SG.another";
    r.spec.user_agent = "rig/2";
    rig_renew(&r, 0);
    second = rig_run(&r, "GET", "/a", NULL);
    CHECK(strstr(r.server.seen->raw, "Bearer SG.another\r\n") != NULL);
    CHECK(strstr(r.server.seen->raw, "rig/2") != NULL);
    CHECK(strstr(r.server.seen->raw, RIG_KEY) == NULL);
    CHECK(rig_outcome(second)->timings.reused);
    sso_call_free(first);
    sso_call_free(second);
    rig_close(&r);
}

static void large_body_arrives_whole(void)
{
    size_t len = 256 * 1024;
    char *body = malloc(len + 1);
    struct sso_call *call;
    struct rig r;
    size_t i;

    for (i = 0; i < len; i++) {
        body[i] = (char)('a' + i % 26);
    }
    body[len] = '\0';
    rig_open(&r, echo_path);
    call = rig_run(&r, "PATCH", "/big", body);
    CHECK_TEXT(rig_kind(call), "ok");
    CHECK(strcmp(strstr(r.server.seen->raw, "\r\n\r\n") + 4, body) == 0);
    CHECK(strstr(r.server.seen->raw, "Expect") == NULL);
    sso_call_free(call);
    rig_close(&r);
    free(body);
}

/* ---- answers ---------------------------------------------------------- */

static bool answer_oddly(struct exchange *x)
{
    if (server_is_for(x, "/early")) {
        server_send(x, "HTTP/1.1 103 Early Hints\r\nRetry-After: 99\r\n\r\n"
                       "HTTP/1.1 100 Continue\r\n\r\n");
        return server_reply(x, "200 OK", "", "late");
    }
    if (server_is_for(x, "/folded")) {
        return server_reply(x, "200 OK", "X-Long: a\r\n  b\r\nX-Next: c\r\n",
                            "");
    }
    if (server_is_for(x, "/chunked")) {
        server_send(x, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "3\r\nabc\r\n2\r\nde\r\n0\r\nX-After: t\r\n\r\n");
        return true;
    }
    if (server_is_for(x, "/none")) {
        return server_reply(x, "204 No Content", "", "");
    }
    server_send(x, "HTTP/1.0 200 OK\r\n\r\nuntil the end");
    return false;
}

static void odd_answers_are_read_right(void)
{
    struct sso_call *call;
    struct rig r;

    rig_open(&r, answer_oddly);
    call = rig_run(&r, "GET", "/early", NULL);
    CHECK(rig_outcome(call)->status == 200);
    CHECK_TEXT(rig_outcome(call)->headers.data,
               "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n");
    sso_call_free(call);
    call = rig_run(&r, "GET", "/folded", NULL);
    CHECK(strstr(rig_outcome(call)->headers.data, "X-Long: a  b\r\n") != NULL);
    sso_call_free(call);
    call = rig_run(&r, "GET", "/chunked", NULL);
    CHECK_TEXT(rig_outcome(call)->body.data, "abcde");
    CHECK(strstr(rig_outcome(call)->headers.data, "X-After: t") != NULL);
    sso_call_free(call);
    call = rig_run(&r, "GET", "/none", NULL);
    CHECK(rig_outcome(call)->status == 204);
    CHECK(rig_outcome(call)->body.len == 0);
    sso_call_free(call);
    call = rig_run(&r, "GET", "/old", NULL);
    CHECK(rig_outcome(call)->http_version == 10);
    CHECK_TEXT(rig_outcome(call)->body.data, "until the end");
    sso_call_free(call);
    rig_close(&r);
}

/* ---- caps ------------------------------------------------------------- */

static bool send_much(struct exchange *x)
{
    bool is_error = server_is_for(x, "/error");
    size_t len = SSO_MAX_BODY + (server_is_for(x, "/fits") ? 0 : 1);
    char head[256];
    char *bytes;

    if (server_is_for(x, "/headers")) {
        int i;

        server_send(x, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
        for (i = 0; i < 2000; i++) {
            server_send(x, "X-Header: 0123456789012345678901234567890\r\n");
        }
        server_send(x, "\r\n");
        return true;
    }
    if (server_is_for(x, "/line")) {
        bytes = malloc(300 * 1024);
        memset(bytes, 'x', 300 * 1024);
        server_send(x, "HTTP/1.1 200 OK\r\nX-Long: ");
        server_send_bytes(x, bytes, 300 * 1024);
        server_send(x, "\r\nContent-Length: 0\r\n\r\n");
        free(bytes);
        return true;
    }
    bytes = malloc(len);
    memset(bytes, 'b', len);
    snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n",
             is_error ? "500 Oops" : "200 OK", len);
    server_send(x, head);
    server_send_bytes(x, bytes, len);
    free(bytes);
    return true;
}

static void answers_over_the_caps_are_refused(void)
{
    struct sso_call *call;
    struct rig r;

    rig_open(&r, send_much);
    call = rig_run(&r, "PATCH", "/fits", "{}");
    CHECK_TEXT(rig_kind(call), "ok");
    CHECK(rig_outcome(call)->body.len == SSO_MAX_BODY);
    sso_call_free(call);
    call = rig_run(&r, "PATCH", "/much", "{}");
    CHECK_TEXT(rig_kind(call), "response");
    CHECK(strstr(rig_outcome(call)->message, "1 MiB") != NULL);
    CHECK(rig_outcome(call)->maybe_applied);
    CHECK(!rig_outcome(call)->retryable);
    sso_call_free(call);
    call = rig_run(&r, "PATCH", "/error", "{}");
    CHECK_TEXT(rig_kind(call), "server"); /* it is an answer all the same */
    CHECK(rig_outcome(call)->status == 500);
    sso_call_free(call);
    call = rig_run(&r, "PATCH", "/headers", "{}");
    CHECK_TEXT(rig_kind(call), "response");
    CHECK(strstr(rig_outcome(call)->message, "64 KiB") != NULL);
    sso_call_free(call);
    call = rig_run(&r, "PATCH", "/line", "{}");
    CHECK_TEXT(rig_kind(call), "response");
    sso_call_free(call);
    rig_close(&r);
}

/* ---- proxies ---------------------------------------------------------- */

static bool refuse_to_connect(struct exchange *x)
{
    return server_reply(x, "407 Proxy Authentication Required", "", "");
}

static void proxy_is_asked_without_the_key(void)
{
    struct sso_call *call;
    struct rig r;

    rig_open(&r, refuse_to_connect);
    r.spec.base_url = "https://api.example";
    r.spec.proxy = r.server.url;
    rig_renew(&r, 0);
    call = rig_run(&r, "POST", "/", "{}");
    CHECK(strncmp(r.server.seen->raw, "CONNECT api.example:443 ", 24) == 0);
    CHECK(strstr(r.server.seen->raw, "SG.") == NULL);
    CHECK_TEXT(rig_kind(call), "connect");
    CHECK(strstr(rig_outcome(call)->message, "the proxy refused") != NULL);
    CHECK(strstr(rig_outcome(call)->message, "407") != NULL);
    CHECK(rig_outcome(call)->status == 0);
    CHECK(!rig_outcome(call)->maybe_applied);
    sso_call_free(call);
    rig_close(&r);
}

static void http_to_loopback_goes_past_the_proxy(void)
{
    struct server proxy;
    struct sso_call *call;
    struct rig r;

    server_start(&proxy, refuse_to_connect);
    setenv("http_proxy", proxy.url, 1);
    setenv("all_proxy", proxy.url, 1);
    rig_open(&r, echo_path);
    r.spec.proxy = proxy.url;
    rig_renew(&r, 0);
    call = rig_run(&r, "GET", "/", NULL);
    CHECK_TEXT(rig_kind(call), "ok");
    CHECK(proxy.seen->connections == 0);
    sso_call_free(call);
    rig_close(&r);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    server_stop(&proxy);
}

int main(void)
{
    check_case("a PATCH is as expected, byte for byte",
               patch_is_as_expected_byte_for_byte);
    check_case("GET and DELETE carry no body", get_and_delete_carry_no_body);
    check_case("a POST without a body says so", post_without_a_body_says_so);
    check_case("nothing of a call sticks to the next",
               nothing_of_a_call_sticks_to_the_next);
    check_case("given headers replace ours", given_headers_replace_ours);
    check_case("settings change between calls on one handle",
               settings_change_between_calls_on_one_handle);
    check_case("a body of 256 KiB arrives whole", large_body_arrives_whole);
    check_case("odd answers are read right", odd_answers_are_read_right);
    check_case("answers over the caps are refused",
               answers_over_the_caps_are_refused);
    check_case("a proxy is asked without the key",
               proxy_is_asked_without_the_key);
    check_case("http to loopback goes past the proxy",
               http_to_loopback_goes_past_the_proxy);
    return check_end();
}
