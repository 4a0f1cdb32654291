// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/cables — see cables.h.
#include "testbed/cables.h"

#include <unistd.h>

#include "base/cleanup.h"
#include "linux/cable.h"
#include "linux/link.h"
#include "linux/offload.h"
#include "testbed/tasks.h"

static int impair_end(const struct testbed *testbed, size_t in, size_t out,
                      const struct impairment *what, int held, struct error *err)
{
    const struct plan_interface *from = &testbed->plan->interfaces[in];
    const struct plan_interface *to = &testbed->plan->interfaces[out];
    const struct netns *ns = testbed->netns[from->node];
    struct cable_order order = {
        .name = from->name, .in = from->index, .out = to->index, .held = held};
    if (what != NULL) {
        order.loss = what->loss;
        order.rate_bps = what->rate_bps;
        order.queue_ns = what->queue_ns;
        order.delay_ns = what->delay_ns;
        order.jitter_ns = what->jitter_ns;
    }
    int rc = cable_carry(ns, &order, err);
    return rc == 0 ? link_set_up(ns, from->index, true, err) : rc;
}

// The node "cables", if it has to delay packets; else SIZE_MAX.
static size_t delaying_node(const struct plan *plan)
{
    for (size_t i = 0; i < plan->cable_count; i++) {
        const struct plan_cable *cable = &plan->cables[i];
        if ((cable->at_a != NULL && cable->at_a->delay_ns > 0) ||
            (cable->at_b != NULL && cable->at_b->delay_ns > 0)) {
            return plan->interfaces[cable->a].node;
        }
    }
    return SIZE_MAX;
}

bool cables_delay(const struct plan *plan)
{
    return delaying_node(plan) != SIZE_MAX;
}

// The relay copies packets as they are: the checksums of the tester's own sockets must have been
// computed before. Those of a router's sockets are: router_nic.no_checksums.
static int complete_packets(const struct testbed *testbed, struct error *err)
{
    const struct plan *plan = testbed->plan;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < plan->interface_count; i++) {
        const struct plan_interface *end = &plan->interfaces[i];
        enum node_kind kind = plan->nodes[end->node].kind;
        if ((kind == NODE_SOURCE || kind == NODE_SINK) && end->nic == NULL) {
            rc = offload_no_checksums(testbed->netns[end->node], end->name, err);
        }
    }
    return rc;
}

static int start_relay(struct testbed *testbed, size_t node, int held, struct error *err)
{
    pid_t relay = 0;
    int rc = complete_packets(testbed, err);
    if (rc == 0) {
        rc = cable_start_relay(testbed->netns[node], testbed->plan->nodes[node].name,
                               testbed->outlive, held, &relay, err);
    }
    if (rc == 0) {
        testbed->relay = (struct process_id){.pid = relay, .started = process_start_time(relay)};
        struct task_list tester = {testbed->tester_tasks, testbed->tester_task_count};
        task_list_add(&tester, &relay, 1);
        testbed->tester_tasks = tester.pids;
        testbed->tester_task_count = tester.count;
    }
    return rc;
}

int cables_impair(struct testbed *testbed, struct error *err)
{
    const struct plan *plan = testbed->plan;
    size_t delaying = delaying_node(plan);
    _cleanup_close_ int held = -1;
    int rc = delaying == SIZE_MAX ? 0 : cable_open_held(&held, err);
    for (size_t i = 0; rc == 0 && i < plan->cable_count; i++) {
        const struct plan_cable *cable = &plan->cables[i];
        rc = impair_end(testbed, cable->a, cable->b, cable->at_a, held, err);
        if (rc == 0) {
            rc = impair_end(testbed, cable->b, cable->a, cable->at_b, held, err);
        }
        if (rc < 0) {
            error_context(err, "impaired cable of %s", cable->name_a);
        }
    }
    return rc == 0 && delaying != SIZE_MAX ? start_relay(testbed, delaying, held, err) : rc;
}
