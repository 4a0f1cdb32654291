// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * study/reproduce — the study's programme measured into one folder, and its claims judged.
 *
 * The folder holds of each run NAME.yaml and the run's folder NAME, and reproduce.json, which is
 * written anew after each run, so that it always tells what is known: the runs, and the claims
 * with their rules, figures and verdicts (docs/reproduce.md has its format). Called by
 * cmd_reproduce.c.
 */
#ifndef VRBENCH_STUDY_REPRODUCE_H
#define VRBENCH_STUDY_REPRODUCE_H

#include <jansson.h>

#include "base/error.h"
#include "study/claims.h"
#include "study/programme.h"

struct reproduce_request {
    const char *folder;
    const char *platform;
    const struct timing *timing;
    unsigned wanted; // claims, by bits 1 << number
    bool resume;
};

// What happens, for whoever waits. `what` is half a sentence; `done` tells that the run is there
// from an earlier time.
struct reproduce_hooks {
    void *context;
    void (*begin)(void *context, size_t number, size_t count, const char *name, const char *what,
                  bool done);
    void (*lacking)(void *context, const char *name, const char *why);
};

struct reproduction;

// Makes the folder, or with `resume` takes up one of the same timing and platform, and writes
// reproduce.json; claims that were wanted before stay in it. Exit status 2 if the folder holds a
// reproduction and it isn't to be resumed, or another one. The request must stay as it is.
int reproduce_open(const struct reproduce_request *request, struct reproduction **ret,
                   struct error *err);
// Measures every run that is wanted and not there. A run that this machine can't make is noted and
// passed over. At the end, whatever it is, the page of the report is written. -EINTR (exit status
// 130) if a stop was requested; all that was measured is kept.
int reproduce_measure(struct reproduction *reproduction, const struct reproduce_hooks *hooks,
                      struct error *err);
// The claim's result by what was measured until now.
const struct claim_result *reproduce_result(const struct reproduction *reproduction,
                                            unsigned number);
const struct study_results *reproduce_results(const struct reproduction *reproduction);
const json_t *reproduce_json(const struct reproduction *reproduction); // of reproduce.json
void reproduce_close(struct reproduction *reproduction);               // NULL is fine

#endif
