// SPDX-License-Identifier: GPL-3.0-or-later
// tests/net/jump — for LD_PRELOAD: CLOCK_REALTIME is an hour ahead in every second 100 ms.
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define HALF_NS 100000000L

int clock_gettime(clockid_t id, struct timespec *ret)
{
    struct timespec now;
    long rc = syscall(SYS_clock_gettime, id, ret);
    if (rc == 0 && id == CLOCK_REALTIME) {
        syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
        ret->tv_sec += now.tv_nsec / HALF_NS % 2 == 0 ? 0 : 3600;
    }
    return (int)rc;
}
