// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests/net/allocation — sets CPU allocations of a standing testbed and reads them back.
 *
 *     allocation SCENARIO [PARTY:WEIGHT:CAP ...]
 *
 * Builds the scenario's dedicated topology, prints "NAME WEIGHT CAP" of each party as the kernel
 * has it, then for each argument sets that and prints the party again, or "refused STATUS: TEXT";
 * waits for the end of its input and takes the testbed down.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "linux/cpu.h"
#include "machine/catalogue.h"
#include "scenario/scenario.h"
#include "testbed/testbed.h"

static int show(const struct testbed *testbed, size_t party, struct error *err)
{
    const struct testbed_party *parties = NULL;
    struct allocation allocation;
    testbed_parties(testbed, &parties);
    int rc = testbed_get_allocation(testbed, party, &allocation, err);
    if (rc == 0) {
        printf("%s %u %u\n", parties[party].name, allocation.weight, allocation.cap);
    }
    return rc;
}

static int set(struct testbed *testbed, const char *text, struct error *err)
{
    char *at = NULL;
    size_t party = strtoul(text, &at, 10);
    struct allocation allocation = {.weight = (unsigned)strtoul(at + 1, &at, 10)};
    allocation.cap = (unsigned)strtoul(at + 1, NULL, 10);
    int rc = testbed_set_allocation(testbed, party, &allocation, err);
    if (rc < 0) {
        printf("refused %d: %s\n", err->exit_status, err->text);
        error_clear(err);
        return 0;
    }
    return show(testbed, party, err);
}

static int run(const char *file, char **wishes, struct error *err)
{
    struct cpu_list usable;
    _cleanup_scenario_ struct scenario *scenario = NULL;
    struct plan *plan = NULL;
    struct testbed *testbed = NULL;
    int rc = cpu_list_usable(&usable, err);
    if (rc == 0) {
        rc = scenario_read(file, (unsigned)usable.count, &scenario, err);
    }
    if (rc == 0) {
        rc = plan_make(scenario, TOPOLOGY_DEDICATED, &usable, &plan, err);
    }
    if (rc == 0) {
        rc = testbed_up(plan, false, &testbed, err);
    }
    if (rc < 0) {
        return rc;
    }
    for (size_t i = 0; rc == 0 && i <= scenario->router_count; i++) {
        rc = show(testbed, i, err);
    }
    for (; rc == 0 && *wishes != NULL; wishes++) {
        rc = set(testbed, *wishes, err);
    }
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    int down = testbed_down(&testbed, 1, NULL, rc < 0 ? NULL : err);
    return rc < 0 ? rc : down;
}

int main(int argc, char **argv)
{
    catalogue_use(&machine_catalogue);
    _cleanup_error_ struct error err = ERROR_INIT;
    if (argc < 2) {
        fprintf(stderr, "usage: allocation SCENARIO [PARTY:WEIGHT:CAP ...]\n");
        return EXIT_INPUT;
    }
    if (run(argv[1], argv + 2, &err) < 0) {
        fprintf(stderr, "allocation: %s\n", err.text);
        return err.exit_status;
    }
    return 0;
}
