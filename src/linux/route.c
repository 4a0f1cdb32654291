// SPDX-License-Identifier: GPL-3.0-or-later
// linux/route — see route.h. Called by machine/ while a router's daemon learns its routes.
#include "linux/route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/socket.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>

static int take_answer(struct nl_msg *message, void *argument)
{
    int *index = argument;
    struct rtnl_route *route = NULL;
    if (nlmsg_hdr(message)->nlmsg_type != RTM_NEWROUTE ||
        rtnl_route_parse(nlmsg_hdr(message), &route) < 0) {
        return NL_SKIP;
    }
    struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, 0);
    if (hop != NULL && rtnl_route_get_type(route) == RTN_UNICAST) {
        *index = rtnl_route_nh_get_ifindex(hop);
    }
    rtnl_route_put(route);
    return NL_OK;
}

// Asks for the entry of the forwarding table (RTM_F_FIB_MATCH): the route that the kernel resolves
// for one packet does not show the entry's type.
static struct nl_msg *make_question(const struct ip_address *address)
{
    size_t size = ip_size(address->version);
    struct rtmsg header = {.rtm_family = (uint8_t)ip_family(address),
                           .rtm_dst_len = (uint8_t)(8 * size),
                           .rtm_flags = RTM_F_FIB_MATCH};
    struct nl_msg *message = nlmsg_alloc_simple(RTM_GETROUTE, 0);
    if (message != NULL && (nlmsg_append(message, &header, sizeof header, NLMSG_ALIGNTO) < 0 ||
                            nla_put(message, RTA_DST, (int)size, address->bytes) < 0)) {
        nlmsg_free(message);
        message = NULL;
    }
    return message;
}

static int take_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *argument)
{
    (void)from;
    *(int *)argument = -error->error;
    return NL_STOP;
}

int route_leads_to(const struct netns *ns, const struct ip_address *address, char ret_name[16],
                   struct error *err)
{
    int index = 0;
    int why = 0;
    struct nl_msg *question = make_question(address);
    struct nl_cb *answers = nl_cb_alloc(NL_CB_DEFAULT);
    if (question == NULL || answers == NULL) {
        nlmsg_free(question);
        nl_cb_put(answers);
        return fail(err, ENOMEM, "asking for a route");
    }
    nl_cb_set(answers, NL_CB_VALID, NL_CB_CUSTOM, take_answer, &index);
    nl_cb_err(answers, NL_CB_CUSTOM, take_error, &why);
    // The reply is an answer with its acknowledgement, or an error alone.
    int rc = nl_send_auto(ns->route, question);
    if (rc >= 0) {
        rc = nl_recvmsgs(ns->route, answers);
    }
    if (rc >= 0) {
        rc = nl_wait_for_ack(ns->route);
    }
    nlmsg_free(question);
    nl_cb_put(answers);
    if (rc < 0 && why != ENETUNREACH && why != EHOSTUNREACH && why != ESRCH) {
        return why > 0 ? fail(err, why, "asking for a route")
                       : fail(err, 0, "asking for a route: %s", nl_geterror(rc));
    }
    struct ifreq interface = {.ifr_ifindex = index};
    bool found = rc >= 0 && index > 0 && ioctl(ns->control, SIOCGIFNAME, &interface) == 0;
    snprintf(ret_name, 16, "%s", found ? interface.ifr_name : "");
    return 0;
}
