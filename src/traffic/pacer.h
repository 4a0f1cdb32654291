// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/pacer — threads that send streams of packets at a given rate. Called by the sources of
 * the engines that send by themselves, which supply the function that sends a batch.
 *
 * Packets are due by the clock. Between them a thread sleeps long enough to gather a small burst (a
 * wake-up costs more than a packet), and then sends all packets that are due; it spins only if even
 * that leaves no time. Packets missed while the thread was off the CPU are sent at slightly more
 * than the rate, so that a hiccup of the tester does not cause a burst for which the device under
 * test is blamed. Packets still due after a grace time beyond the trial's end are not sent: they
 * are "unsent".
 */
#ifndef VRBENCH_TRAFFIC_PACER_H
#define VRBENCH_TRAFFIC_PACER_H

#include "traffic/engine.h"

// One path's packets of one trial. The first member of an engine's own struct for a path.
struct pacer_stream {
    // Sends the packets with the sequence numbers tx to tx + `count` - 1 and adds those attempted
    // to tx. Returns 0, or a negative errno after which nothing more is sent.
    int (*send)(struct pacer_stream *stream, uint32_t run, size_t count);
    size_t batch; // packets that one call of send() handles at most, at least 1
    // of the trial, written by the pacer (tx by send()):
    uint64_t target;  // packets to send; UINT64_MAX = as many as possible
    uint64_t tx;      // attempted so far
    uint64_t last_ns; // CLOCK_MONOTONIC when the last batch was handed over
};

// What an engine's source supplies.
struct pacer_kind {
    size_t stream_size; // bytes of its stream, whose first member is the struct pacer_stream
    // Opens the stream of a path in zeroed memory. On failure it leaves nothing to be closed.
    int (*open)(const struct traffic_path *path, struct pacer_stream *ret, struct error *err);
    void (*close)(struct pacer_stream *stream);
    // Prepares a stream for a trial, before it begins.
    void (*prepare)(struct pacer_stream *stream, const struct traffic_request *request);
};

// The source half of an engine: see half_ops in traffic/engine.h. Streams are divided among
// threads: one a CPU of setup->source_cpus, at most one a stream.
int pacer_open(const struct pacer_kind *kind, const struct traffic_setup *setup, struct half **ret,
               struct error *err);
int pacer_start(struct half *half, const struct traffic_request *request, struct error *err);
int pacer_finish(struct half *half, const struct traffic_request *request,
                 struct traffic_count *counts, struct error *err);
void pacer_stop(struct half *half);
void pacer_close(struct half *half); // NULL is fine

#endif
