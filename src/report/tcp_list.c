// SPDX-License-Identifier: GPL-3.0-or-later
// report/tcp_list — see tcp_list.h.
#include "report/tcp_list.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "report/columns.h"
#include "report/steps.h"
#include "scenario/scenario.h"

enum {
    SCENARIO,
    PLATFORM,
    ENGINE,
    TOPOLOGY,
    LENGTH,
    NETWORK,
    REQUESTED,
    GOODPUT,
    RETRANSMITS,
    RTT,
    RTT_MAX,
    HOST,
    ROUTERS,
    COLUMN_COUNT
};

const struct column tcp_columns[] = {
    [SCENARIO] = COLUMN_SCENARIO,
    [PLATFORM] = COLUMN_PLATFORM,
    [ENGINE] = COLUMN_ENGINE,
    [TOPOLOGY] = COLUMN_TOPOLOGY,
    [LENGTH] = COLUMN_LENGTH("length"),
    [NETWORK] = {"network", "Network", COLUMN_CONTEXT, 0},
    [REQUESTED] = {"requested_pps", "Requested pps", COLUMN_TEXT, 0},
    [GOODPUT] = {"goodput_mbps", "Goodput Mbit/s", COLUMN_REAL, 2},
    [RETRANSMITS] = {"retransmits", "Retransmits", COLUMN_REAL, 0},
    [RTT] = {"rtt_us", "RTT us", COLUMN_REAL, 0},
    [RTT_MAX] = {"rtt_max_us", "RTT max us", COLUMN_REAL, 0},
    [HOST] = {"host_percent", "Host CPU %", COLUMN_REAL, 1},
    [ROUTERS] = {"router_percent", "Router CPU %", COLUMN_REAL, 1},
};
const size_t tcp_column_count = COLUMN_COUNT;

bool tcp_list_suits(const struct point_list *points)
{
    const struct engine_traits *engine =
        points->count == 0 ? NULL : scenario_engine(points->items[0].engine);
    return engine != NULL && (engine->can & ENGINE_ADAPTS) != 0;
}

static int write_step(const struct sweep *sweep, const struct load_step *step,
                      struct writer *writer, struct error *err)
{
    char requested[48];
    text_group_digits(step->requested_pps, 0, requested);
    for (size_t i = 0; i < sweep->network_count; i++) {
        const struct value row[COLUMN_COUNT] = {
            [SCENARIO] = VALUE_TEXT(sweep->first->scenario),
            [PLATFORM] = VALUE_TEXT(sweep->first->platform),
            [ENGINE] = VALUE_TEXT(sweep->first->engine),
            [TOPOLOGY] = VALUE_TEXT(sweep->first->topology),
            [LENGTH] = VALUE_INTEGER(sweep->first->length),
            [NETWORK] = VALUE_TEXT(sweep->networks[i]),
            [REQUESTED] = VALUE_TEXT(step->requested_pps > 0.0 ? requested : "max"),
            [GOODPUT] = VALUE_REAL(step->network_goodput[i] / 1e6),
            [RETRANSMITS] = VALUE_REAL(step->network_retransmits[i]),
            [RTT] = VALUE_REAL(step->network_rtt[i] / 1e3),
            [RTT_MAX] = VALUE_REAL(step->network_rtt_max[i] / 1e3),
            [HOST] = VALUE_REAL(step->host_percent),
            [ROUTERS] = VALUE_REAL(step->routers_percent),
        };
        int rc = writer_row(writer, row, err);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

int tcp_list(const struct point_list *points, struct writer *writer, struct error *err)
{
    struct sweep *sweeps = NULL;
    size_t count = sweeps_compute(points, &sweeps);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        for (size_t k = 0; rc == 0 && k < sweeps[i].step_count; k++) {
            rc = write_step(&sweeps[i], &sweeps[i].steps[k], writer, err);
        }
    }
    sweeps_free(sweeps, count);
    return rc < 0 ? rc : writer_finish(writer, err);
}
