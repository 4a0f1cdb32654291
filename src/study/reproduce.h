// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * study/reproduce — the study's programme measured into one folder, and its claims judged.
 *
 * For each run the folder contains NAME.yaml and the run's folder NAME. reproduce.json, rewritten
 * after each run, has the present state: the runs, and the claims with their rules, figures and
 * verdicts (format: docs/reproduce.md). Called by cmd_reproduce.c.
 */
#ifndef VRBENCH_STUDY_REPRODUCE_H
#define VRBENCH_STUDY_REPRODUCE_H

#include <jansson.h>

#include "base/error.h"
#include "study/claims.h"
#include "study/reproduce_request.h"

#define REPRODUCE_WAIT_S 10U

// Callbacks that report progress. `what` is half a sentence; `done`: the run was measured earlier.
struct reproduce_hooks {
    void *context;
    void (*begin)(void *context, size_t number, size_t count, const char *name, const char *what,
                  bool done);
    void (*lacking)(void *context, const char *name, const char *why);
};

struct reproduction;

// Makes the folder, or with `resume` continues one of the same timing and platform, and writes
// reproduce.json; claims requested earlier stay in it. Exit status 2 if the folder contains a
// reproduction and `resume` is not set, or another reproduction, or if another process measures
// into it: the folder is locked until reproduce_close(). The caller keeps the request unchanged.
int reproduce_open(const struct reproduce_request *request, struct reproduction **ret,
                   struct error *err);
// Measures every requested run that is missing. Fails before the first one if the machine is not
// quiet. A run that this machine cannot make, or of which it disturbs too many points in a row, is
// noted and skipped; several in a row end the reproduction. Writes the page of the report at the
// end in every case. -EINTR (exit status 130) if a stop was requested; everything measured is kept.
int reproduce_measure(struct reproduction *reproduction, const struct reproduce_hooks *hooks,
                      struct error *err);
// The claim's result from the measurements so far.
const struct claim_result *reproduce_result(const struct reproduction *reproduction,
                                            unsigned number);
// Points so far, and those that are invalid: at the tester's own limit, or disturbed.
struct reproduce_tally {
    size_t points, tester, disturbed;
};
struct reproduce_tally reproduce_tally(const struct reproduction *reproduction);
const struct study_results *reproduce_results(const struct reproduction *reproduction);
const json_t *reproduce_json(const struct reproduction *reproduction); // content of reproduce.json
void reproduce_close(struct reproduction *reproduction);               // NULL is fine

#endif
