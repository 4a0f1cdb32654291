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
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "linux/bpf_skeleton.h"
#include "linux/xdp_ability.h"
#include "traffic/form_make.h"
#include "traffic/pacer.h"
#include "traffic/xdp.h"
#include "traffic/xdp_stream.h"
#include "xdp_source.skel.h"

#define LOOPBACK 1 // its index in any namespace

/*
 * Frames of a batch leave together, or as soon as there are 16 of them; then other tasks may run.
 * So a batch must be short, as frames wait for its end, but each batch costs a wake-up of the
 * sink's thread (some 3 us on the same CPU): it is as many frames as are sent in BATCH_NS. The pool
 * of pages that are used again has the same size.
 */
#define BATCH_NS   16000.0
#define BATCH_MIN  8U
#define BATCH_MAX  64U  // the kernel's default
#define BATCH_FAST 128U // as fast as possible: half a veth's ring

// What a path's stream needs until its thread is opened.
struct xdp_path {
    struct pacer_stream paced;
    const struct netns *ns;
    struct traffic_path path;
    struct frame_template frame; // the longest
};

// What a thread has.
struct xdp_sender {
    struct xdp_source_bpf *skeleton;
    struct netns *apart; // namespace to whose loopback interface the program is attached
    int attachment;      // the link to it
    int program;         // of the skeleton
    bool uniform;        // all streams have the same layout, so that they can share pages
    uint32_t batch;
    uint32_t piece_count; // of the streams prepared so far
    const uint8_t *frame; // what the kernel makes the frames of
    size_t frame_length;
};

static struct xdp_path *path_of(struct pacer_stream *paced)
{
    return (struct xdp_path *)(void *)paced;
}

// ---- the program

static struct xdp_source_bpf *source_load(struct error *err)
{
    struct xdp_source_bpf *skeleton = BPF_SKELETON_LOAD(xdp_source);
    if (skeleton == NULL) {
        (void)fail_lacking(err, "loading the source's BPF program: %s", strerror(errno));
    }
    return skeleton;
}

// Runs the program `count` times. Returns 0 or a negative errno: -EINTR after a signal.
static int run_program(int program, const uint8_t *frame, size_t length, uint32_t count,
                       uint32_t batch)
{
    struct xdp_md context = {.data_end = (uint32_t)length};
    DECLARE_LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
                        .data_size_in = (uint32_t)length, .ctx_in = &context,
                        .ctx_size_in = sizeof context, .repeat = (int)count,
                        .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = batch);
    return bpf_prog_test_run_opts(program, &options);
}

int xdp_source_try(struct error *err)
{
    uint8_t frame[FRAME_ETHERNET + FRAME_IP_MIN(4)] = {0};
    struct xdp_source_bpf *skeleton = source_load(err);
    if (skeleton == NULL) {
        return -ENOTSUP;
    }
    int rc = run_program(bpf_program__fd(skeleton->progs.send_stamped), frame, sizeof frame, 1, 1);
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

// ---- sending

static void take_results(struct pacer_thread *thread)
{
    const struct xdp_sender *sender = thread->own;
    const struct xdp_source_bpf__bss *globals = sender->skeleton->bss;
    for (size_t i = 0; i < thread->stream_count; i++) {
        thread->streams[i]->tx = globals->hot.streams[i].sequence;
        thread->streams[i]->last_ns = globals->hot.streams[i].last_ns;
    }
    thread->waited_ns = globals->hot.waited_ns;
}

static bool sender_sent_all(const struct pacer_thread *thread)
{
    const struct xdp_sender *sender = thread->own;
    const struct xdp_source_bpf__bss *globals = sender->skeleton->bss;
    for (size_t i = 0; i < thread->stream_count; i++) {
        const volatile struct xdp_stream *stream = &globals->hot.streams[i];
        if (stream->sequence < stream->target) {
            return false;
        }
    }
    return true;
}

// Whether one call can send all streams: the rest of a frame stays on its page, which any stream
// may get next. And waiting without sleeping must not take CPU from the device under test.
static bool sender_paces(const struct pacer_thread *thread)
{
    const struct xdp_sender *sender = thread->own;
    return sender->uniform && !thread->crowded_cpu;
}

// One call of the kernel lasts for the whole trial; the pacer's signal ends it.
static int sender_run(struct pacer_thread *thread)
{
    struct xdp_sender *sender = thread->own;
    int rc = 0;
    while (rc == 0 && !atomic_load(thread->stop) && !sender_sent_all(thread) &&
           clock_monotonic_ns() < thread->limit_ns) {
        rc = run_program(sender->program, sender->frame, sender->frame_length, INT_MAX,
                         sender->batch);
        rc = rc == -EINTR ? 0 : rc;
    }
    take_results(thread);
    return rc;
}

// One short call of the kernel.
static int sender_send(struct pacer_thread *thread, size_t number, size_t count)
{
    struct xdp_sender *sender = thread->own;
    struct xdp_source_bpf__bss *globals = sender->skeleton->bss;
    struct pacer_stream *paced = thread->streams[number];
    globals->hot.first_stream = globals->hot.turn = (uint32_t)number;
    globals->hot.row = 0;
    globals->hot.beyond_stream = (uint32_t)number + 1;
    const struct frame_template *frame = &path_of(paced)->frame;
    int rc = run_program(sender->program, frame->bytes, frame->length, (uint32_t)count, BATCH_MAX);
    paced->tx = globals->hot.streams[number].sequence;
    return rc == -EINTR ? 0 : rc;
}

// ---- streams

static void stream_close(struct pacer_stream *paced)
{
    (void)paced; // nothing is open
}

// Frames that an interface does not take from a BPF program are dropped without an error.
static int interface_check(const struct traffic_path *path, const struct netns *ns,
                           struct error *err)
{
    enum xdp_ability ability = XDP_ABILITY_UNKNOWN;
    int rc = xdp_ability(ns, path->source_index, &ability, err);
    if (rc == 0 && ability == XDP_TAKES_NONE) {
        rc = fail_lacking(err,
                          "the tester's interface that sends stream %u takes no frames from BPF "
                          "programs: its driver can't, or the other end of the veth pair has no "
                          "GRO (ethtool -K IF gro on); the traffic engine packet needs none of "
                          "this",
                          path->address.network);
    }
    return rc;
}

static int stream_open(const struct traffic_path *path, const struct netns *ns,
                       struct pacer_stream *paced, struct error *err)
{
    struct xdp_path *ret = path_of(paced);
    *ret = (struct xdp_path){.paced = {.batch = BATCH_MAX}, .ns = ns, .path = *path};
    return interface_check(path, ns, err);
}

// Fills a part of a stream from the template of its length.
static void fill_part(const struct frame_template *frame, struct xdp_part *ret)
{
    const uint8_t *udp = frame->bytes + frame->stamp_at - FRAME_UDP;
    const uint8_t *ip = udp - (frame->version == 6 ? FRAME_IPV6 : FRAME_IPV4);
    uint16_t port = 0;
    uint16_t check = 0;
    uint32_t address = 0;
    memcpy(&port, udp, sizeof port);
    memcpy(&check, ip + 10, sizeof check); // of IPv4
    memcpy(&address, ip + (frame->version == 6 ? 20 : 12), sizeof address);
    *ret = (struct xdp_part){.length = (uint32_t)frame->length,
                             .base_sum = frame->base_sum,
                             .udp_less = (uint64_t)(uint16_t)~port + (uint32_t)~address,
                             .ip_less = (uint64_t)(uint16_t)~check + (uint32_t)~address};
    memcpy(ret->headers, frame->bytes, frame->stamp_at);
}

void xdp_source_prepare(struct xdp_stream *stream, const struct frame_template *frame,
                        const struct frame_stamp *stamp)
{
    stream->begin = frame_stamp_begin(stamp->network, stamp->run);
    stream->begin_mix = stamp_mix(stream->begin);
    stream->stamp_at = (uint32_t)frame->stamp_at;
    fill_part(frame, &stream->parts[0]);
    stream->form = (struct form){.port = 0};
    stream->sequence = 0;
}

void xdp_source_set_form(struct xdp_stream *stream, const struct frame_address *address,
                         const struct form *form)
{
    struct frame_template frame;
    for (unsigned i = 0; i < form_part_count(form); i++) {
        frame_template_init(&frame, address, form->lengths.lengths[i]);
        fill_part(&frame, &stream->parts[i]);
    }
    stream->form = *form;
}

static uint32_t batch_for(double pps)
{
    uint32_t batch = BATCH_MIN;
    while (batch < BATCH_MAX && batch < pps * BATCH_NS / (double)NS_PER_S) {
        batch *= 2;
    }
    return pps <= 0.0 ? BATCH_FAST : batch;
}

// Gives the program the pieces of a load that changes in time.
static void add_pieces(struct xdp_sender *sender, const struct pacer_stream *paced,
                       struct xdp_stream *stream)
{
    struct xdp_source_bpf__bss *globals = sender->skeleton->bss;
    uint32_t at = sender->piece_count;
    for (size_t i = 0; i < paced->piece_count; i++) {
        globals->pieces[at + i] = paced->pieces[i];
    }
    sender->piece_count += (uint32_t)paced->piece_count;
    stream->next_piece = at + 1;
    stream->beyond_piece = sender->piece_count;
    stream->next_first = paced->piece_count > 1 ? paced->pieces[1].first : UINT64_MAX;
}

static void stream_prepare(struct pacer_thread *thread, size_t number,
                           const struct traffic_request *request)
{
    struct xdp_sender *sender = thread->own;
    struct xdp_path *path = path_of(thread->streams[number]);
    struct xdp_source_bpf__bss *globals = sender->skeleton->bss;
    struct xdp_stream *stream = &globals->hot.streams[number];
    const struct frame_address *address = &path->path.address;
    const struct frame_stamp stamp = {.network = address->network, .run = request->run};
    const struct form form = form_make(&path->path, request);
    frame_template_init(&path->frame, address, form_longest(&form));
    xdp_source_prepare(stream, &path->frame, &stamp);
    xdp_source_set_form(stream, address, &form);
    stream->next_first = UINT64_MAX;
    sender->piece_count = number == 0 ? 0 : sender->piece_count;
    // With send(), the pacer decides when.
    if (sender_paces(thread)) {
        add_pieces(sender, &path->paced, stream);
    }
    stream->last_ns = 0;
    stream->pace = sender_paces(thread) ? path->paced.pace : (struct pace){0};
    stream->target = sender_paces(thread) ? path->paced.target : UINT64_MAX;
    globals->hot.turn = globals->hot.first_stream = globals->hot.row = 0;
    globals->hot.beyond_stream = (uint32_t)thread->stream_count;
    globals->hot.end_ns = thread->limit_ns;
    globals->hot.waited_ns = 0;
    if (number == 0 || path->frame.length > sender->frame_length) {
        sender->frame = path->frame.bytes;
        sender->frame_length = path->frame.length;
    }
    sender->batch = batch_for(request->pps * (double)thread->stream_count);
}

// ---- threads

// An interface can have one program, so each thread has a separate namespace for it.
static int sender_attach(struct xdp_sender *sender, struct error *err)
{
    int rc = netns_create(NULL, &sender->apart, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    rc = netns_visit(sender->apart, &visit, err);
    if (rc < 0) {
        return rc;
    }
    DECLARE_LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_SKB_MODE);
    sender->attachment = bpf_link_create(sender->program, LOOPBACK, BPF_XDP, &options);
    return sender->attachment < 0 ? fail(err, errno, "attaching the source's BPF program") : 0;
}

static void sender_close(struct pacer_thread *thread)
{
    struct xdp_sender *sender = thread->own;
    if (sender == NULL) {
        return;
    }
    cleanup_close(&sender->attachment);
    netns_close(sender->apart);
    xdp_source_bpf__destroy(sender->skeleton); // NULL is fine
    free(sender);
    thread->own = NULL;
}

// Gives the program the interface of a stream.
static int sender_connect(const struct xdp_sender *sender, uint32_t number,
                          const struct xdp_path *path, struct error *err)
{
    uint32_t interface = (uint32_t)path->path.source_index;
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    int rc = netns_visit(path->ns, &visit, err);
    if (rc < 0) {
        return rc;
    }
    int map = bpf_map__fd(sender->skeleton->maps.interfaces);
    rc = bpf_map_update_elem(map, &number, &interface, BPF_ANY);
    // kernel/bpf/devmap.c reports a missing interface as an invalid one.
    char name[IF_NAMESIZE];
    rc = rc == -EINVAL && if_indextoname(interface, name) == NULL ? -ENODEV : rc;
    return rc < 0 ? fail(err, -rc, "giving the source's BPF program an interface") : 0;
}

// Whether the fillers of both paths' frames begin at the same place.
static bool have_same_layout(const struct traffic_path *a, const struct traffic_path *b)
{
    return a->address.source.version == b->address.source.version &&
           (a->address.vlan == 0) == (b->address.vlan == 0);
}

static int sender_open(struct pacer_thread *thread, struct error *err)
{
    if (thread->stream_count > XDP_STREAMS_MAX) {
        return fail(err, E2BIG, "a source with more than %u streams", XDP_STREAMS_MAX);
    }
    struct xdp_sender *sender = memory_new(1, sizeof *sender);
    sender->attachment = -1;
    thread->own = sender;
    sender->skeleton = source_load(err);
    if (sender->skeleton == NULL) {
        return -ENOTSUP;
    }
    sender->program = bpf_program__fd(sender->skeleton->progs.send_stamped);
    for (size_t i = 0; i < thread->stream_count; i++) {
        int rc = sender_connect(sender, (uint32_t)i, path_of(thread->streams[i]), err);
        if (rc < 0) {
            return rc;
        }
    }
    sender->uniform = true;
    for (size_t i = 1; i < thread->stream_count; i++) {
        sender->uniform = sender->uniform && have_same_layout(&path_of(thread->streams[0])->path,
                                                              &path_of(thread->streams[i])->path);
    }
    return sender_attach(sender, err);
}

// ---- the half

static int source_open(const struct engine_ops *engine, const struct traffic_setup *setup,
                       const struct netns *const *ns, struct half **ret, struct error *err)
{
    static const struct pacer_kind kind = {.stream_size = sizeof(struct xdp_path),
                                           .open = stream_open,
                                           .close = stream_close,
                                           .open_thread = sender_open,
                                           .close_thread = sender_close,
                                           .prepare = stream_prepare,
                                           .send = sender_send,
                                           .paces = sender_paces,
                                           .run = sender_run,
                                           .sent_all = sender_sent_all};
    (void)engine;
    return pacer_open(&kind, setup, ns, ret, err);
}

const struct half_ops xdp_source_half = {
    .open = source_open,
    .start = pacer_start,
    .finish = pacer_finish,
    .stop = pacer_stop,
    .close = pacer_close,
};
