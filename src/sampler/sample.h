// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * sampler/sample — one reading of every host and router of every testbed on this machine, and what
 * two readings say of the time between them.
 *
 * Needs nobody's help: testbeds are found by their records, also those of runs at work. All that
 * shows these figures to others leans on it: xen_stats.h here, commands of cli/, measure/ for the
 * study's method.
 */
#ifndef VRBENCH_SAMPLER_SAMPLE_H
#define VRBENCH_SAMPLER_SAMPLE_H

#include "testbed/testbed.h"

struct sample_party {
    char *testbed_id, *testbed; // id and name of its testbed
    enum party_kind kind;       // PARTY_HOST or PARTY_ROUTER
    char *name;                 // "host" or the router's
    unsigned id;                // 0 for the host; a router's is another in each of its lives
    char *platform;
    enum router_state state;
    uint64_t cpu_ns;        // used in this life
    struct cpu_part *parts; // of it, as platforms tell them; none of a router that has died
    size_t part_count;
    uint64_t read_ns;      // CLOCK_MONOTONIC when that was read
    uint64_t memory_bytes; // 0 = not measured
    // Sent and received, by its own count, in this life: by a router through all its interfaces, by
    // the host through the ends of the cables that it has (none in dedicated).
    bool has_bytes; // false if it can't be asked (it has died)
    uint64_t tx_bytes, rx_bytes;
    struct named_counters *networks; // what makes up these sums
    size_t network_count;
    unsigned cpus; // that its testbed's device under test may use
};

struct sample {
    struct sample_party *parties; // testbed by testbed: its host, then routers as in the scenario
    size_t count;
    uint64_t began_ns; // CLOCK_MONOTONIC
};

// Reads all testbeds, or only the one of that name or id (NULL = all; none such is bad input).
// One that comes up or goes meanwhile may be missing. Freed with sample_clear().
int sample_take(const char *testbed, struct sample *ret, struct error *err);
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
