// SPDX-License-Identifier: GPL-3.0-or-later
// study/rules_control — claim 12: control keeps a contract that equal weights break. Called through
// the table of claims.c.
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "study/rules.h"

#define STATIC   "shares-static"
#define MOVED    "shares-moved"
#define TOPOLOGY "dedicated"
#define LENGTH   64U
#define NETWORK  "NET0"

static void judge_loads(const struct study_results *results, struct claim_result *result,
                        double pps)
{
    const struct condition fixed = {STATIC, TOPOLOGY, LENGTH, pps};
    const struct condition moved = {MOVED, TOPOLOGY, LENGTH, pps};
    const struct sample before = sample_of(results, &fixed, figure_loss, NETWORK);
    const struct sample after = sample_of(results, &moved, figure_loss, NETWORK);
    const struct named_sample needed[] = {{&before, &fixed}, {&after, &moved}};
    char load[48];
    if (!claim_has(results, result, needed, 2)) {
        return;
    }
    const struct span broken = sample_bounds(&before);
    const struct span kept = sample_bounds(&after);
    text_group_digits(pps, 0, load);
    claim_measured(result,
                   "Of %s packets/s with a contract, %.2f %% are lost with equal weights, %.2f %% "
                   "under control.",
                   load, before.median * 100, after.median * 100);
    claim_value(result, before.median * 100, "%", "lost with equal weights");
    claim_value(result, after.median * 100, "%", "lost under control");
    claim_here(result, "%.1f %% lost, %.2f %% under control", before.median * 100,
               after.median * 100);
    claim_part(result, broken.low > CONTRACT_LOSS ? CLAIM_CONFIRMED : CLAIM_UNDECIDED,
               "Equal weights lose %.2f to %.2f %%%s.", broken.low * 100, broken.high * 100,
               broken.low > CONTRACT_LOSS ? ", more than the contract allows"
                                          : ": they may keep the contract");
    if (broken.low <= CONTRACT_LOSS) {
        return;
    }
    const enum claim_verdict verdict = kept.high <= CONTRACT_LOSS ? CLAIM_CONFIRMED
                                       : kept.low > CONTRACT_LOSS ? CLAIM_REFUTED
                                                                  : CLAIM_UNDECIDED;
    claim_part(result, verdict, "Under control %.2f to %.2f %% are lost%s.", kept.low * 100,
               kept.high * 100,
               verdict == CLAIM_CONFIRMED ? ", within the contract"
               : verdict == CLAIM_REFUTED ? ", more than the contract allows"
                                          : ": the trials vary across what the contract allows");
}

void judge_control(const struct study_results *results, struct claim_result *result)
{
    _cleanup_free_ double *loads = NULL;
    const bool whole = claim_has_run(results, result, STATIC);
    if (!claim_has_run(results, result, MOVED) || !whole) {
        return;
    }
    const size_t count = study_loads(results, STATIC, TOPOLOGY, LENGTH, &loads);
    for (size_t i = 0; i < count; i++) {
        judge_loads(results, result, loads[i]);
    }
}
