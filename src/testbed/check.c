// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/check — whether a scenario's platform can make its routers, before anything is made. See
// testbed.h.
#include "testbed/routers.h"

static int check_plan(struct platform *platform, const struct plan *plan, bool named_only,
                      struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < plan->scenario->router_count; i++) {
        struct router_order order;
        router_order_plan(plan, i, &order);
        rc = platform->ops->check(platform, &order.spec, named_only, err);
        router_order_clear(&order);
    }
    return rc;
}

int testbed_check_platform(const struct scenario *scenario, bool named_only, struct error *err)
{
    struct platform *platform = NULL;
    struct cpu_list usable;
    if (named_only && platform_check(scenario->platform, NULL) < 0) {
        return 0; // another build, or machine, may have it
    }
    int rc = cpu_list_usable(&usable, err);
    if (rc == 0) {
        rc = platform_open(scenario->platform, &platform, err);
    }
    for (size_t i = 0; rc == 0 && platform->ops->check != NULL && i < scenario->topology_count;
         i++) {
        struct plan *plan = NULL;
        if (scenario->topologies[i] == TOPOLOGY_DIRECT) {
            continue; // has none
        }
        rc = plan_make(scenario, scenario->topologies[i], &usable, &plan, err);
        if (rc == 0) {
            rc = check_plan(platform, plan, named_only, err);
        }
        plan_free(plan);
    }
    platform_close(platform);
    return rc;
}
