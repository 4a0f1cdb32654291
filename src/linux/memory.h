// SPDX-License-Identifier: GPL-3.0-or-later
// linux/memory — how much memory the kernel itself holds.
#ifndef VRBENCH_LINUX_MEMORY_H
#define VRBENCH_LINUX_MEMORY_H

#include <stdint.h>

#include "base/error.h"

// Bytes in slabs, kernel stacks, per-CPU areas and vmalloc, from /proc/meminfo, after folding the
// CPUs' pending differences in (/proc/sys/vm/stat_refresh, where it may be read). The difference
// before and after making something is what that costs, if the machine is otherwise quiet.
int memory_kernel_bytes(uint64_t *ret, struct error *err);
int memory_parse_kernel_bytes(const char *meminfo, uint64_t *ret, struct error *err);

#endif
