/*
 * options.c - the options as data (see options.h).  A client keeps them as a
 * plain table of its own, so nothing that its user changes later matters.
 */
#include "options.h"
#include "failure.h"
#include "option_values.h"
#include "text.h"

#include <string.h>

struct option {
    const char *name;
    enum sso_option_type type;
    unsigned scope;
    const char *environment; /* variable that fills a gap, for the docs */
    const char *standard;    /* the default, for the docs */
    const char *doc;
};

#define EVERYWHERE (SSO_SCOPE_NEW | SSO_SCOPE_WITH | SSO_SCOPE_CALL)

static const struct option options[] = {
    {"api_key", SSO_OPTION_KEY, EVERYWHERE, "SENDGRID_API_KEY", NULL,
     "bearer key, or a function that returns it, called once per call"},
    {"api_key_file", SSO_OPTION_STRING, EVERYWHERE, "SENDGRID_API_KEY_FILE",
     NULL, "a file that holds the key, read once per client"},
    {"region", SSO_OPTION_REGION, EVERYWHERE, "SENDGRID_REGION", "global",
     "\"global\" or \"eu\": which of SendGrid's servers"},
    {"base_url", SSO_OPTION_URL, EVERYWHERE, "SENDGRID_BASE_URL", NULL,
     "another server; wins over region; http to loopback only"},
    {"on_behalf_of", SSO_OPTION_HEADER_VALUE, EVERYWHERE, NULL, NULL,
     "subuser, sent as on-behalf-of"},
    {"timeout", SSO_OPTION_SECONDS, EVERYWHERE, NULL, "30",
     "seconds for the whole call: every attempt, wait and retry"},
    {"connect_timeout", SSO_OPTION_SECONDS, EVERYWHERE, NULL, "5",
     "seconds for one attempt's name look-up, TCP and TLS"},
    {"max_retries", SSO_OPTION_COUNT, EVERYWHERE, NULL, "2",
     "further attempts after the first"},
    {"max_in_flight", SSO_OPTION_POSITIVE, SSO_SCOPE_NEW, NULL, "64",
     "more calls than this wait their turn"},
    {"http_version", SSO_OPTION_HTTP_VERSION, SSO_SCOPE_NEW, NULL, "1.1",
     "\"2\": all calls on one connection, where the server offers HTTP/2"},
    {"ca_file", SSO_OPTION_STRING, EVERYWHERE, "SSL_CERT_FILE", NULL,
     "PEM file of trust anchors instead of the system's"},
    {"ca_path", SSO_OPTION_STRING, EVERYWHERE, "SSL_CERT_DIR", NULL,
     "hashed directory of trust anchors instead of the system's"},
    {"client_cert", SSO_OPTION_STRING, EVERYWHERE, NULL, NULL,
     "PEM file, for gateways that ask for mutual TLS"},
    {"client_key", SSO_OPTION_STRING, EVERYWHERE, NULL, NULL,
     "PEM file of the client certificate's private key"},
    {"proxy", SSO_OPTION_STRING, EVERYWHERE, "https_proxy, all_proxy, no_proxy",
     NULL, "proxy URL; an empty string turns proxies off"},
    {"user_agent", SSO_OPTION_HEADER_VALUE, EVERYWHERE, NULL, NULL,
     "put before the module's own user agent"},
    {"headers", SSO_OPTION_HEADERS, EVERYWHERE, NULL, NULL,
     "further request headers, name to value"},
    {"validate", SSO_OPTION_BOOLEAN, EVERYWHERE, NULL, "true",
     "whether public_certificate must be one X.509 certificate; false sends "
     "any text but a private key"},
    {"host", SSO_OPTION_HOST, EVERYWHERE, NULL, "auto",
     "the event loop that waits: \"auto\", a name, or a table"},
    {"on_event", SSO_OPTION_FUNCTION, EVERYWHERE, NULL, NULL,
     "function(event): start, attempt, retry, finish"},
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

static int raise_unknown(lua_State *L, const char *who, const char *name,
                         size_t len)
{
    struct sso_nearest nearest;
    size_t i;

    sso_nearest_init(&nearest, name);
    for (i = 0; i < COUNT_OF(options); i++)
        sso_nearest_offer(&nearest, options[i].name);
    sso_text_push_clean(L, name, len, NULL, 60);
    name = lua_tostring(L, -1);
    if (nearest.best != NULL)
        return sso_raise(L, "%s: unknown option '%s' (did you mean '%s'?)", who,
                         name, nearest.best);
    return sso_raise(L, "%s: unknown option '%s'", who, name);
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
    size_t len;

    if (lua_type(L, i) != LUA_TSTRING)
        sso_raise(L, "%s: the options table has a key that is a %s", who,
                  luaL_typename(L, i));
    name = lua_tolstring(L, i, &len);
    row = strlen(name) == len ? find(name) : NULL;
    if (row == NULL)
        raise_unknown(L, who, name, len);
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
        sso_option_check(L, row->type, row->name, who);
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
        lua_pushstring(L, sso_option_type_words(options[i].type));
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
