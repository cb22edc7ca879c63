/*
 * operations_lua.c - the rows of operations.c as Lua tables, for the calls'
 * wrappers, the documentation and the command line.
 */
#include "operations.h"

#include <string.h>

static const char *const type_names[SSO_FIELD_TYPE_COUNT] = {
    "string", "boolean", "integer", "array of strings", "array of tables",
};

static const char *const shape_names[] = {
    "object", "array", "true", "maybe", "anything",
};

/* Sets table-on-top[name] = text unless it is NULL. [-0, +0] */
static void set_text(lua_State *L, const char *name, const char *text)
{
    if (text == NULL)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static void set_flag(lua_State *L, const char *name, bool flag)
{
    lua_pushboolean(L, flag);
    lua_setfield(L, -2, name);
}

static void push_fields(lua_State *L, const struct sso_field *fields,
                        bool creates);

/* [-0, +1] */
static void push_rules(lua_State *L, const struct sso_rule *rules)
{
    int i = 0;

    lua_newtable(L);
    for (; rules->field != NULL; rules++) {
        lua_createtable(L, 0, 4);
        set_text(L, "field", rules->field);
        set_text(L, "other", rules->other);
        set_text(L, "text", rules->text);
        set_flag(L, "needed", rules->needed);
        lua_rawseti(L, -2, ++i);
    }
}

/* A change requires nothing, whatever its row says. [-0, +1] */
static void push_field(lua_State *L, const struct sso_field *field,
                       bool creates)
{
    int i;

    lua_createtable(L, 0, 8);
    set_text(L, "name", field->name);
    set_text(L, "alias", field->alias);
    set_text(L, "doc", field->doc);
    set_text(L, "type", type_names[field->type]);
    set_flag(L, "required",
             creates && (field->flags & SSO_FIELD_REQUIRED) != 0);
    set_flag(L, "query", (field->flags & SSO_FIELD_QUERY) != 0);
    if (field->choices != NULL) {
        lua_newtable(L);
        for (i = 0; field->choices[i] != NULL; i++) {
            lua_pushstring(L, field->choices[i]);
            lua_rawseti(L, -2, i + 1);
        }
        lua_setfield(L, -2, "choices");
    }
    if (field->rules != NULL) {
        push_rules(L, field->rules);
        lua_setfield(L, -2, "rules");
    }
    if (field->items != NULL) {
        push_fields(L, field->items, true);
        lua_setfield(L, -2, "items");
    }
}

/* Two levels deep at most: the rows are ours. [-0, +1] */
static void push_fields(lua_State *L, const struct sso_field *fields,
                        bool creates)
{
    int i = 0;

    luaL_checkstack(L, 8, "fields");
    lua_newtable(L);
    for (; fields->name != NULL; fields++) {
        push_field(L, fields, creates);
        lua_rawseti(L, -2, ++i);
    }
}

/* [-0, +1] */
static void push_operation(lua_State *L, const struct sso_operation *op)
{
    lua_createtable(L, 0, 12);
    set_text(L, "name", op->name);
    set_text(L, "method", op->method);
    set_text(L, "path", op->path);
    set_text(L, "shape", shape_names[op->shape]);
    set_text(L, "value", op->value);
    set_text(L, "source", op->source);
    set_text(L, "doc", op->doc);
    set_text(L, "page", op->page);
    set_flag(L, "repeatable", (op->flags & SSO_OP_REPEATABLE) != 0);
    if (op->fields != NULL) {
        push_fields(L, op->fields, strcmp(op->method, "POST") == 0);
        lua_setfield(L, -2, "fields");
    }
    if (op->rules != NULL) {
        push_rules(L, op->rules);
        lua_setfield(L, -2, "rules");
    }
}

void sso_operations_push(lua_State *L)
{
    size_t i;

    luaL_checkstack(L, 6, "operations");
    lua_createtable(L, (int)sso_operation_count, 0);
    for (i = 0; i < sso_operation_count; i++) {
        push_operation(L, &sso_operations[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
}

void sso_operations_push_names(lua_State *L)
{
    size_t i;

    luaL_checkstack(L, 2, "operations");
    lua_createtable(L, (int)sso_operation_count, 0);
    for (i = 0; i < sso_operation_count; i++) {
        lua_pushstring(L, sso_operations[i].name);
        lua_rawseti(L, -2, (int)i + 1);
    }
}
