/*
 * handle.h - userdata sso.handle: one call in progress.  It owns the
 * transport's call and keeps the client, the callback and the asked id alive;
 * a handle that must outlive its user's interest is anchored in the pending
 * table of its family of clients.
 */
#ifndef SSO_HANDLE_H
#define SSO_HANDLE_H

#include "compat.h"
#include "operations.h"
#include "transport/sso_transport.h"

#pragma GCC visibility push(hidden)

#define SSO_HANDLE "sso.handle"

struct sso_client;

struct sso_handle {
    struct sso_call *call; /* owned; NULL once the results are in Lua */
    const struct sso_operation *op;
    const struct sso_client *owner; /* to compare, never to follow */
    int anchor;                     /* reference, or LUA_NOREF */
    bool done;                      /* the results are in Lua */
};

/* What a handle keeps: positions in the table that is its user value. */
enum sso_handle_slot {
    SSO_SLOT_CLIENT = 1,
    SSO_SLOT_PENDING, /* where it may be anchored */
    SSO_SLOT_CALLBACK,
    SSO_SLOT_ASKED,   /* the path's last parameter */
    SSO_SLOT_SENT,    /* a copy of the fields, if the answer tells them */
    SSO_SLOT_OPTIONS, /* the merged options of this call alone, or nil */
    SSO_SLOT_EVENT,   /* on_event */
    SSO_SLOT_VALUE,   /* the results, unless they were taken */
    SSO_SLOT_ERROR,
    SSO_SLOT_RESPONSE,
    SSO_SLOT_COUNT = SSO_SLOT_RESPONSE
};

/* Makes the metatable and pushes the methods table. [-0, +1] */
void sso_handle_open(lua_State *L);

/*
 * Pushes a new handle and below it nothing: its slots are set with
 * sso_handle_set. [-0, +1]
 */
struct sso_handle *sso_handle_push(lua_State *L, const struct sso_client *owner,
                                   const struct sso_operation *op);

struct sso_handle *sso_handle_check(lua_State *L, int i);

/* Whether its results can be had: in Lua already, or finished below. */
bool sso_handle_is_done(const struct sso_handle *h);

/* Sets a slot of the handle at index i to the value on top. [-1, +0] */
void sso_handle_set(lua_State *L, int i, enum sso_handle_slot slot);

/* Pushes a slot of the handle at index i. [-0, +1] */
void sso_handle_get(lua_State *L, int i, enum sso_handle_slot slot);

/* Keeps the handle at index i alive until it is released. [-0, +0] */
void sso_handle_anchor(lua_State *L, int i);

/*
 * Pushes the anchored handle and lets go of the anchor; false: it is not
 * anchored, nothing is pushed. [-0, +(0|1)]
 */
bool sso_handle_release(lua_State *L, int pending, struct sso_handle *h);

/* Pushes the anchored handle, which stays so; false: nothing. [-0, +(0|1)] */
bool sso_handle_find(lua_State *L, int pending, const struct sso_handle *h);

#pragma GCC visibility pop

#endif
