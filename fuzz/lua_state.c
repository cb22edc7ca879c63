/*
 * lua_state.c - see lua_state.h.  What guides the fuzzer through C is an edge
 * that no input took before; through Lua it is a line: a hook counts each in
 * a table that libFuzzer reads as if it were its own.
 */
#include "lua_state.h"
#include "fuzz.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

#define LINES (1u << 14)

__attribute__((
    section("__libfuzzer_extra_counters"))) static uint8_t lines[LINES];

int luaopen_sso_core(lua_State *L);

static void on_line(lua_State *L, lua_Debug *ar)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    const char *p;
    uint8_t *counter;

    if (lua_getinfo(L, "S", ar) == 0 || ar->source[0] != '@' ||
        strstr(ar->source, "lua/sso/") == NULL)
        return;
    for (p = ar->source; *p != '\0'; p++)
        hash = (hash ^ (uint8_t)*p) * 16777619u;
    hash = (hash ^ (uint32_t)ar->currentline) * 2654435761u;
    counter = &lines[(hash >> 16) % LINES];
    if (*counter < 255)
        ++*counter;
}

static int traceback(lua_State *L)
{
    const char *text = luaL_tolstring(L, 1, NULL);

    luaL_traceback(L, L, text, 1);
    return 1;
}

void fuzz_lua_call(lua_State *L, int arguments, int results)
{
    int function = lua_gettop(L) - arguments;

    lua_pushcfunction(L, traceback);
    lua_insert(L, function);
    if (lua_pcall(L, arguments, results, function) != LUA_OK) {
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
        __builtin_trap();
    }
    lua_remove(L, function);
}

/* The fuzzer mutates bytes; what asks the surroundings would not repeat. */
static void forget_surroundings(void)
{
    static const char *const names[] = {
        "SENDGRID_API_KEY", "SENDGRID_API_KEY_FILE",
        "SENDGRID_REGION",  "SENDGRID_BASE_URL",
        "SSL_CERT_FILE",    "SSL_CERT_DIR",
        "http_proxy",       "https_proxy",
        "HTTPS_PROXY",      "all_proxy",
        "ALL_PROXY",        "no_proxy",
        "NO_PROXY"};
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unsetenv(names[i]);
}

lua_State *fuzz_lua_state(void)
{
    lua_State *L = luaL_newstate();

    if (L == NULL)
        exit(1);
    forget_surroundings();
    luaL_openlibs(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_sso_core);
    lua_setfield(L, -2, "sso.core");
    lua_pop(L, 1);
    if (luaL_dostring(L, "package.path = 'lua/?.lua;lua/?/init.lua;"
                         "fuzz/?.lua;' .. package.path") != LUA_OK)
        exit(1);
    lua_sethook(L, on_line, LUA_MASKLINE, 0);
    return L;
}
