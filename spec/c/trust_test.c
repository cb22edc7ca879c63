/*
 * trust_test.c - which trust anchors are chosen with a libcurl that was built
 * otherwise: TLS by another library, other places of trust or none.
 *
 * The program brings its own curl_version_info, which says what a case wants,
 * and counts how often a handle is reset.
 */
#include "../../src/transport/trust.h"
#include "check.h"
#include "rig.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/stat.h>

#if LIBCURL_VERSION_NUM >= 0x075400 /* 7.84: it tells of such places */

static struct {
    curl_version_info_data version;
    int resets; /* of handles, counted */
} other;

static void *own(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (found == NULL) {
        printf("trust_test: no %s\n", name);
        exit(2);
    }
    return found;
}

curl_version_info_data *curl_version_info(CURLversion age)
{
    (void)age;
    return &other.version;
}

void curl_easy_reset(CURL *easy)
{
    void (*next)(CURL *);

    *(void **)&next = own("curl_easy_reset");
    other.resets++;
    next(easy);
}

/* Makes the library its own self again. */
static void restore(void)
{
    curl_version_info_data *(*next)(CURLversion);

    *(void **)&next = own("curl_version_info");
    memset(&other, 0, sizeof(other));
    other.version = *next(CURLVERSION_NOW);
}

static bool answer(struct exchange *x)
{
    return server_reply(x, "200 OK", "", "{}");
}

static void run_well(struct rig *r, const char *method)
{
    struct sso_call *call = rig_run(r, method, "/", NULL);

    CHECK_TEXT(rig_kind(call), "ok");
    sso_call_free(call);
}

# define PEM_BEGIN "-----BEGIN CERTIFICATE-----\n"

static char folder[] = "/tmp/sso-trust-test-XXXXXX";
static char bundle[64]; /* a file */
static char empty[64];  /* one that holds nothing */
static char hashed[64]; /* a directory as c_rehash makes it */
static char plain[64];  /* one with other names */

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");

    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0) {
        printf("trust_test: cannot write %s\n", name);
        exit(2);
    }
}

static void make_places(void)
{
    char name[96];

    if (mkdtemp(folder) == NULL) {
        exit(2);
    }
    snprintf(bundle, sizeof(bundle), "%s/bundle.pem", folder);
    snprintf(empty, sizeof(empty), "%s/empty.pem", folder);
    snprintf(hashed, sizeof(hashed), "%s/hashed", folder);
    snprintf(plain, sizeof(plain), "%s/plain", folder);
    write_file(bundle, PEM_BEGIN);
    write_file(empty, "");
    mkdir(hashed, 0700);
    mkdir(plain, 0700);
    snprintf(name, sizeof(name), "%s/0a1b2c3d.0", hashed);
    write_file(name, PEM_BEGIN);
    snprintf(name, sizeof(name), "%s/0a1b2c3d.pem", plain);
    write_file(name, PEM_BEGIN);
    snprintf(name, sizeof(name), "%s/0a1b2c3d_0", plain);
    write_file(name, PEM_BEGIN);
}

static void remove_places(void)
{
    static const char *const names[] = {"hashed/0a1b2c3d.0",
                                        "plain/0a1b2c3d.pem",
                                        "plain/0a1b2c3d_0",
                                        "hashed",
                                        "plain",
                                        "bundle.pem",
                                        "empty.pem",
                                        ""};
    char name[96];
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(name, sizeof(name), "%s/%s", folder, names[i]);
        remove(name);
    }
}

static const struct trust_row {
    const char *tls;
    const char *file;
    const char *path;
    const char *chosen; /* NULL: libcurl's own way */
} trust_rows[] = {
    {"OpenSSL/3.0.15", bundle, hashed, hashed},
    {"OpenSSL/3.0.15", bundle, plain, bundle},
    {"OpenSSL/3.0.15", bundle, "/does/not/exist", bundle},
    {"OpenSSL/3.0.15", bundle, NULL, bundle},
    {"OpenSSL/3.0.15", NULL, hashed, hashed},
    {"OpenSSL/3.0.15", empty, plain, NULL},
    {"OpenSSL/3.0.15", "/does/not/exist", NULL, NULL},
    {"OpenSSL/3.0.15", plain, NULL, NULL}, /* a directory is no bundle */
    {"OpenSSL/3.0.15", NULL, NULL, NULL},
    {"LibreSSL/3.8.2", bundle, hashed, hashed},
    {"BoringSSL", bundle, hashed, hashed},
    {"quictls/3.1.4", bundle, hashed, hashed},
    {"GnuTLS/3.7.9", bundle, hashed, NULL},
    {NULL, bundle, hashed, NULL},
};

static void trust_follows_the_library(void)
{
    size_t i;

    for (i = 0; i < sizeof(trust_rows) / sizeof(trust_rows[0]); i++) {
        const struct trust_row *row = &trust_rows[i];
        const char *chosen;
        struct sso_trust t;

        other.version.ssl_version = row->tls;
        other.version.cainfo = row->file;
        other.version.capath = row->path;
        CHECK(sso_trust_system(&t) == SSO_OK);
        chosen = t.path != NULL ? t.path : t.file;
        CHECK(t.path == NULL || t.file == NULL);
        CHECK((t.source == SSO_TRUST_LIBCURL) == (chosen == NULL));
        if (!CHECK((chosen == NULL) == (row->chosen == NULL)) ||
            !CHECK(chosen == NULL || strcmp(chosen, row->chosen) == 0)) {
            printf("    row %d: %s\n", (int)i, chosen != NULL ? chosen : "-");
        }
        sso_trust_free(&t);
    }
    restore();
}

static void an_old_one_tells_no_places(void)
{
    struct sso_trust t;

    other.version.age = CURLVERSION_SIXTH;
    other.version.cainfo = bundle;
    other.version.capath = hashed;
    CHECK(sso_trust_system(&t) == SSO_OK);
    CHECK(t.source == SSO_TRUST_LIBCURL);
    sso_trust_free(&t);
    restore();
}

/* Both variables, each of them the built-in place or not. */
static void the_built_in_places_are_the_systems(void)
{
    static const struct {
        const char *file;
        const char *path;
        bool told;
        enum sso_trust_source source;
    } rows[] = {
        {bundle, hashed, true, SSO_TRUST_SYSTEM},
        {bundle, plain, true, SSO_TRUST_CHOSEN},
        {bundle, "", true, SSO_TRUST_CHOSEN},
        {"", hashed, true, SSO_TRUST_CHOSEN},
        {"", "", true, SSO_TRUST_SYSTEM},
        {bundle, hashed, false, SSO_TRUST_CHOSEN},
    };
    struct sso_trust t;
    char why[256];
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        other.version.cainfo = bundle;
        other.version.capath = rows[i].told ? hashed : NULL;
        setenv("SSL_CERT_FILE", rows[i].file, 1);
        setenv("SSL_CERT_DIR", rows[i].path, 1);
        CHECK(sso_trust_choose(&t, NULL, NULL, why, sizeof(why)) == SSO_OK);
        CHECK(t.source == rows[i].source);
        sso_trust_free(&t);
    }
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
    restore();
}

/* A pooled handle that had anchors of its own gets libcurl's back. */
static void a_handle_gets_its_own_trust_back(void)
{
    struct rig r;

    rig_open(&r, answer);
    r.spec.ca_file = bundle;
    rig_renew(&r, 0);
    run_well(&r, "GET");
    r.spec.ca_file = NULL;
    other.version.ssl_version = "GnuTLS/3.7.9";
    rig_renew(&r, 0);
    run_well(&r, "PATCH");
    CHECK(other.resets == 1);
    CHECK(strstr(r.server.seen->raw, "Bearer " RIG_KEY "\r\n") != NULL);
    rig_renew(&r, 0); /* the same once more: nothing to take back */
    run_well(&r, "GET");
    CHECK(other.resets == 1);
    rig_close(&r);
    restore();
}

int main(void)
{
    restore();
    make_places();
    check_case("trust follows the library", trust_follows_the_library);
    check_case("an old libcurl tells no places of trust",
               an_old_one_tells_no_places);
    check_case("the built-in places are the system's",
               the_built_in_places_are_the_systems);
    check_case("a handle gets its own trust back",
               a_handle_gets_its_own_trust_back);
    remove_places();
    return check_end();
}

#else

int main(void)
{
    return check_end();
}

#endif
