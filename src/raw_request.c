/*
 * raw_request.c - client:request (see raw_request.h).  The path is the
 * caller's, already encoded; what could lead it astray is refused.
 */
#include "raw_request.h"
#include "failure.h"
#include "json.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

#define WHO "request"

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

static bool is_plain(lua_State *L, int i)
{
    int type = lua_type(L, i);

    return type == LUA_TSTRING || type == LUA_TNUMBER || type == LUA_TBOOLEAN;
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
                sso_raise(L, WHO ": query must map names to strings, numbers "
                                 "or booleans");
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
}

static void check_body(lua_State *L, int i)
{
    size_t len;
    const char *text;

    push_member(L, i, "body");
    if (!lua_isnil(L, -1) && !lua_istable(L, -1) &&
        lua_type(L, -1) != LUA_TSTRING)
        sso_raise(L, WHO ": body must be a table, or JSON text, not a %s",
                  luaL_typename(L, -1));
    if (lua_type(L, -1) == LUA_TSTRING) {
        text = lua_tolstring(L, -1, &len);
        if (!sso_text_is_utf8(text, len))
            sso_raise(L, WHO ": body is not UTF-8 text");
    }
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

/* The query value on top; it is replaced by its text. [-0, +0] */
static enum sso_kind append_query_value(lua_State *L, struct sso_buffer *path)
{
    size_t len;
    const char *text;
    char number[40];

    if (lua_isboolean(L, -1))
        return append(path, lua_toboolean(L, -1) ? "true" : "false");
    if (lua_type(L, -1) == LUA_TNUMBER) {
        if (lua_isinteger(L, -1))
            snprintf(number, sizeof(number), "%lld",
                     (long long)lua_tointeger(L, -1));
        else
            snprintf(number, sizeof(number), "%.17g", lua_tonumber(L, -1));
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

static enum sso_kind write_body(lua_State *L, int i, struct sso_buffer *body,
                                struct sso_request *request)
{
    enum sso_kind kind = SSO_OK;
    size_t len;
    const char *json;

    sso_buffer_reset(body);
    push_member(L, i, "body");
    if (!lua_isnil(L, -1)) {
        if (lua_istable(L, -1))
            (void)sso_json_encode(L, &len);
        json = lua_tolstring(L, -1, &len);
        kind = sso_buffer_append(body, json, len);
        request->body = body->data;
        request->body_len = len;
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
