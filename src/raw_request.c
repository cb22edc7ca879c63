/*
 * raw_request.c - client:request (see raw_request.h).  The path is the
 * caller's, already encoded; what could lead it astray is refused.
 */
#include "raw_request.h"
#include "failure.h"
#include "json.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHO "request"

/* Doubles hold every whole number up to here. */
#define WHOLE_MAX 9007199254740992.0

/* Deeper than any body of SendGrid's API; also ends a table within itself. */
#define MAX_DEPTH 64

/* Longest path, bytes. */
#define PATH_MAX_BYTES 8192u

static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

static const char *const members[] = {"method", "path", "query", "body"};

/* Pushes table[name], raw. [-0, +1] */
static void push_member(lua_State *L, int i, const char *name)
{
    lua_pushstring(L, name);
    lua_rawget(L, i);
}

static void check_members(lua_State *L, int i)
{
    size_t n;

    lua_pushnil(L);
    while (lua_next(L, i)) { /* name, value */
        bool known = false;
        for (n = 0; n < sizeof(members) / sizeof(members[0]); n++)
            known = known || (lua_type(L, -2) == LUA_TSTRING &&
                              strcmp(lua_tostring(L, -2), members[n]) == 0);
        if (!known)
            sso_raise(L, WHO ": the table takes method, path, query and body "
                             "alone");
        lua_pop(L, 1);
    }
}

static void check_method(lua_State *L, int i)
{
    size_t n;

    push_member(L, i, "method");
    for (n = 0; n < sizeof(methods) / sizeof(methods[0]); n++)
        if (lua_isnil(L, -1) || (lua_type(L, -1) == LUA_TSTRING &&
                                 strcmp(lua_tostring(L, -1), methods[n]) == 0))
            break;
    if (n == sizeof(methods) / sizeof(methods[0]))
        sso_raise(L, WHO ": method must be GET, POST, PUT, PATCH or DELETE");
    lua_pop(L, 1);
}

/* "." and "..", percent-encoded or not, as a whole segment. */
static bool is_dots(const char *s, size_t len)
{
    size_t dots = 0;

    while (len > 0 && dots <= 2) {
        if (*s == '.') {
            s++;
            len--;
        } else if (len >= 3 && s[0] == '%' && s[1] == '2' &&
                   (s[2] == 'e' || s[2] == 'E')) {
            s += 3;
            len -= 3;
        } else {
            return false;
        }
        dots++;
    }
    return dots == 1 || dots == 2;
}

static const char *path_problem(const char *path, size_t len)
{
    size_t i, start = 1;

    if (len == 0 || path[0] != '/')
        return "must begin with a slash";
    if (len > PATH_MAX_BYTES)
        return "is longer than 8192 bytes";
    for (i = 1; i <= len; i++) {
        char c = i < len ? path[i] : '/';
        if (c == '?' || c == '#')
            return "holds '?' or '#': give the query as a table, and encode "
                   "what is part of a name";
        if (c <= 0x20 || c >= 0x7F || c == '\\')
            return "holds a character that has to be percent-encoded";
        if (c != '/')
            continue;
        if (is_dots(path + start, i - start))
            return "holds '.' or '..'";
        start = i + 1;
    }
    return NULL;
}

static void check_path(lua_State *L, int i)
{
    size_t len;
    const char *path, *problem;

    push_member(L, i, "path");
    if (lua_type(L, -1) != LUA_TSTRING)
        sso_raise(L,
                  WHO ": path must be a string such as "
                      "\"/v3/scopes\", not a %s",
                  luaL_typename(L, -1));
    path = lua_tolstring(L, -1, &len);
    problem = path_problem(path, len);
    if (problem != NULL)
        sso_raise(L, WHO ": path %s", problem);
    lua_pop(L, 1);
}

/* Neither NaN nor infinite, which JSON and queries cannot say. */
static bool is_finite(lua_State *L, int i)
{
    lua_Number n = lua_tonumber(L, i);

    return n - n == 0;
}

static bool is_plain(lua_State *L, int i)
{
    int type = lua_type(L, i);

    return type == LUA_TSTRING || type == LUA_TBOOLEAN ||
           (type == LUA_TNUMBER && is_finite(L, i));
}

static void check_query(lua_State *L, int i)
{
    push_member(L, i, "query");
    if (!lua_isnil(L, -1) && !lua_istable(L, -1))
        sso_raise(L, WHO ": query must be a table, not a %s",
                  luaL_typename(L, -1));
    if (lua_istable(L, -1)) {
        lua_pushnil(L);
        while (lua_next(L, -2)) { /* name, value */
            if (lua_type(L, -2) != LUA_TSTRING || !is_plain(L, -1))
                sso_raise(L, WHO ": query must map names to strings, finite "
                                 "numbers or booleans");
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
}

static void check_utf8(lua_State *L, int i)
{
    size_t len;
    const char *text = lua_tolstring(L, i, &len);

    if (!sso_text_is_utf8(text, len))
        sso_raise(L, WHO ": body is not UTF-8 text");
}

/* Whether the keys of the table at index i are 1 to n, n > 0; raises unless
 * they are that or strings. [-0, +0] */
static bool is_array(lua_State *L, int i)
{
    size_t n = lua_rawlen(L, i), keys = 0;
    bool names = true;

    lua_pushnil(L);
    while (lua_next(L, i)) {
        names = names && lua_type(L, -2) == LUA_TSTRING;
        lua_pop(L, 1);
        keys++;
    }
    if (!names && keys != n)
        sso_raise(L, WHO ": body has a table that is neither an array without "
                         "gaps nor names alone");
    return !names;
}

/* The value on top, and all in it, can be written as JSON. [-0, +0] */
static void check_json(lua_State *L, int depth)
{
    int top = lua_gettop(L);

    luaL_checkstack(L, 6, WHO);
    switch (lua_type(L, top)) {
    case LUA_TBOOLEAN:
    case LUA_TLIGHTUSERDATA: /* lua-cjson's null and its like */
        break;
    case LUA_TSTRING:
        check_utf8(L, top);
        break;
    case LUA_TNUMBER:
        if (!is_finite(L, top))
            sso_raise(L, WHO ": body holds a number that is not finite");
        break;
    case LUA_TTABLE:
        if (depth > MAX_DEPTH)
            sso_raise(L, WHO ": body nests more than %d levels", MAX_DEPTH);
        (void)is_array(L, top);
        lua_pushnil(L);
        while (lua_next(L, top)) {
            if (lua_type(L, -2) == LUA_TSTRING)
                check_utf8(L, -2);
            check_json(L, depth + 1);
            lua_pop(L, 1);
        }
        break;
    default:
        sso_raise(L, WHO ": body holds a %s", luaL_typename(L, top));
    }
}

static void check_body(lua_State *L, int i)
{
    push_member(L, i, "body");
    if (!lua_isnil(L, -1) && !lua_istable(L, -1) &&
        lua_type(L, -1) != LUA_TSTRING)
        sso_raise(L, WHO ": body must be a table, or JSON text, not a %s",
                  luaL_typename(L, -1));
    if (!lua_isnil(L, -1))
        check_json(L, 1);
    lua_pop(L, 1);
}

void sso_raw_request_check(lua_State *L, int i)
{
    luaL_checkstack(L, 6, WHO);
    if (i == 0 || !lua_istable(L, i))
        sso_raise(L, WHO ": needs a table with method, path, query and body");
    check_members(L, i);
    check_method(L, i);
    check_path(L, i);
    check_query(L, i);
    check_body(L, i);
}

/* ---- writing ----------------------------------------------------------- */

static enum sso_kind append(struct sso_buffer *out, const char *text)
{
    return sso_buffer_append(out, text, strlen(text));
}

/* The number on top, with all of its digits and no more. [-0, +0] */
static void write_number(lua_State *L, char *text, size_t size)
{
    lua_Number n = lua_tonumber(L, -1);
    int precision = 15;
    char *c;

    if (lua_isinteger(L, -1)) {
        snprintf(text, size, "%lld", (long long)lua_tointeger(L, -1));
        return;
    }
    if (floor(n) == n && fabs(n) <= WHOLE_MAX) {
        snprintf(text, size, "%.0f", n + 0.0); /* -0 is 0 */
        return;
    }
    do
        snprintf(text, size, "%.*g", precision, n);
    while (precision++ < 17 && strtod(text, NULL) != n);
    for (c = text; *c != '\0'; c++) /* the locale's own decimal sign */
        if (strchr("0123456789+-e", *c) == NULL)
            *c = '.';
}

/* The query value on top; it is replaced by its text. [-0, +0] */
static enum sso_kind append_query_value(lua_State *L, struct sso_buffer *path)
{
    size_t len;
    const char *text;
    char number[40];

    if (lua_isboolean(L, -1))
        return append(path, lua_toboolean(L, -1) ? "true" : "false");
    if (lua_type(L, -1) == LUA_TNUMBER) {
        write_number(L, number, sizeof(number));
        return sso_url_append_segment(path, number, strlen(number));
    }
    text = lua_tolstring(L, -1, &len);
    return sso_url_append_segment(path, text, len);
}

/* The query table on top. [-0, +0] */
static enum sso_kind append_query(lua_State *L, struct sso_buffer *path)
{
    const char *before = "?";
    enum sso_kind kind = SSO_OK;
    size_t len;
    const char *name;

    lua_pushnil(L);
    while (lua_next(L, -2)) { /* name, value */
        name = lua_tolstring(L, -2, &len);
        if (kind == SSO_OK)
            kind = append(path, before);
        if (kind == SSO_OK)
            kind = sso_url_append_segment(path, name, len);
        if (kind == SSO_OK)
            kind = append(path, "=");
        if (kind == SSO_OK)
            kind = append_query_value(L, path);
        before = "&";
        lua_pop(L, 1);
    }
    return kind;
}

/* Points the request's method at the rows above. [-0, +0] */
static void choose_method(lua_State *L, int i, struct sso_request *request)
{
    const char *method;
    size_t n;

    push_member(L, i, "method");
    method = lua_tostring(L, -1);
    request->method = methods[0];
    for (n = 0; method && n < sizeof(methods) / sizeof(methods[0]); n++)
        if (strcmp(method, methods[n]) == 0)
            request->method = methods[n];
    request->repeatable = strcmp(request->method, "POST") != 0;
    lua_pop(L, 1);
}

/* The checked value at index i as lua-cjson writes it. [-0, +0] */
static enum sso_kind append_encoded(lua_State *L, int i, struct sso_buffer *out)
{
    size_t len;
    const char *json;
    enum sso_kind kind;

    lua_pushvalue(L, i);
    json = sso_json_encode(L, &len);
    kind = sso_buffer_append(out, json, len);
    lua_pop(L, 1);
    return kind;
}

static enum sso_kind append_json(lua_State *L, struct sso_buffer *out);

/* The array on top. [-0, +0] */
static enum sso_kind append_array(lua_State *L, struct sso_buffer *out)
{
    int array = lua_gettop(L), i, n = (int)lua_rawlen(L, array);
    enum sso_kind kind = append(out, "[");

    for (i = 1; i <= n && kind == SSO_OK; i++) {
        if (i > 1)
            kind = append(out, ",");
        lua_rawgeti(L, array, i);
        if (kind == SSO_OK)
            kind = append_json(L, out);
        lua_pop(L, 1);
    }
    return kind == SSO_OK ? append(out, "]") : kind;
}

/* The table with names on top. [-0, +0] */
static enum sso_kind append_object(lua_State *L, struct sso_buffer *out)
{
    int object = lua_gettop(L);
    enum sso_kind kind = SSO_OK;
    const char *before = "{";

    lua_pushnil(L);
    while (kind == SSO_OK && lua_next(L, object)) { /* name, value */
        kind = append(out, before);
        if (kind == SSO_OK)
            kind = append_encoded(L, object + 1, out);
        if (kind == SSO_OK)
            kind = append(out, ":");
        if (kind == SSO_OK)
            kind = append_json(L, out);
        before = ",";
        lua_pop(L, 1);
    }
    lua_settop(L, object);
    return kind == SSO_OK ? append(out, "}") : kind;
}

/*
 * The checked value on top.  lua-cjson would round whole numbers of more than
 * 14 digits, so tables and numbers are written here. [-0, +0]
 */
static enum sso_kind append_json(lua_State *L, struct sso_buffer *out)
{
    int top = lua_gettop(L);
    char number[40];
    bool empty;

    luaL_checkstack(L, 6, WHO);
    if (lua_type(L, top) == LUA_TNUMBER) {
        write_number(L, number, sizeof(number));
        return append(out, number);
    }
    lua_pushnil(L);
    empty = !lua_istable(L, top) || lua_next(L, top) == 0;
    lua_settop(L, top);
    if (empty) /* also {}, which lua-cjson may have been told to write as [] */
        return append_encoded(L, top, out);
    return is_array(L, top) ? append_array(L, out) : append_object(L, out);
}

static enum sso_kind write_body(lua_State *L, int i, struct sso_buffer *body,
                                struct sso_request *request)
{
    enum sso_kind kind = SSO_OK;
    size_t len;
    const char *json;

    sso_buffer_reset(body);
    push_member(L, i, "body");
    if (lua_istable(L, -1)) {
        kind = append_json(L, body);
    } else if (!lua_isnil(L, -1)) {
        json = lua_tolstring(L, -1, &len);
        kind = sso_buffer_append(body, json, len);
    }
    if (!lua_isnil(L, -1)) {
        request->body = body->data;
        request->body_len = body->len;
    }
    lua_pop(L, 1);
    return kind;
}

enum sso_kind sso_raw_request_write(lua_State *L, int i,
                                    struct sso_buffer *path,
                                    struct sso_buffer *body,
                                    struct sso_request *request)
{
    enum sso_kind kind;

    choose_method(L, i, request);
    sso_buffer_reset(path);
    push_member(L, i, "path");
    kind = append(path, lua_tostring(L, -1));
    lua_pop(L, 1);
    push_member(L, i, "query");
    if (kind == SSO_OK && lua_istable(L, -1))
        kind = append_query(L, path);
    lua_pop(L, 1);
    request->path = path->data;
    return kind == SSO_OK ? write_body(L, i, body, request) : kind;
}
