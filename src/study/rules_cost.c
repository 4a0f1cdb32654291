// SPDX-License-Identifier: GPL-3.0-or-later
// study/rules_cost — claims 1, 2 and 3: the CPU cost of bridging, short packets and more routers.
// Called through the table of claims.c.
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "study/rules.h"

#define RUN_LENGTHS "same-bit-rate"

static const unsigned lengths[] = {64, 256, 1500};
#define LENGTHS (sizeof lengths / sizeof lengths[0])

// The highest load tried for a length in that run, or 0.
static double top_load(const struct study_results *results, const char *run, const char *topology,
                       unsigned length)
{
    _cleanup_free_ double *pps = NULL;
    size_t count = study_loads(results, run, topology, length, &pps);
    return count == 0 ? 0.0 : pps[count - 1];
}

static double host_share(const struct point *point, const char *who)
{
    return figure_percent(point, who) / figure_total(point, NULL);
}

// ---- 1: bridged the host takes much CPU, dedicated almost none

static void judge_host_cost_at(const struct study_results *results, struct claim_result *result,
                               unsigned length)
{
    struct condition bridged = {RUN_LENGTHS, "bridged", length,
                                top_load(results, RUN_LENGTHS, "bridged", length)};
    struct condition dedicated = bridged;
    dedicated.topology = "dedicated";
    struct sample share = sample_of(results, &bridged, host_share, "host");
    struct sample much = sample_of(results, &bridged, figure_percent, "host");
    struct sample little = sample_of(results, &dedicated, figure_percent, "host");
    const struct named_sample needed[] = {{&share, &bridged}, {&little, &dedicated}};
    if (!claim_has(results, result, needed, 2)) {
        return;
    }
    double rest = little.median / much.median;
    char load[48];
    text_group_digits(bridged.pps, 0, load);
    claim_measured(result,
                   "At %u B and %s packets/s the host takes %.1f %% of a CPU bridged (%.0f %% of "
                   "host and router) and %.1f %% dedicated.",
                   length, load, much.median, share.median * 100, little.median);
    claim_value(result, much.median, "% of a CPU", "host, bridged, %u B", length);
    claim_value(result, share.median * 100, "%", "host's share, bridged, %u B", length);
    claim_value(result, little.median, "% of a CPU", "host, dedicated, %u B", length);
    claim_value(result, much.median * 1e7 / bridged.pps, "ns/packet", "host, bridged, %u B",
                length);
    if (share.median + share.spread < HOST_LITTLE || rest > NOT_NEXT_TO_NONE) {
        claim_part(result, CLAIM_REFUTED,
                   "At %u B the host's share is %.0f %%, and dedicated leaves it %.0f %% of that.",
                   length, share.median * 100, rest * 100);
    } else if (share.median - share.spread >= HOST_MUCH && rest <= NEXT_TO_NONE) {
        claim_part(result, CLAIM_CONFIRMED,
                   "At %u B the host's share is above %.0f %% bridged, and dedicated leaves it "
                   "%.1f %% of that.",
                   length, HOST_MUCH * 100, rest * 100);
    } else {
        claim_part(result, CLAIM_UNDECIDED,
                   "At %u B a share of %.0f %% (spread %.0f), of which dedicated leaves %.0f %%, "
                   "is neither much nor little.",
                   length, share.median * 100, share.spread * 100, rest * 100);
    }
}

void judge_host_cost(const struct study_results *results, struct claim_result *result)
{
    if (!claim_has_run(results, result, RUN_LENGTHS)) {
        return;
    }
    for (size_t i = 0; i < LENGTHS; i++) {
        judge_host_cost_at(results, result, lengths[i]);
    }
}

// ---- 2: at the same bit rate shorter packets cost more

static void judge_length_in(const struct study_results *results, struct claim_result *result,
                            const char *topology)
{
    struct sample cpu[LENGTHS];
    struct condition conditions[LENGTHS];
    struct named_sample needed[LENGTHS];
    for (size_t i = 0; i < LENGTHS; i++) {
        conditions[i] = (struct condition){RUN_LENGTHS, topology, lengths[i],
                                           top_load(results, RUN_LENGTHS, topology, lengths[i])};
        cpu[i] = sample_of(results, &conditions[i], figure_total, NULL);
        needed[i] = (struct named_sample){&cpu[i], &conditions[i]};
    }
    if (!claim_has(results, result, needed, LENGTHS)) {
        return;
    }
    claim_measured(result,
                   "At %.1f Mbit/s, %s, host and router take %.1f %% of a CPU at 64 B, %.1f at "
                   "256 B, %.1f at 1500 B.",
                   conditions[0].pps * 8 * 64 / 1e6, topology, cpu[0].median, cpu[1].median,
                   cpu[2].median);
    enum claim_verdict verdict = CLAIM_CONFIRMED;
    for (size_t i = 0; i < LENGTHS; i++) {
        claim_value(result, cpu[i].median, "% of a CPU", "host and router, %s, %u B", topology,
                    lengths[i]);
        if (i > 0) {
            double longer = LENGTH_FACTOR * cpu[i].median;
            verdict =
                join_verdicts(verdict, decide(cpu[i - 1].median - longer, 0.0,
                                              cpu[i - 1].spread + LENGTH_FACTOR * cpu[i].spread));
        }
    }
    static const char *const says[] = {
        [CLAIM_UNDECIDED] = "the differences between lengths are within the spread of the trials",
        [CLAIM_CONFIRMED] = "every shorter length takes clearly more CPU",
        [CLAIM_REFUTED] = "a shorter length does not take more CPU",
    };
    claim_part(result, verdict, "In %s, %s.", topology, says[verdict]);
}

void judge_length(const struct study_results *results, struct claim_result *result)
{
    if (claim_has_run(results, result, RUN_LENGTHS)) {
        judge_length_in(results, result, "bridged");
        judge_length_in(results, result, "dedicated");
    }
}

// ---- 3: two routers take twice the routing CPU, and the host's CPU grows faster

static const struct {
    const char *run;
    unsigned routers;
} crowds[] = {{"routers-1", 1}, {"routers-2", 2}, {"routers-4", 4}};
#define CROWDS (sizeof crowds / sizeof crowds[0])

// Samples the CPU of one, two and four routers (or of the host under them) at one load a network;
// false if a sample is missing.
static bool sample_crowds(const struct study_results *results, struct claim_result *result,
                          const char *topology, study_figure *figure, const char *who, size_t count,
                          struct sample ret[CROWDS])
{
    const struct study_run *first = study_run(results, crowds[0].run);
    if (!claim_has_run(results, result, crowds[0].run) || first == NULL) {
        return false;
    }
    unsigned length = first->points.items[0].length;
    double pps = top_load(results, crowds[0].run, topology, length);
    for (size_t i = 0; i < count; i++) {
        struct condition condition = {crowds[i].run, topology, length, pps};
        struct sample loss = sample_of(results, &condition, figure_loss, NULL);
        ret[i] = sample_of(results, &condition, figure, who);
        const struct named_sample needed = {&ret[i], &condition};
        if (!claim_has(results, result, &needed, 1)) {
            return false;
        }
        if (loss.median > LOSS_CARRIED) {
            claim_part(result, CLAIM_UNDECIDED,
                       "%s loses %.1f %% at this load (%s), so its CPU is not that of the load.",
                       crowds[i].run, loss.median * 100, topology);
            return false;
        }
        claim_value(result, ret[i].median, "% of a CPU", "%s, %s, %u router%s",
                    who == NULL ? "routers" : who, topology, crowds[i].routers,
                    crowds[i].routers == 1 ? "" : "s");
    }
    return true;
}

static void judge_twice(const struct study_results *results, struct claim_result *result)
{
    struct sample cpu[CROWDS];
    if (!sample_crowds(results, result, "dedicated", figure_routers, NULL, 2, cpu)) {
        return;
    }
    double ratio = cpu[1].median / cpu[0].median;
    double spread =
        ratio * (cpu[0].spread / cpu[0].median + cpu[1].spread / cpu[1].median + RUN_TO_RUN);
    claim_measured(result,
                   "Dedicated, one router takes %.1f %% of a CPU, two take %.1f: %.2f times as "
                   "much (spread %.2f).",
                   cpu[0].median, cpu[1].median, ratio, spread);
    claim_value(result, ratio, "", "routing CPU of two over one, dedicated");
    double off = fabs(ratio - 2.0);
    double within = 2.0 * TWICE_WITHIN;
    enum claim_verdict verdict = CLAIM_UNDECIDED;
    if (off <= within && spread <= within) {
        verdict = CLAIM_CONFIRMED;
    } else if (off - spread > within) {
        verdict = CLAIM_REFUTED;
    }
    claim_part(result, verdict, "Dedicated, the ratio is %s.",
               verdict == CLAIM_CONFIRMED ? "two, within the tolerance"
               : verdict == CLAIM_REFUTED ? "not two"
                                          : "too uncertain to be distinguished from two");
}

static void judge_growth(const struct study_results *results, struct claim_result *result)
{
    struct sample cpu[CROWDS];
    if (!sample_crowds(results, result, "bridged", figure_percent, "host", CROWDS, cpu)) {
        return;
    }
    // Least squares through three equally spaced logarithms, where the middle one has no weight.
    double octaves = 2.0 * M_LN2;
    double power = log(cpu[2].median / cpu[0].median) / octaves;
    double spread =
        (cpu[0].spread / cpu[0].median + cpu[2].spread / cpu[2].median + RUN_TO_RUN) / octaves;
    claim_measured(result,
                   "Bridged, the host takes %.1f %% of a CPU for one router, %.1f for two, %.1f "
                   "for four: n^%.2f (spread %.2f).",
                   cpu[0].median, cpu[1].median, cpu[2].median, power, spread);
    claim_value(result, power, "", "exponent of the host's CPU over routers, bridged");
    enum claim_verdict verdict = CLAIM_UNDECIDED;
    if (power - spread > FASTER_THAN_LINEAR) {
        verdict = CLAIM_CONFIRMED;
    } else if (power + spread <= FASTER_THAN_LINEAR) {
        verdict = CLAIM_REFUTED;
    }
    claim_part(result, verdict, "Bridged, the host's CPU %s.",
               verdict == CLAIM_CONFIRMED ? "grows faster than linearly"
               : verdict == CLAIM_REFUTED
                   ? "does not grow faster than linearly"
                   : "grows about linearly: the difference is within the spread");
}

void judge_number(const struct study_results *results, struct claim_result *result)
{
    judge_twice(results, result);
    judge_growth(results, result);
}
