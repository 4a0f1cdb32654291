// SPDX-License-Identifier: GPL-3.0-or-later
// model/observe — see observe.h.
#include "model/observe.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define VIF         "host:vif" // followed by the number of the router behind that port
#define CAP_REACHED 0.9        // part of a cap from which it may have limited the party
#define TESTER_BUSY 0.9        // part of its CPUs from which the tester had none to spare

static unsigned count_cpus(const struct point *point, const char *used_by)
{
    unsigned cpus = 0;
    for (size_t i = 0; i < point->processor_count; i++) {
        cpus += text_equal(point->processors[i].used_by, used_by) ? 1 : 0;
    }
    return cpus;
}

// A tester at its limit sent less than was asked, but what it sent was counted, and the device
// under test worked on it. Not if it had CPU to spare: then it was late, and sent bursts. If the
// sink lost packets, the loss is not the device's.
static bool load_is_known(const struct point *point)
{
    if (point->valid) {
        return true;
    }
    const struct cpu_result *tester = point_cpu(point, "tester");
    if (!point_tester_was_limit(point) || tester == NULL ||
        tester->percent < TESTER_BUSY * 100.0 * count_cpus(point, "tester")) {
        return false;
    }
    for (size_t i = 0; i < point->drop_count; i++) {
        if (text_starts(point->drops[i].where, "sink:")) {
            return false;
        }
    }
    return true;
}

static bool point_suits(const struct point *point)
{
    if (!load_is_known(point) || point->network_count == 0 || point->method != NULL ||
        point->interval_count > 0 || point_tx(point) == 0 || point->duration_s <= 0) {
        return false;
    }
    for (size_t i = 0; i < point->network_count; i++) {
        if (point->networks[i].tcp.measured) {
            return false;
        }
    }
    for (size_t i = 0; i < point->processor_count; i++) {
        if (text_equal(point->processors[i].used_by, "shared")) {
            return false; // the tester's work would be an unknown party
        }
    }
    for (size_t i = 0; i < point->cpu_count; i++) {
        if (point->cpu[i].weight > 0) {
            return false; // the shares are not the scenario's
        }
    }
    return true;
}

// The stage of a flow whose queue a place is: the stages before it have worked on a packet that was
// lost there. SIZE_MAX = the place is no queue of the flow: all stages have.
static size_t stage_of_place(const struct model_setup *setup, const struct model_flow *flow,
                             const char *where)
{
    bool first = text_starts(where, "host:nic");
    size_t router = text_starts(where, VIF) ? strtoul(where + strlen(VIF), NULL, 10) : 0;
    // The queue of packets that a virtual machine has not taken yet.
    bool taken = router > 0 && (strstr(where, "tap queue") != NULL || //
                                strstr(where, "vif queue") != NULL);
    if (!taken && strstr(where, "receive ring") == NULL) {
        return SIZE_MAX;
    }
    for (size_t i = 0; i < flow->stage_count; i++) {
        size_t party = flow->stages[i];
        const char *name = setup->parties[party].name;
        size_t length = strlen(name);
        bool own = text_starts(where, name) && where[length] == ':';
        bool before = first || (router > 0 && i > 0 && flow->stages[i - 1] == router);
        if (taken ? party == router : party == MODEL_HOST ? before : own) {
            return i;
        }
    }
    return SIZE_MAX;
}

// Packets of all flows that were lost in the trial and passed a place.
static double lost_through(const struct observation *seen, const char *where)
{
    double lost = 0.0;
    for (size_t i = 0; i < seen->setup.flow_count; i++) {
        const struct model_flow *flow = &seen->setup.flows[i];
        const struct network_result *result = point_network(seen->point, flow->name);
        if (result != NULL && stage_of_place(&seen->setup, flow, where) != SIZE_MAX) {
            lost += (double)result->lost;
        }
    }
    return lost;
}

// Rates that the threads of a flow processed. A place counts for all networks together: its losses
// are divided among the flows that pass it as all their losses are.
static bool note_works(struct observation *seen, const struct model_flow *flow)
{
    const struct point *point = seen->point;
    const struct network_result *result = point_network(point, flow->name);
    if (result == NULL) {
        return false;
    }
    _cleanup_free_ double *lost = memory_new_array(double, flow->stage_count);
    for (size_t i = 0; i < point->drop_count && result->lost > 0; i++) {
        const struct drop_result *drop = &point->drops[i];
        size_t stage = stage_of_place(&seen->setup, flow, drop->where);
        if (stage != SIZE_MAX) {
            lost[stage] +=
                (double)drop->count * (double)result->lost / lost_through(seen, drop->where);
        }
    }
    double packets = (double)result->tx;
    for (size_t i = 0; i < flow->stage_count; i++) {
        packets = fmax(packets - lost[i], (double)result->rx);
        seen->works[seen->work_count++] =
            (struct work){flow->stages[i], flow->stages[i] == MODEL_HOST, flow->ip_length,
                          packets / point->duration_s};
    }
    seen->received_pps += (double)result->rx / point->duration_s;
    if (flow->fixed_pps == 0 && flow->share > 0) {
        seen->load_pps = fmax(seen->load_pps, result->offered_pps / flow->share);
    }
    return true;
}

static bool note_usage(struct observation *seen)
{
    struct model_setup *setup = &seen->setup;
    seen->percent = memory_new_array(double, setup->party_count);
    for (size_t i = 0; i < setup->party_count; i++) {
        const struct cpu_result *cpu = point_cpu(seen->point, setup->parties[i].name);
        bool needed = i != MODEL_HOST || setup->topology == TOPOLOGY_BRIDGED;
        if (cpu == NULL && needed) {
            return false;
        }
        seen->percent[i] = cpu == NULL ? 0.0 : cpu->percent;
        unsigned cap = setup->parties[i].cap;
        seen->capped = seen->capped || (cap > 0 && seen->percent[i] >= CAP_REACHED * cap);
    }
    return true;
}

static void observation_clear(struct observation *seen)
{
    model_setup_clear(&seen->setup);
    free(seen->works);
    free(seen->percent);
}

static bool observe_point(const struct model_run *run, const struct point *point,
                          struct observation *ret)
{
    enum topology topology;
    if (!point_suits(point) || topology_from_name(point->topology, &topology) < 0 ||
        topology == TOPOLOGY_DIRECT) {
        return false;
    }
    struct observation seen = {.point = point};
    model_setup_make(run->scenario, topology, point->length, &seen.setup);
    free(seen.setup.engine);
    seen.setup.engine = text_copy(point->engine); // "auto" was resolved
    unsigned cpus = count_cpus(point, "dut");
    seen.setup.cpus = cpus > 0 ? cpus : seen.setup.cpus;
    size_t stages = 0;
    for (size_t i = 0; i < seen.setup.flow_count; i++) {
        stages += seen.setup.flows[i].stage_count;
    }
    seen.works = memory_new_array(struct work, stages);
    struct undisturbed_result counts = point_undisturbed(point);
    seen.loss_ratio = counts.tx == 0 ? 0.0 : (double)counts.lost / (double)counts.tx;
    bool complete = seen.setup.beyond == NULL && note_usage(&seen);
    for (size_t i = 0; complete && i < seen.setup.flow_count; i++) {
        complete = note_works(&seen, &seen.setup.flows[i]);
    }
    if (!complete || seen.load_pps <= 0) {
        observation_clear(&seen);
        return false;
    }
    *ret = seen;
    return true;
}

void observations_add(const struct model_run *run, struct observation_list *list)
{
    for (size_t i = 0; i < run->points->count; i++) {
        struct observation seen;
        if (observe_point(run, &run->points->items[i], &seen)) {
            list->items = memory_resize(list->items, list->count + 1, sizeof *list->items);
            list->items[list->count++] = seen;
        }
    }
}

void observations_clear(struct observation_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        observation_clear(&list->items[i]);
    }
    free(list->items);
    *list = (struct observation_list){NULL, 0};
}
