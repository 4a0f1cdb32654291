// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_cpu — `vrbench cpu`: shows and sets the CPU allocation of hosts and routers, like
// xl sched-credit.
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/foreign_cli.h"
#include "linux/rights.h"
#include "owner/client.h"
#include "report/writer.h"

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
     .help = "share under contention, 1 to 65535 (usual: 256)",
     .min = 1,
     .max = SCENARIO_WEIGHT_MAX},
    {.name = "cap",
     .letter = 'c',
     .type = OPTION_TEXT,
     .offset = offsetof(struct cpu_values, cap),
     .argument = "PERCENT",
     .help = "upper limit in percent of one CPU; 0 removes it"},
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

static int show_row(struct writer *writer, const json_t *allocation, struct error *err)
{
    json_int_t weight = json_integer_value(json_object_get(allocation, "weight"));
    json_int_t cap = json_integer_value(json_object_get(allocation, "cap"));
    const char *way = json_string_value(json_object_get(allocation, "way"));
    const struct value row[COLUMN_COUNT] = {
        [TESTBED] = VALUE_TEXT(json_string_value(json_object_get(allocation, "testbed"))),
        [NAME] = VALUE_TEXT(json_string_value(json_object_get(allocation, "name"))),
        [CPUS] = VALUE_TEXT(json_string_value(json_object_get(allocation, "cpus"))),
        [WEIGHT] = VALUE_INTEGER((uint64_t)weight),
        [CAP] = VALUE_INTEGER((uint64_t)cap),
        [WAY] = cap == 0 || way == NULL ? VALUE_ABSENT : VALUE_TEXT(way),
    };
    return writer_row(writer, row, err);
}

// Prints allocations that the owner read back.
static int show(const struct cpu_values *asked, const json_t *allocations, struct error *err)
{
    if (json_array_size(allocations) == 0 && !asked->json) {
        printf("no testbeds\n");
        return 0;
    }
    struct writer *writer = asked->json ? writer_json(stdout, cpu_columns, COLUMN_COUNT)
                                        : writer_table(stdout, cpu_columns, COLUMN_COUNT, 0,
                                                       isatty(STDOUT_FILENO) != 0);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < json_array_size(allocations); i++) {
        rc = show_row(writer, json_array_get(allocations, i), err);
    }
    rc = rc < 0 ? rc : writer_finish(writer, err);
    writer_free(writer);
    return rc;
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

// Sets and shows the allocation of one party.
static int one(const struct cpu_values *asked, const char *called, struct error *err)
{
    json_t *request = owner_request("cpu");
    json_t *answer = NULL;
    json_object_set_new(request, "router", json_string(called));
    if (asked->weight != 0) {
        json_object_set_new(request, "weight", json_integer((json_int_t)asked->weight));
    }
    if (asked->cap != NULL) {
        unsigned cap = 0;
        int rc = parse_cap(asked, &cap, err);
        if (rc < 0) {
            json_decref(request);
            return rc;
        }
        json_object_set_new(request, "cap", json_integer(cap));
    }
    int rc = owner_call(request, &answer, err);
    if (rc == 0) {
        json_t *list = json_pack("[O]", json_object_get(answer, "allocation"));
        rc = show(asked, list, err);
        json_decref(list);
        json_decref(answer);
    }
    return rc;
}

// Shows the last allocation that was set for each party.
static int all(const struct cpu_values *asked, struct error *err)
{
    _cleanup_sample_ struct sample sample = {0};
    int rc = owner_sample(NULL, false, &sample, err);
    if (rc < 0) {
        return rc;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < sample.count; i++) {
        const struct sample_party *party = &sample.parties[i];
        json_t *way = party->cap_way == NULL ? json_null() : json_string(party->cap_way);
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:i, s:i, s:o}", "testbed", party->testbed,
                                        "name", party->name, "cpus", party->cpus_text, "weight",
                                        (int)party->allocation.weight, "cap",
                                        (int)party->allocation.cap, "way", way));
    }
    rc = show(asked, list, err);
    json_decref(list);
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
    if (operands->count > 1) {
        return fail_input(err, "cpu takes one router, or none to show all");
    }
    if (operands->count == 0 && (asked->weight != 0 || asked->cap != NULL)) {
        return fail_input(err, "--weight and --cap require a router or host");
    }
    if (asked->platform != NULL) {
        return foreign(asked, operands->count == 0 ? NULL : operands->items[0], err);
    }
    int rc = rights_check(err);
    if (rc == 0 && operands->count == 1) {
        return one(asked, operands->items[0], err);
    }
    return rc < 0 ? rc : all(asked, err);
}

const struct command command_cpu = {
    .name = "cpu",
    .operands = "[ROUTER]",
    .summary = "Show or set CPU allocation",
    .details = "ROUTER is a router's name or host, with the prefix TESTBED/ if several testbeds\n"
               "contain that name. The values shown are read back from the kernel. A cap also\n"
               "limits a router while the CPU is idle; a cap above 100 spans several CPUs. With\n"
               "--platform, ROUTER is any machine of Xen or of a libvirt URI, by name, UUID or\n"
               "id; the change lasts until the machine is shut down.",
    .examples = COMMAND_EXAMPLES({"cpu r1t3 --cap 30", "limit a router to 30 % of one CPU"},
                                 {"cpu", "all weights and caps"}),
    .options = cpu_options,
    .values_size = sizeof(struct cpu_values),
    .run = cpu_run,
};
