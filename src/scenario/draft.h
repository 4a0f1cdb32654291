// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/draft — a scenario as written in the file, before its parts are linked. scenario/ only.
#ifndef VRBENCH_SCENARIO_DRAFT_H
#define VRBENCH_SCENARIO_DRAFT_H

#include "scenario/scenario.h"

struct network_draft {
    struct scenario_network network; // first member, because its first member is the name
    char *router;
    char **routers; // of `routers`; none = `router` is the only one
    size_t router_count;
};

struct link_draft {
    char *network; // name of the network
    char *source, *ingress, *egress, *sink;
};

struct length_draft {
    unsigned length; // bytes of the length layer; 0 = a mix
    struct length_mix
        mix; // name and parts as written, in bytes of the length layer; imix: no parts
};

struct draft {
    struct scenario scenario;
    struct length_draft *lengths;
    size_t length_count;
    enum topology *topologies;
    size_t topology_count;
    struct network_draft *networks;
    size_t network_count;
    struct link_draft *links;
    size_t link_count;
};

// Moves the file's content into `draft->scenario` and fills in what depends on other keys: default
// addresses, router indexes, NICs, the order of topologies, the kind of rates. With links and
// without `topologies_given`, the direct topology is left out, because its cable would have to be
// moved by hand.
void draft_settle(struct draft *draft, bool topologies_given);
// Frees everything that remains in the draft.
void draft_clear(struct draft *draft);

#endif
