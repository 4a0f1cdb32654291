// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/check_traffic — rules between the keys of `traffic`. Called by check.c.
#include <stdlib.h>

#include "base/text.h"
#include "scenario/check.h"
#include "scenario/parts.h"
#include "scenario/profile.h"
#include "scenario/schema.h"

// Reports a key that the engine cannot obey.
static void check_ability(const struct checking *c, struct yaml_node *node, enum engine_can can,
                          const char *what)
{
    const struct engine_traits *engine = scenario_engine(c->scenario->traffic.engine);
    if (node != NULL && engine != NULL && (engine->can & can) == 0) {
        yaml_key_problem(
            node, c->problems,
            text_format("%s: engine %s cannot send %s", node->key, engine->name, what));
    }
}

// A length is given in bytes of a layer; it must have room for the headers of an IP version and the
// stamp.
static void check_length(const struct checking *c, struct yaml_node *node, const char *key,
                         unsigned length, unsigned ip)
{
    const struct scenario_traffic *traffic = &c->scenario->traffic;
    const struct yaml_node *layer = yaml_path(c->root, "traffic.length_layer");
    const struct engine_traits *engine = scenario_engine(traffic->engine);
    if ((layer != NULL && layer->wrong) || engine == NULL) {
        return;
    }
    const unsigned least = scenario_headers(ip) + engine->payload_min;
    const unsigned most = engine->ip_max == 0 ? SCENARIO_LENGTH_MAX
                                              : engine->ip_max - scenario_tag_bytes(c->scenario);
    // Both bounds in bytes of the layer: the conversion adds the same number for every length.
    const unsigned probe = 1000;
    const unsigned probe_ip = scenario_ip_length(probe, traffic->length_layer, ip);
    unsigned ip_length = scenario_ip_length(length, traffic->length_layer, ip);
    if (ip_length < least || ip_length > most) {
        yaml_problem(node, c->problems,
                     text_format("%s: expected %u to %u bytes (%s; an IP%s packet of %u to %u, "
                                 "with the headers and %s), not %u",
                                 key, least + probe - probe_ip, most + probe - probe_ip,
                                 length_layer_name(traffic->length_layer), ip == 4 ? "" : "v6",
                                 least, most, engine->payload_use, length));
    }
}

// A load of a network's own sends at least one packet in a trial, at every length.
static void check_own_rate(const struct checking *c, const struct scenario_network *network,
                           const struct yaml_node *node)
{
    const struct scenario_traffic *traffic = &c->scenario->traffic;
    struct yaml_node *rate = yaml_sound(node, "rate");
    if (rate == NULL) {
        return;
    }
    check_ability(c, rate, ENGINE_FORMS, "different loads on several networks");
    if (yaml_child(node, "share") != NULL) {
        yaml_key_problem(rate, c->problems,
                         text_format("rate: expected a rate or a share, not both"));
    }
    bool few = traffic->duration_ns > 0 && traffic->length_count == 0 && network->rate.value <= 0.0;
    for (size_t i = 0; traffic->duration_ns > 0 && i < traffic->length_count; i++) {
        double length = scenario_network_mean(c->scenario, network, traffic->lengths[i]);
        double pps = length <= 0.0 ? 1e9 : scenario_profile_pps(&network->rate, length);
        few = few || pps * (double)traffic->duration_ns / 1e9 < 1.0;
    }
    if (few) {
        yaml_problem(rate, c->problems,
                     text_format("rate: expected at least one packet in the duration of a trial, "
                                 "not %.60s",
                                 rate->text));
    }
}

// The offered load is that of a network without a load of its own.
static void check_offered(const struct checking *c)
{
    const struct scenario *scenario = c->scenario;
    const struct yaml_node *networks = yaml_child(c->root, "networks");
    size_t own = 0;
    for (size_t i = 0; i < scenario->network_count; i++) {
        own += scenario->networks[i].rate.given;
    }
    if (own > 0 && own == scenario->network_count) {
        yaml_key_problem(yaml_child(networks->children[0], "rate"), c->problems,
                         text_format("rate: expected at least one network without a rate of its "
                                     "own, which gets the offered load"));
    }
}

// The device under test must be a port of the VLAN, and vrbench makes it one.
static void check_vlan(const struct checking *c, const struct scenario_network *network,
                       const struct yaml_node *node)
{
    struct yaml_node *vlan = yaml_sound(node, "vlan");
    const struct yaml_node *links = yaml_child(c->root, "links");
    check_ability(c, vlan, ENGINE_TAGS, "frames with VLAN tags");
    if (vlan != NULL && links != NULL && yaml_child(links, node->key) != NULL) {
        yaml_key_problem(vlan, c->problems,
                         text_format("vlan: expected no VLAN on the lent interfaces of links"));
    }
    if (vlan != NULL && network->behind_source.prefix != 0) {
        yaml_key_problem(vlan, c->problems,
                         text_format("vlan: expected no VLAN at a router with a daemon, to which "
                                     "the tester speaks without tags"));
    }
}

static void check_networks(const struct checking *c)
{
    const struct yaml_node *networks = yaml_child(c->root, "networks");
    check_offered(c);
    for (size_t i = 0; i < c->scenario->network_count; i++) {
        const struct scenario_network *network = &c->scenario->networks[i];
        struct yaml_node *length = yaml_sound(networks->children[i], "length");
        if (length != NULL) {
            check_length(c, length, "length", network->length, network->ip);
        }
        check_own_rate(c, network, networks->children[i]);
        check_vlan(c, network, networks->children[i]);
        struct yaml_node *share = yaml_sound(networks->children[i], "share");
        check_ability(c, share, ENGINE_FORMS, "different loads on several networks");
        if (c->scenario->networks[i].directions == DIRECTIONS_BOTH) {
            check_ability(c, yaml_sound(networks->children[i], "directions"), ENGINE_BOTH,
                          "in both directions at once");
        }
    }
}

static void check_profile(const struct checking *c)
{
    struct yaml_node *profile = yaml_sound(c->root, "traffic.profile");
    struct yaml_node *duration = yaml_path(c->root, "traffic.duration");
    if (profile == NULL) {
        return;
    }
    check_ability(c, profile, ENGINE_FORMS, "a load that changes in time");
    size_t knots = c->scenario->traffic.profile.knot_count * scenario_stream_count(c->scenario);
    if (knots > PROFILE_KNOTS_MAX) {
        yaml_key_problem(profile, c->problems,
                         text_format("profile: expected at most %d times of all networks and "
                                     "directions together, not %zu",
                                     PROFILE_KNOTS_MAX, knots));
    }
    if (duration != NULL) {
        yaml_key_problem(duration, c->problems,
                         text_format("duration: expected no duration with a profile, which "
                                     "determines it"));
    }
}

static void check_mix(const struct checking *c, struct yaml_node *node,
                      const struct length_mix *mix, unsigned ip)
{
    const struct engine_traits *engine = scenario_engine(c->scenario->traffic.engine);
    if (engine != NULL && (engine->can & ENGINE_MIXES) == 0) {
        yaml_problem(node, c->problems,
                     text_format("lengths: engine %s cannot send a mix of lengths: the program "
                                 "gives all its packets one length; engines packet and xdp can",
                                 engine->name));
        return;
    }
    for (unsigned i = 0; i < mix->part_count && !node->wrong; i++) {
        check_length(c, node, "lengths", mix->parts[i].length, ip);
    }
}

// A length identifies its points: the rounded mean of a mix must not be another length.
static void check_means(const struct checking *c, const struct yaml_node *lengths)
{
    const struct scenario_traffic *traffic = &c->scenario->traffic;
    for (size_t i = 0; i < traffic->length_count; i++) {
        for (size_t k = 0; k < i; k++) {
            size_t mix = traffic->mixes[i].part_count > 0 ? i : k;
            if (traffic->lengths[i] != traffic->lengths[k] || traffic->mixes[mix].part_count == 0 ||
                lengths->children[i]->wrong || lengths->children[k]->wrong) {
                continue;
            }
            yaml_problem(lengths->children[i], c->problems,
                         text_format("lengths: the mean of %s is %u bytes, as is another of the "
                                     "lengths; their points could not be distinguished",
                                     traffic->mixes[mix].name, traffic->lengths[i]));
            break;
        }
    }
}

static void check_lengths(const struct checking *c)
{
    const struct scenario_traffic *traffic = &c->scenario->traffic;
    const struct yaml_node *lengths = yaml_sound(c->root, "traffic.lengths");
    if (lengths == NULL) {
        return;
    }
    unsigned ip = 4;
    for (size_t i = 0; i < c->scenario->network_count; i++) {
        ip = c->scenario->networks[i].ip == 6 ? 6 : ip;
    }
    for (size_t i = 0; i < traffic->length_count; i++) {
        struct yaml_node *node = lengths->children[i];
        if (node->wrong) {
            continue;
        }
        if (traffic->mixes[i].part_count > 0) {
            check_mix(c, node, &traffic->mixes[i], ip);
        } else {
            check_length(c, node, "lengths", traffic->lengths[i], ip);
        }
    }
    check_means(c, lengths);
}

// Flows by addresses use those of the source's subnet, without the router's.
static void check_flows(const struct checking *c)
{
    const struct scenario *scenario = c->scenario;
    struct yaml_node *flows = yaml_sound(c->root, "traffic.flows");
    const struct yaml_node *by = yaml_path(c->root, "traffic.flows_by");
    if (flows == NULL || (by != NULL && by->wrong) || scenario->traffic.flows < 2) {
        return;
    }
    check_ability(c, flows, ENGINE_MIXES,
                  "several flows that its report distinguishes; engines packet and xdp can");
    for (size_t i = 0; scenario->traffic.flows_by == FLOWS_BY_ADDRESSES &&
                       i < scenario->network_count && !flows->wrong;
         i++) {
        unsigned most = scenario_flow_addresses(&scenario->networks[i]);
        if (most > 0 && scenario->traffic.flows > most) {
            yaml_problem(flows, c->problems,
                         text_format("flows: expected at most %u, the source addresses of network "
                                     "%s, not %u",
                                     most, scenario->networks[i].name, scenario->traffic.flows));
        }
    }
}

// An engine that is another program limits the duration by its options.
static void check_duration(const struct checking *c)
{
    const struct scenario_traffic *traffic = &c->scenario->traffic;
    const struct engine_traits *engine = scenario_engine(traffic->engine);
    struct yaml_node *duration = yaml_sound(c->root, "traffic.duration");
    if (duration == NULL || engine == NULL ||
        traffic->duration_ns % engine->duration_step_ns == 0) {
        return;
    }
    yaml_problem(duration, c->problems,
                 text_format("duration: expected a multiple of %g s, which engine %s requires, not "
                             "%.60s",
                             (double)engine->duration_step_ns / 1e9, engine->name, duration->text));
}

// The study's method is defined for iperf only.
static void check_method(const struct checking *c)
{
    struct yaml_node *method = yaml_sound(c->root, "method");
    const char *engine = c->scenario->traffic.engine;
    if (method != NULL && c->scenario->method == METHOD_STUDY && engine != NULL &&
        !text_equal(engine, "iperf")) {
        yaml_problem(method, c->problems,
                     text_format("method: study requires engine iperf, not %.60s", engine));
    }
}

// Other programs send a few packets more or less than they are asked for.
static void check_pacing(const struct checking *c)
{
    struct yaml_node *pacing = yaml_sound(c->root, "traffic.pacing");
    const struct engine_traits *engine = scenario_engine(c->scenario->traffic.engine);
    if (pacing != NULL && c->scenario->traffic.pacing == PACING_STRICT && engine != NULL &&
        engine->slack > 0) {
        yaml_problem(pacing, c->problems,
                     text_format("pacing: engine %s does not keep a load that exactly; strict "
                                 "requires xdp or packet",
                                 engine->name));
    }
}

// TCP decides how fast it sends, and what a packet contains.
static void check_adapting(const struct checking *c)
{
    const struct scenario_traffic *traffic = &c->scenario->traffic;
    const struct engine_traits *engine = scenario_engine(traffic->engine);
    struct yaml_node *layer = yaml_sound(c->root, "traffic.length_layer");
    struct yaml_node *automatic = yaml_sound(c->root, "traffic.rates.auto");
    const struct yaml_node *pps = yaml_sound(c->root, "traffic.rates.pps");
    bool adapts = engine != NULL && (engine->can & ENGINE_ADAPTS) != 0;
    for (size_t i = 0; pps != NULL && engine != NULL && i < traffic->rates.pps_count; i++) {
        if (!adapts && !pps->children[i]->wrong && traffic->rates.pps[i] <= 0.0) {
            yaml_problem(pps->children[i], c->problems,
                         text_format("pps: max is for engine tcp: engine %s sends at the rate that "
                                     "it is given",
                                     engine->name));
        }
    }
    if (adapts && automatic != NULL) {
        yaml_key_problem(automatic, c->problems,
                         text_format("auto: engine %s adapts its rate to what the path carries, so "
                                     "that no load passes saturation; expected { from, to, step } "
                                     "or { pps: [...] }, with max as the last",
                                     engine->name));
    }
    if (adapts && layer != NULL && traffic->length_layer == LENGTH_PAYLOAD) {
        yaml_problem(layer, c->problems,
                     text_format("length_layer: expected ip or frame: the payload of engine %s "
                                 "depends on TCP's options",
                                 engine->name));
    }
    for (size_t i = 0; adapts && i < c->scenario->network_count; i++) {
        const struct yaml_node *network = yaml_child(c->root, "networks")->children[i];
        size_t at = c->scenario->networks[i].router;
        const struct scenario_router *router =
            at < c->scenario->router_count ? &c->scenario->routers[at] : NULL;
        if (router != NULL && router->daemon != DAEMON_NONE) {
            const struct yaml_node *named = yaml_child(network, "router");
            named = named == NULL ? yaml_child(network, "routers") : named;
            yaml_key_problem(named, c->problems,
                             text_format("router: engine %s cannot send through router %s, which "
                                         "has a daemon: the interfaces count the packets of the "
                                         "routing protocol, too",
                                         engine->name, router->name));
        }
    }
}

// A trial measures nothing if its rate is below one packet in its duration.
static void check_lowest_rate(const struct checking *c, const struct yaml_node *rates)
{
    const struct scenario_traffic *traffic = &c->scenario->traffic;
    if (yaml_sound(c->root, "traffic.lengths") == NULL || traffic->duration_ns == 0) {
        return;
    }
    double least = 1.0;
    for (size_t i = 0; i < traffic->length_count; i++) {
        const struct yaml_node *list = yaml_path(c->root, "traffic.lengths");
        double *pps = NULL;
        if (list->children[i]->wrong) {
            return;
        }
        size_t count = scenario_rates(traffic, traffic->lengths[i], &pps);
        for (size_t k = 0; k < count; k++) {
            double packets = pps[k] * (double)traffic->duration_ns / 1e9;
            bool max = traffic->rates.kind == RATES_PPS && pps[k] <= 0.0;
            least = packets < least && !max ? packets : least;
        }
        free(pps);
    }
    if (least < 1.0) {
        yaml_key_problem(rates, c->problems,
                         text_format("%s: the lowest rate is less than one packet in the "
                                     "duration of a trial",
                                     rates->key));
    }
}

static bool check_range(const struct checking *c, struct yaml_node *rates)
{
    static const char *const keys[] = {"from", "to", "step"};
    const struct rate_plan *plan = &c->scenario->traffic.rates;
    for (size_t i = 0; i < 3; i++) {
        if (yaml_child(rates, keys[i]) == NULL) {
            yaml_key_problem(
                rates, c->problems,
                text_format("missing key \"%s\": a range of rates requires from, to and "
                            "step",
                            keys[i]));
        }
    }
    const struct yaml_node *from = yaml_sound(rates, "from");
    struct yaml_node *to = yaml_sound(rates, "to");
    if (from == NULL || to == NULL) {
        return false;
    }
    if (plan->to_bps < plan->from_bps) {
        yaml_problem(to, c->problems,
                     text_format("to: expected at least the rate of \"from\", %.60s, not %.60s",
                                 from->text, to->text));
        return false;
    }
    if (yaml_sound(rates, "step") == NULL) {
        return false;
    }
    if (rates_in_range(plan) > SCHEMA_RATES_MAX) {
        yaml_problem(yaml_child(rates, "step"), c->problems,
                     text_format("step: expected a step that gives at most %d rates, not %zu",
                                 SCHEMA_RATES_MAX, rates_in_range(plan)));
        return false;
    }
    return true;
}

static void check_rates(const struct checking *c)
{
    struct yaml_node *rates = yaml_sound(c->root, "traffic.rates");
    const struct yaml_node *traffic = yaml_sound(c->root, "traffic");
    const struct yaml_node *profile = yaml_child(traffic, "profile");
    if (traffic != NULL && profile == NULL && yaml_child(traffic, "rates") == NULL) {
        yaml_key_problem(traffic, c->problems,
                         text_format("missing key \"rates\": offered loads: { from, to, step }, { "
                                     "pps: [...] } or { auto: N }"));
    }
    if (rates != NULL && profile != NULL) {
        yaml_key_problem(rates, c->problems,
                         text_format("rates: expected rates or a profile, not both"));
        return;
    }
    if (profile != NULL && !profile->wrong && c->scenario->traffic.profile.knot_count > 0) {
        check_lowest_rate(c, profile);
    }
    if (rates == NULL) {
        return;
    }
    const struct yaml_node *pps = yaml_child(rates, "pps");
    const struct yaml_node *automatic = yaml_child(rates, "auto");
    bool range = yaml_child(rates, "from") != NULL || yaml_child(rates, "to") != NULL ||
                 yaml_child(rates, "step") != NULL;
    if ((pps != NULL) + (automatic != NULL) + range != 1) {
        yaml_key_problem(rates, c->problems,
                         text_format("rates: expected exactly one of { from, to, step }, { pps: "
                                     "[...] } and { auto: N }"));
        return;
    }
    if (range && !check_range(c, rates)) {
        return;
    }
    bool right = pps == NULL || !pps->wrong;
    for (size_t i = 0; pps != NULL && i < pps->child_count; i++) {
        right = right && !pps->children[i]->wrong;
    }
    if (right && automatic == NULL) {
        check_lowest_rate(c, rates);
    }
}

void check_traffic(const struct checking *c)
{
    check_lengths(c);
    check_flows(c);
    check_networks(c);
    check_duration(c);
    check_method(c);
    check_adapting(c);
    check_pacing(c);
    check_profile(c);
    check_rates(c);
}
