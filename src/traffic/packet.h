// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/packet — inside of the engine "packet": its source and its sink, each on AF_PACKET
 * sockets (packet(7)), tied together by packet.c.
 */
#ifndef VRBENCH_TRAFFIC_PACKET_H
#define VRBENCH_TRAFFIC_PACKET_H

#include <pthread.h>
#include <stdatomic.h>

#include "linux/wall_clock.h"
#include "traffic/engine.h"
#include "traffic/flow.h"

// ---- source: packet_source.c

// Frames handed over by one system call: enough to make its cost small, few enough that the last
// is sent within some microseconds of its stamp.
#define PACKET_BATCH 32U

// One path's sending, by one thread.
struct packet_stream {
    int socket;
    struct frame_address address;
    struct frame_template frame;
    uint8_t *buffers; // PACKET_BATCH copies of the frame
    uint64_t target;  // packets to send; UINT64_MAX = as many as possible
    uint64_t tx;      // attempted so far
    uint64_t last_ns; // CLOCK_MONOTONIC when the last batch had been handed over
};

struct packet_source {
    struct packet_stream **streams; // served in turn
    size_t stream_count;
    struct cpu_list cpus;
    bool shared_cpu;
    // of the trial:
    uint32_t run;
    double pps;                // a stream; 0 = as fast as possible
    uint64_t start_ns, end_ns; // CLOCK_MONOTONIC
    uint64_t period_ns;        // rest between bursts
    atomic_bool *stop;
    int failed; // negative errno of a send that failed for good
};

int packet_stream_open(const struct traffic_path *path, struct packet_stream *ret,
                       struct error *err);
void packet_stream_close(struct packet_stream *stream);
// Makes a stream ready for a trial.
void packet_stream_prepare(struct packet_stream *stream, const struct traffic_request *request);
// Thread body; the argument is a struct packet_source.
void *packet_source_run(void *argument);

// ---- sink: packet_sink.c

struct packet_receiver {
    int socket;
    uint8_t *ring;
    size_t ring_length;
    unsigned block; // next to be read
    struct flow *flow;
    const struct wall_clock *clock; // of the trial: the ring's times are CLOCK_REALTIME
    uint64_t drops;                 // by the socket for want of room, in this trial
};

struct packet_sink {
    struct packet_receiver **receivers;
    size_t receiver_count;
    struct cpu_list cpus;
    atomic_bool *stop;
    int failed;
};

int packet_receiver_open(const struct traffic_path *path, struct packet_receiver *ret,
                         struct error *err);
void packet_receiver_close(struct packet_receiver *receiver);
// Throws away what earlier trials left in the ring and counts from zero.
void packet_receiver_prepare(struct packet_receiver *receiver, const struct wall_clock *clock,
                             uint32_t run, uint16_t network);
// Adds the drops of the socket since the last call (PACKET_STATISTICS).
void packet_receiver_read_drops(struct packet_receiver *receiver);
void *packet_sink_run(void *argument);

#endif
