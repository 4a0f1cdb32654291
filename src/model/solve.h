// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * model/solve — the steady state of a set-up whose costs are known, at one offered load.
 *
 * Internal to model/. The equations are in docs/prediction.md, with the same letters.
 */
#ifndef VRBENCH_MODEL_SOLVE_H
#define VRBENCH_MODEL_SOLVE_H

#include "model/model.h"

// Cost of one pass of a packet, in ns: base + slope·length when the queue never empties, and
// `wakeup` for each wake-up of the thread.
struct stage_cost {
    double base, slope, wakeup;
};

struct costs {
    struct stage_cost host, router;
    double latency_ns; // from a packet's arrival to the begin of its thread's work
    double usable;     // part of a CPU that host and routers can use, 0 to 1
    double upstream;   // part of contended CPU time that earlier stages take first, 0 to 1
    double full;       // part of the usable CPU time that packets get before rings overflow, 0 to 1
    double onset;      // load at which losses begin, relative to the knee
};

#define SOLVE_STAGES (2U * SCENARIO_HOPS + 1U) // of a flow, at most

struct solution {
    double *received;          // packets/s of each flow
    double *percent;           // CPU of each party
    double loss_ratio;         // of all flows together
    double busy;               // part of the usable CPUs that packets require, overhead excluded
    double lost[SOLVE_STAGES]; // packets/s lost before each stage, of all flows
    size_t lossy_flow, lossy_stage; // where most packets are lost, if any are
};

double cost_of_pass(const struct stage_cost *cost, double ip_length);
// Packets/s that a flow offers at a load.
double flow_offered(const struct model_flow *flow, double load_pps);

// The CPUs that threads can use: each uses at most one at a time.
unsigned cpus_of_threads(unsigned cpus, size_t threads);

void solve_load(const struct costs *costs, const struct model_setup *setup, double load_pps,
                struct solution *ret);
void solution_clear(struct solution *solution);
#define _cleanup_solution_ __attribute__((cleanup(solution_clear)))
// The highest load at which no flow loses a packet; 0 if the fixed loads alone lose some.
double solve_knee(const struct costs *costs, const struct model_setup *setup);

// ---- the CPU time of threads that were measured, for the fit

struct work {
    size_t party;
    bool host;
    double ip_length;
    double rate; // packets/s processed
};
// CPU of each party in ns per second, from the rates of its threads, on so many usable CPUs; 0 = no
// queue ever empties, so that no thread wakes up.
void work_usage(const struct costs *costs, double usable, const struct work *works, size_t count,
                double *ret_ns, size_t party_count);

#endif
