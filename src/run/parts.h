// SPDX-License-Identifier: GPL-3.0-or-later
// run/parts — inside of run/: a run while it goes on. run.c opens and ends it, measure.c is its
// loop, loads.c knows what is to be measured, notes.c what run.json says of each testbed.
#ifndef VRBENCH_RUN_PARTS_H
#define VRBENCH_RUN_PARTS_H

#include <jansson.h>

#include "result/store.h"
#include "run/run.h"
#include "search/sweep.h"
#include "testbed/testbed.h"

struct job_state {
    const struct job *job;
    struct store *store;
    json_t *run; // run.json as it will be written next
    struct point_list points;
    size_t planned; // points of the whole run
};

// Measures all that is not there yet; points are kept one by one.
int run_measure(struct job_state *state, struct error *err);

// ---- loads.c

// A search over all loads of the job, with what it points to.
struct job_loads {
    struct sweep_place places[TOPOLOGY_COUNT]; // by topology of the scenario
    struct sweep_spec spec;
    struct sweep_row *rows;
    struct load_id *done;
    struct search *search;
};
void job_loads_make(const struct job_state *state, struct job_loads *ret);
void job_loads_clear(struct job_loads *loads);
#define _cleanup_job_loads_ __attribute__((cleanup(job_loads_clear)))
// Writes loads that were found since the last call into run.json, where a resumed run recalls them.
int job_loads_note(const struct job_loads *loads, struct job_state *state, struct error *err);
// How long a trial of a point sends.
uint64_t job_duration(const struct job *job);

// ---- notes.c

// Writes into run.json what is known of a testbed that was built: convergence, platform.
int note_testbed(struct job_state *state, const struct testbed *testbed, struct error *err);

#endif
