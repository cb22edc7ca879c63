/*
 * tls_errors.h - OpenSSL's error queue belongs to the whole thread.  What
 * libcurl leaves in it, a host's own SSL_get_error would take for an error of
 * its connection; so every entry that lets libcurl work marks the queue and
 * goes back to the mark.  Earlier errors of the host's stay.
 */
#ifndef SSO_TRANSPORT_TLS_ERRORS_H
#define SSO_TRANSPORT_TLS_ERRORS_H

#include <openssl/err.h>

static inline void sso_tls_errors_mark(void)
{
    /* 0 on an empty queue, which holds no mark; popping then empties it. */
    (void)ERR_set_mark();
}

static inline void sso_tls_errors_pop(void)
{
    (void)ERR_pop_to_mark();
}

#endif
