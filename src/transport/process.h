/*
 * process.h - notices that the process was forked.
 */
#ifndef SSO_TRANSPORT_PROCESS_H
#define SSO_TRANSPORT_PROCESS_H

#include <stdint.h>

#pragma GCC visibility push(hidden)

/*
 * A number that stays the same in a process and differs from that of its
 * parent.  Costs a read of memory where the kernel can wipe a page on fork
 * (Linux 4.14), a system call elsewhere.
 */
uint64_t sso_process_stamp(void);

#pragma GCC visibility pop

#endif
