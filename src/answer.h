/*
 * answer.h - an outcome + an operation → what the caller gets: value, error,
 * response.
 */
#ifndef SSO_ANSWER_H
#define SSO_ANSWER_H

#include "compat.h"
#include "operations.h"
#include "transport/sso_transport.h"

#pragma GCC visibility push(hidden)

/*
 * Pushes value, nil, response or nil, error, response (nil when nothing was
 * received).  asked: the path's last parameter, which the answer repeats.
 * settings: for the key that is masked and the server that hints speak of;
 * NULL: the call never got that far.  sent: index of the fields that were
 * sent, 0: none kept. [-0, +3]
 */
void sso_answer_push(lua_State *L, const struct sso_outcome *outcome,
                     const struct sso_operation *op, const char *asked,
                     const struct sso_settings *settings, int sent);

#pragma GCC visibility pop

#endif
