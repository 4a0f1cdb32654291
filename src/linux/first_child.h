// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/first_child — the programs that run below a first process (linux/first.h), from outside:
 * their names, CPU time, memory, threads and last output. Used by machine/ (daemons of routers) and
 * testbed/ (the tester's daemons).
 */
#ifndef VRBENCH_LINUX_FIRST_CHILD_H
#define VRBENCH_LINUX_FIRST_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

// A child of a first process. It is a service, unless another program was started inside and
// orphaned.
struct first_child {
    pid_t pid;
    char name[16]; // name of the program, truncated (proc(5): comm)
};
// Returns the number of children; `ret` gets a new array of them.
size_t first_children(pid_t first, struct first_child **ret);
// CPU time in ns of a process with all its threads, ended ones included; -ESRCH if the process has
// ended.
int first_child_time(pid_t pid, uint64_t *ret_ns, struct error *err);
// Memory of a process in bytes, its share of shared pages included (Pss of proc(5)); 0 = unknown.
uint64_t first_child_memory(pid_t pid);
// Appends the threads of a process to an array, which the caller frees.
void first_add_threads(pid_t pid, pid_t **list, size_t *count);
// The last line of the services' log, truncated, without control characters.
void first_last_words(const char *log, char ret[160]);

#endif
