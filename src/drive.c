/*
 * drive.c - how a loop drives a client (see drive.h).
 */
#include "drive.h"
#include "client.h"
#include "failure.h"
#include "handle.h"

/* The client at index 1 with its engine; a finalized one raises. */
static struct sso_client *check_driven(lua_State *L)
{
    struct sso_client *client = sso_client_check(L, 1);

    if (client->engine == NULL)
        luaL_argerror(L, 1, "is finalized");
    return client;
}

static int raise_unless_ok(lua_State *L, enum sso_kind kind)
{
    return kind == SSO_OK ? 0 : luaL_error(L, "not enough memory");
}

/* client:_step([budget]): seconds; nil drains, 0 does one thing. */
static int drive_lua_step(lua_State *L)
{
    struct sso_client *client = check_driven(L);
    int64_t budget_us = -1;

    if (!lua_isnoneornil(L, 2)) {
        lua_Number seconds = luaL_checknumber(L, 2);
        if (!(seconds >= 0 && seconds <= 3600))
            luaL_argerror(L, 2, "must be seconds, 0 to 3600");
        budget_us = (int64_t)(seconds * 1e6);
    }
    return raise_unless_ok(L, sso_engine_step(client->engine, budget_us));
}

/*
 * client:_wait(seconds[, handle]): blocks until something happened, not at all
 * if the handle is done → whether it is, and whether events wait.
 */
static int drive_lua_wait(lua_State *L)
{
    struct sso_client *client = check_driven(L);
    lua_Number seconds = luaL_checknumber(L, 2);
    const struct sso_handle *h =
        lua_isnoneornil(L, 3) ? NULL : sso_handle_check(L, 3);
    int64_t ms = seconds > 3600 ? 3600000
                 : seconds > 0  ? (int64_t)(seconds * 1000 + 0.999)
                                : 0;

    if (h == NULL || !sso_handle_is_done(h))
        raise_unless_ok(L, sso_engine_wait(client->engine, ms));
    lua_pushboolean(L, h != NULL && sso_handle_is_done(h));
    lua_pushboolean(L, sso_engine_has_events(client->engine));
    return 2;
}

/*
 * client:_next(): a finished handle that somebody waits for, which is no
 * longer kept alive here; nil when there is none.
 */
static int drive_lua_next(lua_State *L)
{
    struct sso_client *client = check_driven(L);
    struct sso_call *call;

    lua_settop(L, 1);
    sso_client_get(L, 1, SSO_CLIENT_PENDING); /* 2 */
    while ((call = sso_engine_take_finished(client->engine)) != NULL)
        if (sso_handle_release(L, 2, sso_call_user(call)))
            return 1;
    return 0;
}

static const char *const event_names[] = {
    "start",
    "attempt",
    "retry",
    "finish",
};

/* [-0, +1] */
static void push_event(lua_State *L, const struct sso_event *event,
                       const struct sso_handle *h)
{
    lua_createtable(L, 0, 8);
    lua_pushstring(L, event_names[event->type]);
    lua_setfield(L, -2, "event");
    lua_pushstring(L, h->op->name);
    lua_setfield(L, -2, "operation");
    lua_pushinteger(L, (lua_Integer)event->attempt);
    lua_setfield(L, -2, "attempt");
    lua_pushnumber(L, event->elapsed);
    lua_setfield(L, -2, "elapsed");
    if (event->status != 0) {
        lua_pushinteger(L, (lua_Integer)event->status);
        lua_setfield(L, -2, "status");
    }
    if (event->type == SSO_EVENT_RETRY) {
        lua_pushnumber(L, event->wait);
        lua_setfield(L, -2, "wait");
    }
    if (event->type == SSO_EVENT_RETRY || event->type == SSO_EVENT_FINISH) {
        lua_pushstring(L, sso_kind_name(event->reason));
        lua_setfield(L, -2, "reason");
    }
}

/* client:_next_event(): on_event and its argument; nothing: none left. */
static int drive_lua_next_event(lua_State *L)
{
    struct sso_client *client = check_driven(L);
    struct sso_event event;

    lua_settop(L, 1);
    sso_client_get(L, 1, SSO_CLIENT_PENDING); /* 2 */
    while (sso_engine_take_event(client->engine, &event)) {
        const struct sso_handle *h = sso_call_user(event.call);
        if (!sso_handle_find(L, 2, h))
            continue;
        sso_handle_get(L, 3, SSO_SLOT_EVENT); /* handle, on_event */
        push_event(L, &event, h);
        return 2;
    }
    return 0;
}

static int drive_lua_active(lua_State *L)
{
    struct sso_client *client = check_driven(L);

    sso_push_whole(L, (int64_t)sso_engine_active(client->engine));
    return 1;
}

/* client:_in_flight(): calls with an attempt on the wire. */
static int drive_lua_in_flight(lua_State *L)
{
    struct sso_client *client = check_driven(L);

    sso_push_whole(L, (int64_t)sso_engine_in_flight(client->engine));
    return 1;
}

static int push_descriptor(lua_State *L, const struct sso_engine *e, int fd)
{
    if (fd < 0) {
        lua_pushnil(L);
        sso_failure_push(L, SSO_CONFIG, sso_engine_refusal(e));
        return 2;
    }
    lua_pushinteger(L, fd);
    return 1;
}

static int drive_lua_pollfd(lua_State *L)
{
    struct sso_engine *e = check_driven(L)->engine;

    return push_descriptor(L, e, sso_engine_pollfd(e));
}

/* client:_socket_fd(): for hosts that ask client:timeout() before they wait. */
static int drive_lua_socket_fd(lua_State *L)
{
    struct sso_engine *e = check_driven(L)->engine;

    return push_descriptor(L, e, sso_engine_socket_fd(e));
}

static int drive_lua_timeout(lua_State *L)
{
    struct sso_client *client = check_driven(L);
    int64_t ms = sso_engine_timeout_ms(client->engine);

    if (ms < 0)
        return 0;
    lua_pushnumber(L, (lua_Number)ms / 1000);
    return 1;
}

static int drive_lua_events(lua_State *L)
{
    (void)sso_client_check(L, 1);
    lua_pushliteral(L, "r");
    return 1;
}

static const luaL_Reg methods[] = {
    {"events", drive_lua_events},
    {"pollfd", drive_lua_pollfd},
    {"_socket_fd", drive_lua_socket_fd},
    {"timeout", drive_lua_timeout},
    {"_active", drive_lua_active},
    {"_in_flight", drive_lua_in_flight},
    {"_next", drive_lua_next},
    {"_next_event", drive_lua_next_event},
    {"_step", drive_lua_step},
    {"_wait", drive_lua_wait},
    {NULL, NULL},
};

void sso_drive_open(lua_State *L)
{
    luaL_setfuncs(L, methods, 0);
}
