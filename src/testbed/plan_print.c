// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/plan_print — a plan as text, see plan.h. Called by `run --check`.
#include "base/cleanup.h"
#include "base/text.h"
#include "testbed/plan.h"

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

static void print_impairment(const struct impairment *what, const char *cable, FILE *out)
{
    if (what != NULL) {
        _cleanup_free_ char *text = impairment_text(what);
        fprintf(out, "  impairment of %s: %s\n", cable, text);
    }
}

void plan_print(const struct plan *plan, FILE *out)
{
    static const char *const kinds[] = {[NODE_SOURCE] = "tester",
                                        [NODE_SINK] = "tester",
                                        [NODE_HOST] = "host",
                                        [NODE_ROUTER] = "router",
                                        [NODE_CABLES] = "tester"};
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
    for (size_t i = 0; i < plan->cable_count; i++) {
        print_impairment(plan->cables[i].at_a, plan->cables[i].name_a, out);
        print_impairment(plan->cables[i].at_b, plan->cables[i].name_b, out);
    }
    fprintf(out, "  paths (-- made cable, .. existing link, ~ forwarding):\n");
    for (size_t i = 0; i < plan->path_count; i++) {
        print_path(plan, &plan->paths[i], out);
    }
}
