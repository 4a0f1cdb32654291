// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bench/bench_simulated — what control/simulator expects of a profile that bench/control.py
 * measures, so that measurements validate the simulator.
 *
 *     bench_simulated SECONDS
 *
 * Standard input has a line for each router: cost of a packet in ns, rate of its contract in
 * packets/s, loss ratio that the contract allows, and knots SECOND PPS of its load. Prints a JSON
 * object: policy → seconds in which contracts are broken, all contracts together.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "control/simulator.h"

#define CPU      100.0 // percent: routers share one
#define READ_S   0.05  // between the controller's readings, its usual
#define POLICIES 5U

static int router_read(char *line, struct sim_case *of, struct error *err)
{
    char *rest = NULL;
    const size_t number = of->routers;
    const char *cost = strtok_r(line, " \n", &rest);
    const char *rate = strtok_r(NULL, " \n", &rest);
    const char *loss = strtok_r(NULL, " \n", &rest);
    if (number >= SIM_ROUTERS || loss == NULL) {
        return fail_input(err, "a router is a line: COST RATE LOSS SECOND PPS …, of %d at most",
                          SIM_ROUTERS);
    }
    struct sim_load *load = &of->loads[number];
    of->cost_ns[number] = strtod(cost, NULL);
    of->contracts[number] = (struct control_contract){
        .pps = strtod(rate, NULL), .loss = strtod(loss, NULL), .price = 1.0};
    for (const char *word; load->knots < SIM_KNOTS && (word = strtok_r(NULL, " \n", &rest));) {
        const char *pps = strtok_r(NULL, " \n", &rest);
        load->at_s[load->knots] = strtod(word, NULL);
        load->pps[load->knots++] = pps == NULL ? 0.0 : strtod(pps, NULL);
    }
    of->routers++;
    return 0;
}

static void simulate(const struct sim_case *of)
{
    static const struct control_policy *const policies[POLICIES] = {
        &control_policy_contract, &control_policy_static, &control_policy_peak,
        &control_policy_rate_cost, &control_policy_oracle};
    for (size_t p = 0; p < POLICIES; p++) {
        struct sim_outcome outcome;
        sim_run(of, policies[p], &outcome);
        printf("%s\"%s\": %.1f", p == 0 ? "{" : ", ", policies[p]->name, outcome.violated_s);
    }
    puts("}");
}

int main(int argc, char **argv)
{
    _cleanup_error_ struct error err = ERROR_INIT;
    _cleanup_free_ char *line = NULL;
    size_t room = 0;
    if (argc != 2) {
        fputs("usage: bench_simulated SECONDS\n", stderr);
        return EXIT_INPUT;
    }
    struct sim_case of = {.seconds = strtod(argv[1], NULL),
                          .cpu = CPU,
                          .every_s = READ_S,
                          .dies = SIZE_MAX,
                          .stands = SIZE_MAX};
    while (getline(&line, &room, stdin) > 0) {
        if (router_read(line, &of, &err) < 0) {
            fprintf(stderr, "bench_simulated: %s\n", err.text);
            return err.exit_status;
        }
    }
    simulate(&of);
    return 0;
}
