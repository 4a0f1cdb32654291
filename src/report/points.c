// SPDX-License-Identifier: GPL-3.0-or-later
// report/points — see points.h.
#include "report/points.h"

#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/columns.h"

// Indices of the columns.
enum {
    SCENARIO,
    TOPOLOGY,
    PLATFORM,
    ENGINE,
    LENGTH,
    LENGTH_LAYER,
    STEP,
    REPEAT,
    DURATION,
    REQUESTED,
    NETWORK,
    DIRECTION,
    ROUTER,
    TX,
    UNSENT,
    RX,
    LOST,
    LOSS_RATIO,
    DUPLICATED,
    REORDERED,
    CORRUPT,
    OFFERED,
    FORWARDED,
    DELAY_MIN,
    DELAY_P50,
    DELAY_P99,
    DELAY_MAX,
    JITTER,
    GAP_P50,
    GAP_P99,
    GAP_P999,
    GAP_MAX,
    CPU_HOST,
    CPU_ROUTER,
    CPU_TESTER,
    CPU_TOTAL,
    HOST_NS,
    ROUTER_NS,
    MEMORY_ROUTER,
    DROPS,
    STEAL,
    ATTEMPTS,
    VALID,
    WHY_INVALID,
    LEFT_OUT,
    UNDISTURBED_TX,
    UNDISTURBED_RX,
    UNDISTURBED_LOST,
    UNDISTURBED_RATIO,
    MIX,
    FLOWS,
    GOODPUT,
    RETRANSMITS,
    RTT_MIN,
    RTT_MEAN,
    RTT_MAX,
    UNSTABLE,
    CONTRACT,
    BROKEN,
    MARGIN,
    LAST_ACTION,
    COLUMN_COUNT
};

const struct column points_columns[] = {
    [SCENARIO] = {"scenario", "Scenario", COLUMN_TEXT, 0},
    [TOPOLOGY] = COLUMN_TOPOLOGY,
    [PLATFORM] = {"platform", "Platform", COLUMN_TEXT, 0},
    [ENGINE] = {"engine", "Engine", COLUMN_TEXT, 0},
    [LENGTH] = {"length_bytes", "Length B", COLUMN_NUMBER, 0},
    [LENGTH_LAYER] = {"length_layer", "Length of", COLUMN_TEXT, 0},
    [STEP] = {"step", "Step", COLUMN_INTEGER, 0},
    [REPEAT] = {"repeat", "Repeat", COLUMN_INTEGER, 0},
    [DURATION] = {"duration_s", "Duration s", COLUMN_REAL, 2},
    [REQUESTED] = {"requested_pps", "Requested pps", COLUMN_REAL, 0},
    [NETWORK] = {"network", "Network", COLUMN_TEXT, 0},
    [DIRECTION] = {"direction", "Direction", COLUMN_TEXT, 0},
    [ROUTER] = {"router", "Router", COLUMN_TEXT, 0},
    [TX] = {"tx", "Transmitted", COLUMN_INTEGER, 0},
    [UNSENT] = {"unsent", "Unsent", COLUMN_INTEGER, 0},
    [RX] = {"rx", "Received", COLUMN_INTEGER, 0},
    [LOST] = {"lost", "Lost", COLUMN_INTEGER, 0},
    [LOSS_RATIO] = {"loss_ratio", "Loss ratio", COLUMN_REAL, 6},
    [DUPLICATED] = {"duplicated", "Duplicated", COLUMN_INTEGER, 0},
    [REORDERED] = {"reordered", "Reordered", COLUMN_INTEGER, 0},
    [CORRUPT] = {"corrupt", "Corrupt", COLUMN_INTEGER, 0},
    [OFFERED] = {"offered_pps", "Offered pps", COLUMN_REAL, 0},
    [FORWARDED] = {"forwarded_pps", "Forwarded pps", COLUMN_REAL, 0},
    [DELAY_MIN] = {"delay_min_ns", "Delay min ns", COLUMN_INTEGER, 0},
    [DELAY_P50] = {"delay_p50_ns", "Delay median ns", COLUMN_INTEGER, 0},
    [DELAY_P99] = {"delay_p99_ns", "Delay 99 % ns", COLUMN_INTEGER, 0},
    [DELAY_MAX] = {"delay_max_ns", "Delay max ns", COLUMN_INTEGER, 0},
    [JITTER] = {"jitter_ns", "Jitter ns", COLUMN_REAL, 0},
    [GAP_P50] = {"gap_p50_ns", "Gap median ns", COLUMN_INTEGER, 0},
    [GAP_P99] = {"gap_p99_ns", "Gap 99 % ns", COLUMN_INTEGER, 0},
    [GAP_P999] = {"gap_p999_ns", "Gap 99.9 % ns", COLUMN_INTEGER, 0},
    [GAP_MAX] = {"gap_max_ns", "Gap max ns", COLUMN_INTEGER, 0},
    [CPU_HOST] = {"cpu_host_percent", "CPU host %", COLUMN_REAL, 1},
    [CPU_ROUTER] = {"cpu_router_percent", "CPU router %", COLUMN_REAL, 1},
    [CPU_TESTER] = {"cpu_tester_percent", "CPU tester %", COLUMN_REAL, 1},
    [CPU_TOTAL] = {"cpu_total_percent", "CPU total %", COLUMN_REAL, 1},
    [HOST_NS] = {"host_ns_per_packet", "Host ns/packet", COLUMN_REAL, 0},
    [ROUTER_NS] = {"router_ns_per_packet", "Router ns/packet", COLUMN_REAL, 0},
    [MEMORY_ROUTER] = {"memory_router_bytes", "Router memory B", COLUMN_INTEGER, 0},
    [DROPS] = {"drops", "Drops", COLUMN_TEXT, 0},
    [STEAL] = {"steal_percent", "Steal max %", COLUMN_REAL, 1},
    [ATTEMPTS] = {"attempts", "Attempts", COLUMN_INTEGER, 0},
    [VALID] = {"valid", "Valid", COLUMN_TRUTH, 0},
    [WHY_INVALID] = {"why_invalid", "Why invalid", COLUMN_TEXT, 0},
    [LEFT_OUT] = {"left_out_ratio", "Left out", COLUMN_REAL, 6},
    [UNDISTURBED_TX] = {"undisturbed_tx", "Undisturbed tx", COLUMN_INTEGER, 0},
    [UNDISTURBED_RX] = {"undisturbed_rx", "Undisturbed rx", COLUMN_INTEGER, 0},
    [UNDISTURBED_LOST] = {"undisturbed_lost", "Undisturbed lost", COLUMN_INTEGER, 0},
    [UNDISTURBED_RATIO] = {"undisturbed_loss_ratio", "Undisturbed loss ratio", COLUMN_REAL, 6},
    [MIX] = {"mix", "Mix of lengths", COLUMN_TEXT, 0},
    [FLOWS] = {"flows", "Flows", COLUMN_INTEGER, 0},
    [GOODPUT] = {"goodput_bps", "Goodput bit/s", COLUMN_REAL, 0},
    [RETRANSMITS] = {"retransmits", "Retransmits", COLUMN_INTEGER, 0},
    [RTT_MIN] = {"rtt_min_ns", "RTT min ns", COLUMN_INTEGER, 0},
    [RTT_MEAN] = {"rtt_mean_ns", "RTT mean ns", COLUMN_INTEGER, 0},
    [RTT_MAX] = {"rtt_max_ns", "RTT max ns", COLUMN_INTEGER, 0},
    [UNSTABLE] = {"unstable", "Unstable", COLUMN_TEXT, 0},
    [CONTRACT] = {"contract", "Contract", COLUMN_TEXT, 0},
    [BROKEN] = {"broken_s", "Broken s", COLUMN_REAL, 2},
    [MARGIN] = {"margin_percent", "Margin %", COLUMN_REAL, 1},
    [LAST_ACTION] = {"last_action", "Last action", COLUMN_TEXT, 0},
};
const size_t points_column_count = COLUMN_COUNT;

static struct value percent_of(const struct cpu_result *cpu)
{
    return cpu == NULL ? VALUE_ABSENT : VALUE_REAL(cpu->percent);
}

static struct value ns_of(const struct cpu_result *cpu)
{
    return cpu == NULL || !cpu->has_ns_per_packet ? VALUE_ABSENT : VALUE_REAL(cpu->ns_per_packet);
}

static struct value memory_of(const struct point *point, const char *name)
{
    for (size_t i = 0; i < point->memory_count; i++) {
        if (text_equal(point->memory[i].name, name)) {
            return VALUE_INTEGER(point->memory[i].bytes);
        }
    }
    return VALUE_ABSENT;
}

// The greatest steal of any processor during the trial.
static struct value most_steal(const struct point *point)
{
    if (point->processor_count == 0) {
        return VALUE_ABSENT;
    }
    double most = 0;
    for (size_t i = 0; i < point->processor_count; i++) {
        most = fmax(most, point->processors[i].steal_percent);
    }
    return VALUE_REAL(most);
}

// "where=count;where=count" for all networks of the point together; NULL without losses.
static char *drops_text(const struct point *point)
{
    char *text = NULL;
    for (size_t i = 0; i < point->drop_count; i++) {
        const struct drop_result *drop = &point->drops[i];
        text_append(&text, ";", "%s=%llu", drop->where, (unsigned long long)drop->count);
    }
    return text;
}

// Cells of the point that are equal in the rows of all its networks.
static void fill_point(struct value *row, const struct point *point, const char *drops)
{
    const struct cpu_result *host = point_cpu(point, "host");
    const struct cpu_result *tester = point_cpu(point, "tester");
    bool dut = point->cpu_count > (tester == NULL ? 0U : 1U);
    row[SCENARIO] = VALUE_TEXT(point->scenario);
    row[TOPOLOGY] = VALUE_TEXT(point->topology);
    row[PLATFORM] = VALUE_TEXT(point->platform);
    row[ENGINE] = VALUE_TEXT(point->engine);
    row[LENGTH] = VALUE_INTEGER(point->length);
    row[LENGTH_LAYER] = VALUE_TEXT(point->length_layer);
    row[STEP] = VALUE_INTEGER(point->step);
    row[REPEAT] = VALUE_INTEGER(point->repeat);
    row[DURATION] = VALUE_REAL(point->duration_s);
    row[REQUESTED] = VALUE_REAL(point->requested_pps);
    row[CPU_HOST] = percent_of(host);
    row[CPU_TESTER] = percent_of(tester);
    row[CPU_TOTAL] = dut ? VALUE_REAL(point->cpu_total_percent) : VALUE_ABSENT;
    row[HOST_NS] = ns_of(host);
    row[DROPS] = VALUE_TEXT(drops);
    row[STEAL] = most_steal(point);
    row[ATTEMPTS] = VALUE_INTEGER(point->attempts);
    row[VALID] = VALUE_TRUTH(point->valid);
    row[WHY_INVALID] = VALUE_TEXT(point->why_invalid);
    row[MIX] = VALUE_TEXT(point->mix);
    row[FLOWS] = point->flows > 1 ? VALUE_INTEGER(point->flows) : VALUE_ABSENT;
    row[UNSTABLE] = VALUE_TEXT(point->unstable);
    row[LEFT_OUT] = point->has_left_out ? VALUE_REAL(point->left_out_ratio) : VALUE_ABSENT;
}

static void fill_undisturbed(struct value *row, const struct undisturbed_result *undisturbed)
{
    if (!undisturbed->measured) {
        return;
    }
    row[UNDISTURBED_TX] = VALUE_INTEGER(undisturbed->tx);
    row[UNDISTURBED_RX] = VALUE_INTEGER(undisturbed->rx);
    row[UNDISTURBED_LOST] = VALUE_INTEGER(undisturbed->lost);
    if (undisturbed->tx > 0) {
        row[UNDISTURBED_RATIO] = VALUE_REAL((double)undisturbed->lost / (double)undisturbed->tx);
    }
}

static void fill_tcp(struct value *row, const struct tcp_result *tcp)
{
    const struct rtt_summary *rtt = &tcp->rtt_ns;
    row[GOODPUT] = tcp->measured ? VALUE_REAL(tcp->goodput_bps) : VALUE_ABSENT;
    row[RETRANSMITS] = tcp->measured ? VALUE_INTEGER(tcp->retransmits) : VALUE_ABSENT;
    row[RTT_MIN] = rtt->measured ? VALUE_INTEGER(rtt->min) : VALUE_ABSENT;
    row[RTT_MEAN] = rtt->measured ? VALUE_INTEGER(rtt->mean) : VALUE_ABSENT;
    row[RTT_MAX] = rtt->measured ? VALUE_INTEGER(rtt->max) : VALUE_ABSENT;
}

// Adds a figure of the router at place `at` of a path to the sum of those before it. The sum is
// absent if one of them is.
static void add_figure(struct value *sum, size_t at, struct value value, bool whole)
{
    if (at == 0) {
        *sum = value;
    } else if (!sum->present || !value.present) {
        *sum = VALUE_ABSENT;
    } else if (whole) {
        sum->integer += value.integer;
    } else {
        sum->real += value.real;
    }
}

// The figures of all routers of a path together.
static void fill_routers(struct value *row, const struct point *point,
                         const struct network_result *network)
{
    const char *name = NULL;
    for (size_t i = 0; (name = network_router(network, i)) != NULL; i++) {
        const struct cpu_result *router = point_cpu(point, name);
        add_figure(&row[CPU_ROUTER], i, percent_of(router), false);
        add_figure(&row[ROUTER_NS], i, ns_of(router), false);
        add_figure(&row[MEMORY_ROUTER], i, memory_of(point, name), true);
    }
}

static struct value real_or_absent(double value)
{
    return isnan(value) ? VALUE_ABSENT : VALUE_REAL(value);
}

// What a controller reported of a path's router, of several that with the smallest margin.
static void fill_control(struct value *row, const struct point *point,
                         const struct network_result *network)
{
    const struct control_result *worst = NULL;
    row[CONTRACT] = row[BROKEN] = row[MARGIN] = row[LAST_ACTION] = VALUE_ABSENT;
    for (size_t i = 0; i < point->control_count; i++) {
        const struct control_result *control = &point->control[i];
        const bool is_worse = worst == NULL || isnan(worst->margin_percent) ||
                              control->margin_percent < worst->margin_percent;
        if (network_passes(network, control->router) && is_worse) {
            worst = control;
        }
    }
    if (worst != NULL) {
        row[CONTRACT] = VALUE_TEXT(worst->contract);
        row[BROKEN] = real_or_absent(worst->broken_s);
        row[MARGIN] = real_or_absent(worst->margin_percent);
        row[LAST_ACTION] = VALUE_TEXT(worst->last_action);
    }
}

static void fill_network(struct value *row, const struct point *point,
                         const struct network_result *network, const char *routers)
{
    const struct delay_summary *delay = &network->delay_ns;
    row[NETWORK] = VALUE_TEXT(network->name);
    row[DIRECTION] = VALUE_TEXT(network->direction);
    row[ROUTER] = VALUE_TEXT(routers);
    row[TX] = VALUE_INTEGER(network->tx);
    row[UNSENT] = VALUE_INTEGER(network->unsent);
    row[RX] = VALUE_INTEGER(network->rx);
    row[LOST] = VALUE_INTEGER(network->lost);
    row[LOSS_RATIO] =
        network->tx == 0 ? VALUE_ABSENT : VALUE_REAL((double)network->lost / (double)network->tx);
    bool numbered = !network->tcp.measured;
    row[DUPLICATED] = numbered ? VALUE_INTEGER(network->duplicated) : VALUE_ABSENT;
    row[REORDERED] = numbered ? VALUE_INTEGER(network->reordered) : VALUE_ABSENT;
    row[CORRUPT] = numbered ? VALUE_INTEGER(network->corrupt) : VALUE_ABSENT;
    fill_tcp(row, &network->tcp);
    row[OFFERED] = VALUE_REAL(network->offered_pps);
    row[FORWARDED] = VALUE_REAL(network->forwarded_pps);
    row[DELAY_MIN] = delay->measured ? VALUE_INTEGER(delay->min) : VALUE_ABSENT;
    row[DELAY_P50] = delay->measured ? VALUE_INTEGER(delay->p50) : VALUE_ABSENT;
    row[DELAY_P99] = delay->measured ? VALUE_INTEGER(delay->p99) : VALUE_ABSENT;
    row[DELAY_MAX] = delay->measured ? VALUE_INTEGER(delay->max) : VALUE_ABSENT;
    row[JITTER] = network->jitter_measured ? VALUE_REAL(network->jitter_ns) : VALUE_ABSENT;
    const struct gap_summary *gap = &network->gap_ns;
    row[GAP_P50] = gap->measured ? VALUE_INTEGER(gap->p50) : VALUE_ABSENT;
    row[GAP_P99] = gap->measured ? VALUE_INTEGER(gap->p99) : VALUE_ABSENT;
    row[GAP_P999] = gap->measured ? VALUE_INTEGER(gap->p999) : VALUE_ABSENT;
    row[GAP_MAX] = gap->measured ? VALUE_INTEGER(gap->max) : VALUE_ABSENT;
    fill_routers(row, point, network);
    fill_control(row, point, network);
}

int points_list(const struct point_list *points, struct writer *writer, struct error *err)
{
    for (size_t i = 0; i < points->count; i++) {
        const struct point *point = &points->items[i];
        _cleanup_free_ char *drops = drops_text(point);
        struct value row[COLUMN_COUNT] = {{.present = false}};
        fill_point(row, point, drops);
        // A point without measurements still has a row.
        int rc = point->network_count == 0 ? writer_row(writer, row, err) : 0;
        for (size_t k = 0; rc == 0 && k < point->network_count; k++) {
            _cleanup_free_ char *routers = network_routers_text(&point->networks[k]);
            fill_network(row, point, &point->networks[k], routers);
            fill_undisturbed(row, &point->networks[k].undisturbed);
            rc = writer_row(writer, row, err);
        }
        if (rc < 0) {
            return rc;
        }
    }
    return writer_finish(writer, err);
}
