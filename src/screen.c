/*
 * screen.c - what must not leave (see screen.h): certificate.c judges the
 * text, this file remembers the verdict.
 */
#include "screen.h"
#include "certificate.h"

/*
 * Looks at the certificate text at index text and pushes what is to be sent
 * for it, or false and a sentence. [-0, +1 or +2]
 */
static bool screen(lua_State *L, struct sso_client *client, int text,
                   bool validate)
{
    char message[512];
    size_t len;
    const char *s = lua_tolstring(L, text, &len);
    enum sso_kind kind;

    sso_buffer_reset(&client->clean);
    kind = sso_certificate_screen(s, len, validate, &client->clean, message,
                                  sizeof(message));
    if (kind == SSO_MEMORY)
        luaL_error(L, "not enough memory");
    if (kind != SSO_OK) {
        lua_pushboolean(L, 0);
        lua_pushstring(L, message);
        return false;
    }
    if (client->clean.len > 0)
        lua_pushlstring(L, client->clean.data, client->clean.len);
    else
        lua_pushvalue(L, text);
    return true;
}

/* Looks at the text and keeps the verdict. [-0, +0] */
static void judge(lua_State *L, struct sso_client *client, int text,
                  bool validate)
{
    if (screen(L, client, text, validate))
        lua_pushnil(L); /* verdict, no problem */
    sso_client_set(L, 1, SSO_CLIENT_PROBLEM);
    sso_client_set(L, 1, SSO_CLIENT_VERDICT);
    lua_pushvalue(L, text);
    sso_client_set(L, 1, SSO_CLIENT_SEEN);
    client->seen_checked = validate;
}

bool sso_screen_is_seen(lua_State *L, const struct sso_client *client, int text,
                        bool validate)
{
    bool seen;

    sso_client_get(L, 1, SSO_CLIENT_SEEN);
    seen = client->seen_checked == validate && lua_rawequal(L, -1, text);
    lua_pop(L, 1);
    return seen;
}

/* Reading X.509 costs more than the call, so the verdict on the text seen last
 * is kept. */
bool sso_screen_certificate(lua_State *L, struct sso_client *client, int text,
                            bool validate)
{
    int top = lua_gettop(L);

    if (!sso_screen_is_seen(L, client, text, validate))
        judge(L, client, text, validate);
    sso_client_get(L, 1, SSO_CLIENT_VERDICT);
    if (lua_isstring(L, -1)) {
        lua_replace(L, text);
        lua_settop(L, top);
        return true;
    }
    lua_settop(L, top);
    sso_client_get(L, 1, SSO_CLIENT_PROBLEM);
    return false;
}

bool sso_screen_body(lua_State *L, struct sso_client *client, const char *body,
                     size_t len)
{
    char message[512];
    enum sso_kind kind;

    sso_buffer_reset(&client->clean);
    kind = sso_certificate_screen(body, len, false, &client->clean, message,
                                  sizeof(message));
    if (kind == SSO_MEMORY)
        luaL_error(L, "not enough memory");
    if (kind == SSO_OK)
        return true;
    lua_pushstring(L, message);
    return false;
}
