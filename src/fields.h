/*
 * fields.h - a table of fields, checked against an operation's rows, and
 * written as a query and as a JSON body.
 */
#ifndef SSO_FIELDS_H
#define SSO_FIELDS_H

#include "compat.h"
#include "operations.h"
#include "transport/sso_transport.h"

#pragma GCC visibility push(hidden)

/* Longest text in a field, bytes. */
#define SSO_MAX_FIELD (256u * 1024u)

/*
 * Checks the table at index fields (0: not given) by the operation's rows and
 * rules; raises on mistakes. [-0, +0]
 */
void sso_fields_check(lua_State *L, const struct sso_operation *op, int fields);

/*
 * Raises unless the text at index i can be a JSON string: not empty, UTF-8.
 * name: the field's, for the message. [-0, +0]
 */
void sso_fields_check_text(lua_State *L, const char *who, const char *name,
                           int i);

/* Pushes the value of a field under either of its spellings. [-0, +1] */
void sso_fields_push(lua_State *L, int fields, const struct sso_field *field);

/*
 * Writes the body's fields in the order of the rows; the text at index
 * certificate (0: none) stands for the certificate's.  May raise what cjson
 * raises; the buffer's owner frees it then.  SSO_OK or SSO_MEMORY.
 */
enum sso_kind sso_fields_write_body(lua_State *L,
                                    const struct sso_operation *op, int fields,
                                    int certificate, struct sso_buffer *body);

/* Appends "?name=value&…".  SSO_OK or SSO_MEMORY. */
enum sso_kind sso_fields_write_query(lua_State *L,
                                     const struct sso_operation *op, int fields,
                                     struct sso_buffer *path);

#pragma GCC visibility pop

#endif
