// SPDX-License-Identifier: GPL-3.0-or-later
// owner/topology — see topology.h. Called by lease.c.
#include "owner/topology.h"

#include "base/cleanup.h"
#include "base/text.h"

static json_t *counter_json(const struct plan *plan, size_t interface, bool sent)
{
    const struct plan_interface *at = &plan->interfaces[interface];
    return json_pack("{s:s, s:s, s:b}", "party", plan->nodes[at->node].name, "interface", at->name,
                     "sent", (int)sent);
}

// A ring is counted at its receiving end, if that is a router's or the tester's cable; the ring of
// the host's other ports, and of a router behind another one, at the router that sends into it.
static json_t *ring_json(const struct plan *plan, const struct plan_wire *hop, size_t number)
{
    const enum node_kind from = plan->nodes[plan->interfaces[hop->a].node].kind;
    const bool sent = number > 0 && from == NODE_ROUTER;
    return counter_json(plan, sent ? hop->a : hop->b, sent);
}

static json_t *path_json(const struct plan *plan, const struct plan_path *path)
{
    const char *network = plan->scenario->networks[path->network].name;
    _cleanup_free_ char *name = text_format("%s%s", network, path->reverse ? " reverse" : "");
    json_t *routers = json_array();
    json_t *rings = json_array();
    int host_passes = 0;
    for (size_t k = 0; k + 1 < path->wire_count; k++) {
        const struct plan_wire hop = plan_hop(plan, path, k);
        if (plan_in_cables(plan, hop.b)) {
            continue; // its ring is the tester's
        }
        const struct plan_node *to = &plan->nodes[plan->interfaces[hop.b].node];
        if (to->kind == NODE_ROUTER) {
            json_array_append_new(routers, json_string(to->name));
        }
        host_passes += to->kind == NODE_HOST;
        json_array_append_new(rings, ring_json(plan, &hop, k));
    }
    return json_pack("{s:s, s:s, s:o, s:i, s:o, s:o, s:o}", "name", name, "network", network,
                     "routers", routers, "host_passes", host_passes, "in",
                     counter_json(plan, plan_entry(plan, path), false), "out",
                     counter_json(plan, plan_exit(plan, path), true), "rings", rings);
}

json_t *topology_json(const struct testbed *testbed)
{
    const struct plan *plan = testbed_plan(testbed);
    json_t *routers = json_array();
    json_t *networks = json_array();
    for (size_t i = 0; i < plan->scenario->router_count; i++) {
        json_array_append_new(routers, json_string(plan->scenario->routers[i].name));
    }
    for (size_t i = 0; plan->topology != TOPOLOGY_DIRECT && i < plan->path_count; i++) {
        json_array_append_new(networks, path_json(plan, &plan->paths[i]));
    }
    return json_pack("{s:s, s:s, s:i, s:o, s:o}", "topology", topology_name(plan->topology),
                     "platform", plan->scenario->platform, "cpus", (int)plan->dut_cpus.count,
                     "routers", routers, "networks", networks);
}
