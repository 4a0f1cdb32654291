// SPDX-License-Identifier: GPL-3.0-or-later
// bench/live_frames — the kernel's live frames without stamps or counting of sequence numbers: what
// the engine xdp is compared with. Called by bench_traffic.c.
#ifndef VRBENCH_BENCH_LIVE_FRAMES_H
#define VRBENCH_BENCH_LIVE_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "linux/napi.h"
#include "linux/netns.h"

#define LIVE_PARTS_MAX 16U

struct live_frames {
    const struct netns *source, *sink;
    int source_index, sink_index;
    const struct napi_interface *napi; // of the sink
    unsigned version;                  // of IP, which the frames begin with
    bool timed;                        // source and sink read the clock for each frame
    struct live_part {
        unsigned length, weight; // of frames, which are sent in turns of `weight` parts
    } parts[LIVE_PARTS_MAX];
    size_t part_count;
    uint64_t duration_ns;
};

// Sends on the calling thread's CPU; ret_sent and ret_received are packets, ret_ns the time of
// sending.
int live_frames_run(const struct live_frames *live, uint64_t *ret_sent, uint64_t *ret_received,
                    uint64_t *ret_ns, struct error *err);

#endif
