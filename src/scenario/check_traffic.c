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

static void check_networks(const struct checking *c)
{
    const struct yaml_node *networks = yaml_child(c->root, "networks");
    for (size_t i = 0; i < c->scenario->network_count; i++) {
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

// Lengths are given in bytes of a layer; each must have room for the IP and UDP headers and the
// stamp.
static void check_lengths(const struct checking *c)
{
    const struct scenario_traffic *traffic = &c->scenario->traffic;
    const struct yaml_node *layer = yaml_path(c->root, "traffic.length_layer");
    const struct yaml_node *lengths = yaml_sound(c->root, "traffic.lengths");
    const struct engine_traits *engine = scenario_engine(traffic->engine);
    if (lengths == NULL || (layer != NULL && layer->wrong) || engine == NULL) {
        return;
    }
    // The headers of IPv6 are longer; the length is that of all networks.
    const struct scenario_network *six = NULL;
    for (size_t i = 0; six == NULL && i < c->scenario->network_count; i++) {
        six = c->scenario->networks[i].ip == 6 ? &c->scenario->networks[i] : NULL;
    }
    const unsigned ip = six == NULL ? 4 : 6;
    const unsigned least = scenario_headers(ip) + engine->payload_min;
    const unsigned most = engine->ip_max == 0 ? SCENARIO_LENGTH_MAX : engine->ip_max;
    // Both bounds in bytes of the layer: the conversion adds the same number for every length.
    unsigned probe = 1000;
    unsigned probe_ip = scenario_ip_length(probe, traffic->length_layer, ip);
    for (size_t i = 0; i < traffic->length_count; i++) {
        unsigned ip_length = scenario_ip_length(traffic->lengths[i], traffic->length_layer, ip);
        if (!lengths->children[i]->wrong && (ip_length < least || ip_length > most)) {
            yaml_problem(
                lengths->children[i], c->problems,
                text_format(
                    "lengths: expected %u to %u bytes (%s; an IP%s packet of %u to %u, with "
                    "the headers and %s), not %u",
                    least + probe - probe_ip, most + probe - probe_ip,
                    length_layer_name(traffic->length_layer), six == NULL ? "" : "v6", least, most,
                    engine->payload_use, traffic->lengths[i]));
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
            least = packets < least ? packets : least;
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
    check_networks(c);
    check_duration(c);
    check_method(c);
    check_profile(c);
    check_rates(c);
}
