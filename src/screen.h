/*
 * screen.h - looks at what a call is about to send: a certificate that is not
 * one, or a private key anywhere, must not leave.
 */
#ifndef SSO_SCREEN_H
#define SSO_SCREEN_H

#include "client.h"

#pragma GCC visibility push(hidden)

/* Whether the text at index text was the last that the client at index 1
 * looked at, under this rule. [-0, +0] */
bool sso_screen_is_seen(lua_State *L, const struct sso_client *client, int text,
                        bool validate);

/*
 * Replaces the text at index text, for the client at index 1, by what is to be
 * sent.  False: it must not be sent, and a sentence is on top. [-0, +(0|1)]
 */
bool sso_screen_certificate(lua_State *L, struct sso_client *client, int text,
                            bool validate);

/* False: the body holds a private key, and a sentence is on top.
 * [-0, +(0|1)] */
bool sso_screen_body(lua_State *L, struct sso_client *client, const char *body,
                     size_t len);

#pragma GCC visibility pop

#endif
