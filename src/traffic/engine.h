// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/engine — offered load and its counting, whoever does it.
 *
 * An engine is opened on the paths of a standing testbed, runs any number of trials one after
 * another, and is closed before the testbed goes. It sends for the time asked, drains until the
 * sinks are quiet, and says exactly what it sent and what arrived; where the rest went is for
 * measure/ to find out from the kernel's counters.
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

// The tester's two ends of one network.
struct traffic_path {
    const struct netns *source_ns, *sink_ns;
    int source_index, sink_index; // interfaces
    struct frame_address address;
};

struct traffic_setup {
    const struct traffic_path *paths;
    size_t path_count;
    struct cpu_list source_cpus, sink_cpus; // may be the same
    bool shared_cpu; // the source may not hold its CPU: sink or router need it too
};

struct traffic_request {
    uint32_t run;
    unsigned ip_length;
    double pps; // a path; 0 = as fast as possible
    uint64_t duration_ns;
};

// What one path carried.
struct traffic_count {
    uint64_t tx;     // attempted: accepted by the interface or found its peer's ring full
    uint64_t unsent; // asked for, never attempted
    uint64_t rx, duplicated, reordered, corrupt;
    uint64_t stale;      // too late to be told from a duplicate: counts are not exact
    uint64_t strays;     // left over from an earlier trial
    uint64_t sink_drops; // arrived at the sink, which had no room
    uint64_t sending_ns; // from the first packet's turn to the last's
    bool clock_moved;    // the time of day was set meanwhile: delay and jitter are not measured
    bool delay_measured;
    uint64_t delay_min, delay_p50, delay_p99, delay_max; // ns
    bool jitter_measured;
    double jitter_ns;
    // Filled in by measure/ for its accounts, not by the engine:
    unsigned fragments; // IP fragments that each packet leaves in; 0 counts as 1
    bool company;       // as engine_ops.company
    bool chatter;       // routing protocols speak on the path's links, a few packets a second
};

struct engine;
struct engine_ops {
    const char *name;
    // UDP port of its packets where they need not reach the kernel's UDP: it is discarded behind
    // the engine's own packet sockets. 0 = none, they must.
    uint16_t discard_port;
    // Its packets have company: hand-shakes and reports of its own go the same way, uncounted.
    bool company;
    // Packets by which a count may miss the request although the source did its work.
    unsigned slack;
    // Whether this machine has what the engine needs, before anything is built; NULL = it has.
    int (*check)(struct error *err);
    int (*open)(const struct traffic_setup *setup, struct engine **ret, struct error *err);
    // Fills counts[path]. -EINTR if a stop was requested meanwhile: the trial is void. -EBADMSG if
    // what was counted can't be believed: it is void, too, but the next may do.
    int (*run)(struct engine *engine, const struct traffic_request *request,
               struct traffic_count *counts, struct error *err);
    void (*close)(struct engine *engine);
};

extern const struct engine_ops engine_packet, engine_iperf, engine_iperf3;

// The engine of that name, or NULL.
const struct engine_ops *engine_by_name(const char *name);

#endif
