/*
 * diagnosis_test.c - what is made of libcurl's numbers and words, those
 * included that no server here brings about: TLS libraries and versions of
 * libcurl differ in which they use.
 */
#include "../../src/transport/diagnosis.h"
#include "../../src/transport/outcome.h"
#include "check.h"

#include <errno.h>
#include <stdlib.h>

static struct sso_settings *settings(void)
{
    struct sso_settings_spec spec;
    struct sso_settings *s;
    char why[128];

    memset(&spec, 0, sizeof(spec));
    spec.base_url = "https://host.example";
    spec.timeout_ms = spec.connect_timeout_ms = 1000;
    s = sso_settings_new(&spec, why, sizeof(why));
    if (s == NULL) {
        printf("diagnosis_test: %s\n", why);
        exit(2);
    }
    return s;
}

static struct sso_call *new_call(struct sso_settings *s)
{
    struct sso_request request = {"PATCH", "/", "{}", 2, true};
    struct sso_call *call = sso_call_new(s, &request, NULL);

    if (call == NULL) {
        exit(2);
    }
    return call;
}

/*
 * Numbers of a transfer that failed, the words that came with them, and what
 * is made of both.  TLS libraries differ in which they use.
 */
static const struct meaning {
    CURLcode code;
    const char *error;
    bool sent;
    enum sso_kind kind;
    enum sso_phase phase;
    bool retryable;
    const char *message;
} meanings[] = {
    {CURLE_SSL_CIPHER, "no cipher in common", false, SSO_TLS, SSO_PHASE_TLS,
     false, "the TLS handshake with host.example failed: no cipher in common"},
    {CURLE_USE_SSL_FAILED, "it is required", false, SSO_TLS, SSO_PHASE_TLS,
     false, "the TLS handshake with host.example failed: it is required"},
    {CURLE_SSL_CONNECT_ERROR, "unexpected eof while reading", false, SSO_TLS,
     SSO_PHASE_TLS, true, "the TLS handshake with host.example was cut off"},
    {CURLE_SSL_CONNECT_ERROR, "GnuTLS, handshake failed: a fatal alert", false,
     SSO_TLS, SSO_PHASE_TLS, false, "handshake failed: a fatal alert"},
    {CURLE_SSL_CONNECT_ERROR, "error:0A000410: handshake failure", false,
     SSO_TLS, SSO_PHASE_TLS, false, "error:0A000410: handshake failure"},
    {CURLE_PEER_FAILED_VERIFICATION,
     "SSL: no alternative certificate subject name matches target host name",
     false, SSO_TLS, SSO_PHASE_TLS, false, "not accepted: wrong host"},
    {CURLE_PEER_FAILED_VERIFICATION, "name does not match target host name",
     false, SSO_TLS, SSO_PHASE_TLS, false, "not accepted: wrong host"},
    {CURLE_PEER_FAILED_VERIFICATION, "the owner does not match hostname", false,
     SSO_TLS, SSO_PHASE_TLS, false, "not accepted: wrong host"},
    {CURLE_SSL_INVALIDCERTSTATUS, "No OCSP response received", false, SSO_TLS,
     SSO_PHASE_TLS, false, "not accepted: No OCSP response received"},
    {CURLE_SSL_ISSUER_ERROR, "Certificate issuer check failed", false, SSO_TLS,
     SSO_PHASE_TLS, false, "not accepted: Certificate issuer check failed"},
    {CURLE_FILESIZE_EXCEEDED, "", true, SSO_RESPONSE, SSO_PHASE_NONE, false,
     "the answer of host.example is larger than 1 MiB"},
    {CURLE_COULDNT_RESOLVE_PROXY, "", false, SSO_DNS, SSO_PHASE_NONE, true,
     "no address found for the proxy on the way to host.example"},
    {CURLE_SSL_CRL_BADFILE, "", false, SSO_CONFIG, SSO_PHASE_NONE, false,
     "no connection to host.example: a list of revoked certificates"},
    {CURLE_UNSUPPORTED_PROTOCOL, "", true, SSO_PROTOCOL, SSO_PHASE_NONE, false,
     "what host.example sent back is not HTTP"},
    {CURLE_UNSUPPORTED_PROTOCOL, "Protocol not supported", false, SSO_CONNECT,
     SSO_PHASE_NONE, true, "no connection to host.example: protocol not"},
    {CURLE_COULDNT_CONNECT, "TCP is of no use here", false, SSO_CONNECT,
     SSO_PHASE_NONE, true, "no connection to host.example: TCP is of no use"},
    {CURLE_COULDNT_CONNECT, "", false, SSO_CONNECT, SSO_PHASE_NONE, true,
     "no connection to host.example:"},
    {CURLE_RECV_ERROR, "illegal chunk", true, SSO_PROTOCOL, SSO_PHASE_NONE,
     false, "the answer of host.example is chunked in a wrong way"},
    {CURLE_RECV_ERROR, "tlsv13 alert certificate required", true, SSO_TLS,
     SSO_PHASE_TLS, false,
     "host.example refused the TLS handshake: tlsv13 alert certificate"},
    {CURLE_SEND_ERROR, "", true, SSO_NETWORK, SSO_PHASE_NONE, true,
     "host.example closed the connection instead of answering"},
};

/* The same failures where more is known of what happened before. */
static void what_happened_before_changes_the_words(void)
{
    struct sso_settings *s = settings();
    struct sso_call *call = new_call(s);
    struct sso_outcome *o = &call->outcome;
    struct sso_attempt a;

    memset(&a, 0, sizeof(a));
    a.easy = curl_easy_init();
    a.call = call;
    a.can_veto = true;
    a.not_local = true;
    sso_diagnosis_make(o, &a, CURLE_COULDNT_CONNECT);
    CHECK_TEXT(o->message,
               "no connection to host.example: it resolved to an address that "
               "is not loopback, where http may not go");
    CHECK(o->kind == SSO_CONNECT);
    a.stop = SSO_STOP_UNWATCHED;
    a.socket_error = ENOSPC;
    o->phase = SSO_PHASE_SEND;
    sso_diagnosis_make(o, &a, CURLE_COULDNT_CONNECT);
    CHECK(o->kind == SSO_CONNECT && o->phase == SSO_PHASE_CONNECT);
    CHECK(strstr(o->message, "the system watches no further") != NULL);
    o->phase = SSO_PHASE_TLS;
    sso_diagnosis_make(o, &a, CURLE_COULDNT_CONNECT);
    CHECK(o->kind == SSO_CONNECT && o->phase == SSO_PHASE_TLS);
    a.sent = true;
    sso_diagnosis_make(o, &a, CURLE_COULDNT_CONNECT);
    CHECK(o->kind == SSO_NETWORK && o->retryable);
    a.stop = SSO_STOP_NONE;
    a.socket_error = 0;
    o->phase = SSO_PHASE_SEND;
    sso_diagnosis_make(o, &a, CURLE_SEND_ERROR);
    CHECK_TEXT(o->message, "host.example closed the connection while the "
                           "request was being sent");
    CHECK(o->kind == SSO_NETWORK);
    o->phase = SSO_PHASE_FIRST_BYTE;
    o->timings.reused = true;
    sso_diagnosis_make(o, &a, CURLE_RECV_ERROR);
    CHECK_TEXT(o->message, "host.example closed a kept-alive connection "
                           "instead of answering");
    a.answered = true;
    sso_diagnosis_make(o, &a, CURLE_RECV_ERROR);
    CHECK_TEXT(o->message, "host.example cut its answer off in the headers");
    a.in_body = true;
    o->phase = SSO_PHASE_BODY;
    sso_diagnosis_make(o, &a, CURLE_PARTIAL_FILE);
    CHECK_TEXT(o->message,
               "host.example cut its answer off after 0 bytes of the body");
    sso_diagnosis_make(o, &a, CURLE_OUT_OF_MEMORY); /* not for its headers */
    CHECK(o->kind == SSO_MEMORY);
    a.in_body = false;
    sso_diagnosis_make(o, &a, CURLE_OUT_OF_MEMORY);
    CHECK(o->kind == SSO_RESPONSE);
    CHECK_TEXT(o->message,
               "the headers of host.example's answer are larger than 64 KiB");
    curl_easy_cleanup(a.easy);
    sso_call_free(call);
    sso_settings_unref(s);
}

static void every_number_has_a_meaning(void)
{
    struct sso_settings *s = settings();
    struct sso_call *call = new_call(s);
    struct sso_attempt a;
    size_t i;

    memset(&a, 0, sizeof(a));
    a.easy = curl_easy_init();
    a.call = call;
    a.can_veto = true;
    CHECK(a.easy != NULL);
    for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        const struct meaning *row = &meanings[i];
        struct sso_outcome *o = &call->outcome;
        bool held;

        sso_call_reset_outcome(call);
        a.sent = row->sent;
        snprintf(a.error, sizeof(a.error), "%s", row->error);
        sso_diagnosis_make(o, &a, row->code);
        held = CHECK(o->kind == row->kind);
        held = CHECK(o->phase == row->phase) && held;
        held = CHECK(o->retryable == row->retryable) && held;
        held = CHECK(strstr(o->message, row->message) != NULL) && held;
        if (!held) {
            printf("    row %d: %s, %s\n", (int)i, sso_kind_name(o->kind),
                   o->message);
        }
    }
    curl_easy_cleanup(a.easy);
    sso_call_free(call);
    sso_settings_unref(s);
}

static void a_message_is_one_clean_line(void)
{
    static const struct {
        const char *said;
        const char *message;
    } rows[] = {
        {"two\nlines\x7f"
         "and\ttabs",
         "two lines and tabs"},
        {"a sentence. ", "a sentence"},
        {" . .", ""},
        {"", ""},
    };
    struct sso_outcome o;
    size_t i;

    memset(&o, 0, sizeof(o));
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sso_outcome_say(&o, "%s", rows[i].said);
        CHECK_TEXT(o.message, rows[i].message);
    }
    sso_outcome_say(&o, "%0600d", 1);
    CHECK(strlen(o.message) == sizeof(o.message) - 1);
}

int main(void)
{
    check_case("every number has a meaning", every_number_has_a_meaning);
    check_case("what happened before changes the words",
               what_happened_before_changes_the_words);
    check_case("a message is one clean line", a_message_is_one_clean_line);
    return check_end();
}
