/*
 * outcome.h - what came of a call: libcurl's number or an HTTP status turned
 * into a kind, with a message for people.
 */
#ifndef SSO_TRANSPORT_OUTCOME_H
#define SSO_TRANSPORT_OUTCOME_H

#include "attempt.h"

#pragma GCC visibility push(hidden)

/* Writes the message: one clean line, cut to its room. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void sso_outcome_say(struct sso_outcome *o, const char *format, ...);

/* Reads a transfer that has ended into the call's outcome. */
void sso_outcome_read(struct sso_call *call, const struct sso_attempt *a,
                      CURLcode code);

/* A failure that no transfer explains: cancelled, refused, no memory. */
void sso_outcome_set(struct sso_outcome *o, enum sso_kind kind,
                     const char *message);

/* The deadline passed in this phase. */
void sso_outcome_set_timeout(struct sso_call *call, enum sso_phase phase);

#pragma GCC visibility pop

#endif
