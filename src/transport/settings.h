/*
 * settings.h - where calls go and under which rules; immutable, shared by
 * reference.  Holds the API key inside the header lists and nowhere else.
 */
#ifndef SSO_TRANSPORT_SETTINGS_H
#define SSO_TRANSPORT_SETTINGS_H

#include "sso_transport.h"
#include "trust.h"
#include "url.h"

#include <curl/curl.h>

#pragma GCC visibility push(hidden)

struct sso_settings {
    size_t refs;
    struct sso_base base;
    /* Built once, used by every call, wiped when the last reference goes. */
    struct curl_slist *headers;       /* for requests without a body */
    struct curl_slist *body_headers;  /* for requests with one */
    struct curl_slist *proxy_headers; /* for CONNECT */
    struct sso_trust trust;
    char *client_cert;
    char *client_key;
    char *proxy; /* "": none; NULL: as libcurl finds it in the environment */
    int64_t timeout_us;
    long connect_timeout_ms;
    unsigned max_retries;
    bool events;
    bool http2; /* offered to the server: only over TLS */
};

#pragma GCC visibility pop

#endif
