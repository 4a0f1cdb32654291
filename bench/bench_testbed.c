// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bench/bench_testbed — measures the time to build N one-router bridged labs, each a testbed,
 * several at the same time, and to take them down: until they are let go (`let_go_s`), until none
 * of their processes and threads is left (`down_s`; names, control groups and records went before),
 * and until the kernel has also freed the bridges, which nothing can reach any more (`freed_s`).
 * All three are counted from the start of taking down. Prints one JSON object. Called by bench/run.
 *
 *     bench_testbed N
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "await_kernel.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/thread.h"
#include "scenario/scenario.h"
#include "testbed/testbed.h"

#define BUILT_AT_ONCE 8U // as `vrbench up` with several scenarios

static const char lab_text[] = "name: lab\n"
                               "topologies: [bridged]\n"
                               "routers: { r1: {} }\n"
                               "networks: { NET0: { router: r1 } }\n"
                               "traffic: { lengths: [64], rates: { pps: [1000] } }\n";

struct building {
    const struct scenario *scenario;
    struct cpu_list usable;
    struct testbed **labs;
    struct error *errors; // one of each lab
};

// The labs outlive this process as those of `vrbench up` do: otherwise a router would end with the
// thread that made it.
static void build_one(void *context, size_t i)
{
    struct building *building = context;
    struct error *err = &building->errors[i];
    struct plan *plan = NULL;
    if (plan_make(building->scenario, TOPOLOGY_BRIDGED, &building->usable, &plan, err) == 0) {
        (void)testbed_up(plan, true, &building->labs[i], err);
    }
}

// Returns the number of labs in `labs`, which are the first ones, in *ret_built.
static int build_all(const struct scenario *scenario, struct testbed **labs, size_t count,
                     size_t *ret_built, struct error *err)
{
    struct building building = {
        .scenario = scenario, .labs = labs, .errors = memory_new_array(struct error, count)};
    int rc = cpu_list_usable(&building.usable, err);
    if (rc == 0) {
        thread_each(count, BUILT_AT_ONCE, build_one, &building);
    }
    for (size_t i = 0; i < count; i++) {
        if (labs[i] != NULL) {
            labs[(*ret_built)++] = labs[i];
        } else if (rc == 0) {
            rc = -EIO;
            error_move(err, &building.errors[i]);
        }
        error_clear(&building.errors[i]);
    }
    free(building.errors);
    return rc;
}

int main(int argc, char **argv)
{
    size_t count = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    if (count == 0 || count > 1000) {
        fprintf(stderr, "usage: bench_testbed N (1 to 1000)\n");
        return EXIT_INPUT;
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    _cleanup_error_ struct error err = ERROR_INIT;
    _cleanup_scenario_ struct scenario *scenario = NULL;
    struct scenario_problems problems = {0};
    if (scenario_parse(lab_text, sizeof lab_text - 1, 2, &scenario, &problems) < 0) {
        fprintf(stderr, "bench_testbed: %s\n", problems.items[0].text);
        return EXIT_FAILED;
    }
    scenario_problems_clear(&problems);
    struct testbed **labs = memory_new_array(struct testbed *, count);
    size_t built = 0;
    uint64_t start = clock_monotonic_ns();
    int rc = build_all(scenario, labs, count, &built, &err);
    uint64_t up = clock_monotonic_ns();
    struct testbed_leftovers *leftovers = NULL;
    int down_rc = testbed_down(labs, built, &leftovers, rc < 0 ? NULL : &err);
    uint64_t down = clock_monotonic_ns();
    int gone_rc = testbed_await_leftovers(leftovers, rc < 0 || down_rc < 0 ? NULL : &err);
    uint64_t gone = clock_monotonic_ns();
    int freed_rc = await_kernel(rc < 0 || down_rc < 0 || gone_rc < 0 ? NULL : &err);
    uint64_t freed = clock_monotonic_ns();
    free(labs);
    if (rc < 0 || down_rc < 0 || gone_rc < 0 || freed_rc < 0) {
        fprintf(stderr, "bench_testbed: %s\n", err.text);
        return EXIT_FAILED;
    }
    printf("{\"labs\": %zu, \"up_s\": %.4f, \"let_go_s\": %.4f, \"down_s\": %.4f, "
           "\"freed_s\": %.4f}\n",
           count, (double)(up - start) / (double)NS_PER_S, (double)(down - up) / (double)NS_PER_S,
           (double)(gone - up) / (double)NS_PER_S, (double)(freed - up) / (double)NS_PER_S);
    return 0;
}
