/*
 * server_error.h - what a server says about a failure, in any of the shapes
 * it is known to use, made into `errors`, one line, and a hint.
 */
#ifndef SSO_SERVER_ERROR_H
#define SSO_SERVER_ERROR_H

#include "compat.h"
#include "operations.h"
#include "transport/sso_transport.h"

#pragma GCC visibility push(hidden)

/*
 * Pushes an array of {message=, field=, error_id=} out of an error body:
 * [{…}], {"errors":…}, {"error":…}, {"message":…}; empty when the body says
 * nothing.  Text is cleaned and cut, and the secret masked. [-0, +1]
 */
void sso_server_error_push_list(lua_State *L, const char *body, size_t len,
                                const char *secret);

/*
 * Pushes the one line of an error with a status, built from the list at
 * index i. [-0, +1]
 */
void sso_server_error_push_message(lua_State *L,
                                   const struct sso_outcome *outcome, int list,
                                   const char *secret);

/* Pushes the answer's content type, for messages. [-0, +1] */
void sso_server_error_push_type(lua_State *L, const struct sso_outcome *outcome,
                                const char *secret);

/*
 * Pushes what to do about it, where experience says so; false: nothing is
 * known, nothing pushed. [-0, +(0|1)]
 */
bool sso_server_error_push_hint(lua_State *L, const struct sso_outcome *outcome,
                                const struct sso_settings *settings,
                                const struct sso_operation *op);

#pragma GCC visibility pop

#endif
