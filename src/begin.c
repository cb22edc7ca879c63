/*
 * begin.c - the way of a call from its arguments into the engine (see
 * begin.h).
 *
 * Order matters: everything that may raise comes before the transport's call
 * exists, and from there on each step either hands the call to its handle or
 * to the engine.  A key function is called by Lua, in between, so that it may
 * yield.
 */
#include "begin.h"
#include "client.h"
#include "configuration.h"
#include "failure.h"
#include "fetch.h"
#include "handle.h"
#include "operations.h"
#include "options.h"
#include "raw_request.h"
#include "request.h"
#include "screen.h"
#include "text.h"
#include "warnings.h"

#include <string.h>

/* ---- options ----------------------------------------------------------- */

/* Pushes what governs this call: the client's options, or those with the
 * call's own over them. [-0, +1] */
static void push_options(lua_State *L, const struct sso_operation *op, int own)
{
    sso_client_get(L, 1, SSO_CLIENT_OPTIONS);
    if (op == &sso_operation_fetch) {
        sso_fetch_push_options(L, lua_gettop(L), own);
        lua_remove(L, -2);
        return;
    }
    if (own == 0 || lua_isnil(L, own))
        return;
    sso_options_merge(L, lua_gettop(L), own, SSO_SCOPE_CALL, op->name);
    lua_remove(L, -2);
}

static bool is_validated(lua_State *L, int options)
{
    bool validate;

    lua_getfield(L, options, "validate");
    validate = lua_isnil(L, -1) || lua_toboolean(L, -1);
    lua_pop(L, 1);
    return validate;
}

/* Pushes options.api_key when it is a function. [-0, +(0|1)] */
static bool push_key_function(lua_State *L, int options)
{
    lua_getfield(L, options, "api_key");
    if (lua_isfunction(L, -1))
        return true;
    lua_pop(L, 1);
    return false;
}

/* ---- the call ---------------------------------------------------------- */

/* What the steps of one call share; indexes are of the Lua stack. */
struct beginning {
    struct sso_client *client;
    const struct sso_operation *op;
    struct sso_arguments args;
    struct sso_handle *h;
    int options; /* what governs the call */
    int handle;
    bool own_options;
    bool validate;
    const char *problem; /* why nothing must be sent, and its kind */
    enum sso_kind problem_kind;
};

/* Hands the call to the engine, which starts it at its next step. */
static void submit(lua_State *L, struct sso_client *client,
                   struct sso_handle *h)
{
    enum sso_kind kind = SSO_CANCELLED;

    if (!client->closed)
        kind = sso_engine_submit(client->engine, h->call);
    if (kind == SSO_MEMORY)
        luaL_error(L, "not enough memory");
    else if (kind != SSO_OK)
        sso_engine_refuse(client->engine, h->call, kind,
                          kind == SSO_CANCELLED
                              ? "the client is closed"
                              : sso_engine_refusal(client->engine));
}

/* Pushes a shallow copy of the table at index i. [-0, +1] */
static void push_copy(lua_State *L, int i)
{
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, i)) { /* copy, key, value */
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
}

/* Fills the handle's slots. [-0, +0] */
static void fill_slots(lua_State *L, struct beginning *b)
{
    const struct sso_arguments *args = &b->args;
    int slots;

    lua_getuservalue(L, b->handle);
    slots = lua_gettop(L);
    lua_pushvalue(L, 1);
    lua_rawseti(L, slots, SSO_SLOT_CLIENT);
    sso_client_get(L, 1, SSO_CLIENT_PENDING);
    lua_rawseti(L, slots, SSO_SLOT_PENDING);
    if (args->asked != 0) {
        lua_pushvalue(L, args->asked);
        lua_rawseti(L, slots, SSO_SLOT_ASKED);
    }
    if (args->fields != 0 && sso_warnings_compare(b->op)) {
        push_copy(L, args->fields);
        lua_rawseti(L, slots, SSO_SLOT_SENT);
    }
    if (b->own_options) {
        lua_pushvalue(L, b->options);
        lua_rawseti(L, slots, SSO_SLOT_OPTIONS);
    }
    if (args->callback != 0) {
        lua_pushvalue(L, args->callback);
        lua_rawseti(L, slots, SSO_SLOT_CALLBACK);
    }
    lua_getfield(L, b->options, "on_event");
    lua_rawseti(L, slots, SSO_SLOT_EVENT);
    lua_pop(L, 1);
}

/* Pushes the handle. [-0, +1] */
static void make_handle(lua_State *L, struct beginning *b)
{
    b->h = sso_handle_push(L, b->client, b->op);
    b->handle = lua_gettop(L);
    fill_slots(L, b);
}

/*
 * Keeps a handle that somebody will be told about.  The last step of a start:
 * what raises before it leaves a handle that the collector takes, and its call
 * with it.  Nothing is delivered before the next step of the engine.
 */
static void anchor_awaited(lua_State *L, int i)
{
    bool awaited;

    sso_handle_get(L, i, SSO_SLOT_CALLBACK);
    sso_handle_get(L, i, SSO_SLOT_EVENT);
    awaited = !lua_isnil(L, -1) || !lua_isnil(L, -2);
    lua_pop(L, 2);
    if (awaited)
        sso_handle_anchor(L, i);
}

/* The certificate among the fields, if there is one, made what goes out.
 * False: it must not, and b->problem says why. [-0, +(0|1)] */
static bool screen_fields(lua_State *L, struct beginning *b)
{
    if (b->args.certificate == 0 ||
        sso_screen_certificate(L, b->client, b->args.certificate, b->validate))
        return true;
    b->problem = lua_tostring(L, -1); /* on the stack until the call's end */
    b->problem_kind = SSO_CERTIFICATE;
    return false;
}

/* A private key in the body of client:request is a problem. [-0, +(0|1)] */
static void screen_body(lua_State *L, struct beginning *b,
                        const struct sso_request *request)
{
    if (request->body_len == 0 ||
        sso_screen_body(L, b->client, request->body, request->body_len))
        return;
    b->problem = lua_tostring(L, -1);
    b->problem_kind = SSO_CERTIFICATE;
}

/* A URL that may not be fetched is a problem. [-0, +(0|1)] */
static enum sso_kind write_fetch(lua_State *L, struct beginning *b,
                                 struct sso_request *request)
{
    char why[512];
    enum sso_kind kind;

    kind = sso_fetch_write(L, b->args.fields, b->options, &b->client->clean,
                           &b->client->path, request, why, sizeof(why));
    if (kind == SSO_OK || kind == SSO_MEMORY)
        return kind;
    lua_pushstring(L, why);
    b->problem = lua_tostring(L, -1);
    b->problem_kind = kind;
    return SSO_OK;
}

/* Path and body into the client's scratch. [-0, +0] */
static enum sso_kind write_request(lua_State *L, struct beginning *b,
                                   struct sso_request *request)
{
    struct sso_client *client = b->client;
    enum sso_kind kind;

    kind = sso_request_path(L, b->op, &b->args, &client->path);
    if (kind == SSO_OK)
        kind = sso_fields_write_body(L, b->op, b->args.fields,
                                     b->args.certificate, &client->body);
    request->method = b->op->method;
    request->path = client->path.data;
    request->repeatable = (b->op->flags & SSO_OP_REPEATABLE) != 0;
    if (sso_operation_has_body(b->op)) {
        request->body = client->body.data;
        request->body_len = client->body.len;
    }
    return kind;
}

/*
 * Gives the handle its call, under the client's settings if those hold.  What
 * must not be sent is refused here; true: it may go on.
 */
static bool make_call(lua_State *L, struct beginning *b)
{
    struct sso_client *client = b->client;
    struct sso_request request;
    enum sso_kind kind;

    memset(&request, 0, sizeof(request));
    if (!screen_fields(L, b)) {
        request.method = b->op->method;
        request.path = "/";
        kind = SSO_OK;
    } else if (b->op == &sso_operation_request) {
        kind = sso_raw_request_write(L, b->args.fields, &client->path,
                                     &client->body, &request);
        if (kind == SSO_OK)
            screen_body(L, b, &request);
    } else if (b->op == &sso_operation_fetch) {
        kind = write_fetch(L, b, &request);
    } else {
        kind = write_request(L, b, &request);
    }
    if (kind == SSO_OK)
        b->h->call = sso_call_new(b->own_options ? NULL : client->settings,
                                  &request, b->h);
    if (b->h->call == NULL)
        luaL_error(L, "not enough memory");
    if (b->op == &sso_operation_fetch)
        sso_call_allow_body(b->h->call, SSO_FETCH_MAX);
    if (b->problem != NULL)
        sso_engine_refuse(client->engine, b->h->call, b->problem_kind,
                          b->problem);
    return b->problem == NULL;
}

/*
 * Makes settings of the options at index options with the key at index key
 * (0: the options' own) and submits.  Settings of the client's own options
 * stay with the client. [-0, +0]
 */
static void submit_with(lua_State *L, struct sso_client *client,
                        struct sso_handle *h, int options, int key)
{
    char why[512];
    struct sso_settings *settings;

    why[0] = '\0';
    settings = sso_configuration_settings(L, options, key, why, sizeof(why));
    if (settings != NULL) {
        bool used = sso_call_use_settings(h->call, settings);
        sso_settings_unref(settings);
        if (!used)
            luaL_error(L, "not enough memory");
        submit(L, client, h);
    } else if (why[0] != '\0') {
        sso_engine_refuse(client->engine, h->call, SSO_CONFIG, why);
    } else {
        luaL_error(L, "not enough memory");
    }
}

/*
 * Chooses the call's settings and submits it, unless an api_key function has
 * to be called first, which is pushed then. [-0, +(0|1)]
 */
static bool start(lua_State *L, struct beginning *b)
{
    struct sso_client *client = b->client;
    char why[512];

    if (b->op == &sso_operation_fetch) { /* a client without a key will do */
        submit_with(L, client, b->h, b->options, 0);
        return false;
    }
    if (client->broken) {
        sso_client_get(L, 1, SSO_CLIENT_BROKEN);
        sso_engine_refuse(client->engine, b->h->call, SSO_CONFIG,
                          lua_tostring(L, -1));
        return false;
    }
    if (b->own_options) {
        lua_pushvalue(L, b->options);
        if (!sso_configuration_complete(L, false, why, sizeof(why))) {
            sso_engine_refuse(client->engine, b->h->call, SSO_CONFIG, why);
            return false;
        }
        lua_pop(L, 1);
    }
    if (push_key_function(L, b->options))
        return true;
    if (b->own_options) {
        submit_with(L, client, b->h, b->options, 0);
    } else {
        submit(L, client, b->h);
    }
    return false;
}

static const struct sso_operation *check_operation(lua_State *L, int i)
{
    lua_Integer number = luaL_checkinteger(L, i);

    if (number < -1 || number > (lua_Integer)sso_operation_count)
        luaL_argerror(L, i, "no such operation");
    if (number == -1)
        return &sso_operation_fetch;
    return number == 0 ? &sso_operation_request : &sso_operations[number - 1];
}

int sso_begin_lua(lua_State *L)
{
    struct beginning b;

    memset(&b, 0, sizeof(b));
    b.client = sso_client_check(L, 1);
    b.op = check_operation(L, 2);
    luaL_checkstack(L, 20, "call");
    sso_request_check(L, b.op, 3, &b.args);
    push_options(L, b.op, b.args.options);
    b.options = lua_gettop(L);
    b.own_options = b.op == &sso_operation_fetch ||
                    (b.args.options != 0 && !lua_isnil(L, b.args.options));
    b.validate = b.args.certificate == 0 || is_validated(L, b.options);
    if (!b.validate &&
        !sso_screen_is_seen(L, b.client, b.args.certificate, false))
        sso_fields_check_text(L, b.op->name, "public_certificate",
                              b.args.certificate);
    make_handle(L, &b);
    if (!make_call(L, &b) || !start(L, &b)) {
        anchor_awaited(L, b.handle);
        lua_pushnil(L); /* handle, …, nil or the key function */
    }
    lua_pushvalue(L, b.handle);
    lua_pushboolean(L, b.args.callback != 0);
    lua_pushvalue(L, -3);
    lua_getfield(L, b.options, "host");
    return 4;
}

/* ---- the key that comes later ------------------------------------------ */

/*
 * The client's own options: settings made with the same key as last time
 * serve again. [-0, +0]
 */
static void submit_with_client_key(lua_State *L, struct sso_client *client,
                                   struct sso_handle *h, int client_index,
                                   int key)
{
    bool same;

    sso_client_get(L, client_index, SSO_CLIENT_KEY);
    same = client->settings != NULL && lua_rawequal(L, -1, key);
    lua_pop(L, 1);
    if (!same) {
        char why[512];
        struct sso_settings *settings;
        sso_client_get(L, client_index, SSO_CLIENT_OPTIONS);
        lua_pushvalue(L, key);
        sso_client_set(L, client_index, SSO_CLIENT_KEY);
        why[0] = '\0';
        settings =
            sso_configuration_settings(L, lua_gettop(L), key, why, sizeof(why));
        sso_settings_unref(client->settings);
        client->settings = settings;
        if (settings == NULL) {
            if (why[0] == '\0')
                luaL_error(L, "not enough memory");
            sso_engine_refuse(client->engine, h->call, SSO_CONFIG, why);
            return;
        }
    }
    if (!sso_call_use_settings(h->call, client->settings))
        luaL_error(L, "not enough memory");
    submit(L, client, h);
}

/* Submits the call of the handle at 1 with what the key function gave. */
static void use_key(lua_State *L)
{
    struct sso_handle *h = sso_handle_check(L, 1);
    struct sso_client *client;

    lua_settop(L, 3); /* handle, ok, key or what was raised */
    if (h->call == NULL)
        luaL_argerror(L, 1, "has no call");
    luaL_checkstack(L, 12, "key");
    sso_handle_get(L, 1, SSO_SLOT_CLIENT); /* 4 */
    client = sso_client_check(L, 4);
    if (!lua_toboolean(L, 2)) {
        size_t len;
        const char *text = luaL_tolstring(L, 3, &len);
        sso_text_push_clean(L, text, len, NULL, 200);
        lua_pushfstring(L, "the function api_key raised: %s",
                        lua_tostring(L, -1));
        sso_engine_refuse(client->engine, h->call, SSO_CONFIG,
                          lua_tostring(L, -1));
        return;
    }
    lua_pushvalue(L, 3);
    if (!sso_configuration_clean_key(L)) {
        sso_engine_refuse(client->engine, h->call, SSO_CONFIG,
                          lua_tostring(L, -1));
        return;
    }
    lua_replace(L, 3);
    sso_handle_get(L, 1, SSO_SLOT_OPTIONS); /* 5 */
    if (lua_istable(L, 5))
        submit_with(L, client, h, 5, 3);
    else
        submit_with_client_key(L, client, h, 4, 3);
}

int sso_begin_lua_key(lua_State *L)
{
    use_key(L);
    anchor_awaited(L, 1);
    return 0;
}
