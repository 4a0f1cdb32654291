// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * ration/ration — what a party, some tasks that belong together, may have of the CPU: a weight and
 * a cap, both kept by the kernel.
 *
 * The weight is that of a control group. The cap is the group's CFS bandwidth, or, where that does
 * not hold kernel threads (since Linux 6.18), SCHED_DEADLINE: the cap is then divided among the
 * tasks, and divided anew as their load goes by ration_divide(), which somebody calls every
 * RATION_STEP_NS. What the kernel was told last holds whoever dies: the sum never exceeds the cap.
 * Tasks under
 * SCHED_DEADLINE go before all others on their CPUs, so that a party with a cap gets up to its cap
 * before weights count. Knows nothing of testbeds. Not for several threads at once: the caller
 * locks.
 */
#ifndef VRBENCH_RATION_RATION_H
#define VRBENCH_RATION_RATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "linux/cgroup.h"

#define RATION_STEP_NS   5000000U
#define RATION_TASKS_MAX 64 // of a party whose cap is held by SCHED_DEADLINE

// How caps are held.
enum cap_way {
    CAP_WAY_NONE,     // not at all
    CAP_WAY_QUOTA,    // CFS bandwidth of the control group
    CAP_WAY_DEADLINE, // SCHED_DEADLINE
};
const char *cap_way_name(enum cap_way way); // "none", "quota", "deadline"; static
// CAP_WAY_NONE for any other text, or NULL.
enum cap_way cap_way_by_name(const char *name);

struct ration_spec {
    const struct cgroup_tree *tree; // outlives the ration
    const char *path;               // of the group, below the tree's root
    const pid_t *tasks;             // bound to their CPUs already
    size_t task_count;
    unsigned cpu_count; // that the tasks may run on, all together
    enum cap_way way;
    unsigned weight;  // 1–65535
    unsigned largest; // weight among those that share the CPUs
    unsigned cap;     // percent of one CPU, 0 = none
};

struct ration;

// Makes the group if it isn't there, moves the tasks into it and sets weight and cap. Tasks that
// are rationed already (by a process that is gone) are taken over.
// Exit status 3 if there is a cap and no way to hold it.
int ration_open(const struct ration_spec *spec, struct ration **ret, struct error *err);
// The same for a party whose ration another process holds: nothing is changed, only ration_get()
// and ration_close() may follow. `spec` says what is believed to be set.
int ration_watch(const struct ration_spec *spec, struct ration **ret, struct error *err);
// Frees the object and leaves the kernel as it is. NULL is fine.
void ration_close(struct ration *ration);
// Takes the cap off the tasks, so that they end at their full speed, and frees the object.
void ration_release(struct ration *ration);

// Changes weight and cap at once. `way` may be given later than when opened, not changed.
int ration_set(struct ration *ration, enum cap_way way, unsigned weight, unsigned largest,
               unsigned cap, struct error *err);
// Reads them back from the kernel. Under SCHED_DEADLINE the cap is what its tasks have together,
// or the cap set where they have less for the moment.
int ration_get(const struct ration *ration, unsigned *ret_weight, unsigned *ret_cap,
               struct error *err);

// Whether a cap is held by SCHED_DEADLINE now, and ration_divide() has something to do.
bool ration_is_divided(const struct ration *ration);
// One step: divides the cap among the tasks as they used their parts. Does nothing where nothing is
// to be divided; NULL is fine.
void ration_divide(struct ration *ration);

#endif
