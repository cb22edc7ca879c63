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

static inline void sso_setfuncs(lua_State *L, const luaL_Reg *l, int nup)
{
    luaL_checkstack(L, nup + 1, "too many upvalues");
    for (; l->name != NULL; l++) {
        int i;
        for (i = 0; i < nup; i++)
            lua_pushvalue(L, -nup);
        lua_pushcclosure(L, l->func, nup);
        lua_setfield(L, -(nup + 2), l->name);
    }
    lua_pop(L, nup);
}

static inline void *sso_testudata(lua_State *L, int i, const char *tname)
{
    void *p = lua_touserdata(L, i);
    bool same;
    if (p == NULL || !lua_getmetatable(L, i))
        return NULL;
    luaL_getmetatable(L, tname);
    same = lua_rawequal(L, -1, -2) != 0;
    lua_pop(L, 2);
    return same ? p : NULL;
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
    return i > 0 || i <= LUA_REGISTRYINDEX ? i : lua_gettop(L) + i + 1;
}

/* clang-format off */
# undef luaL_setfuncs
# undef luaL_newlib
# undef luaL_testudata
# undef luaL_tolstring
# undef lua_absindex
# undef lua_rawlen
# undef luaL_setmetatable
# define luaL_setfuncs  sso_setfuncs
# define luaL_testudata sso_testudata
# define luaL_tolstring sso_tolstring
# define lua_absindex   sso_absindex
# define lua_rawlen     lua_objlen
# define luaL_newlib(L, l)                                                     \
     (lua_createtable(L, 0, (int)(sizeof(l) / sizeof((l)[0]) - 1)),            \
      sso_setfuncs(L, l, 0))
# define luaL_setmetatable(L, name)                                            \
     (luaL_getmetatable(L, name), lua_setmetatable(L, -2))
# define lua_getuservalue(L, i) lua_getfenv(L, i)
# define lua_setuservalue(L, i) lua_setfenv(L, i)
/* clang-format on */

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
