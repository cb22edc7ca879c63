/*
 * certificate_base64.c - base64 as it is found in the wild, the head of a DER
 * value, and the strict shape of a text that needs no mending (see
 * certificate_text.h).
 */
#include "certificate_text.h"

#include <string.h>

int sso_certificate_sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

/* White space and quotation marks seen within a run. */
struct gaps {
    bool breaks;
    bool spaces;
    bool blank_line;
    bool quotes;
    size_t newlines; /* since the last character of base64 */
};

static bool is_quote(char c)
{
    return c == '"' || c == '\'' || c == ',' || c == '>' || c == '\\' ||
           c == '|';
}

/* Counts a character between base64 ones; false: it ends the run. */
static bool pass_over(struct gaps *g, char c)
{
    if (c == '\n') {
        g->newlines++;
        return true;
    }
    if (sso_certificate_is_space(c)) {
        g->spaces = g->spaces || c != '\r';
        return true;
    }
    if (!is_quote(c))
        return false;
    g->quotes = true;
    return true;
}

static unsigned mended_of(const struct gaps *g)
{
    unsigned mended = g->quotes ? SSO_MENDED_QUOTES : 0;
    if (g->spaces && !g->breaks)
        mended |= SSO_MENDED_SPACES;
    else if (g->spaces || g->blank_line)
        mended |= SSO_MENDED_WHITE;
    return mended;
}

/* What the gap before another character of base64 tells. */
static void close_gap(struct gaps *all, struct gaps *gap)
{
    all->breaks = all->breaks || gap->newlines > 0;
    all->blank_line = all->blank_line || gap->newlines > 1;
    all->spaces = all->spaces || gap->spaces;
    all->quotes = all->quotes || gap->quotes;
    memset(gap, 0, sizeof(*gap));
}

/* Passes the '=' that close a run, two at most, and spaces between them. */
static size_t behind_padding(const char *p, size_t i, size_t len)
{
    size_t end = i;
    int seen = 0;
    for (; i < len && seen < 2; i++) {
        if (p[i] == '=') {
            seen++;
            end = i + 1;
        } else if (!sso_certificate_is_space(p[i])) {
            break;
        }
    }
    return end;
}

void sso_certificate_decode(const char *p, size_t from, size_t len,
                            unsigned char *out, size_t max,
                            struct sso_certificate_run *run)
{
    struct gaps all = {false, false, false, false, 0};
    struct gaps gap = {false, false, false, false, 0};
    unsigned long bits = 0;
    int have = 0;
    size_t i;
    run->bytes = 0;
    run->broken = false;
    run->end = from;
    for (i = from; i < len && run->bytes < max; i++) {
        int v = sso_certificate_sextet(p[i]);
        if (v < 0) {
            if (pass_over(&gap, p[i]))
                continue;
            run->broken = p[i] != '=' && p[i] != '-' && p[i] != '<';
            break;
        }
        close_gap(&all, &gap);
        bits = ((bits << 6) | (unsigned long)v) & 0xFFFFul;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[run->bytes++] = (unsigned char)((bits >> have) & 0xFFul);
        }
        run->end = i + 1;
    }
    run->end = behind_padding(p, run->end, len);
    run->mended = mended_of(&all);
}

bool sso_certificate_der_head(const unsigned char *p, size_t len, size_t *head,
                              size_t *content)
{
    size_t octets;
    size_t i;
    if (len < 2)
        return false;
    if (p[1] < 0x80) {
        *head = 2;
        *content = p[1];
        return true;
    }
    octets = p[1] & 0x7Fu;
    if (octets < 1 || octets > 4 || len < 2 + octets)
        return false;
    *head = 2 + octets;
    *content = 0;
    for (i = 0; i < octets; i++)
        *content = *content << 8 | p[2 + i];
    /* Nothing here is longer; no sum of lengths below can overflow. */
    return *content <= 0x7FFFFFF;
}

#define BEGIN_LINE "-----BEGIN CERTIFICATE-----"
#define END_LINE   "-----END CERTIFICATE-----"

/* Length of the line break at p, 0: none. */
static size_t line_break(const char *p, size_t len)
{
    if (len >= 1 && p[0] == '\n')
        return 1;
    return len >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

/*
 * Passes lines of strict base64, each with its line break; the last ends in
 * its padding.  Returns where the END line has to stand, 0: not strict.
 */
static size_t strict_lines(const char *p, size_t len)
{
    size_t i = 0;
    size_t digits = 0;
    size_t padding = 0;
    int last = 0;
    while (i < len && p[i] != '-') {
        size_t start = i;
        if (padding > 0)
            return 0;
        for (; i < len && sso_certificate_sextet(p[i]) >= 0; i++, digits++)
            last = sso_certificate_sextet(p[i]);
        for (; i < len && p[i] == '='; i++)
            padding++;
        if (i == start || line_break(p + i, len - i) == 0)
            return 0;
        i += line_break(p + i, len - i);
    }
    /* Bits that no byte takes have to be zero (RFC 4648, 3.5). */
    if (padding > 2 || (digits + padding) % 4 != 0 || digits < 4 ||
        (padding == 1 && (last & 3) != 0) || (padding == 2 && (last & 15) != 0))
        return 0;
    return i;
}

bool sso_certificate_is_clean(const char *text, size_t len)
{
    size_t i = sizeof(BEGIN_LINE) - 1;
    size_t body;
    if (len < i || memcmp(text, BEGIN_LINE, i) != 0 ||
        line_break(text + i, len - i) == 0)
        return false;
    i += line_break(text + i, len - i);
    body = strict_lines(text + i, len - i);
    if (body == 0)
        return false;
    i += body;
    if (len - i < sizeof(END_LINE) - 1 ||
        memcmp(text + i, END_LINE, sizeof(END_LINE) - 1) != 0)
        return false;
    i += sizeof(END_LINE) - 1;
    return i + line_break(text + i, len - i) == len;
}
