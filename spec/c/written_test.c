/*
 * written_test.c - what goes out as path and body, byte for byte; and that a
 * writer whose buffer is full, at any byte, says so and writes no further.
 *
 * Tables are made by Lua, whose floor is linked in; no call is made.
 */
#include "../../src/json.h"
#include "../../src/raw_request.h"
#include "../../src/request.h"
#include "check.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>

static lua_State *L;

/* The arguments of a call from index 1 on; what they are, raises or not. */
static void arguments(const char *lua)
{
    char code[1024];

    lua_settop(L, 0);
    snprintf(code, sizeof(code), "return %s", lua);
    if (luaL_loadstring(L, code) != LUA_OK ||
        lua_pcall(L, 0, LUA_MULTRET, 0) != LUA_OK) {
        printf("written_test: %s\n", lua_tostring(L, -1));
        exit(2);
    }
}

static const struct sso_operation *operation(const char *name)
{
    size_t i;

    for (i = 0; i < sso_operation_count; i++) {
        if (strcmp(sso_operations[i].name, name) == 0) {
            return &sso_operations[i];
        }
    }
    printf("written_test: no operation %s\n", name);
    exit(2);
}

/* ---- rows ------------------------------------------------------------- */

/* NULL for the operation: client:request. */
static const struct row {
    const char *operation;
    const char *arguments;
    const char *path;
    const char *body; /* NULL: none */
} rows[] = {
    {"get_certificate", "66138975", "/v3/sso/certificates/66138975", NULL},
    {"get_certificate", "'a/\xC3\xA9 b'", "/v3/sso/certificates/a%2F%C3%A9%20b",
     NULL},
    {"list_teammates", "{limit=3, offset=20}",
     "/v3/teammates?limit=3&offset=20", NULL},
    {"list_subuser_access", "'sue', {username='a&b', limit=1}",
     "/v3/teammates/sue/subuser_access?limit=1&username=a%26b", NULL},
    {"get_integration", "'i', {si=true}", "/v3/sso/integrations/i?si=true",
     NULL},
    {"update_integration",
     "'i', {si=false, name='n', enabled=true, signin_url='s', "
     "signout_url='t', entity_id='e'}",
     "/v3/sso/integrations/i?si=false",
     "{\"name\":\"n\",\"enabled\":true,\"signin_url\":\"s\","
     "\"signout_url\":\"t\",\"entity_id\":\"e\"}"},
    {"update_certificate", "5, {enabled=false, intergration_id='x'}",
     "/v3/sso/certificates/5", "{\"enabled\":false,\"integration_id\":\"x\"}"},
    {"create_sso_teammate",
     "{email='e@x', first_name='F', last_name='L\\n', "
     "has_restricted_subuser_access=true, subuser_access={"
     "{id=9007199254740993, permission_type='admin'}, "
     "{id='12', permission_type='restricted', scopes={'a', 'b'}}}}",
     "/v3/sso/teammates",
     "{\"email\":\"e@x\",\"first_name\":\"F\",\"last_name\":\"L\\n\","
     "\"has_restricted_subuser_access\":true,\"subuser_access\":["
     "{\"id\":9007199254740993,\"permission_type\":\"admin\"},"
     "{\"id\":12,\"permission_type\":\"restricted\","
     "\"scopes\":[\"a\",\"b\"]}]}"},
    {"update_sso_teammate", "'sue', {scopes={}}", "/v3/sso/teammates/sue",
     "{\"scopes\":[]}"},
    {NULL, "{path='/v3/scopes'}", "/v3/scopes", NULL},
    {NULL, "{path='/v3/a', query={b='c d'}}", "/v3/a?b=c%20d", NULL},
    {NULL, "{path='/v3/a', query={n=-0.0}}", "/v3/a?n=0", NULL},
    {NULL, "{path='/v3/a', query={n=0.1}}", "/v3/a?n=0.1", NULL},
    {NULL, "{path='/v3/a', query={n=1/3}}", "/v3/a?n=0.3333333333333333", NULL},
    {NULL, "{path='/v3/a', query={n=2^60}}", "/v3/a?n=1.152921504606847e%2B18",
     NULL},
    {NULL, "{path='/v3/a', query={b=true}}", "/v3/a?b=true", NULL},
    {NULL, "{path='/v3/a', query={b=false}}", "/v3/a?b=false", NULL},
    {NULL, "{path='/v3/a', body='{}'}", "/v3/a", "{}"},
    {NULL, "{path='/v3/a', body={}}", "/v3/a", "{}"},
    {NULL, "{path='/v3/a', body={a={1, 'x', {b=2.5}, 12345678901234567}}}",
     "/v3/a", "{\"a\":[1,\"x\",{\"b\":2.5},12345678901234567]}"},
    {NULL, "{path='/v3/a', body={{true, false}, {}}}", "/v3/a",
     "[[true,false],{}]"},
};

/* Path and body of a row into buffers; the arguments are on the stack. */
static enum sso_kind write_row(const struct row *row, struct sso_buffer *path,
                               struct sso_buffer *body)
{
    const struct sso_operation *op = &sso_operation_request;
    struct sso_request request;
    struct sso_arguments args;
    enum sso_kind kind;
    int top = lua_gettop(L);

    memset(&request, 0, sizeof(request));
    memset(&args, 0, sizeof(args));
    if (row->operation == NULL) {
        sso_raw_request_check(L, 1);
        kind = sso_raw_request_write(L, 1, path, body, &request);
    } else {
        op = operation(row->operation);
        sso_request_check(L, op, 1, &args);
        kind = sso_request_path(L, op, &args, path);
        if (kind == SSO_OK) {
            kind = sso_fields_write_body(L, op, args.fields, args.certificate,
                                         body);
        }
    }
    lua_settop(L, top);
    return kind;
}

static bool is(const struct sso_buffer *b, const char *text)
{
    return strcmp(b->data != NULL ? b->data : "", text) == 0;
}

static void every_byte_is_as_expected(void)
{
    struct sso_buffer path, body;
    size_t i;

    sso_buffer_init(&path, 0);
    sso_buffer_init(&body, 0);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];

        arguments(row->arguments);
        CHECK(write_row(row, &path, &body) == SSO_OK);
        CHECK_TEXT(path.data, row->path);
        CHECK_TEXT(body.data != NULL ? body.data : "",
                   row->body != NULL ? row->body : "");
    }
    sso_buffer_free(&path);
    sso_buffer_free(&body);
}

/* ---- no room ---------------------------------------------------------- */

/* What is there begins like the whole and stays below the limit. */
static bool is_part(const struct sso_buffer *b, const char *whole)
{
    return b->len <= b->limit && b->len <= strlen(whole) &&
           memcmp(b->data != NULL ? b->data : "", whole, b->len) == 0;
}

/* One row with limits of path and body; 0 is none at all here. */
static bool write_within(const struct row *row, size_t of_path, size_t of_body)
{
    const char *whole = row->body != NULL ? row->body : "";
    struct sso_buffer path, body;
    enum sso_kind kind;
    bool held;

    sso_buffer_init(&path, 0);
    sso_buffer_init(&body, 0);
    path.limit = of_path;
    body.limit = of_body;
    arguments(row->arguments);
    kind = write_row(row, &path, &body);
    if (kind == SSO_OK) {
        held = is(&path, row->path) && is(&body, whole);
    } else {
        held = of_path < strlen(row->path) || of_body < 6 * strlen(whole);
    }
    held = held && is_part(&path, row->path) && is_part(&body, whole);
    sso_buffer_free(&path);
    sso_buffer_free(&body);
    return CHECK(held) && kind == SSO_OK;
}

static void a_full_buffer_is_noticed_at_every_byte(void)
{
    size_t i, limit;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        size_t path_len = strlen(row->path);
        size_t body_len = row->body != NULL ? strlen(row->body) : 0;

        for (limit = 0; limit <= path_len; limit++) {
            CHECK(write_within(row, limit, 4096) == (limit == path_len));
        }
        for (limit = 0; limit < body_len; limit++) {
            CHECK(!write_within(row, 4096, limit));
        }
    }
}

/* A text goes in pieces: each of them may find no room. */
static void a_long_text_finds_no_room(void)
{
    struct sso_buffer out;
    size_t len = 50000, limit, failed = 0;
    char *text = malloc(len);

    if (text == NULL) {
        exit(2);
    }
    memset(text, 'x', len);
    text[len - 1] = '"';
    for (limit = 0; limit < 8 * len; limit += 997) {
        enum sso_kind kind;

        sso_buffer_init(&out, 0);
        out.limit = limit;
        kind = sso_json_append_string(&out, text, len);
        CHECK(out.len <= limit);
        if (kind == SSO_OK) {
            CHECK(out.len == len + 3);
            CHECK(strcmp(out.data + out.len - 3, "\\\"\"") == 0);
        } else {
            failed++;
        }
        sso_buffer_free(&out);
    }
    CHECK(failed >= len / 997 && failed < 8 * len / 997);
    free(text);
}

int main(void)
{
    L = luaL_newstate();
    if (L == NULL) {
        return 2;
    }
    luaL_openlibs(L);
    lua_settop(L, 0);
    sso_json_open(L);
    check_case("every byte is as expected", every_byte_is_as_expected);
    check_case("a full buffer is noticed at every byte",
               a_full_buffer_is_noticed_at_every_byte);
    check_case("a long text finds no room", a_long_text_finds_no_room);
    lua_close(L);
    return check_end();
}
