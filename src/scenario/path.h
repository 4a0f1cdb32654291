// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/path — the paths of networks through routers, and the links between routers. scenario/
// only.
#ifndef VRBENCH_SCENARIO_PATH_H
#define VRBENCH_SCENARIO_PATH_H

#include "scenario/scenario.h"

#define PATH_ROUTER_HELP "name of the router that forwards for this network"

#define PATH_NO_ROUTER SIZE_MAX // index of a router that does not exist

// Fills in the routers of a network's path by their names.
void path_settle(const struct scenario *scenario, char *const *names, size_t count,
                 struct scenario_network *network);
// Fills in the links between routers, with addresses that no network of the scenario uses.
void path_settle_links(struct scenario *scenario);
// Whether the routers at places `at` and `at` + 1 of a path exist and differ, so that a link joins
// them.
bool path_joins_two(const struct scenario_network *network, size_t at);

#endif
