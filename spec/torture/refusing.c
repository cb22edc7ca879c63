/*
 * refusing.c - see refusing.h.
 */
#include "refusing.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

const char *const refusing_names[SOURCE_COUNT] = {"lua", "module", "curl",
                                                  "openssl"};

/* libcurl's resolver has a thread of its own: counters are atomic. */
static long held[SOURCE_COUNT];
static int armed = -1; /* the source */
static long left;      /* allocations until the first refusal */
static int row;        /* how many are refused in a row; 0: every other */
static int refused;

long refusing_held(enum refusing_source source)
{
    return __atomic_load_n(&held[source], __ATOMIC_SEQ_CST);
}

void refusing_arm(enum refusing_source source, long k, int run)
{
    left = k;
    row = run;
    refused = 0;
    __atomic_store_n(&armed, (int)source, __ATOMIC_SEQ_CST);
}

void refusing_first_tries(enum refusing_source source)
{
    refusing_arm(source, 0, 0);
}

int refusing_disarm(void)
{
    __atomic_store_n(&armed, -1, __ATOMIC_SEQ_CST);
    return refused;
}

static bool is_refused(enum refusing_source source)
{
    long now;

    if (__atomic_load_n(&armed, __ATOMIC_SEQ_CST) != (int)source)
        return false;
    now = __atomic_sub_fetch(&left, 1, __ATOMIC_SEQ_CST);
    if (row == 0 ? now % 2 == 0 : now > 0 || now <= -row)
        return false;
    (void)__atomic_add_fetch(&refused, 1, __ATOMIC_SEQ_CST);
    return true;
}

static void count(enum refusing_source source, long n)
{
    (void)__atomic_add_fetch(&held[source], n, __ATOMIC_SEQ_CST);
}

/* The linker's names for the C library's own. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *block);

/* ---- Lua --------------------------------------------------------------- */

void *refusing_lua(void *user, void *block, size_t old_size, size_t new_size)
{
    void *made;

    (void)user;
    if (block == NULL)
        old_size = 0; /* then it says what kind of object it is for */
    if (new_size == 0) {
        count(FROM_LUA, -(long)old_size);
        __real_free(block);
        return NULL;
    }
    /* Lua relies on it that shrinking does not fail. */
    if (new_size > old_size && is_refused(FROM_LUA))
        return NULL;
    made = __real_realloc(block, new_size);
    if (made != NULL)
        count(FROM_LUA, (long)new_size - (long)old_size);
    return made;
}

/* ---- what looks like malloc -------------------------------------------- */

static void *take(enum refusing_source source, size_t size)
{
    void *block = is_refused(source) ? NULL : __real_malloc(size);

    count(source, block != NULL);
    return block;
}

static void *take_again(enum refusing_source source, void *block, size_t size)
{
    void *made = is_refused(source) ? NULL : __real_realloc(block, size);

    count(source, block == NULL && made != NULL);
    return made;
}

static void give(enum refusing_source source, void *block)
{
    count(source, -(long)(block != NULL));
    __real_free(block);
}

static void *take_clean(enum refusing_source source, size_t n, size_t size)
{
    void *block = is_refused(source) ? NULL : __real_calloc(n, size);

    count(source, block != NULL);
    return block;
}

static char *take_copy(enum refusing_source source, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = take(source, size);

    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

void *__wrap_malloc(size_t size)
{
    return take(FROM_MODULE, size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return take_clean(FROM_MODULE, n, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return take_again(FROM_MODULE, block, size);
}

char *__wrap_strdup(const char *text)
{
    return take_copy(FROM_MODULE, text);
}

void __wrap_free(void *block)
{
    give(FROM_MODULE, block);
}

static void *curl_take(size_t size)
{
    return take(FROM_CURL, size);
}

static void curl_give(void *block)
{
    give(FROM_CURL, block);
}

static void *curl_take_again(void *block, size_t size)
{
    return take_again(FROM_CURL, block, size);
}

static char *curl_take_copy(const char *text)
{
    return take_copy(FROM_CURL, text);
}

static void *curl_take_clean(size_t n, size_t size)
{
    return take_clean(FROM_CURL, n, size);
}

static void *ssl_take(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return take(FROM_OPENSSL, size);
}

static void *ssl_take_again(void *block, size_t size, const char *file,
                            int line)
{
    (void)file;
    (void)line;
    return take_again(FROM_OPENSSL, block, size);
}

static void ssl_give(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    give(FROM_OPENSSL, block);
}

bool refusing_install(void)
{
    return CRYPTO_set_mem_functions(ssl_take, ssl_take_again, ssl_give) == 1 &&
           curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_take, curl_give,
                                curl_take_again, curl_take_copy,
                                curl_take_clean) == CURLE_OK;
}
