// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/pacer — see pacer.h. Called by packet_source.c and xdp_source.c.
#include "traffic/pacer.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "traffic/packet.h"

#define PERIOD_NS      (250U * NS_PER_US) // longest sleep while packets are due
#define BURST          48.0               // packets gathered by a sleep: a fifth of a veth's ring
#define BURST_MAX      160.0              // packets at once: the peer's ring has 256 slots
#define CATCH_UP       1.25               // largest factor of the rate, to catch up
#define PERIOD_MIN_NS  (50U * NS_PER_US)
#define YIELD_EVERY_NS (50U * NS_PER_US)
#define START_AFTER_NS (3U * NS_PER_MS) // time for all threads to start

struct pacer_thread {
    struct pacer_stream **streams; // served in turn
    size_t stream_count;
    struct cpu_list cpus;
    bool shared_cpu;
    // Parameters of the trial:
    uint32_t run;
    double pps;                // for each stream; 0 = as fast as possible
    uint64_t start_ns, end_ns; // CLOCK_MONOTONIC
    uint64_t period_ns;        // sleep between bursts
    atomic_bool *stop;
    int failed; // negative errno of a permanent send failure
};

struct half {
    const struct pacer_kind *kind;
    struct pacer_stream **streams; // for each path
    size_t stream_count;
    struct pacer_thread *senders;
    size_t sender_count;
    struct packet_threads threads;
    atomic_bool stop;
    uint64_t start_ns, end_ns; // of the trial, CLOCK_MONOTONIC
};

// ---- one thread

// The number of packets of a stream that are due.
static uint64_t due_now(const struct pacer_thread *sender, const struct pacer_stream *stream,
                        uint64_t now, uint64_t most)
{
    if (stream->tx >= stream->target) {
        return 0;
    }
    if (sender->pps <= 0.0) {
        return now < sender->end_ns ? stream->batch : 0;
    }
    double elapsed = (double)(now - sender->start_ns) / (double)NS_PER_S;
    uint64_t due = (uint64_t)(elapsed * sender->pps) + 1; // the first is due at time 0
    due = due < stream->target ? due : stream->target;
    uint64_t owing = due > stream->tx ? due - stream->tx : 0;
    return owing < most ? owing : most;
}

// The number of packets that a stream may send at once: slightly more than those due since it was
// last served.
static uint64_t allowed_now(const struct pacer_thread *sender, uint64_t now, uint64_t *served)
{
    if (sender->pps <= 0.0) {
        return 1; // round of batches
    }
    double since = (double)(now - *served) / (double)NS_PER_S;
    *served = now;
    return (uint64_t)fmin(CATCH_UP * sender->pps * since, BURST_MAX - 1.0) + 1;
}

// When the next packet of any stream is due, at least a period from now; 0 if none will be.
static uint64_t next_wake(const struct pacer_thread *sender, uint64_t now)
{
    uint64_t wake = UINT64_MAX;
    for (size_t i = 0; i < sender->stream_count; i++) {
        const struct pacer_stream *stream = sender->streams[i];
        if (stream->tx < stream->target) {
            uint64_t due =
                sender->start_ns + (uint64_t)((double)stream->tx * (double)NS_PER_S / sender->pps);
            wake = due < wake ? due : wake;
        }
    }
    if (wake == UINT64_MAX) {
        return 0;
    }
    uint64_t earliest = now + sender->period_ns;
    return wake > earliest ? wake : earliest;
}

// Sends up to `most` packets that are due on every stream, in alternating batches. Returns the
// number sent.
static uint64_t serve_streams(struct pacer_thread *sender, uint64_t now, uint64_t most)
{
    size_t batch = sender->streams[0]->batch;
    uint64_t total = 0;
    for (uint64_t round = 0; round < most; round += batch) {
        uint64_t left = most - round < batch ? most - round : batch;
        uint64_t sent = 0;
        for (size_t i = 0; i < sender->stream_count && sender->failed == 0; i++) {
            struct pacer_stream *stream = sender->streams[i];
            uint64_t count = due_now(sender, stream, now, left);
            if (count > 0) {
                sender->failed = stream->send(stream, sender->run, count);
                stream->last_ns = clock_monotonic_ns();
                sent += count;
            }
        }
        total += sent;
        if (sent == 0 || sender->failed != 0) {
            break;
        }
    }
    return total;
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

static void *sender_run(void *argument)
{
    struct pacer_thread *sender = argument;
    (void)cpu_bind(0, &sender->cpus, NULL);
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    double gather_ns = sender->pps <= 0.0 ? 0.0 : BURST * (double)NS_PER_S / sender->pps;
    gather_ns = fmin(fmax(gather_ns, (double)PERIOD_MIN_NS), (double)PERIOD_NS);
    sender->period_ns = (uint64_t)gather_ns;
    uint64_t grace = (sender->end_ns - sender->start_ns) / 100 + 5 * NS_PER_MS;
    uint64_t rested = sender->start_ns;
    uint64_t served = sender->start_ns;
    (void)clock_sleep_until(sender->start_ns);
    while (!atomic_load_explicit(sender->stop, memory_order_relaxed) && sender->failed == 0) {
        uint64_t now = clock_monotonic_ns();
        if (all_sent(sender) || now >= sender->end_ns + grace ||
            (sender->pps <= 0.0 && now >= sender->end_ns)) {
            break;
        }
        uint64_t most = allowed_now(sender, now, &served);
        uint64_t sent = serve_streams(sender, now, most);
        uint64_t after = clock_monotonic_ns();
        uint64_t wake = sender->pps <= 0.0 ? 0 : now + sender->period_ns;
        if (sender->pps > 0.0 && sent < most) {
            wake = next_wake(sender, now);
        }
        if (wake > after) {
            (void)clock_sleep_until(wake);
            rested = clock_monotonic_ns();
        } else if (sender->shared_cpu && after - rested > YIELD_EVERY_NS) {
            sched_yield();
            rested = after;
        }
    }
    return NULL;
}

// ---- all of them

void pacer_close(struct half *half)
{
    if (half == NULL) {
        return;
    }
    for (size_t i = 0; i < half->stream_count; i++) {
        half->kind->close(half->streams[i]);
        free(half->streams[i]);
    }
    for (size_t i = 0; i < half->sender_count; i++) {
        free(half->senders[i].streams);
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
        half->senders[i] = (struct pacer_thread){
            .streams = memory_new_array(struct pacer_stream *, setup->path_count),
            .cpus = packet_thread_cpu(&setup->source_cpus, i),
            .shared_cpu = setup->shared_cpu,
            .stop = &half->stop,
        };
    }
    size_t next = 0;
    for (size_t i = 0; i < setup->path_count; i++) {
        struct pacer_thread *sender = &half->senders[next];
        sender->streams[sender->stream_count++] = half->streams[i];
        next = next + 1 == half->sender_count ? 0 : next + 1;
    }
}

int pacer_open(const struct pacer_kind *kind, const struct traffic_setup *setup, struct half **ret,
               struct error *err)
{
    if (setup->path_count == 0 || setup->source_cpus.count == 0) {
        return fail(err, EINVAL, "a source without paths or CPUs");
    }
    struct half *half = memory_new(1, sizeof *half);
    half->kind = kind;
    half->streams = memory_new_array(struct pacer_stream *, setup->path_count);
    for (size_t i = 0; i < setup->path_count; i++) {
        struct pacer_stream *stream = memory_new(1, kind->stream_size);
        int rc = kind->open(&setup->paths[i], stream, err);
        if (rc < 0) {
            free(stream);
            pacer_close(half);
            return rc;
        }
        half->streams[half->stream_count++] = stream;
    }
    divide_streams(half, setup);
    *ret = half;
    return 0;
}

static void stream_begin(struct pacer_stream *stream, const struct traffic_request *request)
{
    stream->tx = 0;
    stream->last_ns = 0;
    stream->target = UINT64_MAX;
    if (request->pps > 0.0) {
        stream->target =
            (uint64_t)(request->pps * (double)request->duration_ns / (double)NS_PER_S + 0.5);
        stream->target = stream->target == 0 ? 1 : stream->target;
    }
}

int pacer_start(struct half *half, const struct traffic_request *request, struct error *err)
{
    for (size_t i = 0; i < half->stream_count; i++) {
        half->kind->prepare(half->streams[i], request);
        stream_begin(half->streams[i], request);
    }
    atomic_store(&half->stop, false);
    half->start_ns = clock_monotonic_ns() + START_AFTER_NS;
    half->end_ns = half->start_ns + request->duration_ns;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < half->sender_count; i++) {
        struct pacer_thread *sender = &half->senders[i];
        sender->run = request->run;
        sender->pps = request->pps;
        sender->start_ns = half->start_ns;
        sender->end_ns = half->end_ns;
        sender->failed = 0;
        rc = packet_threads_add(&half->threads, sender_run, sender, err);
    }
    return rc;
}

int pacer_finish(struct half *half, const struct traffic_request *request,
                 struct traffic_count *counts, struct error *err)
{
    if (stop_sleep_until(half->end_ns, NULL) < 0) {
        atomic_store(&half->stop, true);
    }
    packet_threads_join(&half->threads);
    for (size_t i = 0; i < half->sender_count; i++) {
        if (half->senders[i].failed != 0) {
            return fail(err, -half->senders[i].failed, "sending");
        }
    }
    for (size_t i = 0; i < half->stream_count; i++) {
        const struct pacer_stream *stream = half->streams[i];
        uint64_t asked = stream->target == UINT64_MAX ? stream->tx : stream->target;
        uint64_t sending = stream->last_ns > half->start_ns ? stream->last_ns - half->start_ns : 0;
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
    packet_threads_join(&half->threads);
}
