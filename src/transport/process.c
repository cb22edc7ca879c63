/*
 * process.c - notices that the process was forked (see process.h).
 *
 * Every entry of the engine asks, nine times a call, so it must not cost a
 * system call.  The stamp lies in a page that the kernel empties in a forked
 * child; the count of stamps lies outside and tells parent from child.
 */
#include "process.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned long *page; /* NULL: no such page to be had */
static unsigned long count;

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
    unsigned long stamp;

    pthread_once(&once, map_page);
    if (page == NULL) {
        return (uint64_t)getpid();
    }
    stamp = __atomic_load_n(page, __ATOMIC_RELAXED);
    if (stamp == 0) {
        /* A child may have many threads by now: the first one decides, the
         * others get its stamp. */
        unsigned long fresh = __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED);

        if (__atomic_compare_exchange_n(page, &stamp, fresh, false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            stamp = fresh;
        }
    }
    return stamp;
}
