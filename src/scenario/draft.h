// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/draft — a scenario as the file has it, before its parts are joined. scenario/ only.
#ifndef VRBENCH_SCENARIO_DRAFT_H
#define VRBENCH_SCENARIO_DRAFT_H

#include "scenario/scenario.h"

struct network_draft {
    struct scenario_network network; // its name first, as for every named thing
    char *router;
};

struct link_draft {
    char *network; // its name
    char *source, *ingress, *egress, *sink;
};

struct draft {
    struct scenario scenario;
    enum topology *topologies;
    size_t topology_count;
    struct network_draft *networks;
    size_t network_count;
    struct link_draft *links;
    size_t link_count;
};

#define DRAFT_NO_ROUTER SIZE_MAX // router index of a network whose router doesn't exist

// Moves what the file has into `draft->scenario` and fills in what depends on other keys: default
// addresses, router indexes, NICs, the order of topologies, the kind of rates. With links and no
// `topologies_given`, the direct topology is left out: its cable would have to be moved by hand.
void draft_settle(struct draft *draft, bool topologies_given);
// Frees everything that is still in the draft.
void draft_clear(struct draft *draft);

#endif
