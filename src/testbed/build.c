// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/build — builds a plan: namespaces, bridges, cables, routers, threads, placement. Called
 * by life.c. Each object is written to the record before it is made.
 */
#include "testbed/parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/link.h"
#include "linux/memory.h"
#include "linux/napi.h"
#include "linux/offload.h"
#include "testbed/allocation.h"
#include "testbed/cables.h"
#include "testbed/converge.h"
#include "testbed/handover.h"
#include "testbed/nic.h"
#include "testbed/routers.h"
#include "testbed/tasks.h"
#include "testbed/vlan.h"

#define HOME_PIN   "home"
#define SINK_QUEUE 10000U // packets: tens of milliseconds at the highest rates

static const struct offloads cable_offloads = {.gro = true, .gso = false, .tso = false};

const struct netns *testbed_host_netns(const struct testbed *testbed)
{
    for (size_t i = 0; i < testbed->plan->node_count; i++) {
        if (testbed->plan->nodes[i].kind == NODE_HOST) {
            return testbed->netns[i];
        }
    }
    return NULL;
}

char *testbed_pin(const struct record *record, const char *node)
{
    // A router may have any name, "home" too, so nodes have a prefix.
    return strcmp(node, HOME_PIN) == 0 ? text_format("%s/" HOME_PIN, record->directory)
                                       : netns_pin_of(record->directory, node);
}

int testbed_make_pin(const struct record *record, const char *node, char **ret, struct error *err)
{
    _cleanup_free_ char *pin = testbed_pin(record, node);
    int rc = file_create(pin, err);
    if (rc == 0) {
        *ret = steal_pointer(&pin);
    }
    return rc;
}

// ---- namespaces and bridges

static int pin_home(struct testbed *testbed, struct error *err)
{
    _cleanup_free_ char *pin = NULL;
    int rc = testbed_make_pin(testbed->record, HOME_PIN, &pin, err);
    if (rc == 0 && mount("/proc/thread-self/ns/net", pin, NULL, MS_BIND, NULL) < 0) {
        rc = fail(err, errno, "pinning this network namespace to %s", pin);
    }
    return rc == 0 ? netns_open(NULL, &testbed->home, err) : rc;
}

static int make_host_settings(const struct netns *ns, struct error *err)
{
    static const struct netns_setting off[] = {{"bridge/bridge-nf-call-iptables", "0", true},
                                               {"bridge/bridge-nf-call-ip6tables", "0", true},
                                               {"bridge/bridge-nf-call-arptables", "0", true}};
    return netns_set(ns, off, sizeof off / sizeof off[0], err);
}

// Fragments whose packet is incomplete wait at the sink. They must not wait so long that they are
// combined with a later packet with the same IP identification (16 bits: seconds), nor be so many
// that others find no room (4 MiB by default, some thousand packets).
static int make_sink_settings(const struct netns *ns, struct error *err)
{
    static const struct netns_setting settings[] = {
        {"ipv4/ipfrag_time", "1", true},
        {"ipv4/ipfrag_high_thresh", "268435456", true},
        {"ipv6/ip6frag_time", "1", true},
        {"ipv6/ip6frag_high_thresh", "268435456", true},
    };
    return netns_set(ns, settings, sizeof settings / sizeof settings[0], err);
}

static int make_nodes(struct testbed *testbed, struct error *err)
{
    const struct plan *plan = testbed->plan;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < plan->node_count; i++) {
        if (plan->nodes[i].kind == NODE_ROUTER) {
            continue;
        }
        _cleanup_free_ char *pin = NULL;
        rc = testbed_make_pin(testbed->record, plan->nodes[i].name, &pin, err);
        if (rc == 0) {
            rc = netns_create(pin, &testbed->netns[i], err);
        }
        if (rc == 0) {
            rc = link_set_up_loopback(testbed->netns[i], err);
        }
        if (rc == 0 && plan->nodes[i].kind == NODE_HOST) {
            rc = make_host_settings(testbed->netns[i], err);
        }
        if (rc == 0 && plan->nodes[i].kind == NODE_SINK) {
            rc = make_sink_settings(testbed->netns[i], err);
        }
    }
    return rc;
}

static int make_bridges(struct testbed *testbed, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < testbed->plan->bridge_count; i++) {
        const struct plan_bridge *bridge = &testbed->plan->bridges[i];
        struct link_spec spec = {.ns = testbed_host_netns(testbed),
                                 .name = bridge->name,
                                 .index = bridge->index,
                                 .mac = {0x02, 0x76, 5, 0, (uint8_t)(i >> 8), (uint8_t)i},
                                 .mtu = testbed->plan->mtu};
        rc = link_make_bridge(&spec, err);
    }
    return rc;
}

// ---- cables

// Where an interface is made: a router's dedicated one is made on the host and moved from there.
struct birthplace {
    const struct netns *ns;
    char name[16];
};

static struct birthplace birthplace(const struct testbed *testbed, size_t number)
{
    const struct plan_interface *interface = &testbed->plan->interfaces[number];
    struct birthplace place = {.ns = testbed->netns[interface->node]};
    snprintf(place.name, sizeof place.name, "%s", interface->name);
    if (testbed->plan->nodes[interface->node].kind == NODE_ROUTER) {
        place.ns = testbed_host_netns(testbed);
        plan_host_name(number, place.name);
    }
    return place;
}

static int make_cable(struct testbed *testbed, const struct plan_wire *wire, struct error *err)
{
    struct plan *plan = testbed->plan;
    // The end that joins a bridge must come first.
    size_t first = plan->interfaces[wire->a].bridge >= 0 ? wire->a : wire->b;
    size_t second = first == wire->a ? wire->b : wire->a;
    struct birthplace places[2] = {birthplace(testbed, first), birthplace(testbed, second)};
    struct link_spec ends[2];
    for (size_t i = 0; i < 2; i++) {
        const struct plan_interface *interface = &plan->interfaces[i == 0 ? first : second];
        ends[i] = (struct link_spec){.ns = places[i].ns,
                                     .name = places[i].name,
                                     .index = interface->index,
                                     .mtu = plan->mtu,
                                     .master = plan_bridge_index(plan, interface)};
        memcpy(ends[i].mac, interface->mac, 6);
    }
    int rc = link_make_pair(&ends[0], &ends[1], err);
    for (size_t i = 0; rc == 0 && i < 2; i++) {
        rc = offload_set(places[i].ns, places[i].name, &cable_offloads, err);
        if (rc == 0) {
            rc = vlan_make_host_port(testbed, i == 0 ? first : second, err);
        }
    }
    return rc;
}

static int lend_nic(struct testbed *testbed, size_t number, struct error *err)
{
    struct plan *plan = testbed->plan;
    struct plan_interface *interface = &plan->interfaces[number];
    struct birthplace place = birthplace(testbed, number);
    struct link_info info = {0};
    struct offloads offloads = cable_offloads;
    int rc = nic_take(testbed->home, interface->nic, place.ns, place.name, err);
    if (rc == 0) {
        rc = link_find(place.ns, place.name, &info, err);
    }
    if (rc < 0) {
        return rc;
    }
    interface->index = info.index;
    memcpy(interface->mac, info.mac, 6);
    if (interface->pci[0] != '\0') {
        (void)pci_link_mac(place.ns, place.name,
                           interface->mac); // the address that the machine will see
    } else if (info.kind[0] == '\0') {
        rc = napi_name_lasting(place.ns, info.index, place.name, err);
    }
    if (rc == 0 && info.mtu < plan->mtu) {
        rc = link_set_mtu(place.ns, info.index, plan->mtu, err);
    }
    if (rc == 0 && strcmp(info.kind, "veth") == 0) {
        rc = offload_set(place.ns, place.name, &offloads, err);
    }
    if (rc == 0 && interface->bridge >= 0) {
        rc = link_set_master(place.ns, info.index, plan_bridge_index(plan, interface), err);
    }
    return rc;
}

static int make_wires(struct testbed *testbed, struct error *err)
{
    const struct plan *plan = testbed->plan;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < plan->wire_count; i++) {
        const struct plan_wire *wire = &plan->wires[i];
        if (!wire->made) {
            rc = lend_nic(testbed, wire->a, err);
            if (rc == 0) {
                rc = lend_nic(testbed, wire->b, err);
            }
        } else if (!plan_is_platforms(plan, wire)) {
            rc = make_cable(testbed, wire, err);
        }
    }
    return rc;
}

// ---- addresses of the tester, forwarding entries of the bridges

static int add_route(const struct netns *ns, int index, const struct ip_interface *to,
                     const struct ip_address *gateway, struct error *err)
{
    struct ip_address subnet = ip_subnet(&to->address, to->prefix);
    return link_add_route(ns, index, &subnet, to->prefix, gateway, err);
}

// Configures the subnet behind a tester's end, to which a router learns the route: its host is the
// end itself. `far` is the subnet behind the other end.
static int set_up_behind(const struct testbed *testbed, const struct plan_interface *own,
                         const struct plan_interface *next, bool direct, struct ip_interface near,
                         struct ip_interface far, struct error *err)
{
    const struct netns *ns = testbed->netns[own->node];
    int rc = link_add_address(ns, own->index, &near.address, 32, err);
    if (rc == 0) {
        rc = add_route(ns, own->index, &far, direct ? NULL : &next->ip.address, err);
    }
    return rc == 0 && direct ? link_add_neighbour(ns, own->index, &far.address, next->mac, err)
                             : rc;
}

// Configures the tester's end `near` of a path: its address, and the route to the other end `far`
// through the next hop.
static int set_up_tester_end(const struct testbed *testbed, size_t near, size_t far, size_t hop,
                             struct error *err)
{
    const struct plan_interface *own = &testbed->plan->interfaces[near];
    const struct plan_interface *other = &testbed->plan->interfaces[far];
    const struct plan_interface *next = &testbed->plan->interfaces[hop];
    const struct netns *ns = testbed->netns[own->node];
    int rc = own->ip.address.version == 6 ? link_enable_ipv6(ns, own->name, err) : 0;
    if (rc == 0) {
        rc = link_add_address(ns, own->index, &own->ip.address, own->ip.prefix, err);
    }
    if (rc == 0) {
        rc = link_set_up(ns, own->index, true, err);
    }
    if (rc == 0) {
        rc = add_route(ns, own->index, &other->ip, hop == far ? NULL : &next->ip.address, err);
    }
    return rc == 0 ? link_add_neighbour(ns, own->index, &next->ip.address, next->mac, err) : rc;
}

static int set_up_tester(const struct testbed *testbed, struct error *err)
{
    const struct plan *plan = testbed->plan;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < plan->scenario->network_count; i++) {
        const struct plan_path *path = &plan->paths[i];
        size_t source = plan_sender(plan, path);
        size_t sink = plan_receiver(plan, path);
        size_t ingress = 0;
        size_t egress = 0;
        plan_router_ends(plan, path, &ingress, &egress);
        rc = set_up_tester_end(testbed, source, sink, ingress, err);
        if (rc == 0) {
            rc = set_up_tester_end(testbed, sink, source, egress, err);
        }
        const struct scenario_network *network = &plan->scenario->networks[path->network];
        bool direct = plan->topology == TOPOLOGY_DIRECT;
        if (rc == 0 && network->behind_sink.prefix != 0) {
            rc = set_up_behind(testbed, &plan->interfaces[source], &plan->interfaces[ingress],
                               direct, network->behind_source, network->behind_sink, err);
            if (rc == 0) {
                rc = set_up_behind(testbed, &plan->interfaces[sink], &plan->interfaces[egress],
                                   direct, network->behind_sink, network->behind_source, err);
            }
        }
    }
    return rc;
}

// Adds forwarding entries for the far end's address to the bridge ports of cables.
static int set_up_host(const struct testbed *testbed, struct error *err)
{
    const struct plan *plan = testbed->plan;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < plan->interface_count; i++) {
        const struct plan_interface *port = &plan->interfaces[i];
        if (port->bridge < 0 || plan_port(plan, i) != PORT_NONE) {
            continue; // the platform sets up the ports to routers
        }
        rc = link_add_fdb(testbed->netns[port->node], port->index,
                          plan->interfaces[plan_peer(plan, i)].mac, err);
        if (rc == 0) {
            rc = link_set_up(testbed->netns[port->node], port->index, true, err);
        }
    }
    return rc;
}

// ---- the record

// Inode number of the network namespace that interfaces are lent from.
static json_int_t home_number(const struct record *record)
{
    _cleanup_free_ char *pin = testbed_pin(record, HOME_PIN);
    struct stat st;
    return stat(pin, &st) == 0 ? (json_int_t)st.st_ino : 0;
}

static bool lends(const struct record *record, json_int_t home, const char *nic)
{
    size_t i = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(record->content, "nics"), i, entry)
    {
        const char *name =
            json_string_value(json_object_get(json_object_get(entry, "nic"), "name"));
        if (name != NULL && text_equal(name, nic)) {
            return json_integer_value(json_object_get(record->content, "home")) == home;
        }
    }
    return false;
}

// Fails if another testbed, standing or left by a dead run, holds that interface.
static int check_nic_is_free(const struct testbed *testbed, const char *nic, struct error *err)
{
    json_int_t home = home_number(testbed->record);
    char **ids = NULL;
    size_t count = 0;
    int rc = record_list(&ids, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct record *record = NULL;
        if (text_equal(ids[i], testbed->record->id) || record_open(ids[i], &record, NULL) < 0) {
            continue;
        }
        const char *name = json_string_value(json_object_get(record->content, "scenario"));
        if (lends(record, home, nic)) {
            rc = fail(err, EBUSY,
                      "interface %s is lent to testbed %s (%s): vrbench cleanup --all removes "
                      "testbeds, and says what it can't remove",
                      nic, ids[i], name == NULL ? "" : name);
        }
        record_forget(record);
    }
    record_free_ids(ids, count);
    return rc;
}

static json_t *describe_nics(const struct testbed *testbed, struct error *err)
{
    json_t *list = json_array();
    for (size_t i = 0; i < testbed->plan->interface_count; i++) {
        const struct plan_interface *interface = &testbed->plan->interfaces[i];
        if (interface->nic == NULL) {
            continue;
        }
        json_t *described = NULL;
        if (check_nic_is_free(testbed, interface->nic, err) < 0 ||
            nic_describe(testbed->home, interface->nic, &described, err) < 0) {
            json_decref(list);
            return NULL;
        }
        struct birthplace place = birthplace(testbed, i);
        json_t *entry = json_pack("{s:o, s:s, s:s, s:s}", "nic", described, "node",
                                  testbed->plan->nodes[interface->node].name, "name",
                                  interface->name, "host_name", place.name);
        char lasting[16];
        if (interface->pci[0] != '\0') {
            json_object_set_new(entry, "pci", json_string(interface->pci));
        } else if (napi_lasting_name(testbed->home, interface->nic, lasting, NULL) == 0) {
            json_object_set_new(entry, "lasting", json_string(lasting));
        }
        json_array_append_new(list, entry);
    }
    return list;
}

static int write_record(struct testbed *testbed, struct error *err)
{
    json_t *nics = describe_nics(testbed, err);
    if (nics == NULL) {
        return -ENODEV;
    }
    json_object_set_new(testbed->record->content, "nics", nics);
    json_object_set_new(testbed->record->content, "home",
                        json_integer(home_number(testbed->record)));
    json_object_set_new(testbed->record->content, "platform", json_string(testbed->platform->uri));
    json_object_set_new(testbed->record->content, "macvtap_why",
                        json_string(testbed->macvtap_why == NULL ? "" : testbed->macvtap_why));
    json_object_set_new(testbed->record->content, "scenario",
                        json_string(testbed->plan->scenario->name));
    json_object_set_new(testbed->record->content, "topology",
                        json_string(topology_name(testbed->plan->topology)));
    return record_write(testbed->record, err);
}

// A real NIC has a transmit queue, and so has the end of each made cable that leads to a sink or to
// the middle of an impaired cable.
// Since Linux 6.16 a veth whose peer's ring is full stops its queue instead of dropping, so a sink
// that is delayed by some milliseconds loses nothing. What overflows the queue still counts as the
// sink's loss (measure/losses).
int testbed_make_sink_queues(const struct testbed *testbed, ssize_t router, struct error *err)
{
    const struct plan *plan = testbed->plan;
    const size_t only = router < 0 ? SIZE_MAX : plan_router_node(plan, (size_t)router);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < plan->path_count && plan->topology != TOPOLOGY_DIRECT; i++) {
        const struct plan_path *path = &plan->paths[i];
        // The end of an impaired cable is the tester's, as a sink is.
        for (size_t k = 1; rc == 0 && k < path->wire_count; k++) {
            const struct plan_wire hop = plan_hop(plan, path, k);
            const struct plan_interface *end = &plan->interfaces[hop.a];
            bool to_tester = k + 1 == path->wire_count || plan_in_cables(plan, hop.b);
            // Queueing disciplines that impair are a queue, too.
            if (!to_tester || plan_leaves_by_tc(plan, hop.a) ||
                (router >= 0 && end->node != only)) {
                continue;
            }
            const struct netns *ns = testbed_netns(testbed, end->node);
            if (hop.made && ns != NULL) {
                rc = link_add_queue(ns, end->index, SINK_QUEUE, err);
            }
        }
    }
    return rc;
}

// Everything but the routers: namespaces, bridges, cables.
static int make_surroundings(struct testbed *testbed, struct error *err)
{
    int rc = make_nodes(testbed, err);
    if (rc == 0) {
        rc = make_bridges(testbed, err);
    }
    if (rc == 0) {
        rc = make_wires(testbed, err);
    }
    return rc == 0 ? set_up_host(testbed, err) : rc;
}

static bool has_daemons(const struct scenario *scenario)
{
    bool some = false;
    for (size_t i = 0; i < scenario->router_count; i++) {
        some |= scenario->routers[i].daemon != DAEMON_NONE;
    }
    return some;
}

int testbed_build(struct testbed *testbed, struct error *err)
{
    int rc = pin_home(testbed, err);
    if (rc == 0) {
        rc = handover_decide(testbed->platform, testbed->home, testbed->plan, false,
                             &testbed->macvtap_why, err);
    }
    if (rc == 0) {
        rc = write_record(testbed, err);
    }
    if (rc == 0) {
        struct memory_charge *charge = memory_charge_begin();
        rc = make_surroundings(testbed, err);
        testbed->host_memory_bytes = memory_charge_end(charge);
    }
    if (rc == 0) {
        rc = cables_impair(testbed, err);
    }
    size_t routers =
        testbed->plan->topology == TOPOLOGY_DIRECT ? 0 : testbed->plan->scenario->router_count;
    for (size_t i = 0; rc == 0 && i < routers; i++) {
        testbed->routers[i].id = testbed->next_id++;
        rc = testbed_make_router(testbed, i, err);
    }
    if (rc == 0) {
        rc = set_up_tester(testbed, err);
    }
    // They start in parallel.
    for (size_t i = 0; rc == 0 && i < routers; i++) {
        rc = testbed_await_router(testbed, i, err);
    }
    if (rc == 0) {
        rc = testbed_make_sink_queues(testbed, -1, err);
    }
    if (rc == 0) {
        rc = testbed_make_threads(testbed, err);
    }
    if (rc == 0) {
        rc = testbed_start_speakers(testbed, err);
    }
    if (rc == 0) {
        rc = testbed_place(testbed, err);
    }
    if (rc == 0) {
        rc = testbed_note(testbed, err);
    }
    if (rc < 0 || !has_daemons(testbed->plan->scenario)) {
        return rc;
    }
    rc = testbed_converge(testbed, -1, err);
    return rc == 0 ? testbed_note(testbed, err) : rc;
}
