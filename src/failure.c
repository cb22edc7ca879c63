/*
 * failure.c - error values and raised mistakes (see failure.h).
 *
 * An error value is a table, so that callers can read and copy it; its
 * metatable turns it into one line for a person.
 */
#include "failure.h"
#include "text.h"

#include <stdarg.h>
#include <string.h>

/* Longest message, bytes. */
#define MESSAGE_MAX 2048u

/* Kinds whose cause may pass by itself, so that the same call may succeed. */
static bool is_retryable(enum sso_kind kind)
{
    switch (kind) {
    case SSO_DNS:
    case SSO_CONNECT:
    case SSO_TIMEOUT:
    case SSO_NETWORK:
    case SSO_RATE_LIMITED:
    case SSO_SERVER:
    case SSO_MEMORY:
        return true;
    default:
        return false;
    }
}

enum sso_kind sso_failure_kind(const char *name)
{
    int kind;

    for (kind = SSO_OK + 1; kind < SSO_KIND_COUNT; kind++)
        if (strcmp(sso_kind_name((enum sso_kind)kind), name) == 0)
            return (enum sso_kind)kind;
    return SSO_HTTP;
}

void sso_failure_push(lua_State *L, enum sso_kind kind, const char *message)
{
    lua_createtable(L, 0, 8);
    lua_pushstring(L, sso_kind_name(kind));
    lua_setfield(L, -2, "kind");
    /* names of files and the like are the caller's: they may hold anything */
    sso_text_push_clean(L, message, strlen(message), NULL, MESSAGE_MAX);
    lua_setfield(L, -2, "message");
    lua_pushboolean(L, is_retryable(kind));
    lua_setfield(L, -2, "retryable");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "maybe_applied");
    luaL_setmetatable(L, SSO_ERROR);
}

/*
 * Pushes a field of the error at index i as text, so that an error whose
 * fields somebody replaced can still be printed. [-0, +1]
 */
static const char *text_field(lua_State *L, int i, const char *name)
{
    lua_pushstring(L, name);
    lua_rawget(L, i); /* field */
    if (lua_isnil(L, -1))
        return NULL;
    luaL_tolstring(L, -1, NULL); /* field, text */
    lua_remove(L, -2);
    return lua_tostring(L, -1);
}

/* "operation: message (hint)" [-0, +1] */
static void push_line(lua_State *L, int i)
{
    const char *operation, *message, *hint;

    luaL_checkstack(L, 8, "error text");
    operation = text_field(L, i, "operation");
    message = text_field(L, i, "message");
    hint = text_field(L, i, "hint"); /* operation, message, hint */
    if (message == NULL)
        message = "unknown error";
    lua_pushfstring(L, "%s%s%s%s%s%s", operation ? operation : "",
                    operation ? ": " : "", message, hint ? " (" : "",
                    hint ? hint : "", hint ? ")" : "");
    lua_replace(L, -4); /* line, message, hint */
    lua_pop(L, 2);
}

static int failure_lua_tostring(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    push_line(L, 1);
    return 1;
}

static int failure_lua_concat(lua_State *L)
{
    int i;

    lua_settop(L, 2);
    for (i = 1; i <= 2; i++)
        luaL_tolstring(L, i, NULL);
    lua_concat(L, 2);
    return 1;
}

void sso_failure_open(lua_State *L)
{
    if (luaL_newmetatable(L, SSO_ERROR)) {
        lua_pushcfunction(L, failure_lua_tostring);
        lua_setfield(L, -2, "__tostring");
        lua_pushcfunction(L, failure_lua_concat);
        lua_setfield(L, -2, "__concat");
        lua_pushliteral(L, SSO_ERROR);
        lua_setfield(L, -2, "__name");
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "__metatable");
    }
    lua_pop(L, 1);
}

/*
 * Pushes "file:line: " of the nearest function that has lines, from the
 * caller of the Lua wrapper on: pcall, or a tail call, may stand between.
 * [-0, +1]
 */
static void push_position(lua_State *L)
{
    lua_Debug at;
    int level;

    for (level = 2; lua_getstack(L, level, &at); level++) {
        lua_getinfo(L, "Sl", &at);
        if (at.currentline > 0) {
            lua_pushfstring(L, "%s:%d: ", at.short_src, at.currentline);
            return;
        }
    }
    lua_pushliteral(L, "");
}

int sso_raise(lua_State *L, const char *format, ...)
{
    va_list arguments;

    luaL_checkstack(L, 4, "error message");
    push_position(L);
    va_start(arguments, format);
    lua_pushvfstring(L, format, arguments);
    va_end(arguments);
    lua_concat(L, 2);
    (void)lua_error(L);
    __builtin_unreachable(); /* GCOVR_EXCL_LINE: lua_error does not return */
}
