/*
 * lua_state.h - a Lua state with the module linked in, for the targets above
 * the floor without Lua.
 */
#ifndef SSO_FUZZ_LUA_STATE_H
#define SSO_FUZZ_LUA_STATE_H

#include <lua.h>

/*
 * Libraries open, "sso.core" preloaded, lua/ and fuzz/ searched; lines of
 * lua/sso that run are counted for libFuzzer.  Exits when it cannot be made.
 */
lua_State *fuzz_lua_state(void);

/* Calls the function below the arguments; stops the run when it raises. */
void fuzz_lua_call(lua_State *L, int arguments, int results);

#endif
