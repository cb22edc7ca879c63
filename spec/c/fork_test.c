/*
 * fork_test.c - an engine in a forked child: the parent's calls and
 * connections go on as if nothing had happened, the child starts afresh.
 *
 * What a child finds wrong counts as the case's own failure.
 */
#include "../../src/transport/process.h"
#include "check.h"
#include "rig.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Runs a function in a child; its checks count as the parent's.  The child
 * tells by a pipe and becomes another program: it has given up memory of
 * libcurl's, and no leak checker is to run at its end.
 */
static bool in_child(struct rig *r, struct sso_call *call,
                     void (*run)(struct rig *r, struct sso_call *call))
{
    char verdict = 0;
    int fds[2];
    pid_t pid;

    fflush(stdout);
    if (!CHECK(pipe(fds) == 0)) {
        return false;
    }
    fds[1] = fcntl(fds[1], F_DUPFD, 200); /* out of the children's way */
    pid = fork();
    if (pid == 0) {
        check_case_failed = false;
        run(r, call);
        fflush(stdout);
        verdict = check_case_failed ? 'n' : 'y';
        if (write(fds[1], &verdict, 1) == 1) {
            execl("/bin/true", "true", (char *)NULL);
        }
        _exit(1);
    }
    waitpid(pid, NULL, 0);
    if (read(fds[0], &verdict, 1) != 1) {
        verdict = 'n';
    }
    close(fds[0]);
    close(fds[1]);
    return verdict == 'y';
}

/* The first request of a connection waits for the gate. */
static bool answer_at_gate(struct exchange *x)
{
    char body[64];

    if (server_is_for(x, "/wait")) {
        server_wait_gate(x, 1);
    }
    snprintf(body, sizeof(body), "connection %d", x->connection);
    return server_reply(x, "200 OK", "", body);
}

/* ---- what children do ------------------------------------------------- */

static void step_and_see_it_cancelled(struct rig *r, struct sso_call *call)
{
    CHECK(sso_engine_step(r->engine, -1) == SSO_OK);
    CHECK_TEXT(rig_kind(call), "cancelled");
    CHECK(strstr(rig_outcome(call)->message, "parent") != NULL);
    CHECK(!sso_call_cancel(call));
    CHECK(sso_engine_take_finished(r->engine) == call);
    sso_call_free(call);
    CHECK(sso_engine_active(r->engine) == 0);
}

static void make_a_call_of_its_own(struct rig *r, struct sso_call *call)
{
    int fd = sso_engine_pollfd(r->engine);
    struct sso_call *own = rig_submit(r, "GET", "/child", NULL);

    CHECK(fd >= 0);
    CHECK(rig_is_readable(fd, 1000));
    CHECK(rig_finish(r, own)->kind == SSO_OK);
    CHECK(!rig_outcome(own)->timings.reused);
    sso_call_free(own);
    if (call != NULL) {
        CHECK_TEXT(rig_kind(call), "cancelled");
        sso_call_free(call);
    }
    sso_engine_close(r->engine);
}

static void only_collect(struct rig *r, struct sso_call *call)
{
    sso_call_free(call);
    sso_engine_unref(r->engine);
    sso_settings_unref(r->settings);
}

static void only_collect_backwards(struct rig *r, struct sso_call *call)
{
    sso_settings_unref(r->settings);
    sso_engine_unref(r->engine);
    sso_call_free(call);
}

static void close_the_engine(struct rig *r, struct sso_call *call)
{
    sso_engine_close(r->engine);
    CHECK_TEXT(rig_kind(call), "cancelled");
}

static void cancel_the_call(struct rig *r, struct sso_call *call)
{
    (void)r;
    CHECK(!sso_call_cancel(call)); /* it had ended: with the fork */
    CHECK_TEXT(rig_kind(call), "cancelled");
}

/* As a daemon does: everything closed, the numbers used for other files. */
static void close_all_and_reuse_the_numbers(struct rig *r,
                                            struct sso_call *call)
{
    int fd;

    for (fd = 3; fd < 64; fd++) {
        close(fd);
    }
    for (fd = 3; fd < 64; fd++) {
        CHECK(open("/dev/null", O_RDONLY) == fd);
    }
    sso_engine_step(r->engine, -1);
    CHECK_TEXT(rig_kind(call), "cancelled");
    for (fd = 3; fd < 64; fd++) {
        CHECK(fcntl(fd, F_GETFD) >= 0); /* not ours to close */
    }
}

/* ---- cases ------------------------------------------------------------ */

static void parent_goes_on(bool exported,
                           void (*child)(struct rig *r, struct sso_call *call))
{
    struct sso_call *idle;
    struct sso_call *call;
    struct rig r;

    rig_open(&r, answer_at_gate);
    if (exported) {
        sso_engine_pollfd(r.engine);
    }
    call = rig_submit(&r, "PATCH", "/wait", "{}");
    CHECK(rig_await_requests(&r, 1));
    idle = rig_run(&r, "GET", "/idle", NULL);
    CHECK_TEXT(rig_outcome(idle)->body.data, "connection 2");
    sso_call_free(idle);
    CHECK(in_child(&r, call, child));

    idle = rig_run(&r, "GET", "/idle", NULL); /* on the same connection */
    CHECK_TEXT(rig_outcome(idle)->body.data, "connection 2");
    CHECK(rig_outcome(idle)->timings.reused);
    sso_call_free(idle);
    server_open_gate(&r.server);
    CHECK(rig_finish(&r, call)->kind == SSO_OK);
    CHECK_TEXT(rig_outcome(call)->body.data, "connection 1");
    CHECK(rig_outcome(call)->attempts == 1);
    sso_call_free(call);
    rig_close(&r);
}

static void child_steps(void)
{
    parent_goes_on(false, step_and_see_it_cancelled);
    parent_goes_on(true, step_and_see_it_cancelled);
}

static void child_sees_what_was_queued_cancelled(void)
{
    struct sso_call *call;
    struct rig r;

    rig_open(&r, answer_at_gate);
    call = rig_submit(&r, "GET", "/queued", NULL);
    CHECK(in_child(&r, call, step_and_see_it_cancelled));
    CHECK(sso_engine_in_flight(r.engine) == 0 &&
          rig_outcome(call)->attempts == 0);
    CHECK(rig_finish(&r, call)->kind == SSO_OK);
    CHECK(r.server.seen->requests == 1);
    sso_call_free(call);
    rig_close(&r);
}

static void child_calls(void)
{
    parent_goes_on(false, make_a_call_of_its_own);
    parent_goes_on(true, make_a_call_of_its_own);
}

static void child_collects(void)
{
    parent_goes_on(true, only_collect);
    parent_goes_on(false, only_collect_backwards);
}

static void child_closes(void)
{
    parent_goes_on(true, close_the_engine);
    parent_goes_on(true, cancel_the_call);
}

static void child_is_a_daemon(void)
{
    parent_goes_on(true, close_all_and_reuse_the_numbers);
}

/* nginx: the master makes the client, the workers use it. */
static void engine_made_before_the_fork_is_used_after_it(void)
{
    struct rig r;

    rig_open(&r, answer_at_gate);
    CHECK(in_child(&r, NULL, make_a_call_of_its_own));
    CHECK(in_child(&r, NULL, make_a_call_of_its_own));
    CHECK(r.server.seen->connections == 2);
    rig_close(&r);
}

/* ---- a child that knows nothing of engines ---------------------------- */

static bool answer_and_close(struct exchange *x)
{
    server_reply(x, "200 OK", "", "{}");
    server_wait_gate(x, 1);
    return server_end(x);
}

/*
 * It holds the sockets open.  For epoll a socket is gone only when the last
 * process has closed it, so the parent must take it out itself.
 */
static void sockets_held_by_a_child_leave_the_descriptor(void)
{
    struct sso_call *call;
    struct rig r;
    int fds[2];
    pid_t pid;
    int fd;

    rig_open(&r, answer_and_close);
    fd = sso_engine_pollfd(r.engine);
    call = rig_run(&r, "GET", "/", NULL);
    CHECK(sso_engine_take_finished(r.engine) == call);
    sso_call_free(call);
    CHECK(pipe(fds) == 0);
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        char byte;

        close(fds[1]);
        if (read(fds[0], &byte, 1) == 0) {
            execl("/bin/true", "true", (char *)NULL);
        }
        _exit(1);
    }
    server_open_gate(&r.server);
    CHECK(server_await(&r.server.seen->ended, 1));
    CHECK(rig_is_readable(fd, 2000)); /* the server has closed it */
    call = rig_run(&r, "GET", "/", NULL);
    CHECK_TEXT(rig_kind(call), "ok");
    CHECK(sso_engine_take_finished(r.engine) == call);
    sso_call_free(call);
    CHECK(r.server.seen->connections == 2);
    CHECK(server_await(&r.server.seen->requests, 2));
    sso_engine_step(r.engine, -1);
    sso_engine_close(r.engine);
    CHECK(!rig_is_readable(fd, 0));
    close(fds[0]);
    close(fds[1]);
    waitpid(pid, NULL, 0);
    rig_close(&r);
}

/* ---- a child of many threads ------------------------------------------ */

struct asker {
    pthread_t thread;
    uint64_t stamp;
    int *waiting; /* for all to ask at the same moment */
};

static void *ask(void *context)
{
    struct asker *a = context;

    __atomic_sub_fetch(a->waiting, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(a->waiting, __ATOMIC_SEQ_CST) > 0) {
    }
    a->stamp = sso_process_stamp();
    return NULL;
}

static void ask_in_threads(struct rig *r, struct sso_call *unused)
{
    enum { THREADS = 8 };
    struct asker askers[THREADS];
    int waiting = THREADS;
    int i;

    (void)r;
    (void)unused;
    for (i = 0; i < THREADS; i++) {
        askers[i].waiting = &waiting;
        if (!CHECK(pthread_create(&askers[i].thread, NULL, ask, &askers[i]) ==
                   0)) {
            abort(); /* the others would wait for ever */
        }
    }
    for (i = 0; i < THREADS; i++) {
        CHECK(pthread_join(askers[i].thread, NULL) == 0);
    }
    for (i = 0; i < THREADS; i++) {
        CHECK(askers[i].stamp == sso_process_stamp());
    }
}

/*
 * HAProxy's workers have their threads before the first of them enters an
 * engine.  Each that asked first stamped the process, and what another one had
 * begun was told that the process had been forked.
 */
static void threads_of_a_child_agree(void)
{
    uint64_t parent = sso_process_stamp();
    int rounds = rig_patience() > 0.5 ? 2 : 60;
    int i;

    for (i = 0; i < rounds && !check_case_failed; i++) {
        CHECK(in_child(NULL, NULL, ask_in_threads));
        CHECK(sso_process_stamp() == parent);
    }
}

int main(void)
{
    check_case("a child that steps sees the call cancelled", child_steps);
    check_case("a child sees what was queued cancelled",
               child_sees_what_was_queued_cancelled);
    check_case("a child makes calls of its own", child_calls);
    check_case("a child that only collects touches nothing", child_collects);
    check_case("a child that closes or cancels touches nothing", child_closes);
    check_case("a daemon that reused the numbers keeps its files",
               child_is_a_daemon);
    check_case("an engine made before the fork is used after it",
               engine_made_before_the_fork_is_used_after_it);
    check_case("sockets held by a child leave the descriptor",
               sockets_held_by_a_child_leave_the_descriptor);
    check_case("threads of a child agree that it is one",
               threads_of_a_child_agree);
    return check_end();
}
