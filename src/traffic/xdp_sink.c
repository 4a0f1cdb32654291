// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/xdp_sink — counts test frames within the kernel: bpf/xdp_sink, attached to the sink's
 * interfaces, counts and drops them before the kernel spends further CPU time on them. A half of
 * the engine "xdp", called through engine.h.
 *
 * The program's memory is mapped, so the counts can be read at any time. The arrival of a frame is
 * the time at which the interface's NAPI poll takes it out of the receive ring, by CLOCK_MONOTONIC
 * as in its stamp.
 */
#include "version.h"

#include <errno.h>
#include <net/if.h>
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
#include "linux/napi.h"
#include "linux/xdp_ability.h"
#include "traffic/flow.h"
#include "traffic/form_make.h"
#include "traffic/xdp.h"
#include "xdp_sink.skel.h"

#define JITTER_UNIT 256.0 // of a nanosecond, see bpf/xdp_sink

struct xdp_receiver {
    struct xdp_sink_bpf *skeleton;
    int attachment;
    struct traffic_path path;
    pid_t *first; // NAPI threads that run before other tasks
    size_t first_count;
};

struct half {
    size_t path_count;
    struct xdp_receiver *receivers; // for each path
};

// The sink's NAPI threads must get their CPU at once: the source, which may be on the same CPU,
// sends a ring of 256 packets within 50 us, and other programs take a CPU for milliseconds.
static void receiver_runs_first(struct xdp_receiver *receiver, const struct traffic_path *path,
                                const struct netns *ns)
{
    char name[IF_NAMESIZE] = "";
    struct netns_visit visit = NETNS_VISIT_INIT;
    if (netns_visit(ns, &visit, NULL) == 0) {
        (void)if_indextoname((unsigned)path->sink_index, name);
        netns_visit_end(&visit);
    }
    struct napi_interface interface = {.name = name, .index = path->sink_index};
    if (napi_make_threaded(ns, &interface, 1, NAPI_AUTO, NULL) == 0) {
        struct sched_param priority = {.sched_priority = 1};
        for (size_t i = 0; i < interface.thread_count; i++) {
            (void)sched_setscheduler(interface.threads[i], SCHED_FIFO, &priority);
        }
    }
    receiver->first = interface.threads;
    receiver->first_count = interface.thread_count;
}

static void receiver_close(struct xdp_receiver *receiver)
{
    struct sched_param none = {0};
    for (size_t i = 0; i < receiver->first_count; i++) {
        (void)sched_setscheduler(receiver->first[i], SCHED_OTHER, &none);
    }
    free(receiver->first);
    receiver->first = NULL;
    receiver->first_count = 0;
    cleanup_close(&receiver->attachment);
    xdp_sink_bpf__destroy(receiver->skeleton); // NULL is fine
    receiver->skeleton = NULL;
}

static int receiver_attach(struct xdp_receiver *receiver, const struct traffic_path *path,
                           const struct netns *ns, struct error *err)
{
    int program = bpf_program__fd(receiver->skeleton->progs.count_stamped);
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    int rc = netns_visit(ns, &visit, err);
    if (rc < 0) {
        return rc;
    }
    DECLARE_LIBBPF_OPTS(bpf_link_create_opts, native, .flags = XDP_FLAGS_DRV_MODE);
    DECLARE_LIBBPF_OPTS(bpf_link_create_opts, generic, .flags = XDP_FLAGS_SKB_MODE);
    receiver->attachment = bpf_link_create(program, path->sink_index, BPF_XDP, &native);
    if (receiver->attachment < 0) {
        receiver->attachment = bpf_link_create(program, path->sink_index, BPF_XDP, &generic);
    }
    return receiver->attachment < 0
               ? fail(err, errno, "attaching the sink's BPF program to its interface")
               : 0;
}

// Loads the program of a receiver with so many queues. NULL on failure.
static struct xdp_sink_bpf *sink_load(unsigned queues, struct error *err)
{
    struct xdp_sink_bpf *skeleton = BPF_SKELETON_OPEN(xdp_sink);
    if (skeleton == NULL) {
        (void)fail_lacking(err, "opening the sink's BPF program: %s", strerror(errno));
        return NULL;
    }
    skeleton->rodata->several_queues = queues > 1;
    int rc = xdp_sink_bpf__load(skeleton);
    if (rc < 0) {
        (void)fail_lacking(err, "loading the sink's BPF program: %s", strerror(-rc));
        xdp_sink_bpf__destroy(skeleton);
        return NULL;
    }
    return skeleton;
}

int xdp_sink_try(struct error *err)
{
    struct xdp_sink_bpf *skeleton = sink_load(1, err);
    xdp_sink_bpf__destroy(skeleton); // NULL is fine
    return skeleton == NULL ? -ENOTSUP : 0;
}

static int receiver_open(const struct traffic_path *path, const struct netns *ns,
                         struct xdp_receiver *ret, struct error *err)
{
    *ret = (struct xdp_receiver){.attachment = -1, .path = *path};
    unsigned queues = 0;
    int rc = xdp_receive_queues(ns, path->sink_index, &queues, err);
    if (rc < 0) {
        return rc;
    }
    ret->skeleton = sink_load(queues, err);
    if (ret->skeleton == NULL) {
        return -ENOTSUP;
    }
    rc = receiver_attach(ret, path, ns, err);
    if (rc < 0) {
        receiver_close(ret);
    }
    return rc;
}

static void sink_close(struct half *half)
{
    if (half == NULL) {
        return;
    }
    for (size_t i = 0; i < half->path_count; i++) {
        receiver_close(&half->receivers[i]);
    }
    free(half->receivers);
    free(half);
}

static int sink_open(const struct engine_ops *engine, const struct traffic_setup *setup,
                     const struct netns *const *ns, struct half **ret, struct error *err)
{
    (void)engine;
    struct half *half = memory_new(1, sizeof *half);
    half->receivers = memory_new_array(struct xdp_receiver, setup->path_count);
    for (size_t i = 0; i < setup->path_count; i++) {
        int rc = receiver_open(&setup->paths[i], ns[i], &half->receivers[i], err);
        if (rc < 0) {
            sink_close(half);
            return rc;
        }
        half->path_count++;
        receiver_runs_first(&half->receivers[i], &setup->paths[i], ns[i]);
    }
    *ret = half;
    return 0;
}

static int sink_start(struct half *half, const struct traffic_request *request, struct error *err)
{
    (void)err;
    for (size_t i = 0; i < half->path_count; i++) {
        // A frame of an earlier trial may be counted meanwhile, as a stray, because its run
        // differs.
        struct xdp_sink_bpf__bss *counts = half->receivers[i].skeleton->bss;
        memset(counts, 0, sizeof *counts);
        const struct form form = form_make(&half->receivers[i].path, request);
        memcpy(&counts->hot.form, &form, sizeof form);
        for (size_t k = 0; k < request->interval_count; k++) {
            counts->bounds[k] = request->loads[i].bounds[k];
        }
        counts->hot.interval_count = (uint32_t)request->interval_count;
        counts->hot.delay_min = UINT64_MAX;
        uint64_t begin = frame_stamp_begin(half->receivers[i].path.address.network, request->run);
        counts->hot.begin_mix = stamp_mix(begin);
        counts->hot.begin = begin;
    }
    return 0;
}

// Frames of this run: good, duplicate or corrupt.
static uint64_t arrivals(const struct xdp_sink_bpf__bss *counts)
{
    return counts->hot.received + counts->hot.duplicated + counts->hot.corrupt + counts->hot.stale;
}

static uint64_t sink_seen(const struct half *half)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < half->path_count; i++) {
        sum += arrivals(half->receivers[i].skeleton->bss);
    }
    return sum;
}

static void fill_count(const struct xdp_sink_bpf__bss *counts, struct traffic_count *count)
{
    count->rx = counts->hot.received;
    count->duplicated = counts->hot.duplicated;
    count->reordered = counts->hot.reordered;
    count->corrupt = counts->hot.corrupt;
    count->stale = counts->hot.stale;
    count->strays = counts->hot.strays;
    uint64_t gap_count = 0;
    for (unsigned i = 0; i < FLOW_DELAY_CLASSES; i++) {
        gap_count += counts->gaps[i];
    }
    flow_fill_gaps(counts->gaps, gap_count, counts->hot.gap_max, count);
    for (size_t i = 0; i < counts->hot.interval_count; i++) {
        count->within[i] = counts->hot.interval_count == 1 ? count->rx : counts->within[i];
    }
    if (counts->hot.received > 0) {
        count->delay_measured = true;
        flow_fill_delays(counts->delays, count);
        count->delay_min = counts->hot.delay_min;
        count->delay_max = counts->hot.delay_max;
        count->delay_p50 =
            flow_quantile(counts->delays, counts->hot.received, counts->hot.delay_max, 0.5);
        count->delay_p99 =
            flow_quantile(counts->delays, counts->hot.received, counts->hot.delay_max, 0.99);
        count->delay_p999 =
            flow_quantile(counts->delays, counts->hot.received, counts->hot.delay_max, 0.999);
        count->delay_mean = counts->hot.delay_sum / counts->hot.received;
        count->jitter_measured = true;
        count->jitter_ns = (double)counts->hot.jitter / JITTER_UNIT;
    }
}

static int sink_finish(struct half *half, const struct traffic_request *request,
                       struct traffic_count *counts, struct error *err)
{
    (void)request, (void)err;
    for (size_t i = 0; i < half->path_count; i++) {
        fill_count(half->receivers[i].skeleton->bss, &counts[i]);
    }
    return 0;
}

static void sink_stop(struct half *half)
{
    (void)half; // it continues to count; further frames belong to no trial
}

const struct half_ops xdp_sink_half = {
    .open = sink_open,
    .start = sink_start,
    .seen = sink_seen,
    .finish = sink_finish,
    .stop = sink_stop,
    .close = sink_close,
};
