/*
 * settings_test.c - which values and files settings take or refuse, which
 * trust anchors they choose, and within which bounds they are kept.
 */
#include "../../src/transport/settings.h"
#include "check.h"

#include <stdlib.h>

/* ---- settings --------------------------------------------------------- */

static const char *refusal(struct sso_settings_spec *spec)
{
    static char why[512];
    struct sso_settings *s;

    spec->base_url =
        spec->base_url != NULL ? spec->base_url : "https://host.example";
    spec->timeout_ms = 1000;
    spec->connect_timeout_ms = 1000;
    s = sso_settings_new(spec, why, sizeof(why));
    if (s != NULL) {
        sso_settings_unref(s);
        return "taken";
    }
    return why;
}

static void settings_refuse_what_cannot_work(void)
{
    static const struct sso_header broken[] = {{"X-A", "a\r\nX-B: b"}};
    static const struct sso_header unnamed[] = {{"X A", "a"}};
    static const struct sso_header nameless[] = {{"", "a"}};
    static const struct sso_header deleted[] = {{"X-A", "a\x7f"}};
    static const struct sso_header tabbed[] = {{"X-A", "a\tb"}};
    struct sso_settings_spec spec;
    char long_name[5000]; /* longer than any path may be */

#define REFUSES(field, value, words)                                           \
 do {                                                                          \
  memset(&spec, 0, sizeof(spec));                                              \
  spec.field = (value);                                                        \
  spec.header_count = spec.headers != NULL ? 1 : 0;                            \
  if (!CHECK(strstr(refusal(&spec), (words)) != NULL)) {                       \
   printf("    %s\n", refusal(&spec));                                         \
  }                                                                            \
 } while (0)

    REFUSES(user_agent, "plain", "taken");
    REFUSES(ca_file, "/does/not/exist", "'/does/not/exist' cannot be read: No");
    REFUSES(ca_file, "/dev/null", "is empty");
    REFUSES(ca_file, "/", "cannot be read");
    REFUSES(ca_file, "/etc/hostname", "holds no certificate");
    REFUSES(ca_path, "/does/not/exist", "ca_path '/does/not/exist'");
    REFUSES(ca_path, "/etc/passwd", "cannot be read");
    REFUSES(ca_path, "/", "taken");
    REFUSES(client_cert, "/does/not/exist", "client_cert");
    REFUSES(client_key, "/etc/hostname", "without client_cert");
    REFUSES(headers, broken, "header 'X-A' holds a control character");
    REFUSES(headers, unnamed, "not an HTTP token");
    REFUSES(headers, deleted, "header 'X-A' holds a control character");
    REFUSES(headers, nameless, "not an HTTP token");
    REFUSES(headers, tabbed, "taken");
    REFUSES(user_agent, "a\x7f", "user_agent holds a control character");
    REFUSES(api_key, "SG.secret\n", "control character");
    CHECK(strstr(refusal(&spec), "secret") == NULL);
    setenv("SSL_CERT_FILE", "/does/not/exist", 1);
    REFUSES(user_agent, "plain", "SSL_CERT_FILE '/does/not/exist'");
    unsetenv("SSL_CERT_FILE");
    setenv("SSL_CERT_DIR", "/nowhere:/etc", 1);
    REFUSES(user_agent, "plain", "taken");
    setenv("SSL_CERT_DIR", "::/nowhere::/etc:", 1);
    REFUSES(user_agent, "plain", "taken");
    memset(long_name, 'x', sizeof(long_name));
    long_name[0] = '/';
    long_name[sizeof(long_name) - 1] = '\0';
    setenv("SSL_CERT_DIR", long_name, 1);
    REFUSES(user_agent, "plain", "SSL_CERT_DIR '/xxxx");
    setenv("SSL_CERT_DIR", "/nowhere", 1);
    REFUSES(user_agent, "plain", "SSL_CERT_DIR");
    unsetenv("SSL_CERT_DIR");
#undef REFUSES
}

/* ---- trust anchors ---------------------------------------------------- */

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----\n"

/* What libcurl was built with, when it tells and the system has both. */
static bool find_builtin(const char **file, const char **path)
{
    const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
    char why[256];

    *file = v->cainfo;
    *path = v->capath;
    return *file != NULL && *path != NULL &&
           sso_trust_check_file("", *file, why, sizeof(why)) == SSO_OK;
}

static void what_is_chosen_replaces_the_rest(void)
{
    char file[] = "/tmp/sso-url-test-XXXXXX";
    FILE *f = fdopen(mkstemp(file), "w");
    const char *builtin_file;
    const char *builtin_path;
    struct sso_trust t;
    char why[256];

    fputs("some words\n" PEM_BEGIN, f);
    fclose(f);
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
    CHECK(sso_trust_choose(&t, file, NULL, why, sizeof(why)) == SSO_OK);
    CHECK(t.source == SSO_TRUST_CHOSEN && t.path == NULL);
    CHECK_TEXT(t.file, file);
    sso_trust_free(&t);
    CHECK(sso_trust_choose(&t, NULL, "/", why, sizeof(why)) == SSO_OK);
    CHECK(t.source == SSO_TRUST_CHOSEN && t.file == NULL);
    sso_trust_free(&t);
    setenv("SSL_CERT_FILE", file, 1);
    CHECK(sso_trust_choose(&t, NULL, NULL, why, sizeof(why)) == SSO_OK);
    CHECK(t.source == SSO_TRUST_CHOSEN && t.path == NULL);
    sso_trust_free(&t);
    CHECK(sso_trust_choose(&t, NULL, "/", why, sizeof(why)) == SSO_OK);
    CHECK(t.file == NULL); /* an option beats the environment whole */
    sso_trust_free(&t);
    if (find_builtin(&builtin_file, &builtin_path)) {
        setenv("SSL_CERT_FILE", builtin_file, 1);
        setenv("SSL_CERT_DIR", builtin_path, 1);
        CHECK(sso_trust_choose(&t, NULL, NULL, why, sizeof(why)) == SSO_OK);
        CHECK(t.source == SSO_TRUST_SYSTEM);
        unsetenv("SSL_CERT_DIR");
    }
    unsetenv("SSL_CERT_FILE");
    CHECK(sso_trust_choose(&t, NULL, NULL, why, sizeof(why)) == SSO_OK);
    CHECK(t.source == SSO_TRUST_SYSTEM);
    remove(file);
}

static void the_system_has_a_bundle_or_a_directory_never_both(void)
{
    struct sso_trust t;

    CHECK(sso_trust_system(&t) == SSO_OK);
    CHECK(t.source != SSO_TRUST_SYSTEM);
    CHECK((t.source == SSO_TRUST_CHOSEN) ==
          ((t.file != NULL) != (t.path != NULL)));
    sso_trust_free(&t);
}

/* What lies far behind other things is not found: the file may be anything. */
static void a_bundle_begins_with_a_certificate(void)
{
    static const char line[] = "0123456789012345678901234567890123456789\n";
    char file[] = "/tmp/sso-url-test-XXXXXX";
    FILE *f = fdopen(mkstemp(file), "w");
    struct sso_trust t;
    char why[256];
    int i;

    for (i = 0; i < 110000; i++) { /* 4.5 MB */
        fputs(line, f);
    }
    fputs(PEM_BEGIN, f);
    fclose(f);
    CHECK(sso_trust_choose(&t, file, NULL, why, sizeof(why)) == SSO_CONFIG);
    CHECK(strstr(why, "holds no certificate") != NULL);
    f = fopen(file, "r+");
    fputs(PEM_BEGIN, f);
    fclose(f);
    CHECK(sso_trust_choose(&t, file, NULL, why, sizeof(why)) == SSO_OK);
    sso_trust_free(&t);
    remove(file);
}

/* ---- settings as they are kept ---------------------------------------- */

static void settings_are_kept_within_bounds(void)
{
    static const struct sso_header type[] = {{"content-type", "text/xml"}};
    struct sso_settings_spec spec;
    struct sso_settings *s;
    char why[128] = "untouched";

    memset(&spec, 0, sizeof(spec));
    spec.base_url = "https://host.example";
    spec.headers = type;
    spec.header_count = 1;
    s = sso_settings_new(&spec, why, 0); /* no room for a sentence */
    CHECK_TEXT(why, "untouched");
    if (CHECK(s != NULL)) {
        CHECK(s->timeout_us == 1000 && s->connect_timeout_ms == 1);
        CHECK_TEXT(s->headers->data, "Accept: application/json");
        CHECK(sso_settings_api_key(s) == NULL);
        CHECK_TEXT(s->body_headers->next->data, "Expect:");
        CHECK_TEXT(s->body_headers->next->next->data, "content-type: text/xml");
        CHECK(s->body_headers->next->next->next == NULL);
    }
    sso_settings_unref(s);
    spec.timeout_ms = INT64_MAX;
    spec.connect_timeout_ms = INT64_MAX;
    spec.api_key = "SG.key";
    spec.user_agent = "agent/1"; /* comes first on the wire */
    s = sso_settings_new(&spec, why, sizeof(why));
    if (CHECK(s != NULL)) {
        CHECK(s->timeout_us == INT64_C(1000000000000000));
        CHECK(s->connect_timeout_ms == INT32_MAX);
        CHECK_TEXT(sso_settings_api_key(s), "SG.key");
    }
    sso_settings_unref(s);
    spec.base_url = "http://host.example";
    CHECK(sso_settings_new(&spec, why, 0) == NULL);
    CHECK(!sso_base_url_check(spec.base_url, why, 0));
}

int main(void)
{
    check_case("settings refuse what cannot work",
               settings_refuse_what_cannot_work);
    check_case("what is chosen replaces the rest",
               what_is_chosen_replaces_the_rest);
    check_case("the system has a bundle or a directory, never both",
               the_system_has_a_bundle_or_a_directory_never_both);
    check_case("a bundle begins with a certificate",
               a_bundle_begins_with_a_certificate);
    check_case("settings are kept within bounds",
               settings_are_kept_within_bounds);
    return check_end();
}
