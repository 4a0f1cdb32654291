// SPDX-License-Identifier: GPL-3.0-or-later
// report/point_figures — see point_figures.h.
#include "report/point_figures.h"

#include <math.h>
#include <stdbool.h>

#include "base/text.h"

typedef double figure_function(const struct point *point, const char *name);

// ---- of all networks together

static double requested(const struct point *point, const char *name)
{
    (void)name;
    return point->requested_pps;
}

static double offered(const struct point *point, const char *name)
{
    (void)name;
    double sum = 0;
    for (size_t i = 0; i < point->network_count; i++) {
        sum += point->networks[i].offered_pps;
    }
    return point->network_count == 0 ? (double)NAN : sum;
}

static double forwarded(const struct point *point, const char *name)
{
    (void)name;
    double sum = 0;
    for (size_t i = 0; i < point->network_count; i++) {
        sum += point->networks[i].forwarded_pps;
    }
    return point->network_count == 0 ? (double)NAN : sum;
}

static double loss_ratio(const struct point *point, const char *name)
{
    (void)name;
    struct undisturbed_result counts = point_undisturbed(point);
    return counts.tx == 0 ? (double)NAN : (double)counts.lost / (double)counts.tx;
}

// ---- CPU

static bool is_router(const struct cpu_result *cpu)
{
    return !text_equal(cpu->name, "host") && !text_equal(cpu->name, "tester");
}

static double percent_of(const struct point *point, const char *name)
{
    const struct cpu_result *cpu = point_cpu(point, name);
    return cpu == NULL ? (double)NAN : cpu->percent;
}

static double host(const struct point *point, const char *name)
{
    (void)name;
    return percent_of(point, "host");
}

static double tester(const struct point *point, const char *name)
{
    (void)name;
    return percent_of(point, "tester");
}

static double routers(const struct point *point, const char *name)
{
    (void)name;
    double sum = (double)NAN;
    for (size_t i = 0; i < point->cpu_count; i++) {
        if (is_router(&point->cpu[i])) {
            sum = isnan(sum) ? point->cpu[i].percent : sum + point->cpu[i].percent;
        }
    }
    return sum;
}

static double total(const struct point *point, const char *name)
{
    bool metered = isfinite(routers(point, name)) || isfinite(host(point, name));
    return metered ? point->cpu_total_percent : (double)NAN;
}

static double ns_of(const struct point *point, const char *name)
{
    const struct cpu_result *cpu = point_cpu(point, name);
    return cpu == NULL || !cpu->has_ns_per_packet ? (double)NAN : cpu->ns_per_packet;
}

static double host_ns(const struct point *point, const char *name)
{
    (void)name;
    return ns_of(point, "host");
}

// CPU time of one party: its ns per packet times its received packets.
static double cpu_time_ns(const struct point *point, const struct cpu_result *cpu)
{
    if (!cpu->has_ns_per_packet) {
        return (double)NAN;
    }
    uint64_t packets = 0;
    for (size_t i = 0; i < point->network_count; i++) {
        if (text_equal(cpu->name, "host") || network_passes(&point->networks[i], cpu->name)) {
            packets += point->networks[i].rx;
        }
    }
    return cpu->ns_per_packet * (double)packets;
}

static double ns_per_packet(const struct point *point, const char *name)
{
    (void)name;
    double sum = (double)NAN;
    uint64_t rx = point_rx(point);
    for (size_t i = 0; i < point->cpu_count && rx > 0; i++) {
        if (!text_equal(point->cpu[i].name, "tester")) {
            double time = cpu_time_ns(point, &point->cpu[i]);
            sum = i == 0 || isnan(sum) ? time : sum + time;
            if (isnan(time)) {
                return (double)NAN;
            }
        }
    }
    return sum / (double)rx;
}

// ---- of one network

static double network_offered(const struct point *point, const char *name)
{
    const struct network_result *network = point_network(point, name);
    return network == NULL ? (double)NAN : network->offered_pps;
}

static double network_forwarded(const struct point *point, const char *name)
{
    const struct network_result *network = point_network(point, name);
    return network == NULL ? (double)NAN : network->forwarded_pps;
}

static double network_loss(const struct point *point, const char *name)
{
    const struct network_result *network = point_network(point, name);
    if (network == NULL || network->tx == 0) {
        return (double)NAN;
    }
    struct undisturbed_result counts = network_undisturbed(network);
    return (double)counts.lost / (double)counts.tx;
}

static double network_p50(const struct point *point, const char *name)
{
    const struct network_result *network = point_network(point, name);
    bool measured = network != NULL && network->delay_ns.measured;
    return measured ? (double)network->delay_ns.p50 : (double)NAN;
}

static double network_p99(const struct point *point, const char *name)
{
    const struct network_result *network = point_network(point, name);
    bool measured = network != NULL && network->delay_ns.measured;
    return measured ? (double)network->delay_ns.p99 : (double)NAN;
}

static double network_p999(const struct point *point, const char *name)
{
    const struct network_result *network = point_network(point, name);
    bool measured = network != NULL && network->delay_ns.measured;
    return measured && network->delay_ns.p999 > 0 ? (double)network->delay_ns.p999 : (double)NAN;
}

static const struct tcp_result *find_tcp(const struct point *point, const char *name)
{
    const struct network_result *network = point_network(point, name);
    return network == NULL || !network->tcp.measured ? NULL : &network->tcp;
}

static double network_goodput(const struct point *point, const char *name)
{
    const struct tcp_result *tcp = find_tcp(point, name);
    return tcp == NULL ? (double)NAN : tcp->goodput_bps;
}

static double network_retransmits(const struct point *point, const char *name)
{
    const struct tcp_result *tcp = find_tcp(point, name);
    return tcp == NULL ? (double)NAN : (double)tcp->retransmits;
}

static double network_rtt(const struct point *point, const char *name)
{
    const struct tcp_result *tcp = find_tcp(point, name);
    return tcp == NULL || !tcp->rtt_ns.measured ? (double)NAN : (double)tcp->rtt_ns.mean;
}

static double network_rtt_max(const struct point *point, const char *name)
{
    const struct tcp_result *tcp = find_tcp(point, name);
    return tcp == NULL || !tcp->rtt_ns.measured ? (double)NAN : (double)tcp->rtt_ns.max;
}

// Sum of a figure over the routers of a network's path; NaN if it has none, or one lacks it.
static double sum_path(const struct point *point, const char *name, figure_function *of)
{
    const struct network_result *network = point_network(point, name);
    const char *router = NULL;
    double sum = (double)NAN;
    for (size_t i = 0; network != NULL && (router = network_router(network, i)) != NULL; i++) {
        sum = i == 0 ? of(point, router) : sum + of(point, router);
    }
    return sum;
}

static double path_percent(const struct point *point, const char *name)
{
    return sum_path(point, name, percent_of);
}

static double path_ns(const struct point *point, const char *name)
{
    return sum_path(point, name, ns_of);
}

// ---- of one place

static double place_loss(const struct point *point, const char *name)
{
    uint64_t tx = point_tx(point);
    double count = 0;
    for (size_t i = 0; i < point->drop_count; i++) {
        if (text_equal(point->drops[i].where, name)) {
            count += (double)point->drops[i].count;
        }
    }
    return tx == 0 ? (double)NAN : count / (double)tx;
}

static figure_function *const figures[] = {
    [POINT_REQUESTED] = requested,
    [POINT_OFFERED] = offered,
    [POINT_FORWARDED] = forwarded,
    [POINT_LOSS] = loss_ratio,
    [POINT_HOST] = host,
    [POINT_ROUTERS] = routers,
    [POINT_TESTER] = tester,
    [POINT_TOTAL] = total,
    [POINT_NS] = ns_per_packet,
    [POINT_HOST_NS] = host_ns,
    [POINT_NETWORK_OFFERED] = network_offered,
    [POINT_NETWORK_FORWARDED] = network_forwarded,
    [POINT_NETWORK_LOSS] = network_loss,
    [POINT_NETWORK_P50] = network_p50,
    [POINT_NETWORK_P99] = network_p99,
    [POINT_NETWORK_P999] = network_p999,
    [POINT_NETWORK_GOODPUT] = network_goodput,
    [POINT_NETWORK_RETRANSMITS] = network_retransmits,
    [POINT_NETWORK_RTT] = network_rtt,
    [POINT_NETWORK_RTT_MAX] = network_rtt_max,
    [POINT_PATH] = path_percent,
    [POINT_PATH_NS] = path_ns,
    [POINT_ROUTER] = percent_of,
    [POINT_ROUTER_NS] = ns_of,
    [POINT_PLACE_LOSS] = place_loss,
};

double point_figure(const struct point *point, enum point_figure figure, const char *name)
{
    return figures[figure](point, name);
}
