/*
 * certificate_marker.c - BEGIN and END lines as they are found: any case, any
 * number of dashes, on a line of their own or not (see certificate_text.h).
 */
#include "certificate_text.h"

#include <string.h>

static const struct label {
    const char *words;
    enum sso_pem_label label;
} labels[] = {
    {"CERTIFICATE", SSO_LABEL_CERTIFICATE},
    {"X509 CERTIFICATE", SSO_LABEL_CERTIFICATE},
    {"X.509 CERTIFICATE", SSO_LABEL_CERTIFICATE},
    {"TRUSTED CERTIFICATE", SSO_LABEL_CERTIFICATE},
    {"CERTIFICATE REQUEST", SSO_LABEL_REQUEST},
    {"NEW CERTIFICATE REQUEST", SSO_LABEL_REQUEST},
    {"X509 CRL", SSO_LABEL_CRL},
    {"CRL", SSO_LABEL_CRL},
    {"PUBLIC KEY", SSO_LABEL_PUBLIC_KEY},
    {"RSA PUBLIC KEY", SSO_LABEL_PUBLIC_KEY},
    {"EC PUBLIC KEY", SSO_LABEL_PUBLIC_KEY},
    {"DSA PUBLIC KEY", SSO_LABEL_PUBLIC_KEY},
    {"SSH2 PUBLIC KEY", SSO_LABEL_PUBLIC_KEY},
    {"PKCS7", SSO_LABEL_PKCS7},
    {"PKCS #7 SIGNED DATA", SSO_LABEL_PKCS7},
    {"CERTIFICATE CHAIN", SSO_LABEL_PKCS7},
    {"CMS", SSO_LABEL_PKCS7},
};

static size_t skip_space(const char *p, size_t len, size_t i)
{
    while (i < len && (sso_certificate_is_space(p[i]) || p[i] == '_'))
        i++;
    return i;
}

static size_t skip_dashes(const char *p, size_t len, size_t i)
{
    while (i < len && p[i] == '-')
        i++;
    return i;
}

/*
 * Passes a label's words at i, with any white space or none where the row
 * has one space.  Returns the end, i when it is another label.
 */
static size_t behind_words(const char *p, size_t len, size_t i,
                           const char *words)
{
    const size_t start = i;
    for (; *words != '\0'; words++) {
        if (*words == ' ') {
            i = skip_space(p, len, i);
        } else {
            const char letter[2] = {*words, '\0'};
            if (!sso_certificate_word_at(p + i, len - i, letter))
                return start;
            i++;
        }
    }
    return i;
}

/* The longest label at i; returns its end, i when none is known. */
static size_t behind_label(const char *p, size_t len, size_t i,
                           enum sso_pem_label *label)
{
    size_t best = i;
    size_t row;
    for (row = 0; row < sizeof(labels) / sizeof(labels[0]); row++) {
        size_t end = behind_words(p, len, i, labels[row].words);
        if (end > best) {
            best = end;
            *label = labels[row].label;
        }
    }
    return best;
}

/* A label that no row has: up to the dashes on the same line. */
static size_t behind_other_label(const char *p, size_t len, size_t i)
{
    size_t end = i;
    while (end < len && end - i < 64 && p[end] != '-' && p[end] != '\n')
        end++;
    return end < len && p[end] == '-' ? end : i;
}

/* Does PEM write this marker exactly so? */
static bool is_exact(const char *p, size_t len,
                     const struct sso_certificate_marker *m)
{
    const char *line =
        m->begin ? "-----BEGIN CERTIFICATE-----" : "-----END CERTIFICATE-----";
    size_t behind = m->to;
    if (m->to - m->from != strlen(line) ||
        memcmp(p + m->from, line, strlen(line)) != 0)
        return false;
    if (behind < len && p[behind] == '\r')
        behind++;
    return (m->from == 0 || p[m->from - 1] == '\n') &&
           (behind >= len || p[behind] == '\n');
}

/*
 * Is the BEGIN or END at word a marker?  It is with dashes on a side, and
 * without any when it stands apart in capitals.
 */
static bool read_marker(const char *p, size_t len, size_t word,
                        struct sso_certificate_marker *m)
{
    const size_t behind_word = word + (m->begin ? 5 : 3);
    const size_t name = skip_space(p, len, behind_word);
    size_t end;
    size_t dashes;
    m->from = word;
    while (m->from > 0 && p[m->from - 1] == ' ')
        m->from--;
    if (m->from == 0 || p[m->from - 1] != '-')
        m->from = word;
    while (m->from > 0 && p[m->from - 1] == '-')
        m->from--;
    m->label = SSO_LABEL_OTHER;
    end = behind_label(p, len, name, &m->label);
    if (end == name && word - m->from >= 2)
        end = behind_other_label(p, len, name);
    if (end == name)
        return false;
    dashes = skip_dashes(p, len, end + (end < len && p[end] == ' ' ? 1 : 0));
    m->to = dashes > end && p[dashes - 1] == '-' ? dashes : end;
    m->exact = is_exact(p, len, m);
    if (m->to > end)
        return true;
    if (end < len && sso_certificate_is_alnum(p[end]))
        return false;
    return m->from < word ||
           (p[word] < 'a' && name > behind_word &&
            (word == 0 || !sso_certificate_is_alnum(p[word - 1])));
}

bool sso_certificate_next_marker(const char *p, size_t len, size_t from,
                                 struct sso_certificate_marker *m)
{
    size_t i;
    for (i = from; i < len; i++) {
        if (p[i] != 'B' && p[i] != 'b' && p[i] != 'E' && p[i] != 'e')
            continue;
        m->begin = sso_certificate_word_at(p + i, len - i, "BEGIN");
        if (!m->begin && !sso_certificate_word_at(p + i, len - i, "END"))
            continue;
        if (read_marker(p, len, i, m)) {
            if (m->from < from) /* dashes shared with the marker before */
                m->from = from;
            return true;
        }
    }
    return false;
}
