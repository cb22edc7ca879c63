/*
 * settings.c - see settings.h.  Everything that can be refused before a call
 * is made is refused here, with a sentence.
 */
#include "settings.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* Longest time-out that is told apart from "never": about 31 years, ms. */
#define LONGEST INT64_C(1000000000000)

static char *copy(const char *text, bool *ok)
{
    size_t size;
    char *made;

    if (text == NULL) {
        return NULL;
    }
    size = strlen(text) + 1;
    made = sso_malloc(size);
    if (made == NULL) {
        *ok = false;
        return NULL;
    }
    memcpy(made, text, size);
    return made;
}

/* ---- header lists ----------------------------------------------------- */

static void free_list(struct curl_slist *list)
{
    struct curl_slist *item;

    for (item = list; item != NULL; item = item->next) {
        sso_wipe(item->data, strlen(item->data));
    }
    curl_slist_free_all(list);
}

static bool append(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (longer == NULL) {
        return false; /* the old list is still whole */
    }
    *list = longer;
    return true;
}

/* "Name: value"; the form "Name;" is libcurl's for an empty value. */
static bool append_header(struct curl_slist **list, const char *name,
                          const char *prefix, const char *value)
{
    struct sso_buffer line;
    bool empty = prefix[0] == '\0' && value[0] == '\0';
    bool ok;

    sso_buffer_init(&line, 0);
    ok =
        sso_buffer_append(&line, name, strlen(name)) == SSO_OK &&
        sso_buffer_append(&line, empty ? ";" : ": ", empty ? 1 : 2) == SSO_OK &&
        sso_buffer_append(&line, prefix, strlen(prefix)) == SSO_OK &&
        sso_buffer_append(&line, value, strlen(value)) == SSO_OK &&
        append(list, line.data);
    sso_buffer_free(&line);
    return ok;
}

static bool is_given(const struct sso_settings_spec *spec, const char *name)
{
    size_t i;

    for (i = 0; i < spec->header_count; i++) {
        if (strcasecmp(spec->headers[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool append_agent(struct curl_slist **list,
                         const struct sso_settings_spec *spec)
{
    return spec->user_agent == NULL ||
           append_header(list, "User-Agent", "", spec->user_agent);
}

/* What libcurl would add by itself is replaced or, as "Name:", left out. */
static bool build_list(struct curl_slist **list,
                       const struct sso_settings_spec *spec, bool body)
{
    bool ok = append_agent(list, spec); /* where libcurl puts its own */
    size_t i;

    if (spec->api_key != NULL) {
        ok = ok &&
             append_header(list, "Authorization", "Bearer ", spec->api_key);
    }
    if (!is_given(spec, "Accept")) {
        ok = ok && append(list, "Accept: application/json");
    }
    if (!is_given(spec, "Content-Type")) {
        ok = ok && append(list, body ? "Content-Type: application/json"
                                     : "Content-Type:");
    }
    ok = ok && append(list, "Expect:"); /* one round trip, no 100-continue */
    for (i = 0; ok && i < spec->header_count; i++) {
        ok = append_header(list, spec->headers[i].name, "",
                           spec->headers[i].value);
    }
    return ok;
}

/* ---- checks ----------------------------------------------------------- */

/* A line break in a header value would begin another header. */
static bool is_clean(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;

        if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool is_name(const char *text)
{
    static const char token[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz"
                                "0123456789!#$%&'*+-.^_`|~";

    return text[0] != '\0' && text[strspn(text, token)] == '\0';
}

static enum sso_kind check_headers(const struct sso_settings_spec *spec,
                                   char *why, size_t why_size)
{
    size_t i;

    if (spec->api_key != NULL && !is_clean(spec->api_key)) {
        snprintf(why, why_size, "the API key holds a control character");
        return SSO_CONFIG;
    }
    if (spec->user_agent != NULL && !is_clean(spec->user_agent)) {
        snprintf(why, why_size, "user_agent holds a control character");
        return SSO_CONFIG;
    }
    for (i = 0; i < spec->header_count; i++) {
        if (!is_name(spec->headers[i].name)) {
            snprintf(why, why_size, "a header's name is not an HTTP token");
            return SSO_CONFIG;
        }
        if (!is_clean(spec->headers[i].value)) {
            snprintf(why, why_size, "header '%s' holds a control character",
                     spec->headers[i].name);
            return SSO_CONFIG;
        }
    }
    return SSO_OK;
}

static enum sso_kind check_files(const struct sso_settings_spec *spec,
                                 char *why, size_t why_size)
{
    enum sso_kind kind = SSO_OK;

    if (spec->client_key != NULL && spec->client_cert == NULL) {
        snprintf(why, why_size, "client_key is given without client_cert");
        return SSO_CONFIG;
    }
    if (spec->client_cert != NULL) {
        kind = sso_trust_check_file("client_cert", spec->client_cert, why,
                                    why_size);
    }
    if (kind == SSO_OK && spec->client_key != NULL) {
        kind =
            sso_trust_check_file("client_key", spec->client_key, why, why_size);
    }
    return kind;
}

/* ---- life ------------------------------------------------------------- */

static int64_t clamp(int64_t ms, int64_t most)
{
    if (ms < 1) {
        return 1;
    }
    return ms < most ? ms : most;
}

/* Whether libcurl would find a proxy for https, as it looks for one. */
static bool is_proxy_named(void)
{
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY",
                                        "all_proxy", "ALL_PROXY"};
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (getenv(names[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/*
 * Plain http is loopback: a proxy named in the environment would see it.  No
 * proxy at all is said as such, because libcurl would look for six variables
 * at every call.
 */
static const char *choose_proxy(const struct sso_settings *s,
                                const struct sso_settings_spec *spec)
{
    if (s->base.plain || (spec->proxy == NULL && !is_proxy_named())) {
        return "";
    }
    return spec->proxy;
}

static bool has_http2(void)
{
    return (curl_version_info(CURLVERSION_NOW)->features &
            CURL_VERSION_HTTP2) != 0;
}

static enum sso_kind fill(struct sso_settings *s,
                          const struct sso_settings_spec *spec, char *why,
                          size_t why_size)
{
    bool ok = true;
    enum sso_kind kind = check_headers(spec, why, why_size);

    if (kind == SSO_OK) {
        kind = sso_url_check_base(spec->base_url, &s->base, why, why_size);
    }
    if (kind == SSO_OK && spec->proxy != NULL &&
        !sso_url_is_proxy(spec->proxy)) {
        snprintf(why, why_size,
                 "proxy is not a URL that libcurl takes: http, https, socks4, "
                 "socks4a, socks5 or socks5h");
        kind = SSO_CONFIG;
    }
    if (kind == SSO_OK && spec->http2 && !has_http2()) {
        snprintf(why, why_size,
                 "http_version is \"2\", but libcurl was built without HTTP/2");
        kind = SSO_CONFIG;
    }
    if (kind == SSO_OK) {
        kind = check_files(spec, why, why_size);
    }
    if (kind == SSO_OK) {
        kind = sso_trust_choose(&s->trust, spec->ca_file, spec->ca_path, why,
                                why_size);
    }
    if (kind != SSO_OK) {
        return kind;
    }
    s->client_cert = copy(spec->client_cert, &ok);
    s->client_key = copy(spec->client_key, &ok);
    s->proxy = copy(choose_proxy(s, spec), &ok);
    s->timeout_us = clamp(spec->timeout_ms, LONGEST) * 1000;
    s->connect_timeout_ms = (long)clamp(spec->connect_timeout_ms, INT32_MAX);
    s->max_retries = spec->max_retries;
    s->events = spec->events;
    s->http2 = spec->http2 && !s->base.plain;
    ok = ok && build_list(&s->headers, spec, false) &&
         build_list(&s->body_headers, spec, true) &&
         append_agent(&s->proxy_headers, spec);
    return ok ? SSO_OK : SSO_MEMORY;
}

struct sso_settings *sso_settings_new(const struct sso_settings_spec *spec,
                                      char *why, size_t why_size)
{
    struct sso_settings *s = sso_calloc(1, sizeof(*s));
    enum sso_kind kind;

    if (why_size > 0) {
        why[0] = '\0';
    }
    if (s == NULL) {
        return NULL;
    }
    s->refs = 1;
    kind = fill(s, spec, why, why_size);
    if (kind != SSO_OK) {
        if (kind == SSO_MEMORY && why_size > 0) {
            why[0] = '\0';
        }
        sso_settings_unref(s);
        return NULL;
    }
    return s;
}

struct sso_settings *sso_settings_ref(struct sso_settings *s)
{
    s->refs++;
    return s;
}

void sso_settings_unref(struct sso_settings *s)
{
    if (s == NULL || --s->refs > 0) {
        return;
    }
    free_list(s->headers);
    free_list(s->body_headers);
    free_list(s->proxy_headers);
    if (s->proxy != NULL) {
        sso_wipe(s->proxy, strlen(s->proxy)); /* may hold a password */
    }
    sso_free(s->proxy);
    sso_free(s->client_cert);
    sso_free(s->client_key);
    sso_trust_free(&s->trust);
    sso_base_free(&s->base);
    sso_free(s);
}

const char *sso_settings_base_url(const struct sso_settings *s)
{
    return s->base.url;
}

/* In the lists alone; a header of the caller's own has another name. */
const char *sso_settings_api_key(const struct sso_settings *s)
{
    static const char prefix[] = "Authorization: Bearer ";
    const struct curl_slist *item;

    for (item = s->headers; item != NULL; item = item->next) {
        if (strncmp(item->data, prefix, sizeof(prefix) - 1) == 0) {
            return item->data + sizeof(prefix) - 1;
        }
    }
    return NULL;
}
