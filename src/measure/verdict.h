// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/verdict — decides whether a trial's figures are valid, with the reasons if not.
 *
 * The rules are in verdict.c, one function each; README.md describes them for users.
 */
#ifndef VRBENCH_MEASURE_VERDICT_H
#define VRBENCH_MEASURE_VERDICT_H

#include "measure/disturbance.h"
#include "measure/losses.h"
#include "measure/meter.h"

struct evidence {
    const struct scenario *scenario;
    const struct testbed *testbed;
    bool capped;                        // a party had a cap at the begin or at the end
    const struct traffic_count *counts; // for each path
    unsigned slack;                     // of the engine, see engine_traits
    bool adapts;                        // the engine sends no more than the path carries
    struct tester_losses tester;
    const struct disturbance *disturbance;
    bool late_end; // a stall touched the end of the time of sending
    const struct meter_reading *before, *after;
};

struct verdict {
    bool disturbed;          // by a cause that may pass: another attempt may succeed
    uint64_t disturbance_ns; // size of the disturbance, to choose the least disturbed of several
                             // attempts
    bool losses_stand;       // whatever disturbed the trial, it caused none of the losses
};

// Adds every reason for invalidity to a point that is otherwise complete.
struct verdict verdict_pass(const struct evidence *evidence, struct point *point);

// Whether the losses of a trial are the device's own, whatever the load of the machine.
bool verdict_losses_are_own(const struct evidence *evidence, const struct point *point);

// CPU time in ns between two readings that neither host, routers nor tester account for, on the
// CPUs of the device under test or of the tester, whichever is larger. `parties` are the testbed's.
double verdict_foreign_ns(const struct plan *plan, const struct testbed_party *parties,
                          const struct meter_reading *before, const struct meter_reading *after);

// Words that end the reason of a background load: the CPU of host and routers that spent most of
// the trial in softirqs. NULL if none spent much, or if softirqs may forward the test's packets
// there: on platforms other than namespaces and containers, on CPUs shared with the tester, and
// with lent NICs. The caller frees them.
char *verdict_softirqs(const struct plan *plan, const struct point *point);

// Judges whether the tester sent each load as requested, and received what reached it. Invalidates
// the point. Not for an engine that adapts.
void verdict_judge_tester(const struct evidence *evidence, struct point *point);

// Judges the tester of an engine that adapts. TCP sends less than requested if the path carries
// less: that is a result, unless the tester is what limits it. TCP causes losses itself; most of
// them are where the limit is.
void verdict_judge_adapting(const struct evidence *evidence, const struct plan *plan,
                            struct point *point);

// Judges for how long a CPU quota stopped this program, and with it the tester's threads. Marks a
// disturbance in `verdict` and invalidates the point.
void verdict_judge_quota(uint64_t throttled_ns, struct point *point, struct verdict *verdict);

// Judges the time that the hypervisor took from the CPUs of the tester and of the device under
// test, which does not count in direct. Adds to what `verdict` has of other causes. Call this after
// the functions that judge the tester.
void verdict_judge_steal(const struct plan *plan, uint64_t tester_ns, uint64_t dut_ns,
                         struct point *point, struct verdict *verdict);

// Judges whether each party kept to its cap, unless the cap was set during the trial. `by_quota`:
// the platform holds caps by quotas. Marks a violation in `verdict` and invalidates the point.
void verdict_judge_caps(bool by_quota, struct point *point, struct verdict *verdict);

#endif
