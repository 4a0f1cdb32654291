// SPDX-License-Identifier: GPL-3.0-or-later
// run/parts — internal to run/: the state of a run. run.c opens and ends it, measure.c is its loop,
// find.c the loop of a search (find.h), keeper.c keeps a testbed for both,
// controlled.c asks the controller of a standing testbed,
// stability.c checks each topology first, loads.c makes the list
// of loads, notes.c writes facts of each testbed to run.json.
#ifndef VRBENCH_RUN_PARTS_H
#define VRBENCH_RUN_PARTS_H

#include <jansson.h>

#include "measure/bench.h"
#include "result/store.h"
#include "run/run.h"
#include "sampler/sample.h"
#include "search/sweep.h"
#include "testbed/testbed.h"

struct job_state {
    const struct job *job;
    struct store *store;
    json_t *run; // content of run.json when it is written next
    struct point_list points;
    size_t planned; // points of the whole run
};

// Measures all points that are missing; each is stored at once.
int run_measure(struct job_state *state, struct error *err);

// Searches instead for the job's goals, in each topology and for each length; each trial is stored
// at once. `job->found` gets the results, also those so far if it fails.
int run_find(struct job_state *state, struct error *err);

// ---- keeper.c

// The bench of the present topology, which is replaced after a router's death.
struct keeper {
    struct job_state *state;
    struct bench *bench; // NULL = none open
    unsigned place;      // of the present or last bench: index of the scenario's topology
    unsigned deaths;     // of routers, in a row
    unsigned built;      // benches so far
    unsigned checked;    // number of the place checked last by stability.c, from 1; 0 = none
    char *
        unstable[TOPOLOGY_COUNT]; // by place: what its stability check lost, and why; NULL = stable
};
enum topology keeper_topology(const struct keeper *keeper, unsigned place);
// Opens the bench of a place, unless it is open.
int keeper_open(struct keeper *keeper, unsigned place, struct error *err);
int keeper_close(struct keeper *keeper, struct error *err);
// Runs one trial on the open bench. Closes it if a router died; fails after several deaths in a
// row.
int keeper_try(struct keeper *keeper, const struct load *load, struct point *ret,
               struct outcome *ret_outcome, struct error *err);

// ---- controlled.c

// What controllers reported before a trial; for controlled_end().
struct controlled {
    struct sample before; // empty without a controller
};
void controlled_begin(const struct job *job, struct controlled *ret);
// Notes in the point what the controller reports after the trial, and frees `controlled`.
void controlled_end(struct controlled *controlled, struct point *point);

// ---- stability.c

// The low load of the stability check in that topology, in packets/s for each network.
double stability_pps(const struct job *job, unsigned place);
// Time of sending of a trial of the check; 0 = the topology is not checked.
uint64_t stability_duration(const struct job *job, unsigned place);
// Runs the stability check of a topology, if it is checked; writes its result to run.json, and
// warns if packets were lost.
int stability_check(struct keeper *keeper, unsigned place, unsigned length, struct error *err);
// Notes one trial of a check that a search runs; stability_warn() follows the last one.
int stability_note(struct keeper *keeper, const struct load *load, const struct point *point,
                   const struct outcome *outcome, struct error *err);
void stability_warn(const struct keeper *keeper, unsigned place);
// Marks a point of a topology that was not stable.
void stability_mark(const struct keeper *keeper, unsigned place, struct point *point);
void stability_clear(struct keeper *keeper);

// ---- loads.c

// A search over all loads of the job, with the data that it points to.
struct job_loads {
    struct sweep_place places[TOPOLOGY_COUNT]; // for each topology of the scenario
    struct sweep_spec spec;
    struct sweep_row *rows;
    struct load_id *done;
    struct sweep_trial *known; // with `refine`: the points that are stored
    struct search *search;
};
void job_loads_make(const struct job_state *state, struct job_loads *ret);
void job_loads_clear(struct job_loads *loads);
#define _cleanup_job_loads_ __attribute__((cleanup(job_loads_clear)))
// Writes the loads found since the last call to run.json, where a resumed run reads them.
int job_loads_note(const struct job_loads *loads, struct job_state *state, struct error *err);
// Draws the seed of the order of the points, or takes the job's, and writes it into state->run,
// where job_loads_make() reads it. Does nothing if the order is not random.
void job_loads_shuffle(struct job_state *state);
// Reads the loads of the run in the job's `rates_from` in the form in which run.json has them,
// where job_loads_make() reads them. Fails with exit status 2 if it has none for a topology and
// length. NULL if the job has no `rates_from`. The caller calls json_decref().
int job_loads_read(const struct job *job, json_t **ret, struct error *err);
// The ascending loads of a topology and length that job_loads_read() read; NULL if `loads` is.
const json_t *job_loads_of(const json_t *loads, enum topology topology, unsigned length);
// Time that all points of the job take to send, at least.
uint64_t job_sending(const struct job *job);
// How far the loads of the job are refined.
struct refine_limits job_refine(const struct job *job);
// The outcomes of a point's networks, without those that have a load of their own, as a new array.
struct network_outcome *job_outcomes(const struct point *point, size_t *ret_count);
// Number of loads of a row that has `loads` of them in the scenario; fewer with --quick.
size_t job_load_count(const struct job *job, size_t loads);
// The same for known loads, some of which are left out; returns their new number.
size_t job_thin(const struct job *job, double *pps, size_t count);
// Duration of sending of a point's trial.
uint64_t job_duration(const struct job *job);

// ---- notes.c

// Writes the convergence and the platform of a testbed that was built to run.json.
// Writes the engine of a testbed to run.json. A resumed run must use the same one as before.
int note_engine(struct job_state *state, const struct bench *bench, struct error *err);
// Writes which standing testbed is measured, and its CPU allocations, to state->run.
void note_loan(struct job_state *state);
int note_testbed(struct job_state *state, const struct testbed *testbed, struct error *err);

#endif
