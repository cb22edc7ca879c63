/*
 * text.c - text that crosses the border (see text.h).
 */
#include "text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Shortest run of a secret's first bytes that is masked. */
#define SECRET_MIN 10

/* Longest word that is compared with the known names. */
#define WORD_MAX 48

/* Length of the UTF-8 sequence at s, 0 when there is none. */
static size_t sequence_length(const unsigned char *s, size_t len)
{
    unsigned char low = 0x80, high = 0xBF;
    size_t n, i;

    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xC2 && s[0] <= 0xDF)
        n = 2;
    else if (s[0] >= 0xE0 && s[0] <= 0xEF)
        n = 3;
    else if (s[0] >= 0xF0 && s[0] <= 0xF4)
        n = 4;
    else
        return 0;
    if (len < n)
        return 0;
    if (s[0] == 0xE0)
        low = 0xA0; /* overlong */
    else if (s[0] == 0xED)
        high = 0x9F; /* surrogates */
    else if (s[0] == 0xF0)
        low = 0x90; /* overlong */
    else if (s[0] == 0xF4)
        high = 0x8F; /* above U+10FFFF */
    if (s[1] < low || s[1] > high)
        return 0;
    for (i = 2; i < n; i++)
        if (s[i] < 0x80 || s[i] > 0xBF)
            return 0;
    return n;
}

/* Eight bytes of ASCII, the common case: a certificate is nothing else. */
static bool is_ascii_block(const unsigned char *p)
{
    uint64_t block;

    memcpy(&block, p, sizeof(block));
    return (block & UINT64_C(0x8080808080808080)) == 0;
}

bool sso_text_is_utf8(const char *s, size_t len)
{
    const unsigned char *p = (const unsigned char *)s;
    const unsigned char *end = p + len;

    while (p < end) {
        size_t n;
        while (end - p >= 8 && is_ascii_block(p))
            p += 8;
        if (p == end)
            break;
        n = sequence_length(p, (size_t)(end - p));
        if (n == 0)
            return false;
        p += n;
    }
    return true;
}

/* Levenshtein distance; both words are at most WORD_MAX long. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
    size_t row[WORD_MAX + 1], i, j;

    for (j = 0; j <= nb; j++)
        row[j] = j;
    for (i = 1; i <= na; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (j = 1; j <= nb; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[nb];
}

void sso_nearest_init(struct sso_nearest *n, const char *word)
{
    size_t len = strlen(word);

    n->word = word;
    n->best = NULL;
    n->distance = len / 3 > 2 ? len / 3 + 1 : 3; /* one more than allowed */
}

void sso_nearest_offer(struct sso_nearest *n, const char *name)
{
    size_t nw = strlen(n->word), nn = strlen(name), d;

    if (nw > WORD_MAX || nn > WORD_MAX)
        return;
    d = distance(n->word, nw, name, nn);
    if (d < n->distance && d < nn) {
        n->best = name;
        n->distance = d;
    }
}

/* How many bytes at s repeat the secret from its beginning; 0: too few. */
static size_t secret_length(const char *s, size_t len, const char *secret)
{
    size_t n = 0, whole;

    if (secret == NULL || *s != *secret)
        return 0;
    whole = strlen(secret);
    while (n < len && n < whole && s[n] == secret[n])
        n++;
    return n == whole || n >= SECRET_MIN ? n : 0;
}

/* How many bytes at s look like an API key, whoever's: "SG." and a run of what
 * keys are made of; 0: they do not. */
static size_t key_length(const char *s, size_t len)
{
    size_t n = 3;

    if (len <= 3 || strncmp(s, "SG.", 3) != 0)
        return 0;
    while (n < len && (isalnum((unsigned char)s[n]) || strchr("._-", s[n])))
        n++;
    return n >= 3 + SECRET_MIN ? n : 0;
}

/*
 * Control characters of ASCII and of Latin-1 (as UTF-8), line separators, and
 * the marks that turn the direction of the text around them.
 */
static bool is_control(const unsigned char *s, size_t n)
{
    if (n == 1)
        return s[0] < 0x20 || s[0] == 0x7F;
    if (n == 2)
        return s[0] == 0xC2 && s[1] < 0xA0;
    if (n != 3 || s[0] != 0xE2)
        return false;
    return (s[1] == 0x80 &&
            (s[2] == 0x8E || s[2] == 0x8F || (s[2] >= 0xA8 && s[2] <= 0xAE))) ||
           (s[1] == 0x81 && s[2] >= 0xA6 && s[2] <= 0xA9);
}

void sso_text_push_clean(lua_State *L, const char *s, size_t len,
                         const char *secret, size_t max)
{
    size_t i = 0, written = 0;
    luaL_Buffer b;

    luaL_buffinit(L, &b);
    while (i < len && written < max) {
        size_t n = secret_length(s + i, len - i, secret);
        if (n == 0)
            n = key_length(s + i, len - i);
        if (n > 0) {
            luaL_addstring(&b, "[api key]");
            written += 9;
            i += n;
            continue;
        }
        n = sequence_length((const unsigned char *)s + i, len - i);
        if (n == 0)
            luaL_addchar(&b, '?');
        else if (is_control((const unsigned char *)s + i, n))
            luaL_addchar(&b, ' ');
        else
            luaL_addlstring(&b, s + i, n);
        written += n == 0 ? 1 : n;
        i += n == 0 ? 1 : n;
    }
    if (i < len)
        luaL_addstring(&b, "...");
    luaL_pushresult(&b);
}

const char *sso_text_push_value(lua_State *L, int i)
{
    char number[40];

    if (lua_type(L, i) == LUA_TNUMBER) {
        snprintf(number, sizeof(number), "%.14g", lua_tonumber(L, i));
        lua_pushstring(L, number);
        return lua_tostring(L, -1);
    }
    lua_pushstring(L, luaL_typename(L, i));
    return lua_tostring(L, -1);
}
