// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * result/result — the results of measurements, as plain structs.
 *
 * A point is the record of one trial: one topology, length and offered load. measure/ fills it,
 * result/ writes and reads it (points.jsonl, run.json), report/ shows it. A figure that was not
 * measured is marked as absent, never as 0.
 */
#ifndef VRBENCH_RESULT_RESULT_H
#define VRBENCH_RESULT_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define RESULT_SCHEMA 1

// One-way delay in ns: from the source's hand-over to the kernel to the arrival at the sink.
struct delay_summary {
    bool measured;
    uint64_t min, p50, p99, max;
    uint64_t p999, mean; // 0 = unknown: points of earlier versions lack them
};

// How the delays are distributed: packets[i] of them are below below_ns[i], and not below
// below_ns[i - 1]. From the first to the last class that has packets; together all packets
// received.
struct delay_classes {
    bool measured; // false in points of earlier versions
    uint64_t *below_ns, *packets;
    size_t count, packets_count; // equal
};

// Time in ns between the departures of two successive packets of a network.
struct gap_summary {
    bool measured;
    uint64_t p50, p99, p999, max;
};

// The counts of one network in the part of a trial that no stall of the machine touched. tx = rx +
// lost always.
struct undisturbed_result {
    bool measured;
    uint64_t tx, rx, lost;
};

// How long a network lost packets after its load dropped: the last lost packet was due between the
// two times after the drop. Both are 0 if none was lost. Not in the files.
struct recovery_result {
    bool measured;
    bool uncertain; // a stall of the machine touched the time of later losses
    uint64_t low_ns, high_ns, lost;
};

// How long a network received nothing in a trial in which its router was rebooted: the longest such
// time is between the two. Not in the files.
struct outage_result {
    bool measured;
    bool over; // that time ended before the trial
    uint64_t low_ns, high_ns;
};

// Figures of a TCP connection.
struct tcp_result {
    bool measured;
    double goodput_bps;   // payload that the sink's program read, bit/s
    uint64_t retransmits; // segments
    // Round-trip times in ns as TCP estimated them, sampled over the trial.
    struct rtt_summary {
        bool measured;
        uint64_t min, mean, max;
    } rtt_ns;
    char *congestion; // congestion control of the source: "cubic"; NULL = unknown
};

// Counts of one network in one trial. tx = rx + lost always. With TCP, packets are those that the
// tester's interfaces count: of data, each transmission is one, and the program's own are included.
struct network_result {
    char *name;
    // "forward" (source to sink) or "reverse", if the network has traffic in both directions: each
    // has a row. NULL = forward only.
    char *direction;
    char *label;         // network_label() of a network with a direction; not in the files
    char *router;        // the first of the path; NULL if there is none (direct)
    char **routers;      // all routers of the path, from source to sink, if there are several
    size_t router_count; // of `routers`; 0 = `router` is the only one
    unsigned length;     // of its packets, if they have a length of their own; 0 = the point's
    bool fixed_load;     // its load does not depend on the offered load
    uint64_t tx;         // packets offered, including those that found the first ring full
    uint64_t unsent;     // packets requested but never attempted by the source; not in tx
    uint64_t rx;         // distinct packets received
    uint64_t lost;       // tx - rx
    uint64_t duplicated; // extra copies received
    uint64_t reordered;  // packets that arrived after one with a higher number (RFC 4737 §3.3)
    uint64_t corrupt; // frames of this trial's stream with a wrong checksum; not in any other count
    struct tcp_result tcp; // if measured, duplicated, reordered and corrupt are not known
    bool has_requested;
    double requested_pps; // if it is another than the point's
    double offered_pps;   // tx divided by the time of sending
    double forwarded_pps; // rx divided by the time of sending
    struct delay_summary delay_ns;
    struct delay_classes delay_classes;
    bool jitter_measured; // measured with the delay, or alone if an engine reports no delay
    double jitter_ns;     // RFC 3550 §6.4.1 interarrival jitter at the end of the trial
    struct gap_summary gap_ns;
    struct undisturbed_result undisturbed;
    struct recovery_result recovery;
    struct outage_result outage;
};

struct cpu_part_result {
    char *name; // "vcpu0", "emulator", …
    double percent;
};

struct cpu_result {
    char *name;     // "host", "tester" or the router's name
    double percent; // of one CPU, over the time of sending
    bool has_within;
    double within; // uncertainty in percent points of an estimated figure
    bool has_ns_per_packet;
    double ns_per_packet; // CPU time divided by the packets received through it
    unsigned cap;         // its cap in percent of one CPU; 0 = none
    // Only if weights and caps could be set meanwhile (run --controlled, send): its weight at the
    // beginning, and if the weight or cap has changed, both at the end. weight_end 0: no change.
    unsigned weight, weight_end, cap_end;
    struct cpu_part_result *parts; // their sum is `percent`; empty if there is only one part
    size_t part_count;
};
void cpu_result_clear_parts(struct cpu_result *cpu); // frees the parts: there are none then
void cpu_result_clear(struct cpu_result *cpu);       // frees the members and zeroes the struct

struct memory_result {
    char *name;
    uint64_t bytes;
};

// Time from the request to make a router until it forwarded.
struct start_result {
    char *name; // name of the router
    uint64_t ns;
};

struct drop_result {
    char *where; // "r1t3:eth0 receive ring", "host:br0", …, or "unexplained"
    uint64_t count;
    bool by_difference; // of two packet counters; no counter of drops names the place. Not stored
};

// Times at which a CPU was taken away from this machine, found by a heartbeat (linux/heartbeat.h).
struct stall_summary {
    bool measured;
    uint64_t count, total_ns, longest_ns;
};

// A program of others that used the CPU during the trial.
struct other_result {
    char *name;
    unsigned pid;
    double percent; // of one CPU
};

// Use of a CPU of this machine over the trial, from /proc/stat: percent of that CPU.
struct processor_result {
    unsigned cpu;
    char *used_by; // "dut", "tester" or "shared"
    double busy_percent, steal_percent;
    struct stall_summary stalls;
    uint64_t interrupts;      // of devices; 0 = none, or of an earlier version
    char *interrupts_most_of; // the device with most of them; NULL = none
    double softirq_percent;   // time in softirqs; NaN = not measured
    char *softirqs_most_of;   // the kind with most of that time: "NET_RX"; NULL = none
};

// What the host's monitoring said of CPU during the trial, beside the exact figures (method:
// monitored). In percent of one CPU; NaN = it said nothing.
struct monitoring_result {
    bool measured;
    double load_percent; // hrProcessorLoad of the CPUs of host and routers
    double raw_percent;  // busy time of all CPUs by ssCpuRaw…
    double text_percent; // host and routers by xen-stats
    double text_off;     // of that text: the largest distance of the host or a router from its CPU
    double dut_percent;  // exact: host and routers
    double all_percent;  // exact: host, routers and tester, waiting included
    double answer_s;     // until the answer of the ordinary variables; without one, waited for
    double late_s;       // until that of xen-stats, without the time for which it measures
};

// What the controller of a standing testbed (control/) reported of a router at the end of a trial.
struct control_result {
    char *router;
    char *contract;        // of its networks: "kept" or "broken" in the trial, or "none"
    double broken_s;       // time of the trial in which a contract was broken; NaN = unknown
    double margin_percent; // part of its guaranteed CPU that it did not need; NaN = unknown
    char *last_action;     // why its share was changed last; NULL = it was not
};

// Counts of one network in one interval of a load that changes in time: of the packets that were
// due in it. tx = rx + lost always.
struct interval_network {
    char *name, *direction;
    uint64_t tx, unsent, rx, lost;
};

struct interval_result {
    double from_s, to_s;               // since the begin of sending
    struct interval_network *networks; // as the point's
    size_t network_count;
};

struct point {
    char *scenario, *topology, *platform, *engine;
    char *method;    // "study" if CPU was read by the study's method, over SNMP; NULL = precise
    unsigned length; // of a mix: the mean, rounded
    char *length_layer;
    char *mix; // name of a mix of lengths: "imix", "7x64+1x1500"; NULL = all have that length
    bool has_mean_length;
    double mean_length;              // of a mix, exact
    unsigned flows;                  // of each network; 0 = one
    char *flows_by;                  // "ports", "addresses"; NULL = one flow
    unsigned repeat;                 // 0-based
    unsigned step;                   // index of the offered load in its sweep, 0-based
    double duration_s;               // time of sending
    double requested_pps;            // for each network
    struct network_result *networks; // empty if a router died: nothing was measured
    size_t network_count;
    struct cpu_result *cpu; // host, routers in the scenario's order, tester; direct: tester only
    size_t cpu_count;
    double cpu_total_percent; // host and routers together, without the tester
    struct memory_result *memory;
    size_t memory_count;
    struct start_result *starts; // of the routers whose start was timed
    size_t start_count;
    struct drop_result *drops; // the counts sum to the networks' lost
    size_t drop_count;
    struct processor_result *processors;
    size_t processor_count;
    uint64_t throttled_ns;       // for which a CPU quota stopped this program during the trial
    uint64_t major_faults;       // page faults of this program that waited for a disk
    struct other_result *others; // busiest first; at most a few
    size_t other_count;
    struct interval_result *intervals; // of a load that changes in time, adjacent
    size_t interval_count;
    struct monitoring_result monitoring;
    struct control_result *control; // of the routers; none without a controller
    size_t control_count;
    bool has_left_out;     // the networks have undisturbed figures
    double left_out_ratio; // part of the time of sending without them, 0 to 1
    unsigned attempts;     // trials run for this point, at least 1
    bool valid;
    char *why_invalid; // NULL = valid
    // What was lost in the stability check of the topology, and the likely cause; NULL = nothing,
    // or it was not checked.
    char *unstable;
};

void point_clear(struct point *point); // frees the members and zeroes the struct; NULL is fine
void point_free(struct point *point);
#define _cleanup_point_ __attribute__((cleanup(point_clear)))

// Marks a point invalid with a reason. Several reasons are joined by "; ".
void point_invalidate(struct point *point, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Prefix of every reason that means that the tester, not the device under test, was the limit.
#define POINT_TESTER_LIMIT "the tester was the limit"
// True if the point is invalid for that reason only.
bool point_tester_was_limit(const struct point *point);
// True if the point is invalid for another reason, which may pass: measuring it again may help.
bool point_was_disturbed(const struct point *point);
// The name of a network, followed by the direction if it has traffic in both: "NET0 reverse". The
// label is unique in its point.
const char *network_label(const struct network_result *network);
// The routers of a network's path, one after the other; NULL = no more.
const char *network_router(const struct network_result *network, size_t at);
// Whether a router is on a network's path.
bool network_passes(const struct network_result *network, const char *router);
// The names of the routers of a network's path, with a blank between two. The caller frees it; NULL
// = none.
char *network_routers_text(const struct network_result *network);
// Makes the labels of a point, once all names and directions are set.
void point_make_labels(struct point *point);
// Totals over the networks and directions.
uint64_t point_tx(const struct point *point);
uint64_t point_rx(const struct point *point);
uint64_t point_lost(const struct point *point);
// The undisturbed counts, or all counts if there are none or nothing was left.
struct undisturbed_result network_undisturbed(const struct network_result *network);
struct undisturbed_result point_undisturbed(const struct point *point);
double point_offered_pps(const struct point *point);
// Mean length of the packets in bytes of the length layer.
double point_mean_length(const struct point *point);
// The length as text: "64 B", "imix (342 B)".
char *point_length_text(const struct point *point);
// Returns the network with that label (network_label), or NULL.
const struct network_result *point_network(const struct point *point, const char *label);
// Returns the CPU figure of that name, or NULL.
const struct cpu_result *point_cpu(const struct point *point, const char *name);
// Whether the party's cap at the end of the trial differs from `cap`, so that neither was held for
// the whole trial.
bool cpu_cap_has_moved(const struct cpu_result *cpu);

// All points of a run, in the order of measurement.
struct point_list {
    struct point *items;
    size_t count;
};
// What stalls of the machine did to the valid points of a list.
struct left_out_summary {
    double ratio;   // mean part of the time of sending that is left out; 0 = none
    size_t cleared; // points that lost packets in that part only
};
struct left_out_summary point_list_left_out(const struct point_list *list);
void point_list_add(struct point_list *list, struct point *point); // moves *point into the list
void point_list_clear(struct point_list *list);
size_t point_list_invalid(const struct point_list *list); // number of invalid points

#endif
