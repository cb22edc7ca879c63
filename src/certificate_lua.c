/*
 * certificate_lua.c - sso.certificate: parse, same and check (see
 * certificate.h).
 *
 * OpenSSL is done before anything is pushed: what it found is a plain list,
 * owned by a userdata from before it is filled, so no error of Lua's can
 * leak it.
 */
#include "certificate.h"
#include "certificate_text.h"
#include "compat.h"
#include "failure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LIST        "sso.certificate.list"
#define CERTIFICATE "sso.certificate"

/* ---- the list in its box ------------------------------------------------ */

static int list_gc(lua_State *L)
{
    sso_certificate_list_free(luaL_checkudata(L, 1, LIST));
    return 0;
}

/* An empty list that the collector frees. [-0, +1] */
static struct sso_certificate_list *push_list(lua_State *L)
{
    struct sso_certificate_list *list = lua_newuserdata(L, sizeof(*list));
    list->items = NULL;
    list->count = 0;
    luaL_setmetatable(L, LIST);
    return list;
}

/*
 * The text at index: a string, or a certificate that parse returned, which
 * stands for its pem.  Raises on anything else. [-0, +1]
 */
static const char *push_text(lua_State *L, int index, size_t *len)
{
    if (lua_type(L, index) == LUA_TTABLE)
        lua_getfield(L, index, "pem");
    else
        lua_pushvalue(L, index);
    if (lua_type(L, -1) != LUA_TSTRING)
        luaL_argerror(L, index, "a string or a certificate is expected");
    return lua_tolstring(L, -1, len);
}

/*
 * nil, err; raises for lack of memory, which says nothing about a text: nobody
 * is to take the certificate for one that cannot be read. [-0, +2]
 */
static int push_failure(lua_State *L, enum sso_kind kind, const char *message)
{
    if (kind == SSO_MEMORY)
        luaL_error(L, "not enough memory");
    lua_pushnil(L);
    sso_failure_push(L, kind, message);
    return 2;
}

/* ---- what a certificate looks like in Lua ------------------------------- */

/* In the order of enum sso_mended. */
static const char *const sentences[] = {
    "a byte order mark was dropped",
    "UTF-16 was read as plain text",
    "zero bytes were left out",
    "typographic dashes became hyphens",
    "escapes such as \\n became the characters they stand for",
    "spaces became line breaks again",
    "indentation and blank lines were left out",
    "quotation marks within the base64 were left out",
    "the BEGIN line was missing",
    "the END line was missing",
    "bare base64 was given BEGIN and END lines",
    "DER was written as PEM",
    "text around the certificate was left out",
    "the BEGIN and END lines were rewritten",
    "bytes after the certificate were left out",
    "base64 was taken off PEM that had been encoded a second time",
};

/* [-0, +1] */
static void push_notes(lua_State *L, unsigned mended)
{
    int n = 0;
    size_t i;
    lua_newtable(L);
    for (i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
        if ((mended >> i & 1u) != 0) {
            lua_pushstring(L, sentences[i]);
            lua_rawseti(L, -2, ++n);
        }
}

static void set_string(lua_State *L, const char *name, const char *value)
{
    lua_pushstring(L, value);
    lua_setfield(L, -2, name);
}

static void set_whole(lua_State *L, const char *name, int64_t value)
{
    sso_push_whole(L, value);
    lua_setfield(L, -2, name);
}

/* [-0, +1] */
static void push_key(lua_State *L, const struct sso_certificate *c)
{
    lua_createtable(L, 0, 3);
    set_string(L, "type", c->key_type);
    if (c->key_bits > 0)
        set_whole(L, "bits", c->key_bits);
    if (c->key_curve[0] != '\0')
        set_string(L, "curve", c->key_curve);
}

/* [-0, +1] */
static void push_certificate(lua_State *L, const struct sso_certificate *c)
{
    lua_createtable(L, 0, 12);
    set_string(L, "subject", c->subject);
    set_string(L, "issuer", c->issuer);
    set_string(L, "serial", c->serial);
    set_whole(L, "not_before", c->not_before_unix);
    set_whole(L, "not_after", c->not_after_unix);
    set_string(L, "fingerprint", c->fingerprint);
    set_string(L, "spki_sha256", c->spki_sha256);
    set_string(L, "signature_algorithm", c->signature_algorithm);
    lua_pushboolean(L, c->self_signed);
    lua_setfield(L, -2, "self_signed");
    lua_pushlstring(L, c->pem.data, c->pem.len);
    lua_setfield(L, -2, "pem");
    push_key(L, c);
    lua_setfield(L, -2, "key");
    push_notes(L, c->mended);
    lua_setfield(L, -2, "notes");
    luaL_setmetatable(L, CERTIFICATE);
}

/* ---- parse and same ----------------------------------------------------- */

static int certificate_lua_parse(lua_State *L)
{
    struct sso_certificate_list *list;
    enum sso_kind kind;
    char message[256];
    const char *text;
    size_t len;
    size_t i;
    lua_settop(L, 1);
    luaL_checktype(L, 1, LUA_TSTRING);
    text = lua_tolstring(L, 1, &len);
    list = push_list(L); /* text, list */
    kind = sso_certificate_parse(text, len, list, message, sizeof(message));
    if (kind != SSO_OK)
        return push_failure(L, kind, message);
    lua_createtable(L, (int)list->count, 0);
    for (i = 0; i < list->count; i++) {
        push_certificate(L, &list->items[i]); /* text, list, array, item */
        lua_rawseti(L, -2, (int)i + 1);
    }
    sso_certificate_list_free(list);
    return 1;
}

/*
 * Reads the one certificate at index into list.  On failure nil, err are
 * pushed. [-0, +2 or +4]
 */
static bool read_one(lua_State *L, int index,
                     struct sso_certificate_list **list)
{
    enum sso_kind kind;
    char message[256];
    size_t len;
    const char *text = push_text(L, index, &len);
    *list = push_list(L);
    kind = sso_certificate_parse(text, len, *list, message, sizeof(message));
    if (kind == SSO_OK && (*list)->count == 1)
        return true;
    if (kind == SSO_OK) {
        kind = SSO_CERTIFICATE;
        snprintf(message, sizeof(message),
                 "the text holds %zu certificates, one is compared with one",
                 (*list)->count);
    }
    push_failure(L, kind, message);
    return false;
}

static int certificate_lua_same(lua_State *L)
{
    struct sso_certificate_list *a;
    struct sso_certificate_list *b;
    lua_settop(L, 2);
    if (!read_one(L, 1, &a) || !read_one(L, 2, &b))
        return 2;
    lua_pushboolean(
        L, strcmp(a->items[0].fingerprint, b->items[0].fingerprint) == 0);
    sso_certificate_list_free(a);
    sso_certificate_list_free(b);
    return 1;
}

/* ---- methods ------------------------------------------------------------ */

/* Unix seconds at index, or now. */
static double check_at(lua_State *L, int index)
{
    double at;
    if (lua_isnoneornil(L, index))
        return (double)time(NULL);
    if (lua_type(L, index) != LUA_TNUMBER)
        luaL_argerror(L, index, "unix seconds are expected");
    at = (double)lua_tonumber(L, index);
    if (isnan(at))
        luaL_argerror(L, index, "unix seconds are expected, not nan");
    return at;
}

static double field_seconds(lua_State *L, const char *name)
{
    double seconds;
    lua_getfield(L, 1, name);
    if (lua_type(L, -1) != LUA_TNUMBER)
        luaL_argerror(L, 1, "a certificate is expected");
    seconds = (double)lua_tonumber(L, -1);
    lua_pop(L, 1);
    return seconds;
}

static int certificate_lua_state(lua_State *L)
{
    double not_before;
    double not_after;
    luaL_checktype(L, 1, LUA_TTABLE);
    not_before = field_seconds(L, "not_before");
    not_after = field_seconds(L, "not_after");
    lua_pushstring(
        L, sso_certificate_state_at(not_before, not_after, check_at(L, 2)));
    return 1;
}

static int certificate_lua_tostring(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_getfield(L, 1, "subject");
    if (lua_type(L, -1) != LUA_TSTRING)
        lua_pushliteral(L, "?");
    lua_pushfstring(L, CERTIFICATE " (%s)", lua_tostring(L, -1));
    return 1;
}

/* ---- check -------------------------------------------------------------- */

#define DEFAULT_MIN_KEY_BITS 2048

/* The number on top. */
static double number_option(lua_State *L, const char *name)
{
    if (lua_type(L, -1) != LUA_TNUMBER || isnan((double)lua_tonumber(L, -1)))
        luaL_error(L, "check: option '%s' has to be a number, got %s", name,
                   luaL_typename(L, -1));
    return (double)lua_tonumber(L, -1);
}

static struct sso_certificate_wishes check_wishes(lua_State *L, int index)
{
    struct sso_certificate_wishes w = {0, DEFAULT_MIN_KEY_BITS};
    w.at_unix = (double)time(NULL);
    if (lua_isnoneornil(L, index))
        return w;
    luaL_checktype(L, index, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, index) != 0) { /* key, value */
        const char *name =
            lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        if (strcmp(name, "at") == 0)
            w.at_unix = number_option(L, name);
        else if (strcmp(name, "min_key_bits") == 0)
            w.min_key_bits = number_option(L, name);
        else
            luaL_error(L,
                       "check: unknown option '%s' (known: at, min_key_bits)",
                       name);
        lua_pop(L, 1);
    }
    return w;
}

static int certificate_lua_check(lua_State *L)
{
    struct sso_certificate_list *list;
    struct sso_certificate_wishes w;
    enum sso_kind kind;
    char message[256];
    const char *text;
    size_t len;
    lua_settop(L, 2);
    w = check_wishes(L, 2);
    text = push_text(L, 1, &len);
    list = push_list(L); /* text, options, text, list */
    kind = sso_certificate_parse(text, len, list, message, sizeof(message));
    if (kind == SSO_MEMORY)
        return push_failure(L, kind, message);
    sso_certificate_push_problems(L, list, kind == SSO_OK ? NULL : message, &w);
    sso_certificate_list_free(list);
    return 1;
}

/* ---- the table ---------------------------------------------------------- */

static void open_metatables(lua_State *L)
{
    luaL_newmetatable(L, LIST);
    lua_pushcfunction(L, list_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    luaL_newmetatable(L, CERTIFICATE);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, certificate_lua_state);
    lua_setfield(L, -2, "state");
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, certificate_lua_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

int sso_certificate_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"parse", certificate_lua_parse},
        {"same", certificate_lua_same},
        {"check", certificate_lua_check},
        {NULL, NULL},
    };
    open_metatables(L);
    luaL_newlib(L, functions);
    return 1;
}
