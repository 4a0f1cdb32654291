// SPDX-License-Identifier: GPL-3.0-or-later
// measure/tester_losses — losses that the tester causes. Counted by losses.c and node_losses.c,
// judged by verdict.c.
#ifndef VRBENCH_MEASURE_TESTER_LOSSES_H
#define VRBENCH_MEASURE_TESTER_LOSSES_H

#include <stdint.h>

// Losses at the tester's own end: part of the losses, and a reason to mark the point invalid. And
// losses that no full queue explains, so that want of CPU time is not their cause by itself.
struct tester_losses {
    uint64_t sink_ring;   // the sink interface's receive ring was full
    uint64_t sink_socket; // the receive buffer of the sink's socket was full
    uint64_t cables;      // an impaired cable did not take packets that it should have carried
    uint64_t by_choice;   // not the tester's: a node received the packet and did not send it on
};

#endif
