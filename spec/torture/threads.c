/*
 * threads.c - many Lua states, each in a thread of its own, all using the
 * module at once: loading it, making calls in both forms, reading
 * certificates, closing.  Built with ThreadSanitizer by make test-tsan.
 *
 *   threads COUNT ROUNDS CERTIFICATE-FILE
 *
 * SSO_PLANTED in the environment: calls are counted without a lock, which
 * ThreadSanitizer has to report.
 */
#include "../c/server.h"

#include <lauxlib.h>
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 64

int luaopen_sso_core(lua_State *L);

static struct server server;
static const char *certificate_file;
static long rounds;
static int failures;
static long counted; /* calls, of all states */
static bool planted;

static bool answer(struct exchange *x)
{
    return server_reply(x, "200 OK", "X-RateLimit-Limit: 600\r\n",
                        "{\"id\":66138975,\"name\":null}");
}

static __attribute__((noinline)) void planted_race(long n)
{
    counted += n;
}

/* count(n): so many calls more */
static int lua_count(lua_State *L)
{
    long n = (long)luaL_checkinteger(L, 1);

    if (planted)
        planted_race(n);
    else
        __atomic_add_fetch(&counted, n, __ATOMIC_SEQ_CST);
    return 0;
}

/* A round: a client that comes and goes, four calls in flight, one waited
 * for, a certificate read. */
static const char round_of_calls[] =
    "local base_url, pem = ...\n"
    "local sso = require 'sso'\n"
    "local client = assert(sso.new {api_key = 'SG.k', base_url = base_url,\n"
    "    max_retries = 0, proxy = '', timeout = 60})\n"
    "local called = 0\n"
    "for i = 1, 4 do\n"
    "    client:get_certificate(66138975, function(value, err)\n"
    "        called = called + (value and 1 or error(tostring(err)))\n"
    "    end)\n"
    "end\n"
    "local value = assert(client:update_certificate(66138975,\n"
    "    {public_certificate = pem, enabled = true}))\n"
    "assert(client:run(60) == 0 and called == 4)\n"
    "local _, err = client:get_certificate(1)\n"
    "assert(err.kind == 'response' and tostring(err) ~= '')\n"
    "assert(#sso.certificate.parse(pem) == 1)\n"
    "assert(sso.version().libcurl)\n"
    "client:close()\n"
    "count(called + 2)\n";

static void complain(lua_State *L)
{
    printf("FAILED %s\n", luaL_tolstring(L, -1, NULL));
    __atomic_add_fetch(&failures, 1, __ATOMIC_SEQ_CST);
}

static bool push_file(lua_State *L, const char *name)
{
    char text[8192];
    FILE *f = fopen(name, "rb");
    size_t n = f != NULL ? fread(text, 1, sizeof(text), f) : 0;

    if (f != NULL)
        fclose(f);
    lua_pushlstring(L, text, n);
    return n > 0;
}

static void *live(void *unused)
{
    lua_State *L = luaL_newstate();
    long i;

    (void)unused;
    if (L == NULL)
        return NULL;
    luaL_openlibs(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_sso_core);
    lua_setfield(L, -2, "sso.core");
    lua_register(L, "count", lua_count);
    for (i = 0; i < rounds; i++) {
        lua_settop(L, 0);
        if (luaL_loadstring(L, round_of_calls) != LUA_OK) {
            complain(L);
            break;
        }
        lua_pushstring(L, server.url);
        if (!push_file(L, certificate_file) ||
            lua_pcall(L, 2, 0, 0) != LUA_OK) {
            complain(L);
            break;
        }
    }
    lua_close(L);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[MOST];
    int count = argc == 4 ? atoi(argv[1]) : 0, i;

    rounds = argc == 4 ? atol(argv[2]) : 0;
    if (count < 1 || count > MOST || rounds < 1) {
        fprintf(stderr, "usage: threads COUNT ROUNDS CERTIFICATE-FILE\n");
        return 2;
    }
    certificate_file = argv[3];
    planted = getenv("SSO_PLANTED") != NULL;
    server_start(&server, answer);
    for (i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, live, NULL) != 0)
            return 2;
    for (i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    if (!planted && counted != count * rounds * 6)
        failures++;
    printf("%d states in %d threads, %ld calls: %s\n", count, count, counted,
           failures == 0 ? "ok" : "FAILED");
    printf("%d passed, %d failed\n", failures == 0, failures);
    server_stop(&server);
    return failures == 0 ? 0 : 1;
}
