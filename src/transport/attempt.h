/*
 * attempt.h - one easy handle, set up for one call at a time and pooled in
 * between.
 *
 * The handle keeps what was set for the settings it was used with last, so
 * that a call under the same settings sets three or four options.
 */
#ifndef SSO_TRANSPORT_ATTEMPT_H
#define SSO_TRANSPORT_ATTEMPT_H

#include "call.h"

#include <curl/curl.h>

#pragma GCC visibility push(hidden)

/* Why a callback of ours stopped a transfer; tells error 42 and 23 apart. */
enum sso_stop {
    SSO_STOP_NONE = 0,
    SSO_STOP_STALE,       /* input or end of stream before anything was sent */
    SSO_STOP_REPLAY,      /* libcurl wanted to send the request again */
    SSO_STOP_BIG_BODY,    /* more than the call takes */
    SSO_STOP_BIG_HEADERS, /* more than SSO_MAX_HEADERS */
    SSO_STOP_NOT_HTTP,    /* a status line of no HTTP/1 */
    SSO_STOP_UNWATCHED,   /* the system refuses to watch its socket */
    SSO_STOP_DEAF,        /* the same, for lack of our own memory */
    SSO_STOP_MEMORY
};

struct sso_attempt {
    CURL *easy;                    /* owned */
    struct sso_engine *engine;     /* borrowed: it owns us */
    struct sso_call *call;         /* NULL while pooled */
    struct sso_settings *settings; /* owned: what the handle is set up for */
    struct sso_attempt *next;      /* in the pool */
    char shape[8];       /* method the handle is set up for; "": none */
    bool shape_has_body; /* and whether with a body */
    bool has_trust;      /* anchors other than libcurl's own are set */
    bool is_fresh;       /* CURLOPT_FRESH_CONNECT as it stands */
    bool can_veto;       /* CURLOPT_PREREQFUNCTION is there (7.80) */

    enum sso_stop stop;
    bool sent;      /* the request went out, or began to */
    bool answered;  /* a final status line came, 200 or above */
    bool in_body;   /* the end of its headers came */
    bool reached;   /* TCP was connected, in a connection that is gone */
    bool not_local; /* an address that http may not go to was refused */
    /* under settings with HTTP/2 alone: */
    bool multiplexed;  /* the connection may carry other calls as well, for
                       * all that is known */
    bool waits;        /* for a connection that another call is making */
    bool refused;      /* the server says that it did nothing with it */
    bool downgraded;   /* the server says that it wants HTTP/1.1 */
    size_t connection; /* its socket's serial, 0: none yet */
    long stream;       /* its number in the connection, 0: not known */
    int socket_error;  /* errno of a socket not to be had or not watched */
    char error[CURL_ERROR_SIZE];
};

/* NULL: no memory. */
struct sso_attempt *sso_attempt_new(struct sso_engine *engine);
void sso_attempt_free(struct sso_attempt *a);

/*
 * In a forked child: gives up the handle without telling libcurl, which
 * would close the parent's connections.
 */
void sso_attempt_abandon(struct sso_attempt *a);

/* Sets the handle up for a call.  SSO_OK, SSO_MEMORY, or SSO_CONFIG. */
enum sso_kind sso_attempt_prepare(struct sso_attempt *a, struct sso_call *call);

#pragma GCC visibility pop

#endif
