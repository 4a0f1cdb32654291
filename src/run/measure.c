// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * run/measure — the loop of a run: for each load of the search it runs one trial, reports the
 * outcome and stores the point. Called by run.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "report/progress.h"
#include "run/parts.h"

#define STUDY_PAUSE_NS                                                                             \
    (35U * NS_PER_S) // the study's report starts 20 s after second 10, and takes 20 s more

struct measuring {
    struct job_state *state;
    struct job_loads loads;
    struct keeper keeper;
    size_t before;      // points of an earlier part of the run
    unsigned disturbed; // points, in a row
    bool checking;      // the last trial was one of a stability check
};

static void label_load(const struct measuring *measuring, const struct load *load)
{
    char pps[48];
    const char *topology = topology_name(keeper_topology(&measuring->keeper, load->place));
    if (load->pps > 0.0) {
        text_group_digits(load->pps, 0, pps);
    } else {
        snprintf(pps, sizeof pps, "max");
    }
    if (load->use == LOAD_CHECK) {
        progress_label("%s: checking the machine at a low load", topology);
    } else if (load->use == LOAD_PROBE) {
        progress_label("%s, %u bytes: finding saturation", topology, load->length);
    } else {
        progress_label("%s, %u bytes, %s pps", topology, load->length, pps);
    }
}

static int pause_before_point(const struct job *job, struct error *err)
{
    uint64_t pause_ns = job->study_timing ? STUDY_PAUSE_NS : job->pause_s * NS_PER_S;
    return stop_sleep_until(clock_monotonic_ns() + pause_ns, err);
}

// Notes a trial of a stability check, and warns after the last one of a topology with routers; in
// direct, a failed check ends the run.
static int note_check(struct measuring *measuring, const struct load *load,
                      const struct point *point, const struct outcome *outcome, struct error *err)
{
    struct keeper *keeper = &measuring->keeper;
    if (load->use == LOAD_CHECK) {
        measuring->checking = true;
        return stability_note(keeper, load, point, outcome, err);
    }
    if (measuring->checking) {
        measuring->checking = false;
        stability_warn(keeper, load->place);
    }
    return 0;
}

static int keep_point(struct job_state *state, struct point *point, struct error *err)
{
    int rc = store_append(state->store, point, err);
    if (rc < 0) {
        return rc;
    }
    progress_point(point);
    point_list_add(&state->points, point);
    return 0;
}

// Runs one trial of a load and reports it to the search. `best` is the trial to store so far.
static int try_load(struct measuring *measuring, const struct load *load, struct point *best,
                    struct advice *ret, struct error *err)
{
    _cleanup_point_ struct point point = {0};
    struct outcome outcome;
    int rc = keeper_try(&measuring->keeper, load, &point, &outcome, err);
    if (rc < 0) {
        return rc;
    }
    if ((rc = note_check(measuring, load, &point, &outcome, err)) < 0) {
        return rc;
    }
    _cleanup_free_ struct network_outcome *networks = job_outcomes(&point, &outcome.network_count);
    outcome.networks = networks;
    outcome.valid = point.valid;
    *ret = search_tell(measuring->loads.search, load, &outcome);
    if (outcome.kind == OUTCOME_VOID && load->use == LOAD_POINT && !ret->again && ret->best) {
        log_warning("run", "%s", point.why_invalid);
    } else if (outcome.kind == OUTCOME_VOID) {
        log_note("trial", "%s", point.why_invalid);
    }
    if (ret->best) {
        point_clear(best);
        *best = point;
        point = (struct point){0};
    }
    best->attempts = ret->attempts;
    stability_mark(&measuring->keeper, load->place, best);
    return 0;
}

// Ends the run after too many disturbed points in a row: its figures would be of no use.
static int note_disturbance(struct measuring *measuring, const struct point *point,
                            struct error *err)
{
    const struct job *job = measuring->state->job;
    measuring->disturbed = point_was_disturbed(point) ? measuring->disturbed + 1 : 0;
    if (job->most_disturbed == 0 || measuring->disturbed < job->most_disturbed) {
        return 0;
    }
    return fail(err, 0,
                "%u points in a row were disturbed, the last one because: %s; the points are saved "
                "in %s, and --resume --redo disturbed continues on a quieter machine",
                measuring->disturbed, point->why_invalid, job->folder);
}

// Number of points that this part of a run measures, as far as it is known.
static size_t points_left(const struct measuring *measuring)
{
    size_t all = sweep_points(measuring->loads.search);
    return all > measuring->before ? all - measuring->before : 0;
}

static int measure_loads(struct measuring *measuring, struct error *err)
{
    struct job_state *state = measuring->state;
    _cleanup_point_ struct point best = {0};
    struct load load;
    struct advice advice = {0};
    while (search_next(measuring->loads.search, &load)) {
        int rc = stop_requested() ? fail_interrupted(err)
                                  : job_loads_note(&measuring->loads, state, err);
        if (rc < 0 || (rc = keeper_open(&measuring->keeper, load.place, err)) < 0) {
            return rc;
        }
        progress_set_total(points_left(measuring));
        label_load(measuring, &load);
        if (load.use == LOAD_POINT && !advice.again) {
            rc = pause_before_point(state->job, err);
        }
        if (rc < 0 || (rc = try_load(measuring, &load, &best, &advice, err)) < 0) {
            return rc;
        }
        if (advice.again) {
            continue;
        }
        if (load.use == LOAD_POINT && (rc = keep_point(state, &best, err)) == 0) {
            rc = note_disturbance(measuring, &state->points.items[state->points.count - 1], err);
        }
        point_clear(&best);
        if (rc < 0) {
            return rc;
        }
    }
    if (!sweep_is_unstable(measuring->loads.search)) {
        return 0;
    }
    return fail(err, 0,
                "this machine loses packets at a low load even between two directly joined "
                "interfaces: it cannot give valid measurements now: %s; --no-stability-check "
                "measures all the same",
                measuring->keeper.unstable[measuring->keeper.place]);
}

static int run_loads(struct measuring *measuring, struct error *err)
{
    int rc = measure_loads(measuring, err);
    int closed = keeper_close(&measuring->keeper, rc < 0 ? NULL : err);
    rc = rc < 0 ? rc : closed;
    if (rc < 0 && rc != -EINTR) {
        error_context(err, "%s",
                      topology_name(keeper_topology(&measuring->keeper, measuring->keeper.place)));
    }
    return rc;
}

int run_measure(struct job_state *state, struct error *err)
{
    struct measuring measuring = {
        .state = state, .keeper = {.state = state}, .before = state->points.count};
    job_loads_make(state, &measuring.loads);
    progress_start(stderr, points_left(&measuring));
    log_set_interruption(progress_interrupt, progress_resume);
    int rc = run_loads(&measuring, err);
    progress_finish();
    log_set_interruption(NULL, NULL);
    state->planned = sweep_points(measuring.loads.search); // more exact once all loads are found
    job_loads_clear(&measuring.loads);
    stability_clear(&measuring.keeper);
    return rc;
}
