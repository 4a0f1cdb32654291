// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/impair — what cables do to packets (`impair`): each row names the cables that lead from
 * one node to another, in that direction, or in both.
 *
 * A cable joins the source to the first router of a network's path, a router to the next one, or
 * the last router to the sink. check.c calls the checks; the testbed asks for the impairment of
 * each cable.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "scenario/check.h"
#include "scenario/scenario.h"

#define SOURCE_NAME "source"
#define SINK_NAME   "sink"

// A cable in one direction: the name of the network, if it is one of the tester's; else NULL.
struct direction {
    const char *network;
    const char *from, *to;
};

static bool row_is_for(const struct scenario_impairment *row, const struct direction *way)
{
    if (row->from == NULL || row->to == NULL ||
        (row->network != NULL &&
         (way->network == NULL || !text_equal(row->network, way->network)))) {
        return false;
    }
    return (text_equal(row->from, way->from) && text_equal(row->to, way->to)) ||
           (row->directions == DIRECTIONS_BOTH && text_equal(row->from, way->to) &&
            text_equal(row->to, way->from));
}

static const struct impairment *find(const struct scenario *scenario, const struct direction *way)
{
    for (size_t i = 0; i < scenario->impairment_count; i++) {
        if (row_is_for(&scenario->impairments[i], way)) {
            return &scenario->impairments[i].what;
        }
    }
    return NULL;
}

const struct impairment *scenario_end_impairment(const struct scenario *scenario, size_t network,
                                                 bool sink, bool to_tester)
{
    const struct scenario_network *of = &scenario->networks[network];
    const char *tester = sink ? SINK_NAME : SOURCE_NAME;
    const char *router = scenario->routers[of->routers[sink ? of->router_count - 1 : 0]].name;
    const struct direction way = {.network = of->name,
                                  .from = to_tester ? router : tester,
                                  .to = to_tester ? tester : router};
    return find(scenario, &way);
}

const struct impairment *scenario_link_impairment(const struct scenario *scenario, size_t link,
                                                  unsigned end)
{
    const size_t *routers = scenario->links[link].routers;
    const struct direction way = {.from = scenario->routers[routers[end]].name,
                                  .to = scenario->routers[routers[1 - end]].name};
    return find(scenario, &way);
}

char *impairment_text(const struct impairment *what)
{
    char loss[32] = "";
    char rate[48] = "";
    char delay[64] = "";
    if (what->loss > 0.0) {
        snprintf(loss, sizeof loss, ", loss %.6g %%", what->loss * 100.0);
    }
    if (what->rate_bps > 0.0) {
        snprintf(rate, sizeof rate, ", rate %.6g Mbit/s", what->rate_bps / 1e6);
    }
    if (what->delay_ns > 0) {
        int used = snprintf(delay, sizeof delay, ", delay %.6g ms", (double)what->delay_ns / 1e6);
        if (what->jitter_ns > 0) {
            snprintf(delay + used, sizeof delay - (size_t)used, " +- %.6g ms",
                     (double)what->jitter_ns / 1e6);
        }
    }
    char *all = text_format("%s%s%s", loss, rate, delay);
    char *text = text_copy(all[0] == '\0' ? "" : all + 2);
    free(all);
    return text;
}

// ---- checking

static bool is_tester(const char *name)
{
    return text_equal(name, SOURCE_NAME) || text_equal(name, SINK_NAME);
}

static void check_figures(const struct checking *c, struct yaml_node *node,
                          const struct impairment *what)
{
    struct yaml_node *jitter = yaml_sound(node, "jitter");
    struct yaml_node *queue = yaml_sound(node, "queue");
    if (yaml_child(node, "loss") == NULL && yaml_child(node, "rate") == NULL &&
        yaml_child(node, "delay") == NULL && jitter == NULL && queue == NULL) {
        yaml_problem(node, c->problems,
                     text_copy("impair: expected at least one of loss, rate and delay"));
        return;
    }
    const struct yaml_node *delay = yaml_child(node, "delay");
    if (jitter != NULL && (delay == NULL || !delay->wrong) && what->jitter_ns > what->delay_ns) {
        yaml_problem(jitter, c->problems,
                     text_copy("jitter: expected at most the delay, which it varies in both "
                               "directions"));
    }
    if (queue != NULL && yaml_child(node, "rate") == NULL) {
        yaml_key_problem(queue, c->problems,
                         text_copy("queue: expected with rate, which makes packets wait"));
    }
}

// Reports a name that is neither the tester's nor a router's. False if it did, or if the node is
// wrong.
static bool check_name(const struct checking *c, struct yaml_node *name, const char *key)
{
    const struct yaml_node *routers = yaml_sound(c->root, "routers");
    if (name == NULL) {
        return false;
    }
    if (!is_tester(name->text) && routers != NULL && yaml_child(routers, name->text) == NULL) {
        yaml_problem(name, c->problems,
                     text_format("%s: expected source, sink or a router; there is no router "
                                 "\"%.60s\" under routers",
                                 key, name->text));
        return false;
    }
    return routers != NULL;
}

// The number of cables of a network's ends that a row impairs in its first direction; lent ones,
// which vrbench does not make, are reported.
static size_t count_ends(const struct checking *c, struct yaml_node *node,
                         const struct scenario_impairment *row)
{
    size_t found = 0;
    for (size_t i = 0; i < c->scenario->network_count; i++) {
        const struct scenario_network *network = &c->scenario->networks[i];
        for (unsigned sink = 0; sink < 2; sink++) {
            size_t router = network->routers[sink > 0 ? network->router_count - 1 : 0];
            const char *name =
                router < c->scenario->router_count ? c->scenario->routers[router].name : NULL;
            const char *tester = sink > 0 ? SINK_NAME : SOURCE_NAME;
            const struct direction ways[2] = {{network->name, tester, name},
                                              {network->name, name, tester}};
            if (name == NULL || (!row_is_for(row, &ways[0]) && !row_is_for(row, &ways[1]))) {
                continue;
            }
            found++;
            if ((sink > 0 ? network->sink_nic : network->source_nic) != NULL && !node->wrong) {
                yaml_problem(node, c->problems,
                             text_format("impair: the %s's cable of network %s consists of lent "
                                         "interfaces (links); expected a cable that vrbench makes",
                                         tester, network->name));
            }
        }
    }
    return found;
}

static void check_cable(const struct checking *c, struct yaml_node *node,
                        const struct scenario_impairment *row)
{
    struct yaml_node *from = yaml_sound(node, "from");
    struct yaml_node *to = yaml_sound(node, "to");
    struct yaml_node *network = yaml_sound(node, "network");
    const struct yaml_node *networks = yaml_sound(c->root, "networks");
    bool named = check_name(c, from, "from");
    named = check_name(c, to, "to") && named;
    if (network != NULL && networks != NULL && yaml_child(networks, network->text) == NULL) {
        yaml_problem(
            network, c->problems,
            text_format("network: there is no network \"%.60s\" under networks", network->text));
        named = false;
    }
    if (!named || networks == NULL || row->from == NULL || row->to == NULL) {
        return;
    }
    if (network != NULL && !is_tester(from->text) && !is_tester(to->text)) {
        yaml_problem(network, c->problems,
                     text_copy("network: expected only with from or to source or sink: all "
                               "networks share the link of two routers"));
        return;
    }
    size_t found = count_ends(c, node, row);
    for (size_t i = 0; i < c->scenario->link_count; i++) {
        const size_t *routers = c->scenario->links[i].routers;
        const struct direction ways[2] = {
            {NULL, c->scenario->routers[routers[0]].name, c->scenario->routers[routers[1]].name},
            {NULL, c->scenario->routers[routers[1]].name, c->scenario->routers[routers[0]].name}};
        found += row_is_for(row, &ways[0]) || row_is_for(row, &ways[1]);
    }
    if (found == 0) {
        yaml_problem(to, c->problems,
                     text_format("impair: no cable leads from %s to %s%s%s", from->text, to->text,
                                 network == NULL ? "" : " for network ",
                                 network == NULL ? "" : network->text));
    }
}

// Whether both rows impair the same direction of a cable.
static bool rows_meet(const struct scenario_impairment *a, const struct scenario_impairment *b)
{
    if (a->from == NULL || a->to == NULL || b->from == NULL || b->to == NULL ||
        (a->network != NULL && b->network != NULL && !text_equal(a->network, b->network))) {
        return false;
    }
    bool same = text_equal(a->from, b->from) && text_equal(a->to, b->to);
    bool opposite = text_equal(a->from, b->to) && text_equal(a->to, b->from);
    return same ||
           (opposite && (a->directions == DIRECTIONS_BOTH || b->directions == DIRECTIONS_BOTH));
}

// Topology direct alone has no cable that could be impaired.
static void check_topologies(const struct checking *c)
{
    struct yaml_node *topologies = yaml_sound(c->root, "topologies");
    bool impairable = topologies == NULL || topologies->child_count == 0;
    for (size_t i = 0; !impairable && i < topologies->child_count; i++) {
        impairable = topologies->children[i]->wrong ||
                     !text_equal(topologies->children[i]->text, topology_name(TOPOLOGY_DIRECT));
    }
    if (!impairable) {
        yaml_problem(topologies->children[0], c->problems,
                     text_copy("topologies: direct has only the tester's own cable, which impair "
                               "does not change; expected bridged or dedicated besides"));
    }
}

void check_impairments(const struct checking *c)
{
    const struct yaml_node *list = yaml_sound(c->root, "impair");
    const struct scenario *scenario = c->scenario;
    if (list != NULL) {
        check_topologies(c);
    }
    for (size_t i = 0; list != NULL && i < scenario->impairment_count; i++) {
        struct yaml_node *node = list->children[i];
        if (node->wrong || node->kind != YAML_MAPPING) {
            continue;
        }
        check_figures(c, node, &scenario->impairments[i].what);
        check_cable(c, node, &scenario->impairments[i]);
        for (size_t k = 0; k < i && !node->wrong; k++) {
            if (rows_meet(&scenario->impairments[k], &scenario->impairments[i])) {
                yaml_problem(node, c->problems,
                             text_format("impair: this cable is impaired in this direction on "
                                         "line %u already",
                                         list->children[k]->line));
            }
        }
    }
}
