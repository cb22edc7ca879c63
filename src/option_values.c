/*
 * option_values.c - whether a value fits its option (see option_values.h).
 */
#include "option_values.h"
#include "failure.h"
#include "options.h"
#include "text.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const words[SSO_OPTION_TYPES] = {
    "a string",
    "a string",
    "a string or a function that returns one",
    "\"global\" or \"eu\"",
    "\"1.1\" or \"2\"",
    "a URL",
    "a number of seconds above 0",
    "a whole number, 0 or more",
    "a whole number, 1 or more",
    "true or false",
    "a table of names and values",
    "\"auto\", a host's name or a table with wait and start",
    "a function",
};

const char *sso_option_type_words(enum sso_option_type type)
{
    return words[type];
}

/* Headers that the module itself answers for. */
static const char *const own_headers[] = {
    "authorization",     "host",       "content-length",  "content-type",
    "transfer-encoding", "connection", "expect",          "on-behalf-of",
    "user-agent",        "accept",     "accept-encoding",
};

static bool is_whole(lua_State *L, int i, lua_Number least)
{
    lua_Number n;

    if (lua_type(L, i) != LUA_TNUMBER)
        return false;
    n = lua_tonumber(L, i);
    return n >= least && n <= 2147483647.0 && floor(n) == n;
}

static bool is_seconds(lua_State *L, int i)
{
    lua_Number n;

    if (lua_type(L, i) != LUA_TNUMBER)
        return false;
    n = lua_tonumber(L, i);
    return n > 0 && n < HUGE_VAL;
}

static bool has_type(lua_State *L, int i, enum sso_option_type type)
{
    switch (type) {
    case SSO_OPTION_KEY: /* its bytes are judged when it is used */
        return lua_type(L, i) == LUA_TSTRING || lua_isfunction(L, i);
    case SSO_OPTION_SECONDS:
        return is_seconds(L, i);
    case SSO_OPTION_COUNT:
        return is_whole(L, i, 0);
    case SSO_OPTION_POSITIVE:
        return is_whole(L, i, 1);
    case SSO_OPTION_BOOLEAN:
        return lua_isboolean(L, i);
    case SSO_OPTION_HEADERS:
        return lua_istable(L, i);
    case SSO_OPTION_HOST:
        return lua_type(L, i) == LUA_TSTRING || lua_istable(L, i);
    case SSO_OPTION_FUNCTION:
        return lua_isfunction(L, i);
    default:
        return lua_type(L, i) == LUA_TSTRING;
    }
}

/* RFC 9110, 5.6.2: token. */
static bool is_token(const char *s, size_t len)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    size_t i;

    for (i = 0; i < len; i++)
        if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') ||
              (s[i] >= '0' && s[i] <= '9') ||
              (s[i] != '\0' && strchr(marks, s[i]) != NULL)))
            return false;
    return len > 0;
}

/* What goes into a header line may hold no line break and no zero byte. */
static bool is_header_value(const char *s, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++)
        if (s[i] == '\r' || s[i] == '\n' || s[i] == '\0')
            return false;
    return true;
}

/* Checks the header whose name and value are on top. [-0, +0] */
static void check_header(lua_State *L, const char *who)
{
    size_t len, value_len, i;
    const char *name, *value;

    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
        sso_raise(L, "%s: option 'headers' must map names to strings", who);
    name = lua_tolstring(L, -2, &len);
    value = lua_tolstring(L, -1, &value_len);
    if (!is_token(name, len)) {
        sso_text_push_clean(L, name, len, NULL, 60);
        sso_raise(L, "%s: '%s' is not a header name", who, lua_tostring(L, -1));
    }
    for (i = 0; i < COUNT_OF(own_headers); i++)
        if (strcasecmp(name, own_headers[i]) == 0)
            sso_raise(L, "%s: the header '%s' is set by the module itself%s",
                      who, name,
                      strcasecmp(name, "on-behalf-of") == 0
                          ? ": use the option on_behalf_of"
                          : "");
    if (!is_header_value(value, value_len))
        sso_raise(L,
                  "%s: the value of header '%s' holds a line break or a zero "
                  "byte",
                  who, name);
}

/* Pushes the value on top without blanks around it. [-0, +1] */
static void push_trimmed(lua_State *L)
{
    size_t len;
    const char *s = lua_tolstring(L, -1, &len);

    while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t'))
        len--;
    while (len > 0 && (*s == ' ' || *s == '\t')) {
        s++;
        len--;
    }
    lua_pushlstring(L, s, len);
}

/* Replaces the table on top by a flat array: name, value, name, value.
 * [-1, +1] */
static void flatten_headers(lua_State *L, const char *who)
{
    int n = 0, raw = lua_gettop(L), flat = raw + 1;

    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, raw)) { /* name, value */
        check_header(L, who);
        push_trimmed(L);
        lua_pushvalue(L, -3); /* name, value, trimmed, name */
        lua_rawseti(L, flat, ++n);
        lua_rawseti(L, flat, ++n);
        lua_pop(L, 1);
    }
    lua_replace(L, raw);
}

/* The host's name or table on top; names are those of core.hosts. [-0,+0] */
static void check_host(lua_State *L, const char *who)
{
    static const char *const functions[] = {"wait", "start"};
    bool known;
    size_t i;

    if (lua_type(L, -1) == LUA_TSTRING) {
        lua_getfield(L, LUA_REGISTRYINDEX, SSO_HOSTS);
        lua_pushvalue(L, -2);
        lua_rawget(L, -2);
        known = lua_toboolean(L, -1) != 0;
        lua_pop(L, 2);
        if (!known) {
            size_t len;
            const char *name = lua_tolstring(L, -1, &len);
            sso_text_push_clean(L, name, len, NULL, 60);
            sso_raise(L, "%s: unknown host '%s'", who, lua_tostring(L, -1));
        }
        return;
    }
    for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        lua_getfield(L, -1, functions[i]);
        if (!lua_isfunction(L, -1))
            sso_raise(L, "%s: option 'host' must have a function '%s'", who,
                      functions[i]);
        lua_pop(L, 1);
    }
}

/* The text on top is none of those that the option may have. */
static int raise_choice(lua_State *L, enum sso_option_type type,
                        const char *name, const char *who)
{
    size_t len;
    const char *text = lua_tolstring(L, -1, &len);

    sso_text_push_clean(L, text, len, NULL, 60);
    return sso_raise(L, "%s: option '%s' must be %s, not '%s'", who, name,
                     words[type], lua_tostring(L, -1));
}

static bool is_choice(enum sso_option_type type, const char *text)
{
    switch (type) {
    case SSO_OPTION_REGION:
        return sso_options_region_url(text) != NULL;
    case SSO_OPTION_HTTP_VERSION:
        return strcmp(text, "1.1") == 0 || strcmp(text, "2") == 0;
    default:
        return true;
    }
}

/* The string on top. [-0, +0] */
static void check_text(lua_State *L, enum sso_option_type type,
                       const char *name, const char *who)
{
    char why[256];
    size_t len;
    const char *text = lua_tolstring(L, -1, &len);

    if (strlen(text) != len && type != SSO_OPTION_KEY)
        sso_raise(L, "%s: option '%s' holds a zero byte", who, name);
    if (!is_choice(type, text))
        raise_choice(L, type, name, who);
    if (type == SSO_OPTION_URL && !sso_base_url_check(text, why, sizeof(why)))
        sso_raise(L, "%s: %s", who, why);
    if (type == SSO_OPTION_HEADER_VALUE &&
        (len == 0 || !is_header_value(text, len)))
        sso_raise(L, "%s: option '%s' is empty or holds a line break", who,
                  name);
}

void sso_option_check(lua_State *L, enum sso_option_type type, const char *name,
                      const char *who)
{
    luaL_checkstack(L, 10, "options");
    if (!has_type(L, lua_gettop(L), type))
        sso_raise(L, "%s: option '%s' must be %s, not %s", who, name,
                  words[type], sso_text_push_value(L, lua_gettop(L)));
    if (type == SSO_OPTION_HEADERS)
        flatten_headers(L, who);
    else if (type == SSO_OPTION_HOST)
        check_host(L, who);
    else if (lua_type(L, -1) == LUA_TSTRING)
        check_text(L, type, name, who);
}
