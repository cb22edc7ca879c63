/*
 * warnings.h - what a successful answer says against expectation: a value
 * that was sent and dropped without a word, a new thing without an id.
 */
#ifndef SSO_WARNINGS_H
#define SSO_WARNINGS_H

#include "compat.h"
#include "operations.h"

#pragma GCC visibility push(hidden)

/* Whether the operation's answers can be compared with what was sent. */
bool sso_warnings_compare(const struct sso_operation *op);

/*
 * Pushes an array of sentences, or nil when there is nothing to say.  sent:
 * index of the fields that were sent, 0: none kept. [-0, +1]
 */
void sso_warnings_push(lua_State *L, const struct sso_operation *op, int sent,
                       int value);

#pragma GCC visibility pop

#endif
