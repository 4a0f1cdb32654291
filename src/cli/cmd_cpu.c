// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_cpu — `vrbench cpu`: shows and sets the CPU allocation of hosts and routers, as
// sched-credit did.
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/foreign_cli.h"
#include "linux/cpu.h"
#include "linux/rights.h"
#include "report/writer.h"
#include "testbed/standing.h"

struct cpu_values {
    bool json;
    uint64_t weight; // 0 = not given
    const char *cap; // NULL = not given
    const char *platform;
};

static const struct option_row cpu_options[] = {
    {.name = "weight",
     .letter = 'w',
     .type = OPTION_INTEGER,
     .offset = offsetof(struct cpu_values, weight),
     .argument = "W",
     .help = "share under contention, 1 to 65535 (256 is usual)",
     .min = 1,
     .max = SCENARIO_WEIGHT_MAX},
    {.name = "cap",
     .letter = 'c',
     .type = OPTION_TEXT,
     .offset = offsetof(struct cpu_values, cap),
     .argument = "PERCENT",
     .help = "upper bound in percent of one CPU, 0 for none"},
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct cpu_values, json),
     .help = "print a JSON array"},
    PLATFORM_OPTION(cpu_values),
    OPTIONS_END,
};

enum { TESTBED, NAME, CPUS, WEIGHT, CAP, WAY, COLUMN_COUNT };

static const struct column cpu_columns[] = {
    [TESTBED] = {"testbed", "Testbed", COLUMN_TEXT, 0},
    [NAME] = {"name", "Name", COLUMN_TEXT, 0},
    [CPUS] = {"cpus", "CPUs", COLUMN_TEXT, 0},
    [WEIGHT] = {"weight", "Weight", COLUMN_INTEGER, 0},
    [CAP] = {"cap_percent", "Cap %", COLUMN_INTEGER, 0},
    [WAY] = {"cap_held_by", "Held by", COLUMN_TEXT, 0},
};

static int show_party(const struct testbed *testbed, size_t party, struct writer *writer,
                      struct error *err)
{
    struct party_info info;
    char cpus[128];
    testbed_party_info(testbed, party, &info);
    int rc =
        info.allocation_known ? 0 : testbed_get_allocation(testbed, party, &info.allocation, err);
    cpu_list_text(&testbed_plan(testbed)->dut_cpus, cpus, sizeof cpus);
    struct value row[COLUMN_COUNT] = {
        [TESTBED] = VALUE_TEXT(testbed_name(testbed)),
        [NAME] = VALUE_TEXT(info.name),
        [CPUS] = VALUE_TEXT(cpus),
        [WEIGHT] = VALUE_INTEGER(info.allocation.weight),
        [CAP] = VALUE_INTEGER(info.allocation.cap),
        [WAY] = info.allocation.cap == 0 ? VALUE_ABSENT : VALUE_TEXT(testbed_cap_way(testbed)),
    };
    rc = rc < 0 ? rc : writer_row(writer, row, err);
    party_info_clear(&info);
    return rc;
}

// All parties, or one of one testbed.
static int show(const struct cpu_values *asked, const struct standing *standing, const char *only,
                struct error *err)
{
    struct writer *writer = asked->json ? writer_json(stdout, cpu_columns, COLUMN_COUNT)
                                        : writer_table(stdout, cpu_columns, COLUMN_COUNT, 0,
                                                       isatty(STDOUT_FILENO) != 0);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < standing->count; i++) {
        const struct testbed_party *parties = NULL;
        size_t count = testbed_parties(standing->items[i], &parties);
        for (size_t p = 0; rc == 0 && p < count; p++) {
            if (parties[p].kind != PARTY_TESTER &&
                (only == NULL || text_equal(parties[p].name, only))) {
                rc = show_party(standing->items[i], p, writer, err);
            }
        }
    }
    if (rc == 0 && standing->count == 0 && !asked->json) {
        printf("no testbed stands\n");
    } else if (rc == 0) {
        rc = writer_finish(writer, err);
    }
    writer_free(writer);
    return rc;
}

static size_t party_of(const struct testbed *testbed, const char *name)
{
    const struct testbed_party *parties = NULL;
    size_t count = testbed_parties(testbed, &parties);
    for (size_t i = 0; i < count; i++) {
        if (parties[i].kind != PARTY_TESTER && text_equal(parties[i].name, name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static int parse_cap(const struct cpu_values *asked, unsigned *ret, struct error *err)
{
    uint64_t cap = 0;
    int rc = parse_integer(asked->cap, 0, 100000, &cap, err);
    if (rc < 0) {
        error_context(err, "--cap");
        return rc;
    }
    *ret = (unsigned)cap;
    return 0;
}

static int set(const struct cpu_values *asked, const struct standing_node *node, const char *called,
               struct error *err)
{
    const char *name = testbed_plan(node->testbed)->nodes[node->node].name;
    size_t party = party_of(node->testbed, name);
    struct allocation allocation;
    if (party == SIZE_MAX) {
        return fail_input(err, "%s has no CPU allocation: it is the tester's", called);
    }
    int rc = testbed_get_allocation(node->testbed, party, &allocation, err);
    if (rc == 0 && asked->cap != NULL) {
        rc = parse_cap(asked, &allocation.cap, err);
    }
    if (rc == 0 && asked->weight != 0) {
        allocation.weight = (unsigned)asked->weight;
    }
    return rc == 0 ? testbed_set_allocation(node->testbed, party, &allocation, err) : rc;
}

static int one(const struct cpu_values *asked, const char *called, struct error *err)
{
    bool change = asked->weight != 0 || asked->cap != NULL;
    struct standing_node node = {.lock = -1};
    int rc = standing_find(called, change, &node, err);
    if (rc == 0 && change) {
        rc = set(asked, &node, called, err);
    }
    if (rc == 0) {
        struct standing only = {.items = &node.testbed, .count = 1};
        rc = show(asked, &only, testbed_plan(node.testbed)->nodes[node.node].name, err);
    }
    standing_release(&node);
    return rc;
}

static int foreign(const struct cpu_values *asked, const char *called, struct error *err)
{
    unsigned cap = 0;
    int rc = asked->cap == NULL ? 0 : parse_cap(asked, &cap, err);
    return rc < 0 ? rc
                  : foreign_cli_cpu(asked->platform, called, (unsigned)asked->weight,
                                    asked->cap == NULL ? NULL : &cap, asked->json, err);
}

static int cpu_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct cpu_values *asked = values;
    struct standing standing = {0};
    if (operands->count > 1) {
        return fail_input(err, "cpu takes one router, or none to show all");
    }
    if (operands->count == 0 && (asked->weight != 0 || asked->cap != NULL)) {
        return fail_input(err, "whose weight or cap? Name a router, or host");
    }
    if (asked->platform != NULL) {
        return foreign(asked, operands->count == 0 ? NULL : operands->items[0], err);
    }
    int rc = rights_check(err);
    if (rc == 0 && operands->count == 1) {
        return one(asked, operands->items[0], err);
    }
    if (rc == 0) {
        rc = standing_list(&standing, err);
    }
    if (rc == 0) {
        rc = show(asked, &standing, NULL, err);
    }
    standing_clear(&standing);
    return rc;
}

const struct command command_cpu = {
    .name = "cpu",
    .operands = "[ROUTER]",
    .summary = "Show or set CPU allocation",
    .details = "ROUTER is a router's name or host, with TESTBED/ in front where several testbeds\n"
               "have one. What is shown is read back from the kernel. A cap holds even while the\n"
               "CPU is idle; above 100 it is for several CPUs. With --platform, ROUTER is any\n"
               "machine of Xen or of a libvirt URI, by name, UUID or id: a running one is changed "
               "in this life.",
    .options = cpu_options,
    .values_size = sizeof(struct cpu_values),
    .run = cpu_run,
};
