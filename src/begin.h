/*
 * begin.h - the way of a call from its arguments into the engine.
 */
#ifndef SSO_BEGIN_H
#define SSO_BEGIN_H

#include "compat.h"

#pragma GCC visibility push(hidden)

/*
 * client:_begin(operation's number, arguments…) → handle, whether there is a
 * callback, the api_key function if one has to be called first, and the option
 * host.  Number 0 is client:request, -1 client:_fetch.  Raises on programming mistakes; all
 * else is the handle's result.
 */
int sso_begin_lua(lua_State *L);

/*
 * handle:_key(ok, key): goes on with a call that waited for its key, as
 * pcall(api_key) returned it.
 */
int sso_begin_lua_key(lua_State *L);

#pragma GCC visibility pop

#endif
