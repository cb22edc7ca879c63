/*
 * sockets.c - see sockets.h.  A linear list: it is walked a few times a call
 * and holds about as many entries as calls were in flight.
 */
#include "sockets.h"
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

struct sso_socket *sso_sockets_find(struct sso_sockets *s, int fd)
{
    size_t i;

    for (i = 0; i < s->count; i++) {
        if (s->list[i].fd == fd) {
            return &s->list[i];
        }
    }
    return NULL;
}

static struct sso_socket *add(struct sso_sockets *s, int fd)
{
    struct sso_socket *socket;

    if (s->count == s->capacity) {
        size_t capacity = s->capacity != 0 ? s->capacity * 2 : 8;
        struct sso_socket *list =
            sso_realloc(s->list, capacity * sizeof(*list));

        if (list == NULL) {
            return NULL;
        }
        s->list = list;
        s->capacity = capacity;
    }
    socket = &s->list[s->count];
    s->count++;
    memset(socket, 0, sizeof(*socket));
    socket->fd = fd;
    socket->serial = ++s->serials;
    s->unused++;
    return socket;
}

static void drop(struct sso_sockets *s, struct sso_socket *socket)
{
    s->unused -= socket->used ? 0 : 1;
    s->count--;
    *socket = s->list[s->count];
}

static int new_socket(const struct curl_sockaddr *address)
{
#ifdef SOCK_CLOEXEC
    return socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
#else
    int fd = socket(address->family, address->socktype, address->protocol);

    if (fd >= 0) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    return fd;
#endif
}

curl_socket_t sso_sockets_open(struct sso_sockets *s,
                               const struct curl_sockaddr *address,
                               const void *opener)
{
    struct sso_socket *socket;
    int fd = new_socket(address);

    if (fd < 0) {
        return CURL_SOCKET_BAD;
    }
    socket = add(s, fd);
    if (socket == NULL) {
        close(fd);
        errno = ENOMEM;
        return CURL_SOCKET_BAD;
    }
    socket->ours = true;
    socket->opener = opener;
    sso_identity_take(&socket->identity, fd);
    return fd;
}

int sso_sockets_close(struct sso_sockets *s, curl_socket_t fd)
{
    struct sso_socket *socket = sso_sockets_find(s, fd);

    if (socket != NULL) {
        /* Not left to close(2): a forked child may still hold the socket
         * open, and epoll would go on reporting a number that is gone. */
        sso_pollset_watch(s->pollset, fd, socket->watched, 0);
        drop(s, socket);
    }
    return close(fd);
}

static int events_of(int what)
{
    switch (what) {
    case CURL_POLL_IN:
        return SSO_READ;
    case CURL_POLL_OUT:
        return SSO_WRITE;
    case CURL_POLL_INOUT:
        return SSO_READ | SSO_WRITE;
    default:
        return 0;
    }
}

enum sso_kind sso_sockets_want(struct sso_sockets *s, curl_socket_t fd,
                               int what)
{
    struct sso_socket *socket = sso_sockets_find(s, fd);
    int wanted = events_of(what);

    if (socket == NULL) {
        if (wanted == 0) {
            return SSO_OK;
        }
        socket = add(s, fd); /* a pipe of libcurl's resolver */
        if (socket == NULL) {
            return SSO_MEMORY;
        }
    }
    socket->wanted = wanted;
    if (wanted == 0) {
        if (!socket->ours) {
            /* libcurl closes it without telling us. */
            sso_pollset_watch(s->pollset, fd, socket->watched, 0);
            drop(s, socket);
        }
        return SSO_OK; /* ours stay watched: the next call wants them again */
    }
    if (!sso_pollset_watch(s->pollset, fd, socket->watched, wanted)) {
        return SSO_CONNECT;
    }
    socket->watched = wanted;
    return SSO_OK;
}

void sso_sockets_ignore(struct sso_sockets *s, int fd)
{
    struct sso_socket *socket = sso_sockets_find(s, fd);

    sso_pollset_watch(s->pollset, fd, SSO_READ | SSO_WRITE, 0);
    if (socket != NULL) {
        socket->watched = 0;
    }
}

bool sso_sockets_is_connected(const struct sso_sockets *s, const void *opener)
{
    size_t i;

    for (i = 0; i < s->count; i++) {
        struct sockaddr_storage peer;
        socklen_t len = sizeof(peer);

        if (s->list[i].opener == opener &&
            getpeername(s->list[i].fd, (struct sockaddr *)&peer, &len) == 0) {
            return true;
        }
    }
    return false;
}

static int local_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_storage room;
    } name;
    socklen_t len = sizeof(name);

    memset(&name, 0, sizeof(name));
    if (getsockname(fd, &name.any, &len) != 0) {
        return 0;
    }
    if (name.any.sa_family == AF_INET) {
        return ntohs(name.in.sin_port);
    }
    if (name.any.sa_family == AF_INET6) {
        return ntohs(name.in6.sin6_port);
    }
    return 0;
}

struct sso_socket *sso_sockets_use(struct sso_sockets *s, int port,
                                   bool *was_used)
{
    size_t i;

    for (i = 0; i < s->count; i++) {
        struct sso_socket *socket = &s->list[i];

        if (socket->ours && socket->local_port == 0) {
            socket->local_port = local_port(socket->fd);
        }
        if (socket->ours && port != 0 && socket->local_port == port) {
            *was_used = socket->used;
            s->unused -= socket->used ? 0 : 1;
            socket->used = true;
            socket->opener = NULL;
            return socket;
        }
    }
    return NULL;
}

bool sso_sockets_has_input(const struct sso_socket *socket)
{
    struct pollfd p;

    p.fd = socket->fd;
    p.events = POLLIN;
    p.revents = 0;
    return poll(&p, 1, 0) > 0;
}

void sso_sockets_abandon(struct sso_sockets *s)
{
    size_t i;

    for (i = 0; i < s->count; i++) {
        const struct sso_socket *socket = &s->list[i];

        /* A child may have closed it already and reused the number. */
        if (socket->ours && sso_identity_holds(&socket->identity, socket->fd)) {
            close(socket->fd);
        }
    }
    s->count = 0;
    s->unused = 0;
}

void sso_sockets_free(struct sso_sockets *s)
{
    sso_free(s->list);
    s->list = NULL;
    s->count = 0;
    s->unused = 0;
    s->capacity = 0;
}
