// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/vlan — see vlan.h.
#include "testbed/vlan.h"

#include <stdio.h>

#include "base/text.h"
#include "linux/vlan_port.h"
#include "testbed/tasks.h"

int vlan_make_host_port(const struct testbed *testbed, size_t interface, struct error *err)
{
    const struct plan_interface *port = &testbed->plan->interfaces[interface];
    if (port->vlan == 0 || testbed->plan->nodes[port->node].kind != NODE_HOST) {
        return 0;
    }
    return vlan_port_make(testbed->netns[port->node], port->name, port->index, (uint16_t)port->vlan,
                          err);
}

// The namespace and the name that a router's interface has on this computer; NULL = none.
static const struct netns *find_place(const struct testbed *testbed, size_t router,
                                      size_t interface, char name[16])
{
    if (testbed_stays_with_host(testbed, interface)) {
        plan_host_name(interface, name);
        return testbed_host_netns(testbed);
    }
    snprintf(name, 16, "%s", testbed->plan->interfaces[interface].name);
    return testbed->routers[router].router->ns;
}

int vlan_make_router_ports(const struct testbed *testbed, size_t router, struct error *err)
{
    const struct plan *plan = testbed->plan;
    const char *own = plan->scenario->routers[router].name;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < plan->interface_count; i++) {
        const struct plan_interface *port = &plan->interfaces[i];
        char name[16];
        const struct plan_node *node = &plan->nodes[port->node];
        if (port->vlan == 0 || node->kind != NODE_ROUTER || !text_equal(node->name, own)) {
            continue;
        }
        const struct netns *ns = find_place(testbed, router, i, name);
        rc = ns == NULL ? fail_lacking(err,
                                       "router %s: %s cannot be a port of VLAN %u: the interface "
                                       "is not on this computer",
                                       own, port->name, port->vlan)
                        : vlan_port_make(ns, name, port->index, (uint16_t)port->vlan, err);
    }
    return rc;
}
