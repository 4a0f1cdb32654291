// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/plan_dot — see plan_dot.h.
#include "testbed/plan_dot.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"

// Colours of networks, one after the other: those of Tableau 10, which differ in brightness too.
static const char *const colours[] = {"#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#b07aa1",
                                      "#76b7b2", "#9c755f", "#edc948", "#ff9da7", "#79706e"};

#define COLOUR_COUNT (sizeof colours / sizeof colours[0])

// Writes a text within quotes.
static void put_text(const char *text, FILE *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            fputc('\\', out);
        }
        fputc(*text, out);
    }
}

static void put_quoted(const char *text, FILE *out)
{
    fputc('"', out);
    put_text(text, out);
    fputc('"', out);
}

static void put_subnet(const struct ip_interface *ip, FILE *out)
{
    char text[IP_TEXT_SIZE];
    struct ip_address subnet = ip_subnet(&ip->address, ip->prefix);
    fprintf(out, "\\n%s/%u", ip_text(&subnet, text), ip->prefix);
}

// The node of the graph at an end of a wire: a bridge stands for the host's interfaces on it.
static void put_node_id(const struct plan_interface *end, FILE *out)
{
    if (end->bridge >= 0) {
        fprintf(out, "bridge%d", end->bridge);
    } else {
        fprintf(out, "node%zu", end->node);
    }
}

static void put_nodes(const struct plan *plan, FILE *out)
{
    for (size_t i = 0; i < plan->node_count; i++) {
        enum node_kind kind = plan->nodes[i].kind;
        if (kind == NODE_HOST || kind == NODE_CABLES) {
            continue; // its bridges, or the cables, are drawn
        }
        fprintf(out, "    node%zu [label=", i);
        put_quoted(plan->nodes[i].name, out);
        fprintf(out, ", shape=%s];\n", kind == NODE_ROUTER ? "box" : "ellipse");
    }
    if (plan->bridge_count == 0) {
        return;
    }
    fprintf(out, "    subgraph cluster_host {\n        label=\"host\";\n");
    for (size_t i = 0; i < plan->bridge_count; i++) {
        fprintf(out, "        bridge%zu [label=", i);
        put_quoted(plan->bridges[i].name, out);
        fprintf(out, ", shape=hexagon];\n");
    }
    fprintf(out, "    }\n");
}

// The name of an end, and its address.
static void put_end(const char *attribute, const struct plan_interface *end, FILE *out)
{
    char text[IP_TEXT_SIZE];
    fprintf(out, ", %s=\"", attribute);
    put_text(end->nic == NULL ? end->name : end->nic, out);
    if (end->ip.prefix != 0) {
        fprintf(out, "\\n%s", ip_text(&end->ip.address, text));
    }
    if (end->also.prefix != 0) {
        fprintf(out, "\\n%s", ip_text(&end->also.address, text));
    }
    fputc('"', out);
}

static bool is_tester(const struct plan *plan, const struct plan_interface *end)
{
    enum node_kind kind = plan->nodes[end->node].kind;
    return kind == NODE_SOURCE || kind == NODE_SINK;
}

// The names of the networks that pass a wire, the tags of their frames on the tester's wires, and
// the subnet there.
static void put_label(const struct plan *plan, const struct plan_wire *wire, const bool *passes,
                      FILE *out)
{
    const char *between = "";
    const struct plan_interface *a = &plan->interfaces[wire->a];
    const struct plan_interface *b = &plan->interfaces[wire->b];
    bool tester = is_tester(plan, a) || is_tester(plan, b);
    const struct plan_interface *named = a->ip.prefix != 0 ? a : b;
    fprintf(out, " [label=\"");
    for (size_t i = 0; i < plan->scenario->network_count; i++) {
        if (passes[i]) {
            fputs(between, out);
            put_text(plan->scenario->networks[i].name, out);
            if (plan->scenario->networks[i].vlan != 0 && tester) {
                fprintf(out, " (VLAN %u)", plan->scenario->networks[i].vlan);
            }
            between = ", ";
        }
    }
    if (named->ip.prefix != 0 && plan->topology != TOPOLOGY_DIRECT) {
        put_subnet(&named->ip, out);
    }
    if (named->also.prefix != 0) {
        put_subnet(&named->also, out);
    }
}

// What happens to packets in a direction of a cable.
static void put_impairment(const struct impairment *what, const char *cable, FILE *out)
{
    if (what != NULL) {
        _cleanup_free_ char *text = impairment_text(what);
        fprintf(out, "\\n");
        put_text(cable, out);
        fprintf(out, ": %s", text);
    }
}

// The wire and, if it begins an impaired cable, the other half of that; false = it is the other
// half.
static bool whole_wire(const struct plan *plan, size_t number, struct plan_wire *ret,
                       const struct plan_cable **ret_cable)
{
    *ret = plan->wires[number];
    *ret_cable = plan_in_cables(plan, ret->b) ? plan_cable_of(plan, ret->b) : NULL;
    for (size_t i = 0; *ret_cable != NULL && i < plan->wire_count; i++) {
        if (plan->wires[i].a == (*ret_cable)->b) {
            ret->b = plan->wires[i].b;
        }
    }
    return !plan_in_cables(plan, ret->a);
}

// An edge with a line for each network that passes.
static void put_wire(const struct plan *plan, size_t number, const bool *passes, FILE *out)
{
    struct plan_wire whole;
    const struct plan_wire *wire = &whole;
    const struct plan_cable *cable = NULL;
    const char *between = "";
    if (!whole_wire(plan, number, &whole, &cable)) {
        return;
    }
    fprintf(out, "    ");
    put_node_id(&plan->interfaces[wire->a], out);
    fprintf(out, " -- ");
    put_node_id(&plan->interfaces[wire->b], out);
    put_label(plan, wire, passes, out);
    if (cable != NULL) {
        put_impairment(cable->at_a, cable->name_a, out);
        put_impairment(cable->at_b, cable->name_b, out);
    }
    fputc('"', out);
    put_end("taillabel", &plan->interfaces[wire->a], out);
    put_end("headlabel", &plan->interfaces[wire->b], out);
    fprintf(out, ", color=\"");
    for (size_t i = 0; i < plan->scenario->network_count; i++) {
        if (passes[i]) {
            fprintf(out, "%s%s", between, colours[i % COLOUR_COUNT]);
            between = ":";
        }
    }
    fprintf(out, "\"%s];\n", wire->made ? "" : ", style=dashed");
}

void plan_write_dot(const struct plan *plan, FILE *out)
{
    const size_t networks = plan->scenario->network_count;
    _cleanup_free_ bool *passes = memory_new_array(bool, networks * plan->wire_count);
    for (size_t i = 0; i < networks; i++) {
        for (size_t k = 0; k < plan->paths[i].wire_count; k++) {
            passes[plan->paths[i].wires[k] * networks + i] = true;
        }
    }
    _cleanup_free_ char *title =
        text_format("%s, %s", plan->scenario->name, topology_name(plan->topology));
    fprintf(out, "graph ");
    put_quoted(title, out);
    fprintf(out, " {\n    graph [rankdir=LR, label=");
    put_quoted(title, out);
    fprintf(out, "];\n    node [fontname=\"sans-serif\"];\n"
                 "    edge [fontname=\"sans-serif\", fontsize=9, penwidth=2];\n");
    put_nodes(plan, out);
    for (size_t i = 0; i < plan->wire_count; i++) {
        put_wire(plan, i, &passes[i * networks], out);
    }
    fprintf(out, "}\n");
}
