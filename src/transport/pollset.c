/*
 * pollset.c - see pollset.h.  The epoll half is what is tested; the kqueue
 * half follows kqueue(2) of FreeBSD and macOS.
 */
#include "pollset.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void sso_identity_take(struct sso_identity *id, int fd)
{
    struct stat st;

    memset(id, 0, sizeof(*id));
    if (fstat(fd, &st) == 0) {
        id->device = st.st_dev;
        id->inode = st.st_ino;
    }
}

bool sso_identity_holds(const struct sso_identity *id, int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.st_dev == id->device &&
           st.st_ino == id->inode;
}

void sso_pollset_init(struct sso_pollset *p)
{
    memset(p, 0, sizeof(*p));
    p->fd = -1;
    p->timer_fd = -1;
    p->armed_us = SSO_NEVER;
}

const char *sso_pollset_reason(int error)
{
    switch (error) {
    case EMFILE:
        return "no file descriptor is left in this process";
    case ENFILE:
        return "no file descriptor is left in this system";
    case ENOSPC: /* epoll_ctl(2) */
        return "the system watches no further descriptor for this user: look "
               "at fs.epoll.max_user_watches and at what uses it up";
    case ENOMEM:
        return "the system has no memory left for it";
    default:
        return strerror(error);
    }
}

void sso_pollset_close(struct sso_pollset *p)
{
    if (p->timer_fd >= 0) {
        close(p->timer_fd);
    }
    if (p->fd >= 0) {
        close(p->fd);
    }
    sso_pollset_init(p);
}

void sso_pollset_abandon(struct sso_pollset *p)
{
    if (p->timer_fd >= 0 &&
        sso_identity_holds(&p->timer_identity, p->timer_fd)) {
        close(p->timer_fd);
    }
    if (p->fd >= 0 && sso_identity_holds(&p->identity, p->fd)) {
        close(p->fd);
    }
    sso_pollset_init(p);
}

#ifdef __linux__

# include <sys/timerfd.h>

enum sso_kind sso_pollset_open(struct sso_pollset *p)
{
    if (p->fd < 0) {
        p->fd = epoll_create1(EPOLL_CLOEXEC);
        p->error = p->fd >= 0 ? 0 : errno;
        sso_identity_take(&p->identity, p->fd);
    }
    return p->fd >= 0 ? SSO_OK : SSO_CONFIG;
}

enum sso_kind sso_pollset_open_timer(struct sso_pollset *p)
{
    int fd;

    if (p->timer_fd >= 0) {
        return SSO_OK;
    }
    fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0) {
        p->error = errno;
        return SSO_CONFIG;
    }
    if (!sso_pollset_watch(p, fd, 0, SSO_READ)) {
        close(fd);
        return SSO_CONFIG;
    }
    p->timer_fd = fd;
    sso_identity_take(&p->timer_identity, fd);
    return SSO_OK;
}

bool sso_pollset_watch(struct sso_pollset *p, int fd, int before, int after)
{
    struct epoll_event event;

    memset(&event, 0, sizeof(event));
    event.data.fd = fd;
    event.events = ((after & SSO_READ) != 0 ? (uint32_t)EPOLLIN : 0u) |
                   ((after & SSO_WRITE) != 0 ? (uint32_t)EPOLLOUT : 0u);
    if (before == after) {
        return true;
    }
    if (after == 0) {
        epoll_ctl(p->fd, EPOLL_CTL_DEL, fd, &event);
        return true; /* closed already: it is out of the set as well */
    }
    if (before != 0 && epoll_ctl(p->fd, EPOLL_CTL_MOD, fd, &event) == 0) {
        return true;
    }
    if ((before == 0 || errno == ENOENT) &&
        epoll_ctl(p->fd, EPOLL_CTL_ADD, fd, &event) == 0) {
        return true;
    }
    p->error = errno;
    return false;
}

void sso_pollset_arm(struct sso_pollset *p, int64_t due_us)
{
    struct itimerspec when;

    if (p->timer_fd < 0 || due_us == p->armed_us) {
        return;
    }
    memset(&when, 0, sizeof(when)); /* all zero disarms */
    if (due_us != SSO_NEVER) {
        int64_t at = due_us > 0 ? due_us : 1;

        when.it_value.tv_sec = (time_t)(at / 1000000);
        when.it_value.tv_nsec = (long)(at % 1000000) * 1000;
    }
    if (timerfd_settime(p->timer_fd, TFD_TIMER_ABSTIME, &when, NULL) == 0) {
        p->armed_us = due_us;
    }
}

/* The next of the events that were fetched last, or of new ones. */
static const struct epoll_event *next_event(struct sso_pollset *p,
                                            int timeout_ms)
{
    if (p->next == p->fetched) {
        p->next = 0;
        p->fetched =
            epoll_wait(p->fd, p->events, SSO_POLLSET_BATCH, timeout_ms);
        if (p->fetched <= 0) {
            p->fetched = 0;
            return NULL;
        }
    }
    return &p->events[p->next++];
}

bool sso_pollset_wait(struct sso_pollset *p, int timeout_ms,
                      struct sso_ready *ready)
{
    const struct epoll_event *event = next_event(p, timeout_ms);

    if (event == NULL) {
        return false;
    }
    ready->fd = event->data.fd;
    ready->is_timer = event->data.fd == p->timer_fd;
    ready->events = ((event->events & EPOLLIN) != 0 ? SSO_READ : 0) |
                    ((event->events & EPOLLOUT) != 0 ? SSO_WRITE : 0);
    if ((event->events & (EPOLLERR | EPOLLHUP)) != 0) {
        ready->events = SSO_READ | SSO_WRITE;
    }
    if (ready->is_timer) {
        sso_pollset_arm(p, SSO_NEVER); /* which makes it unreadable too */
    }
    return true;
}

#else

# include <sys/types.h>
# include <sys/event.h>
# include <fcntl.h>
# include <time.h>

/* The timer's ident among the timers of the queue; there is one. */
# define TIMER_IDENT 1

enum sso_kind sso_pollset_open(struct sso_pollset *p)
{
    if (p->fd < 0) {
        p->fd = kqueue();
        p->error = p->fd >= 0 ? 0 : errno;
        if (p->fd >= 0) {
            fcntl(p->fd, F_SETFD, FD_CLOEXEC);
        }
        sso_identity_take(&p->identity, p->fd);
    }
    return p->fd >= 0 ? SSO_OK : SSO_CONFIG;
}

enum sso_kind sso_pollset_open_timer(struct sso_pollset *p)
{
    (void)p; /* a filter of the queue itself */
    return SSO_OK;
}

static bool change(struct sso_pollset *p, uintptr_t ident, short filter,
                   unsigned short flags, int64_t data)
{
    struct kevent event;

    EV_SET(&event, ident, filter, flags, 0, (intptr_t)data, NULL);
    if (kevent(p->fd, &event, 1, NULL, 0, NULL) == 0) {
        return true;
    }
    p->error = errno;
    return false;
}

bool sso_pollset_watch(struct sso_pollset *p, int fd, int before, int after)
{
    static const struct {
        int bit;
        short filter;
    } rows[] = {
        {SSO_READ, EVFILT_READ},
        {SSO_WRITE, EVFILT_WRITE},
    };
    bool ok = true;
    size_t i;

    for (i = 0; i < 2; i++) {
        if ((after & rows[i].bit) != 0 && (before & rows[i].bit) == 0) {
            ok = change(p, (uintptr_t)fd, rows[i].filter, EV_ADD, 0) && ok;
        } else if ((after & rows[i].bit) == 0 && (before & rows[i].bit) != 0) {
            change(p, (uintptr_t)fd, rows[i].filter, EV_DELETE, 0);
        }
    }
    return ok;
}

void sso_pollset_arm(struct sso_pollset *p, int64_t due_us)
{
    int64_t wait_ms = (due_us - sso_clock_us() + 999) / 1000;

    if (due_us == p->armed_us) {
        return;
    }
    p->armed_us = due_us;
    if (due_us == SSO_NEVER) {
        change(p, TIMER_IDENT, EVFILT_TIMER, EV_DELETE, 0);
        return;
    }
    change(p, TIMER_IDENT, EVFILT_TIMER, EV_ADD | EV_ONESHOT,
           wait_ms > 0 ? wait_ms : 0);
}

bool sso_pollset_wait(struct sso_pollset *p, int timeout_ms,
                      struct sso_ready *ready)
{
    struct kevent event;
    struct timespec wait;

    wait.tv_sec = timeout_ms / 1000;
    wait.tv_nsec = (long)(timeout_ms % 1000) * 1000000;
    if (kevent(p->fd, NULL, 0, &event, 1, timeout_ms < 0 ? NULL : &wait) != 1) {
        return false;
    }
    ready->is_timer = event.filter == EVFILT_TIMER;
    ready->fd = ready->is_timer ? -1 : (int)event.ident;
    ready->events = event.filter == EVFILT_WRITE ? SSO_WRITE : SSO_READ;
    if ((event.flags & EV_EOF) != 0) {
        ready->events = SSO_READ | SSO_WRITE;
    }
    if (ready->is_timer) {
        p->armed_us = SSO_NEVER; /* one shot */
    }
    return true;
}

#endif
