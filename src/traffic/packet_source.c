// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/packet_source — sends streams of stamped frames through AF_PACKET sockets at the rate
 * that pacer.h keeps. A half of the engine "packet", called through engine.h.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "traffic/pacer.h"
#include "traffic/packet.h"

#define SEND_BUFFER (4 << 20)

// Frames of one system call: many enough to make its cost small, few enough that the last is sent
// within a few microseconds of its stamp.
#define PACKET_BATCH 32U

// Sending of one path.
struct packet_stream {
    struct pacer_stream paced;
    int socket;
    struct frame_address address;
    struct frame_template frame;
    uint8_t *buffers; // PACKET_BATCH copies of the frame
};

struct half {
    size_t path_count;
    struct packet_stream *streams; // for each path
    struct pacer_stream **paced;   // the same, for the pacer
    struct pacer *pacer;
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

static uint8_t *buffer(const struct packet_stream *stream, size_t i)
{
    return stream->buffers + i * sizeof stream->frame.bytes;
}

static int packet_send(struct pacer_stream *paced, uint32_t run, size_t count)
{
    struct packet_stream *stream = (struct packet_stream *)(void *)paced;
    struct mmsghdr messages[PACKET_BATCH];
    struct iovec parts[PACKET_BATCH];
    memset(messages, 0, count * sizeof messages[0]);
    uint64_t now = clock_monotonic_ns();
    for (size_t i = 0; i < count; i++) {
        struct frame_stamp stamp = {stream->address.network, run, paced->tx + i, now};
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
            paced->tx += done;
            return -errno;
        }
    }
    paced->tx += count;
    return 0;
}

static int stream_open(const struct traffic_path *path, struct packet_stream *ret,
                       struct error *err)
{
    *ret = (struct packet_stream){.paced = {.send = packet_send, .batch = PACKET_BATCH},
                                  .socket = -1,
                                  .address = path->address};
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

static void source_close(struct half *half)
{
    if (half == NULL) {
        return;
    }
    for (size_t i = 0; i < half->path_count; i++) {
        stream_close(&half->streams[i]);
    }
    pacer_free(half->pacer);
    free(half->paced);
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
    half->paced = memory_new_array(struct pacer_stream *, setup->path_count);
    for (size_t i = 0; i < setup->path_count; i++) {
        int rc = stream_open(&setup->paths[i], &half->streams[i], err);
        if (rc < 0) {
            source_close(half);
            return rc;
        }
        half->paced[i] = &half->streams[i].paced;
        half->path_count++;
    }
    half->pacer = pacer_new(setup, half->paced);
    *ret = half;
    return 0;
}

static int source_start(struct half *half, const struct traffic_request *request, struct error *err)
{
    for (size_t i = 0; i < half->path_count; i++) {
        struct packet_stream *stream = &half->streams[i];
        frame_template_init(&stream->frame, &stream->address, request->ip_length);
        for (size_t copy = 0; copy < PACKET_BATCH; copy++) {
            memcpy(buffer(stream, copy), stream->frame.bytes, stream->frame.length);
        }
    }
    return pacer_start(half->pacer, request, err);
}

static int source_finish(struct half *half, const struct traffic_request *request,
                         struct traffic_count *counts, struct error *err)
{
    return pacer_finish(half->pacer, request, counts, err);
}

static void source_stop(struct half *half)
{
    pacer_stop(half->pacer);
}

const struct half_ops packet_source_half = {
    .open = source_open,
    .start = source_start,
    .finish = source_finish,
    .stop = source_stop,
    .close = source_close,
};
