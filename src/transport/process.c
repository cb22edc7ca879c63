/*
 * process.c - notices that the process was forked (see process.h).
 *
 * Every entry of the engine asks, nine times a call, so it must not cost a
 * system call.  The stamp lies in a page that the kernel empties in a forked
 * child; the count of stamps lies outside and tells parent from child.
 */
#include "process.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t *page; /* NULL: no such page to be had */
static uint64_t count;

static void map_page(void)
{
#if defined(MADV_WIPEONFORK)
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) {
        return;
    }
    if (madvise(memory, size, MADV_WIPEONFORK) != 0) {
        munmap(memory, size);
        return;
    }
    page = memory;
    *page = ++count;
#endif
}

uint64_t sso_process_stamp(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, map_page);
    if (page == NULL) {
        return (uint64_t)getpid();
    }
    if (*page == 0) {
        *page = ++count; /* a child has one thread when it begins */
    }
    return *page;
}
