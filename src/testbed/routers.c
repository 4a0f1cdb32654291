// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/routers — the routers of a testbed (their specifications: router_order.c): making them
 * while the testbed is built (called by build.c), and making and ending one while the others
 * continue to forward (called by the commands create, destroy and reboot, and by owner/).
 */
#include "testbed/routers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "linux/link.h"
#include "testbed/allocation.h"
#include "testbed/converge.h"
#include "testbed/names.h"
#include "testbed/probe.h"
#include "testbed/standing.h"
#include "testbed/startup.h"
#include "testbed/tasks.h"
#include "testbed/vlan.h"

// Record key: the router that is being made or rebooted, with what the completion requires.
#define REMAKING "remaking"

// ---- making

// The far end of a wire of the router, if that is the host's end of a pair.
static struct plan_interface *vif_of(struct plan *plan, size_t number)
{
    for (size_t i = 0; i < plan->wire_count; i++) {
        const struct plan_wire *wire = &plan->wires[i];
        if ((wire->a == number || wire->b == number) && plan_is_platforms(plan, wire)) {
            return &plan->interfaces[wire->a == number ? wire->b : wire->a];
        }
    }
    return NULL;
}

// Stores the state, ID and interfaces of a router that was made.
static void note_running(struct testbed *testbed, size_t router, const struct router_order *order)
{
    for (size_t i = 0; i < order->spec.nic_count; i++) {
        struct plan_interface *vif = vif_of(testbed->plan, order->numbers[i]);
        testbed->plan->interfaces[order->numbers[i]].index = order->spec.nics[i].index;
        if (vif != NULL) {
            vif->index = order->spec.nics[i].vif_index;
        }
    }
    testbed->routers[router].memory_bytes = testbed->routers[router].router->made_bytes;
    testbed->routers[router].state = ROUTER_RUNNING;
    testbed->routers[router].since_ns = clock_realtime_ns();
}

// It forwards, for the first time since the request to make it.
static void note_started(struct testbed_router *entry)
{
    if (entry->ordered_ns > 0) {
        entry->start_ns = clock_monotonic_ns() - entry->ordered_ns;
        entry->ordered_ns = 0;
    }
}

int testbed_make_router(struct testbed *testbed, size_t router, struct error *err)
{
    struct testbed_router *entry = &testbed->routers[router];
    struct router_order order;
    router_order_make(testbed, router, &order);
    entry->ordered_ns = clock_monotonic_ns();
    int rc = testbed->platform->ops->make(testbed->platform, &order.spec, &entry->router, err);
    if (rc == 0) {
        note_running(testbed, router, &order);
        if (testbed->platform->ops->traits.kind != PLATFORM_MACHINES) {
            note_started(entry);
        }
    }
    router_order_clear(&order);
    return rc;
}

int testbed_await_router(struct testbed *testbed, size_t router, struct error *err)
{
    const struct machine_ops *ops = testbed->platform->ops;
    struct testbed_router *entry = &testbed->routers[router];
    bool virtual = ops->traits.kind == PLATFORM_MACHINES;
    int rc = virtual ? ops->await(entry->router, err) : 0;
    const struct scenario_router *asked = &testbed->plan->scenario->routers[router];
    if (rc == 0 && (asked->image != NULL || asked->file != NULL)) {
        rc = testbed_probe(testbed, router, err);
    }
    if (rc == 0) {
        rc = vlan_make_router_ports(testbed, router, err);
    }
    if (rc == 0) {
        rc = startup_apply(testbed, router, err);
    }
    if (rc == 0) {
        note_started(entry);
    }
    if (rc == 0 && virtual) {
        (void)ops->memory(entry->router, &entry->memory_bytes, NULL);
    }
    return rc;
}

// ---- one router of a standing testbed

// A recreated router gets a new ID, as on Xen, and the interfaces of its pairs get new names and
// indexes, so that old ones that the kernel has not removed yet do not conflict.
static void renumber(struct testbed *testbed, size_t router, const struct router_order *order)
{
    struct testbed_router *entry = &testbed->routers[router];
    entry->id = testbed->next_id++;
    for (size_t i = 0; i < order->spec.nic_count; i++) {
        struct plan_interface *vif = vif_of(testbed->plan, order->numbers[i]);
        if (vif != NULL) {
            plan_vif_name(entry->id, (unsigned)i, vif->name);
            vif->index = testbed->next_index++;
            testbed->plan->interfaces[order->numbers[i]].index = testbed->next_index++;
        }
    }
}

static int thread_vifs(struct testbed *testbed, const struct router_order *order, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < order->spec.nic_count; i++) {
        const struct plan_interface *vif = vif_of(testbed->plan, order->numbers[i]);
        const struct router_nic *nic = &order->spec.nics[i];
        if (vif != NULL && testbed->plan->port == PORT_VETH) {
            rc = testbed_thread_host_link(testbed, vif->name, vif->index, err);
        } else if (testbed_stays_with_host(testbed, order->numbers[i])) {
            rc = testbed_thread_host_link(testbed, nic->host_name, nic->taken_index, err);
        }
    }
    return rc;
}

static int find_taken(struct testbed *testbed, const struct router_order *order, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < order->spec.nic_count; i++) {
        struct link_info info;
        if (order->spec.nics[i].bridge == 0) {
            rc = link_find(order->spec.host, order->spec.nics[i].host_name, &info, err);
            testbed->plan->interfaces[order->numbers[i]].index = rc == 0 ? info.index : 0;
        }
    }
    return rc;
}

// Completes a new router: its placement, and other new parts of the testbed.
static int settle(struct testbed *testbed, size_t router, const struct router_order *order,
                  struct error *err)
{
    int rc = testbed_make_sink_queues(testbed, (ssize_t)router, err);
    if (rc == 0) {
        rc = thread_vifs(testbed, order, err);
    }
    if (rc == 0) {
        rc = testbed_place_router(testbed, router, err);
    }
    return rc == 0 ? testbed_converge(testbed, (ssize_t)router, err) : rc;
}

static void forget_vifs(struct testbed *testbed, const struct router_order *order)
{
    for (size_t i = 0; i < order->spec.nic_count; i++) {
        const struct plan_interface *vif = vif_of(testbed->plan, order->numbers[i]);
        if (vif != NULL) {
            testbed_forget_host_link(testbed, vif->index);
        } else if (testbed_stays_with_host(testbed, order->numbers[i])) {
            testbed_forget_host_link(testbed, order->spec.nics[i].taken_index);
        }
    }
}

// Writes to the record which numbers the recreated router may use, before they are used: a process
// that continues with the testbed after this one has died uses others.
static int note_numbers(const struct testbed *testbed, const struct router_order *order,
                        struct error *err)
{
    json_t *content = testbed->record->content;
    json_object_set_new(content, "next_id", json_integer(testbed->next_id + 1));
    json_object_set_new(
        content, "next_index",
        json_integer(testbed->next_index + (json_int_t)(2 * order->spec.nic_count)));
    return record_write(testbed->record, err);
}

// Notes that a router is about to be made or rebooted. `began_ns` is 0 if it was not there before.
static int begin_remaking(const struct testbed *testbed, size_t router,
                          const struct router_order *order, uint64_t began_ns, struct error *err)
{
    json_t *content = testbed->record->content;
    json_object_set_new(content, REMAKING,
                        json_pack("{s:s, s:i, s:I, s:i}", "router", order->spec.name, "id",
                                  (int)testbed->next_id, "began_ns", (json_int_t)began_ns,
                                  "restarts", (int)testbed->routers[router].restarts));
    int rc = note_numbers(testbed, order, err);
    if (rc < 0) {
        json_object_del(content, REMAKING);
    }
    return rc;
}

// Ends the processes left in a router by a process that died while it made or ended the router.
static int end_remains(const struct testbed *testbed, size_t router, struct error *err)
{
    const char *name = testbed->plan->scenario->routers[router].name;
    return testbed->routers[router].router == NULL || testbed_router_has_died(testbed, router)
               ? testbed_end_processes(testbed->record, name, err)
               : 0;
}

// Writes the present state to the record; a router that could not be brought up is ended.
static int conclude(struct testbed *testbed, size_t router, int rc, struct error *err)
{
    struct testbed_router *entry = &testbed->routers[router];
    if (rc < 0) {
        struct router_order order;
        router_order_make(testbed, router, &order);
        forget_vifs(testbed, &order);
        if (entry->router != NULL) {
            (void)testbed->platform->ops->end(steal_pointer(&entry->router), &order.spec, NULL);
        }
        router_order_clear(&order);
        (void)testbed_displace_router(testbed, router, NULL);
        entry->state = ROUTER_CRASHED;
        entry->since_ns = clock_realtime_ns();
    }
    names_renew(testbed, router);
    json_object_del(testbed->record->content, REMAKING);
    int noted = testbed_note(testbed, rc < 0 ? NULL : err);
    return rc < 0 ? rc : noted;
}

static int create_router(struct testbed *testbed, size_t router, uint64_t began_ns,
                         struct error *err)
{
    struct testbed_router *entry = &testbed->routers[router];
    const char *name = testbed->plan->scenario->routers[router].name;
    if (entry->router != NULL) {
        return fail_input(err, "router %s is there already", name);
    }
    struct router_order order;
    router_order_make(testbed, router, &order);
    int rc = find_taken(testbed, &order, err);
    if (rc < 0) {
        error_context(err, "router %s: its link has gone with it; take the testbed down", name);
    } else {
        rc = end_remains(testbed, router, err);
    }
    if (rc == 0) {
        rc = begin_remaking(testbed, router, &order, began_ns, err);
    }
    if (rc == 0) {
        renumber(testbed, router, &order);
        rc = testbed_make_router(testbed, router, err);
    }
    if (rc == 0) {
        rc = testbed_await_router(testbed, router, err);
    }
    router_order_clear(&order);
    if (rc == 0) {
        router_order_make(testbed, router, &order);
        rc = settle(testbed, router, &order, err);
        router_order_clear(&order);
    }
    return conclude(testbed, router, rc, err);
}

int testbed_create_router(struct testbed *testbed, size_t router, struct error *err)
{
    return create_router(testbed, router, 0, err);
}

int testbed_destroy_router(struct testbed *testbed, size_t router, enum router_state state,
                           struct error *err)
{
    struct testbed_router *entry = &testbed->routers[router];
    const char *name = testbed->plan->scenario->routers[router].name;
    if (entry->router == NULL) {
        return fail_input(err, "router %s is not there", name);
    }
    int ended = end_remains(testbed, router, err);
    if (ended < 0) {
        return ended;
    }
    struct router_order order;
    router_order_make(testbed, router, &order);
    names_drop(testbed, router);
    forget_vifs(testbed, &order); // its last CPU time is read before they are deleted
    int rc = testbed->platform->ops->end(steal_pointer(&entry->router), &order.spec, err);
    entry->state = state;
    entry->memory_bytes = 0;
    entry->since_ns = clock_realtime_ns();
    router_order_clear(&order);
    int displaced = testbed_displace_router(testbed, router, rc < 0 ? NULL : err);
    rc = rc < 0 ? rc : displaced;
    int noted = testbed_note(testbed, rc < 0 ? NULL : err);
    return rc < 0 ? rc : noted;
}

// ---- reboots

// Stores the present names of the host's ends, which renumber() changes in the plan.
static char (*keep_vif_names(struct router_order *order))[16]
{
    char(*vifs)[16] = memory_new(order->spec.nic_count, sizeof *vifs);
    for (size_t i = 0; i < order->spec.nic_count; i++) {
        if (order->spec.nics[i].vif != NULL) {
            snprintf(vifs[i], sizeof *vifs, "%s", order->spec.nics[i].vif);
            order->spec.nics[i].vif = vifs[i];
        }
    }
    return vifs;
}

// Replaces the router by its successor; the record says that this has begun.
static int pass_on(struct testbed *testbed, size_t router, struct router_order *before,
                   struct error *err)
{
    struct testbed_router *entry = &testbed->routers[router];
    struct router_order now;
    forget_vifs(testbed, before);
    char(*vifs)[16] = keep_vif_names(before);
    renumber(testbed, router, before);
    router_order_make(testbed, router, &now);
    int rc = testbed->platform->ops->reboot(steal_pointer(&entry->router), &before->spec, &now.spec,
                                            &entry->router, err);
    free(vifs);
    if (rc == 0) {
        note_running(testbed, router, &now);
        rc = testbed_await_router(testbed, router, err);
    }
    if (rc == 0) {
        rc = settle(testbed, router, &now, err);
    }
    router_order_clear(&now);
    return rc;
}

int testbed_reboot_router(struct testbed *testbed, size_t router, uint64_t began_ns,
                          uint64_t *ret_outage_ns, struct error *err)
{
    struct testbed_router *entry = &testbed->routers[router];
    const char *name = testbed->plan->scenario->routers[router].name;
    if (entry->router == NULL) {
        return fail_input(err, "router %s is not there: vrbench create makes it", name);
    }
    int rc = end_remains(testbed, router, err);
    if (rc < 0) {
        return rc;
    }
    struct router_order before;
    router_order_make(testbed, router, &before);
    rc = begin_remaking(testbed, router, &before, began_ns, err);
    if (rc < 0) { // the router goes on, with its name
        router_order_clear(&before);
        return rc;
    }
    names_drop(testbed, router);
    rc = pass_on(testbed, router, &before, err);
    router_order_clear(&before);
    if (rc == 0) {
        *ret_outage_ns = entry->outage_ns = clock_monotonic_ns() - began_ns;
    }
    return conclude(testbed, router, rc, err);
}

size_t testbed_unfinished_router(const struct testbed *testbed)
{
    const json_t *noted = json_object_get(testbed->record->content, REMAKING);
    const char *name = json_string_value(json_object_get(noted, "router"));
    return name == NULL ? SIZE_MAX : testbed_router_called(testbed, name);
}

// Deletes the host's ends of pairs that the unfinished router already has.
static void delete_half_made(const struct testbed *testbed, unsigned id, size_t nic_count)
{
    const struct netns *host = testbed_host_netns(testbed);
    for (size_t i = 0; i < nic_count; i++) {
        struct link_info info;
        char vif[16];
        plan_vif_name(id, (unsigned)i, vif);
        if (testbed->plan->port == PORT_VETH && link_find(host, vif, &info, NULL) == 0) {
            (void)link_delete(host, info.index, NULL);
        }
    }
}

// Takes apart a router in a namespace that a process which died had not recorded yet: its pin leads
// to the interfaces that it got already.
static int end_half_made(const struct testbed *testbed, const struct router_order *order,
                         struct error *err)
{
    const struct machine_ops *ops = testbed->platform->ops;
    if (ops->traits.kind == PLATFORM_MACHINES) {
        return 0; // replaced by name when it is made again
    }
    struct machine *half = NULL;
    int rc = ops->recall(testbed->platform, &order->spec, NULL, &half, err);
    if (rc == -ENOENT) {
        error_clear(err);
        return 0;
    }
    return rc < 0 ? rc : ops->end(half, &order->spec, err);
}

int testbed_finish_router(struct testbed *testbed, struct error *err)
{
    size_t router = testbed_unfinished_router(testbed);
    const json_t *noted = json_object_get(testbed->record->content, REMAKING);
    uint64_t began_ns = (uint64_t)json_integer_value(json_object_get(noted, "began_ns"));
    unsigned id = (unsigned)json_integer_value(json_object_get(noted, "id"));
    struct testbed_router *entry = &testbed->routers[router];
    entry->restarts = (unsigned)json_integer_value(json_object_get(noted, "restarts"));
    int rc = end_remains(testbed, router, err);
    if (rc < 0) {
        return conclude(testbed, router, rc, err);
    }
    struct router_order order;
    router_order_make(testbed, router, &order);
    delete_half_made(testbed, id, order.spec.nic_count);
    rc = entry->router == NULL ? end_half_made(testbed, &order, err) : 0;
    router_order_clear(&order);
    if (rc < 0) {
        return conclude(testbed, router, rc, err);
    }
    if (entry->router != NULL) {
        uint64_t outage_ns = 0;
        return testbed_reboot_router(testbed, router, began_ns, &outage_ns, err);
    }
    rc = create_router(testbed, router, began_ns, err);
    if (rc < 0 || began_ns == 0) {
        return rc;
    }
    entry->outage_ns = clock_monotonic_ns() - began_ns;
    return testbed_note(testbed, err);
}
