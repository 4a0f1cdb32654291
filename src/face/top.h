// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * face/top — the data of `vrbench top`: every host and router of the testbeds on this machine, or
 * every machine of Xen or of a libvirt URI, with the CPU that each used between two readings.
 *
 * The first reading is taken when a source is opened, so the first figures are correct (xentop's
 * first iteration always reads 0.0). Called by cli/; shown by report/top_text.
 */
#ifndef VRBENCH_FACE_TOP_H
#define VRBENCH_FACE_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "linux/counters.h"
#include "machine/foreign.h"
#include "sampler/sample.h"

// CPU time of one vCPU.
struct top_vcpu {
    bool online;
    uint64_t ns;    // since its machine was started
    double percent; // of one CPU, since the previous reading
};

// A part of a router's or host's CPU time: "napi"; "vcpu0", "emulator", "vhost".
struct top_part {
    char name[24];
    uint64_t ns;
    double percent; // of one CPU, since the previous reading
};

struct top_machine {
    char *name;    // TESTBED/NAME if several testbeds have a party of that name
    char *testbed; // NULL for a machine that vrbench did not make
    char *contract, *margin, *last_action; // see struct sample_party; NULL = unknown
    bool has_id;
    unsigned id;
    const char *state;                       // "running", "paused", …; static
    char letters[7];                         // as in xentop: d s b c p r or -
    uint64_t cpu_ns;                         // since it was started
    double percent;                          // of one CPU, since the previous reading
    bool has_percent;                        // it is running
    uint64_t memory_bytes, memory_max_bytes; // 0 = unknown
    bool memory_limited;                     // false: no memory limit
    unsigned vcpus;
    struct top_vcpu *vcpu_times; // if known
    size_t vcpu_time_count;
    struct top_part *parts; // of parties made by vrbench
    size_t part_count;
    bool has_networks;
    uint64_t tx_bytes, rx_bytes; // counted by the machine itself: tx is what it sent
    struct named_counters *networks;
    size_t network_count;
};

struct top {
    char *platform;             // "netns", "xen" or the URI
    uint64_t realtime_ns;       // of the later reading
    uint64_t over_ns;           // time between the two readings
    uint64_t host_memory_bytes; // of the host; 0 = unknown
    unsigned host_cpus;
    uint64_t
        hypervisor_bytes; // part of host_memory_bytes that the hypervisor uses itself; 0 = unknown
    // Of one CPU, all machines together: at most 100 for each of host_cpus. Known only if the host
    // is one of the machines.
    bool has_total;
    double total_percent;
    struct top_machine *items;
    size_t count;
};
void top_clear(struct top *top);
#define _cleanup_top_ __attribute__((cleanup(top_clear)))

struct top_source;
// Opens a source and takes the first reading. `platform` is "xen" or a libvirt URI, or NULL for the
// testbeds on this machine.
int top_open(const char *platform, struct top_source **ret, struct error *err);
void top_close(struct top_source *source); // NULL is fine
// Takes a reading; `ret` gets the figures between it and the previous one.
int top_next(struct top_source *source, struct top *ret, struct error *err);

// Computes the figures between two samples; the machines are in the order of the later one.
void top_of_samples(const struct sample *before, const struct sample *after, struct top *ret);
void top_of_machines(const struct foreign_list *before, const struct foreign_list *after,
                     struct top *ret);

// Sort keys: ascending for texts, descending for figures.
enum top_order { TOP_AS_FOUND, TOP_NAME, TOP_PERCENT, TOP_SECONDS, TOP_MEMORY, TOP_TX, TOP_RX };
#define TOP_ORDERS 7
// "found", "name", "cpu", "seconds", "memory", "nettx", "netrx"; the other function returns
// TOP_ORDERS for an unknown name.
const char *top_order_name(enum top_order order);
enum top_order top_order_by_name(const char *name);
void top_sort(struct top *top, enum top_order order);

#endif
