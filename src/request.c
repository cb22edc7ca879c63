/*
 * request.c - arguments + an operation → path and JSON body (see request.h).
 */
#include "request.h"
#include "failure.h"
#include "json.h"
#include "options.h"
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
        snprintf(text, sizeof(text), "%.0f", n);
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
    return sso_buffer_append(path, template, strlen(template));
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
    if (op->fields != NULL) {
        args->fields = slots >= 1 ? rest : 0;
        args->options = slots >= 2 ? rest + 1 : 0;
    } else if (slots >= 1) {
        args->options = top;
        if (slots == 2 && !lua_isnil(L, rest) && !is_empty_table(L, rest))
            sso_raise(L, "%s: has no fields: give options alone", op->name);
    }
}

/* ---- fields ------------------------------------------------------------ */

static int raise_unknown(lua_State *L, const struct sso_operation *op,
                         const char *name)
{
    const struct sso_field *field;
    struct sso_nearest nearest;

    if (sso_options_has(name))
        return sso_raise(L,
                         "%s: '%s' is an option: pass it in the options table "
                         "after the fields",
                         op->name, name);
    sso_nearest_init(&nearest, name);
    for (field = op->fields; field->name != NULL; field++)
        sso_nearest_offer(&nearest, field->name);
    sso_text_push_clean(L, name, strlen(name), NULL, 60);
    name = lua_tostring(L, -1);
    if (nearest.best != NULL)
        return sso_raise(L, "%s: unknown field '%s' (did you mean '%s'?)",
                         op->name, name, nearest.best);
    return sso_raise(L, "%s: unknown field '%s'", op->name, name);
}

void sso_request_check_text(lua_State *L, const struct sso_operation *op,
                            const char *field, int i)
{
    size_t len;
    const char *text = lua_tolstring(L, i, &len);

    if (len == 0)
        sso_raise(L, "%s: field '%s' is empty", op->name, field);
    if (!sso_text_is_utf8(text, len))
        sso_raise(L, "%s: field '%s' is not UTF-8 text", op->name, field);
}

/* Checks the value on top. [-0, +0] */
static void check_field(lua_State *L, const struct sso_operation *op,
                        const struct sso_field *field)
{
    size_t len;

    if (field->type == SSO_FIELD_BOOLEAN) {
        if (!lua_isboolean(L, -1))
            sso_raise(L, "%s: field '%s' must be true or false, not a %s",
                      op->name, field->name, luaL_typename(L, -1));
        return;
    }
    if (lua_type(L, -1) != LUA_TSTRING)
        sso_raise(L, "%s: field '%s' must be a string, not a %s", op->name,
                  field->name, luaL_typename(L, -1));
    (void)lua_tolstring(L, -1, &len);
    if (len > SSO_MAX_FIELD)
        sso_raise(L, "%s: field '%s' is longer than 256 KiB", op->name,
                  field->name);
    if ((field->flags & SSO_FIELD_CERTIFICATE) == 0)
        sso_request_check_text(L, op, field->name, lua_gettop(L));
}

/* Pushes the field's value under its name or its other spelling. [-0, +1] */
static void push_value(lua_State *L, int fields, const struct sso_field *field)
{
    lua_pushstring(L, field->name);
    lua_rawget(L, fields);
    if (!lua_isnil(L, -1) || field->alias == NULL)
        return;
    lua_pop(L, 1);
    lua_pushstring(L, field->alias);
    lua_rawget(L, fields);
}

/* Two spellings of one field must not disagree. [-0, +0] */
static void check_alias(lua_State *L, const struct sso_operation *op,
                        int fields, const struct sso_field *field)
{
    if (field->alias == NULL)
        return;
    lua_pushstring(L, field->name);
    lua_rawget(L, fields);
    lua_pushstring(L, field->alias);
    lua_rawget(L, fields);
    if (!lua_isnil(L, -1) && !lua_isnil(L, -2) && !lua_rawequal(L, -1, -2))
        sso_raise(L, "%s: fields '%s' and '%s' name the same thing and differ",
                  op->name, field->name, field->alias);
    lua_pop(L, 2);
}

static int raise_missing(lua_State *L, const struct sso_operation *op)
{
    const struct sso_field *field;
    int n = 0;

    luaL_checkstack(L, 64, "field names");
    for (field = op->fields; field->name != NULL; field++) {
        lua_pushfstring(L, "%s%s", n > 0 ? ", " : "", field->name);
        n++;
    }
    lua_concat(L, n);
    return sso_raise(L, "%s: nothing to send: give at least one of %s",
                     op->name, lua_tostring(L, -1));
}

static void check_fields(lua_State *L, const struct sso_operation *op,
                         int fields)
{
    const struct sso_field *field;

    if (fields == 0 || lua_isnil(L, fields) || is_empty_table(L, fields))
        raise_missing(L, op);
    if (!lua_istable(L, fields))
        sso_raise(L, "%s: fields must be a table, not a %s", op->name,
                  luaL_typename(L, fields));
    lua_pushnil(L);
    while (lua_next(L, fields)) { /* name, value */
        if (lua_type(L, -2) != LUA_TSTRING)
            sso_raise(L, "%s: the fields table has a key that is a %s",
                      op->name, luaL_typename(L, -2));
        field = sso_operation_field(op, lua_tostring(L, -2));
        if (field == NULL)
            raise_unknown(L, op, lua_tostring(L, -2));
        else
            check_field(L, op, field);
        lua_pop(L, 1);
    }
    for (field = op->fields; field->name != NULL; field++)
        check_alias(L, op, fields, field);
}

/* Pushes the certificate text if there is one. [-0, +(0|1)] */
static void find_certificate(lua_State *L, const struct sso_operation *op,
                             struct sso_arguments *args)
{
    const struct sso_field *field;

    for (field = op->fields; field->name != NULL; field++) {
        if ((field->flags & SSO_FIELD_CERTIFICATE) == 0)
            continue;
        push_value(L, args->fields, field);
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
    if (lua_gettop(L) < first + params - 1)
        lua_settop(L, first + params - 1);
    (void)check_params(L, op, first);
    sort(L, op, first + params, args);
    if (op->fields == NULL)
        return;
    check_fields(L, op, args->fields);
    find_certificate(L, op, args);
}

/* ---- the body ---------------------------------------------------------- */

/* Appends `"name":value` with the value on top. [-1, +0] */
static enum sso_kind append_field(lua_State *L, const char *name, bool first,
                                  struct sso_buffer *body)
{
    size_t len;
    const char *json = sso_json_encode(L, &len);
    enum sso_kind kind;

    kind = sso_buffer_append(body, first ? "{\"" : ",\"", 2);
    if (kind == SSO_OK)
        kind = sso_buffer_append(body, name, strlen(name));
    if (kind == SSO_OK)
        kind = sso_buffer_append(body, "\":", 2);
    if (kind == SSO_OK)
        kind = sso_buffer_append(body, json, len);
    lua_pop(L, 1);
    return kind;
}

enum sso_kind sso_request_body(lua_State *L, const struct sso_operation *op,
                               const struct sso_arguments *args,
                               struct sso_buffer *body)
{
    const struct sso_field *field;
    enum sso_kind kind = SSO_OK;
    bool first = true;

    sso_buffer_reset(body);
    if (op->fields == NULL)
        return SSO_OK;
    for (field = op->fields; field->name != NULL && kind == SSO_OK; field++) {
        if (field->flags & SSO_FIELD_CERTIFICATE && args->certificate != 0)
            lua_pushvalue(L, args->certificate);
        else
            push_value(L, args->fields, field);
        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            continue;
        }
        kind = append_field(L, field->name, first, body);
        first = false;
    }
    return kind == SSO_OK ? sso_buffer_append(body, "}", 1) : kind;
}
