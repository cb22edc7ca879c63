/*
 * request.h - arguments + an operation → path and JSON body.  Everything
 * that a program can get wrong about a call is refused here.
 */
#ifndef SSO_REQUEST_H
#define SSO_REQUEST_H

#include "compat.h"
#include "operations.h"
#include "transport/sso_transport.h"

#pragma GCC visibility push(hidden)

/* Limits of what a caller may pass, bytes. */
#define SSO_MAX_ID    1024u
#define SSO_MAX_FIELD (256u * 1024u)

/* Stack indexes of a call's arguments; 0: not given. */
struct sso_arguments {
    int params; /* the first of the path's, as strings */
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

/* SSO_OK or SSO_MEMORY. */
enum sso_kind sso_request_path(lua_State *L, const struct sso_operation *op,
                               const struct sso_arguments *args,
                               struct sso_buffer *path);

/*
 * Writes the fields in the order of the operation's rows; the certificate is
 * taken from args->certificate.  May raise what cjson raises; the buffer's
 * owner frees it then.  SSO_OK or SSO_MEMORY.
 */
enum sso_kind sso_request_body(lua_State *L, const struct sso_operation *op,
                               const struct sso_arguments *args,
                               struct sso_buffer *body);

/*
 * Raises unless the text at index i, which is going to be sent as it is, can
 * be a JSON string: not empty, UTF-8.
 */
void sso_request_check_text(lua_State *L, const struct sso_operation *op,
                            const char *field, int i);

#pragma GCC visibility pop

#endif
