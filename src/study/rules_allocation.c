// SPDX-License-Identifier: GPL-3.0-or-later
// study/rules_allocation — claims 5 and 6: the effects of caps and priorities. A run with an
// allocation is compared with its control: the same testbed under the same loads without the
// allocation. Called through the table of claims.c.
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "study/rules.h"

// Topology and length of a run that has one of each.
static struct condition condition_of(const struct study_run *run, double pps)
{
    const struct point *first = &run->points.items[0];
    return (struct condition){run->name, first->topology, first->length, pps};
}

static struct condition in_run(struct condition condition, const char *run)
{
    condition.run = run;
    return condition;
}

// ---- 5: caps below need

struct cap_experiment {
    const char *run, *control;
    const char *capped; // "host" or the router's name
    const char *title;  // for sentences
    const char *losing[2];
    const char *sparing; // a network that must lose no packets, or NULL
};

static const struct cap_experiment cap_experiments[] = {
    {"host-capped", "bridged-control", "host", "With the host capped", {"NET0", NULL}, NULL},
    {"router-capped", "dedicated-control", "r1t3", "With the router capped", {"NET0", NULL}, NULL},
    {"host-capped-2",
     "two-bridged-control",
     "host",
     "With the host of two networks capped",
     {"NET0", "NET1"},
     NULL},
    {"router-capped-2",
     "two-dedicated-control",
     "r1t3",
     "With one router of two capped",
     {"NET0", NULL},
     "NET1"},
};

// Loss of a network in addition to that without the cap.
struct extra_loss {
    double ratio;
    struct span bounds;
};

static struct extra_loss loss_above(const struct study_results *results,
                                    const struct condition *capped, const struct condition *control,
                                    const char *network)
{
    struct sample with = sample_of(results, capped, figure_loss, network);
    struct sample without = sample_of(results, control, figure_loss, network);
    return (struct extra_loss){with.median - without.median, sample_difference(&with, &without)};
}

// Judges one load that requires more than the cap.
static enum claim_verdict judge_load(const struct study_results *results,
                                     struct claim_result *result,
                                     const struct cap_experiment *experiment,
                                     const struct condition *capped, double need, unsigned cap)
{
    struct condition control = in_run(*capped, experiment->control);
    enum claim_verdict verdict = CLAIM_CONFIRMED;
    char pps[48];
    text_group_digits(capped->pps, 0, pps);
    for (size_t i = 0; i < 2 && experiment->losing[i] != NULL; i++) {
        const char *network = experiment->losing[i];
        struct extra_loss extra = loss_above(results, capped, &control, network);
        verdict = join_verdicts(verdict, decide_above(extra.bounds, CAP_LOSS));
        claim_measured(
            result,
            "%s at %u %% of a CPU, %s packets/s need %.1f: %s loses %.1f points more (%.1f "
            "to %.1f).",
            experiment->title, cap, pps, need, network, extra.ratio * 100, extra.bounds.low * 100,
            extra.bounds.high * 100);
        claim_here(result, "%.0f points more lost at %.1f times the cap", extra.ratio * 100,
                   need / cap);
        claim_value(result, extra.ratio * 100, "points", "loss added to %s, %s, need %.2f of cap",
                    network, experiment->run, need / cap);
    }
    if (experiment->sparing != NULL) {
        struct extra_loss extra = loss_above(results, capped, &control, experiment->sparing);
        verdict = join_verdicts(verdict, decide_below(extra.bounds, CAP_LOSS));
        claim_measured(result, "%s, not capped, loses %.1f points more (%.1f to %.1f).",
                       experiment->sparing, extra.ratio * 100, extra.bounds.low * 100,
                       extra.bounds.high * 100);
        claim_value(result, extra.ratio * 100, "points", "loss added to %s, %s",
                    experiment->sparing, experiment->run);
    }
    return verdict;
}

static void judge_cap(const struct study_results *results, struct claim_result *result,
                      const struct cap_experiment *experiment)
{
    const struct study_run *run = study_run(results, experiment->run);
    if (!claim_has_run(results, result, experiment->run) ||
        !claim_has_run(results, result, experiment->control) || run == NULL) {
        return;
    }
    struct condition any = condition_of(run, 0.0);
    _cleanup_free_ double *pps = NULL;
    size_t count = study_loads(results, run->name, any.topology, any.length, &pps);
    enum claim_verdict verdict = CLAIM_CONFIRMED;
    size_t judged = 0;
    for (size_t i = 0; i < count; i++) {
        struct condition capped = condition_of(run, pps[i]);
        struct condition control = in_run(capped, experiment->control);
        struct sample need = sample_of(results, &control, figure_percent, experiment->capped);
        struct sample with = sample_of(results, &capped, figure_loss, NULL);
        if (need.median < NEED_ABOVE_CAP * run->cap) {
            struct extra_loss extra = loss_above(results, &capped, &control, experiment->losing[0]);
            claim_value(result, extra.ratio * 100, "points",
                        "loss added to %s, %s, need %.2f of cap", experiment->losing[0],
                        experiment->run, need.median / run->cap);
        } else if (sample_is_enough(&need) && sample_is_enough(&with)) {
            verdict = join_verdicts(
                verdict, judge_load(results, result, experiment, &capped, need.median, run->cap));
            judged++;
        }
    }
    if (judged == 0) {
        claim_part(result, CLAIM_UNDECIDED,
                   "%s, no load has %d valid trials, with the cap and without, and requires more "
                   "than the cap.",
                   experiment->title, SAMPLE_TRIALS);
        return;
    }
    static const char *const says[] = {
        [CLAIM_UNDECIDED] = "an interval of the loss contains its border",
        [CLAIM_CONFIRMED] = "packets are lost where they should be, and only there",
        [CLAIM_REFUTED] = "packets are not lost where they should be, or elsewhere too",
    };
    claim_part(result, verdict, "%s, %s.", experiment->title, says[verdict]);
}

void judge_caps(const struct study_results *results, struct claim_result *result)
{
    for (size_t i = 0; i < sizeof cap_experiments / sizeof cap_experiments[0]; i++) {
        judge_cap(results, result, &cap_experiments[i]);
    }
}

// ---- 6: priorities

// Two runs under the same load, the first of which favours a party.
struct priority {
    const char *favoured_run, *other_run;
    const char *control;   // the run whose CPU use shows contention
    study_figure *share;   // share of CPU of the favoured party
    const char *share_who; //
    const char *network;   // network whose rate must follow; NULL = all
    const char *title;     // description of the first run against the second
    const char *favoured;  // name of the favoured party
};

static double share_of_both(const struct point *point, const char *who)
{
    return figure_percent(point, who) / figure_total(point, NULL);
}

static double share_of_routers(const struct point *point, const char *who)
{
    return figure_percent(point, who) / figure_routers(point, NULL);
}

// The highest load under contention for which both runs have enough trials; 0 = none. Without
// losses a rate can't grow.
static double contended_load(const struct study_results *results, const struct priority *priority,
                             const struct study_run *run, double *ret_busiest)
{
    struct condition any = condition_of(run, 0.0);
    _cleanup_free_ double *pps = NULL;
    size_t count = study_loads(results, run->name, any.topology, any.length, &pps);
    double found = 0.0;
    for (size_t i = 0; i < count; i++) {
        struct condition condition = condition_of(run, pps[i]);
        struct condition other = in_run(condition, priority->other_run);
        struct condition control = in_run(condition, priority->control);
        struct sample a = sample_of(results, &condition, figure_forwarded, NULL);
        struct sample b = sample_of(results, &other, figure_forwarded, NULL);
        struct sample busy = sample_of(results, &control, figure_total, NULL);
        if (sample_is_enough(&busy)) {
            *ret_busiest = fmax(*ret_busiest, busy.median);
        }
        struct sample lost = sample_of(results, &control, figure_loss, priority->network);
        if (sample_is_enough(&a) && sample_is_enough(&b) && sample_is_enough(&busy) &&
            busy.median >= CONTENDED * 100.0 * results->dut_cpus && lost.median >= CONTENDED_LOSS) {
            found = pps[i];
        }
    }
    return found;
}

static void judge_move(const struct study_results *results, struct claim_result *result,
                       const struct priority *priority)
{
    const struct study_run *run = study_run(results, priority->favoured_run);
    if (!claim_has_run(results, result, priority->favoured_run) ||
        !claim_has_run(results, result, priority->other_run) ||
        !claim_has_run(results, result, priority->control) || run == NULL) {
        return;
    }
    double busiest = 0.0;
    double pps = contended_load(results, priority, run, &busiest);
    if (pps == 0.0 && busiest == 0.0) {
        claim_part(result, CLAIM_UNDECIDED, "%s: no load has %d valid trials.", priority->title,
                   SAMPLE_TRIALS);
        return;
    }
    if (pps == 0.0) {
        claim_part(result, CLAIM_UNDECIDED,
                   "%s: no load with %d valid trials takes %.0f %% of the CPU (the busiest takes "
                   "%.0f) and loses %.0f %%, and weights only act under contention.",
                   priority->title, SAMPLE_TRIALS, CONTENDED * 100.0 * results->dut_cpus, busiest,
                   CONTENDED_LOSS * 100.0);
        return;
    }
    struct condition with = condition_of(run, pps);
    struct condition without = in_run(with, priority->other_run);
    struct sample share[] = {sample_of(results, &with, priority->share, priority->share_who),
                             sample_of(results, &without, priority->share, priority->share_who)};
    struct sample rate[] = {sample_of(results, &with, figure_forwarded, priority->network),
                            sample_of(results, &without, figure_forwarded, priority->network)};
    struct span moved = sample_difference(&share[0], &share[1]);
    struct span followed = sample_ratio(&rate[0], &rate[1]);
    enum claim_verdict cpu = decide_above(moved, SHARE_MOVED);
    enum claim_verdict throughput = decide_above(followed, 1.0 + RATE_MOVED);
    char from[48];
    char to[48];
    text_group_digits(rate[1].median, 0, from);
    text_group_digits(rate[0].median, 0, to);
    char load[48];
    text_group_digits(pps, 0, load);
    claim_measured(
        result,
        "%s (%s, %u B, %s packets/s): the share of CPU of %s is %.1f %% instead of "
        "%.1f (%.1f to %.1f points more), its forwarding rate %s packets/s instead of %s (%.2f "
        "to %.2f times).",
        priority->title, with.topology, with.length, load, priority->favoured,
        share[0].median * 100, share[1].median * 100, moved.low * 100, moved.high * 100, to, from,
        followed.low, followed.high);
    claim_here(result, "%s: %.0f %% of CPU instead of %.0f, rate %.2f times", priority->favoured,
               share[0].median * 100, share[1].median * 100, rate[0].median / rate[1].median);
    claim_value(result, share[0].median * 100, "%", "share of CPU of %s, %s", priority->favoured,
                priority->favoured_run);
    claim_value(result, share[1].median * 100, "%", "share of CPU of %s, %s", priority->favoured,
                priority->other_run);
    claim_value(result, rate[0].median, "packets/s", "forwarded, %s", priority->favoured_run);
    claim_value(result, rate[1].median, "packets/s", "forwarded, %s", priority->other_run);
    static const char *const says[3][3] = {
        [CLAIM_CONFIRMED] = {[CLAIM_CONFIRMED] = "CPU moves, and throughput with it",
                             [CLAIM_REFUTED] = "CPU moves, but throughput does not follow",
                             [CLAIM_UNDECIDED] =
                                 "CPU moves, but the interval of the change of throughput contains "
                                 "the border"},
        [CLAIM_REFUTED] = {"CPU does not move", "CPU does not move", "CPU does not move"},
        [CLAIM_UNDECIDED] = {"the interval of the change of the CPU shares contains the border",
                             "the interval of the change of the CPU shares contains the border",
                             "neither CPU nor throughput clearly moves"},
    };
    claim_part(result, join_verdicts(cpu, throughput), "%s: %s.", priority->title,
               says[cpu][throughput]);
}

void judge_priority(const struct study_results *results, struct claim_result *result)
{
    const struct priority over_host = {
        .favoured_run = "router-priority",
        .other_run = "host-priority",
        .control = "priority-control",
        .share = share_of_both,
        .share_who = "r1t3",
        .network = NULL,
        .title = "Router first instead of host first",
        .favoured = "r1t3",
    };
    judge_move(results, result, &over_host);
    const struct study_run *run = study_run(results, "r2t3-priority");
    bool bridged = run != NULL && run->points.count > 0 &&
                   text_equal(run->points.items[0].topology, "bridged");
    const char *control = bridged ? "two-bridged-control" : "two-dedicated-control";
    const struct priority over_router = {
        .favoured_run = "r2t3-priority",
        .other_run = control,
        .control = control,
        .share = share_of_routers,
        .share_who = "r2t3",
        .network = "NET1",
        .title = "r2t3 first instead of as r1t3",
        .favoured = "r2t3",
    };
    judge_move(results, result, &over_router);
}
