/*
 * attempt.c - see attempt.h.  The only file that sets libcurl options, each
 * with its reason and, where it is younger than 7.68, its version.
 *
 */
#include "attempt.h"
#include "engine.h"
#include "memory.h"
#include "transfer.h"

/* ---- options that never change ---------------------------------------- */

struct row {
    CURLoption option;
    long value;
    unsigned since; /* version it came with, 0: older than 7.68 */
};

static const struct row constants[] = {
    /* no SIGPIPE handling and no alarm(): the host's signals are its own */
    {CURLOPT_NOSIGNAL, 1, 0},
    /* an answer without a status line is no answer */
    {CURLOPT_HTTP09_ALLOWED, 0, 0},
    /* "%2E%2E" in an id stays what it is */
    {CURLOPT_PATH_AS_IS, 1, 0},
    /* a redirect would carry the key to another server */
    {CURLOPT_FOLLOWLOCATION, 0, 0},
    /* credentials come from the client's options alone */
    {CURLOPT_NETRC, CURL_NETRC_IGNORED, 0},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2, 0},
    {CURLOPT_SSL_VERIFYPEER, 1, 0},
    {CURLOPT_SSL_VERIFYHOST, 2, 0},
    /* our headers, the key among them, are not for a proxy's CONNECT */
    {CURLOPT_HEADEROPT, CURLHEADER_SEPARATE, 0},
    /* a proxy's answer to CONNECT is not the server's */
    {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1, 0},
    /* without it small requests wait for delayed ACKs, 40 ms */
    {CURLOPT_TCP_NODELAY, 1, 0},
    {CURLOPT_NOPROGRESS, 1, 0},
#if SSO_CURL_FEATURES >= 0x075700
    /* 7.87: cancelling does not wait for a name server that is slow */
    {CURLOPT_QUICK_EXIT, 1, 0x075700},
#endif
};

static bool is_memory(CURLcode code)
{
    return code == CURLE_OUT_OF_MEMORY;
}

/* An option that the running library is too old for is passed over. */
static CURLcode set_constants(CURL *easy)
{
    unsigned version = curl_version_info(CURLVERSION_NOW)->version_num;
    size_t i;

    for (i = 0; i < sizeof(constants) / sizeof(constants[0]); i++) {
        const struct row *row = &constants[i];
        CURLcode code;

        if (row->since > version) {
            continue;
        }
        code = curl_easy_setopt(easy, row->option, row->value);
        if (code != CURLE_OK &&
            !(row->since != 0 && code == CURLE_UNKNOWN_OPTION)) {
            return code;
        }
    }
    return CURLE_OK;
}

/* https, and http which settings.c lets through to loopback only. */
static CURLcode set_protocols(CURL *easy)
{
#if SSO_CURL_FEATURES >= 0x075500 /* 7.85 */
    CURLcode code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");

    if (code != CURLE_UNKNOWN_OPTION) {
        return code;
    }
    return CURLE_OK; /* older at run time: every URL of ours is checked */
#else
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
                            (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static CURLcode set_prereq(struct sso_attempt *a)
{
#if SSO_CURL_FEATURES >= 0x075000 /* 7.80 */
    CURLcode code = curl_easy_setopt(a->easy, CURLOPT_PREREQFUNCTION,
                                     sso_transfer_on_prereq);

    a->can_veto = code == CURLE_OK;
    if (code == CURLE_OK) {
        code = curl_easy_setopt(a->easy, CURLOPT_PREREQDATA, a);
    }
    return code == CURLE_UNKNOWN_OPTION ? CURLE_OK : code;
#else
    (void)a;
    return CURLE_OK;
#endif
}

/*
 * When IPv6 has not connected by then, IPv4 is tried beside it.  libcurl works
 * through all timers that end together in one go, 30 ms and more for 64
 * handshakes, which no budget can cut: so each handle has a time of its own.
 */
static long eyeballs_ms(struct sso_engine *e)
{
    return 200 + (long)(e->attempts_made++ % 64) * 10;
}

static CURLcode set_callbacks(struct sso_attempt *a)
{
    CURL *easy = a->easy;
    CURLcode codes[] = {
        /* the way back from libcurl's messages to us */
        curl_easy_setopt(easy, CURLOPT_PRIVATE, a),
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, a->error),
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, sso_transfer_on_body),
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, a),
        curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, sso_transfer_on_header),
        curl_easy_setopt(easy, CURLOPT_HEADERDATA, a),
        /* called for handles that are verbose: those of HTTP/2 */
        curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, sso_transfer_on_words),
        curl_easy_setopt(easy, CURLOPT_DEBUGDATA, a),
        /* a forked child must know every socket by number, and http must
         * not leave the machine whatever a name resolves to */
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION,
                         sso_transfer_on_open),
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, a),
        curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION,
                         sso_transfer_on_close),
        curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, a->engine),
        curl_easy_setopt(easy, CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS,
                         eyeballs_ms(a->engine)),
        /* TLS sessions are resumed whichever pooled handle connects */
        curl_easy_setopt(easy, CURLOPT_SHARE, a->engine->share),
        set_prereq(a),
        set_protocols(easy),
        set_constants(easy),
    };
    size_t i;

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i] != CURLE_OK) {
            return codes[i];
        }
    }
    return CURLE_OK;
}

/* ---- options of the settings ------------------------------------------ */

static const struct sso_trust *trust_of(struct sso_engine *e,
                                        const struct sso_settings *s)
{
    if (s->trust.source != SSO_TRUST_SYSTEM) {
        return &s->trust;
    }
    if (!e->system_trust_known) {
        if (sso_trust_system(&e->system_trust) != SSO_OK) {
            return NULL;
        }
        e->system_trust_known = true;
    }
    return &e->system_trust;
}

/* A handle that had anchors set cannot be given libcurl's own again, other
 * than by a reset. */
static CURLcode set_trust(struct sso_attempt *a, const struct sso_trust *t)
{
    CURLcode code = CURLE_OK;

    if (t->source == SSO_TRUST_LIBCURL) {
        if (a->has_trust) {
            curl_easy_reset(a->easy);
            a->has_trust = false;
            a->is_fresh = false;
            code = set_callbacks(a);
        }
        return code;
    }
    a->has_trust = true;
    code = curl_easy_setopt(a->easy, CURLOPT_CAINFO, t->file);
    if (code != CURLE_OK) {
        return code;
    }
    /* NULL beside a bundle also turns on the parsed-store cache of 7.87 */
    return curl_easy_setopt(a->easy, CURLOPT_CAPATH, t->path);
}

/*
 * A stream that the server refused was not worked on and may be sent again;
 * of one that just ends, nobody knows.  libcurl has no number for the
 * difference and words for it, which it keeps to itself where a connection
 * was used before: it takes that for a kept-alive one that died.  It does not
 * for RTSP's RECEIVE, which means nothing else over HTTP.
 */
static CURLcode set_candour(CURL *easy, bool http2)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_VERBOSE, http2 ? 1L : 0L);

    if (code == CURLE_OK && http2) {
        /* libcurl without RTSP: what is not known for certain is retried
         * with care */
        (void)curl_easy_setopt(easy, CURLOPT_RTSP_REQUEST,
                               (long)CURL_RTSPREQ_RECEIVE);
    }
    return code;
}

static CURLcode set_settings(struct sso_attempt *a, struct sso_settings *s)
{
    const struct sso_trust *t = trust_of(a->engine, s);
    CURL *easy = a->easy;
    CURLcode code = t != NULL ? set_trust(a, t) : CURLE_OUT_OF_MEMORY;
    size_t i;

    if (code == CURLE_OK) {
        CURLcode codes[] = {
            /* the path goes as the request's target: libcurl takes a URL
             * apart and writes it anew for each call, byte by byte */
            curl_easy_setopt(easy, CURLOPT_URL, s->base.origin),
            /* without TLS there is no HTTP/2 for us: its upgrade costs a
             * round trip, and http goes to loopback alone */
            curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                             s->http2 ? (long)CURL_HTTP_VERSION_2TLS
                                      : (long)CURL_HTTP_VERSION_1_1),
            /* a burst waits for the one connection that all of it can use */
            curl_easy_setopt(easy, CURLOPT_PIPEWAIT, s->http2 ? 1L : 0L),
            set_candour(easy, s->http2),
            /* for a proxy's CONNECT; the server's stands in the headers,
             * because CURLOPT_USERAGENT is formatted twice a call */
            curl_easy_setopt(easy, CURLOPT_PROXYHEADER, s->proxy_headers),
            curl_easy_setopt(easy, CURLOPT_SSLCERT, s->client_cert),
            curl_easy_setopt(easy, CURLOPT_SSLKEY, s->client_key),
            /* NULL: the usual variables; "": none */
            curl_easy_setopt(easy, CURLOPT_PROXY, s->proxy),
            /* without a proxy nobody need look for exceptions either */
            curl_easy_setopt(easy, CURLOPT_NOPROXY,
                             s->proxy != NULL && s->proxy[0] == '\0' ? ""
                                                                     : NULL),
            curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                             s->connect_timeout_ms),
            /* whoever watches calls may see whom they talk to */
            curl_easy_setopt(easy, CURLOPT_CERTINFO, s->events ? 1L : 0L),
        };

        for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
            code = code == CURLE_OK ? codes[i] : code;
        }
    }
    sso_settings_unref(a->settings);
    a->settings = code == CURLE_OK ? sso_settings_ref(s) : NULL;
    a->shape[0] = '\0'; /* its header list was the other settings' */
    return code;
}

/* ---- options of one call ---------------------------------------------- */

static bool needs_body(const struct sso_call *call)
{
    return call->body != NULL || strcmp(call->method, "POST") == 0 ||
           strcmp(call->method, "PUT") == 0 ||
           strcmp(call->method, "PATCH") == 0;
}

static bool has_shape(const struct sso_attempt *a, const struct sso_call *call)
{
    return a->shape[0] != '\0' && strcmp(a->shape, call->method) == 0 &&
           a->shape_has_body == (call->body != NULL);
}

/* Method and headers: the same ones for most calls in a row. */
static CURLcode set_shape(struct sso_attempt *a, const struct sso_call *call)
{
    const struct sso_settings *s = call->settings;
    CURL *easy = a->easy;
    CURLcode code;

    if (has_shape(a, call)) {
        return CURLE_OK;
    }
    a->shape[0] = '\0';
    code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER,
                            call->body != NULL ? s->body_headers : s->headers);
    if (code == CURLE_OK && !needs_body(call)) {
        code = curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    } else if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_POST, 1L);
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
    }
    if (code == CURLE_OK && strlen(call->method) < sizeof(a->shape)) {
        memcpy(a->shape, call->method, strlen(call->method) + 1);
        a->shape_has_body = call->body != NULL;
    }
    return code;
}

/*
 * A new connection where a kept one failed before, and, below 7.80, where
 * libcurl's own replay could carry a request out twice.
 */
static CURLcode set_fresh(struct sso_attempt *a, const struct sso_call *call)
{
    bool fresh = call->fresh;
    CURLcode code;

    if (!a->can_veto) {
        fresh = fresh || !call->repeatable;
    }
    if (fresh == a->is_fresh) {
        return CURLE_OK;
    }
    code = curl_easy_setopt(a->easy, CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
    if (code == CURLE_OK) {
        a->is_fresh = fresh;
    }
    return code;
}

static CURLcode set_request(struct sso_attempt *a, const struct sso_call *call)
{
    CURLcode code = set_shape(a, call);

    if (code == CURLE_OK) {
        code = curl_easy_setopt(a->easy, CURLOPT_REQUEST_TARGET, call->target);
    }
    if (code == CURLE_OK && needs_body(call)) {
        code = curl_easy_setopt(a->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                (curl_off_t)call->body_len);
        if (code == CURLE_OK) {
            /* borrowed: the call outlives its attempt */
            code = curl_easy_setopt(a->easy, CURLOPT_POSTFIELDS,
                                    call->body != NULL ? call->body : "");
        }
    }
    return code == CURLE_OK ? set_fresh(a, call) : code;
}

enum sso_kind sso_attempt_prepare(struct sso_attempt *a, struct sso_call *call)
{
    CURLcode code = CURLE_OK;

    a->call = call;
    a->stop = SSO_STOP_NONE;
    a->sent = false;
    a->answered = false;
    a->in_body = false;
    a->reached = false;
    a->not_local = false;
    a->multiplexed = call->settings->http2;
    a->waits = false;
    a->refused = false;
    a->downgraded = false;
    a->connection = 0;
    a->stream = 0;
    a->socket_error = 0;
    a->error[0] = '\0';
    if (a->settings != call->settings) {
        code = set_settings(a, call->settings);
    }
    if (code == CURLE_OK) {
        code = set_request(a, call);
    }
    if (code == CURLE_OK) {
        return SSO_OK;
    }
    a->call = NULL;
    return is_memory(code) ? SSO_MEMORY : SSO_CONFIG;
}

/* ---- life ------------------------------------------------------------- */

struct sso_attempt *sso_attempt_new(struct sso_engine *engine)
{
    struct sso_attempt *a = sso_calloc(1, sizeof(*a));

    if (a == NULL) {
        return NULL;
    }
    a->engine = engine;
    a->easy = curl_easy_init();
    if (a->easy == NULL || set_callbacks(a) != CURLE_OK) {
        sso_attempt_free(a);
        return NULL;
    }
    return a;
}

void sso_attempt_free(struct sso_attempt *a)
{
    curl_easy_cleanup(a->easy);
    sso_attempt_abandon(a);
}

void sso_attempt_abandon(struct sso_attempt *a)
{
    sso_settings_unref(a->settings);
    sso_free(a);
}
