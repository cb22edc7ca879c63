/*
 * compat.h - what Lua 5.1 to 5.4 and LuaJIT spell differently, and only what
 * this module uses.  The one file that names LUA_VERSION_NUM.
 *
 * Shims carry names of their own: LuaJIT's headers declare some of these
 * functions and PUC 5.1's do not, and one binary serves both.
 */
#ifndef SSO_COMPAT_H
#define SSO_COMPAT_H

#include <lua.h>
#include <lauxlib.h>

#include <stdbool.h>
#include <stdint.h>

#if LUA_VERSION_NUM < 502

static inline void sso_setfuncs(lua_State *L, const luaL_Reg *l)
{
    luaL_checkstack(L, 1, "functions");
    for (; l->name != NULL; l++) {
        lua_pushcfunction(L, l->func);
        lua_setfield(L, -2, l->name);
    }
}

static inline const char *sso_tolstring(lua_State *L, int i, size_t *len)
{
    if (!luaL_callmeta(L, i, "__tostring")) {
        if (lua_type(L, i) == LUA_TNUMBER || lua_type(L, i) == LUA_TSTRING)
            lua_pushvalue(L, i);
        else
            lua_pushfstring(L, "%s: %p", luaL_typename(L, i),
                            lua_topointer(L, i));
    }
    return lua_tolstring(L, -1, len);
}

static inline int sso_absindex(lua_State *L, int i)
{
    return i > 0 ? i : lua_gettop(L) + i + 1; /* no pseudo-index comes here */
}

/* clang-format off */
# undef luaL_setfuncs
# undef luaL_newlib
# undef luaL_tolstring
# undef lua_absindex
# undef lua_rawlen
# undef luaL_setmetatable
# define luaL_setfuncs(L, l, nup) sso_setfuncs(L, l)
# define luaL_tolstring sso_tolstring
# define lua_absindex   sso_absindex
# define lua_rawlen     lua_objlen
# define luaL_newlib(L, l)                                                     \
     (lua_createtable(L, 0, (int)(sizeof(l) / sizeof((l)[0]) - 1)),            \
      sso_setfuncs(L, l))
# define luaL_setmetatable(L, name)                                            \
     (luaL_getmetatable(L, name), lua_setmetatable(L, -2))
# define lua_getuservalue(L, i) lua_getfenv(L, i)
# define lua_setuservalue(L, i) lua_setfenv(L, i)
/* clang-format on */

#endif

/* What lua_gc calls it since Lua 5.2, and LuaJIT where 5.1's headers do not. */
#ifdef LUA_GCISRUNNING
# define SSO_GC_IS_RUNNING LUA_GCISRUNNING
#else
# define SSO_GC_IS_RUNNING 9
#endif

/* True where whole numbers are a type of their own. */
#if LUA_VERSION_NUM >= 503
# define SSO_HAS_INTEGERS 1
#else
# define SSO_HAS_INTEGERS    0
# define lua_isinteger(L, i) (0)
#endif

/* A whole number as the Lua at hand spells it; unix times outlive 32 bits. */
static inline void sso_push_whole(lua_State *L, int64_t n)
{
    if (SSO_HAS_INTEGERS && sizeof(lua_Integer) >= sizeof(int64_t))
        lua_pushinteger(L, (lua_Integer)n);
    else
        lua_pushnumber(L, (lua_Number)n);
}

#endif
