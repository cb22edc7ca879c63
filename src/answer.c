/*
 * answer.c - an outcome + an operation → value, error, response (see
 * answer.h).
 */
#include "answer.h"
#include "failure.h"
#include "json.h"
#include "response.h"
#include "server_error.h"
#include "warnings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- the value --------------------------------------------------------- */

/* A certificate carries its integration's id under both spellings. [-0,+0] */
static void spell_integration_id(lua_State *L, int certificate)
{
    static const char *const names[] = {"integration_id", "intergration_id"};
    int i;

    for (i = 0; i < 2; i++) {
        lua_getfield(L, certificate, names[i]);
        if (!lua_isnil(L, -1)) {
            lua_setfield(L, certificate, names[1 - i]);
            return;
        }
        lua_pop(L, 1);
    }
}

/* Whether the text asked for and the value on top are the same id. [-0,+0] */
static bool is_same_id(lua_State *L, const char *asked)
{
    char *end;

    if (lua_type(L, -1) == LUA_TNUMBER) /* both as JSON numbers are read */
        return asked[strspn(asked, "0123456789")] == '\0' &&
               strtod(asked, &end) == lua_tonumber(L, -1);
    return lua_type(L, -1) == LUA_TSTRING &&
           strcasecmp(asked, lua_tostring(L, -1)) == 0;
}

/*
 * Checks one table, which must be an object, and completes it.  NULL, or what is wrong: pushes
 * nothing. [-0, +0]
 */
static const char *check_object(lua_State *L, int object,
                                const struct sso_operation *op,
                                const char *asked)
{
    bool same = true;

    if (lua_rawlen(L, object) > 0)
        return "holds something that is not an object";
    if (op->flags & SSO_OP_CERTIFICATE)
        spell_integration_id(L, object);
    if (op->echo != NULL && asked != NULL) {
        lua_getfield(L, object, op->echo);
        same = lua_isnil(L, -1) || is_same_id(L, asked);
        lua_pop(L, 1);
    }
    return same ? NULL : "is about another id than the one asked for";
}

static const char *check_array(lua_State *L, int array,
                               const struct sso_operation *op,
                               const char *asked)
{
    int i, n = (int)lua_rawlen(L, array);
    const char *problem = NULL;

    for (i = 1; i <= n && problem == NULL; i++) {
        lua_rawgeti(L, array, i);
        problem = check_object(L, lua_gettop(L), op, asked);
        lua_pop(L, 1);
    }
    return problem;
}

/* The first character of a JSON text tells objects from arrays, which are
 * both tables once they are decoded. */
static char first_character(const struct sso_buffer *body)
{
    const char *text = body->data != NULL ? body->data : "";

    return text[strspn(text, " \t\r\n")];
}

/* A list may stand under a name: {"result": […]}, and in SendGrid's own
 * example {"results": […]}.  Replaces such an object on top by its list. */
static void unwrap(lua_State *L)
{
    static const char *const names[] = {"result", "results"};
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        lua_getfield(L, -1, names[i]);
        if (lua_istable(L, -1)) {
            lua_remove(L, -2);
            return;
        }
        lua_pop(L, 1);
    }
}

/* Before nulls become nil, which would shorten the array. [-0, +0] */
static bool has_only_tables(lua_State *L, int array)
{
    int i, n = (int)lua_rawlen(L, array);
    bool all = true;

    for (i = 1; i <= n && all; i++) {
        lua_rawgeti(L, array, i);
        all = lua_istable(L, -1);
        lua_pop(L, 1);
    }
    return all;
}

/* Both {} and [] are empty tables by now, but names are an object's. */
static bool has_names(lua_State *L, int table)
{
    if (lua_rawlen(L, table) > 0)
        return false;
    lua_pushnil(L);
    if (lua_next(L, table) == 0)
        return false;
    lua_pop(L, 2);
    return true;
}

/* The value on top, decoded, of an answer that must be an array. */
static const char *read_array(lua_State *L, char first,
                              const struct sso_operation *op, const char *asked)
{
    int top = lua_gettop(L);
    const void *whole = lua_topointer(L, top);

    if (lua_istable(L, top) && first == '{')
        unwrap(L);
    if (!lua_istable(L, top) ||
        (first != '[' && lua_topointer(L, top) == whole) || has_names(L, top))
        return "is not an array";
    if (!has_only_tables(L, top))
        return "holds something that is not an object";
    sso_json_normalise(L);
    return check_array(L, top, op, asked);
}

/*
 * Replaces the body on top by the value.  NULL, or what is wrong with the
 * answer, and then the top is anything. [-1, +1]
 */
static const char *read_value(lua_State *L, const struct sso_outcome *o,
                              const struct sso_operation *op, const char *asked)
{
    char first = first_character(&o->body);

    if (op->shape == SSO_VALUE_TRUE ||
        (o->body.len == 0 &&
         (op->shape == SSO_VALUE_MAYBE || op->shape == SSO_VALUE_ANYTHING))) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
        return NULL;
    }
    if (op->shape == SSO_VALUE_BYTES)
        return NULL;
    if (o->body.len == 0)
        return "is empty";
    if (!sso_json_decode(L))
        return "is not JSON";
    if (op->shape == SSO_VALUE_ARRAY)
        return read_array(L, first, op, asked);
    sso_json_normalise(L);
    if (op->shape == SSO_VALUE_ANYTHING)
        return NULL;
    if (!lua_istable(L, -1) || first != '{')
        return "is not an object";
    return check_object(L, lua_gettop(L), op, asked);
}

/* ---- the error --------------------------------------------------------- */

static void set_number(lua_State *L, const char *name, double n)
{
    lua_pushnumber(L, n);
    lua_setfield(L, -2, name);
}

static void set_flag(lua_State *L, const char *name, bool flag)
{
    lua_pushboolean(L, flag);
    lua_setfield(L, -2, name);
}

/* Adds what every failure of a call carries to the error on top. [-0,+0] */
static void describe(lua_State *L, const struct sso_outcome *o,
                     const struct sso_operation *op)
{
    lua_pushstring(L, op->name);
    lua_setfield(L, -2, "operation");
    lua_pushinteger(L, (lua_Integer)o->attempts);
    lua_setfield(L, -2, "attempts");
    set_number(L, "elapsed", o->elapsed);
    set_flag(L, "maybe_applied", o->maybe_applied);
    if (o->status != 0) {
        lua_pushinteger(L, (lua_Integer)o->status);
        lua_setfield(L, -2, "status");
    }
    if (o->code != 0) {
        lua_pushinteger(L, (lua_Integer)o->code);
        lua_setfield(L, -2, "code");
    }
    if (o->retry_after >= 0)
        set_number(L, "retry_after", o->retry_after);
    if (sso_phase_name(o->phase) != NULL) {
        lua_pushstring(L, sso_phase_name(o->phase));
        lua_setfield(L, -2, "phase");
    }
}

/* [-0, +1] */
static void push_failure(lua_State *L, const struct sso_outcome *o,
                         const struct sso_operation *op,
                         const struct sso_settings *settings)
{
    const char *secret = settings ? sso_settings_api_key(settings) : NULL;

    if (o->message[0] == '\0') { /* the answer explains it */
        sso_server_error_push_list(L, o->body.data, o->body.len, secret);
        sso_server_error_push_message(L, o, -1, secret); /* list, message */
        sso_failure_push(L, o->kind, lua_tostring(L, -1));
        lua_insert(L, -3); /* error, list, message */
        lua_pop(L, 1);
        lua_setfield(L, -2, "errors");
    } else {
        sso_failure_push(L, o->kind, o->message);
    }
    describe(L, o, op);
    set_flag(L, "retryable", o->retryable);
    if (sso_server_error_push_hint(L, o, settings, op))
        lua_setfield(L, -2, "hint");
}

/* A 2xx that cannot be used is an error, never a value. [-0, +1] */
static void push_unusable(lua_State *L, const struct sso_outcome *o,
                          const struct sso_operation *op,
                          const struct sso_settings *settings, bool writes,
                          const char *problem)
{
    sso_server_error_push_type(L, o, sso_settings_api_key(settings));
    lua_pushfstring(L, "the server's %d answer %s (%s, %d bytes)",
                    (int)o->status, problem, lua_tostring(L, -1),
                    (int)o->body.len); /* type, message */
    sso_failure_push(L, SSO_RESPONSE, lua_tostring(L, -1));
    lua_insert(L, -3);
    lua_pop(L, 2);
    describe(L, o, op);
    set_flag(L, "maybe_applied", writes);
}

void sso_answer_push(lua_State *L, const struct sso_outcome *o,
                     const struct sso_operation *op, const char *asked,
                     const struct sso_settings *settings, int sent)
{
    const char *problem;
    int body;

    luaL_checkstack(L, 16, "answer");
    if (o->kind != SSO_OK && o->status == 0) {
        lua_pushnil(L);
        push_failure(L, o, op, settings);
        lua_pushnil(L);
        return;
    }
    lua_pushlstring(L, o->body.data ? o->body.data : "", o->body.len);
    body = lua_gettop(L);
    if (o->kind != SSO_OK) {
        lua_pushnil(L);
        push_failure(L, o, op, settings);
    } else if (o->already_gone) {
        lua_pushboolean(L, 1);
        lua_pushnil(L);
    } else {
        lua_pushvalue(L, body);
        problem = read_value(L, o, op, asked);
        if (problem == NULL) {
            lua_pushnil(L);
        } else {
            lua_settop(L, body);
            lua_pushnil(L);
            push_unusable(L, o, op, settings, o->writes, problem);
        }
    }
    sso_response_push(L, o, body); /* body, value, error, response */
    if (o->kind == SSO_OK) {
        sso_warnings_push(L, op, sent, body + 1);
        lua_setfield(L, -2, "warnings");
    }
    lua_remove(L, body);
}
