// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/interference — what the kernel counts of events that hold up a measurement without being a
 * program's work: interrupts of devices by CPU (/proc/interrupts), the time for which a CPU quota
 * stopped this process's control group (cpu.stat), and page faults that waited for a disk
 * (getrusage(2)). proc(5), Documentation/scheduler/sched-bwc.rst. Called by testbed/.
 */
#ifndef VRBENCH_LINUX_INTERFERENCE_H
#define VRBENCH_LINUX_INTERFERENCE_H

#include <stddef.h>
#include <stdint.h>

#include "linux/cpu.h"

// A device's interrupts; timers, and those that CPUs send to each other, are no device's.
struct device_interrupts {
    char name[32];    // of the device: "virtio0-config"; cut if longer
    uint64_t *counts; // since boot, for each CPU of the list
};

// The counts at one moment. What can't be read is 0 or absent.
struct interference {
    struct device_interrupts *devices;
    size_t device_count;
    uint64_t throttled_ns; // of this process's control group and those above it
    uint64_t major_faults; // of all threads of this process
};
void interference_take(const struct cpu_list *cpus, struct interference *ret);
void interference_clear(struct interference *counts);
#define _cleanup_interference_ __attribute__((cleanup(interference_clear)))

// Reads the text of /proc/interrupts: the devices in `ret`, whose other counts are not touched.
void interference_parse(const char *text, const struct cpu_list *cpus, struct interference *ret);

// What a CPU did for devices between two moments.
struct interrupts_between {
    uint64_t count;
    char busiest[32]; // the device with most of them; "" if there were none
};
struct interrupts_between interference_between(const struct interference *before,
                                               const struct interference *after, size_t cpu);

#endif
