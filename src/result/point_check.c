// SPDX-License-Identifier: GPL-3.0-or-later
// result/point_check — see point_check.h. Called by point_json.c.
#include "result/point_check.h"

#include <math.h>

#include "base/text.h"

bool point_meters_dut(const struct point *point)
{
    for (size_t i = 0; i < point->cpu_count; i++) {
        if (!text_equal(point->cpu[i].name, "tester")) {
            return true;
        }
    }
    return false;
}

static int check_tcp(const struct network_result *network, struct error *err)
{
    const struct rtt_summary *rtt = &network->tcp.rtt_ns;
    if (rtt->min > rtt->mean || rtt->mean > rtt->max) {
        return fail_input(err, "tcp: rtt_ns: min, mean and max are not in order");
    }
    return 0;
}

static int check_delay_classes(const struct network_result *network, struct error *err)
{
    const struct delay_classes *classes = &network->delay_classes;
    uint64_t sum = 0;
    if (!classes->measured) {
        return 0;
    }
    if (!network->delay_ns.measured) {
        return fail_input(err, "delay_classes: present without delay_ns");
    }
    if (classes->count != classes->packets_count) {
        return fail_input(err, "delay_classes: below_ns and packets must be equally long");
    }
    for (size_t i = 0; i < classes->count; i++) {
        if (i > 0 && classes->below_ns[i] <= classes->below_ns[i - 1]) {
            return fail_input(err, "delay_classes: below_ns must rise");
        }
        if (classes->packets[i] > network->rx - sum) {
            return fail_input(err, "delay_classes: more packets than rx");
        }
        sum += classes->packets[i];
    }
    return sum == network->rx ? 0 : fail_input(err, "delay_classes: fewer packets than rx");
}

static int check_network(const struct point *point, const struct network_result *network,
                         struct error *err)
{
    const struct delay_summary *delay = &network->delay_ns;
    bool direct = text_equal(point->topology, "direct");
    if (network->direction != NULL && !text_equal(network->direction, "forward") &&
        !text_equal(network->direction, "reverse")) {
        return fail_input(err, "direction: must be forward or reverse, or absent");
    }
    if (network->rx > network->tx || network->lost != network->tx - network->rx) {
        return fail_input(err, "lost: must be tx - rx");
    }
    if (direct && network->router != NULL) {
        return fail_input(err, "router: must be absent in the direct topology");
    }
    if (!direct && network->router == NULL) {
        return fail_input(err, "router: missing");
    }
    if (network->router_count > 0 &&
        (network->router_count < 2 || !text_equal(network->routers[0], network->router))) {
        return fail_input(err, "routers: must be several, the first of which is router");
    }
    if (network->tx > 0 && isnan(network->offered_pps)) {
        return fail_input(err, "offered_pps: missing");
    }
    if (network->tx > 0 && isnan(network->forwarded_pps)) {
        return fail_input(err, "forwarded_pps: missing");
    }
    if (delay->measured && !network->jitter_measured) {
        return fail_input(err, "jitter_ns: missing");
    }
    if (delay->min > delay->p50 || delay->p50 > delay->p99 || delay->p99 > delay->max) {
        return fail_input(err, "delay_ns: min, p50, p99 and max are not in order");
    }
    if (delay->p999 > 0 && (delay->p99 > delay->p999 || delay->p999 > delay->max)) {
        return fail_input(err, "delay_ns: p99, p999 and max are not in order");
    }
    if (delay->mean > 0 && (delay->min > delay->mean || delay->mean > delay->max)) {
        return fail_input(err, "delay_ns: min, mean and max are not in order");
    }
    const struct gap_summary *gap = &network->gap_ns;
    if (gap->p50 > gap->p99 || gap->p99 > gap->p999 || gap->p999 > gap->max) {
        return fail_input(err, "gap_ns: p50, p99, p999 and max are not in order");
    }
    if (gap->measured && network->rx < 2) {
        return fail_input(err, "gap_ns: present, but fewer than two packets were received");
    }
    if (delay->measured && network->rx == 0) {
        return fail_input(err, "delay_ns: present, but no packet was received");
    }
    int rc = check_delay_classes(network, err);
    rc = rc < 0 ? rc : check_tcp(network, err);
    if (rc < 0) {
        return rc;
    }
    const struct undisturbed_result *undisturbed = &network->undisturbed;
    if (undisturbed->measured != point->has_left_out) {
        return fail_input(err, "undisturbed: must be present if and only if left_out_ratio is");
    }
    if (undisturbed->rx > undisturbed->tx ||
        undisturbed->lost != undisturbed->tx - undisturbed->rx) {
        return fail_input(err, "undisturbed: lost: must be tx - rx");
    }
    if (undisturbed->rx > network->rx || undisturbed->lost > network->lost) {
        return fail_input(err, "undisturbed: must be a part of the network's packets");
    }
    for (const struct network_result *other = point->networks; other < network; other++) {
        if (text_equal(network_label(other), network_label(network))) {
            return fail_input(err, "name: \"%s\" occurs twice", network_label(network));
        }
    }
    return 0;
}

static int check_cpu(const struct point *point, struct error *err)
{
    double sum = 0;
    for (size_t i = 0; i < point->cpu_count; i++) {
        if (point_cpu(point, point->cpu[i].name) != &point->cpu[i]) {
            return fail_input(err, "cpu[%zu]: name: \"%s\" occurs twice", i, point->cpu[i].name);
        }
        if (!text_equal(point->cpu[i].name, "tester")) {
            sum += point->cpu[i].percent;
        }
    }
    if (!point_meters_dut(point)) {
        return isnan(point->cpu_total_percent)
                   ? 0
                   : fail_input(err, "cpu_total_percent: present, but neither the host nor a "
                                     "router was metered");
    }
    if (isnan(point->cpu_total_percent)) {
        return fail_input(err, "cpu_total_percent: missing");
    }
    if (fabs(sum - point->cpu_total_percent) > 0.01 + 1e-6 * sum) {
        return fail_input(err, "cpu_total_percent: must be the sum of host and routers");
    }
    return 0;
}

static int check_sums(const struct point *point, struct error *err)
{
    uint64_t lost = 0;
    for (size_t i = 0; i < point->network_count; i++) {
        if (__builtin_add_overflow(lost, point->networks[i].lost, &lost)) {
            return fail_input(err, "networks: the sum of lost packets overflows");
        }
    }
    uint64_t dropped = 0;
    for (size_t i = 0; i < point->drop_count; i++) {
        if (__builtin_add_overflow(dropped, point->drops[i].count, &dropped)) {
            return fail_input(err, "drops: the sum overflows");
        }
    }
    if (dropped != lost) {
        return fail_input(err, "drops: sum is %llu packets, but the networks lost %llu",
                          (unsigned long long)dropped, (unsigned long long)lost);
    }
    return 0;
}

// The counts of a network in all intervals sum to its counts in the whole trial.
static int check_interval_sums(const struct point *point, size_t at, struct error *err)
{
    const struct network_result *network = &point->networks[at];
    struct interval_network sum = {0};
    for (size_t i = 0; i < point->interval_count; i++) {
        const struct interval_network *part = &point->intervals[i].networks[at];
        if (part->rx > part->tx || part->lost != part->tx - part->rx) {
            return fail_input(err, "intervals[%zu]: networks[%zu]: lost: must be tx - rx", i, at);
        }
        if (!text_equal(part->name, network->name)) {
            return fail_input(err, "intervals[%zu]: networks[%zu]: name: must be \"%s\"", i, at,
                              network->name);
        }
        if (!text_equal(part->direction, network->direction)) {
            return fail_input(err,
                              "intervals[%zu]: networks[%zu]: direction: must be that of the "
                              "point's networks[%zu]",
                              i, at, at);
        }
        if (__builtin_add_overflow(sum.tx, part->tx, &sum.tx) ||
            __builtin_add_overflow(sum.unsent, part->unsent, &sum.unsent)) {
            return fail_input(err, "intervals: a sum overflows");
        }
        sum.rx += part->rx;
    }
    return sum.tx == network->tx && sum.unsent == network->unsent && sum.rx == network->rx
               ? 0
               : fail_input(err, "intervals: the counts of %s do not sum to those of the point",
                            network_label(network));
}

static int check_intervals(const struct point *point, struct error *err)
{
    double end = 0.0;
    for (size_t i = 0; i < point->interval_count; i++) {
        const struct interval_result *interval = &point->intervals[i];
        if (interval->network_count != point->network_count) {
            return fail_input(err, "intervals[%zu]: networks: must be those of the point", i);
        }
        if (interval->from_s != end || interval->to_s <= interval->from_s) {
            return fail_input(err, "intervals[%zu]: must begin where the one before ends", i);
        }
        end = interval->to_s;
    }
    int rc = 0;
    for (size_t i = 0; rc == 0 && point->interval_count > 0 && i < point->network_count; i++) {
        rc = check_interval_sums(point, i, err);
    }
    return rc;
}

int point_check(const struct point *point, struct error *err)
{
    static const char *const layers[] = {"ip", "payload", "frame"};
    static const char *const users[] = {"dut", "tester", "shared"};
    size_t known = 0;
    while (known < 3 && !text_equal(point->length_layer, layers[known])) {
        known++;
    }
    if (known == 3) {
        return fail_input(err, "length_layer: must be ip, payload or frame");
    }
    if (point->length == 0) {
        return fail_input(err, "length: must be at least 1");
    }
    if ((point->mix != NULL) != point->has_mean_length ||
        fabs(point_mean_length(point) - point->length) > 0.5 + 1e-9) {
        return fail_input(err, "mix: must have a mean_length, which length is, rounded");
    }
    if ((point->flows_by != NULL) != (point->flows > 1) ||
        (point->flows_by != NULL && !text_equal(point->flows_by, "ports") &&
         !text_equal(point->flows_by, "addresses"))) {
        return fail_input(err, "flows_by: must be ports or addresses if there are several flows");
    }
    if (point->network_count == 0 && point->valid) {
        return fail_input(err, "networks: must not be empty in a valid point");
    }
    for (size_t i = 0; i < point->network_count; i++) {
        int rc = check_network(point, &point->networks[i], err);
        if (rc < 0) {
            error_context(err, "networks[%zu]", i);
            return rc;
        }
    }
    if (point->left_out_ratio > 1.0) {
        return fail_input(err, "left_out_ratio: must be at most 1");
    }
    for (size_t i = 0; i < point->processor_count; i++) {
        known = 0;
        while (known < 3 && !text_equal(point->processors[i].used_by, users[known])) {
            known++;
        }
        if (known == 3) {
            return fail_input(err, "processors[%zu]: used_by: must be dut, tester or shared", i);
        }
    }
    if (point->method != NULL && !text_equal(point->method, "study")) {
        return fail_input(err, "method: must be study, or absent");
    }
    if (point->attempts == 0) {
        return fail_input(err, "attempts: must be at least 1");
    }
    if (point->valid && point->why_invalid != NULL) {
        return fail_input(err, "why_invalid: must be absent in a valid point");
    }
    if (!point->valid && point->why_invalid == NULL) {
        return fail_input(err, "why_invalid: missing");
    }
    int rc = check_intervals(point, err);
    rc = rc < 0 ? rc : check_cpu(point, err);
    return rc < 0 ? rc : check_sums(point, err);
}
