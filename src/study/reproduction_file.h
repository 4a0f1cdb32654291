// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * study/reproduction_file — the state of a reproduction, and reproduce.json, which records it in
 * the folder of the reproduction (format: docs/reproduce.md). Called by reproduce.c only.
 */
#ifndef VRBENCH_STUDY_REPRODUCTION_FILE_H
#define VRBENCH_STUDY_REPRODUCTION_FILE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "scenario/scenario.h"
#include "study/claims.h"
#include "study/reproduce_request.h"
#include "study/verdict.h"

struct run_state {
    const struct programme_row *row;
    bool wanted;
    char *what; // with the scaling that was applied
    char *lacking;
    struct scenario *scenario; // of the run; NULL = not read
};

struct reproduction {
    const struct reproduce_request *request;
    int lock;                 // the folder, locked by flock(2); -1 = not open
    struct run_state *states; // for each row of the programme
    struct study_run *runs;   // for each row of the programme
    struct study_results results;
    struct claim_result claims[CLAIM_COUNT];
    bool checked;        // a run of this process has checked that the machine is stable
    unsigned failures;   // failed runs in a row
    unsigned spoilt;     // runs that too many disturbed points in a row ended
    struct agent *agent; // an snmpd that runs from the beginning; NULL = none
    char *agent_folder;  // its files
    unsigned listed;     // claims in reproduce.json: those requested now or earlier
    json_t *json;
    char started[32];
};

// FOLDER/NAMESUFFIX, which the caller frees.
char *reproduction_path(const struct reproduction *reproduction, const char *name,
                        const char *suffix);
// Whether the folder contains a file of that name.
bool reproduction_has(const char *folder, const char *name);

// Reads from an earlier reproduce.json when the reproduction began and which claims it lists;
// without one it begins now. Exit status 2 if the folder contains something else, or may not be
// resumed.
int reproduction_take_up(struct reproduction *reproduction, struct error *err);
// Judges all claims by the present points, and writes the file.
int reproduction_write(struct reproduction *reproduction, const char *status, struct error *err);

#endif
