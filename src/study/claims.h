// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * study/claims — the study's claims and the rules that confirm or refute them.
 *
 * A rule is a pure function from the points of named runs to a verdict. It compares intervals of
 * figures of repeated trials under equal conditions (sample.h) with borders that verdict.h defines.
 * A part of a claim is confirmed or refuted if the whole interval is on one side of its border, and
 * undecided if the interval contains the border, if one of its conditions has fewer than
 * SAMPLE_TRIALS valid trials, or if the tester could not send enough. Invalid points never count. A
 * claim is refuted if one of its parts is, confirmed if all its parts are, and not decidable
 * otherwise. docs/reproduce.md has the rules in words; claims.c has the texts that are shown and
 * stored before a run. Called by reproduce.c.
 */
#ifndef VRBENCH_STUDY_CLAIMS_H
#define VRBENCH_STUDY_CLAIMS_H

#include "study/sample.h"
#include "study/verdict.h"

#define CLAIM_COUNT 12U

struct claim_result;

struct claim {
    unsigned number; // 1 to CLAIM_COUNT
    const char *title, *text, *study_saw, *rule;
    const char *in_study;    // its key figure in a few words, for the table of all claims
    const char *const *runs; // names of the runs that it uses; NULL at the end
    void (*judge)(const struct study_results *results, struct claim_result *result);
    const char *if_refuted; // consequence for a user
};

struct claim_value {
    char *name;
    double value;
    const char *unit;
};

// Result of a claim. Texts are whole sentences.
struct claim_result {
    enum claim_verdict verdict;
    char *measured;      // the figures; "No valid measurement." without figures
    char *why, *meaning; // reason and consequence: never NULL
    char *here;          // key figure in a few words: never NULL
    struct claim_value *values;
    size_t value_count;
    // While judging: number of parts by verdict (claim_verdict), and their texts.
    unsigned parts[3];
    char *texts[3];
};

extern const struct claim claims[CLAIM_COUNT];
extern const char study_description[]; // what the study built and measured

const char *claim_verdict_name(enum claim_verdict verdict); // "confirmed", "not decidable here", …
// Judges a claim. The caller frees the result with claim_result_clear().
void claim_judge(const struct claim *claim, const struct study_results *results,
                 struct claim_result *ret);
void claim_result_clear(struct claim_result *result);

#endif
