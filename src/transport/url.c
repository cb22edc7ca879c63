/*
 * url.c - see url.h.  Base URLs go through curl_url(3), never a pattern:
 * "http://127.0.0.1@evil.example" looks like loopback to a pattern.
 */
#include "url.h"
#include "memory.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <strings.h>

enum sso_kind sso_url_append_segment(struct sso_buffer *out, const char *text,
                                     size_t len)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz"
                                "0123456789-._~";
    static const char hex[] = "0123456789ABCDEF";
    size_t i;

    for (i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        char code[3];
        size_t code_len = 1;
        enum sso_kind kind;

        code[0] = text[i];
        if (byte == 0 || strchr(plain, byte) == NULL) {
            code[0] = '%';
            code[1] = hex[byte >> 4];
            code[2] = hex[byte & 15];
            code_len = 3;
        }
        kind = sso_buffer_append(out, code, code_len);
        if (kind != SSO_OK) {
            return kind;
        }
    }
    return SSO_OK;
}

bool sso_url_is_loopback_address(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, address, sizeof(in));
        return (ntohl(in.sin_addr.s_addr) >> 24) == 127;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, address, sizeof(in6));
        return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
    }
    return false;
}

bool sso_url_is_loopback_host(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    char inner[INET6_ADDRSTRLEN];
    size_t len = strlen(host);

    if (strcasecmp(host, "localhost") == 0) {
        return true;
    }
    if (inet_pton(AF_INET, host, &v4) == 1) {
        return (ntohl(v4.s_addr) >> 24) == 127;
    }
    if (host[0] != '[' || len < 3 || len - 2 >= sizeof(inner)) {
        return false;
    }
    memcpy(inner, host + 1, len - 2);
    inner[len - 2] = '\0';
    return inet_pton(AF_INET6, inner, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* How sentences speak of the URL that is looked at. */
struct words {
    const char *name;
    const char *form;
    const char *secret; /* why it holds no credentials */
    const char *clear;  /* why http is no good */
};

static const struct words base_words = {
    "base_url", "https://host[:port][/prefix]", "the key goes in api_key",
    "the key would travel in the clear"};

static const struct words target_words = {
    "the URL", "https://host[:port]/path", "they would be sent and logged",
    "anybody on the way could change the answer"};

static enum sso_kind refuse(const struct words *w, char *why, size_t why_size,
                            const char *fault, const char *advice)
{
    snprintf(why, why_size, "%s %s%s", w->name, fault, advice);
    return SSO_CONFIG;
}

/* What libcurl's parser did not like, for people. */
static enum sso_kind explain(const struct words *w, CURLUcode code, char *why,
                             size_t why_size)
{
    switch (code) {
    case CURLUE_OUT_OF_MEMORY:
        return SSO_MEMORY;
    case CURLUE_USER_NOT_ALLOWED:
        return refuse(w, why, why_size, "holds credentials: leave them out, ",
                      w->secret);
    case CURLUE_BAD_PORT_NUMBER:
        return refuse(w, why, why_size,
                      "has a port that is not a number from 1 to 65535", "");
    default:
        return refuse(w, why, why_size, "is not a URL: write it as ", w->form);
    }
}

/* One part of a parsed URL, which may be absent.  Freed with curl_free. */
static enum sso_kind part(CURLU *url, CURLUPart which, char **text)
{
    CURLUcode code = curl_url_get(url, which, text, 0);

    if (code != CURLUE_OK) {
        *text = NULL;
    }
    return code == CURLUE_OUT_OF_MEMORY ? SSO_MEMORY : SSO_OK;
}

struct parts {
    char *scheme;
    char *host;
    char *port;
    char *query;
    char *fragment;
    char *url;
};

static void free_parts(struct parts *p)
{
    curl_free(p->scheme);
    curl_free(p->host);
    curl_free(p->port);
    curl_free(p->query);
    curl_free(p->fragment);
    curl_free(p->url);
}

static enum sso_kind get_parts(CURLU *url, struct parts *p)
{
    bool ok = part(url, CURLUPART_SCHEME, &p->scheme) == SSO_OK &&
              part(url, CURLUPART_HOST, &p->host) == SSO_OK &&
              part(url, CURLUPART_PORT, &p->port) == SSO_OK &&
              part(url, CURLUPART_QUERY, &p->query) == SSO_OK &&
              part(url, CURLUPART_FRAGMENT, &p->fragment) == SSO_OK &&
              part(url, CURLUPART_URL, &p->url) == SSO_OK;

    return ok ? SSO_OK : SSO_MEMORY;
}

/* The rules, on a URL that could be taken apart.  text: as it was given. */
static enum sso_kind judge(const struct words *w, const char *text,
                           const struct parts *p, char *why, size_t why_size)
{
    bool https = p->scheme != NULL && strcmp(p->scheme, "https") == 0;
    bool http = p->scheme != NULL && strcmp(p->scheme, "http") == 0;

    if (!https && !http) {
        return refuse(w, why, why_size,
                      "must begin with https:// (or http:// for a server on "
                      "loopback)",
                      "");
    }
    /* libcurl passes over a third slash and takes the path for the host. */
    if (p->host == NULL || p->host[0] == '\0' || p->url == NULL ||
        strncmp(text + strcspn(text, ":"), ":///", 4) == 0) {
        return refuse(w, why, why_size, "names no host: write it as ", w->form);
    }
    if (http && !sso_url_is_loopback_host(p->host)) {
        snprintf(why, why_size,
                 "%s is http to a host that is not loopback: %s, use https",
                 w->name, w->clear);
        return SSO_CONFIG;
    }
    return SSO_OK;
}

/*
 * A base is followed by paths.  The parser drops an empty query or fragment;
 * a '?' or '#' that is left in the text can be nothing else, credentials being
 * refused.
 */
static enum sso_kind judge_end(const char *text, const struct parts *p,
                               char *why, size_t why_size)
{
    if (p->query != NULL || strchr(text, '?') != NULL) {
        return refuse(&base_words, why, why_size,
                      "has a query: leave out the '?' and what follows it", "");
    }
    if (p->fragment != NULL || strchr(text, '#') != NULL) {
        return refuse(&base_words, why, why_size,
                      "has a fragment: leave out the '#' and what follows it",
                      "");
    }
    return SSO_OK;
}

static enum sso_kind keep(const struct parts *p, struct sso_base *base)
{
    size_t host_len = strlen(p->host);
    size_t port_len = p->port != NULL ? strlen(p->port) : 0;
    size_t url_len = strlen(p->url);
    size_t origin_len;

    while (url_len > 0 && p->url[url_len - 1] == '/') {
        url_len--;
    }
    origin_len = strlen(p->scheme) + 3;
    origin_len += strcspn(p->url + origin_len, "/");
    origin_len = origin_len < url_len ? origin_len : url_len;
    base->plain = strcmp(p->scheme, "http") == 0;
    base->url = sso_malloc(url_len + 1);
    base->origin = sso_malloc(origin_len + 1);
    base->authority = sso_malloc(host_len + port_len + 2);
    if (base->url == NULL || base->origin == NULL || base->authority == NULL) {
        sso_base_free(base);
        return SSO_MEMORY;
    }
    memcpy(base->url, p->url, url_len);
    base->url[url_len] = '\0';
    memcpy(base->origin, p->url, origin_len);
    base->origin[origin_len] = '\0';
    base->prefix = base->url + origin_len;
    snprintf(base->authority, host_len + port_len + 2, "%s%s%s", p->host,
             p->port != NULL ? ":" : "", p->port != NULL ? p->port : "");
    return SSO_OK;
}

/*
 * Takes a text apart.  libcurl decodes a percent-encoded host after it has
 * looked for an address in it, and would make another one of it as it reads
 * our text: so its own text is read once more.
 */
static CURLUcode read_base(CURLU *url, const char *text, struct parts *p)
{
    const unsigned flags = CURLU_NON_SUPPORT_SCHEME | CURLU_DISALLOW_USER;
    CURLUcode code = curl_url_set(url, CURLUPART_URL, text, flags);
    char *own = NULL;

    if (code == CURLUE_OK) {
        code = curl_url_get(url, CURLUPART_URL, &own, 0);
    }
    if (code == CURLUE_OK) {
        code = curl_url_set(url, CURLUPART_URL, own, flags);
    }
    curl_free(own);
    if (code == CURLUE_OK && get_parts(url, p) != SSO_OK) {
        code = CURLUE_OUT_OF_MEMORY;
    }
    return code;
}

enum sso_kind sso_url_check_base(const char *text, struct sso_base *base,
                                 char *why, size_t why_size)
{
    struct parts p = {NULL, NULL, NULL, NULL, NULL, NULL};
    CURLU *url = curl_url();
    enum sso_kind kind;
    CURLUcode code;

    memset(base, 0, sizeof(*base));
    if (url == NULL) {
        return SSO_MEMORY;
    }
    code = read_base(url, text, &p);
    kind = code == CURLUE_OK ? judge_end(text, &p, why, why_size)
                             : explain(&base_words, code, why, why_size);
    if (kind == SSO_OK) {
        kind = judge(&base_words, text, &p, why, why_size);
    }
    if (kind == SSO_OK) {
        kind = keep(&p, base);
    }
    free_parts(&p);
    curl_url_cleanup(url);
    return kind;
}

void sso_base_free(struct sso_base *base)
{
    sso_free(base->url);
    sso_free(base->origin);
    sso_free(base->authority);
    base->url = NULL;
    base->origin = NULL;
    base->prefix = NULL;
    base->authority = NULL;
}

bool sso_base_url_check(const char *url, char *why, size_t why_size)
{
    struct sso_base base;
    enum sso_kind kind;

    memset(&base, 0, sizeof(base));
    if (why_size > 0) {
        why[0] = '\0';
    }
    kind = sso_url_check_base(url, &base, why, why_size);
    sso_base_free(&base);
    if (kind == SSO_MEMORY) {
        snprintf(why, why_size, "not enough memory");
    }
    return kind == SSO_OK;
}

/* ---- whole URLs -------------------------------------------------------- */

/* Path and query, as the parser read them. */
static enum sso_kind take_target(CURLU *url, struct sso_buffer *target)
{
    char *path = NULL, *query = NULL;
    enum sso_kind kind = part(url, CURLUPART_PATH, &path);

    if (kind == SSO_OK) {
        kind = part(url, CURLUPART_QUERY, &query);
    }
    if (kind == SSO_OK) {
        kind = path != NULL ? sso_buffer_append(target, path, strlen(path))
                            : SSO_MEMORY;
    }
    if (kind == SSO_OK && query != NULL) {
        kind = sso_buffer_append(target, "?", 1);
        if (kind == SSO_OK) {
            kind = sso_buffer_append(target, query, strlen(query));
        }
    }
    curl_free(path);
    curl_free(query);
    return kind;
}

/* What is left of the URL without path, query and fragment. */
static enum sso_kind take_base(CURLU *url, const char *text,
                               struct sso_buffer *base, char *why,
                               size_t why_size)
{
    struct parts p = {NULL, NULL, NULL, NULL, NULL, NULL};
    enum sso_kind kind = SSO_MEMORY;

    if (curl_url_set(url, CURLUPART_PATH, NULL, 0) == CURLUE_OK &&
        curl_url_set(url, CURLUPART_QUERY, NULL, 0) == CURLUE_OK &&
        curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK) {
        kind = get_parts(url, &p);
    }
    if (kind == SSO_OK) {
        kind = judge(&target_words, text, &p, why, why_size);
    }
    if (kind == SSO_OK) {
        kind = sso_buffer_append(base, p.url, strlen(p.url));
    }
    if (kind == SSO_OK && base->data[base->len - 1] == '/') {
        base->data[--base->len] = '\0';
    }
    free_parts(&p);
    return kind;
}

/* Older parsers let blanks through, which would end the request line. */
static bool is_plain_text(const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len && text[i] > 0x20 && text[i] < 0x7f; i++) {
    }
    return i == len;
}

enum sso_kind sso_url_split(const char *text, size_t len,
                            struct sso_buffer *base, struct sso_buffer *target,
                            char *why, size_t why_size)
{
    enum sso_kind kind;
    CURLU *url;
    CURLUcode code;

    sso_buffer_reset(base);
    sso_buffer_reset(target);
    if (!is_plain_text(text, len)) {
        return refuse(&target_words, why, why_size,
                      "holds a character that has to be percent-encoded", "");
    }
    url = curl_url();
    if (url == NULL) {
        return SSO_MEMORY;
    }
    code = curl_url_set(url, CURLUPART_URL, text,
                        CURLU_NON_SUPPORT_SCHEME | CURLU_DISALLOW_USER);
    if (code != CURLUE_OK) {
        kind = explain(&target_words, code, why, why_size);
    } else {
        kind = take_target(url, target);
        if (kind == SSO_OK) {
            kind = take_base(url, text, base, why, why_size);
        }
    }
    curl_url_cleanup(url);
    return kind;
}

/* ---- proxies ----------------------------------------------------------- */

bool sso_url_is_proxy(const char *text)
{
    static const char *const schemes[] = {
        "http://",    "https://",  "socks://",  "socks4://",
        "socks4a://", "socks5://", "socks5h://"};
    size_t i;

    if (strstr(text, "://") == NULL) {
        return true;
    }
    for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (strncasecmp(text, schemes[i], strlen(schemes[i])) == 0) {
            return text[strlen(schemes[i])] != '\0';
        }
    }
    return false;
}
