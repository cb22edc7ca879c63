/*
 * configuration.h - from a checked options table to the transport's settings:
 * environment, key file, defaults.  What is wrong here is not the program's
 * fault, so nothing raises: a sentence says what is missing.
 */
#ifndef SSO_CONFIGURATION_H
#define SSO_CONFIGURATION_H

#include "compat.h"
#include "transport/sso_transport.h"

#include <stddef.h>

#pragma GCC visibility push(hidden)

/* Pushes "LuaJIT 2.1.0" or "Lua 5.4". [-0, +1] */
void sso_configuration_push_lua_version(lua_State *L);

/* Prepares what is computed once (the user agent). [-0, +0] */
void sso_configuration_open(lua_State *L);

/*
 * Fills gaps of the table on top from the environment and from api_key_file,
 * and looks whether there is a usable key.  False: a sentence in why.
 * [-0, +0]
 */
bool sso_configuration_complete(lua_State *L, bool environment, char *why,
                                size_t why_size);

/* The server's URL by the options at index i; borrowed from them. [-0,+0] */
const char *sso_configuration_server(lua_State *L, int i);

/*
 * Makes settings of the options at index i.  key_text: index of the API key,
 * checked and trimmed; 0 takes the option api_key unless that is a function.
 * NULL: a sentence in why, empty when memory is short. [-0, +0]
 */
struct sso_settings *sso_configuration_settings(lua_State *L, int i,
                                                int key_text, char *why,
                                                size_t why_size);

/*
 * Replaces the key on top by the key without white space around it.  False:
 * a sentence (never the key) instead. [-1, +1]
 */
bool sso_configuration_clean_key(lua_State *L);

#pragma GCC visibility pop

#endif
