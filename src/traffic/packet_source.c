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
    struct traffic_path path;
    struct frame_template frame;
    uint8_t *buffers; // PACKET_BATCH copies of the frame
};

static struct packet_stream *stream_of(struct pacer_stream *paced)
{
    return (struct packet_stream *)(void *)paced;
}

static void stream_close(struct pacer_stream *paced)
{
    struct packet_stream *stream = stream_of(paced);
    if (stream->socket >= 0) {
        close(stream->socket);
    }
    free(stream->buffers);
}

static uint8_t *buffer(const struct packet_stream *stream, size_t i)
{
    return stream->buffers + i * sizeof stream->frame.bytes;
}

static int packet_send(struct pacer_thread *thread, size_t number, size_t count)
{
    struct pacer_stream *paced = thread->streams[number];
    struct packet_stream *stream = stream_of(paced);
    struct mmsghdr messages[PACKET_BATCH];
    struct iovec parts[PACKET_BATCH];
    memset(messages, 0, count * sizeof messages[0]);
    uint64_t now = clock_monotonic_ns();
    for (size_t i = 0; i < count; i++) {
        struct frame_stamp stamp = {stream->path.address.network, thread->run, paced->tx + i, now};
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

static int stream_open(const struct traffic_path *path, const struct netns *ns,
                       struct pacer_stream *paced, struct error *err)
{
    struct packet_stream *ret = stream_of(paced);
    *ret = (struct packet_stream){.paced = {.batch = PACKET_BATCH}, .socket = -1, .path = *path};
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    int rc = netns_visit(ns, &visit, err);
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
        stream_close(paced);
        return rc;
    }
    ret->buffers = memory_new_array(uint8_t, PACKET_BATCH * sizeof ret->frame.bytes);
    return 0;
}

static void stream_prepare(struct pacer_thread *thread, size_t number,
                           const struct traffic_request *request)
{
    struct packet_stream *stream = stream_of(thread->streams[number]);
    frame_template_init(&stream->frame, &stream->path.address,
                        traffic_ip_length(&stream->path, request));
    for (size_t copy = 0; copy < PACKET_BATCH; copy++) {
        memcpy(buffer(stream, copy), stream->frame.bytes, stream->frame.length);
    }
}

static int source_open(const struct engine_ops *engine, const struct traffic_setup *setup,
                       const struct netns *const *ns, struct half **ret, struct error *err)
{
    static const struct pacer_kind kind = {.stream_size = sizeof(struct packet_stream),
                                           .open = stream_open,
                                           .close = stream_close,
                                           .prepare = stream_prepare,
                                           .send = packet_send};
    (void)engine;
    return pacer_open(&kind, setup, ns, ret, err);
}

const struct half_ops packet_source_half = {
    .open = source_open,
    .start = pacer_start,
    .finish = pacer_finish,
    .stop = pacer_stop,
    .close = pacer_close,
};
