/*
 * diagnosis.c - see diagnosis.h.
 *
 * Three questions in this order: did one of our callbacks stop it, does
 * libcurl's number say it all (a table), and, for the numbers that mean
 * "the connection failed", had the request been sent yet.
 */
#include "diagnosis.h"
#include "memory.h"
#include "outcome.h"
#include "pollset.h"
#include "retry.h"
#include "transfer.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *host_of(const struct sso_attempt *a)
{
    return a->call->settings->base.authority;
}

/* Words of the system or of libcurl as they stand inside a sentence. */
static void soften(char *text)
{
    if (text[0] != '\0' && !isupper((unsigned char)text[1])) {
        text[0] = (char)tolower((unsigned char)text[0]);
    }
}

/* ---- codes that mean one thing whenever they come ---------------------- */

static const struct row {
    CURLcode code;
    enum sso_kind kind;
    const char *before; /* before the host, and after it */
    const char *after;
} rows[] = {
    {CURLE_COULDNT_RESOLVE_PROXY, SSO_DNS,
     "no address found for the proxy on the way to ", ""},
    {CURLE_COULDNT_RESOLVE_HOST, SSO_DNS, "no address found for ", ""},
    {CURLE_SSL_CACERT_BADFILE, SSO_CONFIG, "no connection to ",
     ": the file or directory of trusted CAs cannot be used"},
    {CURLE_SSL_CERTPROBLEM, SSO_CONFIG, "no connection to ",
     ": client_cert or client_key cannot be used"},
    {CURLE_SSL_CRL_BADFILE, SSO_CONFIG, "no connection to ",
     ": a list of revoked certificates cannot be read"},
    {CURLE_URL_MALFORMAT, SSO_CONFIG, "no call to ",
     ": the URL cannot be read, look at base_url and the path"},
    {CURLE_NOT_BUILT_IN, SSO_CONFIG, "no connection to ",
     ": libcurl was built without what this takes"},
    {CURLE_WEIRD_SERVER_REPLY, SSO_PROTOCOL, "what ",
     " sent back is not HTTP: is this the right host and port"},
    {CURLE_BAD_CONTENT_ENCODING, SSO_RESPONSE, "the answer of ",
     " is compressed in a way that cannot be read"},
    {CURLE_OUT_OF_MEMORY, SSO_MEMORY, "no memory left for a call to ", ""},
};

static bool read_by_table(struct sso_outcome *o, const struct sso_attempt *a,
                          CURLcode code)
{
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].code == code) {
            o->kind = rows[i].kind;
            sso_outcome_say(o, "%s%s%s", rows[i].before, host_of(a),
                            rows[i].after);
            return true;
        }
    }
    return false;
}

/* ---- transfers that a callback of ours stopped ------------------------- */

static void say_big(struct sso_outcome *o, const struct sso_attempt *a)
{
    o->kind = SSO_RESPONSE;
    sso_outcome_say(o, "the answer of %s is larger than %lu MiB", host_of(a),
                    (unsigned long)(o->body.limit >> 20));
}

static bool read_stop(struct sso_outcome *o, const struct sso_attempt *a,
                      CURLcode code)
{
    if (code == CURLE_FILESIZE_EXCEEDED) { /* no number holds its length */
        say_big(o, a);
        return true;
    }
    switch (a->stop) {
    case SSO_STOP_REPLAY:
        o->kind = SSO_NETWORK;
        o->phase = SSO_PHASE_FIRST_BYTE;
        o->timings.reused = true;
        sso_outcome_say(o,
                        "%s closed a kept-alive connection instead of "
                        "answering",
                        host_of(a));
        return true;
    case SSO_STOP_BIG_BODY:
        say_big(o, a);
        return true;
    case SSO_STOP_BIG_HEADERS:
        o->kind = SSO_RESPONSE;
        sso_outcome_say(o, "the headers of %s's answer are larger than 64 KiB",
                        host_of(a));
        return true;
    case SSO_STOP_NOT_HTTP:
        o->kind = SSO_PROTOCOL;
        sso_outcome_say(o, "%s did not answer in HTTP/1.0 or 1.1", host_of(a));
        return true;
    case SSO_STOP_UNWATCHED:
        o->kind = SSO_CONNECT;
        if (sso_transfer_was_sent(a)) {
            o->kind = SSO_NETWORK;
        } else if (o->phase == SSO_PHASE_SEND) {
            o->phase = SSO_PHASE_CONNECT; /* TCP was there at once */
        }
        sso_outcome_say(o, "no connection to %s: %s", host_of(a),
                        sso_pollset_reason(a->socket_error));
        return true;
    default:
        return false;
    }
}

/* ---- TLS --------------------------------------------------------------- */

const char *sso_diagnosis_of_verify(long verify_result)
{
    /* Numbers of openssl/x509_vfy.h, unchanged since 1.1.0. */
    static const struct {
        long number;
        const char *words;
    } reasons[] = {
        {2, "unknown issuer: the CA is not among those trusted here"},
        {9, "not yet valid: is this machine's clock right"},
        {10, "expired"},
        {18, "self-signed: name it in ca_file if it is meant to be trusted"},
        {19, "unknown issuer: a self-signed CA that is not trusted here, "
             "name it in ca_file if it should be"},
        {20, "unknown issuer: the CA is not among those trusted here, or "
             "the server leaves out an intermediate certificate"},
        {21, "unknown issuer: the server sent only its own certificate"},
        {23, "revoked"},
        {24, "its issuer is no CA"},
        {26, "not meant for a server (unsuitable purpose)"},
        {62, "wrong host: it was issued for another name"},
        {64, "wrong host: it was issued for another address"},
        {66, "its key is too weak"},
        {67, "a CA's key is too weak"},
        {68, "signed with a hash that is too weak"},
    };
    size_t i;

    for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].number == verify_result) {
            return reasons[i].words;
        }
    }
    return NULL;
}

bool sso_diagnosis_is_cut_handshake(const char *error)
{
    if (strstr(error, "unexpected eof") != NULL) {
        return true;
    }
    /* OpenSSL's own errors begin with "error:", GnuTLS tells of an alert. */
    return strstr(error, "error:") == NULL && strstr(error, "alert") == NULL;
}

/* libcurl compares names itself, and then there is no verify result. */
static bool is_wrong_host(const char *error)
{
    return strstr(error, "subject name") != NULL ||
           strstr(error, "target host name") != NULL ||
           strstr(error, "does not match") != NULL;
}

static void read_untrusted(struct sso_outcome *o, const struct sso_attempt *a)
{
    const char *reason = NULL;
    long verify = 0;

    curl_easy_getinfo(a->easy, CURLINFO_SSL_VERIFYRESULT, &verify);
    if (is_wrong_host(a->error)) {
        reason = sso_diagnosis_of_verify(62);
    } else if (verify != 0) {
        reason = sso_diagnosis_of_verify(verify);
    }
    sso_outcome_say(o, "the certificate of %s is not accepted: %s", host_of(a),
                    reason != NULL ? reason : a->error);
}

static bool read_tls(struct sso_outcome *o, const struct sso_attempt *a,
                     CURLcode code)
{
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ISSUER_ERROR:
        read_untrusted(o, a);
        break;
    case CURLE_SSL_CONNECT_ERROR:
        if (sso_diagnosis_is_cut_handshake(a->error)) {
            o->retryable = true;
            sso_outcome_say(o, "the TLS handshake with %s was cut off",
                            host_of(a));
            break;
        }
        sso_outcome_say(o, "the TLS handshake with %s failed: %s", host_of(a),
                        a->error);
        break;
    case CURLE_SSL_CIPHER:
    case CURLE_USE_SSL_FAILED:
        sso_outcome_say(o, "the TLS handshake with %s failed: %s", host_of(a),
                        a->error);
        break;
    default:
        return false;
    }
    o->kind = SSO_TLS;
    o->phase = SSO_PHASE_TLS;
    return true;
}

/* ---- connections that failed ------------------------------------------- */

static void read_connect_timeout(struct sso_outcome *o,
                                 const struct sso_attempt *a)
{
    const char *stage = o->phase == SSO_PHASE_DNS   ? "name look-up"
                        : o->phase == SSO_PHASE_TLS ? "TLS handshake"
                                                    : "TCP";

    sso_outcome_say(o, "no connection to %s within %g s (%s)", host_of(a),
                    (double)a->call->settings->connect_timeout_ms / 1e3, stage);
}

static void read_unconnected(struct sso_outcome *o, const struct sso_attempt *a,
                             CURLcode code)
{
    long proxy_status = 0;
    long error = 0;
    char text[CURL_ERROR_SIZE];

    curl_easy_getinfo(a->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    curl_easy_getinfo(a->easy, CURLINFO_OS_ERRNO, &error);
    error = a->socket_error != 0 ? a->socket_error : error;
    o->kind = SSO_CONNECT;
    if (code == CURLE_OPERATION_TIMEDOUT) {
        read_connect_timeout(o, a);
    } else if (a->not_local) {
        sso_outcome_say(o,
                        "no connection to %s: it resolved to an address that "
                        "is not loopback, where http may not go",
                        host_of(a));
    } else if (proxy_status != 0 && proxy_status / 100 != 2) {
        sso_outcome_say(o, "the proxy refused to connect to %s: it said %ld",
                        host_of(a), proxy_status);
    } else {
        snprintf(text, sizeof(text), "%s",
                 error != 0 ? strerror((int)error) : a->error);
        soften(text);
        sso_outcome_say(o, "no connection to %s: %s", host_of(a), text);
    }
}

/* ---- HTTP/2 ------------------------------------------------------------ */

/* What the server says no to before it has done anything. */
static bool read_refused(struct sso_outcome *o, const struct sso_attempt *a)
{
    if (a->refused) {
        o->kind = SSO_NETWORK;
        o->phase = SSO_PHASE_FIRST_BYTE;
        sso_outcome_say(o,
                        "%s refused the request before it did anything with "
                        "it (HTTP/2 REFUSED_STREAM or GOAWAY)",
                        host_of(a));
    } else if (a->downgraded) {
        o->kind = SSO_PROTOCOL;
        o->phase = SSO_PHASE_FIRST_BYTE;
        sso_outcome_say(o,
                        "%s refuses this call over HTTP/2: leave http_version "
                        "at \"1.1\"",
                        host_of(a));
    }
    return a->refused || a->downgraded;
}

/*
 * What ended one stream, or a connection whose frames make no sense, while
 * HTTP/1 knows only of connections that break.
 */
static bool read_http2(struct sso_outcome *o, const struct sso_attempt *a,
                       CURLcode code)
{
    const char *reason = strstr(a->error, "not closed cleanly: ");

    if (a->stream == 0) {
        return false;
    }
    if (code == CURLE_HTTP2_STREAM && reason != NULL) {
        reason += strlen("not closed cleanly: ");
        o->kind = SSO_NETWORK; /* PROTOCOL_ERROR as well: nginx says it of
                                * requests that it only gives up */
        sso_outcome_say(o, "%s %s: HTTP/2 %s", host_of(a),
                        a->answered ? "broke its answer off" : "gave no answer",
                        reason);
    } else if (code == CURLE_GOT_NOTHING || code == CURLE_HTTP2_STREAM ||
               strstr(a->error, "nghttp2") != NULL) {
        o->kind = SSO_PROTOCOL;
        sso_outcome_say(o, "what %s sent back is not HTTP/2 as it should be",
                        host_of(a));
    } else {
        return false;
    }
    return true;
}

/*
 * TLS 1.3: the server looks at our side of the handshake when the request is
 * on its way already.  Alerts that say no to it; others may come at any time,
 * after the request was carried out as well.
 */
static bool is_refused_handshake(const struct sso_outcome *o,
                                 const struct sso_attempt *a)
{
    static const char *const words[] = {"certificate", "unknown ca",
                                        "access denied", "handshake failure",
                                        "decrypt error"};
    size_t i;

    if (a->answered || o->timings.reused || strstr(a->error, "alert") == NULL) {
        return false;
    }
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strstr(a->error, words[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* The connection broke, or the server ended it, after the request. */
static void read_cut_off(struct sso_outcome *o, const struct sso_attempt *a)
{
    o->kind = SSO_NETWORK;
    if (strstr(a->error, "chunk") != NULL) {
        o->kind = SSO_PROTOCOL;
        sso_outcome_say(o, "the answer of %s is chunked in a wrong way",
                        host_of(a));
    } else if (is_refused_handshake(o, a)) {
        o->kind = SSO_TLS;
        o->phase = SSO_PHASE_TLS;
        sso_outcome_say(o, "%s refused the TLS handshake: %s", host_of(a),
                        a->error);
    } else if (a->answered && !a->in_body) {
        sso_outcome_say(o, "%s cut its answer off in the headers", host_of(a));
    } else if (o->phase == SSO_PHASE_BODY) {
        sso_outcome_say(o, "%s cut its answer off after %lu bytes of the body",
                        host_of(a), (unsigned long)o->body.len);
    } else if (o->phase == SSO_PHASE_SEND) {
        sso_outcome_say(o,
                        "%s closed the connection while the request was "
                        "being sent",
                        host_of(a));
    } else {
        sso_outcome_say(o, "%s closed %s instead of answering", host_of(a),
                        o->timings.reused ? "a kept-alive connection"
                                          : "the connection");
    }
}

/*
 * A header line of more than 100 KiB makes libcurl 7.88 report that it is out
 * of memory.  If there is plenty, it was the line.
 */
static bool is_long_header(const struct sso_attempt *a, CURLcode code)
{
    void *probe;

    if (code != CURLE_OUT_OF_MEMORY || a->in_body ||
        !sso_transfer_was_sent(a)) {
        return false;
    }
    probe = sso_malloc(SSO_MAX_BODY);
    sso_free(probe);
    return probe != NULL;
}

void sso_diagnosis_make(struct sso_outcome *o, const struct sso_attempt *a,
                        CURLcode code)
{
    bool sent = sso_transfer_was_sent(a);

    o->retryable = false;
    if (is_long_header(a, code)) {
        o->kind = SSO_RESPONSE;
        sso_outcome_say(o, "the headers of %s's answer are larger than 64 KiB",
                        host_of(a));
    } else if (read_refused(o, a) || read_http2(o, a, code) ||
               read_stop(o, a, code) || read_by_table(o, a, code) ||
               read_tls(o, a, code)) {
        /* said */
    } else if (!sent) {
        read_unconnected(o, a, code);
    } else if (code == CURLE_UNSUPPORTED_PROTOCOL) {
        o->kind = SSO_PROTOCOL; /* HTTP/0.9 */
        sso_outcome_say(o,
                        "what %s sent back is not HTTP: is this the right "
                        "host and port",
                        host_of(a));
    } else {
        read_cut_off(o, a);
    }
    o->retryable = o->retryable || sso_retry_may_help(o->kind, 0);
}
