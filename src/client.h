/*
 * client.h - userdata sso.client: options, an engine that clients made by
 * `with` share, and the way of a call into it.
 */
#ifndef SSO_CLIENT_H
#define SSO_CLIENT_H

#include "compat.h"
#include "transport/sso_transport.h"

#pragma GCC visibility push(hidden)

#define SSO_CLIENT "sso.client"
#define SSO_FAMILY "sso.family"

/* Clients that share an engine; its user value anchors their handles. */
struct sso_family {
    struct sso_engine *engine; /* owned reference */
    size_t open;               /* clients of it that are not closed */
    size_t *counted;           /* families not closed; NULL: not among them */
};

struct sso_client {
    struct sso_engine *engine;     /* owned reference; NULL: not made */
    struct sso_settings *settings; /* owned; NULL: no key yet, or broken */
    struct sso_buffer path;        /* scratch of the call being made */
    struct sso_buffer body;
    struct sso_buffer clean; /* a certificate that was mended */
    bool closed;
    bool broken;       /* SSO_CLIENT_BROKEN says why */
    bool seen_checked; /* the rule under which SSO_CLIENT_SEEN was looked at */
};

/* What a client keeps: positions in the table that is its user value. */
enum sso_client_slot {
    SSO_CLIENT_OPTIONS = 1, /* checked, merged, completed */
    SSO_CLIENT_FAMILY,
    SSO_CLIENT_PENDING, /* the family's table of anchored handles */
    SSO_CLIENT_BROKEN,  /* why it has no settings: a sentence, or nil */
    SSO_CLIENT_KEY,     /* the key that settings were made with by api_key() */
    SSO_CLIENT_SEEN,    /* the certificate text looked at last … */
    SSO_CLIENT_VERDICT, /* … and what to send for it, or false and … */
    SSO_CLIENT_PROBLEM, /* … what is wrong with it */
    SSO_CLIENT_SLOT_COUNT = SSO_CLIENT_PROBLEM
};

/* The userdata at index i, closed or not; raises when it is another. */
struct sso_client *sso_client_check(lua_State *L, int i);

/* Pushes a slot of the client at index i. [-0, +1] */
void sso_client_get(lua_State *L, int i, enum sso_client_slot slot);

/* Sets a slot of the client at index i to the value on top. [-1, +0] */
void sso_client_set(lua_State *L, int i, enum sso_client_slot slot);

/* Makes the metatables and pushes the methods table. [-0, +1] */
void sso_client_open(lua_State *L);

/*
 * core.new(options[, lenient]): a client, or nil and an error.  lenient: a
 * client whose calls all fail with that error.
 */
int sso_client_lua_new(lua_State *L);

#pragma GCC visibility pop

#endif
