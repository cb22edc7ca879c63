/*
 * options.h - the options as data, and the checks that make a table of a
 * client's own of what a program passes.
 */
#ifndef SSO_OPTIONS_H
#define SSO_OPTIONS_H

#include "compat.h"

#pragma GCC visibility push(hidden)

/* Where an option may stand. */
enum sso_option_scope {
    SSO_SCOPE_NEW = 1,  /* sso.new */
    SSO_SCOPE_WITH = 2, /* client:with */
    SSO_SCOPE_CALL = 4  /* a call's options table */
};

/* Whether a name is an option's; for messages about misplaced ones. */
bool sso_options_has(const char *name);

/* The server of a region; NULL: there is no such region. */
const char *sso_options_region_url(const char *name);

/*
 * Pushes a new table: the checked options at index raw (nil: none) over the
 * ones at index base (0: none).  Raises, as `who`, on unknown or ill-typed
 * options. [-0, +1]
 */
void sso_options_merge(lua_State *L, int base, int raw,
                       enum sso_option_scope scope, const char *who);

/* Pushes the rows for documentation. [-0, +1] */
void sso_options_push(lua_State *L);

#pragma GCC visibility pop

#endif
