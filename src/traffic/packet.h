// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/packet — internal to the engine "packet": its source and its sink, each with AF_PACKET
 * sockets (packet(7)) in threads of this process. Several paths are loaded at the same time.
 * packet.c has what both use.
 */
#ifndef VRBENCH_TRAFFIC_PACKET_H
#define VRBENCH_TRAFFIC_PACKET_H

#include <pthread.h>

#include "traffic/engine.h"

extern const struct half_ops packet_source_half, packet_sink_half;

// One thread a CPU, at most one a path; paths are assigned to threads in turn.
size_t packet_thread_count(const struct cpu_list *cpus, size_t paths);
// The CPU of a thread.
struct cpu_list packet_thread_cpu(const struct cpu_list *all, size_t thread);

// The running threads of one half.
struct packet_threads {
    pthread_t *threads; // array with room for all
    size_t count;
};
int packet_threads_add(struct packet_threads *threads, void *(*run)(void *), void *context,
                       struct error *err);
void packet_threads_join(struct packet_threads *threads);

#endif
