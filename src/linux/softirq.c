// SPDX-License-Identifier: GPL-3.0-or-later
// linux/softirq — see softirq.h. The program is bpf/softirq.bpf.c.
#include "linux/softirq.h"

#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "version.h"

#if HAVE_BPF
#include "linux/bpf_skeleton.h"
#include "linux/softirq_counts.h"
#include "softirq.skel.h"

_Static_assert(SOFTIRQ_CPUS >= CPU_MAX, "each CPU of a list has a place");

// In the order of include/linux/interrupt.h; the names are those of /proc/softirqs.
static const char *const kinds[SOFTIRQ_KINDS] = {
    "HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU"};

struct softirq_meter {
    struct softirq_bpf *skeleton;
    struct cpu_list cpus;
    struct softirq_counts *before; // for each CPU of the list
};

int softirq_meter_start(const struct cpu_list *cpus, struct softirq_meter **ret, struct error *err)
{
    struct softirq_bpf *skeleton = BPF_SKELETON_OPEN(softirq);
    if (skeleton == NULL) {
        (void)fail(err, errno, "opening the BPF program that measures softirqs");
        return -ENOTSUP;
    }
    int rc = softirq_bpf__load(skeleton);
    if (rc == 0) {
        for (size_t i = 0; i < cpus->count; i++) {
            skeleton->bss->used[cpus->cpus[i]] = 1;
        }
        rc = softirq_bpf__attach(skeleton);
    }
    if (rc < 0) {
        (void)fail(err, -rc, "loading the BPF program that measures softirqs");
        softirq_bpf__destroy(skeleton);
        return -ENOTSUP;
    }
    struct softirq_meter *meter = memory_new(1, sizeof *meter);
    *meter = (struct softirq_meter){.skeleton = skeleton,
                                    .cpus = *cpus,
                                    .before = memory_new_array(struct softirq_counts, cpus->count)};
    *ret = meter;
    return 0;
}

void softirq_meter_free(struct softirq_meter *meter)
{
    if (meter != NULL) {
        softirq_bpf__destroy(meter->skeleton);
        free(meter->before);
        free(meter);
    }
}

static uint64_t counted(const struct softirq_meter *meter, unsigned cpu, size_t kind)
{
    return __atomic_load_n(&meter->skeleton->bss->cpus[cpu].ns[kind], __ATOMIC_RELAXED);
}

void softirq_meter_reset(struct softirq_meter *meter)
{
    for (size_t i = 0; i < meter->cpus.count; i++) {
        for (size_t kind = 0; kind < SOFTIRQ_KINDS; kind++) {
            meter->before[i].ns[kind] = counted(meter, meter->cpus.cpus[i], kind);
        }
    }
}

struct softirq_time softirq_meter_read(const struct softirq_meter *meter, unsigned cpu)
{
    struct softirq_time ret = {.ns = 0};
    uint64_t most = 0;
    size_t at = 0;
    while (at < meter->cpus.count && meter->cpus.cpus[at] != cpu) {
        at++;
    }
    for (size_t kind = 0; at < meter->cpus.count && kind < SOFTIRQ_KINDS; kind++) {
        const uint64_t ns = counted(meter, cpu, kind) - meter->before[at].ns[kind];
        ret.ns += ns;
        ret.most_of = ns > most ? kinds[kind] : ret.most_of;
        most = ns > most ? ns : most;
    }
    return ret;
}
#else
int softirq_meter_start(const struct cpu_list *cpus, struct softirq_meter **ret, struct error *err)
{
    (void)cpus, (void)ret;
    (void)fail(err, 0, "this vrbench was built without BPF");
    return -ENOTSUP;
}

void softirq_meter_free(struct softirq_meter *meter)
{
    (void)meter; // none was started
}

void softirq_meter_reset(struct softirq_meter *meter)
{
    (void)meter;
}

struct softirq_time softirq_meter_read(const struct softirq_meter *meter, unsigned cpu)
{
    (void)meter, (void)cpu;
    return (struct softirq_time){.ns = 0};
}
#endif
