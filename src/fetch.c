/*
 * fetch.c - client:_fetch (see fetch.h).  The server is not SendGrid's, so
 * everything by which the client shows itself to SendGrid stays behind: key,
 * subuser, further headers, client certificate.
 */
#include "fetch.h"
#include "failure.h"
#include "options.h"

#include <string.h>

#define WHO "fetch"

#define ACCEPT "application/samlmetadata+xml, application/xml, text/xml, */*"

/* Options that name a server or show who is calling. */
static const char *const left_out[] = {"api_key", "api_key_file",
                                       "on_behalf_of", "base_url", "region"};

/* The same, but the call may say them itself: they are meant then. */
static const char *const not_inherited[] = {"headers", "client_cert",
                                            "client_key"};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

const struct sso_operation sso_operation_fetch = {
    .name = WHO,
    .method = "GET",
    .path = "",
    .shape = SSO_VALUE_BYTES,
    .flags = SSO_OP_REPEATABLE | SSO_OP_ELSEWHERE,
    .value = "string",
    .doc = "Reads a document from any server.",
};

void sso_fetch_check(lua_State *L, int i)
{
    if (i == 0 || lua_type(L, i) != LUA_TSTRING)
        sso_raise(L, WHO ": needs a URL, a string");
}

/* Removes names from the table on top. [-0, +0] */
static void drop(lua_State *L, const char *const names[], size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        lua_pushnil(L);
        lua_setfield(L, -2, names[i]);
    }
}

/* Adds a header to the options on top, which have their own list. [-0, +0] */
static void add_header(lua_State *L, const char *name, const char *value)
{
    int n;

    lua_getfield(L, -1, "headers");
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_createtable(L, 2, 0);
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, "headers");
    }
    n = (int)lua_rawlen(L, -1); /* flat: name, value, name, value */
    lua_pushstring(L, name);
    lua_rawseti(L, -2, n + 1);
    lua_pushstring(L, value);
    lua_rawseti(L, -2, n + 2);
    lua_pop(L, 1);
}

void sso_fetch_push_options(lua_State *L, int client, int own)
{
    luaL_checkstack(L, 6, WHO);
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, client)) { /* options, name, value */
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
    drop(L, not_inherited, COUNT_OF(not_inherited));
    if (own != 0) {
        sso_options_merge(L, lua_gettop(L), own, SSO_SCOPE_CALL, WHO);
        lua_remove(L, -2);
    }
    drop(L, left_out, COUNT_OF(left_out));
    add_header(L, "Accept", ACCEPT);
}

enum sso_kind sso_fetch_write(lua_State *L, int url, int options,
                              struct sso_buffer *base,
                              struct sso_buffer *target,
                              struct sso_request *request, char *why,
                              size_t why_size)
{
    size_t len;
    const char *text = lua_tolstring(L, url, &len);
    enum sso_kind kind = sso_url_split(text, len, base, target, why, why_size);

    request->method = "GET";
    request->path = kind == SSO_OK ? target->data : "/";
    request->repeatable = true;
    if (kind == SSO_OK) {
        lua_pushlstring(L, base->data, base->len);
        lua_setfield(L, options, "base_url");
    }
    return kind;
}
