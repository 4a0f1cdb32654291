// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * doctor/quiet — looks whether this machine is quiet enough to measure: CPU time of other programs,
 * CPU time that the hypervisor takes (steal), and stalls that no counter shows (heartbeat.h).
 * Called by doctor.c and, before a run, by run/.
 */
#ifndef VRBENCH_DOCTOR_QUIET_H
#define VRBENCH_DOCTOR_QUIET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "linux/usage.h"

// Limits in percent of one CPU. The first two are those at which a trial is called disturbed
// (measure/verdict.c).
#define QUIET_BACKGROUND 15.0
#define QUIET_STEAL      10.0
#define QUIET_STALLED    1.0 // of the time, on the worst CPU

#define QUIET_CULPRITS 3

struct quiet_look {
    double seconds;            // looked for
    size_t cpus;               // usable CPUs
    double background_percent; // by other programs on all usable CPUs together, of one CPU
    double steal_percent;      // of the CPU that lost most
    bool has_stalls;           // the heartbeat could be started
    double stalled_percent;    // of the CPU that stalled for longest
    uint64_t longest_stall_ns;
    size_t stalls; // on all CPUs
    struct usage_culprit culprits[QUIET_CULPRITS];
    size_t culprit_count;
};

// Looks for `ms` milliseconds while the caller does nothing else. -EINTR if a stop was requested.
int quiet_look(unsigned ms, struct quiet_look *ret, struct error *err);
bool quiet_is_given(const struct quiet_look *look);
// The culprits in words, "stress (pid 812) 99 %, cc1 (pid 815) 52 %"; empty if there are none. The
// caller frees it.
char *quiet_culprits(const struct quiet_look *look);
// What disturbs, in words; empty if the machine is quiet. The caller frees it.
char *quiet_disturbance(const struct quiet_look *look);
// Looks again and again until the machine is quiet. Fails, with what disturbs, if it is not within
// `seconds`.
int quiet_wait(unsigned seconds, struct error *err);

#endif
