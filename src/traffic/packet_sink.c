// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/packet_sink — receives test frames through a memory-mapped TPACKET_V3 ring (kernel:
 * Documentation/networking/packet_mmap.rst) and counts them in a flow. A half of the engine
 * "packet", called through engine.h.
 *
 * Frames are counted when they pass the interface and are discarded behind it (linux/discard): the
 * kernel's UDP layer does not see them. A frame for which the ring had no room is the tester's own
 * loss, reported by the socket's statistics.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "linux/discard.h"
#include "linux/wall_clock.h"
#include "traffic/flow.h"
#include "traffic/form_make.h"
#include "traffic/packet.h"

#define BLOCK_LENGTH (256U << 10)
#define BLOCKS       64U
#define RETIRE_MS    2U // a partly filled block is handed over after this time
#define POLL_MS      20

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

// Counting of one path, by one thread.
struct packet_receiver {
    int socket;
    int discard; // discards the frames behind `socket` if a filter cannot; -1 = none
    const struct netns *filtered; // where a filter discards them; NULL = none does
    int index;                    // of its interface there
    uint8_t *ring;
    size_t ring_length;
    unsigned block; // next block to read
    struct flow *flow;
    const struct wall_clock *clock; // for the ring's times, which are CLOCK_REALTIME
    uint64_t drops;                 // drops of the socket in this trial, because the ring was full
    uint64_t *within;               // received packets of each interval of the trial
};

// State of one thread.
struct packet_sink {
    struct packet_receiver **receivers;
    size_t receiver_count;
    struct cpu_list cpus;
    atomic_bool *stop;
    int failed;
};

struct half {
    size_t path_count;
    struct packet_receiver *receivers; // for each path
    struct traffic_path *paths;        // for each receiver
    struct packet_sink *sinks;
    size_t sink_count;
    struct packet_threads threads;
    atomic_bool stop;
    struct wall_clock clock; // clock of the trial
};

static int set_up_ring(struct packet_receiver *receiver, struct error *err)
{
    int version = TPACKET_V3;
    int on = 1;
    struct tpacket_req3 request = {.tp_block_size = BLOCK_LENGTH,
                                   .tp_block_nr = BLOCKS,
                                   .tp_frame_size = 2048,
                                   .tp_frame_nr = BLOCKS * (BLOCK_LENGTH / 2048),
                                   .tp_retire_blk_tov = RETIRE_MS};
    int fd = receiver->socket;
    if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) < 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) < 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) < 0) {
        return fail(err, errno, "receive ring of the sink");
    }
    receiver->ring_length = (size_t)BLOCK_LENGTH * BLOCKS;
    void *ring =
        mmap(NULL, receiver->ring_length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (ring == MAP_FAILED) {
        return fail(err, errno, "mapping the receive ring of the sink");
    }
    receiver->ring = ring;
    return 0;
}

static void receiver_close(struct packet_receiver *receiver)
{
    if (receiver->ring != NULL) {
        munmap(receiver->ring, receiver->ring_length);
    }
    cleanup_close(&receiver->socket);
    cleanup_close(&receiver->discard);
    if (receiver->filtered != NULL) {
        discard_no_more(receiver->filtered, receiver->index);
    }
    free(receiver->flow);
    free(receiver->within);
    *receiver = (struct packet_receiver){.socket = -1, .discard = -1};
}

static int receiver_open(const struct traffic_path *path, const struct netns *ns,
                         struct packet_receiver *ret, struct error *err)
{
    *ret = (struct packet_receiver){.socket = -1, .discard = -1};
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    int rc = netns_visit(ns, &visit, err);
    if (rc < 0) {
        return rc;
    }
    ret->socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (ret->socket < 0) {
        return fail(err, errno, "packet socket (needs root or CAP_NET_RAW)");
    }
    rc = set_up_ring(ret, err);
    struct sockaddr_ll at = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = path->sink_index};
    if (rc == 0 && bind(ret->socket, (struct sockaddr *)&at, sizeof at) < 0) {
        rc = fail(err, errno, "packet socket of the sink");
    }
    if (rc < 0) {
        receiver_close(ret);
        return rc;
    }
    ret->flow = memory_new(1, sizeof *ret->flow);
    return 0;
}

static struct tpacket_block_desc *block_at(const struct packet_receiver *receiver, unsigned block)
{
    return (struct tpacket_block_desc *)(void *)(receiver->ring + (size_t)block * BLOCK_LENGTH);
}

// The next block, if the kernel has handed it over.
static struct tpacket_block_desc *ready_block(const struct packet_receiver *receiver)
{
    struct tpacket_block_desc *block = block_at(receiver, receiver->block);
    uint32_t status = __atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE);
    return (status & TP_STATUS_USER) != 0 ? block : NULL;
}

static void give_back(struct packet_receiver *receiver, struct tpacket_block_desc *block)
{
    __atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    receiver->block = (receiver->block + 1) % BLOCKS;
}

static void count_block(struct packet_receiver *receiver, const struct tpacket_block_desc *block)
{
    struct flow *flow = receiver->flow;
    flow->latest_ns = clock_monotonic_ns();
    const uint8_t *at = (const uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;
    for (uint32_t i = 0; i < block->hdr.bh1.num_pkts; i++) {
        const struct tpacket3_hdr *header = (const struct tpacket3_hdr *)(const void *)at;
        struct frame_stamp stamp;
        switch (frame_parse(at + header->tp_mac, header->tp_snaplen, &stamp)) {
        case FRAME_GOOD:
            // The kernel takes the tag out of a received frame.
            if ((header->tp_status & TP_STATUS_VLAN_VALID) != 0) {
                stamp.seen.vlan = header->hv1.tp_vlan_tci & FRAME_VLAN_ID;
            }
            flow_count(flow, &stamp,
                       wall_clock_to_monotonic(receiver->clock,
                                               header->tp_sec * NS_PER_S + header->tp_nsec));
            break;
        case FRAME_CORRUPT:
            flow_count_corrupt(flow);
            break;
        case FRAME_FOREIGN:
            break;
        }
        at += header->tp_next_offset;
    }
}

static void receiver_read_drops(struct packet_receiver *receiver)
{
    struct tpacket_stats_v3 stats;
    socklen_t length = sizeof stats;
    if (getsockopt(receiver->socket, SOL_PACKET, PACKET_STATISTICS, &stats, &length) == 0) {
        receiver->drops += stats.tp_drops;
    }
}

static void receiver_prepare(struct packet_receiver *receiver, const struct wall_clock *clock,
                             uint32_t run, uint16_t network)
{
    receiver->clock = clock;
    for (struct tpacket_block_desc *block = ready_block(receiver); block != NULL;
         block = ready_block(receiver)) {
        give_back(receiver, block);
    }
    receiver_read_drops(receiver);
    receiver->drops = 0;
    flow_start(receiver->flow, run, network);
}

static void receiver_divide(struct packet_receiver *receiver, const struct traffic_request *request,
                            size_t path)
{
    struct flow *flow = receiver->flow;
    free(receiver->within);
    receiver->within = memory_new_array(uint64_t, request->interval_count);
    flow->within = receiver->within;
    flow->bounds = request->interval_count > 0 ? request->loads[path].bounds : NULL;
    flow->interval_count = (uint32_t)request->interval_count;
}

static void *sink_run(void *argument)
{
    struct packet_sink *sink = argument;
    (void)cpu_bind(0, &sink->cpus, NULL);
    struct pollfd *waiting = memory_new_array(struct pollfd, sink->receiver_count);
    for (size_t i = 0; i < sink->receiver_count; i++) {
        waiting[i] = (struct pollfd){.fd = sink->receivers[i]->socket, .events = POLLIN};
    }
    for (;;) {
        bool last = atomic_load_explicit(sink->stop, memory_order_acquire);
        for (size_t i = 0; i < sink->receiver_count; i++) {
            struct packet_receiver *receiver = sink->receivers[i];
            for (struct tpacket_block_desc *block = ready_block(receiver); block != NULL;
                 block = ready_block(receiver)) {
                count_block(receiver, block);
                give_back(receiver, block);
            }
        }
        if (last) {
            break;
        }
        if (poll(waiting, sink->receiver_count, POLL_MS) < 0 && errno != EINTR) {
            sink->failed = -errno;
            break;
        }
    }
    free(waiting);
    return NULL;
}

static void sink_close(struct half *half)
{
    if (half == NULL) {
        return;
    }
    for (size_t i = 0; i < half->path_count; i++) {
        receiver_close(&half->receivers[i]);
    }
    for (size_t i = 0; i < half->sink_count; i++) {
        free(half->sinks[i].receivers);
    }
    free(half->threads.threads);
    free(half->sinks);
    free(half->paths);
    free(half->receivers);
    free(half);
}

// Lets the frames of a path end behind its receiver. A discarding socket serves the whole
// namespace.
static int sink_discard(struct half *half, const struct traffic_setup *setup,
                        const struct netns *const *ns, size_t path, struct error *err)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    if (discard_at_ingress(ns[path], setup->paths[path].sink_index, FRAME_PORT, &why) == 0) {
        half->receivers[path].filtered = ns[path];
        half->receivers[path].index = setup->paths[path].sink_index;
        return 0;
    }
    for (size_t i = 0; i < path; i++) {
        if (ns[i] == ns[path] && half->receivers[i].discard >= 0) {
            return 0;
        }
    }
    log_note("sink", "%s; a discarding socket is used instead", why.text);
    int fd = discard_socket(ns[path], FRAME_PORT, err);
    half->receivers[path].discard = fd;
    return fd < 0 ? fd : 0;
}

static int sink_open(const struct engine_ops *engine, const struct traffic_setup *setup,
                     const struct netns *const *ns, struct half **ret, struct error *err)
{
    (void)engine;
    if (setup->path_count == 0 || setup->sink_cpus.count == 0) {
        return fail(err, EINVAL, "a sink without paths or CPUs");
    }
    struct half *half = memory_new(1, sizeof *half);
    half->clock = (struct wall_clock)WALL_CLOCK_INIT;
    half->receivers = memory_new_array(struct packet_receiver, setup->path_count);
    half->paths = memory_new_array(struct traffic_path, setup->path_count);
    for (size_t i = 0; i < setup->path_count; i++) {
        int rc = receiver_open(&setup->paths[i], ns[i], &half->receivers[i], err);
        if (rc < 0) {
            sink_close(half);
            return rc;
        }
        half->paths[i] = setup->paths[i];
        half->path_count++;
        rc = sink_discard(half, setup, ns, i, err);
        if (rc < 0) {
            sink_close(half);
            return rc;
        }
    }
    half->sink_count = packet_thread_count(&setup->sink_cpus, setup->path_count);
    half->sinks = memory_new_array(struct packet_sink, half->sink_count);
    half->threads.threads = memory_new_array(pthread_t, half->sink_count);
    for (size_t i = 0; i < half->sink_count; i++) {
        half->sinks[i] = (struct packet_sink){
            .receivers = memory_new_array(struct packet_receiver *, setup->path_count),
            .cpus = packet_thread_cpu(&setup->sink_cpus, i),
            .stop = &half->stop,
        };
    }
    size_t next = 0;
    for (size_t i = 0; i < setup->path_count; i++) {
        struct packet_sink *sink = &half->sinks[next];
        sink->receivers[sink->receiver_count++] = &half->receivers[i];
        next = next + 1 == half->sink_count ? 0 : next + 1;
    }
    *ret = half;
    return 0;
}

static int sink_start(struct half *half, const struct traffic_request *request, struct error *err)
{
    int rc = wall_clock_begin(&half->clock, err);
    for (size_t i = 0; rc == 0 && i < half->path_count; i++) {
        receiver_prepare(&half->receivers[i], &half->clock, request->run,
                         half->paths[i].address.network);
        half->receivers[i].flow->form = form_make(&half->paths[i], request);
        receiver_divide(&half->receivers[i], request, i);
    }
    atomic_store(&half->stop, false);
    for (size_t i = 0; rc == 0 && i < half->sink_count; i++) {
        half->sinks[i].failed = 0;
        rc = packet_threads_add(&half->threads, sink_run, &half->sinks[i], err);
    }
    return rc;
}

static uint64_t sink_seen(const struct half *half)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < half->path_count; i++) {
        sum += atomic_load_explicit(&half->receivers[i].flow->arrivals, memory_order_relaxed);
    }
    return sum;
}

static void sink_stop(struct half *half)
{
    atomic_store_explicit(&half->stop, true, memory_order_release);
    packet_threads_join(&half->threads);
    wall_clock_end(&half->clock);
}

static void fill_count(struct packet_receiver *receiver, struct traffic_count *count)
{
    const struct flow *flow = receiver->flow;
    receiver_read_drops(receiver);
    count->rx = flow->received;
    count->duplicated = flow->duplicated;
    count->reordered = flow->reordered;
    count->corrupt = flow->corrupt;
    count->stale = flow->stale;
    count->strays = flow->strays;
    flow_fill_gaps(flow->gaps, flow->gap_count, flow->gap_max, count);
    count->sink_drops = receiver->drops;
    count->clock_moved = flow->impossible > 0;
    for (size_t i = 0; i < flow->interval_count; i++) {
        count->within[i] = flow->within[i];
    }
    if (flow->received > 0) {
        count->delay_measured = true;
        flow_fill_delays(flow->delays, count);
        count->delay_min = flow->delay_min;
        count->delay_p50 = flow_delay_quantile(flow, 0.5);
        count->delay_p99 = flow_delay_quantile(flow, 0.99);
        count->delay_p999 = flow_delay_quantile(flow, 0.999);
        count->delay_max = flow->delay_max;
        count->delay_mean = flow->delay_count == 0 ? 0 : flow->delay_sum / flow->delay_count;
        count->jitter_measured = true;
        count->jitter_ns = flow->jitter;
    }
}

static int sink_finish(struct half *half, const struct traffic_request *request,
                       struct traffic_count *counts, struct error *err)
{
    (void)request;
    atomic_store_explicit(&half->stop, true, memory_order_release);
    packet_threads_join(&half->threads);
    bool moved = wall_clock_moved(&half->clock);
    for (size_t i = 0; i < half->sink_count; i++) {
        if (half->sinks[i].failed != 0) {
            return fail(err, -half->sinks[i].failed, "receiving");
        }
    }
    for (size_t i = 0; i < half->path_count; i++) {
        fill_count(&half->receivers[i], &counts[i]);
        counts[i].clock_moved = counts[i].clock_moved || moved;
    }
    return 0;
}

const struct half_ops packet_sink_half = {
    .open = sink_open,
    .start = sink_start,
    .seen = sink_seen,
    .finish = sink_finish,
    .stop = sink_stop,
    .close = sink_close,
};
