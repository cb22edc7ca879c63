/*
 * lua.c - any target written in Lua: fuzz/FUZZ_SCRIPT.lua returns a function
 * that takes an input, and what it raises stops the run.
 */
#include "fuzz.h"
#include "lua_state.h"

#include <dirent.h>
#include <lauxlib.h>
#include <stdlib.h>

static lua_State *L;

/* open_descriptors(): how many this process has. */
static int open_descriptors(lua_State *state)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    if (dir == NULL)
        return luaL_error(state, "no /proc");
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    lua_pushinteger(state, n);
    return 1;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    L = fuzz_lua_state();
    lua_register(L, "open_descriptors", open_descriptors);
#ifdef SSO_PLANTED_BUG
    lua_pushboolean(L, 1);
    lua_setglobal(L, "SSO_PLANTED_BUG");
#endif
    if (luaL_dofile(L, "fuzz/" FUZZ_SCRIPT ".lua") != LUA_OK) {
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
        exit(1);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lua_pushvalue(L, 1);
    lua_pushlstring(L, (const char *)data, size);
    fuzz_lua_call(L, 1, 0);
    return 0;
}
