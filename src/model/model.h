// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * model/model — predicts how a set-up that was not measured performs, from points of others.
 *
 * The mechanism, its assumptions and sources are in docs/prediction.md. This room is pure: no
 * testbed, no clock, no files. Called by cli/ (predict, advise) and the study's tables.
 */
#ifndef VRBENCH_MODEL_MODEL_H
#define VRBENCH_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "result/result.h"
#include "scenario/scenario.h"

#define MODEL_ERROR 0.10 // of each interval: it contains the figure with 90 %

struct model; // costs fitted on points

// A figure with its interval. NaN = unknown.
struct model_figure {
    double value, low, high;
};

// ---- fitting

// The points of a run, and the scenario that was measured (with its file's weights, caps and
// shares); both must outlive model_fit() only.
struct model_run {
    const struct point_list *points;
    const struct scenario *scenario;
};

// Fits the costs on the valid points of runs. Equal arguments give equal models. Fails with exit
// status 2 if no point is usable.
int model_fit(const struct model_run *runs, size_t count, uint64_t seed, struct model **ret,
              struct error *err);
void model_free(struct model *model); // NULL is fine

// The CPU time in ns that one packet of an IP length costs when its queue never empties, for each
// pass through the host (bridging) or through a router. False if no point contains that cost, or if
// a cap was reached in each.
bool model_cost(const struct model *model, const char *platform, enum topology topology, bool host,
                double ip_length, struct model_figure *ret);

// ---- set-ups

#define MODEL_HOST 0U // number of the host among the parties of a set-up

// Who uses CPU time: the host, then the routers.
struct model_party {
    char *name;
    unsigned weight;
    unsigned cap; // percent of one CPU; 0 = none
    bool quota;   // a hypervisor holds the cap, as a quota of each period (model/quota)
};

// A stream of packets in one direction, which passes parties one after the other. Each pass is the
// work of a thread of its own, that of the receiving interface.
struct model_flow {
    char *name;       // network_label()
    double share;     // its load as a multiple of the offered load
    double fixed_pps; // its load, whatever the offered load is; 0 = it has a share
    double ip_length; // mean length of its packets in bytes of the IP packet
    size_t *stages;   // numbers of parties
    size_t stage_count;
};

#define MODEL_IMAGE "image "

struct model_setup {
    enum topology topology;
    char *platform, *engine; // engine "auto" = that of the points
    // What routers do besides forwarding; "" = nothing. It begins with MODEL_IMAGE if they are
    // machines that boot an image of their own, whose software forwards at costs of its own.
    char *work;
    const char *beyond; // why no model covers it; NULL = nothing is known against it
    unsigned length;    // of the scenario's traffic, in bytes of its length layer
    unsigned cpus;      // that host and routers share
    struct model_party *parties;
    size_t party_count;
    struct model_flow *flows;
    size_t flow_count;
};

// Whether a hypervisor holds the caps of a platform's routers: see model_party.quota.
bool model_caps_are_quotas(const char *platform);
// The set-up of a scenario in one topology with packets of one of its lengths.
void model_setup_make(const struct scenario *scenario, enum topology topology, unsigned length,
                      struct model_setup *ret);
void model_setup_clear(struct model_setup *setup);
#define _cleanup_model_setup_ __attribute__((cleanup(model_setup_clear)))

// ---- predicting

#define MODEL_LOADS 20 // of a curve: up to twice the knee

struct model_curve {
    char *network;
    double offered_pps[MODEL_LOADS], received_pps[MODEL_LOADS];
    double low_pps[MODEL_LOADS], high_pps[MODEL_LOADS]; // interval of received_pps
    struct model_figure throughput_pps;                 // highest load without loss
    struct model_figure max_pps;                        // highest rate of received packets
};

// CPU time of a party in percent of one CPU.
struct model_usage {
    char *name;
    struct model_figure percent; // at the throughput
    double at[MODEL_LOADS];      // at each load
};

struct prediction {
    bool known;
    char *why_unknown;          // NULL if known
    struct model_curve *curves; // one per flow
    size_t curve_count;
    struct model_usage *usages; // one per party, and "total"; the total is the last
    size_t usage_count;
    char *bottleneck; // what limits the set-up beyond the knee
};

// Predicts a set-up. If the points do not support it, `ret` is not known and has only the reason.
void model_predict(const struct model *model, const struct model_setup *setup,
                   struct prediction *ret);
// The same at one offered load: packets/s received of each flow and percent of each party.
// False if it is not known.
bool model_predict_load(const struct model *model, const struct model_setup *setup, double load_pps,
                        double *ret_received, double *ret_percent);
void prediction_clear(struct prediction *prediction);
#define _cleanup_prediction_ __attribute__((cleanup(prediction_clear)))

#endif
