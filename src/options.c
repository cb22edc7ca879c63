/*
 * options.c - the options as data (see options.h).  A client keeps them as a
 * plain table of its own, so nothing that its user changes later matters;
 * headers are kept as a flat array: name, value, name, value.
 */
#include "options.h"
#include "failure.h"
#include "text.h"

#include <math.h>
#include <string.h>
#include <strings.h>

enum option_type {
    TYPE_STRING,
    TYPE_KEY, /* a string, or a function that returns one */
    TYPE_REGION,
    TYPE_URL,
    TYPE_SECONDS,  /* above 0 and finite */
    TYPE_COUNT,    /* whole, 0 or more */
    TYPE_POSITIVE, /* whole, 1 or more */
    TYPE_BOOLEAN,
    TYPE_HEADERS,
    TYPE_HOST,
    TYPE_FUNCTION,
    TYPE_COUNT_OF_TYPES
};

struct option {
    const char *name;
    enum option_type type;
    unsigned scope;
    const char *environment; /* variable that fills a gap, for the docs */
    const char *standard;    /* the default, for the docs */
    const char *doc;
};

#define EVERYWHERE (SSO_SCOPE_NEW | SSO_SCOPE_WITH | SSO_SCOPE_CALL)

static const struct option options[] = {
    {"api_key", TYPE_KEY, EVERYWHERE, "SENDGRID_API_KEY", NULL,
     "bearer key, or a function that returns it, called once per call"},
    {"api_key_file", TYPE_STRING, EVERYWHERE, "SENDGRID_API_KEY_FILE", NULL,
     "a file that holds the key, read once per client"},
    {"region", TYPE_REGION, EVERYWHERE, "SENDGRID_REGION", "global",
     "\"global\" or \"eu\": which of SendGrid's servers"},
    {"base_url", TYPE_URL, EVERYWHERE, "SENDGRID_BASE_URL", NULL,
     "another server; wins over region; http to loopback only"},
    {"on_behalf_of", TYPE_STRING, EVERYWHERE, NULL, NULL,
     "subuser, sent as on-behalf-of"},
    {"timeout", TYPE_SECONDS, EVERYWHERE, NULL, "30",
     "seconds for the whole call: every attempt, wait and retry"},
    {"connect_timeout", TYPE_SECONDS, EVERYWHERE, NULL, "5",
     "seconds for one attempt's name look-up, TCP and TLS"},
    {"max_retries", TYPE_COUNT, EVERYWHERE, NULL, "2",
     "further attempts after the first"},
    {"max_in_flight", TYPE_POSITIVE, SSO_SCOPE_NEW, NULL, "64",
     "more calls than this wait their turn"},
    {"ca_file", TYPE_STRING, EVERYWHERE, "SSL_CERT_FILE", NULL,
     "PEM file of trust anchors instead of the system's"},
    {"ca_path", TYPE_STRING, EVERYWHERE, "SSL_CERT_DIR", NULL,
     "hashed directory of trust anchors instead of the system's"},
    {"client_cert", TYPE_STRING, EVERYWHERE, NULL, NULL,
     "PEM file, for gateways that ask for mutual TLS"},
    {"client_key", TYPE_STRING, EVERYWHERE, NULL, NULL,
     "PEM file of the client certificate's private key"},
    {"proxy", TYPE_STRING, EVERYWHERE, "https_proxy, all_proxy, no_proxy", NULL,
     "proxy URL; an empty string turns proxies off"},
    {"user_agent", TYPE_STRING, EVERYWHERE, NULL, NULL,
     "put before the module's own user agent"},
    {"headers", TYPE_HEADERS, EVERYWHERE, NULL, NULL,
     "further request headers, name to value"},
    {"validate", TYPE_BOOLEAN, EVERYWHERE, NULL, "true",
     "whether public_certificate must be one X.509 certificate"},
    {"host", TYPE_HOST, EVERYWHERE, NULL, "auto",
     "the event loop that waits: \"auto\", a name, or a table"},
    {"on_event", TYPE_FUNCTION, EVERYWHERE, NULL, NULL,
     "function(event): start, attempt, retry, finish"},
};

static const char *const type_words[TYPE_COUNT_OF_TYPES] = {
    "a string",
    "a string or a function that returns one",
    "\"global\" or \"eu\"",
    "a URL",
    "a number of seconds above 0",
    "a whole number, 0 or more",
    "a whole number, 1 or more",
    "true or false",
    "a table of names and values",
    "\"auto\", a host's name or a table with wait and start",
    "a function",
};

/* Headers that the module itself answers for. */
static const char *const own_headers[] = {
    "authorization",     "host",       "content-length",  "content-type",
    "transfer-encoding", "connection", "expect",          "on-behalf-of",
    "user-agent",        "accept",     "accept-encoding",
};

static const struct {
    const char *name;
    const char *url;
} regions[] = {
    {"global", "https://api.sendgrid.com"},
    {"eu", "https://api.eu.sendgrid.com"},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct option *find(const char *name)
{
    size_t i;

    for (i = 0; i < COUNT_OF(options); i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

bool sso_options_has(const char *name)
{
    return find(name) != NULL;
}

const char *sso_options_region_url(const char *name)
{
    size_t i;

    for (i = 0; i < COUNT_OF(regions); i++)
        if (strcmp(regions[i].name, name) == 0)
            return regions[i].url;
    return NULL;
}

/* ---- checks of what a program passes: they raise ----------------------- */

static int raise_unknown(lua_State *L, const char *who, const char *name)
{
    struct sso_nearest nearest;
    size_t i;

    sso_nearest_init(&nearest, name);
    for (i = 0; i < COUNT_OF(options); i++)
        sso_nearest_offer(&nearest, options[i].name);
    sso_text_push_clean(L, name, strlen(name), NULL, 60);
    name = lua_tostring(L, -1);
    if (nearest.best != NULL)
        return sso_raise(L, "%s: unknown option '%s' (did you mean '%s'?)", who,
                         name, nearest.best);
    return sso_raise(L, "%s: unknown option '%s'", who, name);
}

/* A string without zero bytes at index i. */
static bool is_text(lua_State *L, int i)
{
    size_t len;
    const char *s;

    if (lua_type(L, i) != LUA_TSTRING)
        return false;
    s = lua_tolstring(L, i, &len);
    return memchr(s, '\0', len) == NULL;
}

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
    return n > 0 && n <= HUGE_VAL && !(n == HUGE_VAL);
}

static bool has_type(lua_State *L, int i, enum option_type type)
{
    switch (type) {
    case TYPE_KEY: /* a key's bytes are judged by sso_options_clean_key */
        return lua_type(L, i) == LUA_TSTRING || lua_isfunction(L, i);
    case TYPE_REGION:
        return is_text(L, i) &&
               sso_options_region_url(lua_tostring(L, i)) != NULL;
    case TYPE_SECONDS:
        return is_seconds(L, i);
    case TYPE_COUNT:
        return is_whole(L, i, 0);
    case TYPE_POSITIVE:
        return is_whole(L, i, 1);
    case TYPE_BOOLEAN:
        return lua_isboolean(L, i);
    case TYPE_HEADERS:
        return lua_istable(L, i);
    case TYPE_HOST:
        return is_text(L, i) || lua_istable(L, i);
    case TYPE_FUNCTION:
        return lua_isfunction(L, i);
    default:
        return is_text(L, i);
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

/* Pushes the headers at index raw as a flat array. [-0, +1] */
static void push_headers(lua_State *L, int raw, const char *who)
{
    int n = 0, flat;

    lua_newtable(L);
    flat = lua_gettop(L);
    lua_pushnil(L);
    while (lua_next(L, raw)) { /* name, value */
        check_header(L, who);
        lua_pushvalue(L, -2);
        lua_rawseti(L, flat, ++n);
        lua_rawseti(L, flat, ++n);
    }
}

/* Checks the value on top for a row and makes it what is kept. [-1, +1] */
static void check_value(lua_State *L, const struct option *row, const char *who)
{
    int value = lua_gettop(L);
    char why[256];
    size_t len;
    const char *text;

    if (!has_type(L, value, row->type))
        sso_raise(L, "%s: option '%s' must be %s, not %s", who, row->name,
                  type_words[row->type],
                  lua_type(L, value) == LUA_TNUMBER
                      ? lua_pushfstring(L, "%f", lua_tonumber(L, value))
                      : luaL_typename(L, value));
    if (row->type == TYPE_HEADERS) {
        push_headers(L, value, who);
        lua_replace(L, value);
        return;
    }
    if (row->type == TYPE_URL) {
        if (!sso_base_url_check(lua_tostring(L, value), why, sizeof(why)))
            sso_raise(L, "%s: %s", who, why);
        return;
    }
    if (strcmp(row->name, "on_behalf_of") != 0 &&
        strcmp(row->name, "user_agent") != 0)
        return;
    text = lua_tolstring(L, value, &len);
    if (len == 0 || !is_header_value(text, len))
        sso_raise(L, "%s: option '%s' is empty or holds a line break", who,
                  row->name);
}

/* ---- layers ------------------------------------------------------------ */

/* Options of which a later layer's one pushes the earlier layer's other out. */
static const char *const rivals[][2] = {
    {"api_key", "api_key_file"},
    {"region", "base_url"},
};

/* Removes from `kept` what the layer at index raw overrules. [-0, +0] */
static void drop_rivals(lua_State *L, int kept, int raw)
{
    size_t i, side;

    for (i = 0; i < COUNT_OF(rivals); i++)
        for (side = 0; side < 2; side++) {
            lua_pushstring(L, rivals[i][side]);
            lua_rawget(L, raw);
            if (!lua_isnil(L, -1)) {
                lua_pushnil(L);
                lua_setfield(L, kept, rivals[i][1 - side]);
            }
            lua_pop(L, 1);
        }
}

/* Copies every pair of the table at index from. [-0, +0] */
static void copy(lua_State *L, int from, int to)
{
    lua_pushnil(L);
    while (lua_next(L, from)) { /* key, value */
        lua_pushvalue(L, -2);
        lua_insert(L, -2); /* key, key, value */
        lua_rawset(L, to);
    }
}

static const struct option *check_name(lua_State *L, int i, const char *who,
                                       unsigned scope)
{
    const struct option *row;
    const char *name;

    if (lua_type(L, i) != LUA_TSTRING)
        sso_raise(L, "%s: the options table has a key that is a %s", who,
                  luaL_typename(L, i));
    name = lua_tostring(L, i);
    row = find(name);
    if (row == NULL)
        raise_unknown(L, who, name);
    else if ((row->scope & scope) == 0)
        sso_raise(L, "%s: option '%s' can only be given to sso.new", who, name);
    return row;
}

void sso_options_merge(lua_State *L, int base, int raw,
                       enum sso_option_scope scope, const char *who)
{
    int merged;

    luaL_checkstack(L, 10, "options");
    if (!lua_isnoneornil(L, raw) && !lua_istable(L, raw))
        sso_raise(L, "%s: options must be a table, not a %s", who,
                  luaL_typename(L, raw));
    lua_newtable(L);
    merged = lua_gettop(L);
    if (base != 0)
        copy(L, base, merged);
    if (!lua_istable(L, raw))
        return;
    drop_rivals(L, merged, raw);
    lua_pushnil(L);
    while (lua_next(L, raw)) { /* name, value */
        const struct option *row = check_name(L, -2, who, scope);
        check_value(L, row, who);
        lua_setfield(L, merged, row->name);
    }
}

/* ---- the rows for documentation ---------------------------------------- */

void sso_options_push(lua_State *L)
{
    size_t i;

    luaL_checkstack(L, 4, "options");
    lua_createtable(L, (int)COUNT_OF(options), 0);
    for (i = 0; i < COUNT_OF(options); i++) {
        lua_createtable(L, 0, 6);
        lua_pushstring(L, options[i].name);
        lua_setfield(L, -2, "name");
        lua_pushstring(L, type_words[options[i].type]);
        lua_setfield(L, -2, "type");
        lua_pushstring(L, options[i].environment);
        lua_setfield(L, -2, "environment");
        lua_pushstring(L, options[i].standard);
        lua_setfield(L, -2, "default");
        lua_pushstring(L, options[i].doc);
        lua_setfield(L, -2, "doc");
        lua_pushboolean(L, (options[i].scope & SSO_SCOPE_CALL) != 0);
        lua_setfield(L, -2, "per_call");
        lua_rawseti(L, -2, (int)i + 1);
    }
}
