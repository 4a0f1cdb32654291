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
#include "traffic/form_make.h"
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
    struct form form;
    struct frame_template *frames; // for each length
    uint8_t *buffers;              // PACKET_BATCH frames: headers, stamp and filler
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
    free(stream->frames);
    free(stream->buffers);
}

static uint8_t *buffer(const struct packet_stream *stream, size_t i)
{
    return stream->buffers + i * sizeof stream->frames->bytes;
}

// Writes the frame of a packet to a buffer, which contains the filler of all lengths. Returns its
// length.
static size_t write_frame(const struct packet_stream *stream, const struct frame_stamp *stamp,
                          uint8_t *frame)
{
    const struct form *form = &stream->form;
    const struct frame_template *made = &stream->frames[form_part(&form->lengths, stamp->sequence)];
    if (form->lengths.slot_count > 1 || form->flows.count > 1) {
        memcpy(frame, made->bytes, made->stamp_at);
    }
    frame_stamp(made, frame, stamp);
    if (form->flows.count > 1) {
        uint32_t flow = form_flow(&form->flows, stamp->sequence);
        frame_set_source(made, frame, form_port(form, flow), form_address(form, flow));
    }
    return made->length;
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
        const struct frame_stamp stamp = {.network = stream->path.address.network,
                                          .run = thread->run,
                                          .sequence = paced->tx + i,
                                          .time_ns = now};
        size_t length = write_frame(stream, &stamp, buffer(stream, i));
        parts[i] = (struct iovec){buffer(stream, i), length};
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
    ret->buffers = memory_new_array(uint8_t, PACKET_BATCH * sizeof ret->frames->bytes);
    return 0;
}

static void stream_prepare(struct pacer_thread *thread, size_t number,
                           const struct traffic_request *request)
{
    struct packet_stream *stream = stream_of(thread->streams[number]);
    stream->form = form_make(&stream->path, request);
    free(stream->frames);
    unsigned parts = form_part_count(&stream->form);
    stream->frames = memory_new_array(struct frame_template, parts);
    const struct frame_template *longest = &stream->frames[0];
    for (unsigned i = 0; i < parts; i++) {
        struct frame_template *frame = &stream->frames[i];
        frame_template_init(frame, &stream->path.address, stream->form.lengths.lengths[i]);
        longest = frame->length > longest->length ? frame : longest;
    }
    for (size_t copy = 0; copy < PACKET_BATCH; copy++) {
        memcpy(buffer(stream, copy), longest->bytes, longest->length);
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
