/*
 * core.c - luaopen_sso_core: assembles the module table, nothing else.
 */
#include "certificate.h"
#include "client.h"
#include "compat.h"
#include "configuration.h"
#include "failure.h"
#include "handle.h"
#include "json.h"
#include "operations.h"
#include "option_values.h"
#include "options.h"
#include "response.h"
#include "terminal.h"
#include "transport/clock.h"
#include "version.h"

#include <dlfcn.h>

int luaopen_sso_core(lua_State *L);

/*
 * Keeps this library loaded until the process ends.  libcurl's resolver
 * thread may outlive the call it looked up a name for; were the Lua state
 * closed meanwhile, its code would be unmapped under it.
 */
static void pin(void)
{
    Dl_info info;
    /* A function pointer as an object pointer: POSIX allows what C does not
     * say. */
    union {
        int (*function)(lua_State *);
        void *object;
    } address;

    address.function = luaopen_sso_core;
    if (dladdr(address.object, &info) != 0 && info.dli_fname != NULL)
        (void)dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

static void set_string(lua_State *L, const char *name, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

/* version() → of the module and of the libraries as loaded. */
static int core_lua_version(lua_State *L)
{
    lua_createtable(L, 0, 5);
    set_string(L, "module", SSO_VERSION);
    sso_configuration_push_lua_version(L);
    lua_setfield(L, -2, "lua");
    set_string(L, "libcurl", sso_transport_curl_version());
    set_string(L, "tls", sso_transport_tls_version());
    sso_json_push_version(L);
    lua_setfield(L, -2, "cjson");
    return 1;
}

/* failure(kind, message, operation): for what Lua finds out by itself. */
static int core_lua_failure(lua_State *L)
{
    const char *kind = luaL_checkstring(L, 1);
    const char *message = luaL_checkstring(L, 2);

    lua_settop(L, 3); /* kind, message, operation */
    sso_failure_push(L, sso_failure_kind(kind), message);
    if (!lua_isnoneornil(L, 3)) {
        lua_pushvalue(L, 3);
        lua_setfield(L, -2, "operation");
    }
    return 1;
}

/* now(): seconds on the clock that waiting goes by; its zero means nothing. */
static int core_lua_now(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)sso_clock_us() / 1e6);
    return 1;
}

static const luaL_Reg functions[] = {
    {"new", sso_client_lua_new},
    {"version", core_lua_version},
    {"failure", core_lua_failure},
    {"now", core_lua_now},
    {NULL, NULL},
};

/* Pushes the names of the error kinds. [-0, +1] */
static void push_kinds(lua_State *L)
{
    int kind;

    lua_createtable(L, SSO_KIND_COUNT - 1, 0);
    for (kind = SSO_OK + 1; kind < SSO_KIND_COUNT; kind++) {
        lua_pushstring(L, sso_kind_name((enum sso_kind)kind));
        lua_rawseti(L, -2, kind);
    }
}

/* What calls need not is made when it is first asked for: the tables that
 * documentation and the command line read are a third of all memory. */
static const struct {
    const char *name;
    void (*push)(lua_State *L); /* [-0, +1] */
} later[] = {
    {"operations", sso_operations_push},
    {"options", sso_options_push},
};

/* __index of the module's table. */
static int core_lua_later(lua_State *L)
{
    size_t i;

    lua_settop(L, 2); /* module, name */
    for (i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
        lua_pushstring(L, later[i].name);
        if (lua_rawequal(L, 2, -1)) {
            later[i].push(L); /* module, name, name, table */
            lua_pushvalue(L, -1);
            lua_insert(L, 3);
            lua_rawset(L, 1); /* module, name, table */
            return 1;
        }
        lua_pop(L, 1);
    }
    return 0;
}

/* The one symbol that is exported; the Makefile hides all others. */
__attribute__((visibility("default"))) int luaopen_sso_core(lua_State *L)
{
    luaL_checkstack(L, 12, "module");
    pin();
    sso_json_open(L);
    sso_configuration_open(L);
    sso_failure_open(L);
    sso_response_open(L);
    luaL_newlib(L, functions);
    sso_terminal_open(L);
    set_string(L, "_VERSION", SSO_VERSION);
    sso_client_open(L);
    lua_setfield(L, -2, "client");
    sso_handle_open(L);
    lua_setfield(L, -2, "handle");
    sso_operations_push_names(L);
    lua_setfield(L, -2, "operation_names");
    push_kinds(L);
    lua_setfield(L, -2, "kinds");
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, SSO_HOSTS);
    lua_setfield(L, -2, "hosts");
    (void)sso_certificate_open(L);
    lua_setfield(L, -2, "certificate");
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, core_lua_later);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    return 1;
}
