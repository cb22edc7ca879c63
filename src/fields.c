/*
 * fields.c - the checks of fields.h: everything that a program can get wrong
 * about a table of fields.  fields_write.c writes what passed.
 */
#include "fields.h"
#include "failure.h"
#include "options.h"
#include "text.h"

#include <math.h>
#include <string.h>

/* Doubles hold every whole number up to here. */
#define WHOLE_MAX 9007199254740992.0

/* Most that one array may hold: far more than there are scopes or subusers. */
#define MAX_ELEMENTS 10000

/* Permissions that SendGrid gives and takes by itself.  Sent back, they are
 * refused, or the whole subuser_access is dropped without a word. */
static const char *const server_scopes[] = {
    "2fa_exempt",
    "2fa_required",
    "sender_verification_eligible",
    "sender_verification_legacy",
};

/* Where a check stands, for messages: "scopes", "subuser_access[2].id". */
struct place {
    const char *who; /* the operation */
    const char *list;
    int index; /* in the list; 0: not in one */
    const char *name;
};

/* Pushes 'name' or 'list[2].name' in quotes. [-0, +1] */
static const char *push_place(lua_State *L, const struct place *p)
{
    if (p->list != NULL && p->name != NULL)
        return lua_pushfstring(L, "'%s[%d].%s'", p->list, p->index, p->name);
    if (p->list != NULL)
        return lua_pushfstring(L, "'%s[%d]'", p->list, p->index);
    return lua_pushfstring(L, "'%s'", p->name);
}

static int raise_type(lua_State *L, const struct place *p, const char *wanted)
{
    const char *got = luaL_typename(L, -1);

    return sso_raise(L, "%s: field %s must be %s, not a %s", p->who,
                     push_place(L, p), wanted, got);
}

/* ---- values ------------------------------------------------------------ */

void sso_fields_check_text(lua_State *L, const char *who, const char *name,
                           int i)
{
    size_t len;
    const char *text = lua_tolstring(L, i, &len);

    if (len == 0)
        sso_raise(L, "%s: field '%s' is empty", who, name);
    if (!sso_text_is_utf8(text, len))
        sso_raise(L, "%s: field '%s' is not UTF-8 text", who, name);
}

/* The string on top: its length, and its bytes unless they are a
 * certificate's, which may be DER. [-0, +0] */
static void check_string(lua_State *L, const struct place *p, unsigned flags)
{
    size_t len;
    const char *text;

    if (lua_type(L, -1) != LUA_TSTRING)
        raise_type(L, p, "a string");
    text = lua_tolstring(L, -1, &len);
    if (len > SSO_MAX_FIELD)
        sso_raise(L, "%s: field %s is longer than 256 KiB", p->who,
                  push_place(L, p));
    if (flags & SSO_FIELD_CERTIFICATE)
        return;
    if (len == 0)
        sso_raise(L, "%s: field %s is empty", p->who, push_place(L, p));
    if (!sso_text_is_utf8(text, len))
        sso_raise(L, "%s: field %s is not UTF-8 text", p->who,
                  push_place(L, p));
}

/* A whole number, or its digits: ids may be longer than a double holds. */
static void check_integer(lua_State *L, const struct place *p)
{
    lua_Number n;
    size_t len;
    const char *digits;

    if (lua_type(L, -1) == LUA_TNUMBER && lua_isinteger(L, -1) &&
        lua_tointeger(L, -1) >= 0)
        return; /* also one that a double would round */
    if (lua_type(L, -1) == LUA_TSTRING) {
        digits = lua_tolstring(L, -1, &len);
        if (len > 0 && len < 20 && strspn(digits, "0123456789") == len)
            return;
    }
    if (lua_type(L, -1) != LUA_TNUMBER)
        raise_type(L, p, "a whole number");
    n = lua_tonumber(L, -1);
    if (!(n >= 0) || floor(n) != n || n > WHOLE_MAX) {
        const char *shown = luaL_tolstring(L, -1, NULL);
        sso_raise(L, "%s: field %s must be a whole number, 0 or more, not %s",
                  p->who, push_place(L, p), shown);
    }
}

static void check_choice(lua_State *L, const struct place *p,
                         const char *const *choices)
{
    const char *value = lua_tostring(L, -1);
    int i, n = 0;

    for (i = 0; choices[i] != NULL; i++)
        if (strcmp(choices[i], value) == 0)
            return;
    luaL_checkstack(L, i + 4, "choices");
    for (i = 0; choices[i] != NULL; i++, n++)
        lua_pushfstring(L, "%s'%s'", i > 0 ? ", " : "", choices[i]);
    lua_concat(L, n);
    value = lua_tostring(L, -1);
    sso_raise(L, "%s: field %s must be one of %s", p->who, push_place(L, p),
              value);
}

/* How many elements the array on top has; raises when it is none. [-0,+0] */
static int check_array(lua_State *L, const struct place *p, const char *wanted)
{
    size_t n, keys = 0;
    int array = lua_gettop(L);

    if (!lua_istable(L, array))
        raise_type(L, p, wanted);
    n = lua_rawlen(L, array);
    lua_pushnil(L);
    while (lua_next(L, array)) {
        lua_pop(L, 1);
        keys++;
    }
    if (keys != n)
        sso_raise(L, "%s: field %s must be %s, without gaps or other keys",
                  p->who, push_place(L, p), wanted);
    if (n > MAX_ELEMENTS)
        sso_raise(L, "%s: field %s has more than %d elements", p->who,
                  push_place(L, p), MAX_ELEMENTS);
    return (int)n;
}

static void check_scope(lua_State *L, const struct place *p)
{
    const char *scope = lua_tostring(L, -1);
    size_t i;

    for (i = 0; i < sizeof(server_scopes) / sizeof(server_scopes[0]); i++)
        if (strcmp(server_scopes[i], scope) == 0)
            sso_raise(L,
                      "%s: field %s holds '%s', which SendGrid sets itself: "
                      "leave it out",
                      p->who, push_place(L, p), scope);
}

static void check_strings(lua_State *L, const struct place *p, unsigned flags)
{
    struct place element = *p;
    int array = lua_gettop(L), i, n;

    n = check_array(L, p, "an array of strings");
    if (p->list == NULL) {
        element.list = p->name;
        element.name = NULL;
    }
    for (i = 1; i <= n; i++) {
        lua_rawgeti(L, array, i);
        if (p->list == NULL)
            element.index = i;
        check_string(L, &element, 0);
        if (flags & SSO_FIELD_SCOPES)
            check_scope(L, p);
        lua_pop(L, 1);
    }
}

/* true, a text (this one, if one is named), a list that is not empty.
 * [-0, +0] */
static bool is_set(lua_State *L, int table, const char *name, const char *text)
{
    bool set;

    lua_pushstring(L, name);
    lua_rawget(L, table);
    set = lua_toboolean(L, -1) != 0;
    if (lua_istable(L, -1))
        set = lua_rawlen(L, -1) > 0;
    if (text != NULL)
        set = lua_type(L, -1) == LUA_TSTRING &&
              strcmp(lua_tostring(L, -1), text) == 0;
    lua_pop(L, 1);
    return set;
}

/* Pushes "'a'", or "'list[2].a'" in an item. [-0, +1] */
static const char *push_member(lua_State *L, struct place p, const char *name)
{
    p.name = name;
    return push_place(L, &p);
}

static void check_rules(lua_State *L, const struct sso_rule *rule,
                        const struct place *p, int table)
{
    for (; rule != NULL && rule->field != NULL; rule++) {
        if (!is_set(L, table, rule->field, rule->text))
            continue;
        if (rule->needed && !is_set(L, table, rule->other, NULL))
            sso_raise(L, "%s: %s needs %s = true", p->who,
                      push_member(L, *p, rule->field), rule->other);
        lua_pushstring(L, rule->other);
        lua_rawget(L, table);
        if (!rule->needed && !lua_isnil(L, -1) &&
            (!lua_isboolean(L, -1) || lua_toboolean(L, -1)))
            sso_raise(L, "%s: %s%s%s%s and '%s' exclude each other", p->who,
                      push_member(L, *p, rule->field), rule->text ? " = '" : "",
                      rule->text ? rule->text : "", rule->text ? "'" : "",
                      rule->other);
        lua_pop(L, 1);
    }
}

static void check_table(lua_State *L, const struct sso_field *rows,
                        struct place *p, int table);

static void check_objects(lua_State *L, const struct place *p,
                          const struct sso_field *field)
{
    struct place element = *p;
    int array = lua_gettop(L), i, n;

    n = check_array(L, p, "an array of tables");
    element.list = p->name;
    for (i = 1; i <= n; i++) {
        lua_rawgeti(L, array, i);
        element.index = i;
        element.name = NULL;
        if (!lua_istable(L, -1))
            raise_type(L, &element, "a table");
        check_table(L, field->items, &element, lua_gettop(L));
        check_rules(L, field->rules, &element, lua_gettop(L));
        lua_pop(L, 1);
    }
}

/* The value on top. [-0, +0] */
static void check_value(lua_State *L, const struct sso_field *field,
                        const struct place *p)
{
    switch (field->type) {
    case SSO_FIELD_BOOLEAN:
        if (!lua_isboolean(L, -1))
            raise_type(L, p, "true or false");
        break;
    case SSO_FIELD_INTEGER:
        check_integer(L, p);
        break;
    case SSO_FIELD_STRINGS:
        check_strings(L, p, field->flags);
        break;
    case SSO_FIELD_OBJECTS:
        check_objects(L, p, field);
        break;
    default:
        check_string(L, p, field->flags);
        if (field->choices != NULL)
            check_choice(L, p, field->choices);
    }
}

/* ---- tables ------------------------------------------------------------ */

void sso_fields_push(lua_State *L, int fields, const struct sso_field *field)
{
    lua_pushstring(L, field->name);
    lua_rawget(L, fields);
    if (!lua_isnil(L, -1) || field->alias == NULL)
        return;
    lua_pop(L, 1);
    lua_pushstring(L, field->alias);
    lua_rawget(L, fields);
}

static int raise_unknown(lua_State *L, const struct sso_field *rows,
                         struct place *p, const char *name, size_t len)
{
    struct sso_nearest nearest;

    if (p->list == NULL && sso_options_has(name))
        return sso_raise(L,
                         "%s: '%s' is an option: pass it in the options table "
                         "after the fields",
                         p->who, name);
    sso_nearest_init(&nearest, name);
    for (; rows->name != NULL; rows++)
        sso_nearest_offer(&nearest, rows->name);
    sso_text_push_clean(L, name, len, NULL, 60);
    p->name = lua_tostring(L, -1);
    if (nearest.best != NULL)
        return sso_raise(L, "%s: unknown field %s (did you mean '%s'?)", p->who,
                         push_place(L, p), nearest.best);
    return sso_raise(L, "%s: unknown field %s", p->who, push_place(L, p));
}

/* Two spellings of one field must not disagree. [-0, +0] */
static void check_alias(lua_State *L, const char *who, int fields,
                        const struct sso_field *field)
{
    if (field->alias == NULL)
        return;
    lua_pushstring(L, field->name);
    lua_rawget(L, fields);
    lua_pushstring(L, field->alias);
    lua_rawget(L, fields);
    if (!lua_isnil(L, -1) && !lua_isnil(L, -2) && !lua_rawequal(L, -1, -2))
        sso_raise(L, "%s: fields '%s' and '%s' name the same thing and differ",
                  who, field->name, field->alias);
    lua_pop(L, 2);
}

static bool is_given(lua_State *L, int fields, const struct sso_field *field)
{
    bool given;

    sso_fields_push(L, fields, field);
    given = !lua_isnil(L, -1);
    lua_pop(L, 1);
    return given;
}

/* Every key is known and every value fits its row. [-0, +0] */
static void check_table(lua_State *L, const struct sso_field *rows,
                        struct place *p, int table)
{
    const struct sso_field *field;
    const char *name;
    size_t len;

    luaL_checkstack(L, 12, "fields");
    lua_pushnil(L);
    while (lua_next(L, table)) { /* name, value */
        if (lua_type(L, -2) != LUA_TSTRING)
            sso_raise(L, "%s: the fields table has a key that is a %s", p->who,
                      luaL_typename(L, -2));
        name = lua_tolstring(L, -2, &len);
        field = strlen(name) == len ? sso_field_find(rows, name) : NULL;
        if (field == NULL) {
            raise_unknown(L, rows, p, name, len);
            return;
        }
        p->name = lua_tostring(L, -2);
        check_value(L, field, p);
        lua_pop(L, 1);
    }
    if (p->list == NULL)
        return;
    for (field = rows; field->name != NULL; field++) {
        p->name = field->name;
        if (field->flags & SSO_FIELD_REQUIRED && !is_given(L, table, field))
            sso_raise(L, "%s: field %s is missing", p->who, push_place(L, p));
    }
}

/* ---- the whole --------------------------------------------------------- */

/* Pushes "a, b, c" of the fields that go into the body. [-0, +1] */
static const char *push_body_names(lua_State *L, const struct sso_field *field)
{
    int n = 0;

    luaL_checkstack(L, 40, "field names");
    for (; field->name != NULL; field++) {
        if (field->flags & SSO_FIELD_QUERY)
            continue;
        lua_pushfstring(L, "%s%s", n > 0 ? ", " : "", field->name);
        n++;
    }
    lua_concat(L, n);
    return lua_tostring(L, -1);
}

/* A new thing has all that is required, a change changes something. */
static void check_presence(lua_State *L, const struct sso_operation *op,
                           int fields)
{
    const struct sso_field *field;
    bool creates = strcmp(op->method, "POST") == 0, any = false;

    for (field = op->fields; field->name != NULL; field++) {
        bool given = fields != 0 && is_given(L, fields, field);
        any = any || (given && (field->flags & SSO_FIELD_QUERY) == 0);
        if (creates && !given && field->flags & SSO_FIELD_REQUIRED)
            sso_raise(L, "%s: field '%s' is missing", op->name, field->name);
    }
    if (!any)
        sso_raise(L, "%s: nothing to send: give at least one of %s", op->name,
                  push_body_names(L, op->fields));
}

void sso_fields_check(lua_State *L, const struct sso_operation *op, int fields)
{
    const struct sso_field *field;
    struct place p = {op->name, NULL, 0, NULL};

    if (fields != 0 && lua_isnil(L, fields))
        fields = 0;
    if (fields != 0) {
        if (!lua_istable(L, fields))
            sso_raise(L, "%s: %s must be a table, not a %s", op->name,
                      sso_operation_has_body(op) ? "fields" : "the query",
                      luaL_typename(L, fields));
        check_table(L, op->fields, &p, fields);
        for (field = op->fields; field->name != NULL; field++)
            check_alias(L, op->name, fields, field);
    }
    if (sso_operation_has_body(op))
        check_presence(L, op, fields);
    if (fields != 0)
        check_rules(L, op->rules, &p, fields);
}
