/*
 * response.c - what came over the wire, as a table (see response.h).
 */
#include "response.h"

#include <string.h>

#define RESPONSE "sso.response"

static void set_number(lua_State *L, const char *name, double n)
{
    lua_pushnumber(L, n);
    lua_setfield(L, -2, name);
}

/* [-0, +1] */
static void push_timings(lua_State *L, const struct sso_timings *t)
{
    lua_createtable(L, 0, 6);
    set_number(L, "dns", t->dns);
    set_number(L, "connect", t->connect);
    set_number(L, "tls", t->tls);
    set_number(L, "first_byte", t->first_byte);
    set_number(L, "total", t->total);
    lua_pushboolean(L, t->reused);
    lua_setfield(L, -2, "reused");
}

static const char *http_version_name(int version)
{
    switch (version) {
    case 10:
        return "1.0";
    case 20:
        return "2";
    case 30:
        return "3";
    default:
        return "1.1";
    }
}

void sso_response_push(lua_State *L, const struct sso_outcome *o, int body)
{
    lua_createtable(L, 0, 8); /* of 16 fields half would be empty */
    lua_pushinteger(L, (lua_Integer)o->status);
    lua_setfield(L, -2, "status");
    lua_pushvalue(L, body);
    lua_setfield(L, -2, "body");
    lua_pushinteger(L, (lua_Integer)o->attempts);
    lua_setfield(L, -2, "attempts");
    set_number(L, "elapsed", o->elapsed);
    lua_pushstring(L, http_version_name(o->http_version));
    lua_setfield(L, -2, "http_version");
    lua_pushlstring(L, o->headers.data ? o->headers.data : "", o->headers.len);
    lua_setfield(L, -2, "raw_headers");
    push_timings(L, &o->timings);
    lua_setfield(L, -2, "timings");
    if (o->chain.len > 0) {
        lua_pushlstring(L, o->chain.data, o->chain.len);
        lua_setfield(L, -2, "server_certificates");
    }
    luaL_setmetatable(L, RESPONSE);
}

/* Pushes a header name in lower case. [-0, +1] */
static void push_lower(lua_State *L, const char *s, size_t len)
{
    luaL_Buffer b;
    size_t i;

    luaL_buffinit(L, &b);
    for (i = 0; i < len; i++)
        luaL_addchar(&b, (char)(s[i] >= 'A' && s[i] <= 'Z' ? s[i] + 32 : s[i]));
    luaL_pushresult(&b);
}

/* {name = value}; a repeated name's values are joined with ", ". [-0, +1] */
static void push_headers(lua_State *L, const char *block, size_t len)
{
    struct sso_header_line line;
    size_t cursor = 0;

    lua_newtable(L);
    while (sso_headers_next(block, len, &cursor, &line)) {
        push_lower(L, line.name, line.name_len);
        lua_pushvalue(L, -1);
        lua_rawget(L, -3); /* headers, name, earlier value */
        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            lua_pushlstring(L, line.value, line.value_len);
        } else {
            lua_pushliteral(L, ", ");
            lua_pushlstring(L, line.value, line.value_len);
            lua_concat(L, 3);
        }
        lua_rawset(L, -3);
    }
}

/* Sets table-on-top[name] when the header is a whole number. [-0, +0] */
static bool set_header_number(lua_State *L, const char *block, size_t len,
                              const char *header, const char *name)
{
    struct sso_header_line line;
    int64_t n = 0;
    size_t i;

    if (!sso_headers_find(block, len, header, &line) || line.value_len == 0 ||
        line.value_len > 15)
        return false;
    for (i = 0; i < line.value_len; i++) {
        if (line.value[i] < '0' || line.value[i] > '9')
            return false;
        n = n * 10 + (line.value[i] - '0');
    }
    sso_push_whole(L, n);
    lua_setfield(L, -2, name);
    return true;
}

/* {limit, remaining, reset}, or nil when none was sent. [-0, +1] */
static void push_rate_limit(lua_State *L, const char *block, size_t len)
{
    static const char *const names[][2] = {
        {"x-ratelimit-limit", "limit"},
        {"x-ratelimit-remaining", "remaining"},
        {"x-ratelimit-reset", "reset"},
    };
    bool any = false;
    size_t i;

    lua_createtable(L, 0, 3);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (set_header_number(L, block, len, names[i][0], names[i][1]))
            any = true;
    if (!any) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
}

/* The id that support asks for, or nil. [-0, +1] */
static void push_request_id(lua_State *L, const char *block, size_t len)
{
    struct sso_header_line line;

    if (sso_headers_find(block, len, "x-request-id", &line) ||
        sso_headers_find(block, len, "x-message-id", &line))
        lua_pushlstring(L, line.value, line.value_len);
    else
        lua_pushnil(L);
}

static const struct {
    const char *name;
    void (*push)(lua_State *L, const char *block, size_t len);
} lazy[] = {
    {"headers", push_headers},
    {"rate_limit", push_rate_limit},
    {"request_id", push_request_id},
};

/* Computes a field when it is first asked for, and keeps it. */
static int response_lua_index(lua_State *L)
{
    const char *name, *block;
    size_t i, len;

    luaL_checktype(L, 1, LUA_TTABLE);
    if (lua_type(L, 2) != LUA_TSTRING)
        return 0;
    name = lua_tostring(L, 2);
    lua_pushliteral(L, "raw_headers");
    lua_rawget(L, 1);
    block = lua_tolstring(L, -1, &len);
    for (i = 0; block != NULL && i < sizeof(lazy) / sizeof(lazy[0]); i++) {
        if (strcmp(lazy[i].name, name) != 0)
            continue;
        lazy[i].push(L, block, len);
        lua_pushvalue(L, 2);
        lua_pushvalue(L, -2);
        lua_rawset(L, 1);
        return 1;
    }
    return 0;
}

void sso_response_open(lua_State *L)
{
    luaL_newmetatable(L, RESPONSE);
    lua_pushcfunction(L, response_lua_index);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, RESPONSE);
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
}
