/*
 * failure.h - the two classes of errors: a programming mistake is raised at
 * the caller's position, what data, environment or network cause is a value.
 */
#ifndef SSO_FAILURE_H
#define SSO_FAILURE_H

#include "compat.h"
#include "transport/sso_transport.h"

#pragma GCC visibility push(hidden)

#define SSO_ERROR "sso.error"

/* Makes the metatable of error values. [-0, +0] */
void sso_failure_open(lua_State *L);

/*
 * Pushes an error value with kind, message, retryable and maybe_applied set;
 * other fields are the caller's to add. [-0, +1]
 */
void sso_failure_push(lua_State *L, enum sso_kind kind, const char *message);

/* The kind with this name; SSO_HTTP for a name that is none. */
enum sso_kind sso_failure_kind(const char *name);

/*
 * Raises a string that begins with the position of whoever called the Lua
 * wrapper that called this C function.  Formats as lua_pushfstring does.
 */
int sso_raise(lua_State *L, const char *format, ...) __attribute__((noreturn));

#pragma GCC visibility pop

#endif
