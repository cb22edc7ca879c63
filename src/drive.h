/*
 * drive.h - how a loop drives a client: one descriptor to poll, a time-out,
 * steps that do what is due, and the finished handles and events they leave.
 * Nothing here runs a user's function: that is for Lua, afterwards.
 */
#ifndef SSO_DRIVE_H
#define SSO_DRIVE_H

#include "compat.h"

#pragma GCC visibility push(hidden)

/* Adds the methods to the client's methods table on top. [-0, +0] */
void sso_drive_open(lua_State *L);

#pragma GCC visibility pop

#endif
