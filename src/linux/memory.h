// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/memory — how much kernel memory making something takes.
 *
 * The kernel charges namespaces, interfaces, addresses and routes to the memory control group of
 * the thread that makes them (since Linux 5.16; Documentation/admin-guide/cgroup-v2.rst, "Memory").
 * Between memory_charge_begin() and memory_charge_end() the calling thread is in a group of its
 * own, so that allocations of other programs are not counted. Not counted either: what the kernel
 * charges to nobody (per-CPU counters) and the stacks of threads of the kernel.
 */
#ifndef VRBENCH_LINUX_MEMORY_H
#define VRBENCH_LINUX_MEMORY_H

#include <stdint.h>

struct memory_charge;

// NULL if this machine has no usable memory controller, version 1 or 2. The thread must not fork
// or start threads before the end, but in a pause: the child would stay in the group. With version
// 2 the whole process is moved, so that one thread of it at a time can be metered: others wait here
// for its end.
struct memory_charge *memory_charge_begin(void);
// Moves the thread back for a while, and into the group again; NULL is fine.
void memory_charge_pause(struct memory_charge *charge);
void memory_charge_resume(struct memory_charge *charge);
// Moves the thread back, removes the group and returns the bytes that are still charged to it; 0
// for NULL. What is freed later is given back to the group above.
uint64_t memory_charge_end(struct memory_charge *charge);

// Removes the groups of processes that died before memory_charge_end().
void memory_charge_clean_up(void);

// The group of a process below the mount of a hierarchy, out of its /proc/PID/cgroup: that of the
// version 1 hierarchy with `controller`, of version 2 with "". NULL if it is in none. The caller
// frees it.
char *memory_group_in(const char *text, const char *controller);

#endif
