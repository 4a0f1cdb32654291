// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/engine — offered load and its counting, by whatever does it.
 *
 * An engine has two halves: its source, which reports what it sent and did not send, and its sink,
 * which reports what arrived and what it had no room for; where the rest was lost is for measure/
 * to find out from the kernel's counters. It is opened on the paths of a standing testbed, runs any
 * number of trials one after another, and is closed before the testbed goes. The halves share no
 * memory: what one says to the other is in the counts.
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
    // The source's:
    uint64_t tx;         // attempted: accepted by the interface or found its peer's ring full
    uint64_t unsent;     // asked for, never attempted
    uint64_t sending_ns; // from the first packet's turn to the last's
    bool end_repeated;   // it may have sent the last packet again, uncounted, under higher numbers
    // The sink's:
    uint64_t rx, duplicated, reordered, corrupt;
    uint64_t stale;      // too late to be told from a duplicate: counts are not exact
    uint64_t strays;     // left over from an earlier trial
    uint64_t sink_drops; // arrived at the sink, which had no room
    bool clock_moved;    // the time of day was set meanwhile: delay and jitter are not measured
    bool delay_measured;
    uint64_t delay_min, delay_p50, delay_p99, delay_max; // ns
    bool jitter_measured;
    double jitter_ns;
    // engine_run()'s, by the engine's traits:
    bool company; // packets of the engine's own came with them, as ENGINE_COMPANY
    // Filled in by measure/ for its accounts, not by the engine:
    unsigned fragments; // IP fragments that each packet leaves in; 0 counts as 1
    bool chatter;       // routing protocols speak on the path's links, a few packets a second
};

struct half; // each kind has its own
struct engine_ops;
struct half_ops {
    int (*open)(const struct engine_ops *engine, const struct traffic_setup *setup,
                struct half **ret, struct error *err);
    // Begins a trial: a sink is ready to receive when this returns, a source has begun to send.
    int (*start)(struct half *half, const struct traffic_request *request, struct error *err);
    // A sink's: frames of this trial that have arrived so far, for the engine to see when all that
    // was sent has. NULL where finish() waits for that.
    uint64_t (*seen)(const struct half *half);
    // Ends a trial: a source sends to its end, a sink stops. Writes the half's own part of
    // counts[path]; a sink finds the source's there. -EINTR if a stop was requested meanwhile: the
    // trial is void. -EBADMSG if what was counted can't be believed: likewise, but the next may do.
    int (*finish)(struct half *half, const struct traffic_request *request,
                  struct traffic_count *counts, struct error *err);
    // Stops whatever a trial has left running. After each start(), also one that failed.
    void (*stop)(struct half *half);
    void (*close)(struct half *half); // NULL is fine
};

// The code of one engine; its traits are its row of scenario/engines.h.
struct engine_ops {
    // UDP port of its packets where they need not reach the kernel's UDP: it is discarded behind
    // the engine's own packet sockets. 0 = none, they must.
    uint16_t discard_port;
    const struct pair_program *program; // of an engine that is another program, see pair.h
    // Whether this machine has what the engine needs, before anything is built; NULL = it has.
    int (*check)(const struct engine_ops *engine, struct error *err);
    // The version of its program, in a new string, or NULL; no function = it runs none.
    char *(*version)(const struct engine_ops *engine);
    const struct half_ops *source, *sink;
};

// Whether there is an engine of that name (else exit status 2), and this machine has what it needs
// (else 3).
int engine_check(const char *name, struct error *err);
// The version of the program that an engine runs, in a new string; NULL: it runs none, or the
// program is missing or prints none.
char *engine_program_version(const char *name);

struct engine;
int engine_open(const char *name, const struct traffic_setup *setup, struct engine **ret,
                struct error *err);
// The UDP port that may be discarded behind it, see engine_ops; 0 = none.
uint16_t engine_discard_port(const char *name);
// Runs one trial and fills counts[path]. Fails as half_ops.finish() does.
int engine_run(struct engine *engine, const struct traffic_request *request,
               struct traffic_count *counts, struct error *err);
void engine_close(struct engine *engine); // NULL is fine

#endif
