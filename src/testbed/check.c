// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/check — whether a scenario's platform can make its routers, before anything is made. See
// testbed.h.
#include "base/cleanup.h"
#include "linux/process.h"
#include "testbed/handover.h"
#include "testbed/routers.h"
#include "testbed/startup.h"

static int check_plan(struct platform *platform, const struct plan *plan, bool named_only,
                      struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < plan->scenario->router_count; i++) {
        struct router_order order;
        router_order_plan(plan, i, &order);
        rc = platform->ops->check(platform, &order.spec, named_only, err);
        router_order_clear(&order);
        if (rc == 0 && !named_only) {
            rc = startup_check_programs(platform->ops->traits.kind, &plan->scenario->routers[i],
                                        err);
        }
    }
    return rc;
}

// Reports before anything is made whether lent NICs are assigned.
static int check_handover(struct platform *platform, struct plan *plan, struct error *err)
{
    struct netns *home = NULL;
    _cleanup_free_ char *why = NULL;
    if (!platform_can(platform, CAN_TAKE_PCI) || plan->topology != TOPOLOGY_DEDICATED) {
        return 0;
    }
    int rc = netns_open(NULL, &home, err);
    if (rc == 0) {
        rc = handover_decide(platform, home, plan, true, &why, err);
        netns_close(home);
    }
    return rc;
}

int testbed_check_platform(const struct scenario *scenario, bool named_only, struct error *err)
{
    struct platform *platform = NULL;
    struct cpu_list usable;
    if (named_only && platform_check(scenario->platform, NULL) < 0) {
        return 0; // another build or machine may have it
    }
    int rc = named_only ? 0 : process_check_view(err);
    if (rc == 0) {
        rc = cpu_list_usable(&usable, err);
    }
    if (rc == 0) {
        rc = platform_open(scenario->platform, &platform, err);
    }
    for (size_t i = 0; rc == 0 && i < scenario->topology_count; i++) {
        struct plan *plan = NULL;
        if (scenario->topologies[i] == TOPOLOGY_DIRECT) {
            continue; // it has none
        }
        rc = plan_make(scenario, scenario->topologies[i], &usable, &plan, err);
        if (rc == 0) {
            rc = check_plan(platform, plan, named_only, err);
        }
        if (rc == 0 && !named_only) {
            rc = check_handover(platform, plan, err);
        }
        plan_free(plan);
    }
    platform_close(platform);
    return rc;
}
