/*
 * memory.h - where the transport's memory comes from: one place to look, and
 * one place for a test program to make allocations fail.
 *
 * Built with SSO_MEMORY_HOOKS the four functions are the test's own.
 */
#ifndef SSO_TRANSPORT_MEMORY_H
#define SSO_TRANSPORT_MEMORY_H

#include <stdlib.h>
#include <string.h>

#pragma GCC visibility push(hidden)

#ifdef SSO_MEMORY_HOOKS
void *sso_malloc(size_t size);
void *sso_calloc(size_t count, size_t size);
void *sso_realloc(void *block, size_t size);
void sso_free(void *block);
#else
# define sso_malloc  malloc
# define sso_calloc  calloc
# define sso_realloc realloc
# define sso_free    free
#endif

#pragma GCC visibility pop

#endif
