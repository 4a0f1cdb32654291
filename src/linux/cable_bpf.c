// SPDX-License-Identifier: GPL-3.0-or-later
// linux/cable_bpf — see cable.h: the programs of bpf/cable.bpf.c, which carry the packets of every
// cable, and impair those of the relay's way.
#include "linux/cable.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "linux/offload.h"
#include "version.h"

#if HAVE_BPF

#include <bpf/bpf.h>
#include <linux/if_link.h>

#include "cable.skel.h"
#include "linux/bpf_skeleton.h"

#define PS_PER_BYTE_OF_1_BPS 8e12

DEFINE_CLOSE_SKELETON(cable)

static int attach(const struct cable_order *order, const struct cable_bpf *skeleton)
{
    DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = order->in, .attach_point = BPF_TC_INGRESS);
    DECLARE_LIBBPF_OPTS(bpf_tc_opts, filter, .prog_fd = bpf_program__fd(skeleton->progs.carry),
                        .handle = 1, .priority = 1);
    int rc = bpf_xdp_attach(order->in, bpf_program__fd(skeleton->progs.receive), XDP_FLAGS_DRV_MODE,
                            NULL);
    rc = rc == 0 ? bpf_tc_hook_create(&hook) : rc;
    return rc == 0 ? bpf_tc_attach(&hook, &filter) : rc;
}

int cable_bpf(const struct netns *ns, const struct cable_order *order, struct error *err)
{
    // The XDP program makes the interface use NAPI. GRO, which would do so too, would merge TCP
    // segments before they are dropped.
    static const struct offloads offloads = {.gro = false, .gso = false, .tso = false};
    __attribute__((cleanup(close_skeleton))) struct cable_bpf *skeleton = BPF_SKELETON_OPEN(cable);
    if (skeleton == NULL) {
        return fail_lacking(err, "opening the BPF programs of a cable: %s", strerror(errno));
    }
    skeleton->rodata->loss_of_2_32 = (uint32_t)(order->loss * 4294967296.0);
    skeleton->rodata->ps_per_byte =
        order->rate_bps > 0.0 ? (uint64_t)(PS_PER_BYTE_OF_1_BPS / order->rate_bps + 0.5) : 0;
    skeleton->rodata->queue_ns = order->queue_ns;
    skeleton->rodata->out = (uint32_t)order->out;
    skeleton->rodata->delay_ns = order->delay_ns;
    skeleton->rodata->jitter_ns = order->jitter_ns;
    int rc = order->held < 0 ? 0 : bpf_map__reuse_fd(skeleton->maps.held, order->held);
    rc = rc == 0 ? cable_bpf__load(skeleton) : rc;
    if (rc < 0) {
        return fail_lacking(err, "loading the BPF programs of a cable: %s", strerror(-rc));
    }
    rc = offload_set(ns, order->name, &offloads, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    rc = netns_visit(ns, &visit, err);
    if (rc < 0) {
        return rc;
    }
    rc = attach(order, skeleton);
    return rc < 0 ? fail_lacking(err, "attaching the BPF programs of a cable to %s: %s",
                                 order->name, strerror(-rc))
                  : 0;
}

int cable_open_held(int *ret, struct error *err)
{
    int cpus = libbpf_num_possible_cpus();
    bpf_skeletons_are_silent();
    int fd = cpus < 0 ? cpus
                      : bpf_map_create(BPF_MAP_TYPE_PERF_EVENT_ARRAY, "held", sizeof(uint32_t),
                                       sizeof(uint32_t), (uint32_t)cpus, NULL);
    if (fd < 0) {
        return fail_lacking(err, "making a BPF queue of delayed packets: %s", strerror(-fd));
    }
    *ret = fd;
    return 0;
}

#else

int cable_open_held(int *ret, struct error *err)
{
    (void)ret;
    return fail_lacking(err, "impaired cables need a vrbench built with BPF");
}

int cable_bpf(const struct netns *ns, const struct cable_order *order, struct error *err)
{
    (void)ns, (void)order;
    return fail_lacking(err, "impaired cables need a vrbench built with BPF");
}

#endif
