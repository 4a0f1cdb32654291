// SPDX-License-Identifier: GPL-3.0-or-later
// bench/native_xdp — included by the programs that attach a BPF program to an interface's driver.
#ifndef VRBENCH_BENCH_NATIVE_XDP_H
#define VRBENCH_BENCH_NATIVE_XDP_H

#include <errno.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "linux/netns.h"

// Attaches a program to an interface of a namespace until the descriptor *ret is closed.
static inline int native_xdp_attach(const struct netns *ns, int index,
                                    const struct bpf_program *program, int *ret, struct error *err)
{
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    int rc = netns_visit(ns, &visit, err);
    if (rc < 0) {
        return rc;
    }
    DECLARE_LIBBPF_OPTS(bpf_link_create_opts, native, .flags = XDP_FLAGS_DRV_MODE);
    int link = bpf_link_create(bpf_program__fd(program), index, BPF_XDP, &native);
    if (link < 0) {
        return fail(err, errno, "attaching a BPF program to interface %d", index);
    }
    *ret = link;
    return 0;
}

#endif
