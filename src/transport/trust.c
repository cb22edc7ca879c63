/*
 * trust.c - see trust.h.
 *
 * Why the system's anchors are picked with care: with a bundle and a path
 * both set, as Debian builds libcurl, its parsed-store cache (7.87) stays off
 * and every new connection parses 145 certificates, 20 to 34 ms inside one
 * step.  A hashed directory alone costs about 1 ms, the bundle alone 20 ms
 * once.
 */
#include "trust.h"
#include "memory.h"

#include <ctype.h>
#include <curl/curl.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

/* Most of a trust file that is searched for its first certificate, bytes. */
#define SEARCHED (4u * 1024u * 1024u)

static char *copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *made = sso_malloc(size);

    if (made != NULL) {
        memcpy(made, text, size);
    }
    return made;
}

void sso_trust_free(struct sso_trust *t)
{
    sso_free(t->file);
    sso_free(t->path);
    memset(t, 0, sizeof(*t));
}

static enum sso_kind keep(struct sso_trust *t, const char *file,
                          const char *path)
{
    t->source = SSO_TRUST_CHOSEN;
    t->file = file != NULL ? copy(file) : NULL;
    t->path = path != NULL ? copy(path) : NULL;
    if ((file != NULL && t->file == NULL) ||
        (path != NULL && t->path == NULL)) {
        sso_trust_free(t);
        return SSO_MEMORY;
    }
    return SSO_OK;
}

static void say_unreadable(const char *what, const char *name, int error,
                           char *why, size_t why_size)
{
    snprintf(why, why_size, "%s '%s' cannot be read: %s", what, name,
             strerror(error));
}

/* A file that holds a byte at least; NULL: a sentence in why. */
static FILE *open_file(const char *what, const char *name, char *why,
                       size_t why_size)
{
    FILE *f = fopen(name, "rb");

    if (f == NULL) {
        say_unreadable(what, name, errno, why, why_size);
        return NULL;
    }
    errno = 0;
    if (getc(f) != EOF) {
        rewind(f);
        return f;
    }
    if (errno != 0) { /* a directory opens, but does not read */
        say_unreadable(what, name, errno, why, why_size);
    } else {
        snprintf(why, why_size, "%s '%s' is empty", what, name);
    }
    fclose(f);
    return NULL;
}

enum sso_kind sso_trust_check_file(const char *what, const char *name,
                                   char *why, size_t why_size)
{
    FILE *f = open_file(what, name, why, why_size);

    if (f == NULL) {
        return SSO_CONFIG;
    }
    fclose(f);
    return SSO_OK;
}

/* Whether a line of the file begins a certificate. */
static bool holds_certificate(FILE *f)
{
    static const char *const begins[] = {
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN X509 CERTIFICATE-----",
        "-----BEGIN TRUSTED CERTIFICATE-----",
    };
    char line[256];
    size_t seen = 0;

    while (seen < SEARCHED && fgets(line, sizeof(line), f) != NULL) {
        size_t i;

        for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
            if (strncmp(line, begins[i], strlen(begins[i])) == 0) {
                return true;
            }
        }
        seen += strlen(line) + 1;
    }
    return false;
}

static enum sso_kind check_ca_file(const char *what, const char *name,
                                   char *why, size_t why_size)
{
    FILE *f = open_file(what, name, why, why_size);
    bool found;

    if (f == NULL) {
        return SSO_CONFIG;
    }
    found = holds_certificate(f);
    fclose(f);
    if (!found) {
        snprintf(why, why_size,
                 "%s '%s' holds no certificate in PEM form, so no server "
                 "could be trusted by it",
                 what, name);
        return SSO_CONFIG;
    }
    return SSO_OK;
}

/* OpenSSL takes several directories in one string, divided by colons. */
static enum sso_kind check_ca_path(const char *what, const char *name,
                                   char *why, size_t why_size)
{
    const char *rest = name;
    int error = ENOENT;

    while (*rest != '\0') {
        char one[4096];
        size_t len = strcspn(rest, ":");

        if (len > 0 && len < sizeof(one)) {
            DIR *d;

            memcpy(one, rest, len);
            one[len] = '\0';
            d = opendir(one);
            if (d != NULL) {
                closedir(d);
                return SSO_OK;
            }
            error = errno;
        }
        rest += len + (rest[len] == ':');
    }
    say_unreadable(what, name, error, why, why_size);
    return SSO_CONFIG;
}

/* A name as c_rehash gives: eight hexadecimal digits, a dot, a digit. */
static bool is_hash_name(const char *name)
{
    size_t i;

    for (i = 0; i < 8; i++) {
        if (!isxdigit((unsigned char)name[i])) {
            return false;
        }
    }
    return name[8] == '.' && isdigit((unsigned char)name[9]);
}

static bool is_hashed_directory(const char *path)
{
    DIR *d = path != NULL ? opendir(path) : NULL;
    bool found = false;

    if (d == NULL) {
        return false;
    }
    while (!found) {
        const struct dirent *entry = readdir(d);

        if (entry == NULL) {
            break;
        }
        found = is_hash_name(entry->d_name);
    }
    closedir(d);
    return found;
}

static bool is_file(const char *name)
{
    struct stat st;

    return name != NULL && stat(name, &st) == 0 && S_ISREG(st.st_mode) &&
           st.st_size > 0;
}

/* Only OpenSSL and its forks look certificates up by hashed names. */
static bool is_openssl(const curl_version_info_data *v)
{
    return v->ssl_version != NULL &&
           (strstr(v->ssl_version, "OpenSSL") != NULL ||
            strstr(v->ssl_version, "LibreSSL") != NULL ||
            strstr(v->ssl_version, "BoringSSL") != NULL ||
            strstr(v->ssl_version, "quictls") != NULL);
}

/* Where libcurl was built to look; NULL where that is not known. */
static void find_builtin(const char **file, const char **path)
{
    const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

    *file = NULL;
    *path = NULL;
#if LIBCURL_VERSION_NUM >= 0x074600 /* 7.70: the built-in places are told */
    if (v->age >= CURLVERSION_SEVENTH) {
        *file = v->cainfo;
        *path = v->capath;
    }
#else
    (void)v;
#endif
}

enum sso_kind sso_trust_system(struct sso_trust *t)
{
    const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
    const char *file;
    const char *path;

    memset(t, 0, sizeof(*t));
    t->source = SSO_TRUST_LIBCURL;
    find_builtin(&file, &path);
    if (!is_openssl(v)) {
        return SSO_OK;
    }
    if (is_hashed_directory(path)) {
        return keep(t, NULL, path);
    }
    if (is_file(file)) {
        return keep(t, file, NULL);
    }
    return SSO_OK;
}

static const char *from_environment(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/*
 * Some environments name the system's own places, both of them.  Taken at
 * their word they would switch libcurl's cache off (see above), and they ask
 * for nothing that the system's anchors are not.
 */
static bool is_builtin(const char *file, const char *path)
{
    const char *builtin_file;
    const char *builtin_path;

    find_builtin(&builtin_file, &builtin_path);
    return builtin_file != NULL && builtin_path != NULL &&
           strcmp(file, builtin_file) == 0 && strcmp(path, builtin_path) == 0;
}

enum sso_kind sso_trust_choose(struct sso_trust *t, const char *ca_file,
                               const char *ca_path, char *why, size_t why_size)
{
    const char *file_what = "ca_file";
    const char *path_what = "ca_path";
    enum sso_kind kind = SSO_OK;

    memset(t, 0, sizeof(*t));
    if (ca_file == NULL && ca_path == NULL) {
        file_what = "SSL_CERT_FILE";
        path_what = "SSL_CERT_DIR";
        ca_file = from_environment(file_what);
        ca_path = from_environment(path_what);
        if (ca_file != NULL && ca_path != NULL &&
            is_builtin(ca_file, ca_path)) {
            return SSO_OK; /* SSO_TRUST_SYSTEM */
        }
    }
    if (ca_file == NULL && ca_path == NULL) {
        return SSO_OK; /* SSO_TRUST_SYSTEM */
    }
    if (ca_file != NULL) {
        kind = check_ca_file(file_what, ca_file, why, why_size);
    }
    if (kind == SSO_OK && ca_path != NULL) {
        kind = check_ca_path(path_what, ca_path, why, why_size);
    }
    return kind == SSO_OK ? keep(t, ca_file, ca_path) : kind;
}
