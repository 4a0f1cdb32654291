// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/router_order — what the platform receives to make a router: its specification by the
 * plan. See routers.h. Called by routers.c, and by whoever checks or ends routers.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "testbed/cables.h"
#include "testbed/routers.h"

static void fill_nic(const struct plan *plan, size_t number, struct router_nic *ret)
{
    const struct plan_interface *interface = &plan->interfaces[number];
    const struct plan_interface *other = &plan->interfaces[plan_peer(plan, number)];
    *ret = (struct router_nic){.name = interface->name,
                               .index = interface->index,
                               .mtu = plan->mtu,
                               .ip = interface->ip,
                               .neighbour = {.address = other->ip.address},
                               .also = interface->also,
                               .also_neighbour = other->also.address};
    memcpy(ret->mac, interface->mac, 6);
    memcpy(ret->neighbour.mac, other->mac, 6);
    plan_host_name(number, ret->host_name);
    ret->pci = interface->pci[0] == '\0' ? NULL : interface->pci;
    for (size_t i = 0; i < plan->wire_count; i++) {
        const struct plan_wire *wire = &plan->wires[i];
        if (wire->a != number && wire->b != number) {
            continue;
        }
        const struct plan_interface *vif = &plan->interfaces[wire->a == number ? wire->b : wire->a];
        if (plan_is_platforms(plan, wire)) {
            ret->vif = vif->name;
            ret->vif_index = vif->index;
            ret->bridge = plan_bridge_index(plan, vif);
        } else {
            ret->taken_index = interface->index;
            ret->lent = interface->nic != NULL;
        }
    }
    // The relay of delayed packets copies them as they are (cables.c).
    ret->no_checksums = !ret->lent && cables_delay(plan);
}

// The absolute path of a file that the scenario names, for other programs.
static char *absolute(const struct scenario *scenario, const char *named)
{
    char *path = scenario_path(scenario, named);
    char *whole = realpath(path, NULL);
    if (whole != NULL) {
        free(path);
    }
    return whole == NULL ? path : whole;
}

// Fills in the router's own system image.
static void fill_image(const struct scenario *scenario, size_t number, struct router_order *order)
{
    const struct scenario_router *router = &scenario->routers[number];
    const char *seed = router->setup.cloud_init;
    if (router->image == NULL) {
        return;
    }
    order->spec.image = order->image = absolute(scenario, router->image);
    order->spec.cloud_init = seed != NULL;
    if (seed != NULL && !text_equal(seed, "true")) {
        order->spec.user_data = order->user_data = absolute(scenario, seed);
    }
    if (router->setup.serial != NULL) {
        order->spec.serial = order->serial = scenario_path(scenario, router->setup.serial);
    }
}

// The router's interface whose neighbour has that address.
static size_t nic_towards(const struct router_spec *spec, const struct ip_address *neighbour)
{
    for (size_t i = 0; i < spec->nic_count; i++) {
        if (ip_equal(&spec->nics[i].neighbour.address, neighbour) ||
            ip_equal(&spec->nics[i].also_neighbour, neighbour)) {
            return i;
        }
    }
    return SIZE_MAX;
}

// Adds the route from the router at place `from` of a network's path, by its neighbour at place
// `by`, to the subnet of `to`.
static void add_route(const struct scenario *scenario, const struct scenario_network *network,
                      size_t from, size_t by, const struct ip_interface *to,
                      struct router_spec *spec)
{
    unsigned end = 0;
    size_t number = scenario_link(scenario, network->routers[by], network->routers[from], &end);
    const struct scenario_link *link = &scenario->links[number];
    struct router_route route = {
        .to = {.address = ip_subnet(&to->address, to->prefix), .prefix = to->prefix},
        .via = (network->ip == 6 ? link->ip6 : link->ip4)[end].address};
    route.nic = nic_towards(spec, &route.via);
    spec->routes[spec->route_count++] = route;
}

// Fills in the routes to the ends of networks that are not directly connected to the router.
static void fill_routes(const struct scenario *scenario, size_t router, struct router_spec *spec)
{
    spec->routes = memory_new_array(struct router_route, 2 * scenario->network_count);
    if (spec->nic_count == 0) {
        return; // direct
    }
    for (size_t i = 0; i < scenario->network_count; i++) {
        const struct scenario_network *network = &scenario->networks[i];
        size_t at = 0;
        while (at < network->router_count && network->routers[at] != router) {
            at++;
        }
        if (at > 0 && at < network->router_count) {
            add_route(scenario, network, at, at - 1, &network->ingress, spec);
        }
        if (at + 1 < network->router_count) {
            add_route(scenario, network, at, at + 1, &network->egress, spec);
        }
    }
}

void router_order_plan(const struct plan *plan, size_t router, struct router_order *ret)
{
    const struct scenario *scenario = plan->scenario;
    const size_t node = plan_router_node(plan, router);
    size_t count = 0;
    for (size_t i = 0; i < plan->interface_count; i++) {
        count += plan->interfaces[i].node == node;
    }
    struct router_order order = {
        .numbers = memory_new_array(size_t, count),
        .spec = {.name = scenario->routers[router].name,
                 .cpus = &plan->dut_cpus,
                 .memory_bytes = scenario->routers[router].memory_bytes,
                 .daemon = scenario->routers[router].daemon,
                 .config = scenario->routers[router].daemon == DAEMON_NONE
                               ? NULL
                               : scenario->routers[router].config_text,
                 .file = scenario->routers[router].file,
                 .files = scenario->routers[router].startup.files,
                 .file_count = scenario->routers[router].startup.file_count,
                 .nics = memory_new_array(struct router_nic, count)},
    };
    fill_image(scenario, router, &order);
    for (size_t i = 0; i < plan->interface_count; i++) {
        if (plan->interfaces[i].node == node) {
            order.numbers[order.spec.nic_count] = i;
            fill_nic(plan, i, &order.spec.nics[order.spec.nic_count++]);
        }
    }
    fill_routes(scenario, router, &order.spec);
    *ret = order;
}

void router_order_make(const struct testbed *testbed, size_t router, struct router_order *ret)
{
    router_order_plan(testbed->plan, router, ret);
    ret->spec.testbed = testbed->record->id;
    ret->spec.id = testbed->routers[router].id;
    ret->spec.directory = testbed->record->directory;
    ret->spec.home = testbed->home;
    ret->spec.host = testbed_host_netns(testbed);
    ret->spec.outlive = testbed->outlive;
}

void router_order_clear(struct router_order *order)
{
    free(order->spec.nics);
    free(order->spec.routes);
    free(order->numbers);
    free(order->image);
    free(order->user_data);
    free(order->serial);
}
