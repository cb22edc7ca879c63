/*
 * gc.c - the turns of turns.lua while Lua collects at every turn of its own.
 *
 *   gc EVERY TURNS      1: as often as can be; 101: a hundredth of it
 *
 * Two ways to collect, in both modes of Lua 5.4.  refused: the allocator says
 * no to every EVERY-th block that is to be made or to grow, upon which Lua
 * collects all garbage (an emergency collection, in which no finalizer runs)
 * and asks again.  counted: a hook collects all garbage after EVERY
 * instructions, and finalizers run there.  Freed blocks are overwritten, so
 * that who still reads one does not get by.
 *
 * SSO_PLANTED in the environment: a string is read that nothing holds, which
 * has to be found out.
 */
#include "state.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FILE_OF_TURNS "spec/torture/turns.lua"

/* Bytes; a state that is being made has less, and cannot collect yet. */
#define BORN 16384

struct allocator {
    long every; /* 0: refuses nothing */
    long asked;
    long refused;
    bool again; /* this one was refused before */
    size_t held;
};

static long collections;

static bool refuses(struct allocator *a)
{
    if (a->every == 0 || a->held < BORN)
        return false;
    if (a->again) {
        a->again = false;
        return false;
    }
    if (++a->asked % a->every != 0)
        return false;
    a->again = true;
    a->refused++;
    return true;
}

/* Never in place: a pointer that was kept across is a dead one. */
static void *allocate(void *user, void *block, size_t old_size, size_t size)
{
    struct allocator *a = user;
    size_t old = block != NULL ? old_size : 0; /* otherwise it is a type */
    void *fresh = NULL;

    if (size > old && refuses(a))
        return NULL;
    if (size > 0) {
        fresh = malloc(size);
        if (fresh == NULL)
            return NULL;
        memset(fresh, 0xA5, size);
        if (block != NULL)
            memcpy(fresh, block, old < size ? old : size);
    }
    if (block != NULL) {
        memset(block, 0x5A, old);
        free(block);
    }
    a->held += size;
    a->held -= old;
    return fresh;
}

static void collect(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    collections++;
    lua_gc(L, LUA_GCCOLLECT);
}

struct way {
    const char *name;
    bool refused;
    bool generational;
};

static const struct way ways[] = {
    {"refused, incremental", true, false},
    {"refused, generational", true, true},
    {"counted, incremental", false, false},
    {"counted, generational", false, true},
};

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void set_mode(lua_State *L, const struct way *way)
{
    if (way->generational)
        lua_gc(L, LUA_GCGEN, 0, 0);
    else
        lua_gc(L, LUA_GCINC, 0, 0, 0);
}

/* Keeps a string's bytes and not the string, while tables are made. */
static bool planted_string_lives(lua_State *L)
{
    static const char words[] = "planted: a string that no value holds";
    const char *kept = lua_pushfstring(L, "%s any more", words);
    bool same;

    lua_pop(L, 1);
    same =
        luaL_dostring(L, "local t = {}\n"
                         "for i = 1, 5000 do t[i % 9] = {i} end") == LUA_OK &&
        strncmp(kept, words, sizeof(words) - 1) == 0;
    if (!same)
        fprintf(stderr, "planted: the string was collected\n");
    return same;
}

/* Turn after turn in one state; false after a word on standard error. */
static bool take_turns(lua_State *L, struct allocator *a, const struct way *way,
                       int every, int turns)
{
    int i;

    for (i = 0; i < turns; i++) {
        char name[64];
        bool well;

        state_name(L, i, name, sizeof(name));
        a->every = way->refused ? every : 0;
        if (!way->refused)
            lua_sethook(L, collect, LUA_MASKCOUNT, every);
        well = state_call(L, "turn", name) &&
               (getenv("SSO_PLANTED") == NULL || planted_string_lives(L));
        lua_sethook(L, NULL, 0, 0);
        a->every = 0;
        if (!well)
            return false;
    }
    return true;
}

/* One way, from a state's birth to its end. */
static bool run(const struct way *way, int every, int turns)
{
    struct allocator a;
    double from = now_s();
    int descriptors = state_descriptors();
    lua_State *L;
    bool well;

    memset(&a, 0, sizeof(a));
    collections = 0;
    a.every = way->refused ? every : 0; /* loading is under it too */
    L = state_open(allocate, &a, FILE_OF_TURNS);
    a.every = 0;
    if (L == NULL)
        return false;
    set_mode(L, way);
    if (turns == 0)
        turns = state_count(L);
    well = take_turns(L, &a, way, every, turns);
    lua_close(L);
    if (well && a.held != 0) {
        fprintf(stderr, "%zu bytes are left of a closed state\n", a.held);
        well = false;
    }
    if (well && state_descriptors() > descriptors) {
        fprintf(stderr, "descriptors are left of a closed state\n");
        well = false;
    }
    if (well && a.refused + collections < turns) {
        fprintf(stderr, "hardly anything was collected\n");
        well = false;
    }
    printf("%s %s: %d turns, %ld collections, %.1f s\n", well ? "ok" : "FAILED",
           way->name, turns, a.refused + collections, now_s() - from);
    fflush(stdout);
    return well;
}

int main(int argc, char **argv)
{
    int every = argc > 1 ? atoi(argv[1]) : 0;
    int turns = argc > 2 ? atoi(argv[2]) : 0;
    int passed = 0, failed = 0;
    size_t i;

    if (every < 1) {
        fprintf(stderr, "usage: gc EVERY [TURNS]\n");
        return 2;
    }
    if (!state_prepare(FILE_OF_TURNS))
        return 2;
    for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        bool well = run(&ways[i], every, turns);
        passed += well;
        failed += !well;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
