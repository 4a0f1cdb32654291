// SPDX-License-Identifier: GPL-3.0-or-later
// owner/topology — internal to owner/: where the packets of each network are counted, as JSON.
#ifndef VRBENCH_OWNER_TOPOLOGY_H
#define VRBENCH_OWNER_TOPOLOGY_H

#include <jansson.h>

#include "testbed/testbed.h"

// {"topology", "platform", "cpus", "routers": [NAME…], "networks": [{"name", "network", "routers":
// [NAME…], "host_passes", "in": COUNTER, "out": COUNTER, "rings": [COUNTER…]}]}. A COUNTER is
// {"party", "interface", "sent": BOOL}: of a ring, whether the interface sends into it.
json_t *topology_json(const struct testbed *testbed);

#endif
