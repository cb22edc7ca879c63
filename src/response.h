/*
 * response.h - what came over the wire, as a table.  Its headers stay one
 * block of bytes until somebody asks for `headers`, `rate_limit` or
 * `request_id`: making strings of them for each call costs more than JSON.
 */
#ifndef SSO_RESPONSE_H
#define SSO_RESPONSE_H

#include "compat.h"
#include "transport/sso_transport.h"

#pragma GCC visibility push(hidden)

/* Makes the metatable of responses. [-0, +0] */
void sso_response_open(lua_State *L);

/* Pushes the response whose body is the string at index body. [-0, +1] */
void sso_response_push(lua_State *L, const struct sso_outcome *outcome,
                       int body);

#pragma GCC visibility pop

#endif
