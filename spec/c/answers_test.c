/*
 * answers_test.c - what is made of an answer, of parts that no server near
 * here gives: other versions of HTTP, no header at all, the real server's
 * name; and of text in every shape that bytes can have.
 */
#include "../../src/failure.h"
#include "../../src/json.h"
#include "../../src/response.h"
#include "../../src/server_error.h"
#include "../../src/text.h"
#include "check.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>

static lua_State *L;

/* ---- responses and errors --------------------------------------------- */

static void every_http_version_has_a_name(void)
{
    static const struct {
        int version;
        const char *name;
    } rows[] = {{10, "1.0"}, {11, "1.1"}, {20, "2"}, {30, "3"}};
    struct sso_outcome o;
    size_t i;

    memset(&o, 0, sizeof(o));
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        o.http_version = rows[i].version;
        lua_settop(L, 0);
        lua_pushliteral(L, "the body");
        sso_response_push(L, &o, 1);
        lua_getfield(L, 2, "http_version");
        CHECK_TEXT(lua_tostring(L, -1), rows[i].name);
        lua_getfield(L, 2, "body");
        CHECK_TEXT(lua_tostring(L, -1), "the body");
        lua_getfield(L, 2, "headers"); /* there were none */
        lua_pushnil(L);
        CHECK(lua_istable(L, -2) && lua_next(L, -2) == 0);
    }
}

static void an_answer_without_headers_says_its_status(void)
{
    static const struct {
        enum sso_kind kind;
        long status;
        const char *body;
        const char *line;
    } rows[] = {
        {SSO_HTTP, 302, "", "302 unexpected status"},
        {SSO_SERVER, 502, "oops",
         "502 server error: the answer says nothing readable (no content "
         "type, 4 bytes)"},
        {SSO_CONFLICT, 409, "", "409 conflict"},
    };
    struct sso_outcome o;
    size_t i;

    memset(&o, 0, sizeof(o));
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sso_buffer_init(&o.body, 0);
        CHECK(sso_buffer_append(&o.body, rows[i].body, strlen(rows[i].body)) ==
              SSO_OK);
        o.kind = rows[i].kind;
        o.status = rows[i].status;
        lua_settop(L, 0);
        sso_server_error_push_list(L, o.body.data, o.body.len, NULL);
        CHECK(lua_rawlen(L, 1) == 0);
        sso_server_error_push_message(L, &o, 1, NULL);
        CHECK_TEXT(lua_tostring(L, -1), rows[i].line);
        sso_buffer_free(&o.body);
    }
}

/* What a 403 or 401 advises, by the server that said it; NULL: nowhere. */
static void advice_depends_on_the_server(void)
{
    static const struct {
        const char *base_url;
        const char *region; /* that the advice names; NULL: none */
    } rows[] = {
        {"https://api.sendgrid.com", "\"eu\""},
        {"https://api.sendgrid.com/", "\"eu\""},
        {"https://api.eu.sendgrid.com", "\"global\""},
        {"https://api.sendgrid.com.example", NULL},
        {"https://api.sendgrid.com:8443", NULL},
        {NULL, NULL},
    };
    static const enum sso_kind kinds[] = {SSO_UNAUTHORIZED, SSO_FORBIDDEN};
    struct sso_settings_spec spec;
    struct sso_outcome o;
    char why[128];
    size_t i;

    memset(&spec, 0, sizeof(spec));
    memset(&o, 0, sizeof(o));
    spec.timeout_ms = spec.connect_timeout_ms = 1000;
    for (i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        const char *region = rows[i / 2].region;
        struct sso_settings *s = NULL;

        spec.base_url = rows[i / 2].base_url;
        if (spec.base_url != NULL) {
            s = sso_settings_new(&spec, why, sizeof(why));
            CHECK(s != NULL);
        }
        o.kind = kinds[i % 2];
        lua_settop(L, 0);
        CHECK(sso_server_error_push_hint(L, &o, s, &sso_operations[0]));
        CHECK(strstr(lua_tostring(L, -1), "API key") != NULL);
        if (region != NULL) {
            CHECK(strstr(lua_tostring(L, -1), region) != NULL);
        } else {
            CHECK(strstr(lua_tostring(L, -1), "region =") == NULL);
        }
        sso_settings_unref(s);
    }
}

/* ---- text ------------------------------------------------------------- */

#define SECRET "SECRET.of-the-specs"

static const struct text_row {
    const char *text;
    const char *clean;
} text_rows[] = {
    {"plain \xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80",
     "plain \xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"},
    /* not UTF-8: each byte alone */
    {"\x80|\xBF|\xFF|\xC1\x81", "?|?|?|??"},
    {"\xC3*", "?*"},
    {"\xC3", "?"},
    {"\xE2\x82", "??"},
    {"\xE2*\xAC", "?*?"},
    {"\xE2\xC2\xAC", "?\xC2\xAC"},
    {"\xE2\x82*", "??*"},
    {"\xE2\x82\xC3\xA4", "??\xC3\xA4"},
    {"\xE0\x9F\x80|\xED\xA0\x80", "???|???"},
    {"\xF0\x8F\x80\x80|\xF4\x90\x80\x80|\xF5\x80\x80\x80", "????|????|????"},
    {"\xF0\x9F\x98*|\xF0\x9F*\x80", "???*|??*?"},
    /* control characters, and what turns the direction of a line */
    {"a\tb\nc\x1B[31m\x7F", "a b c [31m "},
    {"\xC2\x80\xC2\x9F\xC2\xA0", "  \xC2\xA0"},
    {"\xE2\x80\x8D\xE2\x80\x8E\xE2\x80\x8F\xE2\x80\x90",
     "\xE2\x80\x8D  \xE2\x80\x90"},
    {"\xE2\x80\xA7\xE2\x80\xA8\xE2\x80\xAE\xE2\x80\xAF",
     "\xE2\x80\xA7  \xE2\x80\xAF"},
    {"\xE2\x81\xA5\xE2\x81\xA6\xE2\x81\xA9\xE2\x81\xAA",
     "\xE2\x81\xA5  \xE2\x81\xAA"},
    {"\xE2\x82\xA8\xE3\x80\x8E", "\xE2\x82\xA8\xE3\x80\x8E"},
    /* the secret, whole or its beginning, and keys of anybody */
    {SECRET, "[api key]"},
    {"<" SECRET ">", "<[api key]>"},
    {"SECRET.of- cut", "[api key] cut"},
    {"SECRET.of cut", "SECRET.of cut"},
    {"S", "S"},
    {"SG.0123456789", "[api key]"},
    {"SG.01_-.56789!", "[api key]!"},
    {"SG.012345678", "SG.012345678"},
    {"SG.", "SG."},
    {"SG/0123456789", "SG/0123456789"},
};

static void text_becomes_one_harmless_line(void)
{
    size_t i;

    for (i = 0; i < sizeof(text_rows) / sizeof(text_rows[0]); i++) {
        const struct text_row *row = &text_rows[i];

        lua_settop(L, 0);
        sso_text_push_clean(L, row->text, strlen(row->text), SECRET, 200);
        CHECK_TEXT(lua_tostring(L, -1), row->clean);
    }
}

static void a_short_secret_is_masked_whole(void)
{
    lua_settop(L, 0);
    sso_text_push_clean(L, "pin pi", 6, "pin", 60);
    CHECK_TEXT(lua_tostring(L, -1), "[api key] pi");
    sso_text_push_clean(L, "pin", 3, NULL, 60);
    CHECK_TEXT(lua_tostring(L, -1), "pin");
}

/* Longer than any buffer of Lua's, and cut where it was said to be. */
static void long_text_is_cut(void)
{
    static const char *const pieces[] = {"\xFF", "\n", "x"};
    static const char wanted[] = {'?', ' ', 'x'};
    const size_t len = 20000;
    char *text = malloc(len);
    size_t i;

    if (text == NULL) {
        exit(2);
    }
    for (i = 0; i < 3; i++) {
        size_t n;
        const char *clean;

        memset(text, pieces[i][0], len);
        lua_settop(L, 0);
        sso_text_push_clean(L, text, len, SECRET, len - 1);
        clean = lua_tolstring(L, -1, &n);
        CHECK(n == len + 2 && clean[0] == wanted[i]);
        CHECK(clean[len - 2] == wanted[i]);
        CHECK_TEXT(clean + len - 1, "...");
        sso_text_push_clean(L, text, len, NULL, len);
        clean = lua_tolstring(L, -1, &n);
        CHECK(n == len && clean[len - 1] == wanted[i]);
    }
    free(text);
}

static void the_nearest_name_is_near(void)
{
    static const char most[] =
        "a_name_of_forty_eight_characters_that_is_allowed";
    static const char more[] =
        "a_name_of_forty_nine_characters_which_is_too_long";
    static const struct {
        const char *word;
        const char *name;
        bool near;
    } rows[] = {
        {"timout", "timeout", true}, {"tmot", "timeout", false},
        {"ab", "si", false}, /* nothing of it is in there */
        {"s", "si", true},           {most, most, true},
        {more, most, false},         {most, more, false},
    };
    size_t i;

    CHECK(strlen(most) == 48 && strlen(more) == 49);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sso_nearest n;

        sso_nearest_init(&n, rows[i].word);
        sso_nearest_offer(&n, rows[i].name);
        if (!CHECK((n.best != NULL) == rows[i].near)) {
            printf("    %s, %s\n", rows[i].word, rows[i].name);
        }
    }
}

int main(void)
{
    L = luaL_newstate();
    if (L == NULL) {
        return 2;
    }
    luaL_openlibs(L);
    sso_json_open(L);
    sso_failure_open(L);
    sso_response_open(L);
    check_case("every HTTP version has a name", every_http_version_has_a_name);
    check_case("an answer without headers says its status",
               an_answer_without_headers_says_its_status);
    check_case("advice depends on the server", advice_depends_on_the_server);
    check_case("text becomes one harmless line",
               text_becomes_one_harmless_line);
    check_case("a short secret is masked whole",
               a_short_secret_is_masked_whole);
    check_case("long text is cut", long_text_is_cut);
    check_case("the nearest name is near", the_nearest_name_is_near);
    lua_close(L);
    return check_end();
}
