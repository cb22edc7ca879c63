/*
 * outcome.c - see outcome.h.  Names, messages, and how a transfer that ended
 * becomes an outcome; diagnosis.c knows why one failed.
 *
 * Messages: one line, lower case, no full stop; what was tried, what came,
 * what to do.  Nothing that was sent is ever quoted, so no key can be.
 */
#include "outcome.h"
#include "diagnosis.h"
#include "retry.h"
#include "transfer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- names ------------------------------------------------------------ */

const char *sso_kind_name(enum sso_kind kind)
{
    static const char *const names[SSO_KIND_COUNT] = {
        "ok",        "config",    "certificate",     "dns",
        "connect",   "tls",       "timeout",         "network",
        "protocol",  "response",  "invalid_request", "unauthorized",
        "forbidden", "not_found", "conflict",        "rate_limited",
        "server",    "http",      "cancelled",       "host",
        "saml",      "unsafe",    "memory",
    };

    return names[kind];
}

const char *sso_phase_name(enum sso_phase phase)
{
    static const char *const names[SSO_PHASE_COUNT] = {
        NULL,   "queue",      "dns",  "connect", "tls",
        "send", "first_byte", "body", "backoff",
    };

    return names[phase];
}

enum sso_kind sso_kind_of_status(long status)
{
    switch (status) {
    case 400:
    case 413:
    case 415:
    case 422:
        return SSO_INVALID_REQUEST;
    case 401:
        return SSO_UNAUTHORIZED;
    case 403:
        return SSO_FORBIDDEN;
    case 404:
        return SSO_NOT_FOUND;
    case 409:
        return SSO_CONFLICT;
    case 429:
        return SSO_RATE_LIMITED;
    default:
        if (status >= 200 && status <= 299) {
            return SSO_OK;
        }
        return status >= 500 && status <= 599 ? SSO_SERVER : SSO_HTTP;
    }
}

/* ---- messages --------------------------------------------------------- */

void sso_outcome_say(struct sso_outcome *o, const char *format, ...)
{
    va_list args;
    char *at;

    va_start(args, format);
    vsnprintf(o->message, sizeof(o->message), format, args);
    va_end(args);
    for (at = o->message; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            *at = ' ';
        }
    }
    while (at > o->message && (at[-1] == ' ' || at[-1] == '.')) {
        at--;
        *at = '\0';
    }
}

static const char *doing(enum sso_phase phase)
{
    static const char *const words[SSO_PHASE_COUNT] = {
        "before anything was done",
        "in the queue: max_in_flight other calls were under way",
        "looking up the address of",
        "connecting to",
        "in the TLS handshake with",
        "sending the request to",
        "waiting for the first byte of the answer from",
        "reading the answer of",
        "waiting to try again after a failure at",
    };

    return words[phase];
}

void sso_outcome_set(struct sso_outcome *o, enum sso_kind kind,
                     const char *message)
{
    o->kind = kind;
    o->retryable = sso_retry_may_help(kind, 0);
    sso_outcome_say(o, "%s", message);
}

void sso_outcome_set_timeout(struct sso_call *call, enum sso_phase phase)
{
    const struct sso_settings *s = call->settings;
    struct sso_outcome *o = &call->outcome;
    bool queued = phase == SSO_PHASE_QUEUE;

    o->kind = SSO_TIMEOUT;
    o->phase = phase;
    o->retryable = true;
    sso_outcome_say(o,
                    "no result within the timeout of %g s: it was still %s%s%s",
                    (double)s->timeout_us / 1e6, doing(phase),
                    queued ? "" : " ", queued ? "" : s->base.authority);
}

/* ---- transfers -------------------------------------------------------- */

void sso_outcome_read(struct sso_call *call, const struct sso_attempt *a,
                      CURLcode code)
{
    struct sso_outcome *o = &call->outcome;

    sso_transfer_observe(a, o);
    o->code = (long)code;
    if (a->stop == SSO_STOP_MEMORY || a->stop == SSO_STOP_DEAF) {
        sso_outcome_set(o, SSO_MEMORY, "no memory left for an answer");
        return;
    }
    /* A status that says no is the answer, however its body ended.  libcurl
     * takes headers that break off for headers that have ended. */
    if (a->answered && ((code == CURLE_OK && a->in_body) || o->status >= 300)) {
        o->kind = sso_kind_of_status(o->status);
        o->retryable = sso_retry_may_help(o->kind, o->status);
        return;
    }
    o->phase = sso_transfer_phase(a);
    sso_diagnosis_make(o, a, code);
}
