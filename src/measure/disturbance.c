// SPDX-License-Identifier: GPL-3.0-or-later
// measure/disturbance — see disturbance.h.
#include "measure/disturbance.h"

#include <math.h>

#include "base/text.h"

#define SHARE_LEAST 1.0 // percent of a CPU

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
    // Processors are in the order of the watch's CPUs.
    for (size_t i = 0; i < point->processor_count && i < disturbance->interrupt_count; i++) {
        const struct interrupts_between *interrupts = &disturbance->interrupts[i];
        point->processors[i].interrupts = interrupts->count;
        point->processors[i].interrupts_most_of =
            interrupts->busiest[0] == '\0' ? NULL : text_printable(interrupts->busiest);
    }
    for (size_t i = 0; i < point->processor_count; i++) {
        const bool has = disturbance->has_softirqs && i < disturbance->interrupt_count &&
                         disturbance->window_ns > 0;
        point->processors[i].softirq_percent = (double)NAN;
        if (has) {
            const struct softirq_time *time = &disturbance->softirqs[i];
            point->processors[i].softirq_percent =
                100.0 * (double)time->ns / (double)disturbance->window_ns;
            point->processors[i].softirqs_most_of =
                time->most_of == NULL ? NULL : text_copy(time->most_of);
        }
    }
    point->throttled_ns = disturbance->throttled_ns;
    point->major_faults = disturbance->major_faults;
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
