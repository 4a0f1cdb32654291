// SPDX-License-Identifier: GPL-3.0-or-later
// study/rules_memory — claim 8: memory grows linearly and is not the limit. Called through the
// table of claims.c.
#include <math.h>
#include <stddef.h>

#include "base/text.h"
#include "study/rules.h"

#define MIB 1048576.0

static const struct {
    const char *run;
    unsigned routers;
} counts[] = {
    {"memory-1", 1}, {"memory-2", 2}, {"memory-4", 4}, {"memory-8", 8}, {"memory-16", 16}};
#define COUNTS (sizeof counts / sizeof counts[0])

// Memory of all routers together in bytes; NaN if none has a figure. A router that fitted into
// pages left by others has none.
static double routers_memory(const struct point *point)
{
    double sum = (double)NAN;
    for (size_t i = 0; i < point->memory_count; i++) {
        if (!text_equal(point->memory[i].name, "host")) {
            sum = (isnan(sum) ? 0.0 : sum) + (double)point->memory[i].bytes;
        }
    }
    return sum;
}

// The figure is taken when the testbed is made, so one point is enough, even if later measurements
// of it are invalid.
static double memory_of(const struct study_results *results, size_t at, const char *topology)
{
    const struct study_run *run = study_run(results, counts[at].run);
    for (size_t i = 0; run != NULL && i < run->points.count; i++) {
        const struct point *point = &run->points.items[i];
        double bytes = routers_memory(point);
        if (text_equal(point->topology, topology) && isfinite(bytes)) {
            return bytes;
        }
    }
    return (double)NAN;
}

// Least squares; ret_off gets the largest distance from the line.
static void fit_line(const double bytes[COUNTS], double *ret_each, double *ret_off)
{
    double n = 0.0, x = 0.0, y = 0.0, xx = 0.0, xy = 0.0;
    for (size_t i = 0; i < COUNTS; i++) {
        double routers = counts[i].routers;
        n += 1.0;
        x += routers;
        y += bytes[i];
        xx += routers * routers;
        xy += routers * bytes[i];
    }
    double each = (n * xy - x * y) / (n * xx - x * x);
    double base = (y - each * x) / n;
    double off = 0.0;
    for (size_t i = 0; i < COUNTS; i++) {
        off = fmax(off, fabs(bytes[i] - base - each * counts[i].routers));
    }
    *ret_each = each;
    *ret_off = off;
}

static void judge_memory_in(const struct study_results *results, struct claim_result *result,
                            const char *topology)
{
    double bytes[COUNTS];
    for (size_t i = 0; i < COUNTS; i++) {
        bytes[i] = memory_of(results, i, topology);
        if (isnan(bytes[i])) {
            claim_part(result, CLAIM_UNDECIDED,
                       "In %s of %s the kernel's memory did not grow (other memory was given back "
                       "meanwhile), or no trial was valid.",
                       topology, counts[i].run);
            return;
        }
        claim_value(result, bytes[i] / MIB, "MiB", "%u router%s, %s", counts[i].routers,
                    counts[i].routers == 1 ? "" : "s", topology);
    }
    double each = 0.0;
    double off = 0.0;
    double most = bytes[COUNTS - 1];
    fit_line(bytes, &each, &off);
    off /= most;
    claim_measured(
        result,
        "%s, 1, 2, 4, 8 and 16 routers take %.2f, %.2f, %.2f, %.2f and %.2f MiB: %.2f MiB "
        "each, off the line by at most %.0f %% of the largest.",
        text_equal(topology, "bridged") ? "Bridged" : "Dedicated", bytes[0] / MIB, bytes[1] / MIB,
        bytes[2] / MIB, bytes[3] / MIB, bytes[4] / MIB, each / MIB, off * 100);
    claim_here(result, "%.2f MiB a router, off the line by %.0f %%", each / MIB, off * 100);
    claim_value(result, each / MIB, "MiB", "a router, %s", topology);
    claim_value(result, off * 100, "%", "off the line, %s", topology);
    enum claim_verdict line = CLAIM_UNDECIDED;
    if (off <= LINEAR_WITHIN && each > 0.0) {
        line = CLAIM_CONFIRMED;
    } else if (off > 3.0 * LINEAR_WITHIN) {
        line = CLAIM_REFUTED;
    }
    claim_part(result, line, "In %s, growth is %s.", topology,
               line == CLAIM_CONFIRMED ? "linear"
               : line == CLAIM_REFUTED ? "not linear"
                                       : "too uncertain to be called linear or not");
    if (results->memory_bytes == 0) {
        claim_part(result, CLAIM_UNDECIDED, "The machine's memory is unknown.");
        return;
    }
    double share = most / (double)results->memory_bytes;
    claim_value(result, share * 100, "%", "of the machine's memory for 16 routers, %s", topology);
    claim_part(result, share <= MEMORY_SHARE ? CLAIM_CONFIRMED : CLAIM_REFUTED,
               "16 routers take %.2g %% of the machine's memory.", share * 100);
}

void judge_memory(const struct study_results *results, struct claim_result *result)
{
    bool whole = true;
    for (size_t i = 0; i < COUNTS; i++) {
        whole = claim_has_run(results, result, counts[i].run) && whole;
    }
    if (!whole) {
        return;
    }
    judge_memory_in(results, result, "bridged");
    judge_memory_in(results, result, "dedicated");
}
