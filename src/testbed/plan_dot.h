// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/plan_dot — a plan as a graph in the DOT language of Graphviz. Called by `run --check`.
#ifndef VRBENCH_TESTBED_PLAN_DOT_H
#define VRBENCH_TESTBED_PLAN_DOT_H

#include <stdio.h>

#include "testbed/plan.h"

// Writes one graph: tester's ends, routers and bridges are nodes, cables are edges with the names
// and addresses of their ends, and with the names and colours of the networks that pass.
void plan_write_dot(const struct plan *plan, FILE *out);

#endif
