// SPDX-License-Identifier: GPL-3.0-or-later
// linux/memory — memory allocated by the kernel for itself.
#ifndef VRBENCH_LINUX_MEMORY_H
#define VRBENCH_LINUX_MEMORY_H

#include <stdint.h>

#include "base/error.h"

// Bytes in slabs (except reclaimable caches of files), per-CPU areas and vmalloc (which contains
// kernel stacks), from /proc/meminfo, after the CPUs' pending differences were added up
// (/proc/sys/vm/stat_refresh, if readable). The difference before and after making an object is the
// object's cost, if the machine is otherwise idle.
int memory_kernel_bytes(uint64_t *ret, struct error *err);
// The same once the value no longer falls, or after a second: the kernel frees removed objects
// late.
int memory_kernel_bytes_settled(uint64_t *ret, struct error *err);
int memory_parse_kernel_bytes(const char *meminfo, uint64_t *ret, struct error *err);

#endif
