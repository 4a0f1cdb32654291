// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * run/find_series — the tests of RFC 2544 that follow a search for the throughput: latency (section
 * 26.2), the frame loss curve (26.3), system recovery (26.5) and reset (26.6). See find.h; the
 * order of trials is search/series.h's.
 */
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "run/find.h"
#include "search/series.h"

#define LOADS_MOST     10U
#define CURVE_TOP      2.0   // times the throughput: the highest load of a curve, unless given
#define CURVE_LOADS    10U   // steps of 10 %
#define CURVE_GOOD     2U    // loads in a row without loss end a curve
#define OVERLOAD       1.1   // times the throughput
#define RELIEF         0.5   // of the overload
#define UNSENT_AT_MOST 0.005 // part of the packets of a load that the tester may fail to send

#define RESET_LONGEST_NS (120U * NS_PER_S) // a router that is still out then is not waited for

// By the book (--goal rfc2544), as usual, and quick (--goal quick).
enum pace { PACE_BOOK, PACE_USUAL, PACE_QUICK, PACE_COUNT };
struct habit {
    unsigned trials;
    unsigned trial_ms; // recovery: of the overload
    unsigned after_ms; // recovery: watched after the drop
};
static const struct habit habits[][PACE_COUNT] = {
    [FOUND_LATENCY] = {{20, 120000, 0}, {5, 10000, 0}, {3, 1000, 0}},
    [FOUND_LOSS] = {{1, 60000, 0}, {1, 10000, 0}, {1, 1000, 0}},
    [FOUND_RESET] = {{5, 8000, 0}, {3, 8000, 0}, {2, 4000, 0}},
    [FOUND_RECOVERY] = {{5, 60000, 10000}, {5, 10000, 5000}, {3, 2000, 1000}},
};

// One trial that counts, as one network saw it.
struct record {
    unsigned step;
    uint64_t tx, lost, unsent;
    struct delay_summary delay;
    struct recovery_result recovery;
    struct outage_result outage;
    bool disturbed, limited; // by the machine, by the tester
};

struct series_run {
    struct series_spec spec;
    double pps[LOADS_MOST], percent[LOADS_MOST];
    double throughput_pps; // NaN = unknown
    struct record *records;
    size_t count;
    unsigned router; // FOUND_RESET: that one is rebooted
};

static enum pace pace_of(const struct search_goal *goal)
{
    return text_equal(goal->name, "rfc2544")     ? PACE_BOOK
           : text_equal(goal->name, "quick-ndr") ? PACE_QUICK
                                                 : PACE_USUAL;
}

// ---- the loads of each kind

static void plan_latency(struct series_run *run)
{
    static const double percents[] = {50.0, 90.0, 100.0};
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        run->percent[i] = percents[i];
        run->pps[i] = run->throughput_pps * percents[i] / 100.0;
    }
    run->spec.count = sizeof percents / sizeof percents[0];
    run->spec.points = true;
}

static void plan_loss(const struct finding *finding, struct series_run *run)
{
    double top = find_offered_pps(finding);
    top = top > 0.0 ? top : CURVE_TOP * run->throughput_pps;
    for (size_t i = 0; i < CURVE_LOADS; i++) {
        run->percent[i] = 100.0 - 100.0 / CURVE_LOADS * (double)i;
        run->pps[i] = top * run->percent[i] / 100.0;
    }
    run->spec.count = CURVE_LOADS;
    run->spec.lossless = CURVE_GOOD;
    run->spec.losses_only = true;
    run->spec.points = true;
}

static void plan_recovery(const struct habit *habit, struct series_run *run)
{
    run->percent[0] = 100.0 * OVERLOAD;
    run->pps[0] = OVERLOAD * run->throughput_pps;
    run->spec.count = 1;
    run->spec.drop_ns = run->spec.duration_ns;
    run->spec.drop_pps = RELIEF * run->pps[0];
    run->spec.duration_ns += habit->after_ms * NS_PER_MS;
}

static void plan_reset(unsigned router, struct series_run *run)
{
    run->percent[0] = 100.0;
    run->pps[0] = run->throughput_pps;
    run->spec.count = 1;
    run->spec.reset = router + 1;
}

static void plan_series(const struct finding *finding, struct series_run *run)
{
    const struct job *job = finding->state->job;
    const struct habit *habit = &habits[finding->of][pace_of(&job->goals[0])];
    run->spec = (struct series_spec){
        .place = finding->place,
        .length = finding->length,
        .pps = run->pps,
        .trials = job->trials > 0 ? job->trials : habit->trials,
        .duration_ns = job->trial_ns > 0 ? job->trial_ns : habit->trial_ms * NS_PER_MS,
        .first_step = 1000U * (unsigned)finding->of,
    };
    if (finding->of == FOUND_LATENCY) {
        plan_latency(run);
    } else if (finding->of == FOUND_LOSS) {
        plan_loss(finding, run);
    } else if (finding->of == FOUND_RESET) {
        plan_reset(run->router, run);
    } else {
        plan_recovery(habit, run);
    }
}

// ---- records

void find_collect(struct finding *finding, const struct load *load, const struct point *point)
{
    struct series_run *run = finding->series;
    const struct series_told told = series_told(finding->search);
    if (load->use == LOAD_WARM_UP || !told.counts) {
        return;
    }
    run->records =
        memory_resize(run->records, run->count + finding->network_count, sizeof *run->records);
    for (size_t n = 0; n < finding->network_count; n++) {
        const struct network_result *network = &point->networks[finding->streams[n]];
        const struct undisturbed_result counts = network_undisturbed(network);
        double asked = (double)(network->tx + network->unsent);
        run->records[run->count++] =
            (struct record){.step = told.step,
                            .tx = counts.tx,
                            .lost = counts.lost,
                            .unsent = network->unsent,
                            .limited = (double)network->unsent > UNSENT_AT_MOST * asked,
                            .delay = network->delay_ns,
                            .recovery = network->recovery,
                            .outage = network->outage,
                            .disturbed = told.disturbed};
    }
}

// The records of a network at a load, and their number.
static size_t list_records(const struct finding *finding, size_t network, unsigned step,
                           const struct record **ret)
{
    const struct series_run *run = finding->series;
    size_t count = 0;
    for (size_t i = network; i < run->count; i += finding->network_count) {
        if (run->records[i].step == step) {
            ret[count++] = &run->records[i];
        }
    }
    return count;
}

static void sum_delays(const struct record **records, size_t count, struct found_delay *ret)
{
    _cleanup_free_ double *means = memory_new_array(double, count);
    _cleanup_free_ double *p50 = memory_new_array(double, count);
    _cleanup_free_ double *p99 = memory_new_array(double, count);
    _cleanup_free_ double *p999 = memory_new_array(double, count);
    size_t measured = 0;
    for (size_t i = 0; i < count; i++) {
        const struct delay_summary *delay = &records[i]->delay;
        if (!delay->measured) {
            continue;
        }
        ret->min = measured == 0 ? (double)delay->min : fmin(ret->min, (double)delay->min);
        ret->max = fmax(ret->max, (double)delay->max);
        means[measured] = (double)delay->mean;
        p50[measured] = (double)delay->p50;
        p99[measured] = (double)delay->p99;
        p999[measured++] = (double)delay->p999;
    }
    if (measured > 0) {
        ret->measured = true;
        ret->mean = mean_of(means, measured);
        ret->p50 = median_of(p50, measured);
        ret->p99 = median_of(p99, measured);
        ret->p999 = median_of(p999, measured);
    }
}

static void sum_times(const struct record **records, size_t count, struct found *found)
{
    struct found_time *time = &found->time;
    bool reset = found->of == FOUND_RESET;
    found->over = true;
    for (size_t i = 0; i < count; i++) {
        const struct recovery_result *recovery = &records[i]->recovery;
        const struct outage_result *outage = &records[i]->outage;
        double low = (double)(reset ? outage->low_ns : recovery->low_ns);
        double high = (double)(reset ? outage->high_ns : recovery->high_ns);
        if (!(reset ? outage->measured : recovery->measured)) {
            return;
        }
        found->over = found->over && (!reset || outage->over);
        time->low_ns += low / (double)count;
        time->high_ns += high / (double)count;
        time->shortest_ns = i == 0 ? low : fmin(time->shortest_ns, low);
        time->longest_ns = fmax(time->longest_ns, high);
        time->resolution_ns = fmax(time->resolution_ns, high - low);
        found->lost_after += recovery->lost;
    }
    time->measured = count > 0;
}

// ---- rows

static void note_load(const struct finding *finding, size_t network, unsigned step)
{
    const struct job *job = finding->state->job;
    const struct series_run *run = finding->series;
    _cleanup_free_ const struct record **records =
        memory_new_array(const struct record *, run->count);
    size_t count = list_records(finding, network, step, records);
    struct found found = find_begin_row(finding, &finding->throughput);
    bool disturbed = false;
    bool limited = false;
    for (size_t i = 0; i < count; i++) {
        found.tx += records[i]->tx;
        found.lost += records[i]->lost;
        found.unsent += records[i]->unsent;
        disturbed = disturbed || records[i]->disturbed;
        limited = limited || records[i]->limited;
    }
    bool whole = count == run->spec.trials;
    found.network = find_stream_label(job->scenario, finding->streams[network]);
    found.at_pps = run->pps[step];
    found.load_percent =
        isnan(run->throughput_pps) && finding->of != FOUND_LOSS ? (double)NAN : run->percent[step];
    found.throughput_pps = run->throughput_pps;
    found.trials = count;
    found.trial_s = (double)count * (double)run->spec.duration_ns / (double)NS_PER_S;
    found.after_pps = run->spec.drop_pps;
    found.regular = whole && !disturbed && !limited;
    found.disturbed = disturbed;
    found.end = isnan(run->pps[step]) ? "throughput unknown"
                : !whole              ? "not converged"
                : disturbed           ? "disturbed"
                : limited             ? "tester limit"
                                      : "regular";
    if (finding->of == FOUND_LATENCY) {
        sum_delays(records, count, &found.delay);
    } else if (finding->of != FOUND_LOSS) {
        sum_times(records, count, &found);
    }
    if (finding->of == FOUND_RESET) {
        found.router = text_copy(job->scenario->routers[run->router].name);
        found.end = found.regular && !found.over ? "not forwarding" : found.end;
        found.regular = found.regular && found.over;
    }
    found_list_add(job->found, &found);
}

// Whether stream `n` of a search passes a router.
static bool passes_router(const struct finding *finding, size_t n, size_t router)
{
    const struct scenario *scenario = finding->state->job->scenario;
    size_t network = find_network_of_stream(scenario, finding->streams[n]);
    return scenario_passes(&scenario->networks[network], router);
}

// A row for each network and load; a curve ends at the last load that was tried. Without a
// throughput there is one row, which has the reason.
static void note_series(const struct finding *finding)
{
    const struct series_run *run = finding->series;
    for (size_t n = 0; n < finding->network_count; n++) {
        if (finding->of == FOUND_RESET && !passes_router(finding, n, run->router)) {
            continue;
        }
        size_t count = isnan(run->pps[0]) ? 1 : run->spec.count;
        for (unsigned step = 0; step < count; step++) {
            size_t tried = run->count == 0 ? 0 : 1 + run->records[run->count - 1].step;
            if (step == 0 || step < tried || run->spec.lossless == 0) {
                note_load(finding, n, step);
            }
        }
    }
}

double find_least_throughput(const struct finding *finding)
{
    double least = (double)NAN;
    for (size_t n = 0; n < finding->network_count; n++) {
        if (isnan(finding->throughput_pps[n])) {
            return (double)NAN;
        }
        least = fmin(least, finding->throughput_pps[n]);
    }
    return least;
}

static void run_clear(struct series_run *run)
{
    free(run->records);
    run->records = NULL;
    run->count = 0;
}

// Runs the trials of a series that is planned.
static int run_planned(struct finding *finding, struct error *err)
{
    struct series_run *run = finding->series;
    int rc = 0;
    run_clear(run);
    finding->search = series_new(&run->spec);
    if (!isnan(run->pps[0])) {
        rc = find_run_trials(finding, err);
    }
    return rc;
}

static bool some_are_out(const struct series_run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->records[i].outage.measured && !run->records[i].outage.over) {
            return true;
        }
    }
    return false;
}

int find_run_series(struct finding *finding, enum found_kind of, struct error *err)
{
    struct series_run run = {.throughput_pps = find_least_throughput(finding)};
    const size_t routers = of == FOUND_RESET ? finding->state->job->scenario->router_count : 1;
    int rc = 0;
    finding->of = of;
    finding->series = &run;
    for (; rc == 0 && run.router < routers; run.router++) {
        plan_series(finding, &run);
        rc = run_planned(finding, err);
        // A router that was still out at the end of a trial gets longer ones.
        while (rc == 0 && some_are_out(&run) && run.spec.duration_ns < RESET_LONGEST_NS &&
               !find_time_is_up(finding)) {
            run.spec.duration_ns *= 4;
            search_free(steal_pointer(&finding->search));
            rc = run_planned(finding, err);
        }
        note_series(finding);
        search_free(steal_pointer(&finding->search));
    }
    finding->series = NULL;
    run_clear(&run);
    return rc;
}
