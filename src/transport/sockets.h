/*
 * sockets.h - every socket that libcurl has open for an engine: what it
 * waits for, and what only the owner of the sockets can know.
 *
 * Kept for three reasons.  A forked child closes them by number.  A reused
 * connection is looked at before it is written to.  And a kept-alive socket
 * stays in the pollset between calls, which saves two system calls a call.
 */
#ifndef SSO_TRANSPORT_SOCKETS_H
#define SSO_TRANSPORT_SOCKETS_H

#include "pollset.h"

#include <curl/curl.h>
#include <sys/types.h>

#pragma GCC visibility push(hidden)

struct sso_socket {
    int fd;
    int wanted;         /* SSO_READ | SSO_WRITE, as libcurl said last */
    int watched;        /* what the pollset has been told */
    int local_port;     /* 0: not known yet */
    bool ours;          /* opened by sso_sockets_open, not a resolver's pipe */
    bool used;          /* has carried a request */
    bool http1;         /* HTTP/2 was asked for, and HTTP/1 came */
    size_t serial;      /* no two sockets of an engine have the same */
    const void *opener; /* whom it was opened for, until it is used */
    struct sso_identity identity;
};

struct sso_sockets {
    struct sso_socket *list; /* owned; a handful to some hundred */
    size_t count;
    size_t capacity;
    size_t serials;
    size_t unused; /* of them those that have not carried a request, and the
                    * pipes of name look-ups: connections that begin */
    struct sso_pollset *pollset; /* borrowed from the engine */
};

/* A new socket for libcurl; CURL_SOCKET_BAD and errno when there is none. */
curl_socket_t sso_sockets_open(struct sso_sockets *s,
                               const struct curl_sockaddr *address,
                               const void *opener);

/* Whether a socket opened for this one is connected and not used yet. */
bool sso_sockets_is_connected(const struct sso_sockets *s, const void *opener);

/* Takes it out of the pollset and closes it. */
int sso_sockets_close(struct sso_sockets *s, curl_socket_t fd);

/* NULL: unknown. */
struct sso_socket *sso_sockets_find(struct sso_sockets *s, int fd);

/*
 * What libcurl waits for on a socket, CURL_POLL_*.  SSO_OK, SSO_MEMORY, or
 * SSO_CONNECT: the system refuses to watch it, pollset->error says why.
 */
enum sso_kind sso_sockets_want(struct sso_sockets *s, curl_socket_t fd,
                               int what);

/* A socket is ready that nobody waits for: it leaves the pollset. */
void sso_sockets_ignore(struct sso_sockets *s, int fd);

/*
 * The socket a request is about to go out on, found by its local port; marks
 * it as used and tells in *was_used whether it was before.  NULL: unknown.
 */
struct sso_socket *sso_sockets_use(struct sso_sockets *s, int local_port,
                                   bool *was_used);

/* Whether anything can be read, the end of the stream included. */
bool sso_sockets_has_input(const struct sso_socket *socket);

/* In a forked child: closes what is still open under these numbers. */
void sso_sockets_abandon(struct sso_sockets *s);

void sso_sockets_free(struct sso_sockets *s);

#pragma GCC visibility pop

#endif
