// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_list — `vrbench list`: hosts and routers of all testbeds on this machine, or the machines
// of a libvirt URI.
#include <stdio.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/foreign_cli.h"
#include "linux/cpu.h"
#include "linux/rights.h"
#include "report/writer.h"
#include "testbed/standing.h"

struct list_values {
    bool json;
    const char *platform;
};

static const struct option_row list_options[] = {
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct list_values, json),
     .help = "print a JSON array"},
    PLATFORM_OPTION(list_values),
    OPTIONS_END,
};

enum {
    TESTBED,
    TOPOLOGY,
    PLATFORM,
    NAME,
    ID,
    STATE,
    MEMORY,
    CPUS,
    CPU_SECONDS,
    WEIGHT,
    CAP,
    LINKS,
    RESTARTS,
    OUTAGE,
    CONVERGENCE,
    COLUMN_COUNT
};

static const struct column list_columns[] = {
    [TESTBED] = {"testbed", "Testbed", COLUMN_TEXT, 0},
    [TOPOLOGY] = {"topology", "Topology", COLUMN_CONTEXT, 0},
    [PLATFORM] = {"platform", "Platform", COLUMN_CONTEXT, 0},
    [NAME] = {"name", "Name", COLUMN_TEXT, 0},
    [ID] = {"id", "ID", COLUMN_INTEGER, 0},
    [STATE] = {"state", "State", COLUMN_TEXT, 0},
    [MEMORY] = {"memory_bytes", "Memory B", COLUMN_INTEGER, 0},
    [CPUS] = {"cpus", "CPUs", COLUMN_TEXT, 0},
    [CPU_SECONDS] = {"cpu_seconds", "CPU(s)", COLUMN_REAL, 1},
    [WEIGHT] = {"weight", "Weight", COLUMN_INTEGER, 0},
    [CAP] = {"cap_percent", "Cap %", COLUMN_INTEGER, 0},
    [LINKS] = {"dedicated_links", "Links", COLUMN_CONTEXT, 0},
    [RESTARTS] = {"restarts", "Restarts", COLUMN_INTEGER, 0},
    [OUTAGE] = {"last_outage_ms", "Outage ms", COLUMN_REAL, 1},
    [CONVERGENCE] = {"convergence_ms", "Routes ms", COLUMN_REAL, 1},
};

static int list_testbed(const struct testbed *testbed, struct writer *writer, struct error *err)
{
    const struct plan *plan = testbed_plan(testbed);
    const struct testbed_party *parties = NULL;
    size_t count = testbed_parties(testbed, &parties);
    char cpus[128];
    int rc = 0;
    cpu_list_text(&plan->dut_cpus, cpus, sizeof cpus);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct party_info info;
        if (parties[i].kind == PARTY_TESTER) {
            continue;
        }
        testbed_party_info(testbed, i, &info);
        bool router = parties[i].kind == PARTY_ROUTER;
        struct value row[COLUMN_COUNT] = {
            [TESTBED] = VALUE_TEXT(testbed_name(testbed)),
            [TOPOLOGY] = VALUE_TEXT(topology_name(plan->topology)),
            [PLATFORM] = VALUE_TEXT(info.platform),
            [NAME] = VALUE_TEXT(info.name),
            [ID] = VALUE_INTEGER(info.id),
            [STATE] = VALUE_TEXT(router_state_name(info.state)),
            [MEMORY] = info.memory_bytes == 0 ? VALUE_ABSENT : VALUE_INTEGER(info.memory_bytes),
            [CPUS] = VALUE_TEXT(cpus),
            [CPU_SECONDS] = VALUE_REAL((double)info.cpu_ns / (double)NS_PER_S),
            [WEIGHT] = info.allocation_known ? VALUE_INTEGER(info.allocation.weight) : VALUE_ABSENT,
            [CAP] = info.allocation_known ? VALUE_INTEGER(info.allocation.cap) : VALUE_ABSENT,
            [LINKS] = info.links == NULL ? VALUE_ABSENT : VALUE_TEXT(info.links),
            [RESTARTS] = router ? VALUE_INTEGER(info.restarts) : VALUE_ABSENT,
            [OUTAGE] = info.outage_ns == 0 ? VALUE_ABSENT
                                           : VALUE_REAL((double)info.outage_ns / (double)NS_PER_MS),
            [CONVERGENCE] = info.convergence_ns == 0
                                ? VALUE_ABSENT
                                : VALUE_REAL((double)info.convergence_ns / (double)NS_PER_MS),
        };
        rc = writer_row(writer, row, err);
        party_info_clear(&info);
    }
    return rc;
}

static int list_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct list_values *asked = values;
    struct standing standing = {0};
    if (operands->count > 0) {
        return fail_input(err, "list takes no operands");
    }
    if (asked->platform != NULL) {
        return foreign_cli_list(asked->platform, asked->json, err);
    }
    int rc = rights_check(err);
    if (rc == 0) {
        rc = standing_list(&standing, err);
    }
    if (rc < 0) {
        return rc;
    }
    struct writer *writer = asked->json ? writer_json(stdout, list_columns, COLUMN_COUNT)
                                        : writer_table(stdout, list_columns, COLUMN_COUNT, 0,
                                                       isatty(STDOUT_FILENO) != 0);
    bool empty = standing.count == 0 && !asked->json;
    if (standing.passed_over != NULL) {
        log_warning("list", "one is left out: %s", standing.passed_over);
    }
    for (size_t i = 0; rc == 0 && i < standing.count; i++) {
        const struct testbed *testbed = standing.items[i];
        rc = list_testbed(testbed, writer, err);
        if (testbed_is_kept(testbed) && !testbed_is_watched(testbed)) {
            log_warning("list",
                        "nobody watches over testbed %s (its keeper was killed): routers "
                        "that die stay dead until the next command that changes something",
                        testbed_name(testbed));
        }
    }
    if (empty && standing.passed_over == NULL) {
        printf("no testbed stands\n");
    } else if (!empty && rc == 0) {
        rc = writer_finish(writer, err);
    }
    writer_free(writer);
    standing_clear(&standing);
    return rc;
}

const struct command command_list = {
    .name = "list",
    .operands = "",
    .summary = "Show the routers of all testbeds",
    .details =
        "One row for each router of each testbed, and for each host (id 0). CPU(s) is the\n"
        "CPU time used since the router was made; cap 0 means none, and an empty one that what\n"
        "holds it doesn't tell (vrbench cpu says why). Routes ms is the time that a\n"
        "routing daemon took to learn its routes, where a router has one. With --platform the\n"
        "machines of Xen or of a libvirt URI, whoever made them; what can't be told\n"
        "of them is left out.",
    .options = list_options,
    .values_size = sizeof(struct list_values),
    .run = list_run,
};
