// SPDX-License-Identifier: GPL-3.0-or-later
// study/controlled — see controlled.h.
#include "study/controlled.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "linux/child.h"
#include "linux/cpu.h"
#include "owner/build.h"
#include "owner/client.h"
#include "owner/loan.h"
#include "owner/recorded.h"
#include "run/run.h"

#define PROGRAM        "/proc/self/exe"
#define BEGINS_NS      (10U * NS_PER_S) // within which a controller takes a testbed
#define BEGINS_LOOK_NS (100U * NS_PER_MS)

static int standing_up(const struct scenario *scenario, const char *made_for, struct error *err)
{
    struct cpu_list usable;
    int rc = cpu_list_usable(&usable, err);
    if (rc < 0) {
        return rc;
    }
    json_t *request =
        build_request(owner_request("up"), scenario, scenario->topologies[0], &usable);
    json_object_set_new(request, BUILD_MADE_FOR, json_string(made_for));
    return owner_call(request, NULL, err);
}

static int standing_down(const char *name, struct error *err)
{
    json_t *request = owner_request("down");
    json_object_set_new(request, "name", json_string(name));
    return owner_call(request, NULL, err);
}

struct left_over {
    const char *made_for;
    char *id; // NULL = none
};

static void look_for_left_over(const struct recorded *testbed, void *context)
{
    struct left_over *left = context;
    const char *made_for = json_string_value(json_object_get(testbed->content, BUILD_MADE_FOR));
    if (left->id == NULL && text_equal(made_for, left->made_for)) {
        left->id = text_copy(testbed->id);
    }
}

// Takes down the testbed that a killed process built for that file.
static int left_over_down(const char *made_for, struct error *err)
{
    struct left_over left = {.made_for = made_for};
    int rc = recorded_each(look_for_left_over, &left, err);
    if (rc == 0 && left.id != NULL) {
        log_note("study", "taking down testbed %s, which a killed run left behind", left.id);
        rc = standing_down(left.id, err);
    }
    free(left.id);
    return rc;
}

// Whether a controller reports the state of contracts.
static bool is_controlled(const char *testbed)
{
    struct sample sample = {.parties = NULL};
    bool found = false;
    if (owner_sample(testbed, false, &sample, NULL) == 0) {
        for (size_t i = 0; i < sample.count; i++) {
            found |= sample.parties[i].contract != NULL;
        }
    }
    sample_clear(&sample);
    return found;
}

static int controller_await(struct child *controller, const char *testbed, struct error *err)
{
    const uint64_t until_ns = clock_monotonic_ns() + BEGINS_NS;
    struct child *const children[] = {controller};
    while (!is_controlled(testbed)) {
        const uint64_t now_ns = clock_monotonic_ns();
        int rc = child_wait(children, 1, now_ns + BEGINS_LOOK_NS, err);
        if (rc < 0) {
            return rc;
        }
        if (controller->ended || now_ns > until_ns) {
            return fail(err, 0, "vrbench control did not begin: %.300s", controller->err.text);
        }
    }
    return 0;
}

static int measure(const struct job *job, struct point_list *points, struct error *err)
{
    struct job with = *job;
    int rc = loan_take(job->scenario->name, NULL, true, &with.loan, err);
    if (rc < 0) {
        return rc;
    }
    rc = loan_measure(with.loan, job->scenario, SIZE_MAX, err);
    rc = rc < 0 ? rc : job_run(&with, points, NULL, err);
    loan_return(with.loan);
    return rc;
}

int controlled_run(const struct job *job, const char *contracts, struct point_list *points,
                   struct error *err)
{
    const char *testbed = job->scenario->name;
    const char *const argv[] = {"vrbench", "control", contracts, "--testbed", testbed, NULL};
    const struct child_spec spec = {.path = PROGRAM, .argv = argv};
    struct child controller = CHILD_INIT;
    char made_for[PATH_MAX];
    if (realpath(contracts, made_for) == NULL) {
        return fail(err, errno, "%s", contracts);
    }
    int rc = left_over_down(made_for, err);
    rc = rc < 0 ? rc : standing_up(job->scenario, made_for, err);
    if (rc < 0) {
        return rc;
    }
    rc = child_start(&spec, &controller, err);
    rc = rc < 0 ? rc : controller_await(&controller, testbed, err);
    rc = rc < 0 ? rc : measure(job, points, err);
    child_end(&controller);
    // A stop ends the run, not the wait for the testbed's end.
    struct stop_flag none;
    stop_flag_init(&none);
    stop_use(&none);
    int down = standing_down(testbed, rc < 0 ? NULL : err);
    stop_use(NULL);
    stop_flag_clear(&none);
    return rc < 0 ? rc : down;
}
