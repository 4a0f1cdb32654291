// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/packet_source — sends a stream of stamped frames at a given rate. One thread may serve
 * several streams in turn. A half of the engine "packet", called through engine.h.
 *
 * Pacing: packets are due by the clock. Between them the thread sleeps long enough to gather a
 * small burst (a wake-up costs more than a packet), and then sends all packets that are due. It
 * spins only if even that leaves it no time. Packets missed while the thread was off the CPU are
 * sent at slightly more than the rate, so that a hiccup of the tester does not cause a burst for
 * which the device under test is blamed. Packets still due after a grace time beyond the trial's
 * end are not sent: they are "unsent".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

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
#define SEND_BUFFER    (4 << 20)
#define START_AFTER_NS (3U * NS_PER_MS) // time for all threads to start

// Frames of one system call: many enough to make its cost small, few enough that the last is sent
// within a few microseconds of its stamp.
#define PACKET_BATCH 32U

// Sending of one path, by one thread.
struct packet_stream {
    int socket;
    struct frame_address address;
    struct frame_template frame;
    uint8_t *buffers; // PACKET_BATCH copies of the frame
    uint64_t target;  // number of packets; UINT64_MAX = as many as possible
    uint64_t tx;      // attempted so far
    uint64_t last_ns; // CLOCK_MONOTONIC when the last batch was handed over
};

// State of one thread.
struct packet_source {
    struct packet_stream **streams; // served in turn
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
    size_t path_count;
    struct packet_stream *streams; // for each path
    struct packet_source *sources;
    size_t source_count;
    struct packet_threads threads;
    atomic_bool stop;
    uint64_t start_ns, end_ns; // of the trial, CLOCK_MONOTONIC
};

static void stream_close(struct packet_stream *stream)
{
    if (stream->socket >= 0) {
        close(stream->socket);
    }
    free(stream->buffers);
    stream->socket = -1;
    stream->buffers = NULL;
}

static int stream_open(const struct traffic_path *path, struct packet_stream *ret,
                       struct error *err)
{
    *ret = (struct packet_stream){.socket = -1, .address = path->address};
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    int rc = netns_visit(path->source_ns, &visit, err);
    if (rc < 0) {
        return rc;
    }
    // Protocol 0: otherwise the socket would receive every packet that arrives.
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return fail(err, errno, "packet socket (needs root or CAP_NET_RAW)");
    }
    ret->socket = fd;
    int on = 1;
    int room = SEND_BUFFER;
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = path->source_index};
    if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) < 0 ||
        bind(fd, (struct sockaddr *)&to, sizeof to) < 0) {
        rc = fail(err, errno, "packet socket of the source");
        stream_close(ret);
        return rc;
    }
    ret->buffers = memory_new_array(uint8_t, PACKET_BATCH * sizeof ret->frame.bytes);
    return 0;
}

static uint8_t *buffer(const struct packet_stream *stream, size_t i)
{
    return stream->buffers + i * sizeof stream->frame.bytes;
}

static void stream_prepare(struct packet_stream *stream, const struct traffic_request *request)
{
    frame_template_init(&stream->frame, &stream->address, request->ip_length);
    for (size_t i = 0; i < PACKET_BATCH; i++) {
        memcpy(buffer(stream, i), stream->frame.bytes, stream->frame.length);
    }
    stream->tx = 0;
    stream->last_ns = 0;
    stream->target = UINT64_MAX;
    if (request->pps > 0.0) {
        stream->target =
            (uint64_t)(request->pps * (double)request->duration_ns / (double)NS_PER_S + 0.5);
        stream->target = stream->target == 0 ? 1 : stream->target;
    }
}

// Hands `count` frames to the interface. Returns 0, or a negative errno other than for a full ring.
static int send_batch(struct packet_stream *stream, uint32_t run, size_t count)
{
    struct mmsghdr messages[PACKET_BATCH];
    struct iovec parts[PACKET_BATCH];
    memset(messages, 0, count * sizeof messages[0]);
    uint64_t now = clock_monotonic_ns();
    for (size_t i = 0; i < count; i++) {
        struct frame_stamp stamp = {stream->address.network, run, stream->tx + i, now};
        frame_stamp(&stream->frame, buffer(stream, i), &stamp);
        parts[i] = (struct iovec){buffer(stream, i), stream->frame.length};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    size_t done = 0;
    while (done < count) {
        int sent = sendmmsg(stream->socket, messages + done, (unsigned)(count - done), 0);
        if (sent > 0) {
            done += (size_t)sent;
        } else if (errno == ENOBUFS || errno == EAGAIN) {
            done++; // the peer's ring was full: offered, and lost there
        } else if (errno != EINTR) {
            stream->tx += done;
            return -errno;
        }
    }
    stream->tx += count;
    return 0;
}

// The number of packets of a stream that are due.
static uint64_t due_now(const struct packet_source *source, const struct packet_stream *stream,
                        uint64_t now, uint64_t most)
{
    if (stream->tx >= stream->target) {
        return 0;
    }
    if (source->pps <= 0.0) {
        return now < source->end_ns ? PACKET_BATCH : 0;
    }
    double elapsed = (double)(now - source->start_ns) / (double)NS_PER_S;
    uint64_t due = (uint64_t)(elapsed * source->pps) + 1; // the first is due at time 0
    due = due < stream->target ? due : stream->target;
    uint64_t owing = due > stream->tx ? due - stream->tx : 0;
    return owing < most ? owing : most;
}

// The number of packets that a stream may send at once: slightly more than those due since it was
// last served.
static uint64_t allowed_now(const struct packet_source *source, uint64_t now, uint64_t *served)
{
    if (source->pps <= 0.0) {
        return PACKET_BATCH;
    }
    double since = (double)(now - *served) / (double)NS_PER_S;
    *served = now;
    return (uint64_t)fmin(CATCH_UP * source->pps * since, BURST_MAX - 1.0) + 1;
}

// When the next packet of any stream is due, at least a period from now; 0 if none will be.
static uint64_t next_wake(const struct packet_source *source, uint64_t now)
{
    uint64_t wake = UINT64_MAX;
    for (size_t i = 0; i < source->stream_count; i++) {
        const struct packet_stream *stream = source->streams[i];
        if (stream->tx < stream->target) {
            uint64_t due =
                source->start_ns + (uint64_t)((double)stream->tx * (double)NS_PER_S / source->pps);
            wake = due < wake ? due : wake;
        }
    }
    if (wake == UINT64_MAX) {
        return 0;
    }
    uint64_t earliest = now + source->period_ns;
    return wake > earliest ? wake : earliest;
}

// Sends what is due on every stream, in alternating batches. Returns the number sent.
static uint64_t serve_streams(struct packet_source *source, uint64_t now, uint64_t most)
{
    uint64_t total = 0;
    for (uint64_t round = 0; round < most; round += PACKET_BATCH) {
        uint64_t left = most - round < PACKET_BATCH ? most - round : PACKET_BATCH;
        uint64_t sent = 0;
        for (size_t i = 0; i < source->stream_count && source->failed == 0; i++) {
            uint64_t count = due_now(source, source->streams[i], now, left);
            if (count > 0) {
                source->failed = send_batch(source->streams[i], source->run, count);
                source->streams[i]->last_ns = clock_monotonic_ns();
                sent += count;
            }
        }
        total += sent;
        if (sent == 0 || source->failed != 0) {
            break;
        }
    }
    return total;
}

static bool all_sent(const struct packet_source *source)
{
    for (size_t i = 0; i < source->stream_count; i++) {
        if (source->streams[i]->tx < source->streams[i]->target) {
            return false;
        }
    }
    return true;
}

static void *source_run(void *argument)
{
    struct packet_source *source = argument;
    (void)cpu_bind(0, &source->cpus, NULL);
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    double gather_ns = source->pps <= 0.0 ? 0.0 : BURST * (double)NS_PER_S / source->pps;
    gather_ns = fmin(fmax(gather_ns, (double)PERIOD_MIN_NS), (double)PERIOD_NS);
    source->period_ns = (uint64_t)gather_ns;
    uint64_t grace = (source->end_ns - source->start_ns) / 100 + 5 * NS_PER_MS;
    uint64_t rested = source->start_ns;
    uint64_t served = source->start_ns;
    (void)clock_sleep_until(source->start_ns);
    while (!atomic_load_explicit(source->stop, memory_order_relaxed) && source->failed == 0) {
        uint64_t now = clock_monotonic_ns();
        if (all_sent(source) || now >= source->end_ns + grace ||
            (source->pps <= 0.0 && now >= source->end_ns)) {
            break;
        }
        uint64_t most = allowed_now(source, now, &served);
        uint64_t sent = serve_streams(source, now, most);
        uint64_t after = clock_monotonic_ns();
        uint64_t wake = source->pps <= 0.0 ? 0 : now + source->period_ns;
        if (source->pps > 0.0 && sent < most) {
            wake = next_wake(source, now);
        }
        if (wake > after) {
            (void)clock_sleep_until(wake);
            rested = clock_monotonic_ns();
        } else if (source->shared_cpu && after - rested > YIELD_EVERY_NS) {
            sched_yield();
            rested = after;
        }
    }
    return NULL;
}

static void source_close(struct half *half)
{
    if (half == NULL) {
        return;
    }
    for (size_t i = 0; i < half->path_count; i++) {
        stream_close(&half->streams[i]);
    }
    for (size_t i = 0; i < half->source_count; i++) {
        free(half->sources[i].streams);
    }
    free(half->threads.threads);
    free(half->sources);
    free(half->streams);
    free(half);
}

static int source_open(const struct engine_ops *engine, const struct traffic_setup *setup,
                       struct half **ret, struct error *err)
{
    (void)engine;
    if (setup->path_count == 0 || setup->source_cpus.count == 0) {
        return fail(err, EINVAL, "a source without paths or CPUs");
    }
    struct half *half = memory_new(1, sizeof *half);
    half->streams = memory_new_array(struct packet_stream, setup->path_count);
    for (size_t i = 0; i < setup->path_count; i++) {
        int rc = stream_open(&setup->paths[i], &half->streams[i], err);
        if (rc < 0) {
            source_close(half);
            return rc;
        }
        half->path_count++;
    }
    half->source_count = packet_thread_count(&setup->source_cpus, setup->path_count);
    half->sources = memory_new_array(struct packet_source, half->source_count);
    half->threads.threads = memory_new_array(pthread_t, half->source_count);
    for (size_t i = 0; i < half->source_count; i++) {
        half->sources[i] = (struct packet_source){
            .streams = memory_new_array(struct packet_stream *, setup->path_count),
            .cpus = packet_thread_cpu(&setup->source_cpus, i),
            .shared_cpu = setup->shared_cpu,
            .stop = &half->stop,
        };
    }
    size_t next = 0;
    for (size_t i = 0; i < setup->path_count; i++) {
        struct packet_source *source = &half->sources[next];
        source->streams[source->stream_count++] = &half->streams[i];
        next = next + 1 == half->source_count ? 0 : next + 1;
    }
    *ret = half;
    return 0;
}

static int source_start(struct half *half, const struct traffic_request *request, struct error *err)
{
    for (size_t i = 0; i < half->path_count; i++) {
        stream_prepare(&half->streams[i], request);
    }
    atomic_store(&half->stop, false);
    half->start_ns = clock_monotonic_ns() + START_AFTER_NS;
    half->end_ns = half->start_ns + request->duration_ns;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < half->source_count; i++) {
        struct packet_source *source = &half->sources[i];
        source->run = request->run;
        source->pps = request->pps;
        source->start_ns = half->start_ns;
        source->end_ns = half->end_ns;
        source->failed = 0;
        rc = packet_threads_add(&half->threads, source_run, source, err);
    }
    return rc;
}

static int source_finish(struct half *half, const struct traffic_request *request,
                         struct traffic_count *counts, struct error *err)
{
    if (stop_sleep_until(half->end_ns, NULL) < 0) {
        atomic_store(&half->stop, true);
    }
    packet_threads_join(&half->threads);
    for (size_t i = 0; i < half->source_count; i++) {
        if (half->sources[i].failed != 0) {
            return fail(err, -half->sources[i].failed, "sending");
        }
    }
    for (size_t i = 0; i < half->path_count; i++) {
        const struct packet_stream *stream = &half->streams[i];
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

static void source_stop(struct half *half)
{
    atomic_store(&half->stop, true);
    packet_threads_join(&half->threads);
}

const struct half_ops packet_source_half = {
    .open = source_open,
    .start = source_start,
    .finish = source_finish,
    .stop = source_stop,
    .close = source_close,
};
