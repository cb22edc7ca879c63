/*
 * fields_write.c - writes checked fields as a JSON body and as a query (see
 * fields.h), by the rows and not by lua-cjson: so the order is that of the
 * rows, whole numbers keep all their digits, an empty list is [] and not {},
 * and no Lua string is made of what goes into a buffer anyway.
 */
#include "fields.h"
#include "json.h"

#include <stdio.h>
#include <string.h>

static enum sso_kind append(struct sso_buffer *out, const char *text)
{
    return sso_buffer_append(out, text, strlen(text));
}

/* The integer on top, a number or digits. [-0, +0] */
static enum sso_kind append_integer(lua_State *L, struct sso_buffer *out)
{
    char text[32];

    if (lua_type(L, -1) == LUA_TSTRING)
        return append(out, lua_tostring(L, -1));
    if (lua_isinteger(L, -1))
        snprintf(text, sizeof(text), "%lld", (long long)lua_tointeger(L, -1));
    else
        snprintf(text, sizeof(text), "%.0f", lua_tonumber(L, -1) + 0.0);
    return append(out, text);
}

/* The string or boolean on top. [-0, +0] */
static enum sso_kind append_text(lua_State *L, struct sso_buffer *out)
{
    size_t len;
    const char *text;

    if (lua_isboolean(L, -1))
        return append(out, lua_toboolean(L, -1) ? "true" : "false");
    text = lua_tolstring(L, -1, &len);
    return sso_json_append_string(out, text, len);
}

static enum sso_kind append_object(lua_State *L, const struct sso_field *rows,
                                   int table, int certificate,
                                   struct sso_buffer *out);

/* The array on top. [-0, +0] */
static enum sso_kind append_array(lua_State *L, const struct sso_field *field,
                                  struct sso_buffer *out)
{
    int array = lua_gettop(L), i, n = (int)lua_rawlen(L, array);
    enum sso_kind kind = append(out, "[");

    for (i = 1; i <= n && kind == SSO_OK; i++) {
        if (i > 1)
            kind = append(out, ",");
        lua_rawgeti(L, array, i);
        if (kind == SSO_OK)
            kind = field->type == SSO_FIELD_OBJECTS
                       ? append_object(L, field->items, lua_gettop(L), 0, out)
                       : append_text(L, out);
        lua_pop(L, 1);
    }
    return kind == SSO_OK ? append(out, "]") : kind;
}

/* The value on top, which may be replaced. [-0, +0] */
static enum sso_kind append_value(lua_State *L, const struct sso_field *field,
                                  struct sso_buffer *out)
{
    switch (field->type) {
    case SSO_FIELD_INTEGER:
        return append_integer(L, out);
    case SSO_FIELD_STRINGS:
    case SSO_FIELD_OBJECTS:
        return append_array(L, field, out);
    default:
        return append_text(L, out);
    }
}

/* {"name":value,…} of what the table at index table has. [-0, +0] */
static enum sso_kind append_object(lua_State *L, const struct sso_field *rows,
                                   int table, int certificate,
                                   struct sso_buffer *out)
{
    enum sso_kind kind = append(out, "{");
    const char *before = "\"";

    luaL_checkstack(L, 8, "fields");
    for (; rows->name != NULL && kind == SSO_OK; rows++) {
        if (rows->flags & SSO_FIELD_QUERY)
            continue;
        if (rows->flags & SSO_FIELD_CERTIFICATE && certificate != 0)
            lua_pushvalue(L, certificate);
        else
            sso_fields_push(L, table, rows);
        if (!lua_isnil(L, -1)) {
            kind = append(out, before);
            if (kind == SSO_OK)
                kind = append(out, rows->name);
            if (kind == SSO_OK)
                kind = append(out, "\":");
            if (kind == SSO_OK)
                kind = append_value(L, rows, out);
            before = ",\"";
        }
        lua_pop(L, 1);
    }
    return kind == SSO_OK ? append(out, "}") : kind;
}

enum sso_kind sso_fields_write_body(lua_State *L,
                                    const struct sso_operation *op, int fields,
                                    int certificate, struct sso_buffer *body)
{
    sso_buffer_reset(body);
    if (!sso_operation_has_body(op))
        return SSO_OK;
    return append_object(L, op->fields, fields, certificate, body);
}

/* The query value on top. [-0, +0] */
static enum sso_kind append_query_value(lua_State *L,
                                        const struct sso_field *field,
                                        struct sso_buffer *out)
{
    size_t len;
    const char *text;

    if (field->type == SSO_FIELD_BOOLEAN)
        return append(out, lua_toboolean(L, -1) ? "true" : "false");
    if (field->type == SSO_FIELD_INTEGER)
        return append_integer(L, out);
    text = lua_tolstring(L, -1, &len);
    return sso_url_append_segment(out, text, len);
}

enum sso_kind sso_fields_write_query(lua_State *L,
                                     const struct sso_operation *op, int fields,
                                     struct sso_buffer *path)
{
    const struct sso_field *field = op->fields;
    enum sso_kind kind = SSO_OK;
    const char *before = "?";

    if (field == NULL || fields == 0 || !lua_istable(L, fields))
        return SSO_OK;
    for (; field->name != NULL && kind == SSO_OK; field++) {
        if ((field->flags & SSO_FIELD_QUERY) == 0)
            continue;
        sso_fields_push(L, fields, field);
        if (!lua_isnil(L, -1)) {
            kind = append(path, before);
            if (kind == SSO_OK)
                kind = append(path, field->name);
            if (kind == SSO_OK)
                kind = append(path, "=");
            if (kind == SSO_OK)
                kind = append_query_value(L, field, path);
            before = "&";
        }
        lua_pop(L, 1);
    }
    return kind;
}
