/*
 * transfer.h - what libcurl tells while an attempt is on the wire: the
 * callbacks that attempt.c sets, and where the transfer stands.
 */
#ifndef SSO_TRANSPORT_TRANSFER_H
#define SSO_TRANSPORT_TRANSFER_H

#include "attempt.h"

#pragma GCC visibility push(hidden)

/*
 * Build as if libcurl's headers were of this version, to try what older ones
 * do without.
 */
#ifndef SSO_CURL_FEATURES
# define SSO_CURL_FEATURES LIBCURL_VERSION_NUM
#endif

/* user: the attempt. */
size_t sso_transfer_on_body(char *data, size_t size, size_t count, void *user);
size_t sso_transfer_on_header(char *data, size_t size, size_t count,
                              void *user);
int sso_transfer_on_words(CURL *easy, curl_infotype type, char *data,
                          size_t size, void *user);
curl_socket_t sso_transfer_on_open(void *user, curlsocktype purpose,
                                   struct curl_sockaddr *address);
int sso_transfer_on_prereq(void *user, char *remote_ip, char *local_ip,
                           int remote_port, int local_port);

/* user: the engine, since connections outlive attempts. */
int sso_transfer_on_close(void *user, curl_socket_t fd);

/* Whether the request, or some of it, has gone out to a server that did not
 * refuse it. */
bool sso_transfer_was_sent(const struct sso_attempt *a);

/* Where the transfer stands. */
enum sso_phase sso_transfer_phase(const struct sso_attempt *a);

/* Times, status, version and, for an answer, what its headers say. */
void sso_transfer_observe(const struct sso_attempt *a, struct sso_outcome *o);

#pragma GCC visibility pop

#endif
