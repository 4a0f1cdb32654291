// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/routers — internal to testbed/: makes and ends the routers of a testbed.
#ifndef VRBENCH_TESTBED_ROUTERS_H
#define VRBENCH_TESTBED_ROUTERS_H

#include "testbed/parts.h"

// The specification of a router for its platform. `nics` are owned by this object.
struct router_order {
    struct router_spec spec;
    size_t *numbers; // numbers of its interfaces in the plan, in the order of spec.nics
    char *image, *user_data, *serial; // paths that the spec points to
};
// Fills in what follows from the plan; for a standing testbed that is everything.
void router_order_plan(const struct plan *plan, size_t router, struct router_order *ret);
void router_order_make(const struct testbed *testbed, size_t router, struct router_order *ret);
void router_order_clear(struct router_order *order);

// Makes a router of the scenario on a testbed whose other parts exist, and writes properties that
// differ from the plan to it. The router may not forward yet (see testbed_await_router()) and is
// not placed yet (allocation).
int testbed_make_router(struct testbed *testbed, size_t router, struct error *err);
// Waits until it forwards, and applies its startup. The tester's ends must already have their
// addresses.
int testbed_await_router(struct testbed *testbed, size_t router, struct error *err);

#endif
