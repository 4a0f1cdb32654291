// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The BPF programs of the traffic engine xdp, loaded for tests that run them in the kernel on
 * single frames (BPF_PROG_TEST_RUN) and compare them with traffic/frame and traffic/flow. Needs
 * root.
 */
#ifndef VRBENCH_TESTS_XDP_PROGRAMS_H
#define VRBENCH_TESTS_XDP_PROGRAMS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "base/text.h"
#include "traffic/flow.h"
#include "version.h"

#include "traffic/xdp.h"
#include "traffic/xdp_stream.h"
#include "xdp_sink.skel.h"
#include "xdp_source.skel.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define RUN        0xfeedbeefU
#define NETWORK    3
#define FRAME_ROOM 4000U

static struct xdp_source_bpf *source;
static struct xdp_sink_bpf *sinks[2]; // for one receive queue, and for several
static struct xdp_sink_bpf *sink;     // the one that is tested
static struct flow *flow;

static const struct frame_address address4 = {.source_mac = {2, 0x76, 0, 0, 0, 1},
                                              .next_hop_mac = {2, 0x76, 0, 0, 0, 2},
                                              .source = {4, {198, 18, 0, 2}},
                                              .destination = {4, {198, 19, 0, 2}},
                                              .network = NETWORK};
static const struct frame_address address6 = {
    .source_mac = {2, 0x76, 0, 0, 0, 1},
    .next_hop_mac = {2, 0x76, 0, 0, 0, 2},
    .source = {6, {0x20, 1, 0, 2, [15] = 2}},
    .destination = {6, {0x20, 1, 0, 2, 0, 0, 0x80, [15] = 2}},
    .network = NETWORK};
static const struct frame_address tagged4 = {.source_mac = {2, 0x76, 0, 0, 0, 1},
                                             .next_hop_mac = {2, 0x76, 0, 0, 0, 2},
                                             .source = {4, {198, 18, 0, 2}},
                                             .destination = {4, {198, 19, 0, 2}},
                                             .network = NETWORK,
                                             .vlan = 1000};
static const struct frame_address tagged6 = {
    .source_mac = {2, 0x76, 0, 0, 0, 1},
    .next_hop_mac = {2, 0x76, 0, 0, 0, 2},
    .source = {6, {0x20, 1, 0, 2, [15] = 2}},
    .destination = {6, {0x20, 1, 0, 2, 0, 0, 0x80, [15] = 2}},
    .network = NETWORK,
    .vlan = 4094};
#define ADDRESSES 4U
static const struct frame_address *const addresses[ADDRESSES] = {&address4, &address6, &tagged4,
                                                                 &tagged6};
static const struct frame_address *address; // of the IP version and the tag that are tested

static inline int load_programs(void **state)
{
    (void)state;
#ifndef __clang_analyzer__ // the analyzer finds a leak in bpftool's generated code
    if (geteuid() == 0) {
        source = xdp_source_bpf__open_and_load();
        for (size_t i = 0; i < 2; i++) {
            sinks[i] = xdp_sink_bpf__open();
            sinks[i]->rodata->several_queues = i == 1;
            assert_int_equal(xdp_sink_bpf__load(sinks[i]), 0);
        }
        flow = memory_new(1, sizeof *flow);
    }
#endif
    return 0;
}

static inline int unload_programs(void **state)
{
    (void)state;
    xdp_source_bpf__destroy(source);
    xdp_sink_bpf__destroy(sinks[0]);
    xdp_sink_bpf__destroy(sinks[1]);
    free(flow);
    return 0;
}

static inline void need_programs(void)
{
    if (geteuid() != 0) {
        skip();
    }
    assert_non_null(source);
    assert_non_null(sinks[1]);
}

static inline void make_frame(struct frame_template *frame, uint8_t *bytes, unsigned ip_length,
                              const struct frame_stamp *stamp)
{
    frame_template_init(frame, address, ip_length);
    memcpy(bytes, frame->bytes, frame->length);
    frame_stamp(frame, bytes, stamp);
}

// Has the program send frames of a template as fast as it is run.
static inline void begin_stream(const struct frame_template *frame, const struct frame_stamp *stamp)
{
    source->bss->hot.first_stream = source->bss->hot.turn = source->bss->hot.row = 0;
    source->bss->hot.beyond_stream = 1;
    source->bss->hot.end_ns = UINT64_MAX;
    source->bss->hot.streams[0] = (struct xdp_stream){.target = UINT64_MAX};
    xdp_source_prepare(&source->bss->hot.streams[0], frame, stamp);
}

static inline void begin_counting(void)
{
    memset(sink->bss, 0, sizeof *sink->bss);
    sink->bss->hot.begin = frame_stamp_begin(NETWORK, RUN);
    sink->bss->hot.begin_mix = stamp_mix(sink->bss->hot.begin);
    sink->bss->hot.delay_min = UINT64_MAX;
    flow_start(flow, RUN, NETWORK);
    flow->form.vlan = sink->bss->hot.form.vlan = address->vlan;
}

static inline void expect_same_counts(void)
{
    assert_int_equal(sink->bss->hot.received + sink->bss->hot.duplicated + sink->bss->hot.corrupt +
                         sink->bss->hot.stale,
                     flow->arrivals);
    assert_int_equal(sink->bss->hot.received, flow->received);
    assert_int_equal(sink->bss->hot.duplicated, flow->duplicated);
    assert_int_equal(sink->bss->hot.reordered, flow->reordered);
    assert_int_equal(sink->bss->hot.corrupt, flow->corrupt);
    assert_int_equal(sink->bss->hot.stale, flow->stale);
    assert_int_equal(sink->bss->hot.strays, flow->strays);
    assert_int_equal(sink->bss->hot.highest, flow->highest);
    assert_int_equal(sink->bss->hot.gap_max, flow->gap_max);
}

// Gives the frame to both; they must agree about it.
static inline void arrive(const uint8_t *frame, size_t length)
{
    struct frame_stamp stamp;
    DECLARE_LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
                        .data_size_in = (uint32_t)length, .repeat = 1);
    assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(sink->progs.count_stamped), &options),
                     0);
    enum frame_verdict verdict = frame_parse(frame, length, &stamp);
    // Shorter than a whole stamp, it may be test traffic that was cut: the sink lets it pass.
    size_t tag = length >= 18 && frame[12] == 0x81 && frame[13] == 0 ? FRAME_VLAN : 0;
    bool six = length >= 14 + tag && frame[12 + tag] == 0x86 && frame[13 + tag] == 0xdd;
    bool passes = verdict == FRAME_FOREIGN ||
                  length < FRAME_ETHERNET + tag + (six ? FRAME_IP_MIN(6) : FRAME_IP_MIN(4));
    assert_int_equal(options.retval, passes ? XDP_PASS : XDP_DROP);
    if (passes) {
        return;
    }
    if (verdict == FRAME_CORRUPT) {
        flow_count_corrupt(flow);
    } else {
        flow_count(flow, &stamp, stamp.time_ns);
    }
    expect_same_counts();
}

#endif
