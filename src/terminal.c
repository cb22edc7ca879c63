/*
 * terminal.c - what a program needs of its process and plain Lua lacks: which
 * of its files are a terminal and how wide it is, ends that a shell expects,
 * and another program in its place.  Nothing here runs unless the command
 * line asks for it: signals belong to the host elsewhere.
 */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void set_flag(lua_State *L, const char *name, bool flag)
{
    lua_pushboolean(L, flag);
    lua_setfield(L, -2, name);
}

/*
 * terminal() → {stdin=, stdout=, stderr=: whether each is a terminal,
 * columns=: the width of the first that is, nil when it is not known}.
 */
static int terminal_lua_terminal(lua_State *L)
{
    static const char *const names[] = {"stdin", "stdout", "stderr"};
    static const int order[] = {1, 2, 0};
    size_t i;

    lua_createtable(L, 0, 4);
    for (i = 0; i < 3; i++)
        set_flag(L, names[i], isatty((int)i) == 1);
    for (i = 0; i < 3; i++) {
        struct winsize size;

        memset(&size, 0, sizeof(size));
        if (isatty(order[i]) == 1 && ioctl(order[i], TIOCGWINSZ, &size) == 0 &&
            size.ws_col > 0) {
            lua_pushinteger(L, (lua_Integer)size.ws_col);
            lua_setfield(L, -2, "columns");
            break;
        }
    }
    return 1;
}

/*
 * A socket must not become what output is written to: a closed standard
 * output is opened for reading, so that writing to it fails as it should.
 */
static void fill_descriptors(void)
{
    int fd;

    for (fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1)
            /* cppcheck-suppress leakReturnValNotUsed ; it has this number */
            (void)open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

/*
 * program(): Ctrl-C ends the process at once, at a prompt too (lua's own
 * handler waits for the line), and a reader that has gone is an error of
 * writing.
 */
static int terminal_lua_program(lua_State *L)
{
    (void)L;
    fill_descriptors();
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGPIPE, SIG_IGN);
    return 0;
}

/*
 * replace(path, argument, ...): runs another program in place of this one, as
 * execv(3); returns only upon failure, with a sentence.
 */
static int terminal_lua_replace(lua_State *L)
{
    int i, n = lua_gettop(L);
    const char **argv;

    luaL_checkstring(L, 1);
    argv = lua_newuserdata(L, ((size_t)n + 1) * sizeof(*argv));
    for (i = 0; i < n; i++)
        argv[i] = luaL_checkstring(L, i + 1);
    argv[n] = NULL;
    (void)signal(SIGPIPE, SIG_DFL);
    (void)execv(argv[0], (char *const *)argv);
    lua_pushstring(L, strerror(errno));
    (void)signal(SIGPIPE, SIG_IGN);
    return 1;
}

static const luaL_Reg functions[] = {
    {"terminal", terminal_lua_terminal},
    {"program", terminal_lua_program},
    {"replace", terminal_lua_replace},
    {NULL, NULL},
};

void sso_terminal_open(lua_State *L)
{
    luaL_setfuncs(L, functions, 0);
}
