// SPDX-License-Identifier: GPL-3.0-or-later
// study/rules_load — claims 4 and 7: the effect of overload, and the tester's limit. Called through
// the table of claims.c.
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "study/rules.h"

// ---- 4: past saturation the forwarding rate falls

#define RUN_OVERLOAD    "overload"
#define LENGTH_OVERLOAD 64U

void judge_overload(const struct study_results *results, struct claim_result *result)
{
    if (!claim_has_run(results, result, RUN_OVERLOAD)) {
        return;
    }
    _cleanup_free_ double *pps = NULL;
    size_t count = study_loads(results, RUN_OVERLOAD, "bridged", LENGTH_OVERLOAD, &pps);
    struct sample best = {.median = -1.0, .valid = 0};
    double best_pps = 0.0;
    for (size_t i = 0; i < count; i++) {
        struct condition condition = {RUN_OVERLOAD, "bridged", LENGTH_OVERLOAD, pps[i]};
        struct sample forwarded = sample_of(results, &condition, figure_forwarded, NULL);
        if (!sample_is_enough(&forwarded)) {
            continue;
        }
        char load[48];
        text_group_digits(pps[i], 0, load);
        claim_value(result, forwarded.median, "packets/s", "forwarded of %s offered", load);
        if (forwarded.median > best.median) {
            best = forwarded;
            best_pps = pps[i];
        }
    }
    if (best_pps == 0.0) {
        claim_part(result, CLAIM_UNDECIDED, "No load has %d valid trials.", SAMPLE_TRIALS);
        return;
    }
    struct condition over = {RUN_OVERLOAD, "bridged", LENGTH_OVERLOAD, OVERLOAD_FACTOR * best_pps};
    struct sample above = sample_from(results, &over, figure_forwarded, NULL);
    struct sample loss = sample_from(results, &over, figure_loss, NULL);
    if (!sample_is_enough(&above)) {
        claim_part(result, CLAIM_UNDECIDED,
                   "Only %zu trials of %.1f times the load of the maximum and more are valid%s; "
                   "%d are required.",
                   above.valid, OVERLOAD_FACTOR,
                   above.tester_limited > 0 ? ", as the tester was the limit" : "", SAMPLE_TRIALS);
        return;
    }
    struct span kept = sample_ratio(&above, &best);
    double fall = best.median - above.median;
    char best_text[48];
    char best_at[48];
    char above_text[48];
    char above_from[48];
    text_group_digits(best.median, 0, best_text);
    text_group_digits(best_pps, 0, best_at);
    text_group_digits(above.median, 0, above_text);
    text_group_digits(over.pps, 0, above_from);
    claim_measured(
        result,
        "Bridged at 64 B at most %s packets/s come through, at %s offered; of %s and "
        "more offered (%zu trials) %s (%.1f %% lost), %.1f %% below the maximum (%.1f to "
        "%.1f %%).",
        best_text, best_at, above_from, above.valid, above_text, loss.median * 100,
        fall * 100 / best.median, (1.0 - kept.high) * 100, (1.0 - kept.low) * 100);
    claim_here(result, "%s to %s packets/s: %.0f %% below", best_text, above_text,
               fall * 100 / best.median);
    claim_value(result, above.median, "packets/s", "forwarded of %s and more offered", above_from);
    claim_value(result, fall * 100 / best.median, "%", "below the maximum above its load");
    enum claim_verdict verdict = decide_below(kept, 1.0 - FALL);
    static const char *const says[] = {
        [CLAIM_UNDECIDED] = "The interval of the fall contains 5 %.",
        [CLAIM_CONFIRMED] = "The whole interval of the fall is above 5 %.",
        [CLAIM_REFUTED] = "The forwarding rate stays at its maximum under overload.",
    };
    claim_part(result, verdict, "%s", says[verdict]);
}

// ---- 7: no topology exceeds direct

#define RUN_TESTER "tester-limit"

struct bound {
    double carried; // highest rate that direct forwards with a loss of at most LOSS_CARRIED
    double beyond;  // highest rate offered while the tester was the limit; 0 = never
};

// The tester's limit is the subject: trials that are invalid only because of it count.
static struct bound bound_of_direct(const struct study_results *results, unsigned length)
{
    _cleanup_free_ double *pps = NULL;
    size_t count = study_loads(results, RUN_TESTER, "direct", length, &pps);
    struct bound bound = {0.0, 0.0};
    for (size_t i = 0; i < count; i++) {
        struct condition condition = {RUN_TESTER, "direct", length, pps[i]};
        struct sample forwarded = sample_with_limited(results, &condition, figure_forwarded, NULL);
        struct sample offered = sample_with_limited(results, &condition, figure_offered, NULL);
        struct sample loss = sample_with_limited(results, &condition, figure_loss, NULL);
        if (!sample_is_enough(&forwarded)) {
            continue;
        }
        if (loss.median <= LOSS_CARRIED) {
            bound.carried = fmax(bound.carried, forwarded.median);
        }
        if (offered.median < pps[i] * (1.0 - LOSS_CARRIED) || loss.median > LOSS_CARRIED) {
            bound.beyond = fmax(bound.beyond, offered.largest);
        }
    }
    return bound;
}

static void judge_bound(const struct study_results *results, struct claim_result *result,
                        const char *topology, unsigned length, struct bound bound)
{
    _cleanup_free_ double *pps = NULL;
    size_t count = study_loads(results, RUN_TESTER, topology, length, &pps);
    struct sample most = {.median = 0.0};
    for (size_t i = 0; i < count; i++) {
        struct condition condition = {RUN_TESTER, topology, length, pps[i]};
        struct sample forwarded = sample_with_limited(results, &condition, figure_forwarded, NULL);
        if (sample_is_enough(&forwarded) && forwarded.median > most.median) {
            most = forwarded;
        }
    }
    if (most.median <= 0.0) {
        claim_part(result, CLAIM_UNDECIDED, "No load of %s at %u B has %d valid trials.", topology,
                   length, SAMPLE_TRIALS);
        return;
    }
    char rate[48];
    text_group_digits(most.median, 0, rate);
    claim_measured(result, "%s forwards at most %s packets/s at %u B.",
                   text_equal(topology, "bridged") ? "Bridged" : "Dedicated", rate, length);
    claim_value(result, most.median, "packets/s", "most forwarded, %s, %u B", topology, length);
    struct span bounds = sample_bounds(&most);
    if (bounds.high <= (1.0 + BOUND_WITHIN) * bound.carried) {
        claim_part(result, CLAIM_CONFIRMED, "At %u B %s stays within what direct carries.", length,
                   topology);
    } else if (bounds.low > bound.beyond) {
        claim_part(result, CLAIM_REFUTED, "At %u B %s forwards more than direct even offered.",
                   length, topology);
    } else {
        claim_part(result, CLAIM_UNDECIDED,
                   "At %u B %s forwards about the highest load that direct carried, or more, "
                   "but not more than it offered.",
                   length, topology);
    }
}

void judge_tester(const struct study_results *results, struct claim_result *result)
{
    static const unsigned lengths[] = {64, 256, 1500};
    if (!claim_has_run(results, result, RUN_TESTER)) {
        return;
    }
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        _cleanup_free_ double *pps = NULL;
        if (study_loads(results, RUN_TESTER, "direct", lengths[i], &pps) == 0) {
            continue; // a quick reproduction has only one length here
        }
        struct bound bound = bound_of_direct(results, lengths[i]);
        if (bound.carried <= 0.0 || bound.beyond <= 0.0) {
            claim_part(result, CLAIM_UNDECIDED,
                       "At %u B %s, so the limit of the tester is not known.", lengths[i],
                       bound.carried <= 0.0 ? "no load of direct has enough undisturbed trials"
                                            : "the tester did not clearly reach its limit");
            continue;
        }
        char carried[48];
        char beyond[48];
        text_group_digits(bound.carried, 0, carried);
        text_group_digits(bound.beyond, 0, beyond);
        claim_measured(result, "Direct carries %s packets/s at %u B and offers at most %s.",
                       carried, lengths[i], beyond);
        claim_value(result, bound.carried, "packets/s", "carried by direct, %u B", lengths[i]);
        claim_value(result, bound.beyond, "packets/s", "most offered in direct, %u B", lengths[i]);
        claim_here(result, "direct carries %s packets/s, offers %s", carried, beyond);
        judge_bound(results, result, "bridged", lengths[i], bound);
        judge_bound(results, result, "dedicated", lengths[i], bound);
    }
}
