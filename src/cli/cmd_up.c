// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_up — `vrbench up`: builds testbeds that remain after the command.
#include <stdio.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/scenario_input.h"
#include "linux/cpu.h"
#include "linux/rights.h"
#include "owner/build.h"
#include "owner/client.h"
#include "testbed/standing.h"

struct up_values {
    const char *topology, *name;
    struct change_values change;
    bool named, even_default_route;
};

static const struct option_row up_options[] = {
    {.name = "topology",
     .letter = 't',
     .type = OPTION_TEXT,
     .offset = offsetof(struct up_values, topology),
     .argument = "T",
     .help = "direct, bridged or dedicated (first with routers)",
     .words = "direct bridged dedicated"},
    {.name = "name",
     .letter = 'n',
     .type = OPTION_TEXT,
     .offset = offsetof(struct up_values, name),
     .argument = "NAME",
     .help = "name of the testbed, in place of the scenario's"},
    {.name = "named",
     .type = OPTION_FLAG,
     .offset = offsetof(struct up_values, named),
     .help = "show namespaces to ip netns, as NAME-ROUTER, NAME-source …"},
    ROUTERS_OPTION(up_values),
    SET_OPTION(up_values),
    {.name = "even-default-route",
     .type = OPTION_FLAG,
     .offset = offsetof(struct up_values, even_default_route),
     .help = "lend even the default route's or SSH's interface"},
    OPTIONS_END,
};

// What a scenario file's own list of topologies is checked for.
static int check_topology(const struct scenario *scenario, enum topology topology,
                          struct error *err)
{
    const bool lends = scenario_lends(scenario);
    if (topology == TOPOLOGY_DIRECT && lends) {
        return fail_input(err, "--topology: direct cannot be used with the links of scenario %s",
                          scenario->name);
    }
    const struct catalogue_platform *platform =
        scenario->platform == NULL ? NULL : catalogue_platform(scenario->platform);
    if (topology == TOPOLOGY_DEDICATED && platform != NULL && platform->needs_nics &&
        (!lends || scenario->link_count > 0)) {
        return fail_input(err,
                          "--topology: dedicated requires, on platform %s, links to NICs for each "
                          "network and no link between routers",
                          scenario->platform);
    }
    return 0;
}

static int choose_topology(const struct scenario *scenario, const char *asked, enum topology *ret,
                           struct error *err)
{
    if (asked != NULL) {
        return topology_from_name(asked, ret) == 0
                   ? check_topology(scenario, *ret, err)
                   : fail_input(err,
                                "there is no topology \"%s\": it is direct, bridged or "
                                "dedicated",
                                asked);
    }
    *ret = scenario->topologies[0];
    for (size_t i = scenario->topology_count; i-- > 0;) {
        *ret = scenario->topologies[i] != TOPOLOGY_DIRECT ? scenario->topologies[i] : *ret;
    }
    return 0;
}

// A testbed to build.
struct up_order {
    struct scenario *scenario;
    enum topology topology;
};

static int read_orders(const struct up_values *asked, const struct text_list *files,
                       const struct cpu_list *usable, struct up_order *ret, struct error *err)
{
    _cleanup_changes_ struct scenario_changes changes = {NULL, 0};
    int rc = scenario_input_changes(&asked->change, &changes, err);
    if (rc == 0 && asked->name != NULL && !text_is_safe_name(asked->name, SCENARIO_NAME_MAX)) {
        return fail_input(
            err,
            "--name: expected a name of 1 to %d letters A-Z a-z, digits, \"_\", \"-\" "
            "or \".\", not starting with \"-\" or \".\"; not \"%.80s\"",
            SCENARIO_NAME_MAX, asked->name);
    }
    if (rc == 0 && asked->name != NULL) {
        _cleanup_free_ char *option = text_format("--name %s", asked->name);
        scenario_change_add(&changes, option, "name", asked->name);
    }
    for (size_t i = 0; rc == 0 && i < files->count; i++) {
        rc = scenario_input_read(files->items[i], NULL, &changes, (unsigned)usable->count,
                                 &ret[i].scenario, err);
        if (rc == 0) {
            rc = choose_topology(ret[i].scenario, asked->topology, &ret[i].topology, err);
        }
        for (size_t k = 0; rc == 0 && k < i; k++) {
            if (text_equal(ret[k].scenario->name, ret[i].scenario->name)) {
                rc = fail_input(err,
                                "%s and %s have the same name, %s: no two testbeds have one "
                                "name; build one of them with --name",
                                files->items[k], files->items[i], ret[i].scenario->name);
            }
        }
    }
    return rc;
}

static int check_machine(const struct up_values *asked, const struct up_order *orders, size_t count,
                         struct error *err)
{
    int rc = rights_check(err);
    if (rc == 0) {
        rc = rights_check_settings(err);
    }
    if (rc == 0) {
        rc = testbed_clean_up_dead(err);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = testbed_check_links(orders[i].scenario, asked->even_default_route, err);
    }
    return rc;
}

static int up_build(const struct up_values *asked, const struct up_order *orders, size_t count,
                    const struct cpu_list *usable, struct error *err)
{
    _cleanup_free_ json_t **requests = memory_new_array(json_t *, count);
    _cleanup_free_ bool *done = memory_new_array(bool, count);
    for (size_t i = 0; i < count; i++) {
        requests[i] =
            build_request(owner_request("up"), orders[i].scenario, orders[i].topology, usable);
        json_object_set_new(requests[i], "named", json_boolean(asked->named));
    }
    int rc = owner_call_all(requests, count, done, err);
    for (size_t i = 0; i < count; i++) {
        const char *name = orders[i].scenario->name;
        if (done[i]) {
            printf("%s is up (%s): vrbench list shows its routers, vrbench down %s removes it\n",
                   name, topology_name(orders[i].topology), name);
        }
    }
    return rc;
}

static int up_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct up_values *asked = values;
    struct cpu_list usable;
    size_t count = operands->count;
    if (count == 0) {
        return fail_input(err, "up requires a scenario: a file, or the name of an installed one");
    }
    if (count > 1 && asked->name != NULL) {
        return fail_input(err, "--name takes one scenario: no two testbeds have one name");
    }
    int rc = cpu_list_usable(&usable, err);
    _cleanup_free_ struct up_order *orders = memory_new_array(struct up_order, count);
    rc = rc == 0 ? read_orders(asked, operands, &usable, orders, err) : rc;
    rc = rc == 0 ? check_machine(asked, orders, count, err) : rc;
    rc = rc == 0 ? up_build(asked, orders, count, &usable, err) : rc;
    for (size_t i = 0; i < count; i++) {
        scenario_free(orders[i].scenario);
    }
    return rc;
}

const struct command command_up = {
    .name = "up",
    .operands = "SCENARIO…",
    .summary = "Build testbeds and keep them",
    .details =
        "Several testbeds are built at the same time. vrbench list, create, destroy,\n"
        "reboot and console then take the routers by name, and vrbench cpu sets their CPU\n"
        "allocation. The owner, a background process, restarts dead routers (on_crash)\n"
        "and exits after the last testbed. Host and source are connected by interfaces\n"
        "mgmt0 (" STANDING_HOST " and " STANDING_SOURCE "), so that the source can query an\n"
        "SNMP agent on the host.",
    .examples =
        COMMAND_EXAMPLES({"up scenario-2", "build a testbed of two routers"},
                         {"up scenario-2 --name second", "another one of the same scenario"},
                         {"up scenario-2 --named", "then: ip netns exec scenario-2-r1t3 ip route"}),
    .options = up_options,
    .values_size = sizeof(struct up_values),
    .run = up_run,
};
