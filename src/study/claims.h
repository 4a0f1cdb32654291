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
 * words that are shown and stored before a run. Called by reproduction.c.
 *
 * Of every ratio, CPU is percent of one CPU and loss is the frame loss ratio.
 */
#ifndef VRBENCH_STUDY_CLAIMS_H
#define VRBENCH_STUDY_CLAIMS_H

#include "study/sample.h"

// 1 Host cost. At the same offered load and length, for each length: "a lot" is at least this share
// of the CPU of host and routers, bridged; "next to none" at most this share of the host's bridged
// CPU, dedicated. Refuted below and above the second figure of each.
#define HOST_MUCH          0.25
#define HOST_LITTLE        0.10
#define NEXT_TO_NONE       0.10
#define NOT_NEXT_TO_NONE   0.50
// 2 Packet length. Each shorter length needs at least this factor more CPU at the same bit rate.
#define LENGTH_FACTOR      1.10
// 3 Number of routers. Routing CPU of two dedicated routers over that of one: twice, within this.
#define TWICE_WITHIN       0.15
// The host's bridged CPU as (number of routers)^b, fitted over 1, 2 and 4: above this b it grows
// faster than linearly.
#define FASTER_THAN_LINEAR 1.05
// CPU under the same load in testbeds made one after the other differs by this share, however
// still each of them is: added to the spread of what is set against each other here.
#define RUN_TO_RUN         0.10
// Conditions whose CPU is compared must carry their load but for this loss.
#define LOSS_CARRIED       0.01
// 4 Overload. A fall counts from this share of the highest forwarding rate on; that there is none
// is believed only if so many times the load of that rate were offered.
#define OVERLOAD_FACTOR    1.3
#define FALL               0.05
// 5 Caps. At loads that need this factor more than the cap, loss above that without a cap by at
// least this; a network not concerned must lose no more than LOSS_CARRIED above it.
#define NEED_ABOVE_CAP     1.15
#define CAP_LOSS           0.03
// 6 Priority. Only under contention: CPU of host and routers together of at least this share of
// theirs. A move counts from so many points of share of CPU, and this share of the forwarding rate.
#define CONTENDED          0.85
#define SHARE_MOVED        0.03
#define RATE_MOVED         0.03
// 7 Tester limits. What a routed topology forwards may exceed the highest load that direct carries
// by this; only above the load that direct can't carry is the claim refuted.
#define BOUND_WITHIN       0.03
// 8 Memory. Total over 1 to 16 routers on a straight line to within this share of the largest total
// (refuted beyond three times it); the routers of the largest run take at most this share of the
// machine's memory.
#define LINEAR_WITHIN      0.10
#define MEMORY_SHARE       0.10

#define CLAIM_COUNT 8U

struct claim_result;
enum claim_verdict { CLAIM_UNDECIDED, CLAIM_CONFIRMED, CLAIM_REFUTED };

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
    char *measured;      // the figures; "No figure that counts." if there are none
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
