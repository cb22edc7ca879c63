/*
 * trust.h - which certificates a server's certificate is checked against.
 *
 * In order: the user's ca_file or ca_path, then SSL_CERT_FILE or
 * SSL_CERT_DIR, then the system's.  What is chosen replaces the rest: with a
 * file of one's own there is no path to fall back on, and the reverse.
 */
#ifndef SSO_TRANSPORT_TRUST_H
#define SSO_TRANSPORT_TRUST_H

#include "sso_transport.h"

#pragma GCC visibility push(hidden)

enum sso_trust_source {
    SSO_TRUST_SYSTEM = 0, /* see sso_trust_system */
    SSO_TRUST_CHOSEN,     /* exactly file and path, NULL meaning none */
    SSO_TRUST_LIBCURL     /* whatever libcurl was built with */
};

struct sso_trust {
    enum sso_trust_source source;
    char *file; /* owned */
    char *path; /* owned */
};

/*
 * The user's choice or the environment's.  SSO_OK, SSO_MEMORY, or SSO_CONFIG
 * with a sentence in why when a file cannot be read or holds no certificate.
 */
enum sso_kind sso_trust_choose(struct sso_trust *t, const char *ca_file,
                               const char *ca_path, char *why, size_t why_size);

/* The system's anchors in the form libcurl checks fastest. */
enum sso_kind sso_trust_system(struct sso_trust *t);

void sso_trust_free(struct sso_trust *t);

/* SSO_OK, or SSO_CONFIG with "WHAT 'NAME' cannot be read: REASON". */
enum sso_kind sso_trust_check_file(const char *what, const char *name,
                                   char *why, size_t why_size);

#pragma GCC visibility pop

#endif
