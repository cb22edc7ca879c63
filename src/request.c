/*
 * request.c - the arguments of a call (see request.h).
 */
#include "request.h"
#include "failure.h"
#include "fetch.h"
#include "raw_request.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Doubles hold every whole number up to here. */
#define WHOLE_MAX 9007199254740992.0

/* ---- the path's parameters --------------------------------------------- */

/*
 * The next {parameter} of a path template: its name, and in *rest what
 * follows it.  NULL: there is none.
 */
static const char *next_param(const char *path, size_t *len, const char **rest)
{
    const char *open = strchr(path, '{'), *close;

    if (open == NULL)
        return NULL;
    close = strchr(open, '}');
    *len = (size_t)(close - open - 1);
    *rest = close + 1;
    return open + 1;
}

/* The text of a whole number at index i; raises for any other number. */
static void push_number(lua_State *L, const char *who, const char *param, int i)
{
    char text[32];
    lua_Number n = lua_tonumber(L, i);

    if (n < 0)
        sso_raise(L, "%s: %s must not be negative", who, param);
    if (lua_isinteger(L, i))
        snprintf(text, sizeof(text), "%lld", (long long)lua_tointeger(L, i));
    else if (floor(n) != n || n > WHOLE_MAX) /* NaN fails the first test */
        sso_raise(L, "%s: %s must be a string or a whole number, not %f", who,
                  param, n);
    else
        snprintf(text, sizeof(text), "%.0f", n + 0.0); /* -0 is 0 */
    lua_pushstring(L, text);
}

/* What is wrong with an id; NULL: nothing. */
static const char *id_problem(const char *id, size_t len)
{
    if (len == 0)
        return "is empty";
    if (len > SSO_MAX_ID)
        return "is longer than 1024 bytes";
    if (memchr(id, '\0', len) != NULL)
        return "holds a zero byte";
    if (strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
        return "is a path, not an id";
    if (!sso_text_is_utf8(id, len))
        return "is not UTF-8 text";
    return NULL;
}

/* Checks the parameter at index i and makes it a string. [-0, +0] */
static void check_param(lua_State *L, const char *who, const char *param, int i)
{
    size_t len;
    const char *id, *problem;

    if (lua_type(L, i) == LUA_TNUMBER) {
        push_number(L, who, param, i);
        lua_replace(L, i);
    } else if (lua_type(L, i) != LUA_TSTRING) {
        sso_raise(L, "%s: %s must be a string or a whole number, not %s", who,
                  param, luaL_typename(L, i));
    }
    id = lua_tolstring(L, i, &len);
    problem = id_problem(id, len);
    if (problem != NULL)
        sso_raise(L, "%s: %s %s", who, param, problem);
}

/* Checks all of them; returns how many there are. [-0, +0] */
static int check_params(lua_State *L, const struct sso_operation *op, int first)
{
    const char *path = op->path, *name;
    size_t len;
    int n = 0;

    name = next_param(path, &len, &path);
    for (; name != NULL; name = next_param(path, &len, &path)) {
        lua_pushlstring(L, name, len); /* name */
        check_param(L, op->name, lua_tostring(L, -1), first + n);
        lua_pop(L, 1);
        n++;
    }
    return n;
}

static int count_params(const struct sso_operation *op)
{
    const char *path = op->path;
    size_t len;
    int n = 0;

    while (next_param(path, &len, &path) != NULL)
        n++;
    return n;
}

enum sso_kind sso_request_path(lua_State *L, const struct sso_operation *op,
                               const struct sso_arguments *args,
                               struct sso_buffer *path)
{
    const char *template = op->path, *name, *rest;
    size_t len, id_len;
    enum sso_kind kind;
    int n = 0;

    sso_buffer_reset(path);
    while ((name = next_param(template, &len, &rest)) != NULL) {
        const char *id = lua_tolstring(L, args->params + n, &id_len);
        kind = sso_buffer_append(path, template, (size_t)(name - 1 - template));
        if (kind == SSO_OK)
            kind = sso_url_append_segment(path, id, id_len);
        if (kind != SSO_OK)
            return kind;
        template = rest;
        n++;
    }
    kind = sso_buffer_append(path, template, strlen(template));
    return kind == SSO_OK ? sso_fields_write_query(L, op, args->fields, path)
                          : kind;
}

/* ---- which argument is what -------------------------------------------- */

static bool is_empty_table(lua_State *L, int i)
{
    if (!lua_istable(L, i))
        return false;
    lua_pushnil(L);
    if (lua_next(L, i) == 0)
        return true;
    lua_pop(L, 2);
    return false;
}

/*
 * path…, fields (operations that have some), options, callback.  An operation
 * without fields also takes nil or {} in their place.
 */
static void sort(lua_State *L, const struct sso_operation *op, int rest,
                 struct sso_arguments *args)
{
    int top = lua_gettop(L), slots;

    while (top >= rest && lua_isnil(L, top))
        top--;
    if (top >= rest && lua_isfunction(L, top))
        args->callback = top--;
    slots = top - rest + 1;
    if (slots > 2)
        sso_raise(L, "%s: too many arguments", op->name);
    if (op->fields != NULL || op == &sso_operation_request ||
        op == &sso_operation_fetch) {
        args->fields = slots >= 1 ? rest : 0;
        args->options = slots >= 2 ? rest + 1 : 0;
    } else if (slots >= 1) {
        args->options = top;
        if (slots == 2 && !lua_isnil(L, rest) && !is_empty_table(L, rest))
            sso_raise(L, "%s: has no fields: give options alone", op->name);
    }
}

/* ---- the whole ---------------------------------------------------------- */

/* Pushes the certificate text if there is one. [-0, +(0|1)] */
static void find_certificate(lua_State *L, const struct sso_operation *op,
                             struct sso_arguments *args)
{
    const struct sso_field *field;

    if (args->fields == 0 || !lua_istable(L, args->fields))
        return;
    for (field = op->fields; field->name != NULL; field++) {
        if ((field->flags & SSO_FIELD_CERTIFICATE) == 0)
            continue;
        sso_fields_push(L, args->fields, field);
        if (lua_isnil(L, -1))
            lua_pop(L, 1);
        else
            args->certificate = lua_gettop(L);
        return;
    }
}

void sso_request_check(lua_State *L, const struct sso_operation *op, int first,
                       struct sso_arguments *args)
{
    int params = count_params(op);

    luaL_checkstack(L, 12, "arguments");
    memset(args, 0, sizeof(*args));
    args->params = first;
    args->asked = params > 0 ? first + params - 1 : 0;
    if (lua_gettop(L) < first + params - 1)
        lua_settop(L, first + params - 1);
    (void)check_params(L, op, first);
    sort(L, op, first + params, args);
    if (op == &sso_operation_request)
        sso_raw_request_check(L, args->fields);
    if (op == &sso_operation_fetch)
        sso_fetch_check(L, args->fields);
    if (op->fields == NULL)
        return;
    sso_fields_check(L, op, args->fields);
    find_certificate(L, op, args);
}
