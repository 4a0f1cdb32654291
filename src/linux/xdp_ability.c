// SPDX-License-Identifier: GPL-3.0-or-later
// linux/xdp_ability — see xdp_ability.h.
#include "linux/xdp_ability.h"

#include <errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>

#include "linux/netlink_ask.h"

// Documentation/netlink/specs/netdev.yaml; not in the headers of Debian 12's own kernel.
enum { NETDEV_DEV_GET = 1 };
enum { DEV_ATTR_IFINDEX = 1, DEV_ATTR_XDP_FEATURES = 3 };
#define DEV_ATTR_LAST  8
#define NDO_XMIT       4U // NETDEV_XDP_ACT_NDO_XMIT
#define FAMILY_VERSION 1

struct features {
    bool known;
    uint64_t bits;
};

static void take_features(const struct nlmsghdr *message, void *context)
{
    struct features *features = context;
    struct nlattr *attrs[DEV_ATTR_LAST + 1];
    const struct genlmsghdr *header = nlmsg_data(message);
    if (nla_parse(attrs, DEV_ATTR_LAST, genlmsg_attrdata(header, 0), genlmsg_attrlen(header, 0),
                  NULL) == 0 &&
        attrs[DEV_ATTR_XDP_FEATURES] != NULL) {
        features->known = true;
        features->bits = nla_get_u64(attrs[DEV_ATTR_XDP_FEATURES]);
    }
}

static int ask_features(struct nl_sock *socket, int index, struct features *ret, struct error *err)
{
    int family = genl_ctrl_resolve(socket, "netdev");
    if (family < 0) {
        return 0; // not known
    }
    struct nl_msg *message = nlmsg_alloc();
    genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, NLM_F_ACK, NETDEV_DEV_GET,
                FAMILY_VERSION);
    nla_put_u32(message, DEV_ATTR_IFINDEX, (uint32_t)index);
    int rc = netlink_ask(socket, message, take_features, ret, "asking for XDP features", err);
    return rc == -EOPNOTSUPP ? 0 : rc;
}

int xdp_ability(const struct netns *ns, int index, enum xdp_ability *ret, struct error *err)
{
    struct features features = {0};
    struct nl_sock *socket = NULL;
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    int rc = netns_visit(ns, &visit, err);
    if (rc == 0) {
        rc = netlink_open(NETLINK_GENERIC, &socket, err);
    }
    if (rc == 0) {
        rc = ask_features(socket, index, &features, err);
    }
    nl_socket_free(socket); // NULL is fine
    *ret = !features.known                   ? XDP_ABILITY_UNKNOWN
           : (features.bits & NDO_XMIT) != 0 ? XDP_TAKES_FRAMES
                                             : XDP_TAKES_NONE;
    return rc;
}

int xdp_receive_queues(const struct netns *ns, int index, unsigned *ret, struct error *err)
{
    struct rtnl_link *link = NULL;
    int rc = rtnl_link_get_kernel(ns->route, index, NULL, &link);
    if (rc < 0) {
        return fail(err, 0, "asking for receive queues: %s", nl_geterror(rc));
    }
    *ret = rtnl_link_get_num_rx_queues(link);
    rtnl_link_put(link);
    return 0;
}
