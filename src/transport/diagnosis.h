/*
 * diagnosis.h - why a transfer failed: libcurl's number and what was seen on
 * the way turned into a kind and a sentence.
 */
#ifndef SSO_TRANSPORT_DIAGNOSIS_H
#define SSO_TRANSPORT_DIAGNOSIS_H

#include "attempt.h"

#pragma GCC visibility push(hidden)

/*
 * o->phase, o->timings and o->status are read already.  Sets kind, message,
 * retryable and, for what libcurl words badly, phase.
 */
void sso_diagnosis_make(struct sso_outcome *o, const struct sso_attempt *a,
                        CURLcode code);

/* What OpenSSL's X509_V_ERR number means; NULL: none of the common ones. */
const char *sso_diagnosis_of_verify(long verify_result);

/*
 * Whether libcurl's words for a failed handshake tell of a connection that
 * broke, which may go better next time, and not of a refusal.
 */
bool sso_diagnosis_is_cut_handshake(const char *error);

#pragma GCC visibility pop

#endif
