// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * study/claims — the study's eight claims and the rules that confirm or refute them.
 *
 * A rule is a pure function: points of named runs in, verdict out. It compares medians of repeated
 * trials under equal conditions: a difference is there if it is larger than both spreads together
 * (sample.h) and than a floor named here; it is not there if, with the spreads added, it is still
 * smaller than the floor; else it can't be told. Invalid points never count. A part of a claim
 * whose conditions have fewer than SAMPLE_TRIALS valid trials, or for which the tester could not
 * offer enough, is undecided. A claim is refuted if a part of it is, confirmed if all its parts
 * are, and not decidable otherwise. docs/reproduce.md has the rules in words; claims.c has the
 * words that are shown and stored before a run. verdict.h has the figures that rules compare with.
 * Called by reproduce.c.
 */
#ifndef VRBENCH_STUDY_CLAIMS_H
#define VRBENCH_STUDY_CLAIMS_H

#include "study/sample.h"
#include "study/verdict.h"

#define CLAIM_COUNT 8U

struct claim_result;

struct claim {
    unsigned number; // 1 to CLAIM_COUNT
    const char *title, *text, *study_saw, *rule;
    const char *const *runs; // names of the runs it rests on, ended by NULL
    void (*judge)(const struct study_results *results, struct claim_result *result);
    const char *if_refuted; // what it means
};

struct claim_value {
    char *name;
    double value;
    const char *unit;
};

// What came out. Texts are whole sentences.
struct claim_result {
    enum claim_verdict verdict;
    char *measured;      // the figures; "No valid measurement." if there are none
    char *why, *meaning; // meaning: never NULL
    struct claim_value *values;
    size_t value_count;
    // While judging: how many parts came out each way (by claim_verdict), and their texts.
    unsigned parts[3];
    char *texts[3];
};

extern const struct claim claims[CLAIM_COUNT];

const char *claim_verdict_name(enum claim_verdict verdict); // "confirmed", "not decidable here", …
// Judges a claim; the result is freed with claim_result_clear().
void claim_judge(const struct claim *claim, const struct study_results *results,
                 struct claim_result *ret);
void claim_result_clear(struct claim_result *result);

#endif
