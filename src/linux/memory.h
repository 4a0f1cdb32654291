// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/memory — how much kernel memory making an object takes.
 *
 * The kernel charges namespaces, interfaces, addresses and routes to the memory control group of
 * the thread that makes them (since Linux 5.16; Documentation/admin-guide/cgroup-v2.rst, "Memory").
 * Between memory_charge_begin() and memory_charge_end() the calling thread is in a separate group,
 * so that allocations of other programs are not counted. Memory that the kernel does not charge to
 * any group (per-CPU counters) and stacks of kernel threads are not counted either.
 */
#ifndef VRBENCH_LINUX_MEMORY_H
#define VRBENCH_LINUX_MEMORY_H

#include <stdint.h>

struct memory_charge;

// NULL if this machine has no usable memory controller, version 1 or 2. Before the end the thread
// must not fork or start threads, except in a pause: the child would stay in the group. In version
// 2 the whole process is moved, so one thread of it can be metered at a time: others wait here.
struct memory_charge *memory_charge_begin(void);
// Moves the thread back for a while, and then into the group again; NULL is fine.
void memory_charge_pause(struct memory_charge *charge);
void memory_charge_resume(struct memory_charge *charge);
// Moves the thread back, removes the group and returns the bytes still charged to it; 0 for NULL.
// Memory freed later is returned to the parent group.
uint64_t memory_charge_end(struct memory_charge *charge);

// Removes the groups of processes that died before memory_charge_end().
void memory_charge_clean_up(void);

// Parses the group of a process from its /proc/PID/cgroup, relative to the mount of the hierarchy:
// the version 1 hierarchy with `controller`, or version 2 for "". NULL if it is in none. The caller
// frees it.
char *memory_group_in(const char *text, const char *controller);

#endif
