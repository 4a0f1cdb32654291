// SPDX-License-Identifier: GPL-3.0-or-later
// linux/heartbeat_timer — see heartbeat_timer.h.
#include "linux/heartbeat_timer.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "version.h"

#if HAVE_BPF
#include "heartbeat.skel.h"
#include "linux/bpf_skeleton.h"
#include "linux/heartbeat_late.h"

#define ROOM_LEAST    (256U << 10) // bytes for the stalls of a report, times a power of two
#define ROOM_OF_A_CPU (64U << 10)
#define ROOM_MOST     (4U << 20)
#define BEAT_WAIT_NS  NS_PER_S // for the first and the last beat of each CPU, at most
#define BEAT_LOOK_NS  (NS_PER_MS / 5)

_Static_assert(HEARTBEAT_CPUS >= CPU_MAX, "each CPU of a list has a place");

struct heartbeat_timer {
    struct heartbeat_bpf *skeleton;
    int *clocks; // of each CPU; -1 = none
    struct cpu_list cpus;
    uint64_t period_ns;
    uint64_t began_ns; // the beat that counts as the first one of a CPU that was away at the start
};

// Bytes of the ring of stalls, a power of two that is a multiple of a page.
static unsigned room_for(size_t cpus)
{
    unsigned room = ROOM_LEAST;
    while (room < ROOM_OF_A_CPU * cpus && room < ROOM_MOST) {
        room *= 2;
    }
    return room;
}

static int timer_load(struct heartbeat_timer *timer, struct error *err)
{
    timer->skeleton = BPF_SKELETON_OPEN(heartbeat);
    if (timer->skeleton == NULL) {
        (void)fail(err, errno, "opening the heartbeat's BPF program");
        return -ENOTSUP;
    }
    timer->skeleton->rodata->period_ns = timer->period_ns;
    timer->skeleton->rodata->late_ns = HEARTBEAT_LATE_NS;
    int rc = bpf_map__set_max_entries(timer->skeleton->maps.stalls, room_for(timer->cpus.count));
    rc = rc < 0 ? rc : heartbeat_bpf__load(timer->skeleton);
    if (rc < 0) {
        (void)fail(err, -rc, "loading the heartbeat's BPF program");
        return -ENOTSUP;
    }
    return 0;
}

// A clock of one CPU, all tasks on it: the descriptor, or a negative errno. Its samples go nowhere.
static int clock_open(unsigned cpu, uint64_t period_ns)
{
    struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE,
                                         .config = PERF_COUNT_SW_CPU_CLOCK,
                                         .size = sizeof attributes,
                                         .sample_period = period_ns};
    long fd = syscall(SYS_perf_event_open, &attributes, -1, (int)cpu, -1, PERF_FLAG_FD_CLOEXEC);
    return fd < 0 ? -errno : (int)fd;
}

static int timer_attach(struct heartbeat_timer *timer, struct error *err)
{
    for (size_t i = 0; i < timer->cpus.count; i++) {
        unsigned cpu = timer->cpus.cpus[i];
        timer->skeleton->bss->used[cpu] = 1;
        timer->clocks[i] = clock_open(cpu, timer->period_ns);
        if (timer->clocks[i] < 0) {
            (void)fail(err, -timer->clocks[i], "opening a clock of CPU %u", cpu);
            return -ENOTSUP;
        }
    }
    int rc = heartbeat_bpf__attach(timer->skeleton);
    if (rc < 0) {
        (void)fail(err, -rc, "attaching the heartbeat's BPF program");
        return -ENOTSUP;
    }
    return 0;
}

static uint64_t last_beat(const struct heartbeat_timer *timer, size_t i)
{
    return __atomic_load_n(&timer->skeleton->bss->last_ns[timer->cpus.cpus[i]], __ATOMIC_RELAXED);
}

// Waits until each CPU has beaten after that moment, for BEAT_WAIT_NS at most: a CPU that is away
// notes its stall when it returns.
static void wait_for_beats(const struct heartbeat_timer *timer, uint64_t after_ns)
{
    uint64_t until_ns = after_ns + BEAT_WAIT_NS;
    for (size_t i = 0; i < timer->cpus.count; i++) {
        uint64_t now_ns;
        while (last_beat(timer, i) <= after_ns && (now_ns = clock_monotonic_ns()) < until_ns) {
            (void)clock_sleep_until(now_ns + BEAT_LOOK_NS);
        }
    }
}

// Whether a CPU has beaten. One that has not is away since the start, so that its first beat is
// late; if no CPU has beaten, the program looks for another function than the kernel's timers call.
static int check_begin(struct heartbeat_timer *timer, struct error *err)
{
    size_t beating = 0;
    for (size_t i = 0; i < timer->cpus.count; i++) {
        uint64_t none = 0;
        beating += !__atomic_compare_exchange_n(&timer->skeleton->bss->last_ns[timer->cpus.cpus[i]],
                                                &none, timer->began_ns, false, __ATOMIC_RELAXED,
                                                __ATOMIC_RELAXED);
    }
    if (beating == 0 && timer->cpus.count > 0) {
        (void)fail(err, 0,
                   "no timer of the kernel calls perf_swevent_hrtimer by the address in "
                   "/proc/kallsyms (0 if kernel.kptr_restrict is 2)");
        return -ENOTSUP;
    }
    return 0;
}

static void timer_free(struct heartbeat_timer *timer)
{
    heartbeat_bpf__destroy(timer->skeleton); // NULL is fine
    for (size_t i = 0; i < timer->cpus.count; i++) {
        cleanup_close(&timer->clocks[i]); // -1 is fine
    }
    free(timer->clocks);
    free(timer);
}

int heartbeat_timer_start(const struct cpu_list *cpus, uint64_t period_ns,
                          struct heartbeat_timer **ret, struct error *err)
{
    struct heartbeat_timer *timer = memory_new(1, sizeof *timer);
    *timer = (struct heartbeat_timer){
        .clocks = memory_new_array(int, cpus->count), .cpus = *cpus, .period_ns = period_ns};
    for (size_t i = 0; i < cpus->count; i++) {
        timer->clocks[i] = -1;
    }
    int rc = timer_load(timer, err);
    rc = rc < 0 ? rc : timer_attach(timer, err);
    if (rc == 0) {
        timer->began_ns = clock_monotonic_ns();
        wait_for_beats(timer, timer->began_ns);
        rc = check_begin(timer, err);
    }
    if (rc < 0) {
        timer_free(timer);
        return rc;
    }
    *ret = timer;
    return 0;
}

struct taking {
    struct heartbeat_report *report;
    uint64_t period_ns;
};

static int take_stall(void *context, void *data, size_t size)
{
    struct taking *taking = context;
    struct heartbeat_report *report = taking->report;
    const struct heartbeat_late *late = data;
    (void)size;
    report->stalls = memory_resize(report->stalls, report->count + 1, sizeof report->stalls[0]);
    report->stalls[report->count++] =
        (struct heartbeat_stall){.cpu = (unsigned)late->cpu,
                                 .from_ns = late->from_ns,
                                 .to_ns = late->to_ns,
                                 .late_ns = late->to_ns - late->from_ns - taking->period_ns};
    return 0;
}

static int by_cpu_and_time(const void *one, const void *other)
{
    const struct heartbeat_stall *a = one;
    const struct heartbeat_stall *b = other;
    if (a->cpu != b->cpu) {
        return a->cpu < b->cpu ? -1 : 1;
    }
    return a->from_ns < b->from_ns ? -1 : a->from_ns > b->from_ns;
}

void heartbeat_timer_end(struct heartbeat_timer *timer, struct heartbeat_report *report)
{
    wait_for_beats(timer, clock_monotonic_ns());
    struct taking taking = {.report = report, .period_ns = timer->period_ns};
    struct ring_buffer *ring =
        ring_buffer__new(bpf_map__fd(timer->skeleton->maps.stalls), take_stall, &taking, NULL);
    // A report that can't be read, or that lacks the end of a stall, is one with lost stalls.
    report->lost = ring == NULL || ring_buffer__consume(ring) < 0;
    report->lost += timer->skeleton->bss->lost;
    ring_buffer__free(ring);
    uint64_t now_ns = clock_monotonic_ns();
    for (size_t i = 0; i < timer->cpus.count; i++) {
        report->lost += last_beat(timer, i) + BEAT_WAIT_NS / 2 < now_ns;
        report->silent += last_beat(timer, i) == timer->began_ns;
    }
    if (report->count > 0) {
        qsort(report->stalls, report->count, sizeof report->stalls[0], by_cpu_and_time);
    }
    timer_free(timer);
}
#else
int heartbeat_timer_start(const struct cpu_list *cpus, uint64_t period_ns,
                          struct heartbeat_timer **ret, struct error *err)
{
    (void)cpus, (void)period_ns, (void)ret;
    (void)fail(err, 0, "this vrbench was built without BPF");
    return -ENOTSUP;
}

void heartbeat_timer_end(struct heartbeat_timer *timer, struct heartbeat_report *report)
{
    (void)timer, (void)report; // none was started
}
#endif
