// SPDX-License-Identifier: GPL-3.0-or-later
// measure/disturbance — see disturbance.h.
#include "measure/disturbance.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "linux/process.h"

#define CANDIDATES  16  // busiest programs among which those of others are looked for
#define SHARE_LEAST 1.0 // percent of a CPU

void disturbance_begin(const struct testbed *testbed, const struct cpu_list *cpus, bool capped,
                       struct disturbance_watch *ret)
{
    *ret = (struct disturbance_watch){.began_ns = clock_monotonic_ns()};
    if (!testbed_runs_machines(testbed)) {
        (void)usage_take(&ret->before, NULL);
    }
    if (!capped) {
        (void)heartbeat_start(cpus, &ret->heartbeat, NULL);
    }
}

// Whether a task does the work of a party of the testbed.
static bool testbed_has_task(const struct testbed *testbed, pid_t task)
{
    const struct testbed_party *parties = NULL;
    size_t count = testbed_parties(testbed, &parties);
    for (size_t i = 0; i < count; i++) {
        const pid_t *tasks = NULL;
        size_t task_count = 0;
        uint64_t gone_ns = 0;
        (void)testbed_quick_tasks(testbed, i, &tasks, &task_count, &gone_ns);
        for (size_t k = 0; k < task_count; k++) {
            if (tasks[k] == task) {
                return true;
            }
        }
    }
    return false;
}

void disturbance_end(struct disturbance_watch *watch, const struct testbed *testbed,
                     struct disturbance *ret)
{
    struct disturbance disturbance = {.has_stalls = watch->heartbeat != NULL};
    disturbance.window_ns = clock_monotonic_ns() - watch->began_ns;
    heartbeat_end(watch->heartbeat, &disturbance.stalls);
    struct usage_culprit found[CANDIDATES];
    struct usage_snapshot after = {0};
    size_t count = 0;
    if (watch->before.count > 0 && usage_take(&after, NULL) == 0) {
        count = usage_top(&watch->before, &after, found, CANDIDATES);
    }
    for (size_t i = 0; i < count && disturbance.other_count < DISTURBANCE_CULPRITS; i++) {
        if (!testbed_has_task(testbed, found[i].pid) &&
            !process_descends_from(found[i].pid, getpid())) {
            disturbance.others[disturbance.other_count++] = found[i];
        }
    }
    usage_clear(&after);
    usage_clear(&watch->before);
    *ret = disturbance;
}

void disturbance_clear(struct disturbance *disturbance)
{
    heartbeat_report_clear(&disturbance->stalls);
    *disturbance = (struct disturbance){0};
}

static void processor_account(const struct heartbeat_report *report,
                              struct processor_result *processor)
{
    processor->stalls = (struct stall_summary){.measured = true};
    for (size_t i = 0; i < report->count; i++) {
        const struct heartbeat_stall *stall = &report->stalls[i];
        if (stall->cpu != processor->cpu) {
            continue;
        }
        processor->stalls.count++;
        processor->stalls.total_ns += stall->late_ns;
        if (stall->late_ns > processor->stalls.longest_ns) {
            processor->stalls.longest_ns = stall->late_ns;
        }
    }
}

void disturbance_account(const struct disturbance *disturbance, struct point *point)
{
    for (size_t i = 0; disturbance->has_stalls && i < point->processor_count; i++) {
        processor_account(&disturbance->stalls, &point->processors[i]);
    }
    point->others = memory_new_array(struct other_result, DISTURBANCE_CULPRITS);
    for (size_t i = 0; i < disturbance->other_count; i++) {
        const struct usage_culprit *other = &disturbance->others[i];
        double percent = 100.0 * (double)other->ns / (double)disturbance->window_ns;
        if (percent >= SHARE_LEAST) {
            point->others[point->other_count++] = (struct other_result){
                .name = text_printable(other->name[0] == '\0' ? "ended" : other->name),
                .pid = (unsigned)other->pid,
                .percent = percent};
        }
    }
}

uint64_t disturbance_stalled_ns(const struct disturbance *disturbance,
                                struct heartbeat_stall *ret_worst)
{
    uint64_t all_ns = 0;
    uint64_t worst_ns = 0;
    for (size_t i = 0; i < disturbance->stalls.count; i++) {
        const struct heartbeat_stall *stall = &disturbance->stalls.stalls[i];
        all_ns += stall->to_ns - stall->from_ns;
        if (stall->late_ns > worst_ns) {
            worst_ns = stall->late_ns;
            *ret_worst = *stall;
        }
    }
    return all_ns;
}
