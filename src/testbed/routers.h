// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/routers — inside of the testbed room: making and ending the routers of a testbed.
#ifndef VRBENCH_TESTBED_ROUTERS_H
#define VRBENCH_TESTBED_ROUTERS_H

#include "testbed/parts.h"

// What the platform is to be told of a router. `nics` are the object's own.
struct router_order {
    struct router_spec spec;
    size_t *numbers;                  // of its interfaces in the plan, in the order of spec.nics
    char *image, *user_data, *serial; // that the spec points to
};
// As far as the plan tells; of a testbed, all of it.
void router_order_plan(const struct plan *plan, size_t router, struct router_order *ret);
void router_order_make(const struct testbed *testbed, size_t router, struct router_order *ret);
void router_order_clear(struct router_order *order);

// Makes a router of the scenario on a testbed whose other parts stand, and notes what of the plan
// came out differently. It may not forward yet (see await), and is not placed yet (allocation).
int testbed_make_router(struct testbed *testbed, size_t router, struct error *err);
// Waits until it forwards. The tester's ends must have their addresses by then.
int testbed_await_router(struct testbed *testbed, size_t router, struct error *err);

#endif
