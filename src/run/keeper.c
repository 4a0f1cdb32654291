// SPDX-License-Identifier: GPL-3.0-or-later
// run/keeper — keeps the testbed of the present topology: built at the first load for it, and again
// after a router died, or borrowed. See parts.h. Called by measure.c and find.c.
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "measure/trial.h"
#include "owner/loan.h"
#include "report/progress.h"
#include "run/parts.h"

#define ROUTER_DEATHS 3 // in a row; then the run is abandoned

enum topology keeper_topology(const struct keeper *keeper, unsigned place)
{
    return keeper->state->job->scenario->topologies[place];
}

int keeper_close(struct keeper *keeper, struct error *err)
{
    return bench_close(steal_pointer(&keeper->bench), err);
}

// A router's death removes its testbed; the next load gets a new one.
static int note_death(struct keeper *keeper, const char *why, struct error *err)
{
    log_warning("run", "%s", why);
    (void)keeper_close(keeper, NULL);
    return ++keeper->deaths < ROUTER_DEATHS ? 0 : fail(err, 0, "%s", why);
}

static int build_testbed(struct keeper *keeper, unsigned place, struct error *err)
{
    progress_label("building the testbed");
    keeper->built++;
    return bench_open(keeper->state->job->scenario, keeper_topology(keeper, place), &keeper->bench,
                      err);
}

// Measures on a testbed that stands, whose owner has restarted a router that died.
static int use_loan(struct keeper *keeper, struct error *err)
{
    const struct job *job = keeper->state->job;
    if (keeper->built++ > 0) {
        progress_label("waiting for the restart of a router");
        int rc = loan_renew(job->loan, err);
        if (rc < 0) {
            return rc;
        }
    }
    return bench_open_on(job->scenario, loan_testbed(job->loan), &keeper->bench, err);
}

static int build_bench(struct keeper *keeper, unsigned place, struct error *err)
{
    const struct job *job = keeper->state->job;
    int rc = job->loan != NULL ? use_loan(keeper, err) : build_testbed(keeper, place, err);
    if (rc < 0 || (rc = note_engine(keeper->state, keeper->bench, err)) < 0 ||
        (rc = note_testbed(keeper->state, keeper->bench->testbed, err)) < 0) {
        return rc;
    }
    if (job->goal_count > 0) {
        return 0;
    }
    switch (job->scenario->method) {
    case METHOD_STUDY:
        return bench_read_by_snmp(keeper->bench, job_duration(job), err);
    case METHOD_MONITORED:
        return bench_monitor(keeper->bench, job_duration(job), job->agent, err);
    case METHOD_PRECISE:
        break;
    }
    return 0;
}

// A router may die before the first trial.
int keeper_open(struct keeper *keeper, unsigned place, struct error *err)
{
    if (keeper->bench != NULL && keeper->place == place) {
        return 0;
    }
    int rc = keeper_close(keeper, err);
    keeper->place = place;
    while (rc == 0 && keeper->bench == NULL) {
        _cleanup_error_ struct error why = ERROR_INIT;
        rc = build_bench(keeper, place, &why);
        if (trial_is_death(rc) && why.exit_status == EXIT_FAILED) {
            _cleanup_free_ char *text = text_format("a router died: %s", why.text);
            rc = note_death(keeper, text, err);
        } else if (rc < 0) {
            error_move(err, &why);
        }
    }
    return rc;
}

int keeper_try(struct keeper *keeper, const struct load *load, struct point *ret,
               struct outcome *ret_outcome, struct error *err)
{
    struct controlled controlled;
    controlled_begin(keeper->state->job, &controlled);
    int rc = trial_run(keeper->bench, load, ret, ret_outcome, err);
    controlled_end(&controlled, rc == 0 ? ret : NULL);
    if (rc == 0 && ret_outcome->kind == OUTCOME_DEATH) {
        rc = note_death(keeper, ret->why_invalid, err);
    }
    // Only undisturbed points reset the count: a router that survives warm-ups but dies at each
    // point ends the run.
    if (rc == 0 && load->use != LOAD_WARM_UP && ret_outcome->kind <= OUTCOME_DISTURBED) {
        keeper->deaths = 0;
    }
    return rc;
}
