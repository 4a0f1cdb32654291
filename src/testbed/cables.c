// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/cables — see cables.h.
#include "testbed/cables.h"

#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "linux/cable.h"
#include "linux/link.h"
#include "linux/offload.h"
#include "testbed/tasks.h"

static int impair_end(const struct testbed *testbed, size_t in, size_t out,
                      const struct impairment *what, int held, bool *ret_by_tc, struct error *err)
{
    const struct plan_interface *from = &testbed->plan->interfaces[in];
    const struct plan_interface *to = &testbed->plan->interfaces[out];
    const struct netns *ns = testbed->netns[from->node];
    struct cable_order order = {.name = from->name,
                                .in = from->index,
                                .out = to->index,
                                .held = held,
                                .mtu = testbed->plan->mtu};
    enum cable_way way = CABLE_RELAY;
    if (what != NULL) {
        order.loss = what->loss;
        order.rate_bps = what->rate_bps;
        order.queue_ns = what->queue_ns;
        order.delay_ns = what->delay_ns;
        order.jitter_ns = what->jitter_ns;
    }
    int rc = cable_impair(ns, &order, &way, err);
    *ret_by_tc = way == CABLE_TC;
    return rc == 0 ? link_set_up(ns, from->index, true, err) : rc;
}

// The node "cables", if a relay has to delay packets there; else SIZE_MAX. Before the cables have
// been made, that is so for each delay.
static size_t delaying_node(const struct plan *plan)
{
    for (size_t i = 0; i < plan->cable_count; i++) {
        const struct plan_cable *cable = &plan->cables[i];
        if ((cable->at_a != NULL && cable->at_a->delay_ns > 0 && !cable->tc_a) ||
            (cable->at_b != NULL && cable->at_b->delay_ns > 0 && !cable->tc_b)) {
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
    struct plan *plan = testbed->plan;
    _cleanup_close_ int held = -1;
    int rc = delaying_node(plan) == SIZE_MAX ? 0 : cable_open_held(&held, err);
    for (size_t i = 0; rc == 0 && i < plan->cable_count; i++) {
        struct plan_cable *cable = &plan->cables[i];
        rc = impair_end(testbed, cable->a, cable->b, cable->at_a, held, &cable->tc_a, err);
        if (rc == 0) {
            rc = impair_end(testbed, cable->b, cable->a, cable->at_b, held, &cable->tc_b, err);
        }
        if (rc < 0) {
            error_context(err, "impaired cable of %s", cable->name_a);
        }
    }
    size_t delaying = delaying_node(plan);
    return rc == 0 && delaying != SIZE_MAX ? start_relay(testbed, delaying, held, err) : rc;
}

static void note_end(const struct impairment *what, const char *name, bool by_tc, json_t *list)
{
    if (what != NULL) {
        json_array_append_new(list, json_pack("{s:s, s:s}", "cable", name, "way",
                                              cable_way_name(by_tc ? CABLE_TC : CABLE_RELAY)));
    }
}

json_t *cables_note(const struct plan *plan)
{
    json_t *list = json_array();
    for (size_t i = 0; i < plan->cable_count; i++) {
        const struct plan_cable *cable = &plan->cables[i];
        note_end(cable->at_a, cable->name_a, cable->tc_a, list);
        note_end(cable->at_b, cable->name_b, cable->tc_b, list);
    }
    return list;
}

static bool noted_as_tc(const json_t *list, const char *name)
{
    size_t i = 0;
    const json_t *one = NULL;
    json_array_foreach((json_t *)list, i, one)
    {
        const char *cable = json_string_value(json_object_get(one, "cable"));
        const char *way = json_string_value(json_object_get(one, "way"));
        if (cable != NULL && way != NULL && text_equal(cable, name)) {
            return text_equal(way, cable_way_name(CABLE_TC));
        }
    }
    return false;
}

void cables_recall(const json_t *list, struct plan *plan)
{
    for (size_t i = 0; i < plan->cable_count; i++) {
        struct plan_cable *cable = &plan->cables[i];
        cable->tc_a = noted_as_tc(list, cable->name_a);
        cable->tc_b = noted_as_tc(list, cable->name_b);
    }
}
