/*
 * server_error.c - what a server says about a failure (see server_error.h).
 */
#include "server_error.h"
#include "json.h"
#include "text.h"

#include <math.h>
#include <string.h>

/* Longest piece of a server's text that is repeated, bytes. */
#define TEXT_MAX 300

/* Most errors that are read from one answer. */
#define ERRORS_MAX 100

/* A clock that is off by more than this deserves to be mentioned, seconds. */
#define SKEW_MAX 300.0

/* ---- the list ---------------------------------------------------------- */

/* error[name] = the text or number on top, cleaned. [-1, +0] */
static void take_text(lua_State *L, int error, const char *name,
                      const char *secret)
{
    size_t len;
    const char *text;

    if (lua_type(L, -1) == LUA_TSTRING || lua_type(L, -1) == LUA_TNUMBER) {
        text = lua_tolstring(L, -1, &len);
        sso_text_push_clean(L, text, len, secret, TEXT_MAX);
        lua_setfield(L, error, name);
    }
    lua_pop(L, 1);
}

/*
 * Appends the error on top, a text or a table with a message, to the list.
 * [-1, +0]
 */
static void take_error(lua_State *L, int list, const char *secret)
{
    static const char *const names[] = {"message", "field", "error_id"};
    int item = lua_gettop(L), error;
    size_t i, n = lua_rawlen(L, list);

    if (n >= ERRORS_MAX || (!lua_istable(L, item) && !lua_isstring(L, item))) {
        lua_settop(L, item - 1);
        return;
    }
    lua_createtable(L, 0, 3);
    error = lua_gettop(L);
    if (lua_istable(L, item)) {
        for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            lua_getfield(L, item, names[i]);
            take_text(L, error, names[i], secret);
        }
    } else {
        lua_pushvalue(L, item);
        take_text(L, error, "message", secret);
    }
    lua_pushnil(L);
    if (lua_next(L, error) != 0) { /* it says something */
        lua_pop(L, 2);
        lua_rawseti(L, list, (int)n + 1);
    }
    lua_settop(L, item - 1);
}

/* Takes the value on top: one error or an array of them. [-1, +0] */
static void take_errors(lua_State *L, int list, const char *secret)
{
    int value = lua_gettop(L), i, n;

    n = lua_istable(L, value) ? (int)lua_rawlen(L, value) : 0;
    if (n == 0) {
        take_error(L, list, secret);
        return;
    }
    for (i = 1; i <= n && i <= ERRORS_MAX; i++) {
        lua_rawgeti(L, value, i);
        take_error(L, list, secret);
    }
    lua_settop(L, value - 1);
}

void sso_server_error_push_list(lua_State *L, const char *body, size_t len,
                                const char *secret)
{
    int list, decoded;

    luaL_checkstack(L, 12, "error body");
    lua_newtable(L);
    list = lua_gettop(L);
    if (len == 0)
        return;
    lua_pushlstring(L, body, len);
    if (!sso_json_decode(L)) {
        lua_pop(L, 1);
        return;
    }
    sso_json_normalise(L);
    decoded = lua_gettop(L);
    if (lua_istable(L, decoded) && lua_rawlen(L, decoded) == 0) {
        static const char *const wrappers[] = {"errors", "error"};
        size_t i;
        for (i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) {
            lua_getfield(L, decoded, wrappers[i]);
            take_errors(L, list, secret);
        }
    }
    if (lua_rawlen(L, list) == 0 && lua_istable(L, decoded))
        take_errors(L, list, secret); /* an array, or the error itself */
    lua_settop(L, list);
}

/* ---- the line ---------------------------------------------------------- */

void sso_server_error_push_type(lua_State *L, const struct sso_outcome *o,
                                const char *secret)
{
    struct sso_header_line line;

    if (o->headers.data != NULL &&
        sso_headers_find(o->headers.data, o->headers.len, "content-type",
                         &line))
        sso_text_push_clean(L, line.value, line.value_len, secret, 60);
    else
        lua_pushliteral(L, "no content type");
}

/* Where a redirect points, without credentials, query and fragment: those are
 * no place, and may be secrets. [-0, +1] */
static void push_place(lua_State *L, const struct sso_header_line *line,
                       const char *secret)
{
    const char *from = line->value, *end = from, *c;

    while (end < from + line->value_len && *end != '?' && *end != '#')
        end++;
    for (c = from; c + 1 < end && (c[0] != '/' || c[1] != '/'); c++)
        ;
    for (c += 2; c < end && *c != '/'; c++)
        if (*c == '@')
            from = c + 1;
    sso_text_push_clean(L, from, (size_t)(end - from), secret, TEXT_MAX);
}

/* What the answer says beyond its status, "" for nothing. [-0, +1] */
static void push_detail(lua_State *L, const struct sso_outcome *o, int list,
                        const char *secret)
{
    struct sso_header_line line;
    size_t n = lua_rawlen(L, list);
    const char *message, *field;

    if (n > 0) {
        lua_rawgeti(L, list, 1);
        lua_getfield(L, -1, "message");
        lua_getfield(L, -2, "field"); /* error, message, field */
        message = lua_tostring(L, -2);
        field = lua_tostring(L, -1);
        lua_pushfstring(L, ": %s%s%s", field ? field : "",
                        field && message ? ": " : "", message ? message : "");
        if (n > 1)
            lua_pushfstring(L, " (and %d more)", (int)n - 1);
        else
            lua_pushliteral(L, "");
        lua_concat(L, 2);
        lua_replace(L, -4);
        lua_pop(L, 2);
    } else if (o->status >= 300 && o->status < 400 && o->headers.data &&
               sso_headers_find(o->headers.data, o->headers.len, "location",
                                &line)) {
        push_place(L, &line, secret);
        lua_pushfstring(L, ": a redirect to %s, which is not followed",
                        lua_tostring(L, -1));
        lua_remove(L, -2);
    } else if (o->body.len > 0) {
        sso_server_error_push_type(L, o, secret);
        lua_pushfstring(L, ": the answer says nothing readable (%s, %d bytes)",
                        lua_tostring(L, -1), (int)o->body.len);
        lua_remove(L, -2);
    } else {
        lua_pushliteral(L, "");
    }
}

static const char *words_of(enum sso_kind kind)
{
    switch (kind) {
    case SSO_INVALID_REQUEST:
        return "invalid request";
    case SSO_NOT_FOUND:
        return "not found";
    case SSO_RATE_LIMITED:
        return "rate limited";
    case SSO_SERVER:
        return "server error";
    case SSO_HTTP:
        return "unexpected status";
    default:
        return sso_kind_name(kind);
    }
}

void sso_server_error_push_message(lua_State *L, const struct sso_outcome *o,
                                   int list, const char *secret)
{
    luaL_checkstack(L, 10, "error message");
    list = lua_absindex(L, list);
    push_detail(L, o, list, secret);
    lua_pushfstring(L, "%d %s%s", (int)o->status, words_of(o->kind),
                    lua_tostring(L, -1)); /* detail, line */
    if (o->attempts > 1)
        lua_pushfstring(L, ", after %d attempts", (int)o->attempts);
    else
        lua_pushliteral(L, "");
    lua_concat(L, 2);
    lua_remove(L, -2);
}

/* ---- the hint ---------------------------------------------------------- */

enum server { SERVER_ANY = 0, SERVER_GLOBAL, SERVER_EU, SERVER_OTHER };

static const struct {
    enum sso_kind kind;
    enum server server;
    const char *text;
} hints[] = {
    {SSO_UNAUTHORIZED, SERVER_GLOBAL,
     "check the API key; the key of an EU regional subuser needs region = "
     "\"eu\""},
    {SSO_UNAUTHORIZED, SERVER_EU,
     "check the API key; on this server only keys of EU regional subusers "
     "work, others need region = \"global\""},
    {SSO_UNAUTHORIZED, SERVER_OTHER, "check the API key"},
    {SSO_FORBIDDEN, SERVER_GLOBAL,
     "create a new API key with the SSO permissions, an edited one can stay "
     "forbidden; SSO needs a plan that includes it; EU regional subusers need "
     "region = \"eu\""},
    {SSO_FORBIDDEN, SERVER_EU,
     "create a new API key with the SSO permissions, an edited one can stay "
     "forbidden; SSO needs a plan that includes it; accounts outside the EU "
     "region need region = \"global\""},
    {SSO_FORBIDDEN, SERVER_OTHER,
     "create a new API key with the SSO permissions, an edited one can stay "
     "forbidden; SSO needs a plan that includes it"},
    {SSO_RATE_LIMITED, SERVER_ANY,
     "too many calls for this account: try again after retry_after, or lower "
     "max_in_flight"},
};

static enum server server_of(const struct sso_settings *settings)
{
    const char *url = settings ? sso_settings_base_url(settings) : "";

    if (strcmp(url, "https://api.sendgrid.com") == 0)
        return SERVER_GLOBAL;
    return strcmp(url, "https://api.eu.sendgrid.com") == 0 ? SERVER_EU
                                                           : SERVER_OTHER;
}

bool sso_server_error_push_hint(lua_State *L, const struct sso_outcome *outcome,
                                const struct sso_settings *settings,
                                const struct sso_operation *op)
{
    enum server server = server_of(settings);
    size_t i;

    if (fabs(outcome->date_skew) > SKEW_MAX) {
        lua_pushliteral(L, "this machine's clock differs from the server's by "
                           "more than five minutes: set it right first");
        return true;
    }
    if (outcome->kind == SSO_NOT_FOUND && op->source != NULL) {
        lua_pushstring(L, op->source);
        return true;
    }
    if (op->flags & SSO_OP_ELSEWHERE)
        return false; /* the hints are about keys and accounts */
    for (i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        if (hints[i].kind == outcome->kind &&
            (hints[i].server == SERVER_ANY || hints[i].server == server)) {
            lua_pushstring(L, hints[i].text);
            return true;
        }
    }
    return false;
}
