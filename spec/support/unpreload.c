/*
 * unpreload.c - loaded after a sanitizer's library (LD_PRELOAD), takes both
 * out of the environment, so that programs which a spec starts run without.
 */
#include <stdlib.h>

__attribute__((constructor)) static void unpreload(void)
{
    unsetenv("LD_PRELOAD");
}
