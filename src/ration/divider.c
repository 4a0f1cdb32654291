// SPDX-License-Identifier: GPL-3.0-or-later
// ration/divider — see divider.h. Called by testbed/allocation.
#include "ration/divider.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/thread.h"

struct divider {
    struct ration *const *rations;
    size_t count;
    struct cpu_list cpus;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stop;
};

static void *divide(void *context)
{
    struct divider *divider = context;
    // A step takes a few microseconds but must be in time, although the tester fills its CPU.
    const struct sched_param priority = {.sched_priority = 1};
    (void)cpu_bind(0, &divider->cpus, NULL);
    (void)pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority);
    (void)pthread_setname_np(pthread_self(), "vrbench-divide");
    uint64_t next = clock_monotonic_ns();
    pthread_mutex_lock(&divider->lock);
    while (!divider->stop) {
        for (size_t i = 0; i < divider->count; i++) {
            ration_divide(divider->rations[i]);
        }
        uint64_t now = clock_monotonic_ns();
        next = next + RATION_STEP_NS > now ? next + RATION_STEP_NS : now + RATION_STEP_NS;
        struct timespec until = {.tv_sec = (time_t)(next / NS_PER_S),
                                 .tv_nsec = (long)(next % NS_PER_S)};
        (void)pthread_cond_timedwait(&divider->changed, &divider->lock, &until);
    }
    pthread_mutex_unlock(&divider->lock);
    return NULL;
}

int divider_start(struct ration *const *rations, size_t count, const struct cpu_list *cpus,
                  struct divider **ret, struct error *err)
{
    struct divider *divider = memory_new(1, sizeof *divider);
    *divider = (struct divider){.rations = rations, .count = count, .cpus = *cpus};
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&divider->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&divider->lock, NULL);
    int failed = thread_start(&divider->thread, divide, divider);
    if (failed != 0) {
        free(divider);
        return fail(err, failed, "starting the thread that divides caps");
    }
    *ret = divider;
    return 0;
}

void divider_stop(struct divider *divider)
{
    if (divider == NULL) {
        return;
    }
    pthread_mutex_lock(&divider->lock);
    divider->stop = true;
    pthread_cond_signal(&divider->changed);
    pthread_mutex_unlock(&divider->lock);
    pthread_join(divider->thread, NULL);
    pthread_cond_destroy(&divider->changed);
    pthread_mutex_destroy(&divider->lock);
    free(divider);
}

void divider_lock(struct divider *divider)
{
    if (divider != NULL) {
        pthread_mutex_lock(&divider->lock);
    }
}

void divider_unlock(struct divider *divider)
{
    if (divider != NULL) {
        pthread_mutex_unlock(&divider->lock);
    }
}
