// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/check_paths — rules of the paths of networks and of the links between routers. Called by
// check.c.
#include "base/text.h"
#include "scenario/check.h"
#include "scenario/path.h"

static struct yaml_node *path_node(const struct checking *c, size_t number)
{
    const struct yaml_node *node = yaml_child(c->root, "networks")->children[number];
    struct yaml_node *several = yaml_child(node, "routers");
    return several != NULL ? several : yaml_child(node, "router");
}

// Reports an unknown name. `key` is the key that has it.
static void check_name(const struct checking *c, struct yaml_node *name, const char *key)
{
    const struct yaml_node *routers = yaml_sound(c->root, "routers");
    if (!name->wrong && routers != NULL && yaml_child(routers, name->text) == NULL) {
        yaml_problem(
            name, c->problems,
            text_format("%s: there is no router \"%.60s\" under routers", key, name->text));
    }
}

// A router of a path of several must be one that vrbench gives routes to.
static void check_hop(const struct checking *c, struct yaml_node *name, size_t router)
{
    if (name->wrong || router == PATH_NO_ROUTER) {
        return;
    }
    const struct scenario_router *of = &c->scenario->routers[router];
    if (of->daemon != DAEMON_NONE) {
        yaml_problem(name, c->problems,
                     text_format("routers: %s has daemon %s, and this version sends through "
                                 "several routers only with static routes; expected routers "
                                 "without a daemon",
                                 of->name, routing_daemon_name(of->daemon)));
    } else if (of->image != NULL || of->config != NULL) {
        yaml_problem(name, c->problems,
                     text_format("routers: %s has a system of its own (%s), to which this version "
                                 "gives no routes; expected routers without one",
                                 of->name, of->image != NULL ? "image" : "config"));
    }
}

static void check_hops(const struct checking *c, const struct scenario_network *network,
                       const struct yaml_node *list)
{
    for (size_t i = 0; i < network->router_count && i < list->child_count; i++) {
        struct yaml_node *name = list->children[i];
        check_name(c, name, "routers");
        for (size_t k = 0; k < i && !name->wrong; k++) {
            if (text_equal(list->children[k]->text, name->text)) {
                yaml_problem(name, c->problems,
                             text_format("routers: %s is on the path already; expected each router "
                                         "once",
                                         name->text));
            }
        }
        if (network->router_count > 1) {
            check_hop(c, name, network->routers[i]);
        }
    }
}

void check_path(const struct checking *c, size_t number)
{
    const struct yaml_node *node = yaml_child(c->root, "networks")->children[number];
    struct yaml_node *one = yaml_child(node, "router");
    struct yaml_node *several = yaml_child(node, "routers");
    if (one != NULL && several != NULL) {
        yaml_key_problem(several, c->problems,
                         text_copy("routers: expected without router, which is the short form for "
                                   "a path through one router"));
        return;
    }
    if (one == NULL && several == NULL && !node->wrong &&
        (node->kind == YAML_MAPPING || node->is_null)) {
        yaml_key_problem(node, c->problems, text_copy("missing key \"router\": " PATH_ROUTER_HELP));
    }
    if (one != NULL) {
        check_name(c, one, "router");
    }
    if (several != NULL && !several->wrong && several->kind == YAML_SEQUENCE) {
        check_hops(c, &c->scenario->networks[number], several);
    }
}

// Every link that network `number` passes must exist, with addresses.
static void check_room(const struct checking *c, size_t number)
{
    const struct scenario_network *network = &c->scenario->networks[number];
    struct yaml_node *node = path_node(c, number);
    for (size_t k = 0; node != NULL && !node->wrong && k + 1 < network->router_count; k++) {
        if (!path_joins_two(network, k)) {
            continue;
        }
        size_t at = scenario_link(c->scenario, network->routers[k], network->routers[k + 1], NULL);
        const struct scenario_link *link = at == SIZE_MAX ? NULL : &c->scenario->links[at];
        if (link == NULL) {
            yaml_problem(
                node, c->problems,
                text_format("routers: more than %d links between routers", SCENARIO_LINKS));
        } else if ((network->ip == 6 ? link->ip6 : link->ip4)[0].prefix == 0) {
            yaml_problem(node, c->problems,
                         text_format("routers: the addresses of the networks leave no room in %s "
                                     "for the links between routers; expected other addresses",
                                     network->ip == 6 ? "2001:2::/48" : "198.18.0.0/15"));
        }
    }
}

// The interface of a virtual machine has one address.
static void check_versions_of_links(const struct checking *c, size_t number)
{
    const struct scenario_network *network = &c->scenario->networks[number];
    struct yaml_node *node = path_node(c, number);
    for (size_t k = 0; node != NULL && !node->wrong && k + 1 < network->router_count; k++) {
        size_t at = scenario_link(c->scenario, network->routers[k], network->routers[k + 1], NULL);
        const struct scenario_link *link = at == SIZE_MAX ? NULL : &c->scenario->links[at];
        if (link != NULL && link->ip4[0].prefix != 0 && link->ip6[0].prefix != 0) {
            yaml_problem(node, c->problems,
                         text_format("routers: networks of IPv4 and of IPv6 share the link of %s "
                                     "and %s, which have one address each on platform %s; expected "
                                     "one IP version on each link",
                                     c->scenario->routers[network->routers[k]].name,
                                     c->scenario->routers[network->routers[k + 1]].name,
                                     c->scenario->platform));
        }
    }
}

// A platform whose routers get NICs only has no link that joins two of them.
static void check_dedicated(const struct checking *c)
{
    const struct yaml_node *topologies = yaml_sound(c->root, "topologies");
    for (size_t i = 0; topologies != NULL && i < topologies->child_count; i++) {
        struct yaml_node *topology = topologies->children[i];
        if (!topology->wrong && text_equal(topology->text, topology_name(TOPOLOGY_DEDICATED))) {
            yaml_problem(topology, c->problems,
                         text_format("topologies: dedicated cannot be used with a path of several "
                                     "routers on platform %s, whose dedicated links are NICs; "
                                     "expected bridged",
                                     c->scenario->platform));
        }
    }
}

void check_links_between(const struct checking *c)
{
    const struct catalogue_platform *platform =
        c->scenario->platform == NULL ? NULL : catalogue_platform(c->scenario->platform);
    for (size_t i = 0; i < c->scenario->network_count; i++) {
        if (!yaml_child(c->root, "networks")->children[i]->wrong) {
            check_room(c, i);
            if (platform != NULL && platform->kind == PLATFORM_MACHINES) {
                check_versions_of_links(c, i);
            }
        }
    }
    if (platform != NULL && platform->needs_nics && c->scenario->link_count > 0) {
        check_dedicated(c);
    }
}
