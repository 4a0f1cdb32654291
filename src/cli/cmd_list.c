// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_list — `vrbench list`: lists hosts and routers of all testbeds on this machine, or the
// machines of a libvirt URI.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/foreign_cli.h"
#include "cli/list_long.h"
#include "linux/rights.h"
#include "owner/client.h"
#include "report/writer.h"

#define STALE_NS (2U * NS_PER_S)

struct list_values {
    bool json, details;
    const char *platform, *testbed, *state;
};

static const struct option_row list_options[] = {
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct list_values, json),
     .help = "print a JSON array"},
    {.name = "long",
     .letter = 'l',
     .type = OPTION_FLAG,
     .offset = offsetof(struct list_values, details),
     .help = "show PID, uptime, owner and addresses"},
    {.name = "testbed",
     .type = OPTION_TEXT,
     .offset = offsetof(struct list_values, testbed),
     .argument = "TESTBED",
     .help = "only this testbed"},
    {.name = "state",
     .type = OPTION_TEXT,
     .offset = offsetof(struct list_values, state),
     .argument = "STATE",
     .help = "only routers that are running, crashed or destroyed",
     .words = "running crashed destroyed"},
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
    CONTRACT,
    MARGIN,
    LAST,
    COLUMN_COUNT
};

static const struct column list_columns[] = {
    [TESTBED] = {"testbed", "Testbed", COLUMN_TEXT, 0},
    [TOPOLOGY] = {"topology", "Topology", COLUMN_CONTEXT, 0},
    [PLATFORM] = {"platform", "Platform", COLUMN_CONTEXT, 0},
    [NAME] = {"name", "Name", COLUMN_TEXT, 0},
    [ID] = {"id", "ID", COLUMN_NUMBER, 0},
    [STATE] = {"state", "State", COLUMN_TEXT, 0},
    [MEMORY] = {"memory_bytes", "Memory B", COLUMN_INTEGER, 0},
    [CPUS] = {"cpus", "CPUs", COLUMN_TEXT, 0},
    [CPU_SECONDS] = {"cpu_seconds", "CPU sec", COLUMN_REAL, 1},
    [WEIGHT] = {"weight", "Weight", COLUMN_INTEGER, 0},
    [CAP] = {"cap_percent", "Cap %", COLUMN_INTEGER, 0},
    [LINKS] = {"dedicated_links", "Links", COLUMN_CONTEXT, 0},
    [RESTARTS] = {"restarts", "Restarts", COLUMN_INTEGER, 0},
    [OUTAGE] = {"last_outage_ms", "Outage ms", COLUMN_REAL, 1},
    [CONVERGENCE] = {"convergence_ms", "Routes ms", COLUMN_REAL, 1},
    [CONTRACT] = {"contract", "Contract", COLUMN_TEXT, 0},
    [MARGIN] = {"margin_percent", "Margin %", COLUMN_REAL, 1},
    [LAST] = {"last_action", "Last action", COLUMN_TEXT, 0},
};

static struct value value_ms(uint64_t ns)
{
    return ns == 0 ? VALUE_ABSENT : VALUE_REAL((double)ns / (double)NS_PER_MS);
}

// The table has columns of control if a testbed is controlled; reasons are too long for it.
// The columns that are shown, in order. The table leaves out the two times of routers if no
// router has any, and the columns of control if no testbed is controlled.
struct shown {
    size_t columns[COLUMN_COUNT];
    size_t count;
};

static struct shown choose_columns(const struct sample *sample, bool json)
{
    struct shown shown = {.count = 0};
    bool timed = json;
    for (size_t i = 0; i < sample->count; i++) {
        timed |= sample->parties[i].outage_ns > 0 || sample->parties[i].converge_ns > 0;
    }
    const size_t end = json ? COLUMN_COUNT : sample_is_controlled(sample) ? LAST : CONTRACT;
    for (size_t i = 0; i < end; i++) {
        if (timed || (i != OUTAGE && i != CONVERGENCE)) {
            shown.columns[shown.count++] = i;
        }
    }
    return shown;
}

static int list_party(const struct sample_party *party, const struct shown *shown,
                      struct writer *writer, bool json, struct error *err)
{
    _cleanup_free_ char *memory = text_bytes(party->memory_bytes);
    bool router = party->kind == PARTY_ROUTER;
    const struct value row[COLUMN_COUNT] = {
        [TESTBED] = VALUE_TEXT(party->testbed),
        [TOPOLOGY] = VALUE_TEXT(party->topology),
        [PLATFORM] = VALUE_TEXT(party->platform),
        [NAME] = VALUE_TEXT(party->name),
        [ID] = VALUE_INTEGER(party->id),
        [STATE] = VALUE_TEXT(router_state_name(party->state)),
        [MEMORY] = party->memory_bytes == 0 ? VALUE_ABSENT
                   : json                   ? VALUE_INTEGER(party->memory_bytes)
                                            : VALUE_TEXT(memory),
        [CPUS] = VALUE_TEXT(party->cpus_text),
        [CPU_SECONDS] = VALUE_REAL((double)party->cpu_ns / (double)NS_PER_S),
        [WEIGHT] = party->has_allocation ? VALUE_INTEGER(party->allocation.weight) : VALUE_ABSENT,
        [CAP] = party->has_allocation ? VALUE_INTEGER(party->allocation.cap) : VALUE_ABSENT,
        [LINKS] = party->links == NULL ? VALUE_ABSENT : VALUE_TEXT(party->links),
        [RESTARTS] = router ? VALUE_INTEGER(party->restarts) : VALUE_ABSENT,
        [OUTAGE] = value_ms(party->outage_ns),
        [CONVERGENCE] = value_ms(party->converge_ns),
        [CONTRACT] = VALUE_TEXT(party->contract),
        [MARGIN] = party->margin == NULL ? VALUE_ABSENT : VALUE_REAL(strtod(party->margin, NULL)),
        [LAST] = VALUE_TEXT(party->last_action),
    };
    struct value picked[COLUMN_COUNT];
    for (size_t i = 0; i < shown->count; i++) {
        picked[i] = row[shown->columns[i]];
    }
    return writer_row(writer, picked, err);
}

// While a hypervisor does not answer, the sample contains the last figures of its machines.
static void warn_of_age(const struct sample *sample)
{
    uint64_t oldest_ns = 0;
    const char *testbed = NULL;
    uint64_t now_ns = clock_monotonic_ns();
    for (size_t i = 0; i < sample->count; i++) {
        const struct sample_party *party = &sample->parties[i];
        uint64_t age_ns = party->read_ns == 0 ? UINT64_MAX : now_ns - party->read_ns;
        age_ns = party->state == ROUTER_RUNNING ? age_ns : 0;
        if (age_ns > oldest_ns) {
            oldest_ns = age_ns;
            testbed = party->testbed;
        }
    }
    if (oldest_ns > STALE_NS && testbed != NULL) {
        _cleanup_free_ char *age =
            oldest_ns == UINT64_MAX
                ? text_copy("have not been read yet")
                : text_format("are %.1f s old", (double)oldest_ns / (double)NS_PER_S);
        log_warning("list", "testbed %s: figures %s: its platform does not answer, or it is busy",
                    testbed, age);
    }
}

// Removes the hosts, and the routers in other states; NULL keeps all.
static void keep_state(struct sample *sample, const char *state)
{
    size_t kept = 0;
    for (size_t i = 0; state != NULL && i < sample->count; i++) {
        struct sample_party *party = &sample->parties[i];
        if (party->kind == PARTY_ROUTER && text_equal(router_state_name(party->state), state)) {
            struct sample_party moved = *party;
            *party = sample->parties[kept];
            sample->parties[kept++] = moved;
        }
    }
    for (size_t i = kept; state != NULL && i < sample->count; i++) {
        sample_party_clear(&sample->parties[i]);
    }
    sample->count = state == NULL ? sample->count : kept;
}

static int list_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct list_values *asked = values;
    if (operands->count > 0) {
        return fail_input(err, "list takes no operands");
    }
    if (asked->platform != NULL) {
        const char *other = asked->testbed != NULL ? "testbed"
                            : asked->state != NULL ? "state"
                            : asked->details       ? "long"
                                                   : NULL;
        if (other != NULL) {
            return fail_input(err,
                              "--%s can't be combined with --platform, which lists machines that "
                              "are in no testbed",
                              other);
        }
        return foreign_cli_list(asked->platform, asked->json, err);
    }
    _cleanup_sample_ struct sample sample = {0};
    // PIDs, owners and addresses are read from records.
    int rc = asked->details ? rights_check(err) : rights_check_look(err);
    if (rc == 0) {
        rc = owner_sample(asked->testbed, false, &sample, err);
    }
    if (rc < 0) {
        return rc;
    }
    keep_state(&sample, asked->state);
    if (sample.left_out != NULL) {
        log_warning("list", "a testbed is not listed: %s", sample.left_out);
    }
    if (sample.count == 0 && !asked->json) {
        printf("%s", sample.left_out != NULL ? ""
                     : asked->state == NULL  ? "no testbeds\n"
                                             : "no such routers\n");
        return 0;
    }
    if (asked->details) {
        return list_long(&sample, asked->json, err);
    }
    const struct shown shown = choose_columns(&sample, asked->json);
    struct column columns[COLUMN_COUNT];
    for (size_t i = 0; i < shown.count; i++) {
        columns[i] = !asked->json && shown.columns[i] == MEMORY
                         ? (struct column){"memory", "Memory", COLUMN_WHOLE, 0}
                         : list_columns[shown.columns[i]];
    }
    struct writer *writer =
        asked->json ? writer_json(stdout, columns, shown.count)
                    : writer_table(stdout, columns, shown.count, 0, isatty(STDOUT_FILENO) != 0);
    for (size_t i = 0; rc == 0 && i < sample.count; i++) {
        rc = list_party(&sample.parties[i], &shown, writer, asked->json, err);
    }
    rc = rc < 0 ? rc : writer_finish(writer, err);
    writer_free(writer);
    warn_of_age(&sample);
    return rc;
}

const struct command command_list = {
    .name = "list",
    .alias = "ls",
    .operands = "",
    .summary = "Show the routers of all testbeds",
    .details = "Prints one row for each router of each testbed and for each host (id 0), with\n"
               "the CPUs that it may use, and the CPU time since the router was created (CPU\n"
               "sec). Cap 0 means no cap; - means unavailable (of a cap that can't be read,\n"
               "vrbench cpu prints the reason). Once a router has restarted, Outage ms is the\n"
               "time without it. Routes ms is the time from the last start of a router's routing\n"
               "daemon until the router had its routes. --platform lists all machines of Xen or\n"
               "of a libvirt URI, including those that vrbench did not create.",
    .examples =
        COMMAND_EXAMPLES({"list --state crashed", "routers that have crashed"},
                         {"list --testbed scenario-2 --long", "with PIDs, addresses and uptime"}),
    .options = list_options,
    .values_size = sizeof(struct list_values),
    .run = list_run,
};
