/*
 * transfer_test.c - libcurl's callbacks, called here with what a server or a
 * name service could make libcurl hand to them, a piece at a time.
 */
#include "../../src/transport/engine.h"
#include "../../src/transport/transfer.h"
#include "check.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- an attempt that is on no wire ------------------------------------ */

struct stage {
    struct sso_engine *engine;
    struct sso_settings *settings;
    struct sso_call *call;
    struct sso_attempt a;
};

static void open_stage(struct stage *s, const char *base_url)
{
    struct sso_request request = {"PATCH", "/", "{}", 2, true};
    struct sso_settings_spec spec;
    char why[128] = "";

    memset(s, 0, sizeof(*s));
    memset(&spec, 0, sizeof(spec));
    spec.base_url = base_url;
    spec.timeout_ms = spec.connect_timeout_ms = 1000;
    s->settings = sso_settings_new(&spec, why, sizeof(why));
    s->engine = sso_engine_new(1);
    s->call = sso_call_new(s->settings, &request, NULL);
    s->a.engine = s->engine;
    s->a.call = s->call;
    s->a.can_veto = true;
    if (s->settings == NULL || s->engine == NULL || s->call == NULL ||
        sso_engine_open(s->engine) != SSO_OK) {
        printf("transfer_test: no stage: %s\n", why);
        exit(2);
    }
}

static void close_stage(struct stage *s)
{
    sso_call_free(s->call);
    sso_settings_unref(s->settings);
    sso_engine_unref(s->engine);
}

static size_t give_header(struct stage *s, const char *line, size_t len)
{
    char data[128]; /* as libcurl gives it: not for us to change, not ended */

    memcpy(data, line, len);
    return sso_transfer_on_header(data, 1, len, &s->a);
}

/* ---- headers ---------------------------------------------------------- */

static void status_lines(void)
{
    static const struct {
        const char *line;
        bool taken;
        bool answered;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\n", true, true},
        {"HTTP/1.1 200\r\n", true, true},
        {"HTTP/1.0 599 x\r\n", true, true},
        {"HTTP/1.1 100 Continue\r\n", true, false},
        {"HTTP/1.1 103 Early\r\n", true, false},
        {"HTTP/1.1 099 Never\r\n", false, false},
        {"HTTP/1.1 20x OK\r\n", false, false},
        {"HTTP/1.1 2.0 OK\r\n", false, false},
        {"HTTP/1.1 /00 OK\r\n", false, false},
        {"HTTP/1.1 :00 OK\r\n", false, false},
        {"HTTP/1.12200 OK\r\n", false, false},
        {"HTTP/3.1 200 OK\r\n", false, false},
        {"HTTP/1.1 20", false, false},
        {"HTTP/", false, false},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = strlen(rows[i].line);
        struct stage s;

        open_stage(&s, "https://host.example");
        if (!CHECK((give_header(&s, rows[i].line, len) == len) ==
                   rows[i].taken) ||
            !CHECK(s.a.answered == rows[i].answered) ||
            !CHECK((s.a.stop == SSO_STOP_NOT_HTTP) == !rows[i].taken)) {
            printf("    %s\n", rows[i].line);
        }
        close_stage(&s);
    }
}

static void headers_become_one_block(void)
{
    static const char *const lines[] = {
        " folded onto nothing\r\n",
        "HTTP/1.1 103 Early\r\n",
        "Link: early\r\n",
        "\r\n",
        "HTTP/1.1 200 OK\r\n",
        "A: one\r\n",
        " two\r\n",
        "\tthree\r\n",
        "B:\r\n",
        "",
        "HTTP: no status\r\n",
        "\n",
        "HTTP/1.1 500 in the trailer\r\n",
    };
    struct stage s;
    size_t i;

    open_stage(&s, "https://host.example");
    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        size_t len = strlen(lines[i]);

        CHECK(give_header(&s, lines[i], len) == len);
        CHECK(s.a.in_body == (i >= 11));
    }
    CHECK_TEXT(s.call->outcome.headers.data,
               "HTTP/1.1 200 OK\r\nA: one two\tthree\r\nB:\r\n"
               "HTTP: no status\r\nHTTP/1.1 500 in the trailer\r\n");
    close_stage(&s);
}

/* ---- sockets ---------------------------------------------------------- */

static curl_socket_t open_to(struct stage *s, bool loopback)
{
    struct curl_sockaddr to;
    struct sockaddr_in in;

    memset(&to, 0, sizeof(to));
    memset(&in, 0, sizeof(in));
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(loopback ? 0x7F000001u : 0xC0000201u);
    memcpy(&to.addr, &in, sizeof(in));
    to.family = AF_INET;
    to.socktype = SOCK_STREAM;
    to.addrlen = sizeof(in);
    return sso_transfer_on_open(&s->a, CURLSOCKTYPE_IPCXN, &to);
}

/* libcurl answers "localhost" itself; older ones ask whom the system asks. */
static void http_goes_to_loopback_whatever_the_name_says(void)
{
    struct stage s;
    curl_socket_t fd;

    open_stage(&s, "http://localhost:80");
    CHECK(open_to(&s, false) == CURL_SOCKET_BAD);
    CHECK(s.a.not_local && s.engine->sockets.count == 0);
    s.a.not_local = false;
    fd = open_to(&s, true);
    CHECK(fd != CURL_SOCKET_BAD && !s.a.not_local);
    CHECK(sso_transfer_on_close(s.engine, fd) == 0);
    close_stage(&s);
    open_stage(&s, "https://localhost:443"); /* its certificate will tell */
    fd = open_to(&s, false);
    CHECK(fd != CURL_SOCKET_BAD && !s.a.not_local);
    CHECK(sso_transfer_on_close(s.engine, fd) == 0);
    close_stage(&s);
}

static void a_socket_that_nobody_opened_is_closed(void)
{
    struct stage s;
    int ends[2];

    open_stage(&s, "https://host.example");
    CHECK(pipe(ends) == 0);
    CHECK(sso_transfer_on_close(s.engine, ends[0]) == 0);
    CHECK(close(ends[0]) == -1);
    close(ends[1]);
    close_stage(&s);
}

#if SSO_CURL_FEATURES >= 0x075000
static void a_request_is_sent_once(void)
{
    char address[] = "127.0.0.1";
    struct stage s;

    open_stage(&s, "https://host.example");
    CHECK(sso_transfer_on_prereq(&s.a, address, address, 443, 1) ==
          CURL_PREREQFUNC_OK);
    CHECK(s.a.sent);
    CHECK(sso_transfer_on_prereq(&s.a, address, address, 443, 1) ==
          CURL_PREREQFUNC_ABORT);
    CHECK(s.a.stop == SSO_STOP_REPLAY);
    s.a.sent = false;
    s.a.stop = SSO_STOP_UNWATCHED; /* nobody would hear of the answer */
    CHECK(sso_transfer_on_prereq(&s.a, address, address, 443, 1) ==
          CURL_PREREQFUNC_ABORT);
    CHECK(!s.a.sent && s.a.stop == SSO_STOP_UNWATCHED);
    close_stage(&s);
}
#endif

/* ---- HTTP/2 ----------------------------------------------------------- */

static void say(struct stage *s, curl_infotype type, const char *words)
{
    char text[128]; /* not ended, as libcurl has it */

    memcpy(text, words, strlen(words));
    CHECK(sso_transfer_on_words(NULL, type, text, strlen(words), &s->a) == 0);
}

static void words_of_libcurl_tell_what_a_stream_met(void)
{
    struct stage s;

    open_stage(&s, "https://host.example");
    say(&s, CURLINFO_HEADER_OUT, "REFUSED_STREAM");
    say(&s, CURLINFO_TEXT, "");
    say(&s, CURLINFO_TEXT, "REFUSED");
    say(&s, CURLINFO_TEXT, "received GOAWAY, and no number");
    CHECK(!s.a.refused && !s.a.waits && !s.a.downgraded);
    CHECK(s.a.stream == 0);
    say(&s, CURLINFO_TEXT, "Using Stream ID: 7 (easy handle 0x1)");
    CHECK(s.a.stream == 7);
    say(&s, CURLINFO_TEXT, "Found pending candidate for reuse");
    CHECK(s.a.waits);
    say(&s, CURLINFO_TEXT, "Downgrades to HTTP/1.1");
    CHECK(s.a.downgraded);
    say(&s, CURLINFO_TEXT, "REFUSED_STREAM, try again");
    CHECK(s.a.refused);
    close_stage(&s);
}

/* ---- bodies ----------------------------------------------------------- */

static void a_body_ends_at_its_limit(void)
{
    static char piece[1000];
    struct stage s;
    size_t taken = 0;

    open_stage(&s, "https://host.example");
    sso_call_allow_body(s.call, 10500);
    while (sso_transfer_on_body(piece, 1, sizeof(piece), &s.a) ==
           sizeof(piece)) {
        taken += sizeof(piece);
    }
    CHECK(taken == 10000 && s.call->outcome.body.len == 10000);
    CHECK(s.a.stop == SSO_STOP_BIG_BODY);
    close_stage(&s);
}

int main(void)
{
    check_case("status lines", status_lines);
    check_case("headers become one block", headers_become_one_block);
    check_case("http goes to loopback, whatever the name says",
               http_goes_to_loopback_whatever_the_name_says);
    check_case("a socket that nobody opened is closed",
               a_socket_that_nobody_opened_is_closed);
#if SSO_CURL_FEATURES >= 0x075000
    check_case("a request is sent once", a_request_is_sent_once);
#endif
    check_case("words of libcurl tell what a stream met",
               words_of_libcurl_tell_what_a_stream_met);
    check_case("a body ends at its limit", a_body_ends_at_its_limit);
    return check_end();
}
