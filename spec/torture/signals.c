/*
 * signals.c - hosts a script of its own: calls at a server that hangs up while
 * a timer interrupts every system call each thousandth of a second and
 * children end; SIGPIPE has its default effect, which would end this process.
 *
 *   signals CALLS
 *
 * Held: every call succeeds once and has one callback, and the attempts that
 * the client tells of are the requests that the server got.
 *
 * SSO_PLANTED in the environment: one callback is lost, which has to be found
 * out.
 */
#include "../c/server.h"

#include <lauxlib.h>
#include <lualib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

int luaopen_sso_core(lua_State *L);

static struct server server;
static volatile sig_atomic_t interrupts;

static bool answer(struct exchange *x)
{
    const char *body = "{\"id\":66138975,\"name\":null}";

    if (x->number % 97 == 0)
        return server_reset(x);
    if (x->number % 89 == 0) {
        server_reply(x, "200 OK", "Connection: close\r\n", body);
        return false;
    }
    return server_reply(x, "200 OK", "X-RateLimit-Limit: 600\r\n", body);
}

/* requests() → how many the server has got */
static int lua_requests(lua_State *L)
{
    lua_pushinteger(L,
                    __atomic_load_n(&server.seen->requests, __ATOMIC_SEQ_CST));
    return 1;
}

static void on_signal(int number)
{
    (void)number;
    interrupts++;
}

/* interrupt(on) → interrupts so far; SIGALRM each millisecond, now and then a
 * child that ends */
static int lua_interrupt(lua_State *L)
{
    struct sigaction action;
    struct itimerval every = {{0, 0}, {0, 0}};

    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal; /* without SA_RESTART: EINTR */
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGCHLD, &action, NULL);
    every.it_interval.tv_usec = every.it_value.tv_usec =
        lua_toboolean(L, 1) ? 1000 : 0;
    setitimer(ITIMER_REAL, &every, NULL);
    lua_pushinteger(L, interrupts);
    return 1;
}

/* child(): one that ends at once, which SIGCHLD tells of */
static int lua_child(lua_State *L)
{
    pid_t pid = fork();

    (void)L;
    if (pid == 0)
        _exit(0);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0)
        continue; /* interrupted */
    return 0;
}

static const char script[] =
    "local base_url, total = ...\n"
    "local sso = require 'sso'\n"
    "local children = 0\n"
    "local client = assert(sso.new {api_key = 'SG.k', base_url = base_url,\n"
    "    proxy = '', timeout = 60, max_retries = 5, validate = false,\n"
    "    on_event = function(event)\n"
    "        if event.event == 'start' and math.random(500) == 1 then\n"
    "            child()\n"
    "            children = children + 1\n"
    "        end\n"
    "    end})\n"
    "local started, called, attempts, good = 0, 0, 0, 0\n"
    "local lost = os.getenv 'SSO_PLANTED' and 77\n"
    "local function tell(value, err, response)\n"
    "    if lost == good then\n"
    "        lost = nil\n"
    "        return\n"
    "    end\n"
    "    called = called + 1\n"
    "    attempts = attempts + (err or response).attempts\n"
    "    good = good + (value and 1 or 0)\n"
    "end\n"
    "interrupt(true)\n"
    "while started < total do\n"
    "    for _ = 1, 50 do\n"
    "        client:update_certificate(66138975, {enabled = true}, tell)\n"
    "    end\n"
    "    tell(client:get_certificate(66138975))\n"
    "    started = started + 51\n"
    "    assert(client:run(60) == 0, 'calls are left')\n"
    "end\n"
    "local signals = interrupt(false)\n"
    "client:close()\n"
    "print(('%d calls, %d callbacks, %d good; %d attempts told, %d requests "
    "received; %d signals, %d children'):format(started, called, good,\n"
    "    attempts, requests(), signals, children))\n"
    "assert(called == started and good == started, 'a callback is lost')\n"
    "assert(attempts == requests() and signals > 0 and children > 0)\n";

int main(int argc, char **argv)
{
    lua_State *L;
    bool fine;

    if (argc != 2) {
        fprintf(stderr, "usage: signals CALLS\n");
        return 2;
    }
    server_start(&server, answer);
    L = luaL_newstate();
    if (L == NULL)
        return 2;
    luaL_openlibs(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_sso_core);
    lua_setfield(L, -2, "sso.core");
    lua_register(L, "requests", lua_requests);
    lua_register(L, "interrupt", lua_interrupt);
    lua_register(L, "child", lua_child);
    fine = luaL_loadstring(L, script) == LUA_OK;
    lua_pushstring(L, server.url);
    lua_pushinteger(L, atol(argv[1]));
    fine = fine && lua_pcall(L, 2, 0, 0) == LUA_OK;
    if (!fine)
        printf("FAILED %s\n", luaL_tolstring(L, -1, NULL));
    printf("%d passed, %d failed\n", fine, !fine);
    lua_close(L);
    server_stop(&server);
    return fine ? 0 : 1;
}
