// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/plan_paths — the ways of packets through a plan: hops, ends, impaired cables, peers. See
// plan.h. Called by all that build, read or measure a testbed.
#include "testbed/plan.h"

struct plan_wire plan_hop(const struct plan *plan, const struct plan_path *path, size_t hop)
{
    size_t at = path->reverse ? path->wire_count - 1 - hop : hop;
    const struct plan_wire *wire = &plan->wires[path->wires[at]];
    return path->reverse == path->backward[at]
               ? *wire
               : (struct plan_wire){.a = wire->b, .b = wire->a, .made = wire->made};
}

size_t plan_sender(const struct plan *plan, const struct plan_path *path)
{
    return plan_hop(plan, path, 0).a;
}

size_t plan_receiver(const struct plan *plan, const struct plan_path *path)
{
    return plan_hop(plan, path, path->wire_count - 1).b;
}

bool plan_in_cables(const struct plan *plan, size_t interface)
{
    return plan->nodes[plan->interfaces[interface].node].kind == NODE_CABLES;
}

const struct plan_cable *plan_cable_of(const struct plan *plan, size_t interface)
{
    for (size_t i = 0; i < plan->cable_count; i++) {
        if (plan->cables[i].a == interface || plan->cables[i].b == interface) {
            return &plan->cables[i];
        }
    }
    return NULL;
}

size_t plan_entry(const struct plan *plan, const struct plan_path *path)
{
    size_t first = plan_hop(plan, path, 0).b;
    return plan_in_cables(plan, first) ? plan_hop(plan, path, 1).b : first;
}

size_t plan_exit(const struct plan *plan, const struct plan_path *path)
{
    size_t last = plan_hop(plan, path, path->wire_count - 1).a;
    return plan_in_cables(plan, last) ? plan_hop(plan, path, path->wire_count - 2).a : last;
}

bool plan_leaves_by_tc(const struct plan *plan, size_t interface)
{
    const struct plan_cable *cable =
        plan_in_cables(plan, interface) ? plan_cable_of(plan, interface) : NULL;
    return cable != NULL && (cable->a == interface ? cable->tc_b : cable->tc_a);
}

uint64_t plan_cable_delay_ns(const struct plan *plan, size_t entry)
{
    const struct plan_cable *cable = plan_cable_of(plan, entry);
    const struct impairment *what = cable->a == entry ? cable->at_a : cable->at_b;
    bool by_tc = cable->a == entry ? cable->tc_a : cable->tc_b;
    if (what == NULL || (what->delay_ns == 0 && !by_tc)) { // the relay passes them at once
        return 0;
    }
    return what->delay_ns + what->jitter_ns + (what->rate_bps > 0.0 ? what->queue_ns : 0);
}

uint64_t plan_path_delay_ns(const struct plan *plan, const struct plan_path *path)
{
    uint64_t sum_ns = 0;
    for (size_t i = 0; i < path->wire_count; i++) {
        size_t entry = plan_hop(plan, path, i).b;
        sum_ns += plan_in_cables(plan, entry) ? plan_cable_delay_ns(plan, entry) : 0;
    }
    return sum_ns;
}

uint64_t plan_delay_ns(const struct plan *plan)
{
    uint64_t longest_ns = 0;
    for (size_t i = 0; i < plan->path_count; i++) {
        uint64_t delay_ns = plan_path_delay_ns(plan, &plan->paths[i]);
        longest_ns = delay_ns > longest_ns ? delay_ns : longest_ns;
    }
    return longest_ns;
}

static bool is_routers(const struct plan *plan, size_t interface)
{
    return plan->nodes[plan->interfaces[interface].node].kind == NODE_ROUTER;
}

void plan_router_ends(const struct plan *plan, const struct plan_path *path, size_t *ret_ingress,
                      size_t *ret_egress)
{
    size_t first = 0;
    size_t last = path->wire_count - 1;
    while (first < last && !is_routers(plan, plan_hop(plan, path, first).b)) {
        first++;
    }
    while (last > first && !is_routers(plan, plan_hop(plan, path, last).a)) {
        last--;
    }
    *ret_ingress = plan_hop(plan, path, first).b;
    *ret_egress = plan_hop(plan, path, last).a;
}

// The other end of the wire of an interface.
static size_t other_end(const struct plan *plan, size_t interface)
{
    for (size_t i = 0; i < plan->wire_count; i++) {
        const struct plan_wire *wire = &plan->wires[i];
        if (wire->a == interface || wire->b == interface) {
            return wire->a == interface ? wire->b : wire->a;
        }
    }
    return interface;
}

// The other interface of its bridge; every bridge has two.
static size_t other_port(const struct plan *plan, size_t interface)
{
    for (size_t i = 0; i < plan->interface_count; i++) {
        if (i != interface && plan->interfaces[i].bridge == plan->interfaces[interface].bridge) {
            return i;
        }
    }
    return interface;
}

// The other end of the cable of an interface, past its impairment.
static size_t across_cable(const struct plan *plan, size_t interface)
{
    size_t far = other_end(plan, interface);
    if (!plan_in_cables(plan, far)) {
        return far;
    }
    const struct plan_cable *cable = plan_cable_of(plan, far);
    return other_end(plan, cable->a == far ? cable->b : cable->a);
}

size_t plan_peer(const struct plan *plan, size_t interface)
{
    size_t far = across_cable(plan, interface);
    while (plan->interfaces[far].bridge >= 0) {
        far = across_cable(plan, other_port(plan, far));
    }
    return far;
}
