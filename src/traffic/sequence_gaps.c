// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/sequence_gaps — see sequence_gaps.h.
#include "traffic/sequence_gaps.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "traffic/frame.h"

#define BITS_FIRST  4096U       // sequence numbers that a flow remembers at first
#define BITS_MOST   (1U << 21U) // and at most
#define MISSING_MAX (1U << 17U) // gaps that a flow remembers; beyond, neighbours are joined
#define IDLE_NS     (5U * NS_PER_S)

struct missing {
    uint64_t first, count, from_ns, to_ns;
    bool head; // before the first packet that the point has
};

// One trial's packets of a path at a point.
struct flow {
    size_t point;
    uint16_t path;
    uint32_t run;
    int place;
    uint64_t first, next; // lowest number seen, and one above the highest
    uint64_t last_ns;
    // `next` and `last_ns` as they were at snap_ns, and at least SEQUENCE_SETTLES_NS before that.
    uint64_t snap_next, snap_last_ns, snap_ns;
    uint64_t reached, reached_ns;
    uint64_t *seen; // a bit for each of the last numbers: that of `sequence % bits`
    uint64_t bits;
    struct missing *missing; // in order
    size_t missing_count;
};

struct sequence_gaps {
    size_t points;
    int (*place)(void *context, size_t point, uint16_t path);
    void *context;
    struct flow **flows;
    size_t count;
    uint64_t *missed, *late; // by point
    bool *ended;             // by point: its capture
};

// ---- the numbers that a flow has

static void set_seen(struct flow *flow, uint64_t sequence, bool value)
{
    uint64_t bit = sequence % flow->bits;
    uint64_t mask = 1ULL << bit % 64;
    flow->seen[bit / 64] = value ? flow->seen[bit / 64] | mask : flow->seen[bit / 64] & ~mask;
}

static bool is_remembered(const struct flow *flow, uint64_t sequence)
{
    return sequence >= flow->first && sequence < flow->next && flow->next - sequence <= flow->bits;
}

static bool has_seen(const struct flow *flow, uint64_t sequence)
{
    uint64_t bit = sequence % flow->bits;
    return is_remembered(flow, sequence) && (flow->seen[bit / 64] >> bit % 64 & 1U) != 0;
}

// Remembers at least `span` numbers, if that is not too many.
static void remember(struct flow *flow, uint64_t span)
{
    if (span <= flow->bits || flow->bits >= BITS_MOST) {
        return;
    }
    struct flow old = *flow;
    while (flow->bits < span && flow->bits < BITS_MOST) {
        flow->bits *= 2;
    }
    flow->seen = memory_new_array(uint64_t, flow->bits / 64);
    uint64_t from = old.next - old.first > old.bits ? old.next - old.bits : old.first;
    for (uint64_t i = from; i < old.next; i++) {
        set_seen(flow, i, has_seen(&old, i));
    }
    free(old.seen);
}

// Makes `next` the highest number, without any packet between.
static void advance(struct flow *flow, uint64_t next)
{
    remember(flow, next - flow->first);
    if (next - flow->next >= flow->bits) {
        memset(flow->seen, 0, flow->bits / 8);
    } else {
        for (uint64_t i = flow->next; i < next; i++) {
            set_seen(flow, i, false);
        }
    }
    flow->next = next;
}

static void add_missing(struct flow *flow, const struct missing *missing)
{
    if (missing->count == 0) {
        return;
    }
    if (flow->missing_count >= MISSING_MAX) {
        struct missing *last = &flow->missing[flow->missing_count - 1];
        last->count = missing->first + missing->count - last->first;
        last->to_ns = missing->to_ns;
        return;
    }
    // In powers of two.
    if ((flow->missing_count & (flow->missing_count - 1)) == 0) {
        flow->missing =
            memory_resize(flow->missing, 2 * flow->missing_count + 1, sizeof *flow->missing);
    }
    flow->missing[flow->missing_count++] = *missing;
}

// Whether the number is in a gap that is not decided yet.
static bool is_missing(const struct flow *flow, uint64_t sequence)
{
    for (size_t i = flow->missing_count; i > 0; i--) {
        const struct missing *missing = &flow->missing[i - 1];
        if (sequence >= missing->first) {
            return sequence - missing->first < missing->count;
        }
    }
    return false;
}

// ---- flows

static struct flow *find_flow(const struct sequence_gaps *gaps, size_t point, uint16_t path,
                              uint32_t run)
{
    for (size_t i = gaps->count; i > 0; i--) {
        struct flow *flow = gaps->flows[i - 1];
        if (flow->point == point && flow->path == path && flow->run == run) {
            return flow;
        }
    }
    return NULL;
}

static struct flow *add_flow(struct sequence_gaps *gaps, size_t point, uint16_t path, uint32_t run,
                             uint64_t first, uint64_t at_ns)
{
    struct flow *flow = memory_new(1, sizeof *flow);
    *flow = (struct flow){.point = point,
                          .path = path,
                          .run = run,
                          .place = gaps->place(gaps->context, point, path),
                          .first = first,
                          .next = first,
                          .last_ns = at_ns,
                          .snap_next = first,
                          .snap_last_ns = at_ns,
                          .reached = first,
                          .reached_ns = at_ns,
                          .seen = memory_new_array(uint64_t, BITS_FIRST / 64),
                          .bits = BITS_FIRST};
    struct flow **longer = memory_new_array(struct flow *, gaps->count + 1);
    for (size_t i = 0; i < gaps->count; i++) {
        longer[i] = gaps->flows[i];
    }
    free(gaps->flows);
    gaps->flows = longer;
    gaps->flows[gaps->count++] = flow;
    return flow;
}

static void free_flow(struct flow *flow)
{
    free(flow->seen);
    free(flow->missing);
    free(flow);
}

static bool same_packets(const struct flow *a, const struct flow *b)
{
    return a->path == b->path && a->run == b->run && a->place >= 0 && b->place >= 0;
}

bool sequence_gaps_see(struct sequence_gaps *gaps, size_t point, uint64_t at_ns,
                       const uint8_t *frame, size_t length)
{
    struct frame_stamp stamp;
    if (frame_parse(frame, length, &stamp) != FRAME_GOOD) {
        return false;
    }
    uint64_t sequence = stamp.sequence;
    struct flow *flow = find_flow(gaps, point, stamp.network, stamp.run);
    if (flow == NULL) {
        flow = add_flow(gaps, point, stamp.network, stamp.run, sequence, at_ns);
        const struct missing head = {
            .count = sequence, .from_ns = at_ns, .to_ns = at_ns, .head = true};
        add_missing(flow, &head);
    }
    if (sequence >= flow->next) {
        const struct missing between = {.first = flow->next,
                                        .count = sequence - flow->next,
                                        .from_ns = flow->last_ns,
                                        .to_ns = at_ns};
        add_missing(flow, &between);
        advance(flow, sequence + 1);
        set_seen(flow, sequence, true);
    } else if (!has_seen(flow, sequence)) {
        flow->first = sequence < flow->first ? sequence : flow->first;
        gaps->late[point] += !is_missing(flow, sequence);
        if (is_remembered(flow, sequence)) {
            set_seen(flow, sequence, true);
        }
    }
    flow->last_ns = at_ns;
    return true;
}

// ---- decisions

enum fate { FATE_NONE, FATE_LOST, FATE_MISSED };

// What became of a packet that a flow has not; ret_before: the point before that has it.
static enum fate fate_of(const struct sequence_gaps *gaps, const struct flow *flow,
                         const struct missing *missing, uint64_t sequence, size_t *ret_before)
{
    const struct flow *before = NULL;
    *ret_before = SEQUENCE_NOWHERE;
    if (has_seen(flow, sequence)) {
        return FATE_NONE;
    }
    for (size_t i = 0; i < gaps->count; i++) {
        const struct flow *other = gaps->flows[i];
        if (!same_packets(flow, other) || other->place == flow->place) {
            continue;
        }
        if (other->place > flow->place) {
            if (has_seen(other, sequence)) {
                return FATE_MISSED;
            }
        } else if (before == NULL || other->place > before->place) {
            before = other;
        }
    }
    if (missing->head && (before == NULL || before->first > 0)) {
        return FATE_NONE; // the captures began during the trial
    }
    if (before != NULL && is_remembered(before, sequence)) {
        *ret_before = before->point;
        // If the point before lacks it, too, that point's gap is the loss.
        return has_seen(before, sequence) ? FATE_LOST : FATE_NONE;
    }
    return FATE_LOST;
}

static void decide(struct sequence_gaps *gaps, const struct flow *flow,
                   const struct missing *missing,
                   void (*lost)(void *context, const struct sequence_gap *gap), void *context)
{
    struct sequence_gap gap = {.path = flow->path,
                               .point = flow->point,
                               .from_ns = missing->from_ns,
                               .to_ns = missing->to_ns};
    uint64_t skipped = missing->count > BITS_MOST ? missing->count - BITS_MOST : 0;
    for (uint64_t i = skipped; i < missing->count; i++) {
        size_t before;
        uint64_t sequence = missing->first + i;
        enum fate fate = fate_of(gaps, flow, missing, sequence, &before);
        gaps->missed[flow->point] += fate == FATE_MISSED;
        bool continues = gap.count > 0 && gap.first + gap.count == sequence &&
                         gap.before == before && fate == FATE_LOST;
        if (gap.count > 0 && !continues) {
            lost(context, &gap);
            gap.count = 0;
        }
        if (fate == FATE_LOST) {
            gap.first = gap.count == 0 ? sequence : gap.first;
            gap.before = before;
            gap.count++;
        }
    }
    if (gap.count > 0) {
        lost(context, &gap);
    }
}

static void decide_due(struct sequence_gaps *gaps, struct flow *flow, uint64_t now_ns,
                       void (*lost)(void *context, const struct sequence_gap *gap), void *context)
{
    size_t due = 0;
    while (due < flow->missing_count && flow->missing[due].to_ns + SEQUENCE_SETTLES_NS <= now_ns) {
        decide(gaps, flow, &flow->missing[due++], lost, context);
    }
    if (due > 0) {
        // The array keeps the room of the next power of two, which add_missing() relies on.
        size_t left = flow->missing_count - due;
        struct missing *kept = NULL;
        size_t room = 1;
        while (room <= left) {
            room *= 2;
        }
        kept = memory_new_array(struct missing, room);
        memcpy(kept, flow->missing + due, left * sizeof *kept);
        free(flow->missing);
        flow->missing = kept;
        flow->missing_count = left;
    }
}

// Packets that a point before has since SEQUENCE_SETTLES_NS, and this one has not.
static void find_tail(const struct sequence_gaps *gaps, struct flow *flow)
{
    const struct flow *furthest = NULL;
    if (gaps->ended[flow->point]) {
        return;
    }
    for (size_t i = 0; i < gaps->count; i++) {
        const struct flow *other = gaps->flows[i];
        if (same_packets(flow, other) && other->place < flow->place &&
            (furthest == NULL || other->reached > furthest->reached)) {
            furthest = other;
        }
    }
    if (furthest != NULL && furthest->reached > flow->next) {
        const struct missing tail = {.first = flow->next,
                                     .count = furthest->reached - flow->next,
                                     .from_ns = flow->last_ns,
                                     .to_ns = furthest->reached_ns};
        add_missing(flow, &tail);
        advance(flow, furthest->reached);
    }
}

// A point behind that has none of the flow's packets gets an empty flow.
static void add_absent(struct sequence_gaps *gaps, const struct flow *flow)
{
    for (size_t point = 0; point < gaps->points; point++) {
        int place = gaps->place(gaps->context, point, flow->path);
        if (flow->place >= 0 && place > flow->place && !gaps->ended[point] &&
            find_flow(gaps, point, flow->path, flow->run) == NULL) {
            (void)add_flow(gaps, point, flow->path, flow->run, flow->first, flow->last_ns);
        }
    }
}

static void take_snapshot(struct flow *flow, uint64_t now_ns)
{
    if (flow->snap_ns == 0 || now_ns >= flow->snap_ns + SEQUENCE_SETTLES_NS) {
        if (flow->snap_ns != 0) {
            flow->reached = flow->snap_next;
            flow->reached_ns = flow->snap_last_ns;
        }
        flow->snap_next = flow->next;
        flow->snap_last_ns = flow->last_ns;
        flow->snap_ns = now_ns;
    }
}

static bool is_over(const struct sequence_gaps *gaps, const struct flow *flow, uint64_t now_ns)
{
    for (size_t i = 0; i < gaps->count; i++) {
        const struct flow *other = gaps->flows[i];
        if (other->path == flow->path && other->run == flow->run &&
            (other->last_ns + IDLE_NS > now_ns || other->missing_count > 0)) {
            return false;
        }
    }
    return true;
}

static void forget_over(struct sequence_gaps *gaps, uint64_t now_ns)
{
    bool *over = memory_new_array(bool, gaps->count);
    size_t kept = 0;
    for (size_t i = 0; i < gaps->count; i++) {
        over[i] = is_over(gaps, gaps->flows[i], now_ns);
    }
    for (size_t i = 0; i < gaps->count; i++) {
        if (over[i]) {
            free_flow(gaps->flows[i]);
        } else {
            gaps->flows[kept++] = gaps->flows[i];
        }
    }
    gaps->count = kept;
    free(over);
}

void sequence_gaps_settle(struct sequence_gaps *gaps, uint64_t now_ns,
                          void (*lost)(void *context, const struct sequence_gap *gap),
                          void *context)
{
    size_t count = gaps->count; // without those that are added
    for (size_t i = 0; i < count; i++) {
        take_snapshot(gaps->flows[i], now_ns);
        if (gaps->flows[i]->reached > gaps->flows[i]->first) {
            add_absent(gaps, gaps->flows[i]);
        }
    }
    for (size_t i = 0; i < gaps->count; i++) {
        find_tail(gaps, gaps->flows[i]);
    }
    for (size_t i = 0; i < gaps->count; i++) {
        decide_due(gaps, gaps->flows[i], now_ns, lost, context);
    }
    forget_over(gaps, now_ns);
}

// ----

struct sequence_gaps *sequence_gaps_new(size_t points,
                                        int (*place)(void *context, size_t point, uint16_t path),
                                        void *context)
{
    struct sequence_gaps *gaps = memory_new(1, sizeof *gaps);
    *gaps = (struct sequence_gaps){.points = points,
                                   .place = place,
                                   .context = context,
                                   .missed = memory_new_array(uint64_t, points),
                                   .late = memory_new_array(uint64_t, points),
                                   .ended = memory_new_array(bool, points)};
    return gaps;
}

void sequence_gaps_free(struct sequence_gaps *gaps)
{
    if (gaps != NULL) {
        for (size_t i = 0; i < gaps->count; i++) {
            free_flow(gaps->flows[i]);
        }
        free(gaps->flows);
        free(gaps->missed);
        free(gaps->late);
        free(gaps->ended);
        free(gaps);
    }
}

void sequence_gaps_end(struct sequence_gaps *gaps, size_t point)
{
    gaps->ended[point] = true;
}

uint64_t sequence_gaps_missed(const struct sequence_gaps *gaps, size_t point)
{
    return gaps->missed[point];
}

uint64_t sequence_gaps_late(const struct sequence_gaps *gaps, size_t point)
{
    return gaps->late[point];
}
