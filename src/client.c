/*
 * client.c - userdata sso.client (see client.h).
 *
 * Life: `new` and `with` make a client, `close`, <close> and collection end
 * it, in that order or any other.  The engine is reference-counted below, so
 * the order in which Lua finalizes clients, families and handles is free.
 */
#include "client.h"
#include "begin.h"
#include "configuration.h"
#include "drive.h"
#include "failure.h"
#include "handle.h"
#include "options.h"

#include <string.h>

/* The default of max_in_flight. */
#define MAX_IN_FLIGHT 64

struct sso_client *sso_client_check(lua_State *L, int i)
{
    return luaL_checkudata(L, i, SSO_CLIENT);
}

void sso_client_get(lua_State *L, int i, enum sso_client_slot slot)
{
    lua_getuservalue(L, i);
    lua_rawgeti(L, -1, (int)slot);
    lua_remove(L, -2);
}

void sso_client_set(lua_State *L, int i, enum sso_client_slot slot)
{
    i = lua_absindex(L, i);
    lua_getuservalue(L, i); /* value, slots */
    lua_insert(L, -2);
    lua_rawseti(L, -2, (int)slot);
    lua_pop(L, 1);
}

/* ---- counting ---------------------------------------------------------- */

/*
 * Lua sees a few hundred bytes in a client, where there are some ten kilobytes
 * and, once it was used, four descriptors; in a program with much memory of
 * its own it would let thousands that were dropped wait.  So there is a
 * collection whenever twice as many families are open as the last one left.
 */
#define FEWEST 64

struct census {
    size_t open;  /* families that are neither closed nor collected */
    size_t limit; /* at which they are looked through */
};

/* The state's own, which its metatable of families keeps. [-0, +0] */
static struct census *census_of(lua_State *L)
{
    struct census *census;

    luaL_getmetatable(L, SSO_FAMILY);
    lua_rawgeti(L, -1, 1);
    census = lua_touserdata(L, -1);
    lua_pop(L, 2);
    return census;
}

static void make_room(lua_State *L, struct census *census)
{
    if (census->open < census->limit ||
        lua_gc(L, SSO_GC_IS_RUNNING, 0) == 0) /* stopped; Lua 5.1 says -1 */
        return;
    lua_gc(L, LUA_GCCOLLECT, 0);
    census->limit = census->open < FEWEST / 2 ? FEWEST : census->open * 2;
}

/* A family counts until it is closed or collected. */
static void count_out(struct sso_family *family)
{
    if (family->counted != NULL)
        --*family->counted;
    family->counted = NULL;
}

/* ---- making ------------------------------------------------------------ */

/* Pushes a client that has nothing yet. [-0, +1] */
static struct sso_client *push_client(lua_State *L)
{
    struct sso_client *client = lua_newuserdata(L, sizeof(*client));

    memset(client, 0, sizeof(*client));
    client->closed = true; /* until it belongs to a family */
    sso_buffer_init(&client->path, 0);
    sso_buffer_init(&client->body, 0);
    sso_buffer_init(&client->clean, 0);
    luaL_setmetatable(L, SSO_CLIENT);
    lua_createtable(L, SSO_CLIENT_SLOT_COUNT, 0);
    lua_setuservalue(L, -2);
    return client;
}

/* Pushes a family with an engine of its own. [-0, +1] */
static struct sso_family *push_family(lua_State *L, size_t max_in_flight)
{
    struct census *census = census_of(L);
    struct sso_family *family = lua_newuserdata(L, sizeof(*family));

    memset(family, 0, sizeof(*family));
    luaL_setmetatable(L, SSO_FAMILY);
    lua_newtable(L);
    lua_setuservalue(L, -2);
    family->engine = sso_engine_new(max_in_flight);
    if (family->engine == NULL)
        luaL_error(L, "not enough memory");
    census->open++;
    family->counted = &census->open;
    return family;
}

/* Makes the client at index i one of the family on top. [-1, +0] */
static void join(lua_State *L, int i, struct sso_client *client,
                 struct sso_family *family)
{
    lua_getuservalue(L, -1);
    sso_client_set(L, i, SSO_CLIENT_PENDING);
    sso_client_set(L, i, SSO_CLIENT_FAMILY);
    client->engine = sso_engine_ref(family->engine);
    client->closed = false;
    family->open++;
}

/*
 * Completes the options on top, keeps them and makes the settings, unless
 * every call has to ask for its key.  False: a sentence in why. [-1, +0]
 */
static bool configure(lua_State *L, int i, struct sso_client *client,
                      bool environment, char *why, size_t why_size)
{
    int options = lua_gettop(L);
    bool good, has_key_function;

    why[0] = '\0';
    good = sso_configuration_complete(L, environment, why, why_size);
    lua_getfield(L, options, "api_key");
    has_key_function = lua_isfunction(L, -1);
    lua_pop(L, 1);
    if (good && !has_key_function) {
        client->settings =
            sso_configuration_settings(L, options, 0, why, why_size);
        good = client->settings != NULL;
        if (!good && why[0] == '\0')
            luaL_error(L, "not enough memory");
    }
    sso_client_set(L, i, SSO_CLIENT_OPTIONS);
    return good;
}

/* Ends sso.new and client:with: the client at index i, or nil and why. */
static int finish(lua_State *L, int i, struct sso_client *client, bool good,
                  bool lenient, const char *why)
{
    if (!good && lenient) {
        client->broken = true;
        lua_pushstring(L, why);
        sso_client_set(L, i, SSO_CLIENT_BROKEN);
    } else if (!good) {
        client->closed = true;
        lua_pushnil(L);
        sso_failure_push(L, SSO_CONFIG, why);
        return 2;
    }
    lua_pushvalue(L, i);
    return 1;
}

int sso_client_lua_new(lua_State *L)
{
    char why[512];
    struct sso_client *client;
    struct sso_family *family;
    size_t max_in_flight = MAX_IN_FLIGHT;
    bool lenient, good;

    lua_settop(L, 2); /* options, lenient */
    make_room(L, census_of(L));
    lenient = lua_toboolean(L, 2) != 0;
    client = push_client(L);                              /* 3 */
    sso_options_merge(L, 0, 1, SSO_SCOPE_NEW, "sso.new"); /* 4 */
    lua_getfield(L, 4, "max_in_flight");
    if (!lua_isnil(L, -1))
        max_in_flight = (size_t)lua_tonumber(L, -1);
    lua_settop(L, 4);
    good = configure(L, 3, client, true, why, sizeof(why));
    family = push_family(L, max_in_flight);
    join(L, 3, client, family);
    return finish(L, 3, client, good, lenient, why);
}

/* client:_with(options): shares the connections, with other defaults. */
static int client_lua_with(lua_State *L)
{
    char why[512];
    struct sso_client *parent = sso_client_check(L, 1), *client;
    struct sso_family *family;
    bool good;

    lua_settop(L, 2);
    if (parent->closed) {
        lua_pushnil(L);
        sso_failure_push(L, SSO_CANCELLED, "the client is closed");
        return 2;
    }
    client = push_client(L); /* 3 */
    sso_client_get(L, 1, SSO_CLIENT_OPTIONS);
    sso_options_merge(L, 4, 2, SSO_SCOPE_WITH, "client:with");
    lua_remove(L, 4);
    good = configure(L, 3, client, false, why, sizeof(why));
    sso_client_get(L, 1, SSO_CLIENT_FAMILY);
    family = luaL_checkudata(L, -1, SSO_FAMILY);
    join(L, 3, client, family);
    if (!good)
        family->open--;
    return finish(L, 3, client, good, false, why);
}

/* ---- ending ------------------------------------------------------------ */

static bool is_of_client(const struct sso_call *call, const void *client)
{
    const struct sso_handle *h = sso_call_user(call);

    return h->owner == client;
}

/*
 * Cancels what is in flight.  The last open client of a family also closes
 * the connections.
 */
static int client_lua_close(lua_State *L)
{
    struct sso_client *client = sso_client_check(L, 1);
    struct sso_family *family;

    if (client->closed)
        return 0;
    client->closed = true;
    sso_client_get(L, 1, SSO_CLIENT_FAMILY);
    family = luaL_checkudata(L, -1, SSO_FAMILY);
    if (--family->open == 0) {
        count_out(family);
        sso_engine_close(client->engine);
    } else {
        sso_engine_cancel_if(client->engine, is_of_client, client);
    }
    return 0;
}

static int client_lua_gc(lua_State *L)
{
    struct sso_client *client = sso_client_check(L, 1);

    sso_engine_unref(client->engine);
    client->engine = NULL;
    sso_settings_unref(client->settings);
    client->settings = NULL;
    sso_buffer_free(&client->path);
    sso_buffer_free(&client->body);
    sso_buffer_free(&client->clean);
    client->closed = true;
    return 0;
}

/* <close>: as client:close(), which Lua code provides. */
static int client_lua_close_variable(lua_State *L)
{
    (void)sso_client_check(L, 1);
    lua_getfield(L, 1, "close");
    lua_pushvalue(L, 1);
    lua_call(L, 1, 0);
    return 0;
}

static int family_lua_gc(lua_State *L)
{
    struct sso_family *family = luaL_checkudata(L, 1, SSO_FAMILY);

    count_out(family);
    if (family->engine != NULL)
        sso_engine_close(family->engine);
    sso_engine_unref(family->engine);
    family->engine = NULL;
    return 0;
}

/* ---- looking ----------------------------------------------------------- */

/* client:_option(name): as it was checked and completed. */
static int client_lua_option(lua_State *L)
{
    (void)sso_client_check(L, 1);
    sso_client_get(L, 1, SSO_CLIENT_OPTIONS);
    lua_getfield(L, -1, luaL_checkstring(L, 2));
    return 1;
}

/* client:_family(): the same object for all clients that share an engine. */
static int client_lua_family(lua_State *L)
{
    (void)sso_client_check(L, 1);
    sso_client_get(L, 1, SSO_CLIENT_FAMILY);
    return 1;
}

static int client_lua_is_broken(lua_State *L)
{
    lua_pushboolean(L, sso_client_check(L, 1)->broken);
    return 1;
}

static int client_lua_tostring(lua_State *L)
{
    struct sso_client *client = sso_client_check(L, 1);

    if (client->closed) {
        lua_pushliteral(L, SSO_CLIENT " (closed)");
        return 1;
    }
    sso_client_get(L, 1, SSO_CLIENT_OPTIONS);
    lua_pushfstring(L, "%s (%s)", SSO_CLIENT,
                    client->settings
                        ? sso_settings_base_url(client->settings)
                        : sso_configuration_server(L, lua_gettop(L)));
    return 1;
}

/* ---- tables ------------------------------------------------------------ */

static const luaL_Reg client_metamethods[] = {
    {"__gc", client_lua_gc},
    {"__close", client_lua_close_variable},
    {"__tostring", client_lua_tostring},
    {NULL, NULL},
};

static const luaL_Reg family_metamethods[] = {
    {"__gc", family_lua_gc},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    {"_begin", sso_begin_lua},
    {"_broken", client_lua_is_broken},
    {"_close", client_lua_close},
    {"_family", client_lua_family},
    {"_option", client_lua_option},
    {"_with", client_lua_with},
    {NULL, NULL},
};

/* Pushes a new metatable that programs can neither read nor change. */
static void push_metatable(lua_State *L, const char *name,
                           const luaL_Reg *functions)
{
    luaL_newmetatable(L, name);
    luaL_setfuncs(L, functions, 0);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
}

/* Puts a census into the metatable on top, unless it has one. [-0, +0] */
static void found_census(lua_State *L)
{
    struct census *census;

    lua_rawgeti(L, -1, 1);
    if (lua_isnil(L, -1)) {
        census = lua_newuserdata(L, sizeof(*census));
        *census = (struct census){0, FEWEST};
        lua_rawseti(L, -3, 1);
    }
    lua_pop(L, 1);
}

void sso_client_open(lua_State *L)
{
    push_metatable(L, SSO_FAMILY, family_metamethods);
    found_census(L);
    lua_pop(L, 1);
    push_metatable(L, SSO_CLIENT, client_metamethods);
    luaL_newlib(L, methods); /* metatable, methods */
    sso_drive_open(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "__index");
    lua_remove(L, -2);
}
