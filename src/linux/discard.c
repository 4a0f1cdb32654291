// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
// linux/discard — see discard.h. Called by measure/ for the interfaces of the sinks. What is loaded
// into the kernel is also under GPL-2.0-only, as the kernel is.
#include "linux/discard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

// One BPF instruction: Documentation/bpf/standardization/instruction-set.rst.
#define INSTRUCTION(operation, destination, source, offset, constant)                              \
    ((struct bpf_insn){.code = (operation),                                                        \
                       .dst_reg = (destination),                                                   \
                       .src_reg = (source),                                                        \
                       .off = (offset),                                                            \
                       .imm = (constant)})
#define LOAD_ABSOLUTE(size, offset) INSTRUCTION(BPF_LD | (size) | BPF_ABS, 0, 0, 0, (offset))
#define UNLESS_EQUAL(constant, skip)                                                               \
    INSTRUCTION(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, (skip), (constant))
#define RESULT(value) INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, (value))
#define LEAVE         INSTRUCTION(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

// A program that drops IPv4 (no options) UDP to `udp_port` and has no opinion of anything else.
static int load_program(uint16_t udp_port)
{
    const struct bpf_insn program[] = {
        // BPF_LD | BPF_ABS takes the packet from r6.
        INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_1, 0, 0),
        LOAD_ABSOLUTE(BPF_H, 12),
        UNLESS_EQUAL(ETH_P_IP, 6),
        LOAD_ABSOLUTE(BPF_B, 23),
        UNLESS_EQUAL(IPPROTO_UDP, 4),
        LOAD_ABSOLUTE(BPF_H, 36),
        UNLESS_EQUAL(udp_port, 2),
        RESULT(TC_ACT_SHOT),
        LEAVE,
        RESULT(TC_ACT_UNSPEC),
        LEAVE,
    };
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
    attr.insns = (uint64_t)(uintptr_t)program;
    attr.insn_cnt = sizeof program / sizeof program[0];
    attr.license = (uint64_t)(uintptr_t) "GPL";
    long fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr);
    return fd < 0 ? -errno : (int)fd;
}

static int add_clsact(const struct netns *ns, int index)
{
    struct tcmsg header = {.tcm_family = AF_UNSPEC,
                           .tcm_ifindex = index,
                           .tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0),
                           .tcm_parent = TC_H_CLSACT};
    struct nl_msg *message = nlmsg_alloc_simple(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL);
    nlmsg_append(message, &header, sizeof header, NLMSG_ALIGNTO);
    nla_put_string(message, TCA_KIND, "clsact");
    return nl_send_sync(ns->route, message); // frees the message
}

static int add_filter(const struct netns *ns, int index, int program)
{
    struct tcmsg header = {.tcm_family = AF_UNSPEC,
                           .tcm_ifindex = index,
                           .tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
                           .tcm_info = TC_H_MAKE(1U << 16, htons(ETH_P_ALL))};
    struct nl_msg *message = nlmsg_alloc_simple(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL);
    nlmsg_append(message, &header, sizeof header, NLMSG_ALIGNTO);
    nla_put_string(message, TCA_KIND, "bpf");
    struct nlattr *options = nla_nest_start(message, TCA_OPTIONS);
    nla_put_u32(message, TCA_BPF_FD, (uint32_t)program);
    nla_put_string(message, TCA_BPF_NAME, "vrbench-sink");
    nla_put_u32(message, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
    nla_nest_end(message, options);
    return nl_send_sync(ns->route, message);
}

int discard_at_ingress(const struct netns *ns, int index, uint16_t udp_port, struct error *err)
{
    _cleanup_close_ int program = load_program(udp_port);
    if (program < 0) {
        (void)fail(err, -program, "loading the sink's BPF filter");
        return -ENOTSUP;
    }
    int rc = add_clsact(ns, index);
    if (rc == 0) {
        rc = add_filter(ns, index, program);
    }
    if (rc < 0) {
        (void)fail(err, 0, "attaching the sink's BPF filter: %s", nl_geterror(rc));
        return -ENOTSUP;
    }
    return 0;
}

int discard_socket(const struct netns *ns, uint16_t udp_port, struct error *err)
{
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    int rc = netns_visit(ns, &visit, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return fail(err, errno, "discarding socket of the sink");
    }
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog filter = {.len = 1, .filter = &nothing};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(udp_port)};
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof at) < 0) {
        return fail(err, errno, "discarding socket of the sink");
    }
    return steal_fd(&fd);
}
