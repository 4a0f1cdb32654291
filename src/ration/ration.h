// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * ration/ration — the weight and the cap of a party (a set of tasks), both held by the kernel.
 *
 * The weight is that of a control group. The cap is the group's CFS bandwidth or, if that does not
 * hold kernel threads (since Linux 6.18), SCHED_DEADLINE. In the second case the cap is divided
 * among the tasks, and ration_divide(), called every RATION_STEP_NS, redivides it as their load
 * changes. If the caller dies, the kernel keeps the last values: their sum never exceeds the cap.
 * Tasks under SCHED_DEADLINE precede all others on their CPUs, so a party with a cap gets up to its
 * cap before weights count. Independent of testbeds. Not thread-safe: the caller locks.
 */
#ifndef VRBENCH_RATION_RATION_H
#define VRBENCH_RATION_RATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "linux/cgroup.h"

#define RATION_STEP_NS 5000000U
#define RATION_TASKS_MAX                                                                           \
    64 // largest number of tasks of a party whose cap is held by SCHED_DEADLINE

// How caps are held.
enum cap_way {
    CAP_WAY_NONE,     // not at all
    CAP_WAY_QUOTA,    // CFS bandwidth of the control group
    CAP_WAY_DEADLINE, // SCHED_DEADLINE
};
const char *cap_way_name(enum cap_way way); // "none", "quota", "deadline"; static
// CAP_WAY_NONE for any other text and for NULL.
enum cap_way cap_way_by_name(const char *name);

struct ration_spec {
    const struct cgroup_tree *tree; // must outlive the ration
    const char *path;               // of the group, relative to the tree's root
    const pid_t *tasks;             // already bound to their CPUs
    size_t task_count;
    unsigned cpu_count; // number of CPUs that the tasks may use together
    enum cap_way way;
    unsigned weight;  // 1–65535
    unsigned largest; // largest weight among parties that share the CPUs
    unsigned cap;     // percent of one CPU, 0 = none
};

struct ration;

// Makes the group if it is missing, moves the tasks into it and sets weight and cap. Tasks that
// already have shares (set by a process that has ended) keep them. Exit status 3 if there is a cap
// and no way to hold it.
int ration_open(const struct ration_spec *spec, struct ration **ret, struct error *err);
// The same for a party whose ration another process holds: changes nothing. Only ration_get() and
// ration_close() may follow. `spec` has the values believed to be set.
int ration_watch(const struct ration_spec *spec, struct ration **ret, struct error *err);
// Frees the object and leaves the kernel's settings. NULL is fine.
void ration_close(struct ration *ration);
// Removes the cap from the tasks, so that they end at full speed, and frees the object.
void ration_release(struct ration *ration);

// Changes weight and cap together. A `way` of CAP_WAY_NONE at opening may be replaced here; another
// may not.
int ration_set(struct ration *ration, enum cap_way way, unsigned weight, unsigned largest,
               unsigned cap, struct error *err);
// Reads weight and cap back from the kernel. Under SCHED_DEADLINE the cap is the sum of the tasks'
// shares, or the cap that was set if the sum is smaller at the moment.
int ration_get(const struct ration *ration, unsigned *ret_weight, unsigned *ret_cap,
               struct error *err);

// Whether SCHED_DEADLINE holds a cap at present, so that ration_divide() is required.
bool ration_is_divided(const struct ration *ration);
// Makes one step: redivides the cap among the tasks by their use. Does nothing if no cap is
// divided; NULL is fine.
void ration_divide(struct ration *ration);

#endif
