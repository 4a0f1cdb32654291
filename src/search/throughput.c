// SPDX-License-Identifier: GPL-3.0-or-later
// search/throughput — see throughput.h.
#include "search/throughput.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "search/rule_sequential.h"

#define RANGING_NS        (120U * NS_PER_MS)
#define RANGING_LOSS      0.05  // loss from which a load is beyond saturation
#define RANGING_REFUSALS  2U    // undisturbed, until a load is beyond saturation
#define LIMIT_ROOM        0.99  // of what a tester sent when it could not send more
#define UNSENT_AT_MOST    0.005 // part of a load that the tester may fail to send
#define DISTURBED_AT_MOST 12U   // trials in a row

struct tried_load {
    double pps;
    unsigned trials; // also those that did not count
};

struct throughput {
    struct search search;
    struct throughput_spec spec;
    struct load_range range;
    struct book *books;            // for each network
    struct posterior **posteriors; // for each network and goal; NULL by other rules
    // Ranging: finds the range before the first trial that counts.
    double ranging_pps, ranging_carried; // present load, 0 = done; largest load carried
    unsigned ranging_refusals;           // of the present load, undisturbed
    enum throughput_end max_load_is;     // end of a goal without an upper bound: why Max Load is
                                         // the largest load
    unsigned disturbed;                  // trials in a row
    bool ended;                          // by disturbances
    double trial_s;
    size_t counted;           // trials
    double *loads;            // of the present trial, by network
    bool *wanting;            // by network: it wants the present trial
    unsigned steps;           // trials of a search with a load for each network
    struct tried_load *tried; // in order of their first trials
    size_t tried_count;
};

const char *throughput_end_text(enum throughput_end end)
{
    static const char *const texts[] = {
        [THROUGHPUT_REGULAR] = "regular",
        [THROUGHPUT_TESTER_LIMIT] = "tester limit",
        [THROUGHPUT_MAX_LOAD] = "maximum load carried",
        [THROUGHPUT_MIN_LOAD] = "minimum load lost packets",
        [THROUGHPUT_DISTURBED] = "disturbed",
        [THROUGHPUT_NOT_CONVERGED] = "not converged",
    };
    return texts[end];
}

static struct posterior **posterior_of(const struct throughput *throughput, size_t network,
                                       size_t goal)
{
    return &throughput->posteriors[network * throughput->spec.goal_count + goal];
}

// Makes the posteriors once the range is known.
static void begin_posteriors(struct throughput *throughput)
{
    const struct throughput_spec *spec = &throughput->spec;
    for (size_t n = 0; n < spec->network_count; n++) {
        for (size_t g = 0; g < spec->goal_count; g++) {
            struct posterior **posterior = posterior_of(throughput, n, g);
            if (*posterior == NULL && spec->goals[g].rule == RULE_SEQUENTIAL) {
                *posterior = posterior_new(&spec->goals[g], &throughput->range);
            }
        }
    }
}

// ---- the next load

static bool pick_for_network(const struct throughput *throughput, size_t network, struct pick *ret)
{
    const struct throughput_spec *spec = &throughput->spec;
    const struct book *book = &throughput->books[network];
    size_t goal = 0;
    if (rfc9971_pick(book, spec->goals, spec->goal_count, &throughput->range, ret, &goal)) {
        return true;
    }
    for (size_t g = 0; g < spec->goal_count; g++) {
        if (spec->goals[g].rule == RULE_BINARY &&
            binary_pick(book, &spec->goals[g], &throughput->range, ret)) {
            return true;
        }
    }
    return sequential_pick(posterior_of(throughput, network, 0), book, spec->goals,
                           spec->goal_count, &throughput->range, ret);
}

// The entry of a load that is or was tried; a new one if it has none.
static struct tried_load *find_tried(struct throughput *throughput, double pps)
{
    for (size_t i = 0; i < throughput->tried_count; i++) {
        if (throughput->tried[i].pps == pps) {
            return &throughput->tried[i];
        }
    }
    throughput->tried =
        memory_resize(throughput->tried, throughput->tried_count + 1, sizeof *throughput->tried);
    struct tried_load *tried = &throughput->tried[throughput->tried_count++];
    *tried = (struct tried_load){.pps = pps};
    return tried;
}

// The load of a network that is finished, while others are not: one that it carries.
static double find_resting(const struct throughput *throughput, size_t network)
{
    double pps = throughput->range.max_pps;
    for (size_t g = 0; g < throughput->spec.goal_count; g++) {
        double lower = throughput_result(&throughput->search, network, g).lower_pps;
        pps = fmin(pps, isnan(lower) ? throughput->range.min_pps : lower);
    }
    return pps;
}

// One trial in which each network has the load that it wants.
static bool pick_apart(struct throughput *throughput, struct load *ret)
{
    bool any = false;
    for (size_t n = 0; n < throughput->spec.network_count; n++) {
        struct pick pick = {0};
        throughput->wanting[n] = pick_for_network(throughput, n, &pick);
        any = any || throughput->wanting[n];
        throughput->loads[n] = throughput->wanting[n] ? pick.pps : find_resting(throughput, n);
        ret->pps = fmax(ret->pps, throughput->loads[n]);
        ret->duration_ns =
            pick.duration_ns > ret->duration_ns ? pick.duration_ns : ret->duration_ns;
    }
    ret->each = throughput->loads;
    ret->step = throughput->steps;
    return any;
}

// One trial in which all networks have the load that the first unfinished one wants.
static bool pick_alike(struct throughput *throughput, struct load *ret)
{
    for (size_t n = 0; n < throughput->spec.network_count; n++) {
        struct pick pick = {0};
        if (pick_for_network(throughput, n, &pick)) {
            ret->pps = pick.pps;
            ret->duration_ns = pick.duration_ns;
            const struct tried_load *tried = find_tried(throughput, ret->pps);
            ret->step = (unsigned)(tried - throughput->tried);
            ret->repeat = tried->trials;
            return true;
        }
    }
    return false;
}

static bool throughput_next(struct search *search, struct load *ret)
{
    struct throughput *throughput = (struct throughput *)search;
    const struct throughput_spec *spec = &throughput->spec;
    *ret = (struct load){.use = LOAD_POINT,
                         .place = spec->place,
                         .length = spec->length,
                         .attempts = 1,
                         .constant = true};
    if (throughput->ended) {
        return false;
    }
    if (throughput->ranging_pps > 0.0) {
        ret->use = LOAD_PROBE;
        ret->pps = throughput->ranging_pps;
        ret->duration_ns = RANGING_NS;
        return true;
    }
    begin_posteriors(throughput);
    return spec->apart ? pick_apart(throughput, ret) : pick_alike(throughput, ret);
}

// ---- the outcome of a load

static struct network_outcome outcome_of(const struct outcome *outcome, size_t network)
{
    return outcome->networks != NULL && network < outcome->network_count
               ? outcome->networks[network]
               : (struct network_outcome){outcome->tx, outcome->lost};
}

static double loss_of(const struct outcome *outcome, size_t network)
{
    struct network_outcome one = outcome_of(outcome, network);
    return one.tx == 0 ? 1.0 : (double)one.lost / (double)one.tx;
}

// Whether the losses of a trial are the device's own.
static bool are_losses_own(const struct outcome *outcome)
{
    return outcome->kind == OUTCOME_GOOD ||
           (outcome->kind == OUTCOME_DISTURBED && outcome->losses_stand);
}

// Part of the load that the tester sent.
static double sent_of(const struct outcome *outcome)
{
    double asked = (double)(outcome->tx + outcome->unsent);
    return asked > 0.0 ? (double)outcome->tx / asked : 1.0;
}

static void limit_to_tester(struct throughput *throughput, double sent_pps)
{
    struct load_range *range = &throughput->range;
    double most = fmax(sent_pps * LIMIT_ROOM, range->min_pps);
    if (most < range->max_pps) {
        range->max_pps = most;
        throughput->max_load_is = THROUGHPUT_TESTER_LIMIT;
    }
}

static void end_ranging(struct throughput *throughput, double max_pps)
{
    throughput->ranging_pps = 0.0;
    throughput->range.max_pps = fmin(throughput->range.max_pps, max_pps);
}

// A load was carried by some network, or refused by all: doubles or halves it.
static void step_ranging(struct throughput *throughput, bool carried)
{
    double pps = throughput->ranging_pps;
    throughput->ranging_refusals = 0;
    if (carried) {
        throughput->ranging_carried = pps;
        throughput->ranging_pps = fmin(pps * 2.0, throughput->range.max_pps);
        if (pps >= throughput->range.max_pps) {
            end_ranging(throughput, pps);
        }
    } else if (throughput->ranging_carried > 0.0 || pps / 2.0 < throughput->range.min_pps) {
        end_ranging(throughput, pps);
    } else {
        throughput->range.max_pps = pps;
        throughput->ranging_pps = pps / 2.0;
    }
}

// Counts a trial that says nothing because of a disturbance. After too many in a row, a search that
// is still ranging continues up to the largest load carried so far; another one ends.
static void count_disturbed(struct throughput *throughput)
{
    if (++throughput->disturbed < DISTURBED_AT_MOST) {
        return;
    }
    throughput->disturbed = 0;
    if (throughput->ranging_pps > 0.0 && throughput->ranging_carried > 0.0) {
        throughput->max_load_is = THROUGHPUT_DISTURBED;
        end_ranging(throughput, throughput->ranging_carried);
    } else {
        throughput->ended = true;
    }
}

// Loss and unsent packets count only without a disturbance; a load that was carried counts in any
// case.
static void tell_ranging(struct throughput *throughput, const struct outcome *outcome)
{
    double pps = throughput->ranging_pps;
    double sent = sent_of(outcome);
    bool unsent = sent < 1.0 - RANGING_LOSS;
    bool carried = false;
    for (size_t n = 0; n < throughput->spec.network_count; n++) {
        carried = carried || loss_of(outcome, n) <= RANGING_LOSS;
    }
    carried = carried && !unsent && outcome->kind <= OUTCOME_DISTURBED;
    bool known = unsent ? outcome->kind == OUTCOME_GOOD : carried || are_losses_own(outcome);
    if (!known) {
        count_disturbed(throughput);
        return;
    }
    throughput->disturbed = 0;
    if (carried) {
        step_ranging(throughput, true);
    } else if (unsent) {
        limit_to_tester(throughput, pps * sent);
        end_ranging(throughput, pps);
    } else if (++throughput->ranging_refusals >= RANGING_REFUSALS) {
        step_ranging(throughput, false);
    }
}

static double lowest_ratio(const struct throughput *throughput)
{
    double ratio = 1.0;
    for (size_t g = 0; g < throughput->spec.goal_count; g++) {
        ratio = fmin(ratio, throughput->spec.goals[g].loss_ratio);
    }
    return ratio;
}

// A disturbance can cause loss, but cannot prevent it: a disturbed trial without loss counts.
static bool outcome_counts(const struct throughput *throughput, const struct outcome *outcome)
{
    if (are_losses_own(outcome)) {
        return true;
    }
    bool counts = outcome->kind <= OUTCOME_DISTURBED;
    for (size_t n = 0; outcome->kind == OUTCOME_DISTURBED && n < throughput->spec.network_count;
         n++) {
        counts =
            counts && (!throughput->wanting[n] || loss_of(outcome, n) <= lowest_ratio(throughput));
    }
    return counts;
}

static void throughput_tell(struct search *search, const struct load *load,
                            const struct outcome *outcome)
{
    struct throughput *throughput = (struct throughput *)search;
    double duration_s = (double)load->duration_ns / (double)NS_PER_S;
    throughput->trial_s += duration_s;
    if (load->use == LOAD_PROBE) {
        tell_ranging(throughput, outcome);
        return;
    }
    if (throughput->spec.apart) {
        throughput->steps++;
    } else {
        find_tried(throughput, load->pps)->trials++;
    }
    double sent = sent_of(outcome);
    bool unsent = sent < 1.0 - UNSENT_AT_MOST;
    if (unsent ? outcome->kind != OUTCOME_GOOD : !outcome_counts(throughput, outcome)) {
        count_disturbed(throughput);
        return;
    }
    throughput->disturbed = 0;
    if (unsent) {
        limit_to_tester(throughput, load->pps * sent);
        return;
    }
    throughput->counted++;
    for (size_t n = 0; n < throughput->spec.network_count; n++) {
        const struct goal_trial trial = {.duration_s = duration_s,
                                         .effective_s = duration_s + throughput->spec.overhead_s,
                                         .loss_ratio = loss_of(outcome, n)};
        if (throughput->wanting[n]) {
            book_add(&throughput->books[n], load->each == NULL ? load->pps : load->each[n], &trial);
        }
    }
}

// ---- results

static struct throughput_result result_by_sums(const struct throughput *throughput,
                                               const struct book *book,
                                               const struct search_goal *goal, bool *ret_final)
{
    struct book_bounds bounds = book_bounds(book, goal);
    *ret_final = bounds_are_final(book, goal, &throughput->range);
    return (struct throughput_result){
        .lower_pps = bounds.lower == NULL ? (double)NAN : bounds.lower->pps,
        .upper_pps = bounds.upper == NULL ? (double)NAN : bounds.upper->pps,
    };
}

static struct throughput_result result_by_posterior(const struct throughput *throughput,
                                                    const struct book *book,
                                                    const struct search_goal *goal,
                                                    struct posterior *posterior, bool *ret_final)
{
    struct sequential_bounds bounds = {0};
    if (posterior != NULL) {
        bounds = sequential_bounds(posterior, book, goal, &throughput->range);
    }
    *ret_final = bounds.final;
    return (struct throughput_result){
        .lower_pps = bounds.lower_pps > 0.0 ? bounds.lower_pps : (double)NAN,
        .upper_pps = bounds.upper_pps > 0.0 ? bounds.upper_pps : (double)NAN,
    };
}

static enum throughput_end end_of(const struct throughput *throughput,
                                  const struct throughput_result *result, bool final)
{
    if (!final) {
        return throughput->ended ? THROUGHPUT_DISTURBED : THROUGHPUT_NOT_CONVERGED;
    }
    if (isnan(result->upper_pps)) {
        return throughput->max_load_is;
    }
    return isnan(result->lower_pps) ? THROUGHPUT_MIN_LOAD : THROUGHPUT_REGULAR;
}

struct throughput_result throughput_result(const struct search *search, size_t network, size_t goal)
{
    const struct throughput *throughput = (const struct throughput *)search;
    const struct search_goal *wanted = &throughput->spec.goals[goal];
    const struct book *book = &throughput->books[network];
    bool final = false;
    struct throughput_result result =
        wanted->rule == RULE_SEQUENTIAL
            ? result_by_posterior(throughput, book, wanted,
                                  *posterior_of(throughput, network, goal), &final)
            : result_by_sums(throughput, book, wanted, &final);
    result.end = end_of(throughput, &result, final);
    const struct book_load *lower =
        isnan(result.lower_pps) ? NULL : book_find(book, result.lower_pps);
    struct search_goal as_measured = *wanted;
    if (wanted->rule == RULE_SEQUENTIAL) {
        as_measured.sum_ns = 0; // the rule has no sum: the median of the trials there
    }
    result.conditional_pps =
        lower == NULL
            ? (double)NAN
            : goal_conditional_throughput(&as_measured, lower->pps, lower->trials, lower->count);
    return result;
}

size_t throughput_trials(const struct search *search)
{
    return ((const struct throughput *)search)->counted;
}

double throughput_trial_s(const struct search *search)
{
    return ((const struct throughput *)search)->trial_s;
}

// Trial-seconds that bisection and the durations of a load's trials leave for a goal of RFC 9971.
static double remaining_by_sums(const struct throughput *throughput, const struct book *book,
                                const struct search_goal *goal)
{
    if (bounds_are_final(book, goal, &throughput->range)) {
        return 0.0;
    }
    struct book_bounds bounds = book_bounds(book, goal);
    double lower = bounds.lower == NULL ? throughput->range.min_pps : bounds.lower->pps;
    double upper = bounds.upper == NULL ? throughput->range.max_pps : bounds.upper->pps;
    double halvings = fmax(1.0, log2(fmax(1.0, log(upper / lower) / goal->width)));
    double decided = fmax(1.0 - goal->exceed_ratio, goal->exceed_ratio);
    double load_s = fmax((double)goal->final_ns, (double)goal->sum_ns * decided) / (double)NS_PER_S;
    return (halvings + 1.0) * load_s;
}

double throughput_remaining_s(const struct search *search)
{
    const struct throughput *throughput = (const struct throughput *)search;
    const struct throughput_spec *spec = &throughput->spec;
    double most = 0.0; // networks share their trials
    for (size_t n = 0; n < spec->network_count; n++) {
        double sum = 0.0;
        for (size_t g = 0; g < spec->goal_count; g++) {
            const struct search_goal *goal = &spec->goals[g];
            struct posterior *posterior = *posterior_of(throughput, n, g);
            if (goal->rule != RULE_SEQUENTIAL) {
                sum += remaining_by_sums(throughput, &throughput->books[n], goal);
            } else if (posterior != NULL) {
                sum += sequential_trials_left(posterior, &throughput->books[n], goal,
                                              &throughput->range) *
                       (double)goal->final_ns / (double)NS_PER_S;
            }
        }
        most = fmax(most, sum);
    }
    return most;
}

static void throughput_free(struct search *search)
{
    struct throughput *throughput = (struct throughput *)search;
    const struct throughput_spec *spec = &throughput->spec;
    for (size_t n = 0; n < spec->network_count; n++) {
        book_clear(&throughput->books[n]);
        for (size_t g = 0; g < spec->goal_count; g++) {
            posterior_free(*posterior_of(throughput, n, g));
        }
    }
    free(throughput->books);
    free(throughput->tried);
    free(throughput->loads);
    free(throughput->wanting);
    free(throughput->posteriors);
    free(throughput);
}

static const struct search_ops throughput_ops = {throughput_next, throughput_tell, throughput_free};

struct search *throughput_new(const struct throughput_spec *spec)
{
    struct throughput *throughput = memory_new(1, sizeof *throughput);
    *throughput = (struct throughput){
        .search = {.ops = &throughput_ops},
        .spec = *spec,
        .range = {spec->min_pps, spec->max_pps, spec->scale},
        .ranging_pps = spec->first_pps,
        .max_load_is = THROUGHPUT_MAX_LOAD,
        .books = memory_new_array(struct book, spec->network_count),
        .posteriors = memory_new_array(struct posterior *, spec->network_count * spec->goal_count),
        .loads = memory_new_array(double, spec->network_count),
        .wanting = memory_new_array(bool, spec->network_count),
    };
    memset(throughput->wanting, true, spec->network_count * sizeof *throughput->wanting);
    return &throughput->search;
}
