// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/plan — a scenario in one topology as nodes, interfaces, bridges, cables, addresses, CPUs.
 * Pure data made without touching the machine; `run --check` prints it and life.c builds it.
 *
 * The path of a network is: source interface, wire, host (bridged) or router (dedicated), …, wire,
 * sink interface. A wire joins a sending interface to a receiving one; between two wires is the
 * node that forwards. Between two routers of a path is a link: one wire (dedicated), or a bridge of
 * the host with a wire to each router (bridged). All paths that pass between two routers, in either
 * direction, have the same link.
 *
 * An impaired cable consists of two wires, which end at interfaces of the node "cables": what
 * enters by one of the two leaves by the other, unless the impairment drops it. A bridged link
 * between routers that is impaired has a bridge at each end of the cable.
 */
#ifndef VRBENCH_TESTBED_PLAN_H
#define VRBENCH_TESTBED_PLAN_H

#include <stdbool.h>
#include <stdio.h>

#include "linux/cpu.h"
#include "linux/pci.h"
#include "machine/port.h"
#include "scenario/scenario.h"

// NODE_CABLES: the middle of all impaired cables, which belongs to the tester.
enum node_kind { NODE_SOURCE, NODE_SINK, NODE_HOST, NODE_ROUTER, NODE_CABLES };

struct plan_node {
    enum node_kind kind;
    char name[SCENARIO_ROUTER_MAX + 1]; // "source", "sink", "host", "cables" or the router's name
};

struct plan_interface {
    size_t node;
    char name[16];
    int index;
    uint8_t mac[6];
    struct ip_interface ip; // prefix 0 = none
    // The IPv6 address of an interface between routers whose `ip` is of IPv4; prefix 0 = none.
    struct ip_interface also;
    int bridge;      // index in plan.bridges, -1 = none
    unsigned vlan;   // of which it is a port; 0 = none
    const char *nic; // existing interface used here, NULL = made by vrbench
    // Its PCI device, if that is assigned to the router (handover.h); "" = it is not.
    char pci[PCI_ADDRESS_SIZE];
};

struct plan_bridge {
    char name[16];
    int index;
};

// Two joined interfaces: the ends of a veth pair, or existing NICs with an external network between
// them.
struct plan_wire {
    size_t a, b; // indexes in plan.interfaces; a is the end nearer to the source
    bool made;
};

// An impaired cable: both interfaces of the node "cables".
struct plan_cable {
    size_t a, b; // indexes in plan.interfaces; a is the end nearer to the source
    // What happens to packets that enter at a, and at b; NULL = nothing. Owned by the scenario.
    const struct impairment *at_a, *at_b;
    // "NET0 (source to r1)" or "(r1 to r2)": the cable, with the direction of packets that enter at
    // a, and at b.
    char *name_a, *name_b;
    // Whether the kernel's queueing disciplines impair packets that enter at a, and at b
    // (linux/cable); not before the cable has been made. Else the relay's way.
    bool tc_a, tc_b;
};

#define PLAN_PATH_WIRES (4 + 4 * SCENARIO_HOPS)

// The path of one network's packets in one direction. Forward, from source to sink: wires in order,
// entered at a and left at b. Reverse, from sink to source: see plan_hop().
struct plan_path {
    size_t network; // index in the scenario
    bool reverse;
    size_t wires[PLAN_PATH_WIRES];  // from the source on, also of a reverse path
    bool backward[PLAN_PATH_WIRES]; // the forward path enters this wire at b and leaves it at a
    size_t wire_count;
};

struct plan {
    const struct scenario *scenario; // not owned; must outlive the plan
    enum topology topology;
    unsigned mtu;
    struct plan_node *nodes;
    size_t node_count;
    struct plan_interface *interfaces;
    size_t interface_count;
    struct plan_bridge *bridges;
    size_t bridge_count;
    struct plan_wire *wires;
    size_t wire_count;
    struct plan_cable *cables;
    size_t cable_count;
    // First the forward path of each network, in the scenario's order; then the reverse paths of
    // networks with both directions.
    struct plan_path *paths;
    size_t path_count;
    struct cpu_list usable; // the CPUs that it was made for
    struct cpu_list dut_cpus, tester_cpus;
    enum port_kind port; // kind of the host's ends of routers' interfaces
    bool shared_cpus;    // tester and device under test use the same CPUs
};

// Makes the plan for one topology; `usable` are the CPUs that may be used.
int plan_make(const struct scenario *scenario, enum topology topology,
              const struct cpu_list *usable, struct plan **ret, struct error *err);
void plan_free(struct plan *plan); // NULL is fine
// Prints it as text.
void plan_print(const struct plan *plan, FILE *out);

// Number `hop` of the wires of a path, in the order and direction of its packets: entered at a and
// left at b.
struct plan_wire plan_hop(const struct plan *plan, const struct plan_path *path, size_t hop);
// The tester's interface that sends a path's packets, and the one that receives them.
size_t plan_sender(const struct plan *plan, const struct plan_path *path);
size_t plan_receiver(const struct plan *plan, const struct plan_path *path);
// The interfaces of the device under test that receive a path's packets first and send them last:
// at the tester's cables, past their impairments. In direct: the tester's own ends.
size_t plan_entry(const struct plan *plan, const struct plan_path *path);
size_t plan_exit(const struct plan *plan, const struct plan_path *path);
// Whether an interface belongs to the node "cables".
bool plan_in_cables(const struct plan *plan, size_t interface);
// The cable to which such an interface belongs.
const struct plan_cable *plan_cable_of(const struct plan *plan, size_t interface);
// Whether queueing disciplines of an interface impair what leaves by it.
bool plan_leaves_by_tc(const struct plan *plan, size_t interface);
// The longest time for which a cable delays a packet that enters at an interface of it, in ns.
uint64_t plan_cable_delay_ns(const struct plan *plan, size_t entry);
// The longest time for which impaired cables delay a packet on a path, in ns; and on any path.
uint64_t plan_path_delay_ns(const struct plan *plan, const struct plan_path *path);
uint64_t plan_delay_ns(const struct plan *plan);
// The interfaces of routers that face the ends of a path: the first router's receiving end of the
// wire before it, and the last router's sending end of the wire after it. In direct, which has no
// router: the tester's own ends.
void plan_router_ends(const struct plan *plan, const struct plan_path *path, size_t *ret_ingress,
                      size_t *ret_egress);
// True if the platform, not the testbed, makes this wire: the pair vifX.Y–ethY of a router.
bool plan_is_platforms(const struct plan *plan, const struct plan_wire *wire);
// The interface at the other end of an interface's link at the network layer: past bridges and
// impairments.
size_t plan_peer(const struct plan *plan, size_t interface);
// The node of a router of the scenario; SIZE_MAX in direct.
size_t plan_router_node(const struct plan *plan, size_t router);
// The port kind of an interface, if it is the host's end of a router's interface; else PORT_NONE.
enum port_kind plan_port(const struct plan *plan, size_t interface);
// The interface index of the bridge that an interface joins; 0 = none.
int plan_bridge_index(const struct plan *plan, const struct plan_interface *interface);
// The name of a router's dedicated interface (by its number in the plan) while the host has it.
void plan_host_name(size_t interface, char ret[16]);
// "vifX.Y": the host's end of the pair of interface ethY of the router with ID X, named as in Xen.
void plan_vif_name(unsigned id, unsigned eth, char ret[16]);

// Divides the usable CPUs: the last `host_cpus` for the device under test, the rest for the tester.
// If none is left over, both share all.
void plan_place(const struct cpu_list *usable, unsigned host_cpus, struct cpu_list *ret_dut,
                struct cpu_list *ret_tester, bool *ret_shared);

#endif
