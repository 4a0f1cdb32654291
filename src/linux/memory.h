// SPDX-License-Identifier: GPL-3.0-or-later
// linux/memory — how much memory the kernel itself holds.
#ifndef VRBENCH_LINUX_MEMORY_H
#define VRBENCH_LINUX_MEMORY_H

#include <stdint.h>

#include "base/error.h"

// Bytes in slabs (but for caches of files, which the kernel gives back when asked), per-CPU areas
// and vmalloc (which holds the kernel's stacks), from /proc/meminfo, after folding the CPUs'
// pending differences in (/proc/sys/vm/stat_refresh, where it may be read). The difference before
// and after making something is what that costs, if the machine is otherwise quiet.
int memory_kernel_bytes(uint64_t *ret, struct error *err);
// The same once it no longer falls, or after a second: what has been taken down is given back late.
int memory_kernel_bytes_settled(uint64_t *ret, struct error *err);
int memory_parse_kernel_bytes(const char *meminfo, uint64_t *ret, struct error *err);

#endif
