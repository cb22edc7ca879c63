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

static enum sso_kind refuse(char *why, size_t why_size, const char *sentence)
{
    snprintf(why, why_size, "%s", sentence);
    return SSO_CONFIG;
}

/* What libcurl's parser did not like, for people. */
static enum sso_kind explain(CURLUcode code, char *why, size_t why_size)
{
    switch (code) {
    case CURLUE_OUT_OF_MEMORY:
        return SSO_MEMORY;
    case CURLUE_USER_NOT_ALLOWED:
        return refuse(why, why_size,
                      "base_url holds credentials: leave them out, the key "
                      "goes in api_key");
    case CURLUE_BAD_PORT_NUMBER:
        return refuse(why, why_size,
                      "base_url has a port that is not a number from 1 to "
                      "65535");
    default:
        return refuse(why, why_size,
                      "base_url is not a URL: write it as "
                      "https://host[:port][/prefix]");
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
static enum sso_kind judge(const char *text, const struct parts *p, char *why,
                           size_t why_size)
{
    bool https = p->scheme != NULL && strcmp(p->scheme, "https") == 0;
    bool http = p->scheme != NULL && strcmp(p->scheme, "http") == 0;

    if (!https && !http) {
        return refuse(why, why_size,
                      "base_url must begin with https:// (or http:// for a "
                      "server on loopback)");
    }
    /* libcurl passes over a third slash and takes the path for the host. */
    if (p->host == NULL || p->host[0] == '\0' || p->url == NULL ||
        strstr(text, ":///") != NULL) {
        return refuse(why, why_size,
                      "base_url names no host: write it as "
                      "https://host[:port][/prefix]");
    }
    /* The parser drops an empty query or fragment; a '?' or '#' that is
     * left in the text can be nothing else, credentials being refused. */
    if (p->query != NULL || strchr(text, '?') != NULL) {
        return refuse(why, why_size,
                      "base_url has a query: leave out the '?' and what "
                      "follows it");
    }
    if (p->fragment != NULL || strchr(text, '#') != NULL) {
        return refuse(why, why_size,
                      "base_url has a fragment: leave out the '#' and what "
                      "follows it");
    }
    if (http && !sso_url_is_loopback_host(p->host)) {
        return refuse(why, why_size,
                      "base_url is http to a host that is not loopback: the "
                      "key would travel in the clear, use https");
    }
    return SSO_OK;
}

static enum sso_kind keep(const struct parts *p, struct sso_base *base)
{
    size_t host_len = strlen(p->host);
    size_t port_len = p->port != NULL ? strlen(p->port) : 0;
    size_t url_len = strlen(p->url);

    while (url_len > 0 && p->url[url_len - 1] == '/') {
        url_len--;
    }
    base->plain = strcmp(p->scheme, "http") == 0;
    base->url = sso_malloc(url_len + 1);
    base->authority = sso_malloc(host_len + port_len + 2);
    if (base->url == NULL || base->authority == NULL) {
        sso_base_free(base);
        return SSO_MEMORY;
    }
    memcpy(base->url, p->url, url_len);
    base->url[url_len] = '\0';
    snprintf(base->authority, host_len + port_len + 2, "%s%s%s", p->host,
             p->port != NULL ? ":" : "", p->port != NULL ? p->port : "");
    return SSO_OK;
}

enum sso_kind sso_url_check_base(const char *text, struct sso_base *base,
                                 char *why, size_t why_size)
{
    struct parts p = {NULL, NULL, NULL, NULL, NULL, NULL};
    enum sso_kind kind = SSO_MEMORY;
    CURLU *url = curl_url();
    CURLUcode code;

    memset(base, 0, sizeof(*base));
    if (url == NULL) {
        return SSO_MEMORY;
    }
    code = curl_url_set(url, CURLUPART_URL, text,
                        CURLU_NON_SUPPORT_SCHEME | CURLU_DISALLOW_USER);
    if (code != CURLUE_OK) {
        kind = explain(code, why, why_size);
    } else if (get_parts(url, &p) == SSO_OK) {
        kind = judge(text, &p, why, why_size);
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
    sso_free(base->authority);
    base->url = NULL;
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
