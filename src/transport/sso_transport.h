/*
 * sso_transport.h - what the floor above may use of the transport: settings
 * (where calls go and under which rules), calls, the engine that carries
 * them, and outcomes.
 *
 * No function here raises, exits or calls user code.  Strings are UTF-8 and
 * zero-terminated unless a length stands beside them.  Times are
 * milliseconds on the monotonic clock unless the name says otherwise.
 */
#ifndef SSO_TRANSPORT_H
#define SSO_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/* Largest answer that is read unless a call says otherwise, bytes. */
#define SSO_MAX_BODY    (1024u * 1024u)
#define SSO_MAX_HEADERS (64u * 1024u)

/* ---- kinds and phases ------------------------------------------------- */

enum sso_kind {
    SSO_OK = 0,
    SSO_CONFIG,
    SSO_CERTIFICATE,
    SSO_DNS,
    SSO_CONNECT,
    SSO_TLS,
    SSO_TIMEOUT,
    SSO_NETWORK,
    SSO_PROTOCOL,
    SSO_RESPONSE,
    SSO_INVALID_REQUEST,
    SSO_UNAUTHORIZED,
    SSO_FORBIDDEN,
    SSO_NOT_FOUND,
    SSO_CONFLICT,
    SSO_RATE_LIMITED,
    SSO_SERVER,
    SSO_HTTP,
    SSO_CANCELLED,
    SSO_HOST,
    SSO_SAML,
    SSO_UNSAFE,
    SSO_MEMORY,
    SSO_KIND_COUNT
};

/* The word a caller branches on: "ok", "config", "dns", ... */
const char *sso_kind_name(enum sso_kind kind);

/* SSO_OK for 2xx, SSO_NOT_FOUND for 404, ...; SSO_HTTP for the rest. */
enum sso_kind sso_kind_of_status(long status);

enum sso_phase {
    SSO_PHASE_NONE = 0,
    SSO_PHASE_QUEUE,
    SSO_PHASE_DNS,
    SSO_PHASE_CONNECT,
    SSO_PHASE_TLS,
    SSO_PHASE_SEND,
    SSO_PHASE_FIRST_BYTE,
    SSO_PHASE_BODY,
    SSO_PHASE_BACKOFF,
    SSO_PHASE_COUNT
};

/* "queue", "dns", ...; NULL for SSO_PHASE_NONE. */
const char *sso_phase_name(enum sso_phase phase);

/* ---- a growing, capped buffer that wipes itself ----------------------- */

struct sso_buffer {
    char *data; /* zero-terminated once anything was appended, else NULL */
    size_t len;
    size_t capacity;
    size_t limit; /* most bytes of content; 0: SIZE_MAX / 2 */
};

void sso_buffer_init(struct sso_buffer *b, size_t limit);

/* SSO_OK, SSO_MEMORY, or SSO_RESPONSE when the limit would be passed. */
enum sso_kind sso_buffer_append(struct sso_buffer *b, const void *data,
                                size_t len);

/*
 * Room for up to len bytes behind the content, to be written there and then
 * told to sso_buffer_commit; NULL: no memory, or beyond the limit.
 */
char *sso_buffer_reserve(struct sso_buffer *b, size_t len);
void sso_buffer_commit(struct sso_buffer *b, size_t len);

void sso_buffer_reset(struct sso_buffer *b); /* empty; keeps the memory */
void sso_buffer_free(struct sso_buffer *b);  /* wipes, frees, empties */

/* Overwrites memory in a way the compiler may not drop. */
void sso_wipe(void *data, size_t len);

/* ---- URLs ------------------------------------------------------------- */

/*
 * Appends one path segment, percent-encoded (RFC 3986 unreserved characters
 * stay).  The caller has refused "", "." and "..".
 */
enum sso_kind sso_url_append_segment(struct sso_buffer *out, const char *text,
                                     size_t len);

/*
 * Whether a base URL may be used: https, or http to loopback; no credentials,
 * query or fragment.  False: a sentence in why that never repeats credentials.
 */
bool sso_base_url_check(const char *url, char *why, size_t why_size);

/*
 * Takes a whole URL apart under the same rules, but with a query, and with a
 * fragment, which is dropped: base gets scheme://host[:port], target what
 * follows, "/" at least.  SSO_OK, SSO_MEMORY, or SSO_CONFIG with a sentence.
 */
enum sso_kind sso_url_split(const char *url, size_t len,
                            struct sso_buffer *base, struct sso_buffer *target,
                            char *why, size_t why_size);

/* ---- received headers: bytes until somebody asks ---------------------- */

struct sso_header_line {
    const char *name; /* borrowed from the block, as received */
    size_t name_len;
    const char *value; /* white space around it is left out */
    size_t value_len;
};

/*
 * Walks a header block (status line skipped).  *cursor starts at 0; false at
 * the end.  Obsolete line folding never reaches us: libcurl unfolds it.
 */
bool sso_headers_next(const char *block, size_t len, size_t *cursor,
                      struct sso_header_line *line);

/* The first header of this name, any case. */
bool sso_headers_find(const char *block, size_t len, const char *name,
                      struct sso_header_line *line);

/* ---- settings --------------------------------------------------------- */

struct sso_header {
    const char *name;
    const char *value;
};

/* Everything is borrowed for the time of sso_settings_new alone. */
struct sso_settings_spec {
    const char *base_url;    /* https, or http to loopback */
    const char *api_key;     /* NULL: no Authorization header is sent */
    const char *user_agent;  /* whole header value */
    const char *ca_file;     /* NULL: SSL_CERT_FILE, else the system's */
    const char *ca_path;     /* NULL: SSL_CERT_DIR, else the system's */
    const char *client_cert; /* PEM file, NULL: none */
    const char *client_key;
    const char *proxy; /* NULL: from the environment; "": none */
    const struct sso_header *headers;
    size_t header_count;
    int64_t timeout_ms;         /* > 0, the whole call */
    int64_t connect_timeout_ms; /* > 0, one attempt's look-up, TCP and TLS */
    unsigned max_retries;
    bool events; /* record sso_events for calls under these settings */
    bool http2;  /* HTTP/2 where the server offers it over TLS; for all
                  * settings of an engine, or for none */
};

/* Immutable and reference-counted; calls keep their own reference. */
struct sso_settings;

/*
 * NULL when something is impossible, with a sentence in why (a base URL that
 * is refused, a file that cannot be read); why is empty when memory is short.
 */
struct sso_settings *sso_settings_new(const struct sso_settings_spec *spec,
                                      char *why, size_t why_size);
struct sso_settings *sso_settings_ref(struct sso_settings *s);
void sso_settings_unref(struct sso_settings *s); /* NULL is fine */

/* scheme://host[:port][/path] without a trailing slash; borrowed. */
const char *sso_settings_base_url(const struct sso_settings *s);

/* For masking what a server echoes; borrowed, NULL: no key. */
const char *sso_settings_api_key(const struct sso_settings *s);

/* ---- outcomes --------------------------------------------------------- */

/* Seconds since the attempt began; 0 where a stage did not take place. */
struct sso_timings {
    double dns;
    double connect;
    double tls;
    double first_byte;
    double total;
    bool reused; /* a kept-alive connection */
};

struct sso_outcome {
    enum sso_kind kind; /* SSO_OK for a 2xx that was read whole */
    long status;        /* 0: no answer */
    long code;          /* CURLcode of the last attempt, 0: none */
    enum sso_phase phase;
    unsigned attempts;
    double elapsed;     /* s, from submit to the end */
    double retry_after; /* s, what the server asked for; < 0: nothing */
    bool retryable;     /* the same call may succeed later */
    bool maybe_applied; /* the server may have carried it out */
    bool writes;        /* the request was anything but GET or HEAD */
    bool already_gone;  /* DELETE: 404 after a cut-off attempt, kind is OK */
    int http_version;   /* 10, 11, 20, 30; 0: none */
    double date_skew;   /* s, server's Date minus our clock, read from answers
                         * other than 2xx; 0 if no Date */
    struct sso_timings timings; /* of the last attempt */
    struct sso_buffer headers;  /* the last answer's, status line first */
    struct sso_buffer body;
    struct sso_buffer chain; /* the server's certificates, PEM, its own first:
                              * of a new TLS connection, under settings that
                              * record events */
    char message[512]; /* what went wrong, for kinds that no answer explains;
                        * never the key */
};

/* ---- calls ------------------------------------------------------------ */

struct sso_request {
    const char *method; /* GET POST PATCH PUT DELETE */
    const char *path;   /* encoded, begins with '/', query included */
    const void *body;   /* JSON, copied; NULL: none */
    size_t body_len;
    bool repeatable; /* sets or removes by value: may be sent twice */
};

struct sso_call;

/*
 * Takes its own reference to the settings, which may come later (NULL, see
 * sso_call_use_settings) or never for a call that is refused.  NULL: memory.
 */
struct sso_call *sso_call_new(struct sso_settings *settings,
                              const struct sso_request *request, void *user);

/*
 * Gives a call that was not yet submitted other settings (a later key).
 * False: no memory.
 */
bool sso_call_use_settings(struct sso_call *call,
                           struct sso_settings *settings);

/* Lets a call that was not yet submitted read a larger answer, bytes. */
void sso_call_allow_body(struct sso_call *call, size_t most);

/*
 * Takes the call out of its engine wherever it is (cancelling it on the
 * wire), drops its undelivered events, wipes and frees.  NULL is fine.
 */
void sso_call_free(struct sso_call *call);

void *sso_call_user(const struct sso_call *call);

/* Borrowed; NULL when the call was made without. */
const struct sso_settings *sso_call_settings(const struct sso_call *call);

/* Borrowed from the call; NULL while the call is under way. */
const struct sso_outcome *sso_call_outcome(const struct sso_call *call);

/*
 * Ends a call that is under way with kind SSO_CANCELLED; it is then handed
 * out by sso_engine_take_finished like any other.  False: it had ended.
 */
bool sso_call_cancel(struct sso_call *call);

/* ---- events ----------------------------------------------------------- */

enum sso_event_type {
    SSO_EVENT_START = 0,
    SSO_EVENT_ATTEMPT,
    SSO_EVENT_RETRY,
    SSO_EVENT_FINISH
};

struct sso_event {
    enum sso_event_type type;
    struct sso_call *call; /* borrowed; still alive */
    unsigned attempt;      /* 1 = the first */
    long status;           /* 0: no answer */
    enum sso_kind reason;  /* RETRY: why; FINISH: what came of it */
    double elapsed;        /* s since submit */
    double wait;           /* RETRY: s until the next attempt */
};

/* ---- the engine ------------------------------------------------------- */

struct sso_engine;

/* Opens nothing yet: libcurl and descriptors come with the first call. */
struct sso_engine *sso_engine_new(size_t max_in_flight);
struct sso_engine *sso_engine_ref(struct sso_engine *e);
void sso_engine_unref(struct sso_engine *e);

/*
 * Puts a call on its way; its deadline runs from here.  SSO_OK, SSO_MEMORY,
 * SSO_CANCELLED (the engine is closed) or SSO_CONFIG (no descriptor to be had);
 * other than SSO_OK the call is not the engine's.  Starts nothing on the
 * wire before the next step.
 */
enum sso_kind sso_engine_submit(struct sso_engine *e, struct sso_call *call);

/*
 * Hands a call that failed before it began to the list of finished ones, so
 * that its failure is delivered as every other outcome is.
 */
void sso_engine_refuse(struct sso_engine *e, struct sso_call *call,
                       enum sso_kind kind, const char *message);

/*
 * Does what is due.  budget_us: stop after this long and leave the rest to
 * the next step; 0: one unit of work (a ready socket, a start); negative:
 * until nothing is ready.  SSO_OK or SSO_MEMORY.
 */
enum sso_kind sso_engine_step(struct sso_engine *e, int64_t budget_us);

/*
 * Blocks until a socket or the clock gives something to do, max_ms at most,
 * and does it.  Finished calls that nobody has taken do not cut the waiting
 * short: look for them first.  A signal does.
 */
enum sso_kind sso_engine_wait(struct sso_engine *e, int64_t max_ms);

/* The next finished call, which is the caller's again; NULL: none. */
struct sso_call *sso_engine_take_finished(struct sso_engine *e);

/* Events in the order they happened; false: none left. */
bool sso_engine_take_event(struct sso_engine *e, struct sso_event *event);

/*
 * One descriptor, readable when sso_engine_step has something to do.  The
 * same one for the engine's life in this process; -1: the system refuses one.
 */
int sso_engine_pollfd(struct sso_engine *e);

/*
 * The same without the clock: readable for sockets alone.  Who polls it asks
 * sso_engine_timeout_ms before each wait, which spares a timer set and unset
 * for each call.
 */
int sso_engine_socket_fd(struct sso_engine *e);

/* Why the system refused a descriptor last, in words. */
const char *sso_engine_refusal(const struct sso_engine *e);

/* Whether sso_engine_take_event has something to give. */
bool sso_engine_has_events(const struct sso_engine *e);

/* Until sso_engine_step has something to do by the clock; -1: nothing. */
int64_t sso_engine_timeout_ms(struct sso_engine *e);

/* Calls with an attempt on the wire; the others wait for a turn or a time. */
size_t sso_engine_in_flight(const struct sso_engine *e);

/* Calls that have not been handed out: queued, in flight, waiting, done. */
size_t sso_engine_active(struct sso_engine *e);

/* Cancels the unfinished calls for which match(call, context) is true. */
void sso_engine_cancel_if(struct sso_engine *e,
                          bool (*match)(const struct sso_call *call,
                                        const void *context),
                          const void *context);

/* Cancels all calls, closes all connections; later submits are refused. */
void sso_engine_close(struct sso_engine *e);

/* ---- versions --------------------------------------------------------- */

/* Of the libraries as loaded: "7.88.1", "OpenSSL/3.0.15".  Never NULL. */
const char *sso_transport_curl_version(void);
const char *sso_transport_tls_version(void);

#pragma GCC visibility pop

#endif
