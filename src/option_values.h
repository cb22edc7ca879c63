/*
 * option_values.h - the types that options have, and the check of a value.
 */
#ifndef SSO_OPTION_VALUES_H
#define SSO_OPTION_VALUES_H

#include "compat.h"
#include "transport/sso_transport.h"

#pragma GCC visibility push(hidden)

/* Registry key of the table of known hosts' names; Lua fills it. */
#define SSO_HOSTS "sso.hosts"

enum sso_option_type {
    SSO_OPTION_STRING,
    SSO_OPTION_HEADER_VALUE, /* a string that becomes a header */
    SSO_OPTION_KEY,          /* a string, or a function that returns one */
    SSO_OPTION_REGION,
    SSO_OPTION_HTTP_VERSION,
    SSO_OPTION_URL,
    SSO_OPTION_SECONDS,  /* above 0 and finite */
    SSO_OPTION_COUNT,    /* whole, 0 or more */
    SSO_OPTION_POSITIVE, /* whole, 1 or more */
    SSO_OPTION_BOOLEAN,
    SSO_OPTION_HEADERS,
    SSO_OPTION_HOST,
    SSO_OPTION_FUNCTION,
    SSO_OPTION_TYPES
};

/* "a number of seconds above 0", … */
const char *sso_option_type_words(enum sso_option_type type);

/*
 * Checks the value on top and makes it what a client keeps; raises, as `who`,
 * when it does not fit. [-1, +1]
 */
void sso_option_check(lua_State *L, enum sso_option_type type, const char *name,
                      const char *who);

#pragma GCC visibility pop

#endif
