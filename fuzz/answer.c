/*
 * answer.c - any answer to any operation: a value or an error, never both or
 * neither, and nothing said about it holds the key or a control character.
 *
 * Input: three bytes (operation, status, flags), a header block that ends in
 * an empty line, and the body.
 */
#include "fuzz.h"
#include "lua_state.h"

#include "../src/answer.h"
#include "../src/operations.h"
#include "../src/text.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define KEY "SG.fuzzed-key.that-nobody-may-see"

static lua_State *L;
static struct sso_settings *settings;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct sso_settings_spec spec;
    char why[256];

    (void)argc;
    (void)argv;
    L = fuzz_lua_state();
    lua_getglobal(L, "require");
    lua_pushliteral(L, "sso");
    fuzz_lua_call(L, 1, 1);
    lua_settop(L, 0);
    memset(&spec, 0, sizeof(spec));
    spec.base_url = "https://api.sendgrid.com";
    spec.api_key = KEY;
    spec.user_agent = "fuzz";
    spec.proxy = "";
    spec.timeout_ms = spec.connect_timeout_ms = 1000;
    settings = sso_settings_new(&spec, why, sizeof(why));
    if (settings == NULL)
        exit(1);
    return 0;
}

/* The text on top is fit for a terminal and holds no key. [-1, +0] */
static void check_text(void)
{
    size_t len;
    const char *text = luaL_tolstring(L, -1, &len);

    FUZZ_CHECK(strlen(text) == len && fuzz_is_sentence(text));
    FUZZ_CHECK(sso_text_is_utf8(text, len));
    FUZZ_CHECK(strstr(text, KEY) == NULL && len < 4096);
    FUZZ_PLANTED(strstr(text, "[api key]") != NULL &&
                 strstr(text, "and 2 more") != NULL);
    lua_pop(L, 2);
}

/* Of an error's `errors`, at the top. [-1, +0] */
static void check_list(void)
{
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        FUZZ_CHECK(lua_istable(L, -1));
        lua_pushnil(L);
        while (lua_next(L, -2)) {
            FUZZ_CHECK(lua_type(L, -1) == LUA_TSTRING);
            if (lua_rawlen(L, -1) > 0)
                check_text();
            else
                lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void check_error(int error)
{
    FUZZ_CHECK(lua_istable(L, error));
    lua_pushvalue(L, error);
    check_text();
    lua_getfield(L, error, "kind");
    FUZZ_CHECK(lua_type(L, -1) == LUA_TSTRING);
    lua_pop(L, 1);
    if (lua_getfield(L, error, "hint") != LUA_TNIL)
        check_text();
    else
        lua_pop(L, 1);
    if (lua_getfield(L, error, "errors") != LUA_TNIL)
        check_list();
    else
        lua_pop(L, 1);
}

/* What a program may look at in the response. */
static void read_response(int response)
{
    static const char *const names[] = {"headers", "rate_limit", "request_id",
                                        "body",    "timings",    "warnings"};
    size_t i;

    FUZZ_CHECK(lua_istable(L, response));
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        lua_getfield(L, response, names[i]);
        lua_pop(L, 1);
    }
}

/* The answer as the transport would hand it over. */
static void receive(struct sso_outcome *o, const uint8_t *data, size_t size)
{
    static const long statuses[] = {200, 201, 204, 400, 401, 403, 404,
                                    409, 429, 500, 503, 302, 299, 418};
    const char *text = (const char *)data + 3;
    const char *end = memmem(text, size - 3, "\r\n\r\n", 4);
    size_t head = end != NULL ? (size_t)(end - text) + 4 : 0;

    memset(o, 0, sizeof(*o));
    o->status = statuses[data[1] % (sizeof(statuses) / sizeof(statuses[0]))];
    o->kind = sso_kind_of_status(o->status);
    o->attempts = 1;
    o->retry_after = data[2] & 1 ? 3 : -1;
    o->writes = (data[2] & 2) != 0;
    o->date_skew = data[2] & 4 ? 86400 : 0;
    o->already_gone = o->kind == SSO_OK && (data[2] & 8) != 0;
    sso_buffer_init(&o->headers, 0);
    sso_buffer_init(&o->body, 0);
    FUZZ_CHECK(sso_buffer_append(&o->headers, text, head) == SSO_OK);
    FUZZ_CHECK(sso_buffer_append(&o->body, text + head, size - 3 - head) ==
               SSO_OK);
}

struct ask {
    struct sso_outcome outcome;
    const struct sso_operation *op;
};

static int push_answer(lua_State *state)
{
    struct ask *ask = lua_touserdata(state, 1);

    lua_settop(state, 0);
    sso_answer_push(state, &ask->outcome, ask->op, "66138975", settings, 0);
    return 3;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned turns;
    struct ask ask;
    size_t number;

    if (size < 3)
        return 0;
    number = data[0] % (sso_operation_count + 1);
    ask.op = number == 0 ? &sso_operation_request : &sso_operations[number - 1];
    receive(&ask.outcome, data, size);
    lua_pushcfunction(L, push_answer);
    lua_pushlightuserdata(L, &ask);
    fuzz_lua_call(L, 1, 3); /* value, error, response */
    /* JSON's `false` and `null` are values too, for the way out to the rest */
    FUZZ_CHECK(lua_isnil(L, 1) || lua_isnil(L, 2));
    FUZZ_CHECK(!lua_isnil(L, 1) || !lua_isnil(L, 2) || number == 0);
    FUZZ_CHECK(ask.outcome.kind == SSO_OK || !lua_isnil(L, 2));
    if (!lua_isnil(L, 2))
        check_error(2);
    read_response(3);
    lua_settop(L, 0);
    sso_buffer_free(&ask.outcome.headers);
    sso_buffer_free(&ask.outcome.body);
    if (++turns % 256 == 0)
        lua_gc(L, LUA_GCCOLLECT);
    return 0;
}
