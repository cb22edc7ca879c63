/*
 * heap.c - a Lua module: how much memory of malloc's is in use, to the byte.
 *
 * What a process has resident says little about a leak: blocks that are given
 * back stay with it.  Where the C library does not tell (musl), nil.
 */
#include <lua.h>

#include <malloc.h>

/* used() → bytes in blocks that nobody has freed, whoever took them */
static int heap_lua_used(lua_State *L)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
    struct mallinfo2 info = mallinfo2();

    lua_pushnumber(L, (lua_Number)(info.uordblks + info.hblkhd));
#else
    lua_pushnil(L);
#endif
    return 1;
}

int luaopen_heap(lua_State *L);

int luaopen_heap(lua_State *L)
{
    lua_newtable(L);
    lua_pushcfunction(L, heap_lua_used);
    lua_setfield(L, -2, "used");
    return 1;
}
