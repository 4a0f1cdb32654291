// SPDX-License-Identifier: GPL-3.0-or-later
// cli/capture_around — see capture_around.h.
#include "cli/capture_around.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/stop.h"
#include "base/text.h"
#include "measure/loss_watch.h"
#include "traffic/pcap_ring.h"
#include "traffic/sequence_gaps.h"

#define LOOK_NS    (50U * NS_PER_MS) // interval of looks at the counters
#define HELD_NS    (4U * NS_PER_S)   // beside `before`: a loss is noticed within this time
// The last packets of a load are known to be lost after twice SEQUENCE_SETTLES_NS.
#define NUMBERS_NS (2U * SEQUENCE_SETTLES_NS + 2U * LOOK_NS)
#define GRACE_NS   (2U * SEQUENCE_SETTLES_NS + 4U * LOOK_NS)
#define BASE_NS    (1U * NS_PER_S)    // limit for the packets to pause at the begin
#define ASK_NS     (300U * NS_PER_MS) // interval of questions to tcpdump for its drops
#define DRAIN_NS   (10U * NS_PER_S)   // limit for tcpdump to pass what it has
#define ROOM       (64U << 20U)       // bytes of memory for each point
#define CHUNK      (256U << 10U)
#define LINES_MOST 20U // losses of each kind that are listed

struct around;

struct tap_point {
    struct around *around;
    size_t number;
    struct capture_point *point;
    size_t interface; // in the plan; SIZE_MAX = no path passes it
    int stream;       // from tcpdump; -1 once that has ended
    int file;
    struct pcap_ring *ring;
    uint64_t test_packets;
    bool crowded; // packets before a loss had to leave the memory
    // Packets that tcpdump has dropped by answered_ns (CLOCK_REALTIME), when asked at asked_ns.
    uint64_t dropped, asked_ns, answered_ns;
    uint64_t doubtful; // missing packets that tcpdump may have dropped
};

// A loss that two packet counters show somewhere in a long time. Sequence numbers may show when.
struct span {
    uint64_t count, from_ns, to_ns;
    uint64_t due_ns; // CLOCK_REALTIME when the numbers are known
};

struct around {
    const struct capture_around_spec *spec;
    struct tap_point *taps;
    struct loss_watch **watches; // one for each testbed
    struct capture_point **watched;
    size_t watch_count;
    struct time_windows windows;
    struct sequence_gaps *gaps;
    uint8_t *chunk;
    uint64_t look_ns;                 // CLOCK_MONOTONIC of the next look
    uint64_t by_counters, by_numbers; // lost packets
    unsigned counter_lines, number_lines;
    struct span *spans;
    size_t span_count;
    int64_t numbered;     // packets lost by sequence numbers, less those lost by counters
    uint64_t released_ns; // packets before are not in memory any more, CLOCK_REALTIME
    uint64_t losses;      // end after so many; 0 = no such end
    bool late;            // a loss was noticed when packets before it had left the memory
    bool blind;           // the counters of a testbed can't be read
    bool ending;          // tcpdump has been stopped
};

// ---- what is noticed

static void print_time(uint64_t at_ns)
{
    time_t seconds = (time_t)(at_ns / NS_PER_S);
    struct tm local;
    char text[16] = "";
    if (localtime_r(&seconds, &local) != NULL) {
        (void)strftime(text, sizeof text, "%H:%M:%S", &local);
    }
    printf("%s.%03u  ", text, (unsigned)(at_ns % NS_PER_S / NS_PER_MS));
}

static void add_window(struct around *around, uint64_t from_ns, uint64_t to_ns)
{
    uint64_t before_ns = around->spec->before_ns;
    from_ns = from_ns > before_ns ? from_ns - before_ns : 0;
    time_windows_add(&around->windows, from_ns, to_ns + around->spec->after_ns);
    around->late |= from_ns < around->released_ns;
    for (size_t i = 0; i < around->spec->count; i++) {
        struct pcap_counts counts = pcap_ring_counts(around->taps[i].ring);
        around->taps[i].crowded |= counts.displaced > 0 && counts.displaced_ns >= from_ns;
    }
}

// Whether one more line of a kind is printed.
static bool has_line(unsigned *lines)
{
    if (*lines == LINES_MOST) {
        printf("further losses of this kind are not listed\n");
    }
    return (*lines)++ < LINES_MOST;
}

static void lost_by_counters(void *context, const struct loss_seen *seen)
{
    struct around *around = context;
    if (seen->by_difference) {
        around->spans = memory_resize(around->spans, around->span_count + 1, sizeof *around->spans);
        around->spans[around->span_count++] =
            (struct span){.count = seen->count,
                          .from_ns = seen->from_ns,
                          .to_ns = seen->to_ns,
                          .due_ns = clock_realtime_ns() + NUMBERS_NS};
    } else {
        add_window(around, seen->from_ns, seen->to_ns);
        around->numbered -= (int64_t)seen->count;
    }
    around->by_counters += seen->count;
    if (has_line(&around->counter_lines)) {
        char count[48];
        text_group_digits((double)seen->count, 0, count);
        print_time(seen->to_ns);
        printf("%s packet%s lost: %s\n", count, seen->count == 1 ? "" : "s", seen->where);
    }
}

// The losses whose time the sequence numbers do not show are within the whole time.
static void settle_spans(struct around *around, uint64_t now_ns)
{
    size_t kept = 0;
    for (size_t i = 0; i < around->span_count; i++) {
        const struct span span = around->spans[i];
        if (span.due_ns > now_ns) {
            around->spans[kept++] = span;
            continue;
        }
        if (around->numbered < (int64_t)span.count) {
            add_window(around, span.from_ns, span.to_ns);
        }
        around->numbered -= (int64_t)span.count;
    }
    around->span_count = kept;
}

// Whether packets that a point lacks may have been dropped by its tcpdump.
static bool may_be_dropped(const struct around *around, const struct tap_point *tap,
                           const struct sequence_gap *gap)
{
    uint64_t explained = tap->doubtful + sequence_gaps_missed(around->gaps, tap->number);
    return tap->dropped > explained || tap->answered_ns < gap->to_ns;
}

static void lost_by_number(void *context, const struct sequence_gap *gap)
{
    struct around *around = context;
    struct tap_point *tap = &around->taps[gap->point];
    const struct plan *plan = testbed_plan(tap->point->testbed);
    if (may_be_dropped(around, tap, gap)) {
        tap->doubtful += gap->count;
        return;
    }
    add_window(around, gap->from_ns, gap->to_ns);
    around->by_numbers += gap->count;
    around->numbered += (int64_t)gap->count;
    if (gap->path >= plan->path_count || !has_line(&around->number_lines)) {
        return;
    }
    const struct plan_path *path = &plan->paths[gap->path];
    print_time(gap->to_ns);
    printf("%s%s packet%s %" PRIu64, plan->scenario->networks[path->network].name,
           path->reverse ? " reverse" : "", gap->count == 1 ? "" : "s", gap->first);
    if (gap->count > 1) {
        printf(" to %" PRIu64, gap->first + gap->count - 1);
    }
    if (gap->before == SEQUENCE_NOWHERE) {
        printf(" lost before %s\n", tap->point->called);
    } else {
        printf(" lost between %s and %s\n", around->taps[gap->before].point->called,
               tap->point->called);
    }
}

static void packet_seen(void *context, const struct pcap_packet *packet)
{
    struct tap_point *tap = context;
    tap->test_packets += sequence_gaps_see(tap->around->gaps, tap->number, packet->at_ns,
                                           packet->bytes, packet->captured);
}

// ---- points

// How far along a path a point is.
static int place_on(void *context, size_t point, uint16_t number)
{
    const struct around *around = context;
    const struct tap_point *tap = &around->taps[point];
    const struct plan *plan = testbed_plan(tap->point->testbed);
    if (number < plan->path_count) {
        const struct plan_path *path = &plan->paths[number];
        for (size_t i = 0; i < path->wire_count; i++) {
            const struct plan_wire wire = plan_hop(plan, path, i);
            if (wire.a == tap->interface || wire.b == tap->interface) {
                return (int)(2 * i) + (wire.b == tap->interface);
            }
        }
    }
    return -1;
}

static size_t find_interface(const struct capture_point *point)
{
    const struct plan *plan = testbed_plan(point->testbed);
    for (size_t i = 0; i < plan->interface_count; i++) {
        if (text_equal(plan->interfaces[i].name, point->interface) &&
            text_equal(plan->nodes[plan->interfaces[i].node].name, point->node)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static int tap_open(struct around *around, size_t number, struct error *err)
{
    struct tap_point *tap = &around->taps[number];
    struct capture_point *point = &around->spec->points[number];
    // The packets come by the pipe of tcpdump's standard output, which is read here.
    *tap = (struct tap_point){.around = around,
                              .number = number,
                              .point = point,
                              .interface = find_interface(point),
                              .stream = steal_fd(&point->child.out.fd),
                              .file = file_open_new(point->file, 0644, err)};
    if (tap->file < 0) {
        return tap->file;
    }
    tap->ring = pcap_ring_new(ROOM, &around->windows, tap->file, packet_seen, tap);
    // What was read while tcpdump began.
    return pcap_ring_take(tap->ring, point->child.out.text, point->child.out.length, err);
}

// Watches the counters of a point's testbed, unless an earlier point has the same testbed.
static void watch_testbed(struct around *around, struct capture_point *point)
{
    for (size_t i = 0; i < around->watch_count; i++) {
        if (text_equal(testbed_id(around->watched[i]->testbed), testbed_id(point->testbed))) {
            return;
        }
    }
    _cleanup_error_ struct error err = ERROR_INIT;
    struct loss_watch *watch = loss_watch_new(testbed_plan(point->testbed));
    if (loss_watch_look(watch, point->testbed, lost_by_counters, around, &err) < 0) {
        loss_watch_free(steal_pointer(&watch));
        fprintf(stderr, "the counters of %s can't be read, only sequence numbers show a loss: %s\n",
                testbed_name(point->testbed), err.text);
        around->blind = true;
    }
    around->watched[around->watch_count] = point;
    around->watches[around->watch_count++] = watch;
}

// ---- capturing

static void look_at_counters(struct around *around)
{
    for (size_t i = 0; i < around->watch_count; i++) {
        _cleanup_error_ struct error err = ERROR_INIT;
        struct loss_watch *watch = around->watches[i];
        struct testbed *testbed = around->watched[i]->testbed;
        if (watch == NULL) {
            continue;
        }
        if (loss_watch_look(watch, testbed, lost_by_counters, around, &err) < 0) {
            fprintf(stderr, "the counters of %s are not read any more: %s\n", testbed_name(testbed),
                    err.text);
            around->blind = true;
            loss_watch_free(steal_pointer(&around->watches[i]));
            continue;
        }
        _cleanup_free_ char *lacks = loss_watch_lacks(watch);
        if (lacks != NULL && !around->blind) {
            fprintf(stderr, "%s: interface %s is gone, its counters show no loss any more\n",
                    testbed_name(testbed), lacks);
            around->blind = true;
        }
    }
}

// Asks each tcpdump for its drops, and takes the answers to earlier questions.
static void ask_for_drops(struct around *around, uint64_t now_ns)
{
    for (size_t i = 0; i < around->spec->count; i++) {
        struct tap_point *tap = &around->taps[i];
        if (tap->asked_ns > tap->answered_ns &&
            capture_point_take_dropped(tap->point, &tap->dropped)) {
            tap->answered_ns = tap->asked_ns;
        }
        if (tap->asked_ns == tap->answered_ns && now_ns >= tap->asked_ns + ASK_NS &&
            tap->stream >= 0 && !around->ending) {
            capture_point_ask_dropped(tap->point);
            tap->asked_ns = now_ns;
        }
    }
}

// Looks for losses, and decides about the packets that have been held long enough.
static int look(struct around *around, struct error *err)
{
    uint64_t now_ns = clock_realtime_ns();
    uint64_t held_ns = around->spec->before_ns + HELD_NS;
    int rc = 0;
    look_at_counters(around);
    ask_for_drops(around, now_ns);
    sequence_gaps_settle(around->gaps, now_ns, lost_by_number, around);
    settle_spans(around, now_ns);
    (void)fflush(stdout);
    around->released_ns = now_ns - held_ns;
    for (size_t i = 0; rc == 0 && i < around->spec->count; i++) {
        rc = pcap_ring_release(around->taps[i].ring, now_ns - held_ns, err);
        rc = rc < 0 ? rc : pcap_ring_flush(around->taps[i].ring, err);
    }
    around->look_ns = clock_monotonic_ns() + LOOK_NS;
    return rc;
}

static int take_stream(struct around *around, struct tap_point *tap, struct error *err)
{
    ssize_t got = read(tap->stream, around->chunk, CHUNK);
    if (got < 0) {
        return errno == EINTR || errno == EAGAIN
                   ? 0
                   : fail(err, errno, "reading the capture at %s", tap->point->called);
    }
    if (got == 0) {
        close(tap->stream);
        tap->stream = -1;
        if (!around->ending) {
            sequence_gaps_end(around->gaps, tap->number);
            fprintf(stderr, "the capture at %s has ended early\n", tap->point->called);
        }
        return 0;
    }
    return pcap_ring_take(tap->ring, around->chunk, (size_t)got, err);
}

// Takes what the captures pass until CLOCK_MONOTONIC reads `until_ns`, all have ended, or a stop is
// requested (-EINTR). Returns 1 if the losses that were asked for are complete.
static int take_until(struct around *around, uint64_t until_ns, struct error *err)
{
    size_t count = around->spec->count;
    _cleanup_free_ struct pollfd *fds = memory_new_array(struct pollfd, count);
    int rc = 0;
    while (rc >= 0 && clock_monotonic_ns() < until_ns) {
        size_t open = 0;
        for (size_t i = 0; i < count; i++) {
            fds[i] = (struct pollfd){.fd = around->taps[i].stream, .events = POLLIN};
            open += fds[i].fd >= 0;
        }
        if (open == 0) {
            return 0;
        }
        rc = stop_poll(fds, count, around->look_ns < until_ns ? around->look_ns : until_ns, err);
        for (size_t i = 0; rc >= 0 && i < count; i++) {
            if (fds[i].revents != 0) {
                rc = take_stream(around, &around->taps[i], err);
            }
        }
        if (rc >= 0 && clock_monotonic_ns() >= around->look_ns) {
            rc = look(around, err);
            if (rc == 0 && around->losses > 0 && around->windows.count >= around->losses) {
                return 1;
            }
        }
    }
    return rc < 0 ? rc : 0;
}

static bool all_still(const struct around *around)
{
    for (size_t i = 0; i < around->watch_count; i++) {
        if (around->watches[i] != NULL && !loss_watch_is_still(around->watches[i])) {
            return false;
        }
    }
    return true;
}

// Waits for readings of the counters between which no packet passes. As take_until().
static int begin(struct around *around, uint64_t until_ns, struct error *err)
{
    uint64_t limit_ns = clock_monotonic_ns() + BASE_NS;
    int rc = 0;
    limit_ns = limit_ns < until_ns ? limit_ns : until_ns;
    while (rc == 0 && !all_still(around) && clock_monotonic_ns() < limit_ns) {
        uint64_t next_ns = clock_monotonic_ns() + LOOK_NS;
        rc = take_until(around, next_ns < limit_ns ? next_ns : limit_ns, err);
    }
    if (rc == 0 && !all_still(around)) {
        fprintf(stderr, "packets pass already: until they pause, only counters of drops and "
                        "sequence numbers show a loss\n");
    }
    capture_announce(around->spec->count, until_ns == STOP_NO_DEADLINE);
    return rc;
}

// ---- the end

// Ends the captures once the last losses are decided about.
static int finish(struct around *around, struct error *err)
{
    uint64_t grace_ns = around->spec->after_ns > GRACE_NS ? around->spec->after_ns : GRACE_NS;
    size_t count = around->spec->count;
    around->losses = 0;
    int rc = take_until(around, clock_monotonic_ns() + grace_ns, err);
    around->ending = true;
    for (size_t i = 0; i < count; i++) {
        capture_point_stop(&around->spec->points[i]);
    }
    rc = rc < 0 ? rc : take_until(around, clock_monotonic_ns() + DRAIN_NS, err);
    settle_spans(around, UINT64_MAX);
    for (size_t i = 0; rc >= 0 && i < count; i++) {
        rc = pcap_ring_release(around->taps[i].ring, UINT64_MAX, err);
        rc = rc < 0 ? rc : pcap_ring_flush(around->taps[i].ring, err);
    }
    return rc;
}

// What the capture of a point contains, and lacks.
static int print_point(const struct around *around, const struct tap_point *tap, struct error *err)
{
    struct pcap_counts counts = pcap_ring_counts(tap->ring);
    uint64_t captured = 0;
    uint64_t dropped = 0;
    int rc = capture_point_counts(tap->point, &captured, &dropped, err);
    if (rc < 0) {
        return rc;
    }
    char written[48];
    char seen[48];
    char missed[48];
    text_group_digits((double)counts.written, 0, written);
    text_group_digits((double)counts.seen, 0, seen);
    text_group_digits((double)dropped, 0, missed);
    printf("%s: %s of %s packets in %s", tap->point->called, written, seen, tap->point->file);
    if (dropped > 0) {
        printf(", %s more missed: the capture was too slow", missed);
    }
    uint64_t absent = sequence_gaps_missed(around->gaps, tap->number);
    if (dropped == 0 && absent > 0) {
        printf(", %" PRIu64 " more missed, which a later point has", absent);
    }
    if (tap->doubtful > 0) {
        printf(", %" PRIu64 " numbers are missing which it may have missed", tap->doubtful);
    }
    uint64_t late = sequence_gaps_late(around->gaps, tap->number);
    if (late > 0) {
        printf(", %" PRIu64 " arrived after they were listed as lost", late);
    }
    if (tap->crowded) {
        printf(", without some before a loss: they exceeded %u MiB of memory", ROOM >> 20U);
    }
    if (around->late) {
        printf(", without what left the memory before a loss was known");
    }
    printf("\n");
    return 0;
}

static void print_losses(const struct around *around)
{
    uint64_t test_packets = 0;
    uint64_t doubtful = 0;
    char counters[48];
    char numbers[48];
    for (size_t i = 0; i < around->spec->count; i++) {
        test_packets += around->taps[i].test_packets;
        doubtful += around->taps[i].doubtful;
    }
    text_group_digits((double)around->by_counters, 0, counters);
    text_group_digits((double)around->by_numbers, 0, numbers);
    if (around->windows.count == 0) {
        printf("no loss: %s, %s\n",
               around->blind ? "not all counters could be read" : "no counter shows one",
               doubtful > 0       ? "and the captures may have missed what is missing in them"
               : test_packets > 0 ? "and no sequence number is missing at a point"
                                  : "and no test packet was captured, by whose number one shows");
        return;
    }
    printf("%zu time%s of loss: %s packet%s by the counters, %s by sequence numbers\n",
           around->windows.count, around->windows.count == 1 ? "" : "s", counters,
           around->by_counters == 1 ? "" : "s", numbers);
}

// Ends, and prints what was found. A stop that was requested does not end these waits.
static int conclude(struct around *around, struct error *err)
{
    struct stop_flag none;
    stop_flag_init(&none);
    stop_use(&none);
    int rc = finish(around, err);
    if (rc >= 0) {
        rc = 0;
        print_losses(around);
    }
    for (size_t i = 0; rc == 0 && i < around->spec->count; i++) {
        rc = print_point(around, &around->taps[i], err);
    }
    stop_use(NULL);
    stop_flag_clear(&none);
    return rc;
}

static void around_close(struct around *around)
{
    for (size_t i = 0; i < around->spec->count; i++) {
        cleanup_close(&around->taps[i].stream);
        cleanup_close(&around->taps[i].file);
        pcap_ring_free(around->taps[i].ring);
    }
    for (size_t i = 0; i < around->watch_count; i++) {
        loss_watch_free(around->watches[i]);
    }
    sequence_gaps_free(around->gaps);
    time_windows_clear(&around->windows);
    free(around->watches);
    free(around->watched);
    free(around->spans);
    free(around->taps);
    free(around->chunk);
}

int capture_around(const struct capture_around_spec *spec, uint64_t until_ns, struct error *err)
{
    struct around around = {.spec = spec,
                            .losses = spec->losses,
                            .taps = memory_new_array(struct tap_point, spec->count),
                            .watches = memory_new_array(struct loss_watch *, spec->count),
                            .watched = memory_new_array(struct capture_point *, spec->count),
                            .chunk = memory_new(CHUNK, 1)};
    int rc = 0;
    around.gaps = sequence_gaps_new(spec->count, place_on, &around);
    for (size_t i = 0; i < spec->count; i++) {
        around.taps[i] = (struct tap_point){.stream = -1, .file = -1};
    }
    for (size_t i = 0; rc == 0 && i < spec->count; i++) {
        rc = tap_open(&around, i, err);
    }
    for (size_t i = 0; rc == 0 && i < spec->count; i++) {
        watch_testbed(&around, &spec->points[i]);
    }
    if (rc == 0) {
        rc = begin(&around, until_ns, err);
        rc = rc != 0 ? rc : take_until(&around, until_ns, err);
    }
    if (rc == -EINTR) { // the intended end
        error_clear(err);
        rc = 0;
    }
    rc = rc < 0 ? rc : conclude(&around, err);
    around_close(&around);
    return rc;
}
