/*
 * url.h - which servers may be talked to, and how paths are spelled.
 */
#ifndef SSO_TRANSPORT_URL_H
#define SSO_TRANSPORT_URL_H

#include "sso_transport.h"

#include <sys/socket.h>

#pragma GCC visibility push(hidden)

/* A base URL that has been found good; the strings are owned. */
struct sso_base {
    char *url;          /* scheme://host[:port][/prefix], no trailing slash */
    char *origin;       /* the same without the prefix */
    const char *prefix; /* the end of url, "" or "/prefix" */
    char *authority;    /* host[:port], for messages */
    bool plain;         /* http, which means loopback */
};

/*
 * Takes a base URL apart with libcurl's own parser, so that what is checked
 * is what will be connected to.  SSO_OK, SSO_MEMORY, or SSO_CONFIG with a
 * sentence in why.  The sentence never repeats the URL: it may hold a
 * password.
 */
enum sso_kind sso_url_check_base(const char *text, struct sso_base *base,
                                 char *why, size_t why_size);
void sso_base_free(struct sso_base *base);

/*
 * Whether libcurl takes the text for a proxy: "" (none), host[:port], or a URL
 * with a proxy's scheme.
 */
bool sso_url_is_proxy(const char *text);

/* "localhost", 127.0.0.0/8 or [::1], spelled as libcurl's parser does. */
bool sso_url_is_loopback_host(const char *host);

/* 127.0.0.0/8 or ::1. */
bool sso_url_is_loopback_address(const struct sockaddr *address);

#pragma GCC visibility pop

#endif
