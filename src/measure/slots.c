// SPDX-License-Identifier: GPL-3.0-or-later
// measure/slots — see slots.h.
#include "measure/slots.h"

#include <math.h>

#include "traffic/pace.h"

// A packet leaves up to a sleep of the pacer later than it is due.
#define SENT_WITHIN_NS   250000ULL
// The source sends its backlog at PACE_CATCH_UP times the rate: it takes so many times the stall.
#define CATCH_UP         (1.0 / (PACE_CATCH_UP - 1.0))
// A device that is busier than this is overloaded: its queues are full without a stall, too.
#define UTILISATION_MOST 0.95

uint64_t slot_width_ns(uint64_t duration_ns)
{
    uint64_t width = (duration_ns + SLOTS_MOST - 1) / SLOTS_MOST;
    return width > SLOT_LEAST_NS ? width : SLOT_LEAST_NS;
}

// How long a backlog lasts after a stall; the backlog is given as time of sending, and includes the
// stall.
static uint64_t recovery_of(const struct slot_queues *queues, uint64_t backlog_ns,
                            uint64_t stall_ns)
{
    double busy = fmin(fmax(queues->utilisation, 0.0), UTILISATION_MOST);
    double waits =
        queues->debt > 0.0 ? (double)stall_ns * queues->debt + (double)queues->period_ns : 0.0;
    // What the queues hold goes at the rate that the device has to spare.
    double queued = fmin((double)backlog_ns + waits, (double)queues->full_ns);
    double drain = queued * busy / (1.0 - busy);
    return (uint64_t)fmax((double)backlog_ns * CATCH_UP, waits + drain);
}

static void leave_out_span(uint64_t from_ns, uint64_t to_ns, const uint64_t *bounds_ns,
                           size_t slot_count, bool *left_out)
{
    for (size_t i = 0; i < slot_count; i++) {
        left_out[i] = left_out[i] || (bounds_ns[i] < to_ns && bounds_ns[i + 1] > from_ns);
    }
}

void slots_leave_out(const struct heartbeat_report *report, const struct slot_queues *queues,
                     const uint64_t *bounds_ns, size_t slot_count, bool *left_out)
{
    uint64_t ahead_ns = queues->before_ns + SENT_WITHIN_NS;
    uint64_t clear_ns = 0; // when the backlog of the stalls so far is gone
    for (size_t i = 0; i < report->count; i++) {
        const struct heartbeat_stall *stall = &report->stalls[i];
        if (i > 0 && stall->cpu != report->stalls[i - 1].cpu) {
            clear_ns = 0;
        }
        // A stall during the recovery from another adds to its backlog.
        uint64_t left_ns = clear_ns > stall->from_ns
                               ? (uint64_t)((double)(clear_ns - stall->from_ns) / CATCH_UP)
                               : 0;
        uint64_t stall_ns = stall->to_ns - stall->from_ns;
        uint64_t end_ns = stall->to_ns + recovery_of(queues, left_ns + stall_ns, stall_ns);
        clear_ns = end_ns > clear_ns ? end_ns : clear_ns;
        if (clear_ns <= queues->start_ns) {
            continue;
        }
        uint64_t from_ns = stall->from_ns > queues->start_ns + ahead_ns
                               ? stall->from_ns - queues->start_ns - ahead_ns
                               : 0;
        leave_out_span(from_ns, clear_ns - queues->start_ns, bounds_ns, slot_count, left_out);
    }
}

double slots_left_out_ratio(const uint64_t *bounds_ns, size_t slot_count, const bool *left_out)
{
    uint64_t out_ns = 0;
    for (size_t i = 0; i < slot_count; i++) {
        out_ns += left_out[i] ? bounds_ns[i + 1] - bounds_ns[i] : 0;
    }
    uint64_t all_ns = slot_count == 0 ? 0 : bounds_ns[slot_count] - bounds_ns[0];
    return all_ns == 0 ? 0.0 : (double)out_ns / (double)all_ns;
}

uint64_t slot_sent(const uint64_t *bounds, size_t slot_count, size_t slot, uint64_t sent)
{
    uint64_t to = slot + 1 == slot_count || bounds[slot + 1] > sent ? sent : bounds[slot + 1];
    return to > bounds[slot] ? to - bounds[slot] : 0;
}

struct recovery_result slots_recovery(const uint64_t *bounds_ns, size_t slot_count,
                                      const uint64_t *lost, const bool *left_out, uint64_t drop_ns)
{
    struct recovery_result recovery = {.measured = true};
    for (size_t k = 0; k < slot_count; k++) {
        if (bounds_ns[k] < drop_ns || lost[k] == 0) {
            continue;
        }
        bool left = left_out != NULL && left_out[k];
        recovery.uncertain = left;
        if (!left) {
            recovery.lost += lost[k];
            recovery.low_ns = bounds_ns[k] - drop_ns;
            recovery.high_ns = bounds_ns[k + 1] - drop_ns;
        }
    }
    return recovery;
}

static uint64_t slot_ns(const uint64_t *bounds_ns, size_t from, size_t to)
{
    return bounds_ns[to] - bounds_ns[from];
}

struct outage_result slots_outage(const uint64_t *bounds_ns, size_t slot_count, const uint64_t *tx,
                                  const uint64_t *rx)
{
    struct outage_result outage = {.measured = true, .over = true};
    for (size_t from = 0; from < slot_count;) {
        size_t to = from;   // behind the last slot of which nothing was received
        size_t last = from; // behind the last one of these with packets
        while (to < slot_count && rx[to] == 0) {
            to++;
            last = tx[to - 1] > 0 ? to : last;
        }
        bool lossy = last > from;
        if (lossy && slot_ns(bounds_ns, from, last) > outage.low_ns) {
            size_t before = from > 0 ? from - 1 : 0;
            size_t behind = to < slot_count ? to + 1 : to;
            outage.low_ns = slot_ns(bounds_ns, from, last);
            outage.high_ns = slot_ns(bounds_ns, before, behind);
            outage.over = to < slot_count;
        }
        from = to + 1;
    }
    return outage;
}
