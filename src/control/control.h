// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * control/control — moves CPU among the routers of one testbed, so that contracts are kept.
 *
 * A controller is a state machine: it takes readings of counters and CPU time, and returns weights
 * and caps to set, each time with a reason, or nothing. It is pure: no clock, no files, no testbed.
 * Policies are rows (policy.h). Called by control/loop through the owner's client, by
 * the simulator (simulator.h), and by tests. The rules are in docs/control.md.
 *
 * CPU is percent of one CPU. Party 0 is the host, the others are routers.
 */
#ifndef VRBENCH_CONTROL_CONTROL_H
#define VRBENCH_CONTROL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "scenario/scenario.h"

#define CONTROL_HOST 0U

// ---- what is controlled

struct control_contract {
    double pps;  // rate that the network may offer
    double loss; // greatest loss ratio
    unsigned priority;
    double price;
};

struct control_flow {
    char *name; // of its network
    bool has_contract;
    struct control_contract contract;
    size_t stages[SCENARIO_HOPS]; // routers that forward it: numbers of parties
    size_t stage_count;
    unsigned host_passes; // times that the host bridges each of its packets
};

struct control_party {
    char *name;
    double cost_ns; // of a packet, known beforehand; 0 = unknown
};

struct control_setup {
    double cpu;     // of the CPUs that host and routers share: 100 for each
    double margin;  // part of the CPUs that is promised to no contract
    double every_s; // usual time between two readings; 0 = unknown
    struct control_party *parties;
    size_t party_count;
    struct control_flow *flows;
    size_t flow_count;
};
void control_setup_clear(struct control_setup *setup);
// How often a router forwards each packet of a flow.
unsigned control_flow_passes(const struct control_flow *flow, size_t router);
// The first flow that a router forwards, of those from number `from` on; flow_count = none.
size_t control_next_flow(const struct control_setup *setup, size_t router, size_t from);

// ---- readings: counters since any common start

struct control_party_reading {
    bool alive;
    unsigned life; // changes if the party is recreated
    uint64_t cpu_ns;
    unsigned weight, cap; // in force
};

struct control_flow_reading {
    bool known;
    uint64_t offered;   // packets that arrived, including those that its first ring did not take
    uint64_t entered;   // packets that its first ring took
    uint64_t forwarded; // packets that left towards the sink
    // Packets that a ring of host or routers on its path did not take. A ring that several networks
    // share counts the packets of all of them.
    uint64_t lost;
};

struct control_reading {
    uint64_t at_ns;
    struct control_party_reading *parties;
    struct control_flow_reading *flows;
};
void control_reading_make(const struct control_setup *setup, struct control_reading *ret);
void control_reading_clear(struct control_reading *reading);

// ---- what readings show

struct control_flow_view {
    bool known;
    double offered_pps;  // recent
    double held_pps;     // recent maximum, which decays in seconds
    double loss;         // recent loss ratio
    bool violated;       // its contract is broken at present
    double foreseen_pps; // load until the next reading; only the simulator knows it
};

struct control_party_view {
    bool alive;
    double cost_ns; // of a packet; 0 = unknown
    double used;    // percent, recent
    unsigned weight, cap;
};

struct control_view {
    const struct control_setup *setup;
    struct control_flow_view *flows;
    struct control_party_view *parties;
    bool strained; // the present loads of all contracts need more CPU than there is
};

// Whether all routers of a flow run.
bool control_flow_lives(const struct control_view *view, size_t flow);

// ---- deciding

struct control_limits {
    uint64_t between_ns; // shortest time between two actions
    double factor;       // greatest change of a weight by one action
    double indifference; // relative change of a share that is worth no action
};
extern const struct control_limits control_limits_usual;

struct control_share {
    unsigned weight, cap;
};

// Weights and caps of all parties; of those that do not run the last ones known, weight 0 if there
// are none. The caller frees the members.
struct control_action {
    struct control_share *shares; // by party
    char *reason;
};
void control_action_clear(struct control_action *action);

struct control_policy;
struct controller;
struct controller *controller_new(const struct control_setup *setup,
                                  const struct control_policy *policy,
                                  const struct control_limits *limits);
void controller_free(struct controller *controller); // NULL is fine
// Replaces the contracts: `setup` has the same parties and flows, and replaces the first one.
void controller_renew(struct controller *controller, const struct control_setup *setup);
// Takes a reading. `foreseen_pps` are the loads of flows until the next one, for policies that
// require them; else NULL. Returns whether `ret` has an action.
bool controller_take(struct controller *controller, const struct control_reading *reading,
                     const double *foreseen_pps, struct control_action *ret);
// The action could not be applied, or in part only: the next one sets all shares, and need not
// wait.
void controller_undone(struct controller *controller);
const struct control_view *controller_view(const struct controller *controller);

// A fault that readings show, new since the last call; NULL = none. The caller frees the text.
char *controller_fault(struct controller *controller);

// Sums since the controller was made.
struct control_tally {
    double seconds;          // observed with load within a contract or above
    double violated_seconds; // of these, with more loss than the contract allows
    uint64_t offered, lost;
};
const struct control_tally *controller_tally(const struct controller *controller, size_t flow);
// The shares of the contracts' static plan (policy peak), for each party. Its caps are those before
// the first action. Returns false, and fills in nothing, before the first reading.
bool controller_static_plan(const struct controller *controller, struct control_share *ret);

// The part of its CPU that a flow's routers could lose before its contract breaks: the smallest
// (guaranteed − needed) / guaranteed of its stages. NaN = unknown.
double controller_margin(const struct controller *controller, size_t flow);

#endif
