// SPDX-License-Identifier: GPL-3.0-or-later
// linux/heartbeat — see heartbeat.h.
#include "linux/heartbeat.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/thread.h"
#include "linux/heartbeat_timer.h"

#define PRIORITY        95 // SCHED_FIFO: above every thread of vrbench, below migration and watchdogs
#define PERIODS_OF_COST 200U // the least period, as a multiple of the CPU time of a wake-up
#define PERIOD_MOST_NS  (100U * NS_PER_MS)
#define ADAPT_EVERY     16U
#define TRIED_SLEEPS    8U // that find the period of timers
#define TRIED_NS        50000U
#define WAKE_UP_PARTS   4U   // a timer interrupt takes less than such a part of a wake-up
#define STALLS_MAX      4096 // of one CPU in one report

struct beat {
    struct heartbeat *whole;
    pthread_t thread;
    unsigned cpu;
    sem_t settled;
    int rc; // of binding; written before `settled`
    struct heartbeat_stall *stalls;
    size_t count;
    uint64_t lost;
};

struct heartbeat {
    struct heartbeat_timer *timer; // NULL = it beats by threads
    atomic_bool ending;
    size_t count; // of the threads that were started
    struct beat beats[];
};

static void beat_note(struct beat *beat, uint64_t from_ns, uint64_t due_ns, uint64_t now_ns)
{
    if (beat->count == STALLS_MAX) {
        beat->lost++;
        return;
    }
    beat->stalls[beat->count++] = (struct heartbeat_stall){
        .cpu = beat->cpu, .from_ns = from_ns, .to_ns = now_ns, .late_ns = now_ns - due_ns};
}

static uint64_t thread_time_ns(void)
{
    struct timespec used = {0};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
}

// A wake-up costs some microseconds, but a hundred times as many on an emulated CPU. The period
// grows with the cost, so that a heartbeat takes about half a percent of a CPU.
static uint64_t beat_period(uint64_t used_ns, uint64_t beats)
{
    uint64_t period_ns = used_ns / beats * PERIODS_OF_COST;
    return period_ns < HEARTBEAT_PERIOD_NS ? HEARTBEAT_PERIOD_NS
           : period_ns > PERIOD_MOST_NS    ? PERIOD_MOST_NS
                                           : period_ns;
}

static void *beat_run(void *context)
{
    struct beat *beat = context;
    (void)prctl(PR_SET_NAME, "vrbench-beat");
    (void)prctl(PR_SET_TIMERSLACK, 1UL);
    const struct cpu_list here = {.cpus = {beat->cpu}, .count = 1};
    beat->rc = cpu_bind(0, &here, NULL);
    (void)sem_post(&beat->settled);
    uint64_t last_ns = clock_monotonic_ns();
    uint64_t period_ns = HEARTBEAT_PERIOD_NS;
    uint64_t beats = 0;
    while (beat->rc == 0 && !atomic_load_explicit(&beat->whole->ending, memory_order_relaxed)) {
        uint64_t due_ns = last_ns + period_ns;
        (void)clock_sleep_until(due_ns);
        uint64_t now_ns = clock_monotonic_ns();
        if (now_ns > due_ns + HEARTBEAT_LATE_NS) {
            beat_note(beat, last_ns, due_ns, now_ns);
        }
        last_ns = now_ns;
        if (++beats % ADAPT_EVERY == 0) {
            period_ns = beat_period(thread_time_ns(), beats);
        }
    }
    return NULL;
}

static int beat_start(struct beat *beat, struct error *err)
{
    (void)sem_init(&beat->settled, 0, 0);
    beat->stalls = memory_new_array(struct heartbeat_stall, STALLS_MAX);
    int rc = thread_start(&beat->thread, beat_run, beat);
    if (rc != 0) {
        (void)sem_destroy(&beat->settled);
        free(beat->stalls);
        return fail(err, rc, "starting a thread");
    }
    beat->whole->count++;
    while (sem_wait(&beat->settled) < 0) {
        // interrupted: only a signal without effect can be the cause
    }
    // The priority is set and reset from outside: a task of a still higher one may never let the
    // thread run, and must not keep this one from going on.
    const struct sched_param parameters = {.sched_priority = PRIORITY};
    rc = beat->rc == 0 ? pthread_setschedparam(beat->thread, SCHED_FIFO, &parameters) : -beat->rc;
    return rc == 0 ? 0 : fail(err, rc, "a real-time thread on CPU %u", beat->cpu);
}

// The CPU time of an interrupt is not accounted for. A wake-up contains one, and two switches of
// tasks (measured: 9 to 14 us, of which the interrupt's program takes 0.6 us).
static uint64_t timer_period(void)
{
    uint64_t before_ns = thread_time_ns();
    for (unsigned i = 0; i < TRIED_SLEEPS; i++) {
        (void)clock_sleep_until(clock_monotonic_ns() + TRIED_NS);
    }
    return beat_period((thread_time_ns() - before_ns) / WAKE_UP_PARTS, TRIED_SLEEPS);
}

int heartbeat_start(const struct cpu_list *cpus, enum heartbeat_by by, struct heartbeat **ret,
                    struct error *err)
{
    struct heartbeat *heartbeat =
        memory_new(1, sizeof *heartbeat + cpus->count * sizeof heartbeat->beats[0]);
    if (by == HEARTBEAT_BY_TIMER) {
        int rc = heartbeat_timer_start(cpus, timer_period(), &heartbeat->timer, err);
        if (rc < 0) {
            free(heartbeat);
            return rc;
        }
        *ret = heartbeat;
        return 0;
    }
    for (size_t i = 0; i < cpus->count; i++) {
        struct beat *beat = &heartbeat->beats[i];
        *beat = (struct beat){.whole = heartbeat, .cpu = cpus->cpus[i]};
        int rc = beat_start(beat, err);
        if (rc < 0) {
            heartbeat_end(heartbeat, NULL);
            return rc;
        }
    }
    *ret = heartbeat;
    return 0;
}

static void report_take(struct heartbeat_report *report, const struct beat *beat)
{
    report->stalls =
        memory_resize(report->stalls, report->count + beat->count, sizeof report->stalls[0]);
    for (size_t i = 0; i < beat->count; i++) {
        report->stalls[report->count++] = beat->stalls[i];
    }
    report->lost += beat->lost;
}

void heartbeat_end(struct heartbeat *heartbeat, struct heartbeat_report *ret)
{
    struct heartbeat_report report = {0};
    if (heartbeat != NULL) {
        atomic_store(&heartbeat->ending, true);
        for (size_t i = 0; i < heartbeat->count; i++) {
            struct beat *beat = &heartbeat->beats[i];
            (void)pthread_setschedparam(beat->thread, SCHED_OTHER, &(struct sched_param){0});
            (void)pthread_join(beat->thread, NULL);
            (void)sem_destroy(&beat->settled);
            report_take(&report, beat);
            free(beat->stalls);
        }
        if (heartbeat->timer != NULL) {
            heartbeat_timer_end(heartbeat->timer, &report);
        }
        free(heartbeat);
    }
    if (ret != NULL) {
        *ret = report;
    } else {
        heartbeat_report_clear(&report);
    }
}

void heartbeat_report_clear(struct heartbeat_report *report)
{
    free(report->stalls);
    *report = (struct heartbeat_report){0};
}
