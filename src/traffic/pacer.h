// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/pacer — threads that send streams of packets at a given rate. Called by the sources of
 * the engines that send by themselves.
 *
 * Packets are due by the clock (pace.h). A kind of source either sends a batch at a time, by
 * send(), or all streams of a thread until the trial ends, by run(). With send(), a thread sleeps
 * between packets long enough to gather a small burst (a wake-up costs more than a packet), and
 * then sends all packets that are due; it spins only if even that leaves no time. Packets still due
 * after a grace time beyond the trial's end are not sent: they are "unsent".
 */
#ifndef VRBENCH_TRAFFIC_PACER_H
#define VRBENCH_TRAFFIC_PACER_H

#include <pthread.h>
#include <stdatomic.h>

#include "traffic/engine.h"
#include "traffic/pace.h"

// One path's packets of one trial. The first member of an engine's own struct for a path.
struct pacer_stream {
    size_t batch; // packets that one call of send() handles at most, at least 1
    // of the trial, written by the pacer:
    double pps;       // 0 = as fast as possible
    uint64_t target;  // packets to send; UINT64_MAX = as many as possible
    struct pace pace; // before the trial, and with send() during it
    // The pieces of a load that changes in time; `pace` is that of pieces[piece].
    struct pace_piece *pieces;
    size_t piece_count, piece;
    size_t path;        // index in the setup's paths
    uint64_t allowed;   // with send(): packets that may be sent in this turn
    uint64_t due;       // with send(): packets from tx on that `pace` has passed, as they are due
    uint64_t served_ns; // with send(): time of the last turn
    // written by send() or run():
    uint64_t tx;      // attempted so far
    uint64_t last_ns; // CLOCK_MONOTONIC when the last batch was handed over (with send() by the
                      // pacer)
};

// A thread and its streams.
struct pacer_thread {
    const struct pacer_kind *kind;
    struct pacer_stream **streams; // served in turn
    size_t stream_count;
    struct cpu_list cpus;
    bool shared_cpu, crowded_cpu; // of traffic_setup
    void *own;                    // the kind's
    // Of the trial:
    uint32_t run;
    uint64_t start_ns, end_ns;   // CLOCK_MONOTONIC
    uint64_t limit_ns;           // nothing is sent from then on
    uint64_t period_ns;          // sleep between bursts
    const atomic_bool *stop;     // the trial ends at once
    _Atomic(pthread_t) sender;   // set while it may be signalled
    atomic_bool signalled, done; // whether sender is set; whether the thread has ended its work
    uint64_t waited_ns;          // CPU time spent waiting until packets were due
    int failed;                  // negative errno of a permanent send failure
};

// What an engine's source supplies.
struct pacer_kind {
    size_t stream_size; // bytes of its stream, whose first member is the struct pacer_stream
    // Opens the stream of a path, whose source is in `ns`, in zeroed memory. On failure it leaves
    // nothing to be closed.
    int (*open)(const struct traffic_path *path, const struct netns *ns, struct pacer_stream *ret,
                struct error *err);
    void (*close)(struct pacer_stream *stream);
    // Open and close what a thread needs for its streams (`own`); NULL = nothing. close_thread() is
    // called before its streams are closed, also if open_thread() failed.
    int (*open_thread)(struct pacer_thread *thread, struct error *err);
    void (*close_thread)(struct pacer_thread *thread);
    // Prepares a stream for a trial. Its pacer_stream is complete.
    void (*prepare)(struct pacer_thread *thread, size_t stream,
                    const struct traffic_request *request);
    // Sends `count` packets with the sequence numbers from tx on, and adds those attempted to tx.
    // Returns 0, or a negative errno after which nothing more is sent.
    int (*send)(struct pacer_thread *thread, size_t stream, size_t count);
    // Whether run() can be used for the thread; NULL = there is no run(), and send() is used.
    bool (*paces)(const struct pacer_thread *thread);
    // Sends all packets of the thread's streams when they are due. Returns once all are sent, at
    // limit_ns, or on stop, or after PACER_SIGNAL, which the thread gets again and again from
    // end_ns or a stop on.
    int (*run)(struct pacer_thread *thread);
    // Called by another thread during run(): whether all is sent.
    bool (*sent_all)(const struct pacer_thread *thread);
};

// Interrupts system calls of a thread in run().
#define PACER_SIGNAL SIGRTMIN

// The source half of an engine: see half_ops in traffic/engine.h. Streams are divided among
// threads: one a CPU of setup->source_cpus, at most one a stream.
int pacer_open(const struct pacer_kind *kind, const struct traffic_setup *setup,
               const struct netns *const *ns, struct half **ret, struct error *err);
int pacer_start(struct half *half, const struct traffic_request *request, struct error *err);
int pacer_finish(struct half *half, const struct traffic_request *request,
                 struct traffic_count *counts, struct error *err);
void pacer_stop(struct half *half);
void pacer_close(struct half *half); // NULL is fine

#endif
