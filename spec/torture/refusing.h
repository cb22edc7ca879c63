/*
 * refusing.h - four sources of memory that can be told to refuse: Lua's
 * allocator, the module's own, libcurl's, OpenSSL's.
 *
 * The module's are its calls of malloc and its kin, which the linker leads
 * here (--wrap); the others are told by their own hooks.  What is held is
 * counted by source, so that a leak has an owner.
 */
#ifndef SSO_TORTURE_REFUSING_H
#define SSO_TORTURE_REFUSING_H

#include <stdbool.h>
#include <stddef.h>

enum refusing_source {
    FROM_LUA = 0,
    FROM_MODULE,
    FROM_CURL,
    FROM_OPENSSL,
    SOURCE_COUNT
};

extern const char *const refusing_names[SOURCE_COUNT];

/* To be called before anything of OpenSSL or libcurl is.  False: too late. */
bool refusing_install(void);

/* A lua_Alloc. */
void *refusing_lua(void *user, void *block, size_t old_size, size_t new_size);

/*
 * From now on the k-th allocation of a source is refused, and `run` in a row:
 * Lua collects and asks a second time before it gives up.
 */
void refusing_arm(enum refusing_source source, long k, int run);

/*
 * From now on every other allocation of a source is refused: Lua makes each
 * in an emergency collection.
 */
void refusing_first_tries(enum refusing_source source);

/* No more of it.  How many were refused since refusing_arm. */
int refusing_disarm(void);

/* Blocks held (FROM_LUA: bytes). */
long refusing_held(enum refusing_source source);

#endif
