// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * sampler/sample — one reading of the hosts and routers of testbeds, and the differences between
 * two readings.
 *
 * A sample is plain data: sampler.h takes it in the process that owns the testbeds, sample_json.h
 * converts it for other processes, face/ and cli/ show it.
 */
#ifndef VRBENCH_SAMPLER_SAMPLE_H
#define VRBENCH_SAMPLER_SAMPLE_H

#include "testbed/testbed.h"

struct sample_party {
    char *testbed_id, *testbed; // ID and name of its testbed
    char *topology;             // "bridged", …
    char *cpus_text;            // CPUs of the device under test, "0-3,6"
    unsigned cpus;              // their number
    bool kept;                  // the testbed stands by itself; false: a run measures on it
    enum party_kind kind;       // PARTY_HOST or PARTY_ROUTER
    char *name;                 // "host" or the router's name
    unsigned id;                // 0 for the host; changes whenever a router is recreated
    char *platform;
    enum router_state state;
    uint64_t since_ns;    // CLOCK_REALTIME of the last change of state; 0 = unknown
    unsigned restarts;    // after crashes
    uint64_t outage_ns;   // of the last restart or reboot; 0 = none so far
    uint64_t converge_ns; // from its daemon's start to its last route; 0 = no daemon
    char *links;          // kind of a machine's dedicated links: "pci", "macvtap"; NULL
    bool has_allocation;  // weight and cap are known
    struct allocation allocation;
    char *cap_way; // mechanism that holds caps in this testbed: "quota", "deadline", …; NULL = none
    // While the testbed is controlled (control/); NULL otherwise, or if it is unknown:
    char *contract;         // whether its contracts are "kept" or "broken" at present; "none"
    char *broken_s;         // seconds in which they were broken since control began
    char *margin;           // part of its share that it does not need, in percent
    char *last_action;      // why its share was changed last
    uint64_t cpu_ns;        // since the party was made
    struct cpu_part *parts; // parts of cpu_ns, as reported by the machine; none for a dead router
    size_t part_count;
    uint64_t read_ns;      // CLOCK_MONOTONIC when CPU time and counters were read
    uint64_t memory_bytes; // 0 = not measured
    // Sent and received since the party was made, counted by the party itself: a router through all
    // its interfaces, the host through its cable ends (none in dedicated).
    bool has_bytes; // false if the party cannot be read (it has died)
    uint64_t tx_bytes, rx_bytes;
    struct named_counters *networks; // the counters whose sums these are
    size_t network_count;
};

struct sample {
    struct sample_party
        *parties; // testbed by testbed: the host, then the routers in the scenario's order
    size_t count;
    uint64_t began_ns; // CLOCK_MONOTONIC
    char *left_out;    // why a standing testbed is missing; NULL = none is
};

// Appends a party, which the sample owns.
struct sample_party *sample_add(struct sample *sample);
void sample_party_clear(struct sample_party *party);
// A copy that shares nothing with the original.
void sample_party_copy(const struct sample_party *party, struct sample_party *ret);
void sample_clear(struct sample *sample);
#define _cleanup_sample_ __attribute__((cleanup(sample_clear)))

// Finds the same party, not recreated, in another sample; NULL if absent.
const struct sample_party *sample_find(const struct sample *sample,
                                       const struct sample_party *party);
// Whether a controller reports contracts of the routers.
bool sample_is_controlled(const struct sample *sample);
// CPU of a party of a later sample since an earlier one, in percent of one CPU. For a party that is
// not in the earlier sample (a rebooted router has another ID), all its CPU time counts. Never
// negative.
double sample_percent(const struct sample *before, const struct sample_party *party);
// The same of one of its parts.
double sample_part_percent(const struct sample *before, const struct sample_party *party,
                           size_t part);

#endif
