// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/check — rules between several keys of a scenario file. scenario/ only.
#ifndef VRBENCH_SCENARIO_CHECK_H
#define VRBENCH_SCENARIO_CHECK_H

#include "scenario/draft.h"
#include "scenario/yaml.h"

// Checks a settled draft against the YAML tree from which it was filled; the nodes give line and
// column. Nodes with problems, and rules that depend on them, are skipped.
void scenario_check(const struct draft *draft, struct yaml_node *root, unsigned cpus_online,
                    struct scenario_problems *problems);

// ---- shared by the files of the checks

struct checking {
    const struct draft *draft;
    const struct scenario *scenario;
    struct yaml_node *root;
    struct scenario_problems *problems;
};

// Checks the keys `router` and `routers` of network `number`.
void check_path(const struct checking *c, size_t number);
// Checks what the links between routers require.
void check_links_between(const struct checking *c);
// Checks the rows of `impair`: each must name a cable, and none the same direction as another.
void check_impairments(const struct checking *c);
// Checks the keys of `traffic`.
void check_traffic(const struct checking *c);

#endif
