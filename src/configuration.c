/*
 * configuration.c - from a checked options table to the transport's settings
 * (see configuration.h).
 */
#include "configuration.h"
#include "options.h"
#include "version.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USER_AGENT "sso.user_agent"

/* Longest API key that is read from a file, bytes. */
#define KEY_MAX 4096

bool sso_configuration_clean_key(lua_State *L)
{
    static const char blank[] = " \t\r\n\v\f";
    size_t len, i;
    const char *key;

    if (lua_type(L, -1) != LUA_TSTRING) {
        lua_pushfstring(L, "the function api_key returned a %s, not a string",
                        luaL_typename(L, -1));
        lua_remove(L, -2);
        return false;
    }
    key = lua_tolstring(L, -1, &len);
    while (len > 0 && key[len - 1] != '\0' && strchr(blank, key[len - 1]))
        len--;
    while (len > 0 && *key != '\0' && strchr(blank, *key)) {
        key++;
        len--;
    }
    for (i = 0; i < len && key[i] > 0x20 && key[i] < 0x7F; i++)
        ;
    if (len == 0)
        lua_pushliteral(L, "the API key is empty");
    else if (i < len)
        lua_pushliteral(L, "the API key holds white space or a character that "
                           "no key has: copy it again, in one piece");
    else
        lua_pushlstring(L, key, len);
    lua_remove(L, -2);
    return len > 0 && i == len;
}

/* Pushes the text of the key file at path; false: nothing. [-0, +(0|1)] */
static bool push_key_file(lua_State *L, const char *path)
{
    char text[KEY_MAX];
    size_t len;
    bool whole;
    FILE *file = fopen(path, "r");

    if (file == NULL)
        return false;
    /* without a buffer of the C library's, which nobody would wipe */
    setvbuf(file, NULL, _IONBF, 0);
    len = fread(text, 1, sizeof(text), file);
    whole = !ferror(file) && len < sizeof(text);
    (void)fclose(file);
    if (whole)
        lua_pushlstring(L, text, len);
    sso_wipe(text, sizeof(text));
    return whole;
}

/* Puts the value on top into the table below it. [-1, +0] */
static void keep(lua_State *L, int table, const char *name)
{
    lua_setfield(L, table, name);
}

static bool is_absent(lua_State *L, int table, const char *name)
{
    bool absent;

    lua_getfield(L, table, name);
    absent = lua_isnil(L, -1);
    lua_pop(L, 1);
    return absent;
}

/* table[name] = the variable, unless that is unset or empty. [-0, +0] */
static bool take_variable(lua_State *L, int table, const char *name,
                          const char *variable)
{
    const char *value = getenv(variable);

    if (value == NULL || *value == '\0')
        return false;
    lua_pushstring(L, value);
    keep(L, table, name);
    return true;
}

static bool take_server(lua_State *L, int table, char *why, size_t why_size)
{
    char reason[256];

    if (take_variable(L, table, "base_url", "SENDGRID_BASE_URL")) {
        if (sso_base_url_check(getenv("SENDGRID_BASE_URL"), reason,
                               sizeof(reason)))
            return true;
        snprintf(why, why_size, "SENDGRID_BASE_URL: %s", reason);
        return false;
    }
    if (take_variable(L, table, "region", "SENDGRID_REGION") &&
        sso_options_region_url(getenv("SENDGRID_REGION")) == NULL) {
        snprintf(why, why_size, "SENDGRID_REGION must be global or eu");
        return false;
    }
    return true;
}

/* Replaces api_key_file by the key it holds. [-0, +0] */
static bool read_key_file(lua_State *L, int table, char *why, size_t why_size)
{
    const char *path;

    lua_getfield(L, table, "api_key_file");
    path = lua_tostring(L, -1);
    if (!push_key_file(L, path)) {
        if (strncmp(path, "SG.", 3) == 0) /* never repeat a key */
            snprintf(why, why_size,
                     "what is given as the key's file is an API key itself: "
                     "give it as api_key, or set SENDGRID_API_KEY");
        else
            snprintf(why, why_size, "cannot read an API key from the file %s",
                     path);
        lua_pop(L, 1);
        return false;
    }
    keep(L, table, "api_key");
    lua_pushnil(L);
    keep(L, table, "api_key_file");
    lua_pop(L, 1);
    return true;
}

bool sso_configuration_complete(lua_State *L, bool environment, char *why,
                                size_t why_size)
{
    int table = lua_gettop(L);
    bool good = true;

    luaL_checkstack(L, 6, "options");
    if (environment && is_absent(L, table, "api_key") &&
        is_absent(L, table, "api_key_file") &&
        !take_variable(L, table, "api_key", "SENDGRID_API_KEY"))
        (void)take_variable(L, table, "api_key_file", "SENDGRID_API_KEY_FILE");
    if (environment && is_absent(L, table, "base_url") &&
        is_absent(L, table, "region") && !take_server(L, table, why, why_size))
        return false;
    if (is_absent(L, table, "api_key")) {
        if (is_absent(L, table, "api_key_file")) {
            snprintf(why, why_size,
                     "no API key: set SENDGRID_API_KEY, or give api_key or "
                     "api_key_file");
            return false;
        }
        if (!read_key_file(L, table, why, why_size))
            return false;
    }
    lua_getfield(L, table, "api_key");
    if (!lua_isfunction(L, -1)) {
        good = sso_configuration_clean_key(L);
        if (!good)
            snprintf(why, why_size, "%s", lua_tostring(L, -1));
        else
            lua_pushvalue(L, -1), keep(L, table, "api_key");
    }
    lua_pop(L, 1);
    return good;
}

/* ---- settings ---------------------------------------------------------- */

/* Ten years: longer waits are for ever, and no sum overflows. */
#define MAX_SECONDS (10.0 * 366 * 24 * 3600)

/* Borrowed from the table at index i; NULL: not given. [-0, +0] */
static const char *text_of(lua_State *L, int i, const char *name)
{
    const char *text;

    lua_getfield(L, i, name);
    text = lua_isstring(L, -1) ? lua_tostring(L, -1) : NULL;
    lua_pop(L, 1); /* the table still holds the string */
    return text;
}

static lua_Number number_of(lua_State *L, int i, const char *name,
                            lua_Number standard)
{
    lua_Number n;

    lua_getfield(L, i, name);
    n = lua_isnil(L, -1) ? standard : lua_tonumber(L, -1);
    lua_pop(L, 1);
    return n;
}

/* Rounded up, but for the noise of binary fractions: 0.2 * 3 is 600 ms. */
static int64_t milliseconds(lua_Number seconds)
{
    lua_Number ms = (seconds < MAX_SECONDS ? seconds : MAX_SECONDS) * 1000;

    return ms < 1 ? 1 : (int64_t)ceil(ms - 1e-6);
}

/*
 * Fills headers, on-behalf-of first; the pairs live in a userdata that is
 * pushed, the strings in the options table. [-0, +1]
 */
static void fill_headers(lua_State *L, int i, struct sso_settings_spec *spec)
{
    const char *subuser = text_of(L, i, "on_behalf_of");
    struct sso_header *pairs;
    size_t n, j, count = 0;

    lua_getfield(L, i, "headers");
    n = lua_istable(L, -1) ? lua_rawlen(L, -1) / 2 : 0;
    pairs = lua_newuserdata(L, (n + 1) * sizeof(*pairs)); /* headers, pairs */
    if (subuser != NULL) {
        pairs[count].name = "on-behalf-of";
        pairs[count++].value = subuser;
    }
    for (j = 0; j < n; j++, count++) {
        lua_rawgeti(L, -2, (int)(2 * j + 1));
        pairs[count].name = lua_tostring(L, -1);
        lua_rawgeti(L, -3, (int)(2 * j + 2));
        pairs[count].value = lua_tostring(L, -1);
        lua_pop(L, 2);
    }
    lua_remove(L, -2);
    spec->headers = pairs;
    spec->header_count = count;
}

const char *sso_configuration_server(lua_State *L, int i)
{
    const char *url = text_of(L, i, "base_url");
    const char *region = text_of(L, i, "region");

    if (url != NULL)
        return url;
    return sso_options_region_url(region != NULL ? region : "global");
}

/* Pushes "name sendgrid-sso/… (…)", or only the latter. [-0, +1] */
static const char *push_user_agent(lua_State *L, int i)
{
    const char *name = text_of(L, i, "user_agent");

    lua_getfield(L, LUA_REGISTRYINDEX, USER_AGENT);
    if (name != NULL) {
        lua_pushfstring(L, "%s %s", name, lua_tostring(L, -1));
        lua_remove(L, -2);
    }
    return lua_tostring(L, -1);
}

struct sso_settings *sso_configuration_settings(lua_State *L, int i,
                                                int key_text, char *why,
                                                size_t why_size)
{
    struct sso_settings_spec spec;
    struct sso_settings *settings;
    const char *version;
    int top = lua_gettop(L);

    luaL_checkstack(L, 8, "settings");
    memset(&spec, 0, sizeof(spec));
    spec.base_url = sso_configuration_server(L, i);
    spec.api_key =
        key_text != 0 ? lua_tostring(L, key_text) : text_of(L, i, "api_key");
    spec.user_agent = push_user_agent(L, i);
    spec.ca_file = text_of(L, i, "ca_file");
    spec.ca_path = text_of(L, i, "ca_path");
    spec.client_cert = text_of(L, i, "client_cert");
    spec.client_key = text_of(L, i, "client_key");
    spec.proxy = text_of(L, i, "proxy");
    spec.timeout_ms = milliseconds(number_of(L, i, "timeout", 30));
    spec.connect_timeout_ms =
        milliseconds(number_of(L, i, "connect_timeout", 5));
    spec.max_retries = (unsigned)number_of(L, i, "max_retries", 2);
    spec.events = !is_absent(L, i, "on_event");
    version = text_of(L, i, "http_version");
    spec.http2 = version != NULL && strcmp(version, "2") == 0;
    fill_headers(L, i, &spec);
    settings = sso_settings_new(&spec, why, why_size);
    lua_settop(L, top);
    return settings;
}

/* ---- what is computed once --------------------------------------------- */

void sso_configuration_push_lua_version(lua_State *L)
{
    lua_getglobal(L, "jit");
    if (lua_istable(L, -1)) {
        lua_getfield(L, -1, "version");
        lua_remove(L, -2);
        if (lua_isstring(L, -1))
            return;
    }
    lua_pop(L, 1);
    lua_getglobal(L, "_VERSION");
}

void sso_configuration_open(lua_State *L)
{
    sso_configuration_push_lua_version(L);
    lua_pushfstring(L, "sendgrid-sso/%s (%s; libcurl %s)", SSO_VERSION,
                    lua_tostring(L, -1), sso_transport_curl_version());
    lua_setfield(L, LUA_REGISTRYINDEX, USER_AGENT);
    lua_pop(L, 1);
}
