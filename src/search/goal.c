// SPDX-License-Identifier: GPL-3.0-or-later
// search/goal — see goal.h.
#include "search/goal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"

#define ROUNDING 1e-9 // relative error of sums and widths

static const struct search_goal ndr_and_pdr[] = {
    {"0", RULE_SEQUENTIAL, 0.0, 0.5, 0.005, NS_PER_S, NS_PER_S, 21 * NS_PER_S},
    {"0.5%", RULE_SEQUENTIAL, 0.005, 0.5, 0.005, NS_PER_S, NS_PER_S, 21 * NS_PER_S},
};

// RFC 9971 §4.7.2 and §4.7.3, the defaults of FD.io CSIT, and a fast pair of goals.
static const struct {
    const char *name;
    size_t count;
    struct search_goal goals[GOALS_OF_A_NAME];
} presets[] = {
    {"rfc2544",
     1,
     {{"rfc2544", RULE_RFC9971, 0.0, 0.0, 0.005, NS_PER_S, 60 * NS_PER_S, 60 * NS_PER_S}}},
    {"tst009",
     1,
     {{"tst009", RULE_RFC9971, 0.0, 0.5, 0.005, NS_PER_S, 60 * NS_PER_S, 120 * NS_PER_S}}},
    {"csit",
     2,
     {{"csit-ndr", RULE_RFC9971, 0.0, 0.5, 0.005, NS_PER_S, NS_PER_S, 21 * NS_PER_S},
      {"csit-pdr", RULE_RFC9971, 0.005, 0.5, 0.005, NS_PER_S, NS_PER_S, 21 * NS_PER_S}}},
    {"quick",
     2,
     {{"quick-ndr", RULE_SEQUENTIAL, 0.0, 0.5, 0.01, NS_PER_S / 5, NS_PER_S / 5, 4 * NS_PER_S},
      {"quick-pdr", RULE_SEQUENTIAL, 0.005, 0.5, 0.01, NS_PER_S / 5, NS_PER_S / 5, 4 * NS_PER_S}}},
};

static const char *const rule_names[] = {
    [RULE_SEQUENTIAL] = "sequential",
    [RULE_RFC9971] = "rfc9971",
    [RULE_BINARY] = "binary",
};
#define RULE_COUNT (sizeof rule_names / sizeof rule_names[0])

int goals_parse(const char *text, struct search_goal ret[GOALS_OF_A_NAME], size_t *ret_count,
                struct error *err)
{
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++) {
        if (text_equal(text, presets[i].name)) {
            memcpy(ret, presets[i].goals, sizeof presets[i].goals);
            *ret_count = presets[i].count;
            return 0;
        }
    }
    struct search_goal goal = ndr_and_pdr[1];
    if (parse_ratio(text, &goal.loss_ratio, NULL) < 0) {
        return fail_input(err, "--goal: expected " GOAL_NAMES ", not \"%s\"", text);
    }
    (void)snprintf(goal.name, sizeof goal.name, goal.loss_ratio > 0.0 ? "%.4g%%" : "0",
                   goal.loss_ratio * 100.0);
    ret[0] = goal;
    *ret_count = 1;
    return 0;
}

int goal_rule_parse(const char *text, enum goal_rule *ret, struct error *err)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (text_equal(text, rule_names[i])) {
            *ret = (enum goal_rule)i;
            return 0;
        }
    }
    return fail_input(err, "--method: expected sequential, rfc9971 or binary, not \"%s\"", text);
}

const char *goal_rule_name(enum goal_rule rule)
{
    return rule_names[rule];
}

static double seconds(uint64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

// Trials are run for whole numbers of an engine's steps, so that durations are compared with room
// for rounding.
static bool is_full_length(const struct search_goal *goal, const struct goal_trial *trial)
{
    return trial->duration_s >= seconds(goal->final_ns) * (1.0 - ROUNDING);
}

enum load_class goal_classify(const struct search_goal *goal, const struct goal_trial *trials,
                              size_t count, struct goal_sums *ret_sums)
{
    struct goal_sums sums = {0};
    for (size_t i = 0; i < count; i++) {
        bool high = trials[i].loss_ratio > goal->loss_ratio;
        double *sum = is_full_length(goal, &trials[i])
                          ? (high ? &sums.full_length_high_loss_s : &sums.full_length_low_loss_s)
                          : (high ? &sums.short_high_loss_s : &sums.short_low_loss_s);
        *sum += trials[i].effective_s;
    }
    double coefficient = goal->exceed_ratio / (1.0 - goal->exceed_ratio);
    sums.balancing_s = sums.short_low_loss_s * coefficient;
    sums.excess_s = sums.short_high_loss_s - sums.balancing_s;
    sums.positive_excess_s = fmax(0.0, sums.excess_s);
    sums.effective_high_loss_s = sums.full_length_high_loss_s + sums.positive_excess_s;
    sums.effective_full_s = sums.effective_high_loss_s + sums.full_length_low_loss_s;
    sums.effective_whole_s = fmax(sums.effective_full_s, seconds(goal->sum_ns));
    sums.missing_s = sums.effective_whole_s - sums.effective_full_s;
    sums.pessimistic_high_loss_s = sums.effective_high_loss_s + sums.missing_s;
    sums.optimistic_exceed_ratio = sums.effective_high_loss_s / sums.effective_whole_s;
    sums.pessimistic_exceed_ratio = sums.pessimistic_high_loss_s / sums.effective_whole_s;
    if (ret_sums != NULL) {
        *ret_sums = sums;
    }
    double most = goal->exceed_ratio + ROUNDING;
    return sums.optimistic_exceed_ratio > most    ? LOAD_UPPER_BOUND
           : sums.pessimistic_exceed_ratio > most ? LOAD_UNDECIDED
                                                  : LOAD_LOWER_BOUND;
}

static int trial_compare(const void *one, const void *other)
{
    double a = ((const struct goal_trial *)one)->loss_ratio;
    double b = ((const struct goal_trial *)other)->loss_ratio;
    return (a > b) - (a < b);
}

double goal_conditional_throughput(const struct search_goal *goal, double pps,
                                   const struct goal_trial *trials, size_t count)
{
    _cleanup_free_ struct goal_trial *full = memory_new_array(struct goal_trial, count);
    size_t full_count = 0;
    double full_s = 0.0;
    for (size_t i = 0; i < count; i++) {
        if (is_full_length(goal, &trials[i])) {
            full[full_count++] = trials[i];
            full_s += trials[i].effective_s;
        }
    }
    if (full_count == 0) {
        return (double)NAN;
    }
    qsort(full, full_count, sizeof *full, trial_compare);
    double remaining = fmax(full_s, seconds(goal->sum_ns)) * (1.0 - goal->exceed_ratio);
    double loss = 1.0;
    for (size_t i = 0; i < full_count && (i == 0 || remaining > ROUNDING); i++) {
        loss = full[i].loss_ratio;
        remaining -= full[i].effective_s;
    }
    return pps * (1.0 - (remaining > ROUNDING ? 1.0 : loss));
}

bool goal_is_narrow(const struct search_goal *goal, double lower_pps, double upper_pps)
{
    return upper_pps - lower_pps <= goal->width * upper_pps * (1.0 + ROUNDING);
}
