/*
 * fetch.h - client:_fetch(url): a document from any server, such as an
 * identity provider's metadata, by the client's engine and its rules for TLS,
 * proxies and time, but with nothing of the client's that is secret.
 */
#ifndef SSO_FETCH_H
#define SSO_FETCH_H

#include "compat.h"
#include "operations.h"
#include "transport/sso_transport.h"

#pragma GCC visibility push(hidden)

/* Metadata of a whole federation has more than the 1 MiB of other answers. */
#define SSO_FETCH_MAX (10u * 1024u * 1024u)

extern const struct sso_operation sso_operation_fetch;

/* Raises unless there is a string at index i; 0: not given. [-0, +0] */
void sso_fetch_check(lua_State *L, int i);

/*
 * Pushes what governs the call: the client's options at index client without
 * its secrets and its server, and the call's own at index own (0: none) over
 * them.  Raises on mistakes in the latter. [-0, +1]
 */
void sso_fetch_push_options(lua_State *L, int client, int own);

/*
 * Sets the server of the URL at index url in the options at index options and
 * points the request at what is to be fetched there, which goes into target.  SSO_OK, SSO_MEMORY,
 * or SSO_CONFIG with a sentence that does not repeat the URL. [-0, +0]
 */
enum sso_kind sso_fetch_write(lua_State *L, int url, int options,
                              struct sso_buffer *base,
                              struct sso_buffer *target,
                              struct sso_request *request, char *why,
                              size_t why_size);

#pragma GCC visibility pop

#endif
