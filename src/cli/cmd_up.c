// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_up — `vrbench up`: builds a testbed that remains after the command.
#include <stdio.h>

#include "cli/command.h"
#include "linux/cpu.h"
#include "linux/rights.h"
#include "owner/build.h"
#include "owner/client.h"
#include "testbed/standing.h"

struct up_values {
    const char *topology;
    bool even_default_route;
};

static const struct option_row up_options[] = {
    {.name = "topology",
     .letter = 't',
     .type = OPTION_TEXT,
     .offset = offsetof(struct up_values, topology),
     .argument = "T",
     .help = "direct, bridged or dedicated (first with routers)"},
    {.name = "even-default-route",
     .type = OPTION_FLAG,
     .offset = offsetof(struct up_values, even_default_route),
     .help = "lend even the default route's or SSH's interface"},
    OPTIONS_END,
};

static int choose_topology(const struct scenario *scenario, const char *asked, enum topology *ret,
                           struct error *err)
{
    if (asked != NULL) {
        return topology_from_name(asked, ret) == 0
                   ? 0
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

static int up_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct up_values *asked = values;
    struct cpu_list usable;
    enum topology topology = TOPOLOGY_DIRECT;
    _cleanup_scenario_ struct scenario *scenario = NULL;
    if (operands->count != 1) {
        return fail_input(err, "up requires one scenario file");
    }
    int rc = cpu_list_usable(&usable, err);
    if (rc == 0) {
        rc = scenario_read(operands->items[0], (unsigned)usable.count, &scenario, err);
    }
    if (rc == 0) {
        rc = choose_topology(scenario, asked->topology, &topology, err);
    }
    if (rc == 0) {
        rc = rights_check(err);
    }
    if (rc == 0) {
        rc = rights_check_settings(err);
    }
    if (rc == 0) {
        rc = testbed_clean_up_dead(err);
    }
    if (rc == 0) {
        rc = testbed_check_links(scenario, asked->even_default_route, err);
    }
    if (rc == 0) {
        rc = owner_call(build_request(owner_request("up"), scenario, topology, &usable), NULL, err);
    }
    if (rc == 0) {
        printf("%s is up (%s): vrbench list shows its routers, vrbench down %s removes it\n",
               scenario->name, topology_name(topology), scenario->name);
    }
    return rc;
}

const struct command command_up = {
    .name = "up",
    .operands = "SCENARIO",
    .summary = "Build a testbed and keep it",
    .details = "vrbench list, create, destroy, reboot and console then take the routers by\n"
               "name, and vrbench cpu sets their CPU allocation. Host and source are connected\n"
               "by interfaces mgmt0 (" STANDING_HOST " and " STANDING_SOURCE "), so that\n"
               "the source can query an SNMP agent on the host. The owner, a background\n"
               "process, restarts dead routers (on_crash) and exits after the last testbed.",
    .options = up_options,
    .values_size = sizeof(struct up_values),
    .run = up_run,
};
