// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * sampler/rings — packets that the receive rings of parties did not take. A veth counts a frame
 * that finds its peer's ring full at the sending end (tx_dropped), which belongs to another
 * namespace: the tester's source, or the host. So does a tap whose queue is full.
 *
 * Called by sampler.c only.
 */
#ifndef VRBENCH_SAMPLER_RINGS_H
#define VRBENCH_SAMPLER_RINGS_H

#include "linux/link_stats.h"
#include "testbed/testbed.h"

// A namespace at whose interfaces rings of parties are counted.
struct ring_node {
    size_t node; // of the plan
    int fd;      // socket of linux/link_stats
    struct link_stats *stats;
    size_t room;
    ssize_t count; // of the last reading; negative = failed
};

struct rings {
    struct ring_node *nodes;
    size_t count;
};

#define RING_NONE SIZE_MAX

// Which namespaces' counts are wanted.
enum rings_of {
    RINGS_OF_ALL,
    RINGS_OF_HOST,
    RINGS_OF_TESTER,
};

// Finds the end at which the ring of an interface is counted: its place in `rings`, and the index
// of the interface there. RING_NONE if none of the wanted namespaces counts it.
size_t rings_find(struct rings *rings, const struct testbed *testbed, size_t interface,
                  enum rings_of wanted, int *ret_index);
void rings_read(struct rings *rings);
// Packets that the ring did not take, by the last reading.
uint64_t rings_missed(const struct rings *rings, size_t ring, int index);
void rings_close(struct rings *rings);

#endif
