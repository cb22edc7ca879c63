/*
 * handle.c - userdata sso.handle (see handle.h).  The only file that takes
 * and gives back references.
 */
#include "handle.h"
#include "answer.h"
#include "begin.h"
#include "client.h"

struct sso_handle *sso_handle_push(lua_State *L, const struct sso_client *owner,
                                   const struct sso_operation *op)
{
    struct sso_handle *h = lua_newuserdata(L, sizeof(*h));

    h->call = NULL;
    h->op = op;
    h->owner = owner;
    h->anchor = LUA_NOREF;
    h->done = false;
    luaL_setmetatable(L, SSO_HANDLE);
    lua_createtable(L, SSO_SLOT_COUNT, 0);
    lua_setuservalue(L, -2);
    return h;
}

struct sso_handle *sso_handle_check(lua_State *L, int i)
{
    return luaL_checkudata(L, i, SSO_HANDLE);
}

void sso_handle_set(lua_State *L, int i, enum sso_handle_slot slot)
{
    i = lua_absindex(L, i);
    lua_getuservalue(L, i); /* value, slots */
    lua_insert(L, -2);
    lua_rawseti(L, -2, (int)slot);
    lua_pop(L, 1);
}

void sso_handle_get(lua_State *L, int i, enum sso_handle_slot slot)
{
    lua_getuservalue(L, i);
    lua_rawgeti(L, -1, (int)slot);
    lua_remove(L, -2);
}

/* ---- anchors ----------------------------------------------------------- */

void sso_handle_anchor(lua_State *L, int i)
{
    struct sso_handle *h = sso_handle_check(L, i);

    if (h->anchor != LUA_NOREF)
        return;
    i = lua_absindex(L, i);
    sso_handle_get(L, i, SSO_SLOT_PENDING);
    lua_pushvalue(L, i); /* pending, handle */
    h->anchor = luaL_ref(L, -2);
    lua_pop(L, 1);
}

bool sso_handle_find(lua_State *L, int pending, const struct sso_handle *h)
{
    if (h->anchor == LUA_NOREF)
        return false;
    lua_rawgeti(L, pending, h->anchor);
    return true;
}

bool sso_handle_release(lua_State *L, int pending, struct sso_handle *h)
{
    if (!sso_handle_find(L, pending, h))
        return false;
    luaL_unref(L, pending, h->anchor);
    h->anchor = LUA_NOREF; /* a second unref would corrupt the free list */
    return true;
}

/* ---- methods ----------------------------------------------------------- */

bool sso_handle_is_done(const struct sso_handle *h)
{
    return h->call != NULL ? sso_call_outcome(h->call) != NULL : h->done;
}

static int handle_lua_done(lua_State *L)
{
    struct sso_handle *h = sso_handle_check(L, 1);

    lua_pushboolean(L, sso_handle_is_done(h));
    return 1;
}

static int handle_lua_cancel(lua_State *L)
{
    struct sso_handle *h = sso_handle_check(L, 1);

    lua_pushboolean(L, h->call != NULL && sso_call_cancel(h->call));
    return 1;
}

/* Turns the outcome into Lua values, the three above index 1, and frees the
 * call. */
static void settle(lua_State *L, struct sso_handle *h)
{
    int first = lua_gettop(L) + 1;

    sso_handle_get(L, 1, SSO_SLOT_ASKED);
    sso_handle_get(L, 1, SSO_SLOT_SENT);
    sso_answer_push(L, sso_call_outcome(h->call), h->op, lua_tostring(L, first),
                    sso_call_settings(h->call),
                    lua_istable(L, first + 1) ? first + 1 : 0);
    lua_remove(L, first);
    lua_remove(L, first); /* value, error, response */
    h->done = true;
    sso_call_free(h->call);
    h->call = NULL;
    if (h->anchor == LUA_NOREF)
        return;
    sso_handle_get(L, 1, SSO_SLOT_PENDING);
    (void)sso_handle_release(L, lua_gettop(L), h);
    lua_pop(L, 2);
}

/*
 * handle:_take(): value, err, response of a finished call, once: what nobody
 * else has a hold of need not be kept.
 */
static int handle_lua_take(lua_State *L)
{
    struct sso_handle *h = sso_handle_check(L, 1);

    lua_settop(L, 1);
    luaL_checkstack(L, 20, "results");
    if (h->call == NULL || !sso_handle_is_done(h))
        return 0;
    settle(L, h);
    return 3;
}

/* value, err, response of a finished call; nothing while it is under way. */
static int handle_lua_result(lua_State *L)
{
    struct sso_handle *h = sso_handle_check(L, 1);

    lua_settop(L, 1);
    luaL_checkstack(L, 20, "results");
    if (!sso_handle_is_done(h))
        return 0;
    if (h->call != NULL) {
        settle(L, h);
        lua_pushvalue(L, 2);
        sso_handle_set(L, 1, SSO_SLOT_VALUE);
        lua_pushvalue(L, 3);
        sso_handle_set(L, 1, SSO_SLOT_ERROR);
        lua_pushvalue(L, 4);
        sso_handle_set(L, 1, SSO_SLOT_RESPONSE);
        return 3;
    }
    sso_handle_get(L, 1, SSO_SLOT_VALUE);
    sso_handle_get(L, 1, SSO_SLOT_ERROR);
    sso_handle_get(L, 1, SSO_SLOT_RESPONSE);
    return 3;
}

/* The callback, which is the caller's to run: it is given out once. */
static int handle_lua_callback(lua_State *L)
{
    (void)sso_handle_check(L, 1);
    lua_settop(L, 1);
    sso_handle_get(L, 1, SSO_SLOT_CALLBACK);
    lua_pushnil(L);
    sso_handle_set(L, 1, SSO_SLOT_CALLBACK);
    return 1;
}

/* Asks for the handle to be handed out when it has finished. */
static int handle_lua_watch(lua_State *L)
{
    struct sso_handle *h = sso_handle_check(L, 1);

    if (h->call != NULL)
        sso_handle_anchor(L, 1);
    return 0;
}

static int handle_lua_client(lua_State *L)
{
    (void)sso_handle_check(L, 1);
    sso_handle_get(L, 1, SSO_SLOT_CLIENT);
    return 1;
}

/* handle:_name(): the operation's. */
static int handle_lua_name(lua_State *L)
{
    lua_pushstring(L, sso_handle_check(L, 1)->op->name);
    return 1;
}

/* handle:_discard(): as if the call had never been made. */
static int handle_lua_discard(lua_State *L)
{
    struct sso_handle *h = sso_handle_check(L, 1);

    lua_settop(L, 1);
    sso_call_free(h->call);
    h->call = NULL;
    sso_handle_get(L, 1, SSO_SLOT_PENDING);
    (void)sso_handle_release(L, 2, h);
    return 0;
}

/* handle:_option(name): of the options that govern this call. */
static int handle_lua_option(lua_State *L)
{
    (void)sso_handle_check(L, 1);
    luaL_checkstring(L, 2);
    lua_settop(L, 2);
    sso_handle_get(L, 1, SSO_SLOT_OPTIONS);
    if (!lua_istable(L, 3)) {
        sso_handle_get(L, 1, SSO_SLOT_CLIENT);
        sso_client_get(L, 4, SSO_CLIENT_OPTIONS);
    }
    lua_pushvalue(L, 2);
    lua_rawget(L, -2);
    return 1;
}

static int handle_lua_tostring(lua_State *L)
{
    struct sso_handle *h = sso_handle_check(L, 1);

    lua_pushfstring(L, "%s (%s, %s)", SSO_HANDLE, h->op->name,
                    sso_handle_is_done(h) ? "done" : "under way");
    return 1;
}

static int handle_lua_gc(lua_State *L)
{
    struct sso_handle *h = sso_handle_check(L, 1);

    sso_call_free(h->call);
    h->call = NULL;
    return 0;
}

static const luaL_Reg metamethods[] = {
    {"__gc", handle_lua_gc},
    {"__tostring", handle_lua_tostring},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    {"done", handle_lua_done},          {"cancel", handle_lua_cancel},
    {"_result", handle_lua_result},     {"_take", handle_lua_take},
    {"_callback", handle_lua_callback}, {"_watch", handle_lua_watch},
    {"_client", handle_lua_client},     {"_name", handle_lua_name},
    {"_discard", handle_lua_discard},   {"_key", sso_begin_lua_key},
    {"_option", handle_lua_option},     {NULL, NULL},
};

void sso_handle_open(lua_State *L)
{
    luaL_newmetatable(L, SSO_HANDLE);
    luaL_setfuncs(L, metamethods, 0);
    lua_pushliteral(L, SSO_HANDLE);
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    luaL_newlib(L, methods); /* metatable, methods */
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "__index");
    lua_remove(L, -2);
}
