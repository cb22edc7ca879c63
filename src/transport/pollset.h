/*
 * pollset.h - one descriptor that becomes readable when one of many sockets
 * is ready or a moment has come: epoll with a timerfd, kqueue elsewhere.
 *
 * The timer is only for foreign loops; whoever waits in sso_pollset_wait
 * passes a time-out instead, and no timer is ever made.
 */
#ifndef SSO_TRANSPORT_POLLSET_H
#define SSO_TRANSPORT_POLLSET_H

#include "clock.h"
#include "sso_transport.h"

#include <sys/types.h>
#ifdef __linux__
# include <sys/epoll.h>
#endif

#pragma GCC visibility push(hidden)

enum { SSO_READ = 1, SSO_WRITE = 2 };

/* How many events one system call fetches. */
#define SSO_POLLSET_BATCH 32

/* Which file a descriptor stands for: numbers are used again. */
struct sso_identity {
    dev_t device;
    ino_t inode;
};

void sso_identity_take(struct sso_identity *id, int fd);
bool sso_identity_holds(const struct sso_identity *id, int fd);

struct sso_pollset {
    int fd;                       /* -1: not open */
    int timer_fd;                 /* -1: none; kqueue needs none */
    int64_t armed_us;             /* SSO_NEVER: not armed */
    int error;                    /* errno of what was refused last */
    struct sso_identity identity; /* of fd */
    struct sso_identity timer_identity;
#ifdef __linux__
    int next; /* of the events that were fetched: those before it are done */
    int fetched;
    struct epoll_event events[SSO_POLLSET_BATCH];
#endif
};

struct sso_ready {
    int fd;
    int events;    /* SSO_READ | SSO_WRITE; errors and hang-ups are both */
    bool is_timer; /* the timer, no socket; it is disarmed by then */
};

void sso_pollset_init(struct sso_pollset *p);

/* SSO_OK, or SSO_CONFIG when the system refuses: p->error says why. */
enum sso_kind sso_pollset_open(struct sso_pollset *p);
enum sso_kind sso_pollset_open_timer(struct sso_pollset *p);

/* From what is watched now to what shall be; 0 is nothing.  False: the system
 * refuses, p->error says why. */
bool sso_pollset_watch(struct sso_pollset *p, int fd, int before, int after);

/* Such an errno in words: what the system has run out of. */
const char *sso_pollset_reason(int error);

/* Makes the descriptor readable from due_us on; SSO_NEVER: not by time. */
void sso_pollset_arm(struct sso_pollset *p, int64_t due_us);

/*
 * One ready socket, waiting timeout_ms for it, -1 for ever.  False: none,
 * or a signal came.  Several are fetched at once, and it may have been ready
 * a while ago: what it stood for may be done with, or its number another's.
 */
bool sso_pollset_wait(struct sso_pollset *p, int timeout_ms,
                      struct sso_ready *ready);

void sso_pollset_close(struct sso_pollset *p);

/* In a forked child: closes what is still open under these numbers. */
void sso_pollset_abandon(struct sso_pollset *p);

#pragma GCC visibility pop

#endif
