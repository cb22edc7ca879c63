/*
 * raw_request.h - client:request{method=, path=, query=, body=}: the way out
 * to operations that have no row.
 */
#ifndef SSO_RAW_REQUEST_H
#define SSO_RAW_REQUEST_H

#include "compat.h"
#include "transport/sso_transport.h"

#pragma GCC visibility push(hidden)

/* Checks the table at index i; raises on mistakes. [-0, +0] */
void sso_raw_request_check(lua_State *L, int i);

/*
 * Writes the checked table into the buffers and points the request at them;
 * the method is borrowed from the table.  May raise what cjson raises.
 * SSO_OK or SSO_MEMORY.
 */
enum sso_kind sso_raw_request_write(lua_State *L, int i,
                                    struct sso_buffer *path,
                                    struct sso_buffer *body,
                                    struct sso_request *request);

#pragma GCC visibility pop

#endif
