// SPDX-License-Identifier: GPL-3.0-or-later
// study/controlled — see controlled.h.
#include "study/controlled.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "linux/child.h"
#include "linux/cpu.h"
#include "owner/build.h"
#include "owner/client.h"
#include "owner/loan.h"
#include "run/run.h"

#define PROGRAM        "/proc/self/exe"
#define BEGINS_NS      (10U * NS_PER_S) // within which a controller takes a testbed
#define BEGINS_LOOK_NS (100U * NS_PER_MS)

static int standing_up(const struct scenario *scenario, struct error *err)
{
    struct cpu_list usable;
    int rc = cpu_list_usable(&usable, err);
    if (rc < 0) {
        return rc;
    }
    return owner_call(
        build_request(owner_request("up"), scenario, scenario->topologies[0], &usable), NULL, err);
}

static int standing_down(const char *name, struct error *err)
{
    json_t *request = owner_request("down");
    json_object_set_new(request, "name", json_string(name));
    return owner_call(request, NULL, err);
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
    int rc = standing_up(job->scenario, err);
    if (rc < 0) {
        return rc;
    }
    rc = child_start(&spec, &controller, err);
    rc = rc < 0 ? rc : controller_await(&controller, testbed, err);
    rc = rc < 0 ? rc : measure(job, points, err);
    child_end(&controller);
    int down = standing_down(testbed, rc < 0 ? NULL : err);
    return rc < 0 ? rc : down;
}
