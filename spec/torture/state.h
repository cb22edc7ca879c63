/*
 * state.h - Lua states for the hosts of this folder, with the module linked in
 * and a file of Lua loaded whose functions are called by name.
 */
#ifndef SSO_TORTURE_STATE_H
#define SSO_TORTURE_STATE_H

#include <lua.h>

#include <stdbool.h>

/* NULL without memory, or after a word on standard error. */
lua_State *state_open(lua_Alloc allocator, void *user, const char *file);

/* Calls a function of the file's table; false after a word on stderr. */
bool state_call(lua_State *L, const char *function, const char *argument);

/* Calls `prepare` of the file in a state of its own. */
bool state_prepare(const char *file);

/* The length of the array `names` of the file's table, and one of them. */
int state_count(lua_State *L);
void state_name(lua_State *L, int number, char *name, int size);

/* Open descriptors of the process, counted while it is quiet. */
int state_descriptors(void);

#endif
