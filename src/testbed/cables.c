// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/cables — see cables.h.
#include "testbed/cables.h"

#include "linux/cable.h"
#include "linux/link.h"

static int impair_end(const struct testbed *testbed, size_t in, size_t out,
                      const struct impairment *what, struct error *err)
{
    const struct plan_interface *from = &testbed->plan->interfaces[in];
    const struct plan_interface *to = &testbed->plan->interfaces[out];
    const struct netns *ns = testbed->netns[from->node];
    struct cable_order order = {.name = from->name, .in = from->index, .out = to->index};
    if (what != NULL) {
        order.loss = what->loss;
        order.rate_bps = what->rate_bps;
        order.queue_ns = what->queue_ns;
    }
    int rc = cable_carry(ns, &order, err);
    return rc == 0 ? link_set_up(ns, from->index, true, err) : rc;
}

int cables_impair(const struct testbed *testbed, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < testbed->plan->cable_count; i++) {
        const struct plan_cable *cable = &testbed->plan->cables[i];
        rc = impair_end(testbed, cable->a, cable->b, cable->at_a, err);
        if (rc == 0) {
            rc = impair_end(testbed, cable->b, cable->a, cable->at_b, err);
        }
        if (rc < 0) {
            error_context(err, "impaired cable of %s", cable->name_a);
        }
    }
    return rc;
}
