// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/engine — sends the offered load and counts it.
 *
 * An engine has two halves: a source, which reports what it sent and did not send, and a sink,
 * which reports what arrived and what it dropped. measure/ finds the places of other losses from
 * the kernel's counters. Each half is opened by the place that has its interfaces (testbed/node).
 * Two halves joined run any number of trials one after another, and are closed before the testbed
 * is removed. The halves share no memory and exchange data through the counts only.
 */
#ifndef VRBENCH_TRAFFIC_ENGINE_H
#define VRBENCH_TRAFFIC_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "linux/cpu.h"
#include "linux/netns.h"
#include "traffic/frame.h"
#include "traffic/schedule.h"

// The tester's two ends of one network, as plain values: its nodes by their numbers in the plan.
struct traffic_path {
    size_t source_node, sink_node;
    int source_index, sink_index; // interface indexes
    struct frame_address address;
    struct form_flows flows;
    unsigned ip_length; // of all its IP packets; 0 = that of the request, and
    unsigned ip_extra;  // bytes by which its IP packets exceed traffic_request.ip_length
};

struct traffic_setup {
    const struct traffic_path *paths;
    size_t path_count;
    struct cpu_list source_cpus, sink_cpus; // may be equal
    bool shared_cpu;  // the sink uses the source's CPU too: the source must leave it to the sink
    bool crowded_cpu; // so does the device under test: the source must sleep between packets
};

// The load of one path, if the paths' loads are different or change in time.
struct traffic_load {
    double pps;                      // mean
    const struct schedule *schedule; // NULL = constant
    // Number of the first packet of each interval in which packets are counted, and at the end the
    // number of packets; interval_count + 1 numbers, the first 0.
    const uint64_t *bounds;
};

struct traffic_request {
    uint32_t run;
    unsigned ip_length;
    const struct form_lengths *lengths; // of a mix of lengths; NULL = ip_length
    double pps;                         // for each path; 0 = as fast as possible
    uint64_t duration_ns;
    const struct traffic_load *loads; // for each path; NULL = pps
    size_t interval_count;            // at most TRAFFIC_INTERVALS_MAX
    uint64_t delay_ns; // longest time for which impaired cables delay a packet on its path
};

// Length of the IP packets of a path.
static inline unsigned traffic_ip_length(const struct traffic_path *path,
                                         const struct traffic_request *request)
{
    return path->ip_length > 0 ? path->ip_length : request->ip_length + path->ip_extra;
}

#define TRAFFIC_CONGESTION 16U

// Figures of a TCP connection. Its packets are not the engine's to count: see ENGINE_ADAPTS.
struct traffic_tcp {
    bool measured;
    uint64_t sent_bytes;  // payload, as the source reports it
    double goodput_bps;   // payload that the sink read, bit/s over its own time
    uint64_t retransmits; // segments
    bool has_rtt;         // round-trip times in ns, as TCP estimated them
    uint64_t rtt_min, rtt_mean, rtt_max;
    char congestion[TRAFFIC_CONGESTION]; // congestion control of the source; "" = unknown
};

// Counts of one path.
struct traffic_count {
    // Set by the source:
    uint64_t tx;         // attempted: accepted by the interface, or its peer's ring was full
    uint64_t unsent;     // requested, never attempted
    uint64_t start_ns;   // CLOCK_MONOTONIC when the first packet was due; 0 = unknown
    uint64_t sending_ns; // from the scheduled time of the first packet to that of the last
    uint64_t waited_ns;  // CPU time that the source spent waiting until packets were due
    bool end_repeated;   // the last packet may have been sent repeatedly, uncounted, under higher
                         // numbers
    // Set by the sink:
    uint64_t rx, duplicated, reordered, corrupt;
    uint64_t stale;      // too late to be distinguished from duplicates: counts are not exact
    uint64_t strays;     // packets of an earlier trial
    uint64_t sink_drops; // arrived at the sink, which had no room
    bool clock_moved; // the time of day was set during the trial: delay and jitter are not measured
    bool delay_measured;
    uint64_t delay_min, delay_p50, delay_p99, delay_p999, delay_max, delay_mean; // ns
    // Packets by delay: those of class i are below flow_class_below(i), and not below that of i
    // - 1.
    uint64_t delay_classes[FLOW_CLASSES];
    bool jitter_measured;
    double jitter_ns;
    bool gap_measured;
    uint64_t gap_p50, gap_p99, gap_p999, gap_max; // ns between departures of successive packets
    // Set by the caller before the trial, or NULL; filled by the sink: distinct packets received of
    // each interval of the request.
    uint64_t *within;
    struct traffic_tcp tcp; // of an engine that sends by TCP: set by source and sink
    // Set by engine_run() from the engine's traits:
    bool company; // the engine sent its own packets too, as ENGINE_COMPANY
    // Set by measure/ for the accounting of losses, not by the engine:
    unsigned fragments; // IP fragments of each packet; 0 counts as 1
    bool chatter;       // routing protocols send a few packets a second on the path's links
};

struct half; // defined by each kind of half
struct engine_ops;
struct half_ops {
    // `ns` has for each path the namespace of the half's own node.
    int (*open)(const struct engine_ops *engine, const struct traffic_setup *setup,
                const struct netns *const *ns, struct half **ret, struct error *err);
    // Begins a trial: when it returns, a sink is ready to receive, a source has begun to send.
    int (*start)(struct half *half, const struct traffic_request *request, struct error *err);
    // Of a sink: frames of this trial that have arrived so far; the engine waits until all have.
    // NULL if finish() waits for them.
    uint64_t (*seen)(const struct half *half);
    // Ends a trial: a source completes sending, a sink stops. Writes the half's part of
    // counts[path]; a sink can read the source's there. -EINTR if a stop was requested: the trial
    // is void. -EBADMSG if the counts contradict each other: the trial is void, but the next one
    // may succeed.
    int (*finish)(struct half *half, const struct traffic_request *request,
                  struct traffic_count *counts, struct error *err);
    // Stops what a trial has left running. Called after each start(), also after a failed one.
    void (*stop)(struct half *half);
    void (*close)(struct half *half); // NULL is fine
};

// The code of an engine; its traits are its row in scenario/engines.h.
struct engine_ops {
    const struct pair_program *program; // for an engine that is another program, see pair.h
    // Checks before anything is built that this machine has what the engine requires; NULL = no
    // requirements.
    int (*check)(const struct engine_ops *engine, struct error *err);
    // The version of its program, in a new string, or NULL; no function = it runs none.
    char *(*version)(const struct engine_ops *engine);
    const struct half_ops *source, *sink;
};

// Checks that an engine of that name exists (else exit status 2) and that this machine has what it
// requires (else 3). "auto" requires nothing.
int engine_check(const char *name, struct error *err);
// The engine that "auto" stands for on this machine, if the longest IP packet has `ip_length`
// bytes; ret_why gets the reason in a new string.
const char *engine_choose(unsigned ip_length, char **ret_why);
// The version of the program that an engine runs, in a new string; NULL: it runs none, or the
// program is missing or prints none.
char *engine_program_version(const char *name);

// An opened half. Arguments and results of its functions are plain values and arrays of them.
struct engine_half {
    const struct half_ops *ops; // NULL = not opened
    struct half *half;
};
enum engine_side { ENGINE_SOURCE, ENGINE_SINK };
// Opens a half of an engine that engine_check() accepts, on this computer; `ns` as in half_ops.
int engine_open_half(const char *name, enum engine_side side, const struct traffic_setup *setup,
                     const struct netns *const *ns, struct engine_half *ret, struct error *err);
void engine_close_half(struct engine_half *half); // one that is not opened is fine

struct engine;
// Joins two halves, which it takes over, on `path_count` paths.
struct engine *engine_join(const char *name, size_t path_count, const struct engine_half *source,
                           const struct engine_half *sink);
// Sets a function that reports whether packets may still be on their way, since a thread that
// forwards them has work to do. While it returns true, a trial waits for missing packets, up to 2 s
// in all; without it, until none has arrived for 40 ms. `context` must outlive the trials.
void engine_wait_for(struct engine *engine, bool (*is_forwarding)(const void *context),
                     const void *context);
// Runs one trial and fills counts[path]. Fails as half_ops.finish() does.
int engine_run(struct engine *engine, const struct traffic_request *request,
               struct traffic_count *counts, struct error *err);
void engine_close(struct engine *engine); // NULL is fine

#endif
