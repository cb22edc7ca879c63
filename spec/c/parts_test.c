/*
 * parts_test.c - parts of the transport alone, in situations that no call
 * brings about on a healthy system: no random numbers, no page that a fork
 * empties, descriptors that are something else, counts beyond all memory.
 *
 * The program brings its own getentropy and mmap, which fail when told to.
 */
#include "../../src/transport/call.h"
#include "../../src/transport/clock.h"
#include "../../src/transport/events.h"
#include "../../src/transport/process.h"
#include "../../src/transport/sockets.h"
#include "../../src/transport/timers.h"
#include "check.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static bool no_entropy;
static bool no_page;

int getentropy(void *bytes, size_t len)
{
    int (*next)(void *, size_t);

    if (no_entropy) {
        errno = ENOSYS;
        return -1;
    }
    *(void **)&next = dlsym(RTLD_NEXT, "getentropy");
    return next(bytes, len);
}

void *mmap(void *address, size_t len, int protection, int flags, int fd,
           off_t offset)
{
    void *(*next)(void *, size_t, int, int, int, off_t);

    if (no_page) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    *(void **)&next = dlsym(RTLD_NEXT, "mmap");
    return next(address, len, protection, flags, fd, offset);
}

/* ---- the process ------------------------------------------------------ */

/* First of all: the page is asked for once. */
static void a_fork_is_noticed_without_a_page(void)
{
    uint64_t own;
    pid_t child;
    int status = 1;

    no_page = true;
    own = sso_process_stamp();
    no_page = false;
    CHECK(own == (uint64_t)getpid());
    CHECK(sso_process_stamp() == own);
    child = fork();
    if (child == 0) {
        _exit(sso_process_stamp() != own ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void seeds_differ_without_entropy(void)
{
    uint64_t seeds[3];
    int i;

    no_entropy = true;
    for (i = 0; i < 3; i++) {
        int64_t now;

        seeds[i] = sso_random_seed();
        now = sso_clock_us(); /* not before what the seed saw */
        while (sso_clock_us() == now) {
        }
    }
    no_entropy = false;
    CHECK(seeds[0] != seeds[1] && seeds[1] != seeds[2] && seeds[0] != seeds[2]);
    CHECK(seeds[0] >> 32 != 0); /* all of its bits, not a small number */
}

/* ---- descriptors ------------------------------------------------------ */

static void an_identity_holds_for_its_file_alone(void)
{
    struct sso_identity id;
    int ends[2], device = open("/dev/null", O_RDONLY);

    CHECK(pipe(ends) == 0 && device >= 0);
    sso_identity_take(&id, ends[0]);
    CHECK(sso_identity_holds(&id, ends[0]));
    CHECK(sso_identity_holds(&id, ends[1])); /* the same pipe */
    CHECK(!sso_identity_holds(&id, device));
    close(ends[1]);
    close(device);
    CHECK(pipe(ends + 0) == 0); /* another one, of the same device */
    CHECK(!sso_identity_holds(&id, ends[0]));
    close(ends[0]);
    close(ends[1]);
    CHECK(!sso_identity_holds(&id, ends[0]));
    sso_identity_take(&id, ends[0]); /* closed: nobody's */
    CHECK(id.device == 0 && id.inode == 0);
}

static void a_pollset_takes_back_what_it_lost(void)
{
    struct sso_pollset p;
    struct sso_ready ready;
    int ends[2];

    sso_pollset_init(&p);
    CHECK(sso_pollset_open(&p) == SSO_OK);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    /* It is thought to be watched, and is not. */
    CHECK(sso_pollset_watch(&p, ends[0], SSO_READ, SSO_WRITE));
    CHECK(sso_pollset_wait(&p, 0, &ready));
    CHECK(ready.fd == ends[0] && ready.events == SSO_WRITE);
    CHECK(sso_pollset_watch(&p, ends[0], SSO_WRITE, SSO_READ));
    CHECK(!sso_pollset_wait(&p, 0, &ready));
    close(ends[0]);
    CHECK(!sso_pollset_watch(&p, ends[0], SSO_READ, SSO_WRITE));
    CHECK(!sso_pollset_watch(&p, ends[0], 0, SSO_WRITE));
    close(ends[1]);
    sso_pollset_close(&p);
}

static void an_alarm_that_cannot_be_set_is_not_set(void)
{
    struct sso_pollset p;
    int ends[2];

    sso_pollset_init(&p);
    CHECK(pipe(ends) == 0);
    sso_pollset_arm(&p, 1); /* without a timer: nothing */
    CHECK(p.armed_us == SSO_NEVER);
    p.timer_fd = ends[0]; /* no timer */
    sso_pollset_arm(&p, sso_clock_us());
    CHECK(p.armed_us == SSO_NEVER);
    sso_pollset_close(&p); /* closes the timer */
    CHECK(close(ends[0]) == -1 && errno == EBADF);
    close(ends[1]);
}

static int port_of(int fd)
{
    struct sockaddr_in6 name;
    socklen_t len = sizeof(name);

    memset(&name, 0, sizeof(name));
    return getsockname(fd, (struct sockaddr *)&name, &len) == 0
               ? ntohs(name.sin6_port)
               : -1;
}

static void sockets_are_found_by_their_port(void)
{
    struct curl_sockaddr address = {AF_UNIX, SOCK_STREAM, 0, 0, {0, ""}};
    struct sockaddr_in6 any;
    struct sso_pollset p;
    struct sso_sockets s;
    struct sso_socket *found;
    bool was_used = true;
    int fd, no_port;

    memset(&s, 0, sizeof(s));
    sso_pollset_init(&p);
    CHECK(sso_pollset_open(&p) == SSO_OK);
    s.pollset = &p;
    no_port = sso_sockets_open(&s, &address, NULL);
    address.family = AF_INET6;
    fd = sso_sockets_open(&s, &address, NULL);
    CHECK(no_port >= 0 && s.unused == (fd >= 0 ? 2u : 1u));
    CHECK(sso_sockets_use(&s, 0, &was_used) == NULL);
    memset(&any, 0, sizeof(any));
    any.sin6_family = AF_INET6;
    any.sin6_addr = in6addr_loopback;
    if (fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0) {
        found = sso_sockets_use(&s, port_of(fd), &was_used);
        CHECK(found != NULL && found->fd == fd && !was_used);
        CHECK(s.unused == 1);
        found = sso_sockets_use(&s, port_of(fd), &was_used);
        CHECK(found != NULL && was_used && s.unused == 1);
        CHECK(sso_sockets_use(&s, 1, &was_used) == NULL);
    }
    sso_sockets_abandon(&s);
    CHECK(s.count == 0 && fcntl(no_port, F_GETFD) == -1);
    sso_sockets_free(&s);
    sso_pollset_close(&p);
}

/* A resolver's pipe is libcurl's: it is watched, never closed or found. */
static void a_strangers_socket_stays_a_strangers(void)
{
    struct sso_pollset p;
    struct sso_sockets s;
    bool was_used;
    int ends[2];

    memset(&s, 0, sizeof(s));
    sso_pollset_init(&p);
    CHECK(sso_pollset_open(&p) == SSO_OK);
    s.pollset = &p;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    /* never heard of */
    CHECK(sso_sockets_want(&s, ends[0], CURL_POLL_REMOVE) == SSO_OK);
    CHECK(s.count == 0);
    CHECK(sso_sockets_want(&s, ends[0], CURL_POLL_INOUT) == SSO_OK);
    CHECK(s.count == 1 && s.list[0].watched == (SSO_READ | SSO_WRITE));
    CHECK(sso_sockets_use(&s, 0, &was_used) == NULL);
    CHECK(sso_sockets_want(&s, ends[0], CURL_POLL_REMOVE) == SSO_OK);
    CHECK(s.count == 0 && s.unused == 0);
    CHECK(sso_sockets_want(&s, ends[1], CURL_POLL_IN) == SSO_OK);
    sso_sockets_abandon(&s);
    CHECK(s.count == 0);
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0); /* both are open */
    sso_sockets_free(&s);
    sso_pollset_close(&p);
}

static void a_socket_nobody_knows_is_closed(void)
{
    struct sso_pollset p;
    struct sso_sockets s;
    int fd = open("/dev/null", O_RDONLY);

    memset(&s, 0, sizeof(s));
    sso_pollset_init(&p);
    s.pollset = &p;
    CHECK(sso_sockets_close(&s, fd) == 0);
    CHECK(fcntl(fd, F_GETFD) == -1);
    sso_sockets_ignore(&s, fd);
    CHECK(s.count == 0);
}

/* ---- no descriptor ---------------------------------------------------- */

static void set_descriptors(rlim_t n)
{
    struct rlimit limit;

    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = n;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void without_a_descriptor_there_is_none(void)
{
    struct sso_engine *e = sso_engine_new(1);
    struct rlimit before;

    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    set_descriptors(3);
    CHECK(sso_engine_socket_fd(e) == -1);
    CHECK(sso_engine_pollfd(e) == -1);
    CHECK_TEXT(sso_engine_refusal(e),
               "no file descriptor is left in this process");
    set_descriptors(before.rlim_cur);
    CHECK(sso_engine_socket_fd(e) >= 3);
    set_descriptors(3); /* the one is there, the timer would be another */
    CHECK(sso_engine_pollfd(e) == -1);
    CHECK(sso_engine_socket_fd(e) >= 3);
    set_descriptors(before.rlim_cur);
    CHECK(sso_engine_pollfd(e) == sso_engine_socket_fd(e));
    sso_engine_unref(e);
}

static void every_refusal_of_the_system_has_words(void)
{
    CHECK_TEXT(sso_pollset_reason(EMFILE),
               "no file descriptor is left in this process");
    CHECK_TEXT(sso_pollset_reason(ENFILE),
               "no file descriptor is left in this system");
    CHECK(strstr(sso_pollset_reason(ENOSPC), "max_user_watches") != NULL);
    CHECK_TEXT(sso_pollset_reason(ENOMEM),
               "the system has no memory left for it");
    CHECK_TEXT(sso_pollset_reason(EPERM), strerror(EPERM));
}

/* ---- counts ----------------------------------------------------------- */

static void no_count_wraps_around(void)
{
    struct sso_timers t = {NULL, SIZE_MAX / 16, SIZE_MAX / 16};
    struct sso_events q;
    struct sso_event event;
    struct sso_request request = {"PUT", "/", "", SIZE_MAX - 64, true};

    memset(&q, 0, sizeof(q));
    memset(&event, 0, sizeof(event));
    q.count = q.capacity = SIZE_MAX / sizeof(event) / 2;
    CHECK(!sso_events_push(&q, &event));
    CHECK(q.ring == NULL && q.count == q.capacity);
    CHECK(sso_timers_reserve(&t) == SSO_MEMORY);
    CHECK(t.heap == NULL && t.capacity == SIZE_MAX / 16);
    CHECK(sso_call_new(NULL, &request, NULL) == NULL);
}

/* The ring begins in its middle when it has to grow. */
static void events_keep_their_order_in_a_ring_that_grows(void)
{
    struct sso_call *calls[2];
    struct sso_events q;
    struct sso_event event;
    unsigned i, next = 0, dropped = 0;

    memset(&q, 0, sizeof(q));
    memset(&event, 0, sizeof(event));
    calls[0] = sso_call_new(NULL, NULL, NULL);
    calls[1] = sso_call_new(NULL, NULL, NULL);
    CHECK(calls[0] != NULL && calls[1] != NULL);
    for (i = 0; i < 40; i++) {
        event.attempt = i;
        event.call = calls[i % 2];
        CHECK(sso_events_push(&q, &event));
        if (i % 3 == 2) {
            CHECK(sso_events_take(&q, &event) && event.attempt == next);
            next++;
        }
    }
    sso_events_drop(&q, calls[1]);
    while (sso_events_take(&q, &event)) {
        CHECK(event.call == calls[0] && event.attempt % 2 == 0);
        dropped += event.attempt - next;
        next = event.attempt + 1;
    }
    CHECK(next == 39 && dropped > 10); /* the last of them was dropped, too */
    sso_events_free(&q);
    sso_call_free(calls[0]);
    sso_call_free(calls[1]);
}

/* ---- settings that come later ----------------------------------------- */

static struct sso_settings *settings_at(const char *base_url)
{
    struct sso_settings_spec spec;
    struct sso_settings *s;
    char why[128];

    memset(&spec, 0, sizeof(spec));
    spec.base_url = base_url;
    spec.timeout_ms = spec.connect_timeout_ms = 1000;
    s = sso_settings_new(&spec, why, sizeof(why));
    if (s == NULL) {
        printf("parts_test: %s\n", why);
        exit(2);
    }
    return s;
}

static void a_call_goes_where_its_last_settings_say(void)
{
    static const struct {
        const char *base_url;
        const char *target;
    } rows[] = {
        {"https://a.example", "/v3/x?y=1"},
        {"https://b.example/gate/way", "/gate/way/v3/x?y=1"},
        {"https://c.example/other", "/other/v3/x?y=1"},
        {"https://d.example", "/v3/x?y=1"},
    };
    struct sso_request request = {"GET", "/v3/x?y=1", NULL, 0, true};
    struct sso_call *call = sso_call_new(NULL, &request, NULL);
    size_t i;

    if (call == NULL) {
        exit(2);
    }
    for (i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        struct sso_settings *s = settings_at(rows[i / 2].base_url);

        CHECK(sso_call_use_settings(call, s));
        CHECK(sso_call_use_settings(call, s)); /* the same: nothing to do */
        CHECK_TEXT(call->target, rows[i / 2].target);
        CHECK_TEXT(call->path, "/v3/x?y=1");
        CHECK(sso_call_settings(call) == s);
        sso_settings_unref(s);
    }
    sso_call_free(call);
}

int main(void)
{
    check_case("a fork is noticed without a page",
               a_fork_is_noticed_without_a_page);
    check_case("seeds differ without entropy", seeds_differ_without_entropy);
    check_case("an identity holds for its file alone",
               an_identity_holds_for_its_file_alone);
    check_case("a pollset takes back what it lost",
               a_pollset_takes_back_what_it_lost);
    check_case("an alarm that cannot be set is not set",
               an_alarm_that_cannot_be_set_is_not_set);
    check_case("sockets are found by their port",
               sockets_are_found_by_their_port);
    check_case("a stranger's socket stays a stranger's",
               a_strangers_socket_stays_a_strangers);
    check_case("a socket nobody knows is closed",
               a_socket_nobody_knows_is_closed);
    check_case("without a descriptor there is none",
               without_a_descriptor_there_is_none);
    check_case("every refusal of the system has words",
               every_refusal_of_the_system_has_words);
    check_case("no count wraps around", no_count_wraps_around);
    check_case("events keep their order in a ring that grows",
               events_keep_their_order_in_a_ring_that_grows);
    check_case("a call goes where its last settings say",
               a_call_goes_where_its_last_settings_say);
    return check_end();
}
