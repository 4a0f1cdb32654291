// SPDX-License-Identifier: GPL-3.0-or-later
// study/rules — the rules behind the table of claims, and the functions by which they report
// findings.
#ifndef VRBENCH_STUDY_RULES_H
#define VRBENCH_STUDY_RULES_H

#include "study/claims.h"

// rules_cost.c
void judge_host_cost(const struct study_results *results, struct claim_result *result);
void judge_length(const struct study_results *results, struct claim_result *result);
void judge_number(const struct study_results *results, struct claim_result *result);
// rules_memory.c
void judge_memory(const struct study_results *results, struct claim_result *result);
// rules_load.c
void judge_overload(const struct study_results *results, struct claim_result *result);
void judge_tester(const struct study_results *results, struct claim_result *result);
// rules_allocation.c
void judge_caps(const struct study_results *results, struct claim_result *result);
void judge_priority(const struct study_results *results, struct claim_result *result);

// rules_monitoring.c
void judge_variables(const struct study_results *results, struct claim_result *result);
void judge_starvation(const struct study_results *results, struct claim_result *result);
// rules_prediction.c
void judge_prediction(const struct study_results *results, struct claim_result *result);
// rules_control.c
void judge_control(const struct study_results *results, struct claim_result *result);

// Adds a part of the claim: its verdict, and the reason as a sentence.
void claim_part(struct claim_result *result, enum claim_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// Adds a sentence to the measured figures.
void claim_measured(struct claim_result *result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Sets the key figure in a few words, for the table of all claims; the first one stays.
void claim_here(struct claim_result *result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Adds a figure; NaN is skipped. `unit` must be a literal.
void claim_value(struct claim_result *result, double value, const char *unit, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));

// Confirmed if the whole interval is above the border, refuted if all of it is below, undecided if
// it contains the border.
enum claim_verdict decide_above(struct span bounds, double border);
// The reverse: confirmed if the whole interval is below.
enum claim_verdict decide_below(struct span bounds, double border);
// Combines verdicts: refuted if one is, else undecided if one is, else confirmed.
enum claim_verdict join_verdicts(enum claim_verdict a, enum claim_verdict b);

// True if all samples have enough valid trials. Otherwise adds an undecided part with the sample
// that has not, and the reason: not run, a missing ability, the tester's limit, or disturbances.
struct named_sample {
    const struct sample *sample;
    const struct condition *condition;
};
bool claim_has(const struct study_results *results, struct claim_result *result,
               const struct named_sample *samples, size_t count);
// True if the run was made. Otherwise adds an undecided part with the reason.
bool claim_has_run(const struct study_results *results, struct claim_result *result,
                   const char *run);

#endif
