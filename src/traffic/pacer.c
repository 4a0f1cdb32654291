// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/pacer — see pacer.h. Called by packet_source.c and xdp_source.c.
#include "traffic/pacer.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "traffic/packet.h"

#define PERIOD_NS      (250U * NS_PER_US) // longest sleep while packets are due
#define BURST          48.0               // packets gathered by a sleep: a fifth of a veth's ring
#define BURST_MAX      160.0              // packets at once: the peer's ring has 256 slots
#define PERIOD_MIN_NS  (50U * NS_PER_US)
#define YIELD_EVERY_NS (50U * NS_PER_US)
#define START_AFTER_NS (3U * NS_PER_MS) // time for all threads to start
#define NUDGE_EVERY_NS NS_PER_MS
#define BEFORE_OTHERS  (-20) // nice value

struct half {
    const struct pacer_kind *kind;
    struct pacer_stream **streams; // for each path
    size_t stream_count;
    struct pacer_thread *senders;
    size_t sender_count;
    struct packet_threads threads;
    atomic_bool stop;
    bool before_others;        // in a trial: the session has priority over others'
    int session_nice;          // before the trial
    uint64_t start_ns, end_ns; // of the trial, CLOCK_MONOTONIC
};

// ---- one thread

// Moves the pace of a stream, and the piece of the profile that it belongs to, on to packet `next`.
static void step_on(struct pacer_stream *stream, uint64_t next)
{
    pace_step(&stream->pace);
    if (stream->piece + 1 < stream->piece_count &&
        stream->pieces[stream->piece + 1].first == next) {
        stream->piece++;
        pace_enter(&stream->pace, &stream->pieces[stream->piece].pace);
    }
}

// Moves a stream on over packets that are due. Returns how many can be sent, at most `most`.
static uint64_t pass_due(const struct pacer_thread *sender, struct pacer_stream *stream,
                         uint64_t now, uint64_t most)
{
    if (stream->pps <= 0.0) {
        return now < sender->end_ns ? most : 0;
    }
    while (stream->due < most && stream->tx + stream->due < stream->target &&
           stream->pace.due_ns <= now) {
        stream->due++;
        step_on(stream, stream->tx + stream->due);
    }
    return stream->due < most ? stream->due : most;
}

static double present_pps(const struct pacer_stream *stream)
{
    return stream->piece_count == 0 ? stream->pps
                                    : (double)NS_PER_S / ((double)stream->pace.gap_ns + 1.0);
}

// Sets the number of packets that each stream may send at once: slightly more than those due since
// it was last served.
static void allow_turn(struct pacer_thread *sender, uint64_t now)
{
    for (size_t i = 0; i < sender->stream_count; i++) {
        struct pacer_stream *stream = sender->streams[i];
        double since = (double)(now - stream->served_ns) / (double)NS_PER_S;
        stream->served_ns = now;
        stream->allowed =
            stream->pps <= 0.0
                ? stream->batch
                : (uint64_t)fmin(PACE_CATCH_UP * present_pps(stream) * since, BURST_MAX - 1.0) + 1;
    }
}

static int send_batch(struct pacer_thread *sender, size_t number, size_t count)
{
    struct pacer_stream *stream = sender->streams[number];
    uint64_t before = stream->tx;
    int rc = sender->kind->send(sender, number, count);
    stream->last_ns = clock_monotonic_ns();
    stream->due -= stream->pps > 0.0 ? stream->tx - before : 0;
    stream->allowed -= count;
    return rc;
}

// Sends the packets that are due and allowed on every stream, in alternating batches.
static void serve_streams(struct pacer_thread *sender, uint64_t now)
{
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < sender->stream_count; i++) {
            struct pacer_stream *stream = sender->streams[i];
            uint64_t most = stream->allowed < stream->batch ? stream->allowed : stream->batch;
            uint64_t count = pass_due(sender, stream, now, most);
            if (count > 0 && (sender->failed = send_batch(sender, i, count)) != 0) {
                return;
            }
            more = more || count > 0;
        }
    }
}

// When the next packet of any stream is due, at least a period from now; 0 if none will be.
static uint64_t next_wake(const struct pacer_thread *sender, uint64_t now)
{
    uint64_t wake = UINT64_MAX;
    for (size_t i = 0; i < sender->stream_count; i++) {
        const struct pacer_stream *stream = sender->streams[i];
        if (stream->tx < stream->target) {
            uint64_t due_ns = stream->due > 0 ? now : stream->pace.due_ns;
            wake = due_ns < wake ? due_ns : wake;
        }
    }
    if (wake == UINT64_MAX) {
        return 0;
    }
    uint64_t earliest = now + sender->period_ns;
    return wake > earliest ? wake : earliest;
}

static bool all_sent(const struct pacer_thread *sender)
{
    for (size_t i = 0; i < sender->stream_count; i++) {
        if (sender->streams[i]->tx < sender->streams[i]->target) {
            return false;
        }
    }
    return true;
}

static void send_in_turns(struct pacer_thread *sender)
{
    uint64_t rested = sender->start_ns;
    (void)clock_sleep_until(sender->start_ns);
    while (!atomic_load_explicit(sender->stop, memory_order_relaxed)) {
        uint64_t now = clock_monotonic_ns();
        if (all_sent(sender) || now >= sender->limit_ns) {
            break;
        }
        allow_turn(sender, now);
        serve_streams(sender, now);
        if (sender->failed != 0) {
            break;
        }
        uint64_t after = clock_monotonic_ns();
        uint64_t wake = sender->period_ns == 0 ? 0 : next_wake(sender, now);
        if (wake > after) {
            (void)clock_sleep_until(wake);
            rested = clock_monotonic_ns();
        } else if (sender->shared_cpu && after - rested > YIELD_EVERY_NS) {
            sched_yield();
            rested = after;
        }
    }
}

static void *sender_run(void *argument)
{
    struct pacer_thread *sender = argument;
    (void)cpu_bind(0, &sender->cpus, NULL);
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    if (sender->kind->paces != NULL && sender->kind->paces(sender)) {
        (void)setpriority(PRIO_PROCESS, 0, BEFORE_OTHERS);
        sigset_t interrupting;
        sigemptyset(&interrupting);
        sigaddset(&interrupting, PACER_SIGNAL);
        pthread_sigmask(SIG_UNBLOCK, &interrupting, NULL);
        atomic_store(&sender->sender, pthread_self());
        atomic_store(&sender->signalled, true);
        sender->failed = sender->kind->run(sender);
    } else {
        send_in_turns(sender);
    }
    atomic_store(&sender->done, true);
    return NULL;
}

// ---- all of them

static void ignore_signal(int number)
{
    (void)number; // its only effect is to interrupt a system call
}

// A sender that waits without sleeping gets no preference from the scheduler over other programs on
// its CPU: for the time of a trial it has priority, within its session and over other sessions.
// (The sink's threads run before it in any case.)
static void take_priority(struct half *half)
{
    half->before_others = half->kind->paces != NULL && half->kind->paces(&half->senders[0]);
    if (half->before_others) {
        half->session_nice = cpu_session_nice(0);
        cpu_set_session_nice(0, BEFORE_OTHERS);
    }
}

static void return_priority(struct half *half)
{
    if (half->before_others) {
        cpu_set_session_nice(0, half->session_nice);
        half->before_others = false;
    }
}

static void join_senders(struct half *half)
{
    for (size_t i = 0; i < half->threads.count; i++) {
        struct pacer_thread *sender = &half->senders[i];
        while (!atomic_load(&sender->done)) {
            bool over = atomic_load(&half->stop) || clock_monotonic_ns() >= sender->limit_ns ||
                        sender->kind->sent_all == NULL || sender->kind->sent_all(sender);
            if (over && atomic_load(&sender->signalled)) {
                pthread_kill(atomic_load(&sender->sender), PACER_SIGNAL);
            }
            clock_sleep(NUDGE_EVERY_NS);
        }
    }
    packet_threads_join(&half->threads);
    return_priority(half);
}

void pacer_close(struct half *half)
{
    if (half == NULL) {
        return;
    }
    for (size_t i = 0; i < half->sender_count; i++) {
        if (half->kind->close_thread != NULL) {
            half->kind->close_thread(&half->senders[i]);
        }
        free(half->senders[i].streams);
    }
    for (size_t i = 0; i < half->stream_count; i++) {
        half->kind->close(half->streams[i]);
        free(half->streams[i]->pieces);
        free(half->streams[i]);
    }
    free(half->threads.threads);
    free(half->senders);
    free(half->streams);
    free(half);
}

static void divide_streams(struct half *half, const struct traffic_setup *setup)
{
    half->sender_count = packet_thread_count(&setup->source_cpus, setup->path_count);
    half->senders = memory_new_array(struct pacer_thread, half->sender_count);
    half->threads.threads = memory_new_array(pthread_t, half->sender_count);
    for (size_t i = 0; i < half->sender_count; i++) {
        struct pacer_thread *sender = &half->senders[i];
        sender->kind = half->kind;
        sender->streams = memory_new_array(struct pacer_stream *, setup->path_count);
        sender->cpus = packet_thread_cpu(&setup->source_cpus, i);
        sender->shared_cpu = setup->shared_cpu;
        sender->crowded_cpu = setup->crowded_cpu;
        sender->stop = &half->stop;
    }
    size_t next = 0;
    for (size_t i = 0; i < setup->path_count; i++) {
        struct pacer_thread *sender = &half->senders[next];
        sender->streams[sender->stream_count++] = half->streams[i];
        next = next + 1 == half->sender_count ? 0 : next + 1;
    }
}

static int open_threads(struct half *half, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && half->kind->open_thread != NULL && i < half->sender_count; i++) {
        rc = half->kind->open_thread(&half->senders[i], err);
    }
    return rc;
}

int pacer_open(const struct pacer_kind *kind, const struct traffic_setup *setup,
               const struct netns *const *ns, struct half **ret, struct error *err)
{
    if (setup->path_count == 0 || setup->source_cpus.count == 0) {
        return fail(err, EINVAL, "a source without paths or CPUs");
    }
    if (kind->run != NULL) {
        const struct sigaction action = {.sa_handler = ignore_signal};
        sigaction(PACER_SIGNAL, &action, NULL);
    }
    struct half *half = memory_new(1, sizeof *half);
    half->kind = kind;
    half->streams = memory_new_array(struct pacer_stream *, setup->path_count);
    for (size_t i = 0; i < setup->path_count; i++) {
        struct pacer_stream *stream = memory_new(1, kind->stream_size);
        int rc = kind->open(&setup->paths[i], ns[i], stream, err);
        if (rc < 0) {
            free(stream);
            pacer_close(half);
            return rc;
        }
        stream->path = i;
        half->streams[half->stream_count++] = stream;
    }
    divide_streams(half, setup);
    int rc = open_threads(half, err);
    if (rc < 0) {
        pacer_close(half);
        return rc;
    }
    *ret = half;
    return 0;
}

// Sets the pieces of a load that changes in time. Streams of one thread share the room for them.
static void set_pieces(struct pacer_stream *stream, const struct schedule *schedule,
                       size_t stream_count, uint64_t start_ns)
{
    struct schedule_piece *cut = NULL;
    stream->piece_count = schedule_cut(schedule, PACE_PIECES_MAX / stream_count, &cut);
    stream->pieces = memory_new_array(struct pace_piece, stream->piece_count);
    for (size_t i = 0; i < stream->piece_count; i++) {
        stream->pieces[i] = (struct pace_piece){
            .first = cut[i].first, .pace = pace_constant(cut[i].pps, start_ns + cut[i].due_ns)};
    }
    free(cut);
    stream->pace = stream->pieces[0].pace;
}

static void stream_begin(struct pacer_stream *stream, size_t stream_count,
                         const struct traffic_request *request, uint64_t start_ns)
{
    const struct traffic_load *load = request->loads == NULL ? NULL : &request->loads[stream->path];
    free(steal_pointer(&stream->pieces));
    stream->piece_count = stream->piece = 0;
    stream->pps = load == NULL ? request->pps : load->pps;
    stream->tx = stream->due = 0;
    stream->last_ns = 0;
    stream->served_ns = start_ns;
    stream->target = UINT64_MAX;
    stream->pace = pace_constant(stream->pps, start_ns);
    if (load != NULL && load->schedule != NULL) {
        stream->target = load->schedule->total;
        set_pieces(stream, load->schedule, stream_count, start_ns);
    } else if (stream->pps > 0.0) {
        stream->target =
            (uint64_t)(stream->pps * (double)request->duration_ns / (double)NS_PER_S + 0.5);
        stream->target = stream->target == 0 ? 1 : stream->target;
    }
}

// The highest rate of any stream at any time.
static double highest_pps(const struct pacer_thread *sender, const struct traffic_request *request)
{
    double highest = request->pps;
    for (size_t i = 0; request->loads != NULL && i < sender->stream_count; i++) {
        const struct traffic_load *load = &request->loads[sender->streams[i]->path];
        highest = fmax(highest, load->pps);
        for (size_t k = 0; load->schedule != NULL && k < load->schedule->count; k++) {
            highest = fmax(highest, load->schedule->knots[k].pps);
        }
    }
    return highest;
}

static void sender_begin(struct pacer_thread *sender, const struct half *half,
                         const struct traffic_request *request)
{
    sender->run = request->run;
    sender->start_ns = half->start_ns;
    sender->end_ns = half->end_ns;
    uint64_t grace = request->pps > 0.0 ? request->duration_ns / 100 + 5 * NS_PER_MS : 0;
    sender->limit_ns = half->end_ns + grace;
    double gather_ns =
        request->pps <= 0.0 ? 0.0 : BURST * (double)NS_PER_S / highest_pps(sender, request);
    gather_ns = fmin(fmax(gather_ns, (double)PERIOD_MIN_NS), (double)PERIOD_NS);
    sender->period_ns = request->pps <= 0.0 ? 0 : (uint64_t)gather_ns;
    sender->failed = 0;
    sender->waited_ns = 0;
    atomic_store(&sender->signalled, false);
    atomic_store(&sender->done, false);
    for (size_t i = 0; i < sender->stream_count; i++) {
        stream_begin(sender->streams[i], sender->stream_count, request, half->start_ns);
        half->kind->prepare(sender, i, request);
    }
}

int pacer_start(struct half *half, const struct traffic_request *request, struct error *err)
{
    atomic_store(&half->stop, false);
    half->start_ns = clock_monotonic_ns() + START_AFTER_NS;
    half->end_ns = half->start_ns + request->duration_ns;
    for (size_t i = 0; i < half->sender_count; i++) {
        sender_begin(&half->senders[i], half, request);
    }
    take_priority(half);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < half->sender_count; i++) {
        rc = packet_threads_add(&half->threads, sender_run, &half->senders[i], err);
    }
    return rc;
}

int pacer_finish(struct half *half, const struct traffic_request *request,
                 struct traffic_count *counts, struct error *err)
{
    if (stop_sleep_until(half->end_ns, NULL) < 0) {
        atomic_store(&half->stop, true);
    }
    join_senders(half);
    for (size_t i = 0; i < half->sender_count; i++) {
        if (half->senders[i].failed != 0) {
            return fail(err, -half->senders[i].failed, "sending");
        }
    }
    for (size_t i = 0; i < half->sender_count; i++) {
        counts[i].waited_ns = half->senders[i].waited_ns; // of one of its streams
    }
    for (size_t i = 0; i < half->stream_count; i++) {
        const struct pacer_stream *stream = half->streams[i];
        uint64_t asked = stream->target == UINT64_MAX ? stream->tx : stream->target;
        uint64_t sending = stream->last_ns > half->start_ns ? stream->last_ns - half->start_ns : 0;
        counts[i].start_ns = half->start_ns;
        counts[i].tx = stream->tx;
        counts[i].unsent = asked - stream->tx;
        // A rate is packets divided by the time that they represent, which includes the last
        // packet's slot.
        counts[i].sending_ns = sending < request->duration_ns ? request->duration_ns : sending;
    }
    return 0;
}

void pacer_stop(struct half *half)
{
    atomic_store(&half->stop, true);
    join_senders(half);
}
