// SPDX-License-Identifier: GPL-3.0-or-later
// hold_cpu CPU BUSY_MS IDLE_MS SECONDS — as `stall`, but no interrupt runs on the CPU either, and
// no task is to blame: the CPU is held within a timer interrupt (hold_cpu.bpf.c).
#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "hold_cpu.skel.h"

#define NS_PER_MS 1000000ULL

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "hold_cpu CPU BUSY_MS IDLE_MS SECONDS\n");
        return 2;
    }
    uint64_t busy_ns = strtoull(argv[2], NULL, 10) * NS_PER_MS;
    struct hold_cpu_bpf *skeleton = hold_cpu_bpf__open();
    if (skeleton == NULL) {
        perror("hold_cpu: opening its BPF program");
        return 1;
    }
    skeleton->rodata->held = (uint32_t)atoi(argv[1]);
    skeleton->rodata->busy_ns = busy_ns;
    skeleton->rodata->idle_ns = strtoull(argv[3], NULL, 10) * NS_PER_MS;
    if (hold_cpu_bpf__load(skeleton) < 0) {
        perror("hold_cpu: loading its BPF program");
        return 1;
    }
    // A clock of the CPU, so that a timer expires there.
    struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE,
                                         .config = PERF_COUNT_SW_CPU_CLOCK,
                                         .size = sizeof attributes,
                                         .sample_period = NS_PER_MS};
    int clock = (int)syscall(SYS_perf_event_open, &attributes, -1, atoi(argv[1]), -1, 0);
    if (clock < 0) {
        perror("hold_cpu: a clock of the CPU");
        return 1;
    }
    if (hold_cpu_bpf__attach(skeleton) < 0) {
        perror("hold_cpu: attaching its BPF program");
        return 1;
    }
    nanosleep(&(struct timespec){.tv_sec = atol(argv[4])}, NULL);
    hold_cpu_bpf__destroy(skeleton);
    (void)close(clock);
    return 0;
}
