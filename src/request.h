/*
 * request.h - the arguments of a call, sorted and checked, and its path.
 */
#ifndef SSO_REQUEST_H
#define SSO_REQUEST_H

#include "compat.h"
#include "fields.h"
#include "operations.h"
#include "transport/sso_transport.h"

#pragma GCC visibility push(hidden)

/* Longest id, bytes. */
#define SSO_MAX_ID 1024u

/* Stack indexes of a call's arguments; 0: not given. */
struct sso_arguments {
    int params; /* the first of the path's, as strings */
    int asked;  /* the last of them */
    int fields;
    int options;
    int callback;
    int certificate; /* the text of the certificate field (a copy) */
};

/*
 * Sorts and checks the arguments from index first to the top; raises on
 * mistakes.  Ids that are numbers become strings in place; the certificate
 * text is pushed. [-0, +(0|1)]
 */
void sso_request_check(lua_State *L, const struct sso_operation *op, int first,
                       struct sso_arguments *args);

/* Writes path and query.  SSO_OK or SSO_MEMORY. */
enum sso_kind sso_request_path(lua_State *L, const struct sso_operation *op,
                               const struct sso_arguments *args,
                               struct sso_buffer *path);

#pragma GCC visibility pop

#endif
