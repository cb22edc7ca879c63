/*
 * failing_call.c - to be preloaded: one system call fails, always.
 *
 * SSO_FAILING names it.  What the module makes of a kernel that says no where
 * it never does is found out this way.
 *   SSO_FAILING_ERRNO   its number, instead of the likeliest
 *   SSO_FAILING_WHILE   a file: it fails only as long as that one is there
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/types.h>
#include <unistd.h>

/* Their headers are left out: they declare these with other attributes. */
int epoll_create1(int flags);
int epoll_ctl(int set, int operation, int fd, struct epoll_event *event);
int timerfd_create(int clock, int flags);
int getsockname(int fd, void *name, unsigned *len);
int madvise(void *address, size_t len, int advice);
ssize_t getrandom(void *bytes, size_t len, unsigned flags);
int socket(int domain, int type, int protocol);

static bool fails(const char *name)
{
    const char *failing = getenv("SSO_FAILING");
    const char *file = getenv("SSO_FAILING_WHILE");

    return failing != NULL && strcmp(failing, name) == 0 &&
           (file == NULL || access(file, F_OK) == 0);
}

/* Sets errno; -1 like the system calls. */
static int refuse(int likeliest)
{
    const char *number = getenv("SSO_FAILING_ERRNO");

    errno = number != NULL ? atoi(number) : likeliest;
    return -1;
}

/* The C library's own; as bytes, since ISO C knows no such conversion. */
#define NEXT(function, name)                                                   \
 do {                                                                          \
  void *found = dlsym(RTLD_NEXT, name);                                        \
  memcpy(&(function), &found, sizeof(found));                                  \
 } while (0)

int epoll_create1(int flags)
{
    int (*next)(int);

    if (fails("epoll_create1")) {
        return refuse(EMFILE);
    }
    NEXT(next, "epoll_create1");
    return next(flags);
}

int epoll_ctl(int set, int operation, int fd, struct epoll_event *event)
{
    int (*next)(int, int, int, struct epoll_event *);

    if (fails("epoll_ctl")) {
        return refuse(ENOSPC);
    }
    NEXT(next, "epoll_ctl");
    return next(set, operation, fd, event);
}

int timerfd_create(int clock, int flags)
{
    int (*next)(int, int);

    if (fails("timerfd_create")) {
        return refuse(EMFILE);
    }
    NEXT(next, "timerfd_create");
    return next(clock, flags);
}

/* As the linker sees it: C libraries differ in how they declare the pointer. */
int getsockname(int fd, void *name, unsigned *len)
{
    int (*next)(int, void *, unsigned *);

    if (fails("getsockname")) {
        return refuse(ENOBUFS);
    }
    NEXT(next, "getsockname");
    return next(fd, name, len);
}

int madvise(void *address, size_t len, int advice)
{
    int (*next)(void *, size_t, int);

    if (fails("madvise")) {
        return refuse(EINVAL); /* a kernel before 4.14 */
    }
    NEXT(next, "madvise");
    return next(address, len, advice);
}

ssize_t getrandom(void *bytes, size_t len, unsigned flags)
{
    ssize_t (*next)(void *, size_t, unsigned);

    if (fails("getrandom")) {
        return refuse(ENOSYS); /* a kernel before 3.17 */
    }
    NEXT(next, "getrandom");
    return next(bytes, len, flags);
}

int socket(int domain, int type, int protocol)
{
    int (*next)(int, int, int);

    if (fails("socket")) {
        return refuse(EMFILE);
    }
    NEXT(next, "socket");
    return next(domain, type, protocol);
}
