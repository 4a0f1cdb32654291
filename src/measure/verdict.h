// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/verdict — whether a trial's figures can be trusted, and if not, why.
 *
 * The rules are in verdict.c, one function each; README.md tells them to users.
 */
#ifndef VRBENCH_MEASURE_VERDICT_H
#define VRBENCH_MEASURE_VERDICT_H

#include "measure/losses.h"
#include "measure/meter.h"

struct evidence {
    const struct scenario *scenario;
    const struct testbed *testbed;
    const struct traffic_count *counts; // by path
    unsigned slack;                     // the engine's, see engine_traits
    struct tester_losses tester;
    const struct meter_reading *before, *after;
};

struct verdict {
    bool disturbed;          // by something that may pass: worth another attempt
    uint64_t disturbance_ns; // how much, to choose the least disturbed of several attempts
};

// Adds to a point, complete otherwise, every reason not to trust it.
struct verdict verdict_pass(const struct evidence *evidence, struct point *point);

// CPU time between two readings that neither host, routers nor tester account for, on the CPUs of
// the device under test or of the tester, whichever is more, ns. `parties` are the testbed's.
double verdict_foreign_ns(const struct plan *plan, const struct testbed_party *parties,
                          const struct meter_reading *before, const struct meter_reading *after);

#endif
