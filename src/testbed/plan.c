// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/plan — see plan.h. Called by life.c and by `run --check`.
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
enum mac_kind { MAC_SOURCE = 1, MAC_SINK, MAC_HOST, MAC_ROUTER, MAC_BRIDGE };

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
    size_t wires[2];
    size_t wire_count; // 0 = not laid yet
};

// State of the construction.
struct layout {
    struct plan *plan;
    size_t source, sink, host, first_router; // nodes
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
        append_wire(path, side == 0 ? add_wire(plan, tester, inner) : add_wire(plan, inner, tester),
                    false);
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
        size_t outer[2] = {side == 0 ? tester : inner, side == 0 ? nic : vif};
        size_t last[2] = {side == 0 ? vif : nic, side == 0 ? inner : tester};
        append_wire(path, add_wire(plan, outer[0], outer[1]), false);
        append_wire(path, add_wire(plan, last[0], last[1]), false);
    }
    plan->interfaces[inner].ip = side == 0 ? network->ingress : network->egress;
}

static void lay_link(struct layout *layout, size_t number)
{
    struct plan *plan = layout->plan;
    const struct scenario_link *link = &plan->scenario->links[number];
    struct laid_link *laid = &layout->links[number];
    size_t inner[2];
    size_t vif[2];
    if (plan->topology == TOPOLOGY_DEDICATED) {
        inner[0] = add_router_interface(layout, link->routers[0]);
        inner[1] = add_router_interface(layout, link->routers[1]);
        laid->wires[laid->wire_count++] = add_wire(plan, inner[0], inner[1]);
    } else {
        int bridge = add_bridge(plan, plan->scenario->network_count * 2 + number);
        add_port(layout, link->routers[0], bridge, &vif[0], &inner[0]);
        add_port(layout, link->routers[1], bridge, &vif[1], &inner[1]);
        laid->wires[laid->wire_count++] = add_wire(plan, inner[0], vif[0]);
        laid->wires[laid->wire_count++] = add_wire(plan, vif[1], inner[1]);
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
        plan->interfaces[plan_hop(plan, path, 0).b].vlan = vlan;
        plan->interfaces[plan_hop(plan, path, path->wire_count - 1).a].vlan = vlan;
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
    free(plan->paths);
    free(plan);
}

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

size_t plan_peer(const struct plan *plan, size_t interface)
{
    size_t far = other_end(plan, interface);
    return plan->interfaces[far].bridge < 0 ? far : other_end(plan, other_port(plan, far));
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

static void print_address(const char *before, const struct ip_interface *ip, FILE *out)
{
    char text[IP_TEXT_SIZE];
    fprintf(out, "%s%s/%u", before, ip_text(&ip->address, text), ip->prefix);
}

static void print_interface(const struct plan *plan, const struct plan_interface *interface,
                            FILE *out)
{
    fprintf(out, "    %-10s", interface->name);
    if (interface->nic != NULL) {
        fprintf(out, " existing interface %s", interface->nic);
    } else {
        const uint8_t *mac = interface->mac;
        fprintf(out, " %02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                mac[5]);
    }
    if (interface->ip.prefix != 0) {
        print_address(" ", &interface->ip, out);
    }
    if (interface->also.prefix != 0) {
        print_address(" ", &interface->also, out);
    }
    if (interface->bridge >= 0) {
        fprintf(out, " on %s", plan->bridges[interface->bridge].name);
    }
    if (interface->vlan != 0) {
        fprintf(out, " port of VLAN %u", interface->vlan);
    }
    fputc('\n', out);
}

static void print_path(const struct plan *plan, const struct plan_path *path, FILE *out)
{
    fprintf(out, "    %s%s:", plan->scenario->networks[path->network].name,
            path->reverse ? " reverse" : "");
    for (size_t i = 0; i < path->wire_count; i++) {
        struct plan_wire wire = plan_hop(plan, path, i);
        const struct plan_interface *a = &plan->interfaces[wire.a];
        const struct plan_interface *b = &plan->interfaces[wire.b];
        fprintf(out, "%s %s:%s %s %s:%s", i == 0 ? "" : " ~", plan->nodes[a->node].name, a->name,
                wire.made ? "--" : "..", plan->nodes[b->node].name, b->name);
    }
    fputc('\n', out);
    if (path->reverse) {
        return;
    }
    const struct scenario_network *network = &plan->scenario->networks[path->network];
    if (network->behind_sink.prefix != 0) {
        print_address("      from ", &network->behind_source, out);
        print_address(" behind the source to ", &network->behind_sink, out);
        enum routing_daemon daemon = plan->scenario->routers[network->router].daemon;
        fprintf(out, " behind the sink%s%s\n",
                plan->topology == TOPOLOGY_DIRECT ? "" : ", learned by ",
                plan->topology == TOPOLOGY_DIRECT ? "" : routing_daemon_name(daemon));
    }
}

void plan_print(const struct plan *plan, FILE *out)
{
    static const char *const kinds[] = {[NODE_SOURCE] = "tester",
                                        [NODE_SINK] = "tester",
                                        [NODE_HOST] = "host",
                                        [NODE_ROUTER] = "router"};
    fprintf(out, "topology %s, MTU %u\n", topology_name(plan->topology), plan->mtu);
    char dut[128];
    char tester[128];
    cpu_list_text(&plan->dut_cpus, dut, sizeof dut);
    cpu_list_text(&plan->tester_cpus, tester, sizeof tester);
    fprintf(out, "  CPUs: host and routers %s, tester %s%s\n", dut, tester,
            plan->shared_cpus ? " (shared: the tester takes CPU from what it measures)" : "");
    fprintf(out, "  nodes (a network namespace each):\n");
    for (size_t n = 0; n < plan->node_count; n++) {
        fprintf(out, "   %s (%s)\n", plan->nodes[n].name, kinds[plan->nodes[n].kind]);
        for (size_t i = 0; i < plan->interface_count; i++) {
            if (plan->interfaces[i].node == n) {
                print_interface(plan, &plan->interfaces[i], out);
            }
        }
    }
    fprintf(out, "  paths (-- made cable, .. existing link, ~ forwarding):\n");
    for (size_t i = 0; i < plan->path_count; i++) {
        print_path(plan, &plan->paths[i], out);
    }
}
