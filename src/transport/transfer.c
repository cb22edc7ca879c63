/*
 * transfer.c - see transfer.h.  The callbacks set flags and fill buffers and
 * do nothing else: libcurl must not be called from inside itself.
 */
#include "transfer.h"
#include "engine.h"
#include "retry.h"

#include <errno.h>
#include <string.h>

/* ---- callbacks -------------------------------------------------------- */

static size_t stop(struct sso_attempt *a, enum sso_kind kind, enum sso_stop why)
{
    a->stop = kind == SSO_MEMORY ? SSO_STOP_MEMORY : why;
    return 0; /* anything but the length ends the transfer with error 23 */
}

size_t sso_transfer_on_body(char *data, size_t size, size_t count, void *user)
{
    struct sso_attempt *a = user;
    struct sso_buffer *body = &a->call->outcome.body;
    size_t len = size * count;
    enum sso_kind kind = sso_buffer_append(body, data, len);

    return kind == SSO_OK ? len : stop(a, kind, SSO_STOP_BIG_BODY);
}

/*
 * "HTTP/1.1 200 ..." -> 200; 0 for what no HTTP/1 server sends.  libcurl words
 * the beginning of an HTTP/2 answer as "HTTP/2 200".
 */
static int status_of(const char *line, size_t len, bool http2)
{
    int status = 0;
    size_t at = 9;
    size_t i;

    if (len < 12 || memcmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ') {
        if (!http2 || len < 10 || memcmp(line, "HTTP/2 ", 7) != 0) {
            return 0;
        }
        at = 7;
    }
    for (i = at; i < at + 3; i++) {
        if (line[i] < '0' || line[i] > '9') {
            return 0;
        }
        status = status * 10 + (line[i] - '0');
    }
    return status;
}

/* The server does not offer HTTP/2: one call at a time on its connections. */
static void note_http1(struct sso_attempt *a)
{
    struct sso_sockets *s = &a->engine->sockets;
    size_t i;

    for (i = 0; i < s->count; i++) {
        if (s->list[i].serial == a->connection) {
            s->list[i].http1 = true;
        }
    }
}

static bool is_line_end(char c)
{
    return c == '\r' || c == '\n';
}

/* Called once a line, with the status line, every 1xx one's included. */
size_t sso_transfer_on_header(char *data, size_t size, size_t count, void *user)
{
    struct sso_attempt *a = user;
    struct sso_buffer *headers = &a->call->outcome.headers;
    size_t len = size * count;
    enum sso_kind kind;

    if (!a->in_body && len >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        bool http2 = a->call->settings->http2;
        int status = status_of(data, len, http2);

        if (status < 100) {
            return stop(a, SSO_PROTOCOL, SSO_STOP_NOT_HTTP);
        }
        if (http2 && data[5] == '1') {
            note_http1(a);
        }
        a->answered = status >= 200;
        sso_buffer_reset(headers); /* what a 103 said is not the answer's */
    } else if (len > 0 && is_line_end(data[0])) {
        a->in_body = a->answered;
        return len;
    } else if (len > 0 && (data[0] == ' ' || data[0] == '\t')) {
        while (headers->len > 0 &&
               is_line_end(headers->data[headers->len - 1])) {
            headers->len--; /* a folded line goes on in the one before */
        }
    }
    kind = sso_buffer_append(headers, data, len);
    return kind == SSO_OK ? len : stop(a, kind, SSO_STOP_BIG_HEADERS);
}

/* ---- what libcurl says of HTTP/2 --------------------------------------- */

/* The number behind these words of a text that is not zero-terminated. */
static bool number_after(const char *data, size_t size, const char *words,
                         long *number)
{
    size_t len = strlen(words);
    const char *at = memmem(data, size, words, len);
    long value = 0;

    if (at == NULL) {
        return false;
    }
    for (at += len; at < data + size && *at >= '0' && *at <= '9'; at++) {
        value = value * 10 + (*at - '0'); /* 31 bits by the protocol */
    }
    *number = value;
    return true;
}

static bool begins_with(const char *data, size_t size, const char *words)
{
    size_t len = strlen(words);

    return size >= len && memcmp(data, words, len) == 0;
}

/* The connection ends, and streams beyond the last were not worked on. */
static void note_goaway(const struct sso_attempt *a, long last)
{
    const struct sso_timers *timers = &a->engine->timers;
    size_t i;

    for (i = 0; i < timers->count; i++) {
        struct sso_attempt *other = timers->heap[i]->attempt;

        if (other != NULL && other->connection != 0 &&
            other->connection == a->connection && other->stream > last &&
            !other->answered) {
            other->refused = true;
        }
    }
}

/* Before a stream's number: in 7.88, and in later versions. */
static void note_stream(struct sso_attempt *a, const char *data, size_t size)
{
    static const char *const words[] = {"Using Stream ID: ", "[HTTP/2] ["};
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (begins_with(data, size, words[i])) {
            (void)number_after(data, size, words[i], &a->stream);
        }
    }
}

int sso_transfer_on_words(CURL *easy, curl_infotype type, char *data,
                          size_t size, void *user)
{
    struct sso_attempt *a = user;
    long last;

    (void)easy;
    if (type != CURLINFO_TEXT) {
        return 0;
    }
    note_stream(a, data, size);
    if (begins_with(data, size, "Server doesn't support multiplex yet") ||
        begins_with(data, size, "Found pending candidate")) {
        a->waits = true;
    } else if (begins_with(data, size, "REFUSED_STREAM")) {
        a->refused = !a->answered;
    } else if (begins_with(data, size, "Downgrades to HTTP/1.1")) {
        a->downgraded = true;
    } else if (begins_with(data, size, "rec") &&
               number_after(data, size, "last_stream=", &last)) {
        note_goaway(a, last); /* "recveived" in 7.88 */
    }
    return 0;
}

curl_socket_t sso_transfer_on_open(void *user, curlsocktype purpose,
                                   struct curl_sockaddr *address)
{
    struct sso_attempt *a = user;
    curl_socket_t fd;

    (void)purpose;
    if (a->refused) {
        a->stop = SSO_STOP_REPLAY; /* before a handshake that is for nothing */
        return CURL_SOCKET_BAD;
    }
    a->waits = false;
    if (a->call->settings->base.plain &&
        !sso_url_is_loopback_address(&address->addr)) {
        a->not_local = true; /* "localhost" may resolve to anything */
        return CURL_SOCKET_BAD;
    }
    fd = sso_sockets_open(&a->engine->sockets, address, a);
    if (fd == CURL_SOCKET_BAD) {
        a->socket_error = errno;
    }
    return fd;
}

/*
 * A connection that never carried a request goes.  Whether it had got as far
 * as TCP is known now and not later, when its attempt asks.
 */
static void note_reached(struct sso_engine *e, const void *opener)
{
    size_t i;

    for (i = 0; i < e->timers.count; i++) {
        struct sso_attempt *a = e->timers.heap[i]->attempt;

        if (a != NULL && a == opener) {
            a->reached = true;
        }
    }
}

int sso_transfer_on_close(void *user, curl_socket_t fd)
{
    struct sso_engine *e = user;
    const struct sso_socket *socket = sso_sockets_find(&e->sockets, fd);

    if (socket != NULL && socket->opener != NULL &&
        sso_sockets_is_connected(&e->sockets, socket->opener)) {
        note_reached(e, socket->opener);
    }
    return sso_sockets_close(&e->sockets, fd);
}

#if SSO_CURL_FEATURES >= 0x075000
/*
 * Called each time before libcurl sends a request, its own replays included.
 * libcurl takes a kept-alive connection with unread bytes for a live one and
 * those bytes for the answer; nobody has asked yet, so they are not.
 */
int sso_transfer_on_prereq(void *user, char *remote_ip, char *local_ip,
                           int remote_port, int local_port)
{
    struct sso_attempt *a = user;
    const struct sso_socket *socket;
    bool was_used = false;

    (void)remote_ip;
    (void)local_ip;
    (void)remote_port;
    if (a->stop != SSO_STOP_NONE) {
        return CURL_PREREQFUNC_ABORT; /* nobody would hear of the answer */
    }
    if (a->sent) {
        a->stop = SSO_STOP_REPLAY;
        return CURL_PREREQFUNC_ABORT;
    }
    socket = sso_sockets_use(&a->engine->sockets, local_port, &was_used);
    if (socket != NULL && a->call->settings->http2) {
        a->connection = socket->serial;
        a->multiplexed = !socket->http1;
    }
    if (socket != NULL && was_used && !a->multiplexed &&
        sso_sockets_has_input(socket)) {
        a->stop = SSO_STOP_STALE;
        return CURL_PREREQFUNC_ABORT;
    }
    a->sent = true;
    return CURL_PREREQFUNC_OK;
}
#endif

/* ---- looking at a transfer -------------------------------------------- */

static curl_off_t number(const struct sso_attempt *a, CURLINFO info)
{
    curl_off_t value = 0;

    return curl_easy_getinfo(a->easy, info, &value) == CURLE_OK ? value : 0;
}

static long small(const struct sso_attempt *a, CURLINFO info)
{
    long value = 0;

    return curl_easy_getinfo(a->easy, info, &value) == CURLE_OK ? value : 0;
}

bool sso_transfer_was_sent(const struct sso_attempt *a)
{
    if (a->can_veto) {
        return a->sent && !a->refused;
    }
    return number(a, CURLINFO_PRETRANSFER_TIME_T) > 0 ||
           small(a, CURLINFO_REQUEST_SIZE) > 0;
}

enum sso_phase sso_transfer_phase(const struct sso_attempt *a)
{
    if (sso_transfer_was_sent(a)) {
        if (a->answered) {
            return SSO_PHASE_BODY;
        }
        return number(a, CURLINFO_SIZE_UPLOAD_T) < (curl_off_t)a->call->body_len
                   ? SSO_PHASE_SEND
                   : SSO_PHASE_FIRST_BYTE;
    }
    if (number(a, CURLINFO_NAMELOOKUP_TIME_T) == 0) {
        return a->waits ? SSO_PHASE_CONNECT : SSO_PHASE_DNS;
    }
    /* CURLINFO_CONNECT_TIME_T would tell, but 7.88 sets it only when the TLS
     * handshake is over as well. */
    if (!a->reached && !sso_sockets_is_connected(&a->engine->sockets, a)) {
        return SSO_PHASE_CONNECT;
    }
    return a->call->settings->base.plain ? SSO_PHASE_SEND : SSO_PHASE_TLS;
}

static double seconds(const struct sso_attempt *a, CURLINFO info)
{
    return (double)number(a, info) / 1e6;
}

static int version_of(long version)
{
    switch (version) {
    case CURL_HTTP_VERSION_1_0:
        return 10;
    case CURL_HTTP_VERSION_1_1:
        return 11;
    case CURL_HTTP_VERSION_2_0:
        return 20;
    case CURL_HTTP_VERSION_3:
        return 30;
    default:
        return 0;
    }
}

/* What libcurl tells of the server's certificates: of each, lines "name:value",
 * the PEM text among them.  Without memory there are fewer. */
static void read_chain(const struct sso_attempt *a, struct sso_outcome *o)
{
    struct curl_certinfo *chain = NULL;
    int i;

    if (curl_easy_getinfo(a->easy, CURLINFO_CERTINFO, &chain) != CURLE_OK ||
        chain == NULL) {
        return;
    }
    for (i = 0; i < chain->num_of_certs; i++) {
        const struct curl_slist *line = chain->certinfo[i];

        for (; line != NULL; line = line->next) {
            if (strncmp(line->data, "Cert:", 5) == 0) {
                (void)sso_buffer_append(&o->chain, line->data + 5,
                                        strlen(line->data + 5));
                (void)sso_buffer_append(&o->chain, "\n", 1);
            }
        }
    }
}

void sso_transfer_observe(const struct sso_attempt *a, struct sso_outcome *o)
{
    struct sso_timings *t = &o->timings;

    t->dns = seconds(a, CURLINFO_NAMELOOKUP_TIME_T);
    t->connect = seconds(a, CURLINFO_CONNECT_TIME_T);
    t->tls = seconds(a, CURLINFO_APPCONNECT_TIME_T);
    t->first_byte = seconds(a, CURLINFO_STARTTRANSFER_TIME_T);
    t->total = seconds(a, CURLINFO_TOTAL_TIME_T);
    t->reused =
        sso_transfer_was_sent(a) && small(a, CURLINFO_NUM_CONNECTS) == 0;
    if (a->settings != NULL && a->settings->events) {
        read_chain(a, o);
    }
    if (!a->answered) {
        sso_buffer_reset(&o->headers); /* a 1xx is not an answer */
        return;
    }
    o->status = small(a, CURLINFO_RESPONSE_CODE);
    o->http_version = version_of(small(a, CURLINFO_HTTP_VERSION));
    if (o->status >= 300) { /* a success has nothing to say about waiting */
        o->retry_after =
            sso_retry_read_headers(o->headers.data, o->headers.len, o->status,
                                   sso_clock_unix(), &o->date_skew);
    }
}
