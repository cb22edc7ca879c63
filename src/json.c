/*
 * json.c - lua-cjson, called from C (see json.h).  The instance's functions
 * stand in the registry under the names below.
 */
#include "json.h"

#include <math.h>
#include <string.h>

#define ENCODE  "sso.json.encode"
#define DECODE  "sso.json.decode"
#define VERSION "sso.json.version"

/* An answer nests three levels; what nests deeper is not from SendGrid. */
#define MAX_DEPTH 64

/* Calls instance[name](argument on top). [-1, +0] */
static void configure(lua_State *L, int instance, const char *name)
{
    lua_getfield(L, instance, name);
    lua_insert(L, -2);
    lua_call(L, 1, 0);
}

void sso_json_open(lua_State *L)
{
    int cjson, instance;

    lua_getglobal(L, "require");
    lua_pushliteral(L, "cjson");
    lua_call(L, 1, 1);
    cjson = lua_gettop(L);
    lua_getfield(L, cjson, "_VERSION");
    lua_setfield(L, LUA_REGISTRYINDEX, VERSION);
    lua_getfield(L, cjson, "new");
    lua_call(L, 0, 1);
    instance = lua_gettop(L);
    lua_pushinteger(L, MAX_DEPTH);
    configure(L, instance, "decode_max_depth");
    lua_pushboolean(L, 0); /* NaN, Infinity and 0x10 are not JSON */
    configure(L, instance, "decode_invalid_numbers");
    lua_getfield(L, instance, "encode");
    lua_setfield(L, LUA_REGISTRYINDEX, ENCODE);
    lua_getfield(L, instance, "decode");
    lua_setfield(L, LUA_REGISTRYINDEX, DECODE);
    lua_settop(L, cjson - 1);
}

const char *sso_json_encode(lua_State *L, size_t *len)
{
    lua_getfield(L, LUA_REGISTRYINDEX, ENCODE);
    lua_insert(L, -2);
    lua_call(L, 1, 1);
    return lua_tolstring(L, -1, len);
}

/* ---- writing ----------------------------------------------------------- */

/* Bytes that are looked at together: the compiler makes vectors of it. */
#define BLOCK 64 /* a line of PEM */

/* Bytes of text for which room is made at a time, six times as many. */
#define PIECE 1024

static bool is_special(char c)
{
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

static bool is_plain(const char *block)
{
    unsigned char special = 0;
    int i;

    for (i = 0; i < BLOCK; i++)
        special |= is_special(block[i]);
    return special == 0;
}

/* Writes one character and returns how many bytes that took, 6 at most. */
static size_t escape(char *at, char c)
{
    static const char hex[] = "0123456789abcdef";

    at[0] = '\\';
    at[1] = c;
    if (c == '\n')
        at[1] = 'n';
    if (c == '\r')
        at[1] = 'r';
    if (c == '\t')
        at[1] = 't';
    if (at[1] >= 0x20)
        return 2;
    at[1] = 'u';
    at[2] = '0';
    at[3] = '0';
    at[4] = hex[(unsigned char)c >> 4];
    at[5] = hex[c & 15];
    return 6;
}

/* Writes what text becomes inside quotes; returns its length, 6 * len at most.
 */
static size_t write_text(char *at, const char *text, size_t len)
{
    const char *end = text + len, *start = at;

    while (text < end) {
        if (is_special(*text)) {
            at += escape(at, *text++);
        } else if (end - text >= BLOCK && is_plain(text)) {
            memcpy(at, text, BLOCK);
            at += BLOCK;
            text += BLOCK;
        } else {
            while (text < end && !is_special(*text))
                *at++ = *text++;
        }
    }
    return (size_t)(at - start);
}

enum sso_kind sso_json_append_string(struct sso_buffer *out, const char *text,
                                     size_t len)
{
    enum sso_kind kind = sso_buffer_append(out, "\"", 1);

    while (kind == SSO_OK && len > 0) {
        size_t piece = len < PIECE ? len : PIECE;
        char *at = sso_buffer_reserve(out, 6 * piece);
        if (at == NULL)
            return SSO_MEMORY;
        sso_buffer_commit(out, write_text(at, text, piece));
        text += piece;
        len -= piece;
    }
    return kind == SSO_OK ? sso_buffer_append(out, "\"", 1) : kind;
}

/* ---- reading ----------------------------------------------------------- */

/* Doubles hold every whole number up to here. */
#define WHOLE_MAX 9007199254740992.0

/*
 * Makes an element on top what it should have been; true: it replaces what
 * the table holds. [-1, +1]
 */
static bool mend(lua_State *L)
{
    switch (lua_type(L, -1)) {
    case LUA_TLIGHTUSERDATA: /* cjson.null */
        lua_pop(L, 1);
        lua_pushnil(L);
        return true;
    case LUA_TNUMBER: {
        lua_Number n = lua_tonumber(L, -1);
        if (!SSO_HAS_INTEGERS || lua_isinteger(L, -1) || floor(n) != n ||
            fabs(n) > WHOLE_MAX)
            return false;
        lua_pop(L, 1);
        sso_push_whole(L, (int64_t)n);
        return true;
    }
    default:
        return false;
    }
}

/* Walks a decoded table, at most MAX_DEPTH levels deep. [-0, +0] */
static void walk(lua_State *L, int table)
{
    luaL_checkstack(L, 5, "answer nests too deeply");
    lua_pushnil(L);
    while (lua_next(L, table)) { /* key, value */
        if (lua_istable(L, -1)) {
            walk(L, lua_gettop(L));
        } else if (mend(L)) {
            lua_pushvalue(L, -2); /* key, new value, key */
            lua_insert(L, -2);
            lua_rawset(L, table); /* of an existing key: lua_next allows it */
            continue;
        }
        lua_pop(L, 1);
    }
}

bool sso_json_decode(lua_State *L)
{
    size_t len;
    const char *text = lua_tolstring(L, -1, &len);

    if (memchr(text, '\0', len) != NULL) {
        lua_pop(L, 1);
        lua_pushliteral(L, "a zero byte"); /* cjson would stop there */
        return false;
    }
    lua_getfield(L, LUA_REGISTRYINDEX, DECODE);
    lua_insert(L, -2);
    return lua_pcall(L, 1, 1, 0) == 0;
}

void sso_json_normalise(lua_State *L)
{
    if (lua_istable(L, -1))
        walk(L, lua_gettop(L));
    else
        (void)mend(L);
}

void sso_json_push_version(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, VERSION);
}
