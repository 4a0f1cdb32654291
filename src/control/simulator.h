// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * control/simulator — routers that share CPUs, each with a queue, loads that change, and a
 * controller that reads their counters. Tests compare policies by it. Pure and deterministic: equal
 * cases give equal outcomes.
 *
 * Each router has one network. The CPU is divided by weights, as the kernel does: what one router
 * does not use goes to the others. A queue takes as many packets as the ring of a veth.
 */
#ifndef VRBENCH_CONTROL_SIMULATOR_H
#define VRBENCH_CONTROL_SIMULATOR_H

#include "control/control.h"
#include "control/policy.h"

#define SIM_ROUTERS 8
#define SIM_KNOTS   16

// A load as knots of a piecewise linear rate; two knots at one time are a step.
struct sim_load {
    double at_s[SIM_KNOTS], pps[SIM_KNOTS];
    size_t knots;
};

struct sim_case {
    double seconds;
    double cpu; // percent of one CPU
    size_t routers;
    struct sim_load loads[SIM_ROUTERS];
    double cost_ns[SIM_ROUTERS]; // of a packet
    struct control_contract contracts[SIM_ROUTERS];
    unsigned steps; // moments at which a load changes
    // What readings are like:
    double every_s; // between readings
    double late_s;  // at one moment, a reading comes later by this
    size_t dies;    // router that does not run in the second quarter; SIZE_MAX = none
    size_t stands;  // flow whose counters stand still in the second quarter; SIZE_MAX = none
    bool caps_fail; // caps are not held
    bool forgets;   // actions of the second quarter have no effect: the owner is away
    unsigned caps[SIM_ROUTERS];
};

struct sim_outcome {
    double violated_s; // of all contracts together
    double flow_violated_s[SIM_ROUTERS];
    double back_s; // longest time in violation without a break
    unsigned actions;
    unsigned late_actions; // in the second half of the time
    double fastest;        // greatest change of a weight by one action
    uint64_t closest_ns;   // shortest time between two actions
    unsigned faults;
    uint64_t offered, lost; // by the routers' own count
};

// A random number, which advances `state`.
double sim_between(uint64_t *state, double low, double high);
// Fills an empty load: steady, steps, a ramp or a flash crowd, each with equal probability, of
// `usual` packets/s with peaks of 2 to 6 times that. Returns how often it changes at once.
unsigned sim_load_random(uint64_t *state, double usual, double seconds, struct sim_load *load);
double sim_load_highest(const struct sim_load *load);
// What the contracts of a random case need.
enum sim_demand {
    SIM_COVERED,    // their loads fit the CPU at every moment
    SIM_FITS,       // so do their full rates together
    SIM_OVERBOOKED, // their loads fit at every moment; their full rates need 1.3 to 2.5 times the
                    // CPU
    SIM_OVERLOADED, // their loads need 1.2 to 1.8 times the CPU at their highest; priorities 0 to 3
};

// A random case: loads are steady, stepwise, ramps and flash crowds; some exceed what their
// contracts cover. Unless it is overloaded, some division of the CPU keeps all contracts.
void sim_case_random(uint64_t seed, enum sim_demand demand, struct sim_case *ret);
double sim_load_at(const struct sim_load *load, double at_s);
void sim_run(const struct sim_case *of, const struct control_policy *policy,
             struct sim_outcome *ret);

#endif
