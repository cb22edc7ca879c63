/*
 * json.h - lua-cjson, called from C: an instance of our own, so that the
 * settings of no host change ours and ours change nobody's.  It reads what
 * comes; of what goes, the text of fields is written here (docs/performance.md
 * says why).
 */
#ifndef SSO_JSON_H
#define SSO_JSON_H

#include "compat.h"
#include "transport/sso_transport.h"

#pragma GCC visibility push(hidden)

/* Loads lua-cjson; raises when it is not installed. [-0, +0] */
void sso_json_open(lua_State *L);

/* Appends text, which is UTF-8, as a JSON string.  SSO_OK or SSO_MEMORY. */
enum sso_kind sso_json_append_string(struct sso_buffer *out, const char *text,
                                     size_t len);

/* Replaces the value on top by its JSON text; raises what cjson raises. */
const char *sso_json_encode(lua_State *L, size_t *len);

/*
 * Replaces the text on top by its value as lua-cjson gives it.  False: a
 * message instead of the value. [-1, +1]
 */
bool sso_json_decode(lua_State *L);

/*
 * Makes the decoded value on top what callers get: null is absent, whole
 * numbers are integers where Lua has them. [-1, +1]
 */
void sso_json_normalise(lua_State *L);

/* The _VERSION of lua-cjson. [-0, +1] */
void sso_json_push_version(lua_State *L);

#pragma GCC visibility pop

#endif
