// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/sequence_gaps — finds test packets that are missing in captures at several points.
 *
 * Every test packet has the number of its path, its trial and its sequence number (frame.h). A
 * packet whose number is absent at a point is *lost* if no point behind it on the path has the
 * packet, and *missed* by the capture if one has. The decision is made SEQUENCE_SETTLES_NS after
 * the packet was due, since packets are reordered and captures arrive late. The last packets of a
 * trial, which have no successor, are missing only in comparison with a point before, which is
 * decided within twice SEQUENCE_SETTLES_NS. What a capture dropped looks like a loss at the last
 * point of a path: the caller compares with the capture's own count. Called by
 * `vrbench capture --around-loss`.
 */
#ifndef VRBENCH_TRAFFIC_SEQUENCE_GAPS_H
#define VRBENCH_TRAFFIC_SEQUENCE_GAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEQUENCE_SETTLES_NS 1500000000ULL
#define SEQUENCE_NOWHERE    SIZE_MAX

// Lost packets with successive numbers.
struct sequence_gap {
    uint16_t path; // number of the path, as in the stamp
    uint64_t first, count;
    size_t before; // the nearest point before that has the first packet; SEQUENCE_NOWHERE = none
    size_t point;  // the first point that has not
    // When the packets around the gap passed `point`, CLOCK_REALTIME; if it was the last one, until
    // when none did.
    uint64_t from_ns, to_ns;
};

struct sequence_gaps;

// `place`: how far along a path a point is; negative if the path does not pass it.
struct sequence_gaps *sequence_gaps_new(size_t points,
                                        int (*place)(void *context, size_t point, uint16_t path),
                                        void *context);
void sequence_gaps_free(struct sequence_gaps *gaps); // NULL is fine
// A frame was captured at a point. Frames that are not test traffic, or incomplete, are ignored.
// Returns whether it was test traffic.
bool sequence_gaps_see(struct sequence_gaps *gaps, size_t point, uint64_t at_ns,
                       const uint8_t *frame, size_t length);
// Reports the losses that are certain at `now_ns` (CLOCK_REALTIME).
void sequence_gaps_settle(struct sequence_gaps *gaps, uint64_t now_ns,
                          void (*lost)(void *context, const struct sequence_gap *gap),
                          void *context);
// The capture at a point has ended before the others: what it has not from now on is no loss.
void sequence_gaps_end(struct sequence_gaps *gaps, size_t point);
// Packets that the capture at a point missed, as later points have them.
uint64_t sequence_gaps_missed(const struct sequence_gaps *gaps, size_t point);
// Packets that appeared at a point after they were reported lost.
uint64_t sequence_gaps_late(const struct sequence_gaps *gaps, size_t point);

#endif
