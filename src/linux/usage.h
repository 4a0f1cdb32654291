// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/usage — which processes used the CPU between two moments. Used by doctor/ and measure/.
 */
#ifndef VRBENCH_LINUX_USAGE_H
#define VRBENCH_LINUX_USAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

// CPU time of every visible process and kernel thread at one moment.
struct usage_snapshot {
    struct usage_process {
        pid_t pid;
        uint64_t ns; // clock_getcpuclockid(3): all threads, ended ones included
    } * processes;   // by PID
    size_t count;
};

int usage_take(struct usage_snapshot *ret, struct error *err);
void usage_clear(struct usage_snapshot *snapshot);
#define _cleanup_usage_ __attribute__((cleanup(usage_clear)))

struct usage_culprit {
    pid_t pid;
    char name[16]; // the kernel's, /proc/PID/comm; empty if the process has ended
    uint64_t ns;   // used between the snapshots
};

// Writes the processes that used most CPU time between two snapshots to `ret`, the busiest first,
// at most `room`; this process is left out. Returns their number. A process that began between them
// is counted from its begin; one that ended between them is not seen.
size_t usage_top(const struct usage_snapshot *before, const struct usage_snapshot *after,
                 struct usage_culprit *ret, size_t room);

#endif
