/*
 * oom.c - every allocation of a script fails in turn, one of Lua's, the
 * module's, libcurl's or OpenSSL's at a time.
 *
 *   oom SOURCE STRIDE SCRIPT...     SOURCE: lua, module, curl, openssl, all
 *   oom collect TIMES SCRIPT...     only collects: see collect() below
 *
 * A script returns {setup=, run=, check=, buffers=}.  For k = 1, 1 + STRIDE, … run is
 * called with its k-th allocation refused, until it asks for fewer than k.
 * Judged each time: no crash, no hang, what is raised speaks of memory, the
 * same client then completes a call (check), and neither descriptors, nor
 * references, nor memory of anybody's has grown.
 */
#include "../c/server.h"
#include "refusing.h"

#include <dirent.h>
#include <lauxlib.h>
#include <lualib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The longest that one k may take, seconds: it has hung. */
#define LONGEST 60

/*
 * What may be held more than at first: Lua's tables and caches that grew,
 * bytes; the texts of errors that OpenSSL keeps in a ring of sixteen, blocks.
 */
static const long slack_of[SOURCE_COUNT] = {16384, 0, 0, 64};

int luaopen_sso_core(lua_State *L);

/* How far the child is, which the parent reads when it has died. */
static long *reached;

/* ---- the server --------------------------------------------------------- */

/* A request says in its headers what it wants: an array, a status. */
static bool answer(struct exchange *x)
{
    const char *want = strstr(x->raw, "x-want: ");
    const char *body = "{\"id\":66138975,\"not_before\":1,\"not_after\":2,"
                       "\"name\":null,\"public_certificate\":\"c\"}";
    char number[4];
    char status[64] = "200 OK";

    if (want != NULL && strncmp(want + 8, "array", 5) == 0)
        body = "[{\"id\":66138975,\"name\":\"n\",\"enabled\":true}]";
    else if (want != NULL && strncmp(want + 8, "again", 5) == 0 &&
             x->number % 3 != 0)
        return server_reply(x, "503 Busy", "Retry-After: 0\r\n", "{}");
    else if (want != NULL && sscanf(want + 8, "%3[0-9]", number) == 1) {
        snprintf(status, sizeof(status), "%s Told so", number);
        body = "{\"errors\":[{\"message\":\"not valid\",\"field\":\"enabled\","
               "\"error_id\":\"SSO-1\"},{\"message\":\"two\"}]}";
    }
    return server_reply(x, status,
                        "Content-Type: application/json\r\n"
                        "X-RateLimit-Limit: 600\r\nX-Request-Id: r\r\n",
                        body);
}

/*
 * Whether the script at hand makes long strings piece by piece: lauxlib asks
 * the allocator for their room by itself and gives up when it is refused once,
 * without a collection.
 */
static bool has_buffers;

/* ---- the script --------------------------------------------------------- */

enum slot { SETUP = 1, RUN, CHECK };

static const char *const slot_names[] = {NULL, "setup", "run", "check"};

/* Calls a function of the script; on failure a message is left. */
static bool call(lua_State *L, enum slot slot)
{
    lua_pushvalue(L, (int)slot);
    return lua_pcall(L, 0, 0, 0) == LUA_OK;
}

static const char *message(lua_State *L)
{
    return luaL_tolstring(L, -1, NULL);
}

static int count_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    if (dir == NULL)
        return 0;
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

/* References live in the registry under other keys than strings. */
static int count_references(lua_State *L)
{
    int n = 0;

    lua_pushnil(L);
    while (lua_next(L, LUA_REGISTRYINDEX)) {
        n += lua_type(L, -2) != LUA_TSTRING;
        lua_pop(L, 1);
    }
    return n;
}

struct state {
    long held[SOURCE_COUNT];
    int descriptors;
    int references;
};

static void look(lua_State *L, struct state *s)
{
    int source;

    lua_gc(L, LUA_GCCOLLECT);
    lua_gc(L, LUA_GCCOLLECT);
    for (source = 0; source < SOURCE_COUNT; source++)
        s->held[source] = refusing_held((enum refusing_source)source);
    s->descriptors = count_descriptors();
    s->references = count_references(L);
}

/* NULL, or what has grown. */
static const char *growth(const struct state *before, const struct state *now)
{
    static char text[128];
    int source;

    if (now->descriptors > before->descriptors)
        return "descriptors have grown";
    if (now->references > before->references)
        return "references have grown";
    for (source = 0; source < SOURCE_COUNT; source++) {
        if (now->held[source] <= before->held[source] + slack_of[source])
            continue;
        snprintf(text, sizeof(text), "memory of %s: %ld before, %ld now",
                 refusing_names[source], before->held[source],
                 now->held[source]);
        return text;
    }
    return NULL;
}

static lua_State *open_script(const char *script, const char *source,
                              const char *url)
{
    lua_State *L = lua_newstate(refusing_lua, NULL);
    int slot;

    if (L == NULL)
        exit(2);
    luaL_openlibs(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_sso_core);
    lua_setfield(L, -2, "sso.core");
    lua_settop(L, 0);
    lua_pushstring(L, url);
    lua_setglobal(L, "BASE_URL");
    lua_pushstring(L, source);
    lua_setglobal(L, "SOURCE");
    if (luaL_dofile(L, script) != LUA_OK || !lua_istable(L, 1)) {
        printf("FAILED %s: %s\n", script, message(L));
        exit(1);
    }
    lua_getfield(L, 1, "buffers");
    has_buffers = lua_toboolean(L, -1);
    lua_pop(L, 1);
    for (slot = SETUP; slot <= CHECK; slot++)
        lua_getfield(L, 1, slot_names[slot]);
    lua_remove(L, 1); /* setup, run, check */
    return L;
}

static void fail(const char *script, const char *source, long k,
                 const char *what)
{
    printf("FAILED %s, %s, allocation %ld: %s\n", script, source, k, what);
    fflush(stdout);
    exit(1);
}

/* One k.  False: the script asked for fewer allocations. */
static bool try_one(lua_State *L, const char *script,
                    enum refusing_source source, long k)
{
    const char *name = refusing_names[source];
    int refused;
    bool went_well;

    alarm(LONGEST);
    refusing_arm(source, k, source == FROM_LUA ? 2 : 1);
    went_well = call(L, RUN);
    refused = refusing_disarm();
    if (!went_well) {
        const char *text = message(L);
        if (strstr(text, "not enough memory") == NULL &&
            (source == FROM_LUA || strstr(text, "memory") == NULL))
            fail(script, name, k, text);
    }
    lua_settop(L, CHECK);
    /* What lies about unfinished goes first: the check then uses the handles
     * that it gave back. */
    lua_gc(L, LUA_GCCOLLECT);
    lua_gc(L, LUA_GCCOLLECT);
    if (!call(L, CHECK))
        fail(script, name, k, message(L));
    alarm(0);
    return refused > 0;
}

/* Calls that nobody interferes with, until caches are full. */
static void warm_up(lua_State *L, const char *script)
{
    int i;

    alarm(LONGEST);
    if (!call(L, SETUP))
        fail(script, "setup", 0, message(L));
    for (i = 0; i < 5; i++)
        if (!call(L, RUN) || !call(L, CHECK))
            fail(script, "without refusals", 0, message(L));
    alarm(0);
}

/* In a process of its own. */
static void torture(const char *script, enum refusing_source source,
                    long stride, const char *url)
{
    struct state before, now;
    lua_State *L;
    long closed_at, k;

    L = open_script(script, refusing_names[source], url);
    warm_up(L, script);
    lua_close(L);
    closed_at = refusing_held(FROM_MODULE);
    L = open_script(script, refusing_names[source], url);
    warm_up(L, script);
    look(L, &before);
    for (k = 1;; k += stride) {
        const char *what;
        *reached = k;
        if (!try_one(L, script, source, k))
            break;
        look(L, &now);
        what = growth(&before, &now);
        if (what != NULL)
            fail(script, refusing_names[source], k, what);
    }
    lua_close(L);
    if (refusing_held(FROM_LUA) != 0 || refusing_held(FROM_MODULE) > closed_at)
        fail(script, refusing_names[source], k, "memory is held at the end");
    exit(0);
}

static void on_count(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    lua_gc(L, LUA_GCCOLLECT);
}

/*
 * The collector at its worst, in a process of its own: both modes, every
 * allocation first refused, so that Lua makes it in an emergency collection
 * (unless has_buffers), and a whole collection every hundred instructions.
 * All must go well.
 */
static void collect(const char *script, long times, const char *url)
{
    lua_State *L = open_script(script, "collect", url);
    long turn;

    warm_up(L, script);
    for (turn = 0; turn < 4 * times; turn++) {
        bool went_well;
        alarm(LONGEST);
        *reached = turn + 1;
        if (turn % 2 == 0)
            lua_gc(L, LUA_GCGEN, 0, 0);
        else
            lua_gc(L, LUA_GCINC, 1, 1000, 0);
        if (turn % 4 < 2 && !has_buffers)
            refusing_first_tries(FROM_LUA);
        else
            lua_sethook(L, on_count, LUA_MASKCOUNT, 100);
        went_well = call(L, RUN) && call(L, CHECK);
        (void)refusing_disarm();
        lua_sethook(L, NULL, 0, 0);
        if (!went_well)
            fail(script, "collect", turn, message(L));
    }
    lua_close(L);
    if (refusing_held(FROM_LUA) != 0)
        fail(script, "collect", turn, "memory is held at the end");
    exit(0);
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* True: the script passed.  source: SOURCE_COUNT only collects. */
static bool run(const char *script, enum refusing_source source, long stride,
                const char *url)
{
    const char *what =
        source == SOURCE_COUNT ? "collect" : refusing_names[source];
    double from = now_s();
    const char *name = strrchr(script, '/');
    pid_t pid;
    int status;

    fflush(stdout);
    *reached = 0;
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!refusing_install())
            exit(2);
        if (source == SOURCE_COUNT)
            collect(script, stride, url);
        torture(script, source, stride, url);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        exit(2);
    if (WIFSIGNALED(status))
        printf("FAILED %s, %s, %ld: signal %d%s\n", script, what, *reached,
               WTERMSIG(status),
               WTERMSIG(status) == SIGALRM ? ", it hung" : "");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return false;
    printf("ok     %-16s %-8s ", name != NULL ? name + 1 : script, what);
    if (source == SOURCE_COUNT)
        printf("%ld runs", *reached);
    else
        printf("%6ld allocations, every %ld. refused", *reached - 1, stride);
    printf(", %.1f s\n", now_s() - from);
    fflush(stdout);
    return true;
}

int main(int argc, char **argv)
{
    struct server server;
    int i, source, passed = 0, failed = 0;
    long stride = argc > 3 ? strtol(argv[2], NULL, 10) : 0;

    if (stride < 1) {
        fprintf(stderr, "usage: oom SOURCE|all STRIDE SCRIPT...\n");
        return 2;
    }
    reached =
        mmap(NULL, sizeof(*reached), PROT_READ | PROT_WRITE,
             /* cppcheck-suppress invalidFunctionArg ; as mmap(2) has it */
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (reached == MAP_FAILED)
        return 2;
    server_start(&server, answer);
    for (i = 3; i < argc; i++)
        for (source = 0; source <= SOURCE_COUNT; source++)
            if (source == SOURCE_COUNT
                    ? strcmp(argv[1], "collect") == 0
                    : strcmp(argv[1], "all") == 0 ||
                          strcmp(argv[1], refusing_names[source]) == 0) {
                bool ok = run(argv[i], (enum refusing_source)source, stride,
                              server.url);
                passed += ok;
                failed += !ok;
            }
    server_stop(&server);
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
