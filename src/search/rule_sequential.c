// SPDX-License-Identifier: GPL-3.0-or-later
// search/rule_sequential — see rule_sequential.h.
#include "search/rule_sequential.h"

#include <math.h>

#define ERROR_AT_MOST 0.004  // probability that the bounds don't hold the critical load
#define ERROR_AT_ENDS 0.0005 // the same for claims about Min Load and Max Load
#define TRIALS_STRICT 36.0   // from so many trials on, the error grows
#define TRIALS_GROWTH 12.0   // by a factor of e in so many trials
#define TRIALS_MOST   72     // the search ends with the most probable bounds
#define TRIALS_LAST   140    // the search ends without bounds
#define CARRIED_LEAST 0.95 // probability that half of the trials carry an unfinished search's bound
#define BELOW         1.25 // factor by which the loads of the trials that show it may be smaller
#define NEAR_WIDTHS   10.0 // goal widths around the critical load in which trials count for these
#define NEAR          8    // steps of the lattice around the median in which bounds are looked for
#define GOALS_MOST    8    // goals that one trial is chosen for
#define WIDE          12.0 // steps that a posterior spans which only repeats can narrow
#define SPREAD        0.1  // its span is from this quantile to the opposite one
#define TRIALS_USUAL  20.0 // of a search from scratch

// Loads are those of a lattice with two steps to a goal width, so that goals, and networks, share
// trials.
static double lattice_step(const struct search_goal *goal)
{
    return -log1p(-goal->width) / 2.0;
}

static double lattice_load(const struct search_goal *goal, double number)
{
    return exp(number * lattice_step(goal));
}

static double lattice_number(const struct search_goal *goal, double pps)
{
    return log(pps) / lattice_step(goal);
}

static size_t count_class(const struct book *book, const struct search_goal *goal, double pps,
                          bool high)
{
    const struct book_load *load = book_find(book, pps);
    size_t count = 0;
    for (size_t i = 0; load != NULL && i < load->count; i++) {
        count += (load->trials[i].loss_ratio > goal->loss_ratio) == high;
    }
    return count;
}

static size_t trials_near(const struct posterior *posterior, const struct book *book,
                          const struct search_goal *goal)
{
    double median = posterior_quantile(posterior, 0.5);
    size_t trials = 0;
    for (size_t i = 0; i < book->count; i++) {
        bool near = fabs(log(book->loads[i].pps / median)) < NEAR_WIDTHS * goal->width;
        trials += near ? book->loads[i].count : 0;
    }
    return trials;
}

// The error that ends the search after so many trials near the critical load: a search that has
// taken long ends with less certainty, and ends in any case.
static double error_after(size_t trials)
{
    double late = fmax(0.0, ((double)trials - TRIALS_STRICT) / TRIALS_GROWTH);
    return trials >= TRIALS_MOST ? 1.0 : fmin(1.0, ERROR_AT_MOST * exp(late));
}

struct bracket {
    double lower_pps, upper_pps;
    double probability, below, above;
    double allowed; // probability that it does not hold the critical load, at most
    bool supported; // a trial at each end had the outcome that the bound claims
};

static struct bracket bracket_at(const struct posterior *posterior, const struct book *book,
                                 const struct search_goal *goal, double number)
{
    struct bracket bracket = {.lower_pps = lattice_load(goal, number),
                              .upper_pps = lattice_load(goal, number + 2.0)};
    bracket.allowed = error_after(trials_near(posterior, book, goal));
    bracket.probability = posterior_between(posterior, bracket.lower_pps, bracket.upper_pps,
                                            &bracket.below, &bracket.above);
    bracket.supported = count_class(book, goal, bracket.lower_pps, false) > 0 &&
                        count_class(book, goal, bracket.upper_pps, true) > 0;
    return bracket;
}

static bool is_satisfied(const struct bracket *bracket)
{
    return bracket->supported && bracket->probability >= 1.0 - bracket->allowed;
}

// The most probable bracket near the median; one with trials at both ends is preferred if the rule
// is satisfied there.
static struct bracket best_bracket(const struct posterior *posterior, const struct book *book,
                                   const struct search_goal *goal)
{
    double middle = round(lattice_number(goal, posterior_quantile(posterior, 0.5))) - 1.0;
    struct bracket best = bracket_at(posterior, book, goal, middle);
    for (int i = 1; i <= NEAR; i++) {
        for (int side = -1; side <= 1; side += 2) {
            struct bracket other = bracket_at(posterior, book, goal, middle + i * side);
            bool enough = best.probability >= 1.0 - best.allowed;
            if ((is_satisfied(&other) && !is_satisfied(&best)) ||
                (!enough && other.probability > best.probability)) {
                best = other;
            }
        }
    }
    return best;
}

// The critical load is at least Max Load, up to the jitter; or at most Min Load.
static bool is_beyond_max(const struct posterior *posterior, const struct book *book,
                          const struct search_goal *goal, const struct load_range *range)
{
    double below = 0.0;
    double above = 0.0;
    (void)posterior_between(posterior, range->max_pps, INFINITY, &below, &above);
    return below <= ERROR_AT_ENDS && count_class(book, goal, range->max_pps, false) > 0;
}

static bool is_below_min(const struct posterior *posterior, const struct book *book,
                         const struct search_goal *goal, const struct load_range *range)
{
    double below = 0.0;
    double above = 0.0;
    (void)posterior_between(posterior, 0.0, range->min_pps, &below, &above);
    return above <= ERROR_AT_ENDS && count_class(book, goal, range->min_pps, true) > 0;
}

// Trials at loads from `from_pps` to `to_pps`.
static size_t count_within(const struct book *book, const struct search_goal *goal, double from_pps,
                           double to_pps, bool high)
{
    size_t count = 0;
    for (size_t i = 0; i < book->count; i++) {
        double pps = book->loads[i].pps;
        count += pps >= from_pps && pps <= to_pps ? count_class(book, goal, pps, high) : 0;
    }
    return count;
}

// The probability that at most half of all trials exceed a loss ratio, given how many did and did
// not, by Bayes' rule with a uniform prior: that of more than `high` heads in one toss more than
// trials.
static double probability_of_half(size_t low, size_t high)
{
    size_t tosses = low + high + 1;
    double term = pow(0.5, (double)tosses); // of k heads
    double sum = 0.0;
    for (size_t k = 0; k <= tosses; k++) {
        sum += k > high ? term : 0.0;
        term *= (double)(tosses - k) / (double)(k + 1);
    }
    return sum;
}

// Whether the trials at a load and somewhat below it show that it is carried, whatever the model
// takes for certain: a device that loses packets at random carries any load now and then.
static bool is_carried_by_count(const struct book *book, const struct search_goal *goal, double pps)
{
    return probability_of_half(count_within(book, goal, pps / BELOW, pps, false),
                               count_within(book, goal, pps / BELOW, pps, true)) >= CARRIED_LEAST;
}

// The innermost loads that are bounds by themselves, for a search that is not finished.
static void find_outer_bounds(const struct posterior *posterior, const struct book *book,
                              const struct search_goal *goal, struct sequential_bounds *bounds)
{
    for (size_t i = 0; i < book->count; i++) {
        double pps = book->loads[i].pps;
        double below = 0.0;
        double above = 0.0;
        (void)posterior_between(posterior, pps, pps, &below, &above);
        if (below <= ERROR_AT_MOST && count_class(book, goal, pps, false) > 0 &&
            is_carried_by_count(book, goal, pps)) {
            bounds->lower_pps = pps;
        }
        if (above <= ERROR_AT_MOST && count_class(book, goal, pps, true) > 0 &&
            bounds->upper_pps == 0.0 && pps > bounds->lower_pps) {
            bounds->upper_pps = pps;
        }
    }
    bounds->upper_pps = bounds->upper_pps > bounds->lower_pps ? bounds->upper_pps : 0.0;
}

struct sequential_bounds sequential_bounds(struct posterior *posterior, const struct book *book,
                                           const struct search_goal *goal,
                                           const struct load_range *range)
{
    struct sequential_bounds bounds = {0};
    if (book->trials == 0) {
        return bounds;
    }
    posterior_update(posterior, book);
    struct bracket bracket = best_bracket(posterior, book, goal);
    bounds.probability = bracket.probability;
    if (is_beyond_max(posterior, book, goal, range)) {
        bounds.lower_pps = range->max_pps;
        bounds.final = true;
    } else if (is_below_min(posterior, book, goal, range)) {
        bounds.upper_pps = range->min_pps;
        bounds.final = true;
    } else if (is_satisfied(&bracket)) {
        bounds.lower_pps = bracket.lower_pps;
        bounds.upper_pps = bracket.upper_pps;
        bounds.final = true;
    } else {
        find_outer_bounds(posterior, book, goal, &bounds);
    }
    return bounds;
}

struct wanting {
    struct posterior *posteriors[GOALS_MOST];
    const struct search_goal *goals[GOALS_MOST];
    size_t count;
};

// A trial for a goal must be at least as long as the goal's.
static double information_for(const struct wanting *wanting, double pps, uint64_t duration_ns)
{
    double bits = 0.0;
    for (size_t i = 0; i < wanting->count; i++) {
        if (wanting->goals[i]->final_ns <= duration_ns) {
            bits += posterior_information(wanting->posteriors[i], pps);
        }
    }
    return bits;
}

// Among loads of the lattice at quantiles of a goal's posterior, the one whose trial says most
// about all goals that want trials.
static void pick_informative(const struct wanting *wanting, size_t goal,
                             const struct load_range *range, struct pick *ret, double *best)
{
    static const double quantiles[] = {0.03, 0.15, 0.35, 0.5, 0.65, 0.85, 0.97};
    const struct search_goal *wanted = wanting->goals[goal];
    double last = 0.0;
    for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
        double pps = posterior_quantile(wanting->posteriors[goal], quantiles[i]);
        pps = lattice_load(wanted, round(lattice_number(wanted, pps)));
        pps = fmin(fmax(pps, range->min_pps), range->max_pps);
        if (pps == last) {
            continue;
        }
        last = pps;
        double bits = information_for(wanting, pps, wanted->final_ns);
        if (bits > *best) {
            *best = bits;
            *ret = (struct pick){pps, wanted->final_ns};
        }
    }
}

bool sequential_pick(struct posterior *const *posteriors, const struct book *book,
                     const struct search_goal *goals, size_t goal_count,
                     const struct load_range *range, struct pick *ret)
{
    struct wanting wanting = {.count = 0};
    for (size_t i = 0; i < goal_count && wanting.count < GOALS_MOST; i++) {
        if (goals[i].rule != RULE_SEQUENTIAL) {
            continue;
        }
        if (book->trials == 0) { // the forwarding rate at Max Load is where to look
            bool chosen = range->scale != NULL && range->scale->first_load > 0.0;
            double first = chosen ? range->scale->first_load : range->max_pps;
            *ret = (struct pick){first, goals[i].final_ns};
            return true;
        }
        if (!sequential_bounds(posteriors[i], book, &goals[i], range).final &&
            trials_near(posteriors[i], book, &goals[i]) < TRIALS_LAST) {
            wanting.posteriors[wanting.count] = posteriors[i];
            wanting.goals[wanting.count++] = &goals[i];
        }
    }
    double most = -1.0;
    for (size_t i = 0; i < wanting.count; i++) {
        const struct search_goal *goal = wanting.goals[i];
        struct bracket bracket = best_bracket(wanting.posteriors[i], book, goal);
        if (bracket.probability >= 1.0 - bracket.allowed) { // lacks a trial at an end
            bool low = count_class(book, goal, bracket.lower_pps, false) == 0;
            double pps = low ? bracket.lower_pps : bracket.upper_pps;
            *ret = (struct pick){fmin(fmax(pps, range->min_pps), range->max_pps), goal->final_ns};
            return true;
        }
        pick_informative(&wanting, i, range, ret, &most);
    }
    return wanting.count > 0;
}

double sequential_trials_left(struct posterior *posterior, const struct book *book,
                              const struct search_goal *goal, const struct load_range *range)
{
    struct sequential_bounds bounds = sequential_bounds(posterior, book, goal, range);
    if (bounds.final) {
        return 0.0;
    }
    if (book->trials == 0) {
        return TRIALS_USUAL;
    }
    // A trial decides about half the remaining error, or half of a wide posterior.
    double low = lattice_number(goal, posterior_quantile(posterior, SPREAD));
    double high = lattice_number(goal, posterior_quantile(posterior, 1.0 - SPREAD));
    double wide = log2(fmax(1.0, (high - low) / WIDE));
    double error = fmax(1.0 - bounds.probability, ERROR_AT_MOST);
    return 1.0 + wide + 1.5 * log2(error / ERROR_AT_MOST);
}
