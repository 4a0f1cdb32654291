// SPDX-License-Identifier: GPL-3.0-or-later
// measure/node_losses — the losses between the wires of paths: inside nodes and impaired cables.
// Called by losses.c.
#ifndef VRBENCH_MEASURE_NODE_LOSSES_H
#define VRBENCH_MEASURE_NODE_LOSSES_H

#include "measure/ledger.h"

// Fills in what the IP layers of the nodes counted: ip_left, ip6_left and stranded_left.
void node_losses_begin(struct ledger *ledger);
// Attributes the losses inside a crossing. `point` has the losses of each network.
void node_losses_account(struct ledger *ledger, size_t crossing, const struct point *point);

#endif
