/*
 * wiped_test.c - where the API key is left in memory.  Lua, libcurl and
 * OpenSSL get allocators that wipe what they free, so that a copy of the key
 * that is still found, once all clients are collected, is one that the module
 * itself left behind: in a block that it freed, or on the stack.
 *
 * The keys stand in this program masked, each byte xor 0x55, and are unmasked
 * byte by byte where they are needed: the search finds neither its own
 * question nor how the keys got here.
 */
#include "check.h"
#include "server.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <lualib.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <unistd.h>

#define MASK  0x55
#define CHUNK 65536

int luaopen_sso_core(lua_State *L);

/* "SG.Zq8vKeyFromAFile.…" and "SG.Xw3mKeyByAFunction.…", 44 characters. */
static const unsigned char key_of_file[] = {
    0x06, 0x12, 0x7b, 0x0f, 0x24, 0x6d, 0x23, 0x1e, 0x30, 0x2c, 0x13,
    0x27, 0x3a, 0x38, 0x14, 0x13, 0x3c, 0x39, 0x30, 0x7b, 0x65, 0x64,
    0x67, 0x66, 0x61, 0x60, 0x63, 0x62, 0x6d, 0x6c, 0x34, 0x37, 0x36,
    0x31, 0x30, 0x33, 0x32, 0x3d, 0x3c, 0x3f, 0x3e, 0x39, 0x38, 0x3b};
static const unsigned char key_of_function[] = {
    0x06, 0x12, 0x7b, 0x0d, 0x22, 0x66, 0x38, 0x1e, 0x30, 0x2c, 0x17,
    0x2c, 0x14, 0x13, 0x20, 0x3b, 0x36, 0x21, 0x3c, 0x3a, 0x3b, 0x7b,
    0x6c, 0x6d, 0x62, 0x63, 0x60, 0x61, 0x66, 0x67, 0x64, 0x65, 0x2f,
    0x2c, 0x2d, 0x22, 0x23, 0x20, 0x21, 0x26, 0x27, 0x24, 0x25, 0x3a};

static struct server server;
static char key_file[] = "/tmp/sso-key-XXXXXX";

/* ---- memory that is never used again ------------------------------------- */

#ifndef __SANITIZE_ADDRESS__ /* which does so by itself, for a while */
/*
 * In place of the C library's, for it and for the module: what is freed keeps
 * what it held, as nothing is written over it.  Valgrind has an eye on blocks
 * and is told of each (but no longer sees what is in them).
 */
void free(void *block)
{
    static void (*next)(void *);
    const char *variant = getenv("SSO_VARIANT");
    void *found;

    if (variant == NULL || strcmp(variant, "valgrind") != 0)
        return;
    if (next == NULL) {
        found = dlsym(RTLD_NEXT, "free");
        memcpy(&next, &found, sizeof(found));
    }
    next(block);
}
#endif

/* ---- allocators that wipe ------------------------------------------------ */

/* Before each block its size; keeps the alignment of malloc. */
#define HEAD 16

static void *take(size_t size)
{
    char *block = malloc(size + HEAD);

    if (block == NULL)
        return NULL;
    memcpy(block, &size, sizeof(size));
    return block + HEAD;
}

static size_t size_of(const void *block)
{
    size_t size;

    memcpy(&size, (const char *)block - HEAD, sizeof(size));
    return size;
}

static void give(void *block)
{
    if (block == NULL)
        return;
    OPENSSL_cleanse(block, size_of(block));
    free((char *)block - HEAD);
}

static void *take_again(void *block, size_t size)
{
    void *made = take(size);

    if (made == NULL || block == NULL)
        return made;
    memcpy(made, block, size < size_of(block) ? size : size_of(block));
    give(block);
    return made;
}

static char *take_copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = take(size);

    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

static void *take_clean(size_t n, size_t size)
{
    void *block = take(n * size);

    return block != NULL ? memset(block, 0, n * size) : NULL;
}

static void *ssl_take(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return take(size);
}

static void *ssl_take_again(void *block, size_t size, const char *file,
                            int line)
{
    (void)file;
    (void)line;
    return take_again(block, size);
}

static void ssl_give(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    give(block);
}

static void *lua_take(void *user, void *block, size_t old_size, size_t size)
{
    (void)user;
    (void)old_size;
    if (size > 0)
        return take_again(block, size);
    give(block);
    return NULL;
}

/* ---- looking -------------------------------------------------------------- */

static unsigned char chunk[CHUNK];

static int count_in_chunk(size_t len, const unsigned char *masked, size_t n)
{
    size_t i, j;
    int found = 0;

    for (i = 0; i + n <= len; i++) {
        for (j = 0; j < n && (chunk[i + j] ^ MASK) == masked[j]; j++)
            continue;
        found += j == n;
    }
    return found;
}

static int count_between(int memory, size_t from, size_t to,
                         const unsigned char *masked, size_t n)
{
    int found = 0;

    while (from + n <= to) {
        size_t want = to - from < CHUNK ? to - from : CHUNK;
        ssize_t got = pread(memory, chunk, want, (off_t)from);
        if (got < (ssize_t)n)
            break; /* a guard page */
        found += count_in_chunk((size_t)got, masked, n);
        from += (size_t)got - n + 1;
    }
    return found;
}

/* In all memory that this process alone can write to (the server notes what it
 * got in memory that both have), but for the chunk; nor in a gigabyte, which
 * only a sanitizer has. */
static int count_of(const unsigned char *masked, size_t n)
{
    const size_t first = (size_t)chunk, last = first + CHUNK;
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY), found = 0;
    char line[512];

    while (CHECK(maps != NULL && memory >= 0) &&
           fgets(line, sizeof(line), maps) != NULL) {
        size_t from, to;
        char rights[8];
        if (sscanf(line, "%zx-%zx %7s", &from, &to, rights) != 3 ||
            strncmp(rights, "rw", 2) != 0 || rights[3] != 'p' ||
            to - from >= ((size_t)1 << 30))
            continue;
        found +=
            count_between(memory, from, to < first ? to : first, masked, n);
        found +=
            count_between(memory, from > last ? from : last, to, masked, n);
    }
    if (maps != NULL)
        fclose(maps);
    close(memory);
    memset(chunk, 0, sizeof(chunk));
    return found;
}

/* ---- a program with a key -------------------------------------------------- */

static bool answer(struct exchange *x)
{
    if (server_is_for(x, "/certificates/401"))
        return server_reply(x, "401 Unauthorized", "",
                            "{\"errors\":[{\"message\":\"no\"}]}");
    if (server_is_for(x, "/certificates/503") && x->number % 2 == 1)
        return server_reply(x, "503 Busy", "Retry-After: 0\r\n", "{}");
    if (server_is_for(x, "/certificates/9"))
        return server_hang(x);
    return server_reply(x, "200 OK", "", "{\"id\":7}");
}

static void write_key_file(void)
{
    int fd = mkstemp(key_file);
    size_t i;

    CHECK(fd >= 0);
    for (i = 0; i < sizeof(key_of_file); i++) {
        unsigned char byte = key_of_file[i] ^ MASK;
        CHECK(write(fd, &byte, 1) == 1);
    }
    close(fd);
}

/* key() → the second key */
static int lua_key(lua_State *L)
{
    char text[sizeof(key_of_function)];
    size_t i;

    for (i = 0; i < sizeof(text); i++)
        text[i] = (char)(key_of_function[i] ^ MASK);
    lua_pushlstring(L, text, sizeof(text));
    OPENSSL_cleanse(text, sizeof(text));
    return 1;
}

static const char program[] =
    "local sso, base_url, file, key = require 'sso', ...\n"
    "local function new(more)\n"
    "    local options = {base_url = base_url, proxy = '', max_retries = 1,\n"
    "        timeout = 20}\n"
    "    for name, value in pairs(more) do options[name] = value end\n"
    "    return assert(sso.new(options))\n"
    "end\n"
    "local function use(client)\n"
    "    assert(client:get_certificate(7))\n"
    "    assert(select(2, client:get_certificate(401)).status == 401)\n"
    "    assert(client:update_certificate(503, {enabled = true}) or true)\n"
    "    local _, err = client:get_certificate(503, {max_retries = 0})\n"
    "    assert(client:request {method = 'POST', path = '/v3/scopes',\n"
    "        body = {a = 1}})\n"
    "    local handle = client:get_certificate(9, function() end)\n"
    "    for _ = 1, 3 do client:step(0.01) end\n"
    "    handle:cancel()\n"
    "    client:get_certificate(7, {on_event = function() end},\n"
    "        function(value) assert(value) end)\n"
    "    client:run(20)\n"
    "    return tostring(client) .. tostring(err)\n"
    "end\n"
    "local one = new {api_key_file = file}\n"
    "use(one)\n"
    "local other = assert(one:with {api_key = key})\n"
    "use(other)\n"
    "local third = new {api_key = key}\n"
    "use(third)\n"
    "assert(third:get_certificate(7, {api_key = key()}))\n"
    "local fourth = assert(third:with {api_key_file = file})\n"
    "use(fourth)\n"
    "while_used(one, other, third, fourth)\n"
    "for _, client in ipairs {one, other, third, fourth} do\n"
    "    client:close()\n"
    "end\n";

static int while_used[2];

static int lua_while_used(lua_State *L)
{
    (void)L;
    while_used[0] = count_of(key_of_file, sizeof(key_of_file));
    while_used[1] = count_of(key_of_function, sizeof(key_of_function));
    return 0;
}

static void keys_are_gone_with_their_clients(void)
{
    lua_State *L = lua_newstate(lua_take, NULL);

    CHECK(count_of(key_of_file, sizeof(key_of_file)) == 0);
    if (!CHECK(L != NULL))
        return;
    luaL_openlibs(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_sso_core);
    lua_setfield(L, -2, "sso.core");
    lua_register(L, "while_used", lua_while_used);
    CHECK(luaL_dostring(L, "package.path = 'lua/?.lua;lua/?/init.lua;' .. "
                           "package.path") == LUA_OK);
    CHECK(luaL_loadstring(L, program) == LUA_OK);
    lua_pushstring(L, server.url);
    lua_pushstring(L, key_file);
    lua_pushcfunction(L, lua_key);
    if (!CHECK(lua_pcall(L, 3, 0, 0) == LUA_OK))
        printf("    %s\n", lua_tostring(L, -1));
    lua_settop(L, 0);
    lua_gc(L, LUA_GCCOLLECT);
    lua_gc(L, LUA_GCCOLLECT);
    /* the search finds what is there */
    CHECK(while_used[0] > 0 && while_used[1] > 0);
    CHECK(count_of(key_of_file, sizeof(key_of_file)) == 0);
    CHECK(count_of(key_of_function, sizeof(key_of_function)) == 0);
    lua_close(L);
}

int main(void)
{
    CHECK(CRYPTO_set_mem_functions(ssl_take, ssl_take_again, ssl_give) == 1);
    CHECK(curl_global_init_mem(CURL_GLOBAL_DEFAULT, take, give, take_again,
                               take_copy, take_clean) == CURLE_OK);
    write_key_file();
    server_start(&server, answer);
    check_case("a key is gone with its clients",
               keys_are_gone_with_their_clients);
    server_stop(&server);
    unlink(key_file);
    return check_end();
}
