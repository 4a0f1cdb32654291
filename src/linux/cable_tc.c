// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/cable_tc — see cable.h: impairs packets by the kernel's queueing disciplines. netem
 * (tc-netem(8)) drops and delays; tbf (tc-tbf(8)) limits the rate, as the only discipline, or
 * behind netem. Sizes of frames are those of a size table (tc-stab(8)).
 *
 * The drops of both are impairments, so nothing else may count there: netem has room for more
 * packets than it can get, and tbf for at least two. A kernel whose veth stops its queue while the
 * peer's ring is full (Linux 6.16, drivers/net/veth.c: qdisc_txq_has_no_queue()) would also count
 * what a receiver without CPU time does not take: there this way is not used.
 */
#include "linux/cable.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "base/clock.h"

#define VETH_STOPS_MAJOR 6 // the first Linux whose veth stops its queue
#define VETH_STOPS_MINOR 16
#define FRAME_EXTRA      22U // bytes of a frame beyond the MTU: Ethernet header, VLAN tag, FCS
#define FCS_BYTES        4U
#define FRAME_MIN        64U // with FCS
#define SIZES            2048U
#define MESSAGE_ROOM     8192U // bytes, of which the sizes are half
// The longest delay, and the room of netem: 2 million packets within that time and a stall of as
// much are 4 million packets/s, which no CPU carries.
#define DELAY_MAX_NS     (NS_PER_S / 4)
#define NETEM_ROOM       2097152U
#define FRAMES_QUEUED    2U // least room of tbf
#define BURST_NS         (NS_PER_S / 1000)
#define BURST_OF_QUEUE   10U // the burst is at most this part of the queue

static bool veth_drops(void)
{
    struct utsname names;
    char *rest = NULL;
    unsigned long major = uname(&names) == 0 ? strtoul(names.release, &rest, 10) : 0;
    unsigned long minor = major > 0 && *rest == '.' ? strtoul(rest + 1, NULL, 10) : 0;
    return major > 0 &&
           (major < VETH_STOPS_MAJOR || (major == VETH_STOPS_MAJOR && minor < VETH_STOPS_MINOR));
}

static unsigned longest_frame(const struct cable_order *order)
{
    return order->mtu + FRAME_EXTRA;
}

// Bytes at the rate of the cable in a time.
static double bytes_in(const struct cable_order *order, uint64_t ns)
{
    return order->rate_bps / 8.0 * (double)ns / (double)NS_PER_S;
}

static bool expressible(const struct cable_order *order)
{
    double queue = bytes_in(order, order->queue_ns);
    return (order->loss > 0.0 || order->rate_bps > 0.0 || order->delay_ns > 0) &&
           order->delay_ns + order->jitter_ns <= DELAY_MAX_NS &&
           (order->rate_bps <= 0.0 ||
            (queue >= (double)(FRAMES_QUEUED * longest_frame(order)) && queue < (double)INT32_MAX));
}

// ---- messages; each function returns 0 or a libnl error

static struct nl_msg *new_message(const struct cable_order *order, uint32_t parent, uint32_t handle,
                                  const char *kind)
{
    const struct tcmsg header = {
        .tcm_ifindex = order->out, .tcm_parent = parent, .tcm_handle = handle};
    struct nl_msg *message = nlmsg_alloc_size(MESSAGE_ROOM);
    if (message != NULL &&
        (nlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, RTM_NEWQDISC, 0,
                   NLM_F_CREATE | NLM_F_EXCL) == NULL ||
         nlmsg_append(message, (void *)&header, sizeof header, NLMSG_ALIGNTO) < 0 ||
         nla_put_string(message, TCA_KIND, kind) < 0)) {
        nlmsg_free(message);
        message = NULL;
    }
    return message;
}

// Frames count with FCS, and with at least FRAME_MIN bytes. Longer ones than the table has sizes
// are counted by its last entry and the remainder.
static int put_sizes(struct nl_msg *message)
{
    const struct tc_sizespec spec = {.overhead = (int)FCS_BYTES,
                                     .mpu = FRAME_MIN,
                                     .linklayer = TC_LINKLAYER_ETHERNET,
                                     .tsize = SIZES,
                                     .mtu = SIZES};
    uint16_t sizes[SIZES];
    for (unsigned i = 0; i < SIZES; i++) {
        sizes[i] = (uint16_t)(i < FRAME_MIN ? FRAME_MIN : i);
    }
    struct nlattr *nest = nla_nest_start(message, TCA_STAB);
    if (nest == NULL || nla_put(message, TCA_STAB_BASE, sizeof spec, &spec) < 0 ||
        nla_put(message, TCA_STAB_DATA, sizeof sizes, sizes) < 0) {
        return -1;
    }
    return nla_nest_end(message, nest);
}

static int put_netem(struct nl_msg *message, const struct cable_order *order)
{
    const struct tc_netem_qopt options = {.limit = NETEM_ROOM,
                                          .loss = (uint32_t)(order->loss * 4294967296.0)};
    const int64_t delay_ns = (int64_t)order->delay_ns;
    const int64_t jitter_ns = (int64_t)order->jitter_ns;
    struct nlattr *nest = nla_nest_start(message, TCA_OPTIONS);
    if (nest == NULL ||
        nlmsg_append(message, (void *)&options, sizeof options, NLMSG_ALIGNTO) < 0 ||
        nla_put(message, TCA_NETEM_LATENCY64, sizeof delay_ns, &delay_ns) < 0 ||
        nla_put(message, TCA_NETEM_JITTER64, sizeof jitter_ns, &jitter_ns) < 0) {
        return -1;
    }
    return nla_nest_end(message, nest);
}

static int put_tbf(struct nl_msg *message, const struct cable_order *order)
{
    uint64_t burst_ns = order->queue_ns / BURST_OF_QUEUE;
    burst_ns = burst_ns < BURST_NS ? burst_ns : BURST_NS;
    double wanted = bytes_in(order, burst_ns);
    uint32_t burst = longest_frame(order);
    burst = wanted > (double)burst ? (uint32_t)wanted : burst;
    const uint64_t rate = (uint64_t)(order->rate_bps / 8.0 + 0.5);
    const struct tc_tbf_qopt options = {
        .rate = {.linklayer = TC_LINKLAYER_ETHERNET,
                 .rate = rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate},
        .limit = (uint32_t)bytes_in(order, order->queue_ns)};
    struct nlattr *nest = nla_nest_start(message, TCA_OPTIONS);
    if (nest == NULL || nla_put(message, TCA_TBF_PARMS, sizeof options, &options) < 0 ||
        nla_put_u32(message, TCA_TBF_BURST, burst) < 0 ||
        (rate > UINT32_MAX && nla_put_u64(message, TCA_TBF_RATE64, rate) < 0)) {
        return -1;
    }
    return nla_nest_end(message, nest);
}

static int send_or_free(const struct netns *ns, struct nl_msg *message, int rc)
{
    if (rc < 0) {
        nlmsg_free(message);
        return rc;
    }
    return nl_send_sync(ns->route, message); // frees the message
}

static int add_netem(const struct netns *ns, const struct cable_order *order)
{
    struct nl_msg *message = new_message(order, TC_H_ROOT, CABLE_TC_OUTER, "netem");
    int rc = message == NULL ? -1 : put_netem(message, order);
    rc = rc >= 0 && order->rate_bps > 0.0 ? put_sizes(message) : rc;
    return message == NULL ? -1 : send_or_free(ns, message, rc);
}

static int add_tbf(const struct netns *ns, const struct cable_order *order, bool behind_netem)
{
    struct nl_msg *message =
        new_message(order, behind_netem ? TC_H_MAKE(CABLE_TC_OUTER, 1U) : TC_H_ROOT,
                    behind_netem ? CABLE_TC_INNER : CABLE_TC_OUTER, "tbf");
    int rc = message == NULL ? -1 : put_tbf(message, order);
    rc = rc >= 0 && !behind_netem ? put_sizes(message) : rc;
    return message == NULL ? -1 : send_or_free(ns, message, rc);
}

static void remove_root(const struct netns *ns, const struct cable_order *order)
{
    const struct tcmsg header = {.tcm_ifindex = order->out, .tcm_parent = TC_H_ROOT};
    struct nl_msg *message = nlmsg_alloc_simple(RTM_DELQDISC, 0);
    if (message != NULL) {
        (void)send_or_free(ns, message,
                           nlmsg_append(message, (void *)&header, sizeof header, NLMSG_ALIGNTO));
    }
}

int cable_tc(const struct netns *ns, const struct cable_order *order)
{
    if (!veth_drops() || !expressible(order)) {
        return -ENOTSUP;
    }
    bool with_netem = order->loss > 0.0 || order->delay_ns > 0;
    if (with_netem && add_netem(ns, order) < 0) {
        return -ENOTSUP;
    }
    if (order->rate_bps > 0.0 && add_tbf(ns, order, with_netem) < 0) {
        if (with_netem) {
            remove_root(ns, order);
        }
        return -ENOTSUP;
    }
    return 0;
}
