// SPDX-License-Identifier: GPL-3.0-or-later
// measure/rates — see rates.h. Called by sweep.c.
#include "measure/rates.h"

#include <errno.h>
#include <math.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "result/platform_facts.h"

#define LAST_PPS      2.0e7
#define START_BELOW   0.75 // of what is likely to be carried
#define LOSS_AT_MOST  0.01
#define ASKED_AT_MOST 4 // times, until a load counts as too much
#define BISECTIONS    3

// How a search sets out, and the length of its trials. Machines may be emulated, and are then a
// hundred times slower: from a low load upwards, and long enough to see packets at all.
struct pace {
    double first_pps, least_pps;
    uint64_t trial_ns;
};
static const struct pace kernel_pace = {32000.0, 250.0, 120U * NS_PER_MS};
static const struct pace machine_pace = {1000.0, 50.0, 400U * NS_PER_MS};

static struct pace pace_of(struct bench *bench)
{
    const struct plan *plan = testbed_plan(bench_testbed(bench));
    struct platform_facts facts;
    platform_facts_of_name(plan->scenario->platform, &facts);
    bool machines = facts.kind == PLATFORM_MACHINES && plan->topology != TOPOLOGY_DIRECT;
    platform_facts_clear(&facts);
    return machines ? machine_pace : kernel_pace;
}

// Whether a load is carried: offered as asked and, but for a little, received.
static int is_carried(struct bench *bench, unsigned length, double pps, bool *ret,
                      struct error *err)
{
    struct trial_request request = {
        .length = length, .pps = pps, .duration_ns = pace_of(bench).trial_ns};
    struct point point = {0};
    struct error why = ERROR_INIT;
    int rc = trial_run(bench, &request, 2, &point, &why);
    if (rc == -EBADMSG) {
        // Programs that can't agree on what they did were asked too much of.
        log_detail("rates", "%.0f pps: %s", pps, why.text);
        error_clear(&why);
        *ret = false;
        return 0;
    }
    if (rc < 0) {
        error_move(err, &why);
        return rc;
    }
    uint64_t unsent = 0;
    for (size_t i = 0; i < point.network_count; i++) {
        unsent += point.networks[i].unsent;
    }
    double tx = (double)point_tx(&point);
    *ret = (double)point_lost(&point) <= LOSS_AT_MOST * tx && (double)unsent <= LOSS_AT_MOST * tx;
    point_clear(&point);
    return 0;
}

// In direct, what lies beyond is the tester's limit, of which one point is enough.
static double beyond(struct bench *bench)
{
    bool direct = testbed_plan(bench_testbed(bench))->topology == TOPOLOGY_DIRECT;
    return direct ? RATES_BEYOND_DIRECT : RATES_BEYOND;
}

int rates_find(struct bench *bench, unsigned length, unsigned count, double likely,
               double **ret_pps, struct error *err)
{
    double carried = 0.0;
    double refused = LAST_PPS;
    const struct pace pace = pace_of(bench);
    double pps =
        likely > 0.0 ? fmax(pace.least_pps, likely / beyond(bench) * START_BELOW) : pace.first_pps;
    int rc = 0;
    while (rc == 0 && pps >= pace.least_pps && pps < LAST_PPS) {
        bool good = false;
        // A hiccup of the machine must not end the search: ask again.
        for (int asked = 0; rc == 0 && !good && asked < ASKED_AT_MOST; asked++) {
            rc = is_carried(bench, length, pps, &good, err);
        }
        carried = good ? pps : carried;
        refused = good ? refused : pps;
        if (good ? refused < LAST_PPS : carried > 0.0) {
            break; // between one that is carried and one that isn't
        }
        pps = good ? pps * 2.0 : pps / 2.0;
    }
    for (int i = 0; rc == 0 && i < BISECTIONS; i++) {
        double middle = (carried + refused) / 2.0;
        bool good = false;
        for (int asked = 0; rc == 0 && !good && asked < 2; asked++) {
            rc = is_carried(bench, length, middle, &good, err);
        }
        carried = good ? middle : carried;
        refused = good ? refused : middle;
    }
    if (rc < 0) {
        return rc;
    }
    double top = fmax(carried, pace.least_pps) * beyond(bench);
    double *loads = memory_new_array(double, count);
    for (unsigned i = 0; i < count; i++) {
        loads[i] = ceil(top * (double)(i + 1) / (double)count);
    }
    log_detail("rates", "%u bytes: up to %.0f pps carried, sweeping to %.0f", length, carried, top);
    *ret_pps = loads;
    return 0;
}

size_t rates_thin(double *pps, size_t count, size_t most)
{
    if (count <= most || most < 2) {
        return count;
    }
    for (size_t i = 0; i < most; i++) {
        pps[i] = pps[i * (count - 1) / (most - 1)];
    }
    return most;
}
