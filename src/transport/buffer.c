/*
 * buffer.c - a growing, capped buffer that wipes itself.
 *
 * Growth copies by hand instead of calling realloc, which would leave the
 * old bytes behind in freed memory.
 */
#include "sso_transport.h"
#include "memory.h"

#define SMALLEST 1024u

/* Bytes that memset stores in vectors everywhere; for more, glibc takes "rep
 * stosb", which is slower to start than these few stores take. */
#define PIECE 1024u

void sso_wipe(void *data, size_t len)
{
    /* Called through a volatile pointer, so the compiler cannot know that it
     * is memset and cannot drop the store before a free. */
    static void *(*const volatile fill)(void *, int, size_t) = memset;
    char *at = data;

    for (; data != NULL && len > PIECE; len -= PIECE) {
        fill(at, 0, PIECE);
        at += PIECE;
    }
    if (data != NULL && len > 0) {
        fill(at, 0, len);
    }
}

void sso_buffer_init(struct sso_buffer *b, size_t limit)
{
    b->data = NULL;
    b->len = 0;
    b->capacity = 0;
    b->limit = limit != 0 ? limit : SIZE_MAX / 2;
}

/* Makes room for `need` bytes, need <= limit + 1. */
static enum sso_kind grow(struct sso_buffer *b, size_t need)
{
    size_t capacity = b->capacity != 0 ? b->capacity : SMALLEST;
    char *data;

    while (capacity < need) {
        capacity *= 2; /* need <= SIZE_MAX / 2 + 1: cannot wrap before */
    }
    data = sso_malloc(capacity);
    if (data == NULL) {
        return SSO_MEMORY;
    }
    if (b->data != NULL) {
        memcpy(data, b->data, b->len + 1);
        sso_wipe(b->data, b->capacity);
        sso_free(b->data);
    }
    b->data = data;
    b->capacity = capacity;
    return SSO_OK;
}

char *sso_buffer_reserve(struct sso_buffer *b, size_t len)
{
    if (len > b->limit - b->len || (b->len + len + 1 > b->capacity &&
                                    grow(b, b->len + len + 1) != SSO_OK)) {
        return NULL;
    }
    return b->data + b->len;
}

void sso_buffer_commit(struct sso_buffer *b, size_t len)
{
    b->len += len;
    b->data[b->len] = '\0';
}

enum sso_kind sso_buffer_append(struct sso_buffer *b, const void *data,
                                size_t len)
{
    if (len > b->limit - b->len) {
        return SSO_RESPONSE;
    }
    if (b->len + len + 1 > b->capacity) {
        enum sso_kind kind = grow(b, b->len + len + 1);

        if (kind != SSO_OK) {
            return kind;
        }
    }
    if (len > 0) {
        memcpy(b->data + b->len, data, len);
    }
    b->len += len;
    b->data[b->len] = '\0';
    return SSO_OK;
}

void sso_buffer_reset(struct sso_buffer *b)
{
    b->len = 0;
    if (b->data != NULL) {
        b->data[0] = '\0';
    }
}

void sso_buffer_free(struct sso_buffer *b)
{
    if (b->data != NULL) {
        sso_wipe(b->data, b->capacity);
        sso_free(b->data);
    }
    sso_buffer_init(b, b->limit);
}
