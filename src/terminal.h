/*
 * terminal.h - what a program needs of its process and plain Lua lacks: for
 * the command line alone.
 */
#ifndef SSO_TERMINAL_H
#define SSO_TERMINAL_H

#include "compat.h"

#pragma GCC visibility push(hidden)

/* Adds terminal, program and replace to the module's table on top. [-0, +0] */
void sso_terminal_open(lua_State *L);

#pragma GCC visibility pop

#endif
