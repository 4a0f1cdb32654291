// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/plan — see plan.h. Called by life.c and by `run --check`; plan_paths.c
// follows packets through plans, plan_print.c prints them.
#include "testbed/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "machine/machine.h"

// Interface indexes of the plan start here, far above those of the machine's own interfaces.
#define FIRST_INDEX 100000

#define MTU 1500U // of Ethernet, unless longer packets are requested

// Third byte of the plan's locally administered MAC addresses, by kind of node.
enum mac_kind { MAC_SOURCE = 1, MAC_SINK, MAC_HOST, MAC_ROUTER, MAC_BRIDGE, MAC_CABLE = 7 };

void plan_place(const struct cpu_list *usable, unsigned host_cpus, struct cpu_list *ret_dut,
                struct cpu_list *ret_tester, bool *ret_shared)
{
    *ret_shared = usable->count <= host_cpus;
    *ret_dut = *usable;
    *ret_tester = *usable;
    if (*ret_shared) {
        return;
    }
    ret_tester->count = usable->count - host_cpus;
    ret_dut->count = host_cpus;
    memmove(ret_dut->cpus, usable->cpus + ret_tester->count, host_cpus * sizeof usable->cpus[0]);
}

static size_t add_node(struct plan *plan, enum node_kind kind, const char *name)
{
    plan->nodes = memory_resize(plan->nodes, plan->node_count + 1, sizeof *plan->nodes);
    struct plan_node *node = &plan->nodes[plan->node_count];
    *node = (struct plan_node){.kind = kind};
    snprintf(node->name, sizeof node->name, "%s", name);
    return plan->node_count++;
}

static size_t add_interface(struct plan *plan, size_t node, enum mac_kind kind, const char *name)
{
    plan->interfaces =
        memory_resize(plan->interfaces, plan->interface_count + 1, sizeof *plan->interfaces);
    struct plan_interface *interface = &plan->interfaces[plan->interface_count];
    size_t number = plan->interface_count;
    *interface = (struct plan_interface){.node = node,
                                         .index = FIRST_INDEX + (int)number,
                                         .mac = {0x02, 0x76, (uint8_t)kind, (uint8_t)(number >> 16),
                                                 (uint8_t)(number >> 8), (uint8_t)number},
                                         .bridge = -1};
    snprintf(interface->name, sizeof interface->name, "%s", name);
    return plan->interface_count++;
}

static int add_bridge(struct plan *plan, size_t number)
{
    plan->bridges = memory_resize(plan->bridges, plan->bridge_count + 1, sizeof *plan->bridges);
    struct plan_bridge *bridge = &plan->bridges[plan->bridge_count];
    *bridge = (struct plan_bridge){.index = FIRST_INDEX + 50000 + (int)number};
    snprintf(bridge->name, sizeof bridge->name, "br%zu", number);
    return (int)plan->bridge_count++;
}

static size_t add_wire(struct plan *plan, size_t a, size_t b)
{
    plan->wires = memory_resize(plan->wires, plan->wire_count + 1, sizeof *plan->wires);
    bool made = plan->interfaces[a].nic == NULL && plan->interfaces[b].nic == NULL;
    plan->wires[plan->wire_count] = (struct plan_wire){.a = a, .b = b, .made = made};
    return plan->wire_count++;
}

static void append_wire(struct plan_path *path, size_t wire, bool backward)
{
    path->backward[path->wire_count] = backward;
    path->wires[path->wire_count++] = wire;
}

// A link between two routers: its wires in the order of the scenario's link.
struct laid_link {
    size_t wires[4];
    size_t wire_count; // 0 = not laid yet
};

// State of the construction.
struct layout {
    struct plan *plan;
    size_t source, sink, host, first_router; // nodes
    size_t cables;                           // node, made with the first impaired cable; 0 = none
    unsigned *eth_used;                      // for each router
    struct laid_link *links;                 // for each link of the scenario
};

// The address that a router's own file sets for an interface, if any.
static void take_mac(struct plan_interface *interface, const struct scenario_router *router,
                     unsigned eth)
{
    if (router->file != NULL) {
        (void)router->file->kind->mac(router->file, eth, interface->mac);
    }
}

// Adds the next interface of a router.
static size_t add_router_interface(struct layout *layout, size_t router)
{
    char name[24];
    unsigned eth = layout->eth_used[router]++;
    snprintf(name, sizeof name, "eth%u", eth);
    return add_interface(layout->plan, layout->first_router + router, MAC_ROUTER, name);
}

// Adds the next interface of a router, and the host's end of its pair, on a bridge of the host.
static void add_port(struct layout *layout, size_t router, int bridge, size_t *ret_vif,
                     size_t *ret_inner)
{
    struct plan *plan = layout->plan;
    unsigned eth = layout->eth_used[router];
    char name[24];
    plan_vif_name((unsigned)router + 1, eth, name);
    *ret_vif = add_interface(plan, layout->host, MAC_HOST, name);
    plan->interfaces[*ret_vif].bridge = bridge;
    *ret_inner = add_router_interface(layout, router);
    take_mac(&plan->interfaces[*ret_inner], &plan->scenario->routers[router], eth);
}

// What happens to the packets of a cable, and the cable's name.
struct cable_order {
    const struct impairment *at_a, *at_b;
    const char *network; // NULL = a link between routers
    const char *a, *b;   // names of the nodes that it joins
};

static char *cable_name(const struct cable_order *order, bool from_a)
{
    return text_format("%s%s(%s to %s)", order->network == NULL ? "" : order->network,
                       order->network == NULL ? "" : " ", from_a ? order->a : order->b,
                       from_a ? order->b : order->a);
}

// Joins two interfaces by one wire, or by two with the impairment between them. Writes the wires to
// `ret`, from a on, and returns their number.
static size_t add_cable(struct layout *layout, size_t a, size_t b, const struct cable_order *order,
                        size_t ret[2])
{
    struct plan *plan = layout->plan;
    char name[24];
    if (order->at_a == NULL && order->at_b == NULL) {
        ret[0] = add_wire(plan, a, b);
        return 1;
    }
    if (layout->cables == 0) {
        layout->cables = add_node(plan, NODE_CABLES, "cables");
    }
    struct plan_cable cable = {.at_a = order->at_a,
                               .at_b = order->at_b,
                               .name_a = cable_name(order, true),
                               .name_b = cable_name(order, false)};
    snprintf(name, sizeof name, "c%zua", plan->cable_count);
    cable.a = add_interface(plan, layout->cables, MAC_CABLE, name);
    snprintf(name, sizeof name, "c%zub", plan->cable_count);
    cable.b = add_interface(plan, layout->cables, MAC_CABLE, name);
    plan->cables = memory_resize(plan->cables, plan->cable_count + 1, sizeof *plan->cables);
    plan->cables[plan->cable_count++] = cable;
    ret[0] = add_wire(plan, a, cable.a);
    ret[1] = add_wire(plan, cable.b, b);
    return 2;
}

// Joins the tester's end on one side of a path to an interface of the device under test.
static void join_tester(struct layout *layout, struct plan_path *path, size_t tester, size_t other,
                        unsigned side)
{
    const struct scenario *scenario = layout->plan->scenario;
    const struct scenario_network *network = &scenario->networks[path->network];
    size_t router = network->routers[side == 0 ? 0 : network->router_count - 1];
    const char *name = scenario->routers[router].name;
    const struct impairment *to = scenario_end_impairment(scenario, path->network, side > 0, true);
    const struct impairment *from =
        scenario_end_impairment(scenario, path->network, side > 0, false);
    const struct cable_order order = {.at_a = side == 0 ? from : to,
                                      .at_b = side == 0 ? to : from,
                                      .network = network->name,
                                      .a = side == 0 ? "source" : name,
                                      .b = side == 0 ? name : "sink"};
    size_t wires[2];
    size_t count =
        add_cable(layout, side == 0 ? tester : other, side == 0 ? other : tester, &order, wires);
    for (size_t i = 0; i < count; i++) {
        append_wire(path, wires[i], false);
    }
}

// Joins the tester's end on one side of a path to the router there.
static void lay_side(struct layout *layout, struct plan_path *path, size_t tester, unsigned side)
{
    struct plan *plan = layout->plan;
    const struct scenario_network *network = &plan->scenario->networks[path->network];
    size_t router = side == 0 ? network->router : network->routers[network->router_count - 1];
    const char *lent = side == 0 ? network->ingress_nic : network->egress_nic;
    size_t inner = 0;
    if (plan->topology == TOPOLOGY_DEDICATED) {
        inner = add_router_interface(layout, router);
        plan->interfaces[inner].nic = lent;
        join_tester(layout, path, tester, inner, side);
    } else {
        char name[24];
        size_t number = path->network * 2 + side;
        size_t vif = 0;
        int bridge = add_bridge(plan, number);
        snprintf(name, sizeof name, "nic%zu", number);
        size_t nic = add_interface(plan, layout->host, MAC_HOST, name);
        plan->interfaces[nic].nic = lent;
        plan->interfaces[nic].bridge = bridge;
        add_port(layout, router, bridge, &vif, &inner);
        if (side == 0) {
            join_tester(layout, path, tester, nic, side);
            append_wire(path, add_wire(plan, vif, inner), false);
        } else {
            append_wire(path, add_wire(plan, inner, vif), false);
            join_tester(layout, path, tester, nic, side);
        }
    }
    plan->interfaces[inner].ip = side == 0 ? network->ingress : network->egress;
}

// The bridged link of two routers: a bridge, or two with an impaired cable between them.
static void lay_bridged_link(struct layout *layout, size_t number, const struct cable_order *order,
                             size_t inner[2])
{
    struct plan *plan = layout->plan;
    const struct scenario_link *link = &plan->scenario->links[number];
    struct laid_link *laid = &layout->links[number];
    const size_t ends = plan->scenario->network_count * 2;
    bool impaired = order->at_a != NULL || order->at_b != NULL;
    int bridge = add_bridge(plan, ends + number);
    size_t vif[2];
    size_t nic[2];
    add_port(layout, link->routers[0], bridge, &vif[0], &inner[0]);
    laid->wires[laid->wire_count++] = add_wire(plan, inner[0], vif[0]);
    for (size_t i = 0; impaired && i < 2; i++) {
        char name[24];
        bridge = i == 0 ? bridge : add_bridge(plan, ends + plan->scenario->link_count + number);
        snprintf(name, sizeof name, "link%zu%c", number, i == 0 ? 'a' : 'b');
        nic[i] = add_interface(plan, layout->host, MAC_HOST, name);
        plan->interfaces[nic[i]].bridge = bridge;
    }
    if (impaired) {
        laid->wire_count +=
            add_cable(layout, nic[0], nic[1], order, &laid->wires[laid->wire_count]);
    }
    add_port(layout, link->routers[1], bridge, &vif[1], &inner[1]);
    laid->wires[laid->wire_count++] = add_wire(plan, vif[1], inner[1]);
}

static void lay_link(struct layout *layout, size_t number)
{
    struct plan *plan = layout->plan;
    const struct scenario_link *link = &plan->scenario->links[number];
    struct laid_link *laid = &layout->links[number];
    const struct scenario *scenario = plan->scenario;
    const struct cable_order order = {.at_a = scenario_link_impairment(scenario, number, 0),
                                      .at_b = scenario_link_impairment(scenario, number, 1),
                                      .a = scenario->routers[link->routers[0]].name,
                                      .b = scenario->routers[link->routers[1]].name};
    size_t inner[2];
    if (plan->topology == TOPOLOGY_DEDICATED) {
        inner[0] = add_router_interface(layout, link->routers[0]);
        inner[1] = add_router_interface(layout, link->routers[1]);
        laid->wire_count += add_cable(layout, inner[0], inner[1], &order, laid->wires);
    } else {
        lay_bridged_link(layout, number, &order, inner);
    }
    for (size_t end = 0; end < 2; end++) {
        struct plan_interface *interface = &plan->interfaces[inner[end]];
        bool four = link->ip4[end].prefix != 0;
        interface->ip = four ? link->ip4[end] : link->ip6[end];
        interface->also = four ? link->ip6[end] : (struct ip_interface){.prefix = 0};
    }
}

// Extends a path over the link between two routers.
static void pass_link(struct layout *layout, struct plan_path *path, size_t router, size_t next)
{
    unsigned end = 0;
    size_t number = scenario_link(layout->plan->scenario, router, next, &end);
    struct laid_link *laid = &layout->links[number];
    if (laid->wire_count == 0) {
        lay_link(layout, number);
    }
    for (size_t i = 0; i < laid->wire_count; i++) {
        append_wire(path, laid->wires[end == 0 ? i : laid->wire_count - 1 - i], end != 0);
    }
}

static void lay_network(struct layout *layout, size_t number)
{
    struct plan *plan = layout->plan;
    const struct scenario_network *network = &plan->scenario->networks[number];
    struct plan_path *path = &plan->paths[number];
    *path = (struct plan_path){.network = number};
    char name[24];
    snprintf(name, sizeof name, "s%zu", number);
    size_t source = add_interface(plan, layout->source, MAC_SOURCE, name);
    plan->interfaces[source].nic = network->source_nic;
    plan->interfaces[source].ip = network->source;
    snprintf(name, sizeof name, "k%zu", number);
    size_t sink = add_interface(plan, layout->sink, MAC_SINK, name);
    plan->interfaces[sink].nic = network->sink_nic;
    plan->interfaces[sink].ip = network->sink;
    if (plan->topology == TOPOLOGY_DIRECT) {
        append_wire(path, add_wire(plan, source, sink), false);
        return;
    }
    lay_side(layout, path, source, 0);
    for (size_t i = 0; i + 1 < network->router_count; i++) {
        pass_link(layout, path, network->routers[i], network->routers[i + 1]);
    }
    lay_side(layout, path, sink, 1);
}

static void lay_networks(struct layout *layout)
{
    struct plan *plan = layout->plan;
    const struct scenario *scenario = plan->scenario;
    layout->source = add_node(plan, NODE_SOURCE, "source");
    layout->sink = add_node(plan, NODE_SINK, "sink");
    if (plan->topology != TOPOLOGY_DIRECT) {
        layout->host = add_node(plan, NODE_HOST, "host");
        layout->first_router = plan->node_count;
        for (size_t i = 0; i < scenario->router_count; i++) {
            add_node(plan, NODE_ROUTER, scenario->routers[i].name);
        }
    }
    plan->paths = memory_new_array(struct plan_path, scenario_stream_count(scenario));
    for (size_t i = 0; i < scenario->network_count; i++) {
        lay_network(layout, i);
    }
}

// The tester's cables of a network with a VLAN end at ports of it.
static void make_vlan_ports(struct plan *plan)
{
    for (size_t i = 0; plan->topology != TOPOLOGY_DIRECT && i < plan->scenario->network_count;
         i++) {
        const struct plan_path *path = &plan->paths[i];
        unsigned vlan = plan->scenario->networks[path->network].vlan;
        plan->interfaces[plan_entry(plan, path)].vlan = vlan;
        plan->interfaces[plan_exit(plan, path)].vlan = vlan;
    }
}

int plan_make(const struct scenario *scenario, enum topology topology,
              const struct cpu_list *usable, struct plan **ret, struct error *err)
{
    if (usable->count == 0) {
        return fail(err, 0, "no CPU may be used");
    }
    struct plan *plan = memory_new(1, sizeof *plan);
    plan->scenario = scenario;
    plan->topology = topology;
    plan->mtu = MTU;
    plan->port = platform_port(scenario->platform);
    // With iperf, payloads that do not fit are sent in fragments, as the study's 1500 bytes were;
    // IP packets and frames of a given length must be unfragmented.
    const struct engine_traits *engine = scenario_engine(scenario->traffic.engine);
    bool whole = engine == NULL || (engine->can & ENGINE_FRAGMENTS) == 0 ||
                 scenario->traffic.length_layer != LENGTH_PAYLOAD;
    for (size_t i = 0; whole && i < scenario->traffic.length_count; i++) {
        unsigned length = scenario_longest_ip(scenario, scenario->traffic.lengths[i]);
        plan->mtu = length > plan->mtu ? length : plan->mtu;
    }
    struct layout layout = {.plan = plan,
                            .eth_used = memory_new_array(unsigned, scenario->router_count),
                            .links = memory_new_array(struct laid_link, scenario->link_count)};
    lay_networks(&layout);
    free(layout.eth_used);
    free(layout.links);
    plan->path_count = scenario->network_count;
    for (size_t i = 0; i < scenario->network_count; i++) {
        if (scenario->networks[i].directions == DIRECTIONS_BOTH) {
            plan->paths[plan->path_count] = plan->paths[i];
            plan->paths[plan->path_count++].reverse = true;
        }
    }
    make_vlan_ports(plan);
    plan->usable = *usable;
    plan_place(usable, scenario->host.cpus, &plan->dut_cpus, &plan->tester_cpus,
               &plan->shared_cpus);
    *ret = plan;
    return 0;
}

void plan_free(struct plan *plan)
{
    if (plan == NULL) {
        return;
    }
    free(plan->nodes);
    free(plan->interfaces);
    free(plan->bridges);
    free(plan->wires);
    for (size_t i = 0; i < plan->cable_count; i++) {
        free(plan->cables[i].name_a);
        free(plan->cables[i].name_b);
    }
    free(plan->cables);
    free(plan->paths);
    free(plan);
}

size_t plan_router_node(const struct plan *plan, size_t router)
{
    for (size_t i = 0; i < plan->node_count; i++) {
        if (plan->nodes[i].kind == NODE_ROUTER && router-- == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

bool plan_is_platforms(const struct plan *plan, const struct plan_wire *wire)
{
    enum node_kind a = plan->nodes[plan->interfaces[wire->a].node].kind;
    enum node_kind b = plan->nodes[plan->interfaces[wire->b].node].kind;
    return (a == NODE_HOST && b == NODE_ROUTER) || (a == NODE_ROUTER && b == NODE_HOST);
}

enum port_kind plan_port(const struct plan *plan, size_t interface)
{
    if (plan->nodes[plan->interfaces[interface].node].kind != NODE_HOST) {
        return PORT_NONE;
    }
    for (size_t i = 0; i < plan->wire_count; i++) {
        const struct plan_wire *wire = &plan->wires[i];
        if ((wire->a == interface || wire->b == interface) && plan_is_platforms(plan, wire)) {
            return plan->port;
        }
    }
    return PORT_NONE;
}

int plan_bridge_index(const struct plan *plan, const struct plan_interface *interface)
{
    return interface->bridge < 0 ? 0 : plan->bridges[interface->bridge].index;
}

void plan_host_name(size_t interface, char ret[16])
{
    snprintf(ret, 16, "nic%zu", interface);
}

void plan_vif_name(unsigned id, unsigned eth, char ret[16])
{
    snprintf(ret, 16, "vif%u.%u", id, eth);
}
