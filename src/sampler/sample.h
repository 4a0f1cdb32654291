// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * sampler/sample — one reading of hosts and routers of testbeds, and what two readings say of the
 * time between them.
 *
 * A sample is plain data: taken by sampler.h in the process that owns the testbeds, sent to other
 * processes as JSON (sample_json.h), shown by face/ and cli/.
 */
#ifndef VRBENCH_SAMPLER_SAMPLE_H
#define VRBENCH_SAMPLER_SAMPLE_H

#include "testbed/testbed.h"

struct sample_party {
    char *testbed_id, *testbed; // id and name of its testbed
    char *topology;             // "bridged", …
    char *cpus_text;            // CPUs of the device under test, "0-3,6"
    unsigned cpus;              // how many these are
    bool kept;                  // it stands on its own; false: a run measures on it
    enum party_kind kind;       // PARTY_HOST or PARTY_ROUTER
    char *name;                 // "host" or the router's
    unsigned id;                // 0 for the host; a router's differs in each of its lives
    char *platform;
    enum router_state state;
    uint64_t since_ns;    // CLOCK_REALTIME of the last change of state; 0 = not known
    unsigned restarts;    // after crashes
    uint64_t outage_ns;   // of the last restart or reboot; 0 = there was none
    uint64_t converge_ns; // from its daemon's start to its last route; 0 = it has no daemon
    char *links;          // how a machine has its dedicated links: "pci", "macvtap"; NULL
    bool has_allocation;  // weight and cap are known
    struct allocation allocation;
    char *cap_way;   // what holds caps in this testbed: "quota", "deadline", …; NULL = none
    uint64_t cpu_ns; // used in this life
    struct cpu_part *parts; // of it, as the machine reports them; none of a router that has died
    size_t part_count;
    uint64_t read_ns;      // CLOCK_MONOTONIC when CPU time and counters were read
    uint64_t memory_bytes; // 0 = not measured
    // Sent and received in this life, counted by the party itself: a router through all its
    // interfaces, the host through the cable ends that it has (none in dedicated).
    bool has_bytes; // false if the party can't be asked (it has died)
    uint64_t tx_bytes, rx_bytes;
    struct named_counters *networks; // what makes up these sums
    size_t network_count;
};

struct sample {
    struct sample_party *parties; // testbed by testbed: its host, then routers as in the scenario
    size_t count;
    uint64_t began_ns; // CLOCK_MONOTONIC
    char *left_out;    // why a testbed that stands is not among them; NULL = all are
};

// Adds a party to the sample; the sample owns it then.
struct sample_party *sample_add(struct sample *sample);
void sample_party_clear(struct sample_party *party);
// A copy that shares nothing with the original.
void sample_party_copy(const struct sample_party *party, struct sample_party *ret);
void sample_clear(struct sample *sample);
#define _cleanup_sample_ __attribute__((cleanup(sample_clear)))

// The same party in the same life in another sample, or NULL.
const struct sample_party *sample_find(const struct sample *sample,
                                       const struct sample_party *party);
// CPU of a party of a later sample since an earlier one, in percent of one CPU. One that had not
// been there (a router that has rebooted in between has another id) began to use CPU since: all
// that its new life has used counts. Never negative.
double sample_percent(const struct sample *before, const struct sample_party *party);
// The same of one of its parts.
double sample_part_percent(const struct sample *before, const struct sample_party *party,
                           size_t part);

#endif
