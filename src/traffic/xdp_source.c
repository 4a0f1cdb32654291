// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/xdp_source — sends streams of stamped frames from within the kernel: bpf/xdp_source run
 * on live frames (BPF_PROG_TEST_RUN with BPF_F_TEST_XDP_LIVE_FRAMES, kernel net/bpf/test_run.c,
 * Linux 5.18), at the rate that pacer.h keeps. A half of the engine "xdp", called through engine.h.
 *
 * Each call of bpf(2) would wait some 20 ms for an RCU grace period, as the program enters the XDP
 * dispatcher and leaves it again (kernel/bpf/dispatcher.c). A program that is attached anywhere
 * stays in it: this one is, to the loopback interface of a namespace that nothing else uses.
 */
#include "version.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "linux/bpf_skeleton.h"
#include "linux/xdp_ability.h"
#include "traffic/pacer.h"
#include "traffic/xdp.h"
#include "xdp_source.skel.h"

#define LOOPBACK 1 // its index in any namespace

// Packets that one system call sends at most. A call costs some 15 us besides its packets.
#define CALL_PACED 64U
#define CALL_FAST  4096U // as fast as possible

struct xdp_stream {
    struct pacer_stream paced;
    struct xdp_source_bpf *skeleton;
    struct netns *apart; // namespace to whose loopback interface the program is attached
    int attachment;      // the link to it
    int program;         // of the skeleton
    const struct netns *ns;
    struct frame_address address;
    unsigned ip_extra;
    struct frame_template frame;
};

static struct xdp_stream *stream_of(struct pacer_stream *paced)
{
    return (struct xdp_stream *)(void *)paced;
}

// ---- the program

static struct xdp_source_bpf *source_load(struct error *err)
{
    bpf_skeletons_are_silent();
#ifdef __clang_analyzer__ // the analyzer finds a leak in bpftool's generated code
    struct xdp_source_bpf *skeleton = NULL;
#else
    struct xdp_source_bpf *skeleton = xdp_source_bpf__open_and_load();
#endif
    if (skeleton == NULL) {
        (void)fail_lacking(err, "loading the source's BPF program: %s", strerror(errno));
    }
    return skeleton;
}

// Sends `count` frames. Returns 0 or a negative errno.
static int run_program(int program, const uint8_t *frame, size_t length, uint32_t count)
{
    struct xdp_md context = {.data_end = (uint32_t)length};
    DECLARE_LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
                        .data_size_in = (uint32_t)length, .ctx_in = &context,
                        .ctx_size_in = sizeof context, .repeat = (int)count,
                        .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = CALL_PACED);
    return bpf_prog_test_run_opts(program, &options);
}

int xdp_source_try(struct error *err)
{
    uint8_t frame[FRAME_ETHERNET + FRAME_IP_MIN(4)] = {0};
    struct xdp_source_bpf *skeleton = source_load(err);
    if (skeleton == NULL) {
        return -ENOTSUP;
    }
    int rc = run_program(bpf_program__fd(skeleton->progs.send_stamped), frame, sizeof frame, 1);
    if (rc < 0) {
        rc =
            fail_lacking(err,
                         "the traffic engine xdp needs BPF programs that run on live frames (Linux "
                         "5.18): %s",
                         strerror(-rc));
    }
    xdp_source_bpf__destroy(skeleton);
    return rc;
}

// ---- streams

// Called in the pacer's thread, which must be in the namespace of the interface.
static int xdp_send(struct pacer_stream *paced, uint32_t run, size_t count)
{
    struct xdp_stream *stream = stream_of(paced);
    (void)run; // set in the stamp when the trial began
    static _Thread_local const struct netns *place;
    if (place != stream->ns) {
        if (setns(stream->ns->fd, CLONE_NEWNET) < 0) {
            return -errno;
        }
        place = stream->ns;
    }
    int rc =
        run_program(stream->program, stream->frame.bytes, stream->frame.length, (uint32_t)count);
    uint64_t sent = stream->skeleton->bss->sequence;
    paced->tx = sent;
    return rc == -EINTR ? 0 : rc;
}

static void stream_close(struct pacer_stream *paced)
{
    struct xdp_stream *stream = stream_of(paced);
    cleanup_close(&stream->attachment);
    netns_close(stream->apart);
    xdp_source_bpf__destroy(stream->skeleton); // NULL is fine
}

// Frames that an interface does not take from a BPF program are dropped without an error.
static int interface_check(const struct traffic_path *path, struct error *err)
{
    enum xdp_ability ability = XDP_ABILITY_UNKNOWN;
    int rc = xdp_ability(path->source_ns, path->source_index, &ability, err);
    if (rc == 0 && ability == XDP_TAKES_NONE) {
        rc = fail_lacking(err,
                          "the source's interface of network %u takes no frames from BPF programs: "
                          "its driver can't, or the other end of the veth pair has no GRO (ethtool "
                          "-K IF gro on); the traffic engine packet needs none of this",
                          path->address.network);
    }
    return rc;
}

// An interface can have one program, so each stream has a separate namespace for it.
static int stream_attach(struct xdp_stream *stream, struct error *err)
{
    int rc = netns_create(NULL, &stream->apart, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    rc = netns_visit(stream->apart, &visit, err);
    if (rc < 0) {
        return rc;
    }
    DECLARE_LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_SKB_MODE);
    stream->attachment = bpf_link_create(stream->program, LOOPBACK, BPF_XDP, &options);
    return stream->attachment < 0 ? fail(err, errno, "attaching the source's BPF program") : 0;
}

static int stream_open(const struct traffic_path *path, struct pacer_stream *paced,
                       struct error *err)
{
    struct xdp_stream *ret = stream_of(paced);
    *ret = (struct xdp_stream){.paced = {.send = xdp_send, .batch = CALL_PACED},
                               .attachment = -1,
                               .ns = path->source_ns,
                               .address = path->address,
                               .ip_extra = path->ip_extra};
    int rc = interface_check(path, err);
    if (rc < 0) {
        return rc;
    }
    ret->skeleton = source_load(err);
    if (ret->skeleton == NULL) {
        return -ENOTSUP;
    }
    ret->program = bpf_program__fd(ret->skeleton->progs.send_stamped);
    ret->skeleton->bss->interface = (uint32_t)path->source_index;
    rc = stream_attach(ret, err);
    if (rc < 0) {
        stream_close(paced);
    }
    return rc;
}

void xdp_source_prepare(struct xdp_source_bpf__bss *globals, const struct frame_template *frame,
                        const struct frame_stamp *stamp)
{
    uint8_t stamped[FRAME_ETHERNET + FRAME_IP_MAX];
    memcpy(stamped, frame->bytes, frame->length);
    frame_stamp(frame, stamped, stamp);
    memset(globals->frame_headers, 0, sizeof globals->frame_headers);
    memcpy(globals->frame_headers, frame->bytes, frame->stamp_at);
    memcpy(&globals->stamp_begin, stamped + frame->stamp_at, sizeof globals->stamp_begin);
    globals->stamp_at = (uint32_t)frame->stamp_at;
    globals->frame_base_sum = frame->base_sum;
    globals->sequence = 0;
}

static void stream_prepare(struct pacer_stream *paced, const struct traffic_request *request)
{
    struct xdp_stream *stream = stream_of(paced);
    struct frame_stamp stamp = {.network = stream->address.network, .run = request->run};
    frame_template_init(&stream->frame, &stream->address, request->ip_length + stream->ip_extra);
    xdp_source_prepare(stream->skeleton->bss, &stream->frame, &stamp);
    stream->paced.batch = request->pps > 0.0 ? CALL_PACED : CALL_FAST;
}

// ---- the half

static int source_open(const struct engine_ops *engine, const struct traffic_setup *setup,
                       struct half **ret, struct error *err)
{
    static const struct pacer_kind kind = {.stream_size = sizeof(struct xdp_stream),
                                           .open = stream_open,
                                           .close = stream_close,
                                           .prepare = stream_prepare};
    (void)engine;
    return pacer_open(&kind, setup, ret, err);
}

const struct half_ops xdp_source_half = {
    .open = source_open,
    .start = pacer_start,
    .finish = pacer_finish,
    .stop = pacer_stop,
    .close = pacer_close,
};
