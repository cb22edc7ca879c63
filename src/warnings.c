/*
 * warnings.c - what a successful answer says against expectation (see
 * warnings.h).
 */
#include "warnings.h"
#include "fields.h"

#include <string.h>
#include <strings.h>

bool sso_warnings_compare(const struct sso_operation *op)
{
    const struct sso_field *field;

    for (field = op->fields; field && field->name != NULL; field++)
        if (field->flags & SSO_FIELD_TOLD)
            return true;
    return false;
}

/* Whether the value at index i is one that a server may leave out: false, an
 * empty list. */
static bool is_nothing(lua_State *L, int i)
{
    if (lua_istable(L, i))
        return lua_rawlen(L, i) == 0;
    return !lua_toboolean(L, i);
}

/* The array at index list has the string at index wanted. [-0, +0] */
static bool has_string(lua_State *L, int list, int wanted)
{
    int i, n = (int)lua_rawlen(L, list);
    bool found = false;

    for (i = 1; i <= n && !found; i++) {
        lua_rawgeti(L, list, i);
        found = lua_rawequal(L, -1, wanted) != 0;
        lua_pop(L, 1);
    }
    return found;
}

/* As above, of tables with equal ids. [-0, +0] */
static bool has_id(lua_State *L, int list, int wanted)
{
    int i, n = (int)lua_rawlen(L, list);
    bool found = false;

    lua_getfield(L, wanted, "id");
    for (i = 1; i <= n && !found; i++) {
        lua_rawgeti(L, list, i);
        if (lua_istable(L, -1)) {
            lua_getfield(L, -1, "id");
            found = lua_tonumber(L, -1) == lua_tonumber(L, -3);
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return found;
}

/* Every element that was sent is in the answer; the server may add some. */
static bool has_all(lua_State *L, const struct sso_field *field, int sent,
                    int answered)
{
    int i, n = (int)lua_rawlen(L, sent);
    bool all = true;

    for (i = 1; i <= n && all; i++) {
        lua_rawgeti(L, sent, i);
        all = field->type == SSO_FIELD_OBJECTS
                  ? has_id(L, answered, lua_gettop(L))
                  : has_string(L, answered, lua_gettop(L));
        lua_pop(L, 1);
    }
    return all;
}

static bool is_kept(lua_State *L, const struct sso_field *field, int sent,
                    int answered)
{
    if (lua_type(L, sent) != lua_type(L, answered))
        return false;
    if (lua_istable(L, sent))
        return has_all(L, field, sent, answered);
    if (lua_type(L, sent) == LUA_TSTRING)
        return strcasecmp(lua_tostring(L, sent), lua_tostring(L, answered)) ==
               0;
    return lua_rawequal(L, sent, answered) != 0;
}

/* Appends the sentence on top to the list. [-1, +0] */
static void add(lua_State *L, int list)
{
    lua_rawseti(L, list, (int)lua_rawlen(L, list) + 1);
}

static void compare(lua_State *L, const struct sso_field *field, int sent,
                    int value, int list)
{
    int top = lua_gettop(L);

    sso_fields_push(L, sent, field);
    lua_getfield(L, value, field->name); /* what was sent, what came */
    if (!is_nothing(L, top + 1)) {
        if (lua_isnil(L, top + 2)) {
            lua_pushfstring(L,
                            "the answer does not tell '%s', which was sent: "
                            "the server may have dropped it",
                            field->name);
            add(L, list);
        } else if (!is_kept(L, field, top + 1, top + 2)) {
            lua_pushfstring(L,
                            "the answer's '%s' is not what was sent: the "
                            "server may have dropped or changed it",
                            field->name);
            add(L, list);
        }
    }
    lua_settop(L, top);
}

void sso_warnings_push(lua_State *L, const struct sso_operation *op, int sent,
                       int value)
{
    const struct sso_field *field;
    int list;

    luaL_checkstack(L, 10, "warnings");
    lua_newtable(L);
    list = lua_gettop(L);
    if (lua_istable(L, value)) {
        for (field = op->fields; sent && field && field->name; field++)
            if (field->flags & SSO_FIELD_TOLD)
                compare(L, field, sent, value, list);
        lua_getfield(L, value, "id");
        if (op->flags & SSO_OP_CREATES && lua_isnil(L, -1)) {
            lua_pushliteral(L, "the answer does not tell the new id: look it "
                               "up in the list");
            add(L, list);
        }
        lua_settop(L, list);
    }
    if (lua_rawlen(L, list) == 0) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
}
