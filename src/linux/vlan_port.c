// SPDX-License-Identifier: GPL-3.0-or-later
// linux/vlan_port — see vlan_port.h. The programs are bpf/vlan_port.bpf.c.
#include "linux/vlan_port.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "linux/offload.h"
#include "version.h"

#if HAVE_BPF

#include "linux/bpf_skeleton.h"
#include "vlan_port.skel.h"

DEFINE_CLOSE_SKELETON(vlan_port)

static int attach_filter(int index, enum bpf_tc_attach_point point,
                         const struct bpf_program *program)
{
    DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = index,
                        .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
    DECLARE_LIBBPF_OPTS(bpf_tc_opts, filter, .prog_fd = bpf_program__fd(program), .handle = 1,
                        .priority = 1);
    int rc = bpf_tc_hook_create(&hook);
    if (rc < 0 && rc != -EEXIST) {
        return rc;
    }
    hook.attach_point = point;
    return bpf_tc_attach(&hook, &filter);
}

int vlan_port_make(const struct netns *ns, const char *name, int index, uint16_t vlan,
                   struct error *err)
{
    __attribute__((cleanup(close_skeleton))) struct vlan_port_bpf *skeleton =
        BPF_SKELETON_OPEN(vlan_port);
    if (skeleton == NULL) {
        return fail_lacking(err, "opening the BPF programs of a VLAN: %s", strerror(errno));
    }
    skeleton->rodata->vlan = vlan;
    int rc = vlan_port_bpf__load(skeleton);
    if (rc < 0) {
        return fail_lacking(err, "loading the BPF programs of a VLAN: %s", strerror(-rc));
    }
    rc = offload_keep_tags(ns, name, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    rc = netns_visit(ns, &visit, err);
    if (rc < 0) {
        return rc;
    }
    rc = attach_filter(index, BPF_TC_INGRESS, skeleton->progs.remove_tag);
    if (rc == 0) {
        rc = attach_filter(index, BPF_TC_EGRESS, skeleton->progs.add_tag);
    }
    return rc < 0 ? fail_lacking(err, "attaching the BPF programs of VLAN %u to %s: %s", vlan, name,
                                 strerror(-rc))
                  : 0;
}

#else

int vlan_port_make(const struct netns *ns, const char *name, int index, uint16_t vlan,
                   struct error *err)
{
    (void)ns, (void)name, (void)index, (void)vlan;
    return fail_lacking(err, "VLANs need a vrbench built with BPF");
}

#endif
