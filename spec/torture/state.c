/*
 * state.c - see state.h.
 */
#include "state.h"

#include <dirent.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>

int luaopen_sso_core(lua_State *L);

lua_State *state_open(lua_Alloc allocator, void *user, const char *file)
{
    lua_State *L =
        allocator != NULL ? lua_newstate(allocator, user) : luaL_newstate();

    if (L == NULL)
        return NULL;
    luaL_openlibs(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_sso_core);
    lua_setfield(L, -2, "sso.core");
    lua_settop(L, 0);
    if (luaL_dofile(L, file) != LUA_OK || !lua_istable(L, 1)) {
        fprintf(stderr, "%s: %s\n", file, luaL_tolstring(L, -1, NULL));
        lua_close(L);
        return NULL;
    }
    return L;
}

bool state_call(lua_State *L, const char *function, const char *argument)
{
    bool well;

    lua_getfield(L, 1, function);
    lua_pushstring(L, argument);
    well = lua_pcall(L, 1, 0, 0) == LUA_OK;
    if (!well)
        fprintf(stderr, "%s(%s): %s\n", function,
                argument != NULL ? argument : "", luaL_tolstring(L, -1, NULL));
    lua_settop(L, 1);
    return well;
}

bool state_prepare(const char *file)
{
    lua_State *L = state_open(NULL, NULL, file);
    bool well = L != NULL && state_call(L, "prepare", NULL);

    if (L != NULL)
        lua_close(L);
    return well;
}

int state_count(lua_State *L)
{
    int count;

    lua_getfield(L, 1, "names");
    count = (int)lua_rawlen(L, -1);
    lua_settop(L, 1);
    return count;
}

void state_name(lua_State *L, int number, char *name, int size)
{
    lua_getfield(L, 1, "names");
    lua_rawgeti(L, -1, number % (int)lua_rawlen(L, -1) + 1);
    snprintf(name, (size_t)size, "%s", lua_tostring(L, -1));
    lua_settop(L, 1);
}

int state_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    if (dir == NULL)
        return 0;
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}
