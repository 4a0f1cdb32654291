// SPDX-License-Identifier: GPL-3.0-or-later
// report/medians — see medians.h.
#include "report/medians.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "report/columns.h"
#include "report/steps.h"

// Indices of the columns before those of the figures.
enum {
    SCENARIO,
    TOPOLOGY,
    PLATFORM,
    ENGINE,
    LENGTH,
    LENGTH_LAYER,
    STEP,
    REQUESTED,
    NETWORK,
    ROUTER,
    REPEATS,
    CONFIDENCE,
    NEEDED,
    FIRST_FIGURE
};

#define FIGURE_COLUMNS(key, heading, decimals)                                                     \
    {key, heading, COLUMN_REAL, decimals}, {key "_low", heading " from", COLUMN_REAL, decimals},   \
    {                                                                                              \
        key "_high", heading " to", COLUMN_REAL, decimals                                          \
    }

const struct column medians_columns[] = {
    [SCENARIO] = {"scenario", "Scenario", COLUMN_TEXT, 0},
    [TOPOLOGY] = COLUMN_TOPOLOGY,
    [PLATFORM] = {"platform", "Platform", COLUMN_TEXT, 0},
    [ENGINE] = {"engine", "Engine", COLUMN_TEXT, 0},
    [LENGTH] = {"length_bytes", "Length B", COLUMN_NUMBER, 0},
    [LENGTH_LAYER] = {"length_layer", "Length of", COLUMN_TEXT, 0},
    [STEP] = {"step", "Step", COLUMN_INTEGER, 0},
    [REQUESTED] = {"requested_pps", "Requested pps", COLUMN_REAL, 0},
    [NETWORK] = {"network", "Network", COLUMN_TEXT, 0},
    [ROUTER] = {"router", "Router", COLUMN_TEXT, 0},
    [REPEATS] = {"repeats", "Repeats", COLUMN_INTEGER, 0},
    [CONFIDENCE] = {"confidence_percent", "Confidence %", COLUMN_REAL, 1},
    [NEEDED] = {"repeats_needed", "Repeats for 5 %", COLUMN_INTEGER, 0},
    // In the order of `figures`.
    FIGURE_COLUMNS("offered_pps", "Offered pps", 0),
    FIGURE_COLUMNS("forwarded_pps", "Forwarded pps", 0),
    FIGURE_COLUMNS("loss_ratio", "Loss ratio", 6),
    FIGURE_COLUMNS("delay_p50_ns", "Delay median ns", 0),
    FIGURE_COLUMNS("delay_p99_ns", "Delay 99 % ns", 0),
    FIGURE_COLUMNS("cpu_host_percent", "CPU host %", 1),
    FIGURE_COLUMNS("cpu_router_percent", "CPU router %", 1),
    FIGURE_COLUMNS("cpu_total_percent", "CPU total %", 1),
    FIGURE_COLUMNS("ns_per_packet", "ns/packet", 0),
    FIGURE_COLUMNS("host_ns_per_packet", "Host ns/packet", 0),
    FIGURE_COLUMNS("router_ns_per_packet", "Router ns/packet", 0),
    FIGURE_COLUMNS("goodput_bps", "Goodput bit/s", 0),
};
const size_t medians_column_count = sizeof medians_columns / sizeof medians_columns[0];

static const struct {
    enum point_figure figure;
    enum { OF_POINT, OF_NETWORK } of;
} figures[] = {
    {POINT_NETWORK_OFFERED, OF_NETWORK},
    {POINT_NETWORK_FORWARDED, OF_NETWORK},
    {POINT_NETWORK_LOSS, OF_NETWORK},
    {POINT_NETWORK_P50, OF_NETWORK},
    {POINT_NETWORK_P99, OF_NETWORK},
    {POINT_HOST, OF_POINT},
    {POINT_PATH, OF_NETWORK},
    {POINT_TOTAL, OF_POINT},
    {POINT_NS, OF_POINT},
    {POINT_HOST_NS, OF_POINT},
    {POINT_PATH_NS, OF_NETWORK},
    {POINT_NETWORK_GOODPUT, OF_NETWORK},
};
#define FIGURE_COUNT (sizeof figures / sizeof figures[0])
_Static_assert(sizeof medians_columns / sizeof medians_columns[0] ==
                   FIRST_FIGURE + 3 * FIGURE_COUNT,
               "three columns a figure");

// About how many repeats narrow the intervals of rate and CPU time down to MEDIANS_WIDTH.
static size_t repeats_needed(const struct load_step *step, const char *network)
{
    size_t rate = step_repeats_needed(step, POINT_NETWORK_FORWARDED, network, MEDIANS_WIDTH);
    size_t time = step_repeats_needed(step, POINT_NS, NULL, MEDIANS_WIDTH);
    return rate > time ? rate : time;
}

// The routers of a network of the sweep; NULL if there is none. The caller frees the text.
static char *routers_of(const struct sweep *sweep, const char *network)
{
    const struct network_result *one = point_network(sweep->first, network);
    return one == NULL ? NULL : network_routers_text(one);
}

static void fill_figures(const struct load_step *step, const char *network, struct value *row)
{
    for (size_t i = 0; i < FIGURE_COUNT; i++) {
        const char *name = figures[i].of == OF_NETWORK ? network : NULL;
        const struct median median = step_median(step, figures[i].figure, name);
        struct value *cells = &row[FIRST_FIGURE + 3 * i];
        cells[0] = VALUE_REAL(median.value);
        if (median.repeats > 1) {
            cells[1] = VALUE_REAL(median.span.low);
            cells[2] = VALUE_REAL(median.span.high);
        }
    }
}

static int write_row(const struct sweep *sweep, const struct load_step *step, const char *network,
                     struct writer *writer, struct error *err)
{
    const struct point *first = step->first;
    _cleanup_free_ char *router = routers_of(sweep, network);
    size_t needed = repeats_needed(step, network);
    struct value row[sizeof medians_columns / sizeof medians_columns[0]] = {
        [SCENARIO] = VALUE_TEXT(first->scenario),
        [TOPOLOGY] = VALUE_TEXT(first->topology),
        [PLATFORM] = VALUE_TEXT(first->platform),
        [ENGINE] = VALUE_TEXT(first->engine),
        [LENGTH] = VALUE_INTEGER(first->length),
        [LENGTH_LAYER] = VALUE_TEXT(first->length_layer),
        [STEP] = VALUE_INTEGER(step->step),
        [REQUESTED] = VALUE_REAL(step->requested_pps),
        [NETWORK] = VALUE_TEXT(network),
        [ROUTER] = VALUE_TEXT(router),
        [REPEATS] = VALUE_INTEGER(step->repeats),
        [NEEDED] = needed > 0 ? VALUE_INTEGER(needed) : VALUE_ABSENT,
    };
    if (step->repeats > 1) {
        row[CONFIDENCE] =
            VALUE_REAL(100 * ranks_median_confidence(step->repeats, RANKS_MEDIAN_ERROR));
    }
    fill_figures(step, network, row);
    return writer_row(writer, row, err);
}

static size_t count_rows(const struct sweep *sweeps, size_t count)
{
    size_t rows = 0;
    bool several = false;
    for (size_t i = 0; i < count; i++) {
        rows += sweeps[i].step_count * sweeps[i].network_count;
        for (size_t k = 0; k < sweeps[i].step_count; k++) {
            several = several || sweeps[i].steps[k].repeats > 1;
        }
    }
    return several ? rows : 0;
}

size_t medians_rows(const struct point_list *points)
{
    struct sweep *sweeps = NULL;
    size_t count = sweeps_compute(points, &sweeps);
    size_t rows = count_rows(sweeps, count);
    sweeps_free(sweeps, count);
    return rows;
}

static int write_rows(const struct sweep *sweeps, size_t count, struct writer *writer,
                      struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct sweep *sweep = &sweeps[i];
        for (size_t k = 0; k < sweep->step_count * sweep->network_count; k++) {
            int rc = write_row(sweep, &sweep->steps[k / sweep->network_count],
                               sweep->networks[k % sweep->network_count], writer, err);
            if (rc < 0) {
                return rc;
            }
        }
    }
    return writer_finish(writer, err);
}

int medians_list(const struct point_list *points, struct writer *writer, struct error *err)
{
    struct sweep *sweeps = NULL;
    size_t count = sweeps_compute(points, &sweeps);
    int rc = write_rows(sweeps, count, writer, err);
    sweeps_free(sweeps, count);
    return rc;
}
