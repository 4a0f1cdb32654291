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
    struct span part = sample_bounds(&share);
    struct span rest = sample_ratio(&little, &much);
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
    claim_here(result, "host %.0f %% bridged, %.1f %% dedicated (of a CPU, %u B)", much.median,
               little.median, length);
    enum claim_verdict verdict = CLAIM_UNDECIDED;
    if (part.high < HOST_LITTLE || rest.low > NOT_NEXT_TO_NONE) {
        verdict = CLAIM_REFUTED;
    } else if (part.low >= HOST_MUCH && rest.high <= NEXT_TO_NONE) {
        verdict = CLAIM_CONFIRMED;
    }
    claim_part(result, verdict,
               "At %u B the host's share of the CPU is %.0f to %.0f %% bridged, and dedicated "
               "leaves %.1f to %.1f %% of its CPU%s.",
               length, part.low * 100, part.high * 100, rest.low * 100, rest.high * 100,
               verdict == CLAIM_UNDECIDED ? ": neither much nor little" : "");
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
    claim_here(result, "%.1f, %.1f, %.1f %% at 64, 256, 1500 B", cpu[0].median, cpu[1].median,
               cpu[2].median);
    enum claim_verdict verdict = CLAIM_CONFIRMED;
    for (size_t i = 0; i < LENGTHS; i++) {
        claim_value(result, cpu[i].median, "% of a CPU", "host and router, %s, %u B", topology,
                    lengths[i]);
        if (i > 0) {
            struct span factor = sample_ratio(&cpu[i - 1], &cpu[i]);
            verdict = join_verdicts(verdict, decide_above(factor, LENGTH_FACTOR));
            claim_measured(result, "%u B take %.2f to %.2f times the CPU of %u B.", lengths[i - 1],
                           factor.low, factor.high, lengths[i]);
        }
    }
    static const char *const says[] = {
        [CLAIM_UNDECIDED] = "the repeats are too few or too far apart to tell whether a shorter "
                            "length takes more CPU",
        [CLAIM_CONFIRMED] = "every shorter length takes clearly more CPU",
        [CLAIM_REFUTED] = "a shorter length takes less than 1.1 times the CPU of the next",
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

// The interval of a ratio of figures from two testbeds.
static struct span widen(struct span ratio)
{
    return (struct span){ratio.low / (1.0 + RUN_TO_RUN), ratio.high * (1.0 + RUN_TO_RUN)};
}

static void judge_twice(const struct study_results *results, struct claim_result *result)
{
    struct sample cpu[CROWDS];
    if (!sample_crowds(results, result, "dedicated", figure_routers, NULL, 2, cpu)) {
        return;
    }
    double ratio = cpu[1].median / cpu[0].median;
    struct span bounds = widen(sample_ratio(&cpu[1], &cpu[0]));
    claim_measured(result,
                   "Dedicated, one router takes %.1f %% of a CPU, two take %.1f: %.2f times as "
                   "much (%.2f to %.2f).",
                   cpu[0].median, cpu[1].median, ratio, bounds.low, bounds.high);
    claim_here(result, "two routers: %.2f times the CPU of one", ratio);
    claim_value(result, ratio, "", "routing CPU of two over one, dedicated");
    struct span two = {2.0 * (1.0 - TWICE_WITHIN), 2.0 * (1.0 + TWICE_WITHIN)};
    enum claim_verdict verdict = CLAIM_UNDECIDED;
    if (bounds.low >= two.low && bounds.high <= two.high) {
        verdict = CLAIM_CONFIRMED;
    } else if (bounds.low > two.high || bounds.high < two.low) {
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
    struct span ratio = widen(sample_ratio(&cpu[2], &cpu[0]));
    struct span bounds = {log(ratio.low) / octaves, log(ratio.high) / octaves};
    claim_measured(result,
                   "Bridged, the host takes %.1f %% of a CPU for one router, %.1f for two, %.1f "
                   "for four: n^%.2f (%.2f to %.2f).",
                   cpu[0].median, cpu[1].median, cpu[2].median, power, bounds.low, bounds.high);
    claim_here(result, "host bridged: n^%.2f", power);
    claim_value(result, power, "", "exponent of the host's CPU over routers, bridged");
    enum claim_verdict verdict = decide_above(bounds, FASTER_THAN_LINEAR);
    claim_part(result, verdict, "Bridged, the host's CPU %s.",
               verdict == CLAIM_CONFIRMED ? "grows faster than linearly"
               : verdict == CLAIM_REFUTED
                   ? "does not grow faster than linearly"
                   : "grows about linearly: the interval contains the border");
}

void judge_number(const struct study_results *results, struct claim_result *result)
{
    judge_twice(results, result);
    judge_growth(results, result);
}
