// SPDX-License-Identifier: GPL-3.0-or-later
// study/rules — the rules behind the claims' table, and what they say their findings with.
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

// Adds a part of the claim: how it came out, and why, as a sentence.
void claim_part(struct claim_result *result, enum claim_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// Adds a sentence to what was measured.
void claim_measured(struct claim_result *result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Adds a figure; NaN is passed over. `unit` must be a literal.
void claim_value(struct claim_result *result, double value, const char *unit, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));

// Whether a difference is there (confirmed), is not (refuted), or can't be told: it is if larger
// than the floor and the spread, it is not if even with the spread it is smaller than the floor.
enum claim_verdict decide(double difference, double floor, double spread);
// A verdict of several: refuted if one is, undecided if one is, else confirmed.
enum claim_verdict join_verdicts(enum claim_verdict a, enum claim_verdict b);

// True if all samples have enough valid trials; else adds an undecided part that says which has
// not, and why: not run, lacking something, the tester's limit, or disturbed.
struct named_sample {
    const struct sample *sample;
    const struct condition *condition;
};
bool claim_has(const struct study_results *results, struct claim_result *result,
               const struct named_sample *samples, size_t count);
// True if the run was made; else adds an undecided part that says why it was not.
bool claim_has_run(const struct study_results *results, struct claim_result *result,
                   const char *run);

#endif
