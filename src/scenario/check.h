// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/check — what must hold between the keys of a scenario file. scenario/ only.
#ifndef VRBENCH_SCENARIO_CHECK_H
#define VRBENCH_SCENARIO_CHECK_H

#include "scenario/draft.h"
#include "scenario/yaml.h"

// Checks a settled draft against the tree it was filled from, whose nodes give the places. Nodes
// already found wrong, and what depends on them, are passed over.
void scenario_check(const struct draft *draft, struct yaml_node *root, unsigned cpus_online,
                    struct scenario_problems *problems);

#endif
