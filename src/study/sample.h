// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * study/sample — one figure over the repeated trials of one condition, and the bounds by which two
 * of them differ.
 *
 * A condition is a run, a topology, a length and an offered load. Invalid points are counted but
 * never used. Bounds are intervals by ranks (report/ranks.h): each of their two ends is wrong with
 * a probability of at most SAMPLE_ERROR / 2. Called by the rules of rules_*.c and by programme.c.
 */
#ifndef VRBENCH_STUDY_SAMPLE_H
#define VRBENCH_STUDY_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/ranks.h"
#include "result/result.h"

// Valid trials that a condition requires for a conclusion.
#define SAMPLE_TRIALS 3
#define SAMPLE_MOST   256U // more trials of a condition are not used
#define SAMPLE_ERROR  0.10 // of both ends of an interval together

// One run of the programme, as far as it is measured.
struct study_run {
    const char *name;
    struct point_list points;        // empty if it could not be run
    const char *lacking;             // the reason, or NULL
    unsigned cap;                    // cap of its host or r1t3 in percent of one CPU, 0 = none
    const struct scenario *scenario; // that was measured; NULL = unknown
};

// The input of all rules. The caller owns the data that it points to.
struct study_results {
    const struct study_run *runs;
    size_t run_count;
    uint64_t memory_bytes; // of the machine, 0 = unknown
    unsigned dut_cpus;     // CPUs that host and routers share, at least 1
    bool emulated;         // the routers were emulated machines
};

// The run of that name, or NULL.
const struct study_run *study_run(const struct study_results *results, const char *name);

struct condition {
    const char *run, *topology;
    unsigned length;
    double pps; // requested, for each network
};

struct sample {
    size_t valid, invalid;
    size_t tester_limited; // those of the invalid that only the tester's limit made invalid
    double median;         // NaN without valid trials
    double smallest, largest;
    double values[SAMPLE_MOST]; // of the valid trials, ascending
};

// A figure of a point, NaN if it has none. `who` is a network, a router or "host".
typedef double study_figure(const struct point *point, const char *who);

double figure_offered(const struct point *point, const char *who);   // packets/s; NULL: sum
double figure_forwarded(const struct point *point, const char *who); // packets/s; NULL: sum
double figure_loss(const struct point *point, const char *who);      // ratio; NULL: of all
double figure_percent(const struct point *point, const char *who);   // of one CPU
double figure_routers(const struct point *point, const char *who);   // of one CPU, all routers
double figure_total(const struct point *point, const char *who);     // of one CPU, host and routers

struct sample sample_of(const struct study_results *results, const struct condition *condition,
                        study_figure *figure, const char *who);
// The same, counting trials that only the tester's limit made invalid as valid.
struct sample sample_with_limited(const struct study_results *results,
                                  const struct condition *condition, study_figure *figure,
                                  const char *who);
bool sample_is_enough(const struct sample *sample); // it has SAMPLE_TRIALS valid trials
// One sample of all valid trials at that load or higher.
struct sample sample_from(const struct study_results *results, const struct condition *condition,
                          study_figure *figure, const char *who);
// Bounds of the median; of a/b, for figures above 0; of a - b, for ratios and shares. With too few
// valid trials there are none: the widest possible.
struct span sample_bounds(const struct sample *sample);
struct span sample_ratio(const struct sample *a, const struct sample *b);
struct span sample_difference(const struct sample *a, const struct sample *b);

// Returns the loads tried for a run's topology and length, ascending, in a new array.
size_t study_loads(const struct study_results *results, const char *run_name, const char *topology,
                   unsigned length, double **ret_pps);

#endif
