/*
 * headers.c - reads a block of received headers where it lies.
 *
 * The block is what attempt.c collected: the last status line and the lines
 * after it, unfolded.  Nothing is copied; most calls never look.
 */
#include "sso_transport.h"

#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next line without its end; false at the end of the block. */
static bool next_line(const char *block, size_t len, size_t *cursor,
                      const char **line, size_t *line_len)
{
    const char *start = block + *cursor;
    const char *end;

    if (*cursor >= len) {
        return false;
    }
    end = memchr(start, '\n', len - *cursor);
    if (end == NULL) {
        end = block + len;
        *cursor = len;
    } else {
        *cursor = (size_t)(end - block) + 1;
    }
    while (end > start && is_blank(end[-1])) {
        end--;
    }
    *line = start;
    *line_len = (size_t)(end - start);
    return true;
}

bool sso_headers_next(const char *block, size_t len, size_t *cursor,
                      struct sso_header_line *line)
{
    const char *text;
    size_t text_len;

    if (block == NULL) {
        return false;
    }
    if (*cursor == 0 && !next_line(block, len, cursor, &text, &text_len)) {
        return false;
    }
    while (next_line(block, len, cursor, &text, &text_len)) {
        const char *colon = memchr(text, ':', text_len);
        const char *end = text + text_len;

        if (colon == NULL || colon == text) {
            continue; /* the empty line, or no header */
        }
        line->name = text;
        line->name_len = (size_t)(colon - text);
        while (line->name_len > 0 && is_blank(text[line->name_len - 1])) {
            line->name_len--;
        }
        if (line->name_len == 0) {
            continue; /* blanks alone before the colon name nothing */
        }
        for (colon++; colon < end && is_blank(*colon); colon++) {
        }
        line->value = colon;
        line->value_len = (size_t)(end - colon);
        return true;
    }
    return false;
}

bool sso_headers_find(const char *block, size_t len, const char *name,
                      struct sso_header_line *line)
{
    size_t name_len = strlen(name);
    size_t cursor = 0;

    while (sso_headers_next(block, len, &cursor, line)) {
        if (line->name_len == name_len &&
            strncasecmp(line->name, name, name_len) == 0) {
            return true;
        }
    }
    return false;
}
