// SPDX-License-Identifier: GPL-3.0-or-later
// linux/discard — see discard.h. Called by the sink of the engine "packet". The program is
// bpf/discard.bpf.c.
#include "linux/discard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/ip.h"
#include "version.h"

#if HAVE_BPF

#include <bpf/bpf.h>

#include "discard.skel.h"
#include "linux/bpf_skeleton.h"

DEFINE_CLOSE_SKELETON(discard)

static int attach_to_ingress(const struct netns *ns, int index, int program, struct error *err)
{
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    if (netns_visit(ns, &visit, err) < 0) {
        return -ENOTSUP;
    }
    DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = index, .attach_point = BPF_TC_INGRESS);
    DECLARE_LIBBPF_OPTS(bpf_tc_opts, filter, .prog_fd = program, .handle = 1, .priority = 1);
    int rc = bpf_tc_hook_create(&hook);
    if (rc == 0) {
        rc = bpf_tc_attach(&hook, &filter);
    }
    if (rc < 0) {
        (void)fail(err, -rc, "attaching the sink's BPF filter");
        return -ENOTSUP;
    }
    return 0;
}

int discard_at_ingress(const struct netns *ns, int index, uint16_t udp_port, struct error *err)
{
    __attribute__((cleanup(close_skeleton))) struct discard_bpf *skeleton =
        BPF_SKELETON_OPEN(discard);
    if (skeleton == NULL) {
        (void)fail(err, errno, "opening the sink's BPF filter");
        return -ENOTSUP;
    }
    skeleton->rodata->discarded_port = udp_port;
    int rc = discard_bpf__load(skeleton);
    if (rc < 0) {
        (void)fail(err, -rc, "loading the sink's BPF filter");
        return -ENOTSUP;
    }
    return attach_to_ingress(ns, index, bpf_program__fd(skeleton->progs.discard_udp), err);
}

// Whether the filter that discard_at_ingress() installs is there: it installs none beside others'.
static bool is_attached(const struct bpf_tc_hook *hook)
{
    DECLARE_LIBBPF_OPTS(bpf_tc_opts, filter, .handle = 1, .priority = 1);
    if (bpf_tc_query(hook, &filter) < 0) {
        return false;
    }
    struct bpf_prog_info info = {0};
    uint32_t length = sizeof info;
    _cleanup_close_ int program = bpf_prog_get_fd_by_id(filter.prog_id);
    return program >= 0 && bpf_obj_get_info_by_fd(program, &info, &length) == 0 &&
           strcmp(info.name, "discard_udp") == 0;
}

void discard_no_more(const struct netns *ns, int index)
{
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = index, .attach_point = BPF_TC_INGRESS);
    bpf_skeletons_are_silent();
    if (netns_visit(ns, &visit, NULL) == 0 && is_attached(&hook)) {
        hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS; // the whole qdisc
        (void)bpf_tc_hook_destroy(&hook);
    }
}

#else

void discard_no_more(const struct netns *ns, int index)
{
    (void)ns, (void)index;
}

int discard_at_ingress(const struct netns *ns, int index, uint16_t udp_port, struct error *err)
{
    (void)ns, (void)index, (void)udp_port;
    return fail_lacking(err, "vrbench was built without BPF");
}

#endif

int discard_socket(const struct netns *ns, uint16_t udp_port, struct error *err)
{
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    int rc = netns_visit(ns, &visit, err);
    if (rc < 0) {
        return rc;
    }
    // A socket of IPv6 receives both versions; a kernel without IPv6 has no such socket.
    bool six = true;
    _cleanup_close_ int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 && errno == EAFNOSUPPORT) {
        six = false;
        fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    }
    if (fd < 0) {
        return fail(err, errno, "discarding socket of the sink");
    }
    // A filter that accepts 0 bytes. Unlike an unread socket it counts no loss by a full receive
    // buffer, and unlike eBPF it does not need bpf(2), which is missing when this function is
    // called.
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog filter = {.len = 1, .filter = &nothing};
    struct ip_address any = {.version = six ? 6 : 4};
    struct sockaddr_storage at;
    int off = 0;
    unsigned at_length = ip_socket_address(&any, udp_port, &at);
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0 ||
        (six && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) < 0) ||
        bind(fd, (struct sockaddr *)&at, at_length) < 0) {
        return fail(err, errno, "discarding socket of the sink");
    }
    return steal_fd(&fd);
}
