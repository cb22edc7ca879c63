/*
 * text.h - text that crosses the border: is it UTF-8, which known name is
 * meant by a misspelt one, and what a server wrote made fit for a terminal.
 */
#ifndef SSO_TEXT_H
#define SSO_TEXT_H

#include "compat.h"

#include <stddef.h>

#pragma GCC visibility push(hidden)

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool sso_text_is_utf8(const char *s, size_t len);

/* Finds the known name nearest to a misspelt one: offer each, read best. */
struct sso_nearest {
    const char *word;
    const char *best; /* borrowed; NULL while nothing is near enough */
    size_t distance;
};

void sso_nearest_init(struct sso_nearest *n, const char *word);
void sso_nearest_offer(struct sso_nearest *n, const char *name);

/*
 * Pushes text from outside as one harmless line: control characters and
 * bytes that are no UTF-8 become spaces or '?', whatever starts like the
 * secret (NULL: none) or looks like an API key becomes "[api key]", and it
 * ends after max bytes.
 * [-0, +1]
 */
void sso_text_push_clean(lua_State *L, const char *s, size_t len,
                         const char *secret, size_t max);

/*
 * Pushes what a value is, for "must be …, not …": a number as it
 * stands, else its type. [-0, +1]
 */
const char *sso_text_push_value(lua_State *L, int i);

#pragma GCC visibility pop

#endif
