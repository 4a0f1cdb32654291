// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/check — see check.h. Called by read.c after each key has been read separately.
 *
 * An array of the draft has one element for each node of the tree, at the same index, up to the
 * limits of the schema. The index therefore leads from a value to its place in the file.
 */
#include "scenario/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "scenario/parts.h"
#include "scenario/path.h"
#include "scenario/schema.h"
#include "scenario/startup.h"

#define SUBNET_TEXT (IP_TEXT_SIZE + 4)

static void check_cpus(const struct checking *c, unsigned cpus_online)
{
    struct yaml_node *cpus = yaml_sound(c->root, "host.cpus");
    if (cpus != NULL && c->scenario->host.cpus > cpus_online) {
        yaml_problem(
            cpus, c->problems,
            text_format(
                "cpus: expected at most %u, the number of CPUs that vrbench may use on this "
                "machine, not %u",
                cpus_online, c->scenario->host.cpus));
    }
}

static void check_cap(const struct checking *c, struct yaml_node *cap, unsigned percent)
{
    unsigned most = 100 * c->scenario->host.cpus;
    if (cap != NULL && percent > most) {
        yaml_problem(cap, c->problems,
                     text_format("cap: expected at most %u, 100 percent for each CPU of host.cpus, "
                                 "not %u",
                                 most, percent));
    }
}

static void check_caps(const struct checking *c)
{
    const struct yaml_node *routers = yaml_child(c->root, "routers");
    const struct yaml_node *cpus = yaml_path(c->root, "host.cpus");
    if (cpus != NULL && cpus->wrong) {
        return;
    }
    check_cap(c, yaml_sound(c->root, "host.cap"), c->scenario->host.allocation.cap);
    for (size_t i = 0; i < c->scenario->router_count; i++) {
        check_cap(c, yaml_sound(routers->children[i], "cap"),
                  c->scenario->routers[i].allocation.cap);
    }
}

// Names of routers must differ from those of the testbed's other nodes and parties.
static void check_routers(const struct checking *c)
{
    const struct yaml_node *routers = yaml_child(c->root, "routers");
    for (size_t i = 0; i < c->scenario->router_count; i++) {
        const char *name = c->scenario->routers[i].name;
        const char *use = scenario_reserved(name);
        if (use != NULL) {
            yaml_key_problem(
                routers->children[i], c->problems,
                text_format("routers: \"%s\" is already the name of %s; expected another name",
                            name, use));
        }
    }
}

static const struct catalogue_platform *platform_of(const struct checking *c)
{
    return c->scenario->platform == NULL ? NULL : catalogue_platform(c->scenario->platform);
}

static bool has_router_files(const struct checking *c)
{
    const struct catalogue_platform *platform = platform_of(c);
    return platform != NULL && platform->files != NULL;
}

// A daemon and its configuration require each other. Without a daemon, `config` is the router's own
// file.
static void check_daemons(const struct checking *c)
{
    const struct yaml_node *routers = yaml_child(c->root, "routers");
    for (size_t i = 0; i < c->scenario->router_count; i++) {
        struct yaml_node *daemon = yaml_child(routers->children[i], "daemon");
        struct yaml_node *config = yaml_child(routers->children[i], "config");
        if ((daemon != NULL && daemon->wrong) || (config != NULL && config->wrong)) {
            continue;
        }
        bool has_daemon = c->scenario->routers[i].daemon != DAEMON_NONE;
        if (has_daemon && daemon != NULL && config == NULL) {
            yaml_problem(
                daemon, c->problems,
                text_format("daemon: requires config, the configuration file of %s", daemon->text));
        } else if (!has_daemon && config != NULL && !has_router_files(c)) {
            yaml_key_problem(
                config, c->problems,
                text_copy("config: expected only with daemon: frr or bird, or on platform "
                          "xen, where it is a domain's file"));
        } else if (!has_daemon && config != NULL &&
                   yaml_child(routers->children[i], "image") != NULL) {
            yaml_key_problem(config, c->problems,
                             text_copy("config: expected without an image: a domain's file names "
                                       "what it boots"));
        }
    }
}

// An image requires a machine that can boot it, and exactly one way of configuration.
static void check_images(const struct checking *c)
{
    const struct catalogue_platform *platform = platform_of(c);
    const struct yaml_node *routers = yaml_child(c->root, "routers");
    for (size_t i = 0; i < c->scenario->router_count; i++) {
        struct yaml_node *image = yaml_sound(routers->children[i], "image");
        struct yaml_node *setup = yaml_sound(routers->children[i], "setup");
        if (image != NULL && platform != NULL && !platform->boots_images) {
            yaml_problem(image, c->problems,
                         text_format("image: platform %s has no virtual machines; expected "
                                     "another platform",
                                     c->scenario->platform));
        }
        if (image != NULL && c->scenario->routers[i].daemon != DAEMON_NONE) {
            yaml_problem(
                image, c->problems,
                text_copy("image: expected without a daemon: vrbench runs no daemon inside an "
                          "image"));
        }
        if (setup == NULL) {
            continue;
        }
        if (yaml_child(routers->children[i], "image") == NULL) {
            yaml_problem(setup, c->problems, text_copy("setup: expected only with an image"));
        }
        if ((yaml_child(setup, "cloud_init") == NULL) == (yaml_child(setup, "serial") == NULL)) {
            yaml_problem(setup, c->problems,
                         text_copy("setup: expected exactly one of cloud_init and serial"));
        }
    }
}

static void format_subnet(struct ip_interface interface, char ret[SUBNET_TEXT])
{
    char text[IP_TEXT_SIZE];
    struct ip_address subnet = ip_subnet(&interface.address, interface.prefix);
    snprintf(ret, SUBNET_TEXT, "%s/%u", ip_text(&subnet, text), interface.prefix);
}

static bool overlap(struct ip_interface a, struct ip_interface b)
{
    return ip_agree(&a.address, &b.address, a.prefix < b.prefix ? a.prefix : b.prefix);
}

// One side of a network: the two ends of a cable, in one subnet.
struct side {
    const char *end, *router_end; // keys of the addresses, which are also keys of `links`
    struct ip_interface address, router_address;
    struct yaml_node *node; // the address that stands later in the file, or the network's node for
                            // default addresses
    bool given;             // set by the user
    const char *network;
};

// Checks that both ends are in one subnet. Returns false if they are not or cannot be read.
static bool check_pair(const struct checking *c, struct side *side,
                       const struct yaml_node *addresses)
{
    if (addresses == NULL) {
        return true;
    }
    struct yaml_node *end = yaml_sound(addresses, side->end);
    struct yaml_node *router_end = yaml_sound(addresses, side->router_end);
    if (end == NULL || router_end == NULL) {
        return false;
    }
    // The problem is reported at the end that stands later in the file.
    bool later = end->line > router_end->line ||
                 (end->line == router_end->line && end->column > router_end->column);
    side->node = later ? end : router_end;
    side->given = true;
    if (side->address.prefix != side->router_address.prefix ||
        !overlap(side->address, side->router_address)) {
        char subnet[SUBNET_TEXT];
        char other[SUBNET_TEXT];
        format_subnet(side->address, subnet);
        format_subnet(side->router_address, other);
        yaml_problem(
            side->node, c->problems,
            text_format("%s and %s are the ends of one cable: expected one subnet, not %s and "
                        "%s",
                        side->end, side->router_end, subnet, other));
        return false;
    }
    if (ip_equal(&side->address.address, &side->router_address.address)) {
        yaml_problem(side->node, c->problems,
                     text_format("%s and %s: expected two different hosts of the subnet", side->end,
                                 side->router_end));
        return false;
    }
    return true;
}

static void check_overlap(const struct checking *c, const struct side *sides, size_t count)
{
    const struct side *side = &sides[count];
    for (size_t i = 0; i < count; i++) {
        if (overlap(sides[i].address, side->address)) {
            char subnet[SUBNET_TEXT];
            char other[SUBNET_TEXT];
            format_subnet(side->address, subnet);
            format_subnet(sides[i].address, other);
            char *text = text_format("%s and %s of %s are in %s, which overlaps %s of %s and %s "
                                     "of %s",
                                     side->end, side->router_end, side->network, subnet, other,
                                     sides[i].end, sides[i].router_end, sides[i].network);
            if (side->given) {
                yaml_problem(side->node, c->problems, text);
            } else {
                yaml_key_problem(side->node, c->problems, text);
            }
            return;
        }
    }
}

// Checks that an address that the user set is of the network's IP version.
static void check_version(const struct checking *c, const struct scenario_network *network,
                          const struct yaml_node *node, const char *key,
                          const struct ip_interface *given)
{
    struct yaml_node *at = yaml_sound(node, key);
    if (at != NULL && given->address.version != network->ip) {
        yaml_problem(at, c->problems,
                     text_format("%s: expected an IPv%u address, as of the network (ip: %u) and "
                                 "all its addresses, not %.60s",
                                 strrchr(key, '.') + 1, network->ip, network->ip, at->text));
    }
}

static void check_versions(const struct checking *c, const struct scenario_network *network,
                           const struct yaml_node *node)
{
    check_version(c, network, node, "addresses.source", &network->source);
    check_version(c, network, node, "addresses.ingress", &network->ingress);
    check_version(c, network, node, "addresses.egress", &network->egress);
    check_version(c, network, node, "addresses.sink", &network->sink);
    check_version(c, network, node, "behind.source", &network->behind_source);
    check_version(c, network, node, "behind.sink", &network->behind_sink);
}

// The tester announces routes of IPv4 only (testbed/converge).
static void check_ip(const struct checking *c, const struct scenario_network *network,
                     struct yaml_node *node)
{
    struct yaml_node *at = yaml_child(node, "ip");
    if (network->ip == 6 && network->router != PATH_NO_ROUTER &&
        c->scenario->routers[network->router].daemon != DAEMON_NONE) {
        yaml_key_problem(
            at != NULL ? at : node, c->problems,
            text_format("ip: IPv6 requires a router without a daemon, and %s has %s",
                        c->scenario->routers[network->router].name,
                        routing_daemon_name(c->scenario->routers[network->router].daemon)));
    }
}

static void check_networks(const struct checking *c)
{
    const struct scenario *scenario = c->scenario;
    const struct yaml_node *networks = yaml_child(c->root, "networks");
    struct side sides[2 * SCENARIO_NETWORKS];
    size_t count = 0;
    for (size_t i = 0; i < scenario->network_count; i++) {
        const struct scenario_network *network = &scenario->networks[i];
        struct yaml_node *node = networks->children[i];
        const struct yaml_node *addresses = yaml_child(node, "addresses");
        check_path(c, i);
        if (node->wrong || network->name == NULL) {
            continue;
        }
        check_versions(c, network, node);
        check_ip(c, network, node);
        struct side both[] = {
            {"source", "ingress", network->source, network->ingress, node, false, network->name},
            {"egress", "sink", network->egress, network->sink, node, false, network->name},
        };
        for (size_t k = 0; k < 2; k++) {
            if (check_pair(c, &both[k], addresses)) {
                sides[count] = both[k];
                check_overlap(c, sides, count);
                count++;
            }
        }
    }
}

// A subnet behind the tester must not be directly connected to the router.
static void check_behind_subnet(const struct checking *c, size_t number, bool sink)
{
    const struct scenario *scenario = c->scenario;
    const struct scenario_network *network = &scenario->networks[number];
    struct ip_interface own = sink ? network->behind_sink : network->behind_source;
    struct yaml_node *node = yaml_child(c->root, "networks")->children[number];
    struct yaml_node *given = yaml_path(node, sink ? "behind.sink" : "behind.source");
    for (size_t i = 0; i < scenario->network_count; i++) {
        const struct scenario_network *other = &scenario->networks[i];
        const struct ip_interface subnets[4] = {other->source, other->egress, other->behind_source,
                                                other->behind_sink};
        for (size_t k = 0; k < 4; k++) {
            bool earlier = k < 2 || i < number || (i == number && sink && k == 2);
            if (!earlier || subnets[k].prefix == 0 || !overlap(own, subnets[k])) {
                continue;
            }
            char subnet[SUBNET_TEXT];
            char taken[SUBNET_TEXT];
            format_subnet(own, subnet);
            format_subnet(subnets[k], taken);
            char *text = text_format("behind: %s behind the %s of %s overlaps %s of %s", subnet,
                                     sink ? "sink" : "source", network->name, taken, other->name);
            if (given != NULL) {
                yaml_problem(given, c->problems, text);
            } else {
                yaml_key_problem(node, c->problems, text);
            }
            return;
        }
    }
}

static void check_behind(const struct checking *c)
{
    const struct scenario *scenario = c->scenario;
    const struct yaml_node *networks = yaml_child(c->root, "networks");
    for (size_t i = 0; i < scenario->network_count; i++) {
        const struct scenario_network *network = &scenario->networks[i];
        struct yaml_node *behind = yaml_child(networks->children[i], "behind");
        if (networks->children[i]->wrong || network->name == NULL ||
            network->router == PATH_NO_ROUTER || (behind != NULL && behind->wrong)) {
            continue;
        }
        if (scenario->routers[network->router].daemon == DAEMON_NONE) {
            if (behind != NULL) {
                yaml_key_problem(behind, c->problems,
                                 text_format("behind: expected only if the router has a daemon "
                                             "that learns the route to it"));
            }
            continue;
        }
        if (network->behind_source.prefix != 0 && network->behind_sink.prefix != 0) {
            check_behind_subnet(c, i, false);
            check_behind_subnet(c, i, true);
        }
    }
}

static void check_link(const struct checking *c, struct yaml_node *node)
{
    static const char *const pairs[][2] = {{"source", "ingress"}, {"egress", "sink"}};
    if (node->wrong) {
        return;
    }
    if (node->child_count == 0) {
        yaml_key_problem(node, c->problems,
                         text_format("links: expected source and ingress, or egress and sink, "
                                     "or all four"));
    }
    for (size_t i = 0; i < 2; i++) {
        const struct yaml_node *one = yaml_child(node, pairs[i][0]);
        const struct yaml_node *other = yaml_child(node, pairs[i][1]);
        if ((one == NULL) != (other == NULL)) {
            yaml_key_problem(
                one == NULL ? other : one, c->problems,
                text_format("%s and %s are the ends of one cable: expected both or neither",
                            pairs[i][0], pairs[i][1]));
        }
    }
}

// Each interface may be named once. `nics` has the nodes seen so far.
static void check_nic(const struct checking *c, struct yaml_node *nic, struct yaml_node **nics,
                      size_t *count)
{
    if (nic == NULL) {
        return;
    }
    for (size_t i = 0; i < *count; i++) {
        if (text_equal(nics[i]->text, nic->text)) {
            yaml_problem(
                nic, c->problems,
                text_format("interface %s is already used on line %u", nic->text, nics[i]->line));
            return;
        }
    }
    nics[(*count)++] = nic;
}

static void check_links(const struct checking *c)
{
    static const char *const ends[] = {"source", "ingress", "egress", "sink"};
    const struct yaml_node *links = yaml_child(c->root, "links");
    const struct yaml_node *networks = yaml_child(c->root, "networks");
    struct yaml_node *nics[4 * SCENARIO_NETWORKS];
    size_t nic_count = 0;
    for (size_t i = 0; i < c->draft->link_count; i++) {
        struct yaml_node *node = links->children[i];
        check_link(c, node);
        if (c->draft->links[i].network != NULL && networks != NULL && !networks->wrong &&
            yaml_child(networks, node->key) == NULL) {
            yaml_key_problem(
                node, c->problems,
                text_format("links: there is no network \"%.60s\" under networks", node->key));
        }
        for (size_t k = 0; k < 4; k++) {
            check_nic(c, yaml_sound(node, ends[k]), nics, &nic_count);
        }
    }
    struct yaml_node *topologies = yaml_sound(c->root, "topologies");
    for (size_t i = 0; topologies != NULL && links != NULL && i < topologies->child_count; i++) {
        struct yaml_node *topology = topologies->children[i];
        if (!topology->wrong && text_equal(topology->text, topology_name(TOPOLOGY_DIRECT))) {
            yaml_problem(topology, c->problems,
                         text_format("topologies: direct cannot be used with links: their cables "
                                     "would have to be moved by hand"));
        }
    }
}

void scenario_check(const struct draft *draft, struct yaml_node *root, unsigned cpus_online,
                    struct scenario_problems *problems)
{
    const struct checking checking = {draft, &draft->scenario, root, problems};
    check_cpus(&checking, cpus_online);
    check_caps(&checking);
    check_routers(&checking);
    check_daemons(&checking);
    check_images(&checking);
    startup_check(&draft->scenario, root, problems);
    check_networks(&checking);
    check_links_between(&checking);
    check_behind(&checking);
    check_links(&checking);
    check_impairments(&checking);
    check_traffic(&checking);
}
