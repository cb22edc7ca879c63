/*
 * process.c - the module "process", for specs alone: processes, signals,
 * descriptors, the environment and a monotonic clock, which plain Lua lacks.
 *
 * Failures raise.  run() keeps everything that it needs in userdata, so that
 * nothing leaks when a Lua function raises.  Times are seconds.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>

/* Output of a child that run() keeps, bytes; more is read and dropped. */
#define MAX_OUTPUT ((size_t)1024 * 1024)

__attribute__((visibility("default"))) int luaopen_process(lua_State *L);

static const struct {
    const char *name;
    int number;
} signals[] = {
    {"HUP", SIGHUP},   {"INT", SIGINT},   {"KILL", SIGKILL},
    {"TERM", SIGTERM}, {"ALRM", SIGALRM}, {"SEGV", SIGSEGV},
    {"ABRT", SIGABRT}, {"PIPE", SIGPIPE}, {"BUS", SIGBUS},
};

static int check_signal(lua_State *L, int i)
{
    const char *name = luaL_checkstring(L, i);
    size_t n;

    for (n = 0; n < sizeof(signals) / sizeof(signals[0]); n++)
        if (strcmp(signals[n].name, name) == 0)
            return signals[n].number;
    return luaL_argerror(L, i, "unknown signal");
}

/* Pushes "INT" for SIGINT, the number where there is no name. [-0, +1] */
static void push_signal(lua_State *L, int number)
{
    size_t n;

    for (n = 0; n < sizeof(signals) / sizeof(signals[0]); n++) {
        if (signals[n].number == number) {
            lua_pushstring(L, signals[n].name);
            return;
        }
    }
    lua_pushinteger(L, number);
}

static int raise_errno(lua_State *L, const char *what)
{
    return luaL_error(L, "%s: %s", what, strerror(errno));
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* now() → seconds on the monotonic clock */
static int process_lua_now(lua_State *L)
{
    lua_pushnumber(L, now());
    return 1;
}

/* getpid() → this process */
static int process_lua_getpid(lua_State *L)
{
    lua_pushinteger(L, getpid());
    return 1;
}

/* fork() → the child's pid in the parent, 0 in the child */
static int process_lua_fork(lua_State *L)
{
    pid_t pid = fork();

    if (pid < 0)
        return raise_errno(L, "fork");
    if (pid == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    lua_pushinteger(L, pid);
    return 1;
}

/* exit(status): ends this process at once; no state is closed */
static int process_lua_exit(lua_State *L)
{
    quick_exit((int)luaL_checkinteger(L, 1));
}

/* waitpid(pid) → exit status, or nil and the signal's name */
static int process_lua_waitpid(lua_State *L)
{
    pid_t pid = (pid_t)luaL_checkinteger(L, 1);
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return raise_errno(L, "waitpid");
    if (WIFEXITED(status)) {
        lua_pushinteger(L, WEXITSTATUS(status));
        return 1;
    }
    lua_pushnil(L);
    push_signal(L, WTERMSIG(status));
    return 2;
}

/* kill(pid, name) */
static int process_lua_kill(lua_State *L)
{
    pid_t pid = (pid_t)luaL_checkinteger(L, 1);

    if (kill(pid, check_signal(L, 2)) != 0)
        return raise_errno(L, "kill");
    return 0;
}

/* setenv(name, value): nil unsets; os.getenv and libraries see it */
static int process_lua_setenv(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    int failed;

    if (lua_isnoneornil(L, 2))
        failed = unsetenv(name);
    else
        failed = setenv(name, luaL_checkstring(L, 2), 1);
    return failed ? raise_errno(L, "setenv") : 0;
}

/* alarm(seconds[, name]): this process gets the signal (ALRM) then */
static int process_lua_alarm(lua_State *L)
{
    double seconds = (double)luaL_checknumber(L, 1);
    struct sigevent event;
    struct itimerspec when;
    timer_t timer;

    memset(&event, 0, sizeof(event));
    memset(&when, 0, sizeof(when));
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = lua_isnoneornil(L, 2) ? SIGALRM : check_signal(L, 2);
    when.it_value.tv_sec = (time_t)seconds;
    when.it_value.tv_nsec = (long)((seconds - (double)(long)seconds) * 1e9);
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
        timer_settime(timer, 0, &when, NULL) != 0)
        return raise_errno(L, "alarm");
    return 0;
}

/* descriptors() → {[number] = what it leads to}, this process's open ones */
static int process_lua_descriptors(lua_State *L)
{
    char target[256];
    int number;

    lua_newtable(L);
    for (number = 0; number < 1024; number++) {
        char name[40] = "/proc/self/fd/";
        char digits[8];
        size_t at = strlen(name), n = 0;
        ssize_t len;
        int rest = number;

        if (fcntl(number, F_GETFD) < 0)
            continue;
        do {
            digits[n++] = (char)('0' + rest % 10);
            rest /= 10;
        } while (rest > 0);
        while (n > 0)
            name[at++] = digits[--n];
        name[at] = '\0';
        len = readlink(name, target, sizeof(target));
        lua_pushlstring(L, target, len < 0 ? 0 : (size_t)len);
        lua_rawseti(L, -2, number);
    }
    return 1;
}

/*
 * openssl_error() → the oldest entry of this thread's OpenSSL error queue (0:
 * it is clean), which is empty afterwards; nil where no OpenSSL is loaded.
 */
static int process_lua_openssl_error(lua_State *L)
{
    static const char *const files[] = {"libcrypto.so.3", "libcrypto.so.1.1"};
    unsigned long (*peek)(void) = NULL;
    void (*clear)(void) = NULL;
    void *library = NULL;
    size_t n;

    for (n = 0; n < sizeof(files) / sizeof(files[0]) && library == NULL; n++)
        library = dlopen(files[n], RTLD_LAZY | RTLD_NOLOAD);
    if (library == NULL)
        return 0;
    *(void **)&peek = dlsym(library, "ERR_peek_error");
    *(void **)&clear = dlsym(library, "ERR_clear_error");
    if (peek == NULL || clear == NULL)
        return luaL_error(L, "an OpenSSL without an error queue");
    lua_pushnumber(L, (lua_Number)peek());
    clear();
    dlclose(library);
    return 1;
}

/* ---- run ---------------------------------------------------------------- */

struct job {
    char **argv;
    char **env; /* "NAME=value", or "NAME" to unset */
    double deadline;
    const char *await; /* output upon which .signal is sent; NULL: never */
    int signal;
    double signalled; /* when; 0: not */
    char *output;
    size_t len;
    int fd; /* reading end of the child's output */
    pid_t pid;
    int status;
    bool timed_out;
};

/* Pushes a NULL-terminated array of the strings in the list at i. [-0, +1] */
static char **push_argv(lua_State *L, int i)
{
    char **argv = lua_newuserdata(L, 64 * sizeof(*argv));
    int n;

    for (n = 0; n < 63; n++) {
        lua_rawgeti(L, i, n + 1);
        /* The list keeps the string alive. */
        argv[n] = lua_isstring(L, -1) ? (char *)lua_tostring(L, -1) : NULL;
        lua_pop(L, 1);
        if (argv[n] == NULL)
            break;
    }
    argv[n] = NULL;
    return argv;
}

static void child(const struct job *job, int output)
{
    const char *program = job->argv[0] != NULL ? job->argv[0] : "";
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char **entry;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    for (entry = job->env; *entry != NULL; entry++) {
        if (strchr(*entry, '=') != NULL)
            putenv(*entry);
        else
            unsetenv(*entry);
    }
    dup2(null, 0);
    dup2(output, 1);
    dup2(output, 2);
    execvp(program, job->argv);
    quick_exit(127);
}

static bool start(struct job *job)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    job->pid = fork();
    if (job->pid == 0)
        child(job, ends[1]);
    close(ends[1]);
    job->fd = ends[0];
    if (job->pid < 0)
        close(ends[0]);
    return job->pid > 0;
}

/* Ends the child and its children when the deadline is over. */
static int milliseconds_left(struct job *job)
{
    double left = job->deadline - now();

    if (left <= 0 && !job->timed_out) {
        job->timed_out = true;
        kill(-job->pid, SIGKILL);
    }
    return left > 0 ? (int)(left * 1000) + 1 : 1000;
}

static void signal_if_due(struct job *job)
{
    if (job->await == NULL || job->signalled > 0)
        return;
    if (memmem(job->output, job->len, job->await, strlen(job->await))) {
        job->signalled = now();
        kill(job->pid, job->signal);
    }
}

static void read_output(struct job *job)
{
    char chunk[4096];

    for (;;) {
        struct pollfd p = {job->fd, POLLIN, 0};
        ssize_t got;

        if (poll(&p, 1, milliseconds_left(job)) < 1) {
            if (job->timed_out && now() > job->deadline + 1)
                break; /* someone else holds the pipe */
            continue;
        }
        got = read(job->fd, chunk, sizeof(chunk));
        if (got <= 0)
            break;
        if ((size_t)got > MAX_OUTPUT - job->len)
            got = (ssize_t)(MAX_OUTPUT - job->len);
        memcpy(job->output + job->len, chunk, (size_t)got);
        job->len += (size_t)got;
        signal_if_due(job);
    }
    close(job->fd);
}

static void reap(struct job *job)
{
    const struct timespec tick = {0, 500000};

    while (waitpid(job->pid, &job->status, WNOHANG) == 0) {
        milliseconds_left(job);
        nanosleep(&tick, NULL);
    }
}

static void push_outcome(lua_State *L, const struct job *job, double began)
{
    lua_newtable(L);
    lua_pushlstring(L, job->output, job->len);
    lua_setfield(L, -2, "output");
    lua_pushboolean(L, job->timed_out);
    lua_setfield(L, -2, "timed_out");
    lua_pushnumber(L, now() - began);
    lua_setfield(L, -2, "elapsed");
    if (job->signalled > 0) {
        lua_pushnumber(L, now() - job->signalled);
        lua_setfield(L, -2, "after_signal");
    }
    if (WIFEXITED(job->status)) {
        lua_pushinteger(L, WEXITSTATUS(job->status));
        lua_setfield(L, -2, "status");
    } else {
        push_signal(L, WTERMSIG(job->status));
        lua_setfield(L, -2, "signal");
    }
}

/*
 * run(argv, env, timeout[, await, signal]) → {output, status or signal,
 * elapsed, timed_out, after_signal}.  env: list of "NAME=value", or "NAME"
 * to unset; output: both streams; once `await` was printed, the child gets
 * the signal.  At the time-out the child and its children are killed.
 */
static int process_lua_run(lua_State *L)
{
    struct job job;
    double began = now();

    memset(&job, 0, sizeof(job));
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    job.deadline = began + (double)luaL_checknumber(L, 3);
    job.await = luaL_optstring(L, 4, NULL);
    if (job.await != NULL)
        job.signal = check_signal(L, 5);
    lua_settop(L, 5);
    job.argv = push_argv(L, 1);                  /* 6 */
    job.env = push_argv(L, 2);                   /* 7 */
    job.output = lua_newuserdata(L, MAX_OUTPUT); /* 8 */
    if (job.argv[0] == NULL)
        return luaL_argerror(L, 1, "no program");
    if (!start(&job))
        return raise_errno(L, "run");
    read_output(&job);
    reap(&job);
    push_outcome(L, &job, began);
    return 1;
}

static const luaL_Reg functions[] = {
    {"alarm", process_lua_alarm},
    {"descriptors", process_lua_descriptors},
    {"exit", process_lua_exit},
    {"fork", process_lua_fork},
    {"getpid", process_lua_getpid},
    {"kill", process_lua_kill},
    {"now", process_lua_now},
    {"openssl_error", process_lua_openssl_error},
    {"run", process_lua_run},
    {"setenv", process_lua_setenv},
    {"waitpid", process_lua_waitpid},
};

int luaopen_process(lua_State *L)
{
    size_t n;

    lua_newtable(L);
    for (n = 0; n < sizeof(functions) / sizeof(functions[0]); n++) {
        lua_pushcfunction(L, functions[n].func);
        lua_setfield(L, -2, functions[n].name);
    }
    return 1;
}
