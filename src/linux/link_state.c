// SPDX-License-Identifier: GPL-3.0-or-later
// linux/link_state — see link_state.h. Called by testbed/nic when it takes an interface and when it
// gives it back.
#include "linux/link_state.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "linux/link_state_parts.h"

#define DUMP_TRIES 20U // retries while other programs change what is read

// In the order of reading.
static const struct message_kind kinds[] = {
    {RTM_NEWADDR, sizeof(struct ifaddrmsg), NLM_F_CREATE | NLM_F_EXCL, "address"},
    {RTM_NEWNEXTHOP, sizeof(struct nhmsg), NLM_F_CREATE | NLM_F_EXCL, "next hop"},
    // Appended: keeps a route of the same metric over another interface.
    {RTM_NEWROUTE, sizeof(struct rtmsg), NLM_F_CREATE | NLM_F_APPEND, "route"},
    {RTM_NEWNEIGH, sizeof(struct ndmsg), NLM_F_CREATE | NLM_F_REPLACE, "neighbour"},
    {RTM_NEWQDISC, sizeof(struct tcmsg), NLM_F_CREATE | NLM_F_EXCL, "queueing discipline"},
    {RTM_NEWTCLASS, sizeof(struct tcmsg), NLM_F_CREATE | NLM_F_EXCL, "traffic class"},
    {RTM_NEWTFILTER, sizeof(struct tcmsg), NLM_F_CREATE | NLM_F_EXCL, "traffic filter"},
};

const struct message_kind *link_state_kind(uint16_t type)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].type == type) {
            return &kinds[i];
        }
    }
    return NULL;
}

uint64_t link_state_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

void link_state_clear(struct link_state *state)
{
    free(state->messages);
    *state = (struct link_state){0};
}

struct nlattr *link_state_attribute(struct nlmsghdr *message, int type)
{
    return nlmsg_find_attr(message, (int)link_state_kind(message->nlmsg_type)->header, type);
}

uint32_t link_state_number(struct nlmsghdr *message, int type)
{
    struct nlattr *attribute = link_state_attribute(message, type);
    return attribute == NULL || nla_len(attribute) < 4 ? 0 : nla_get_u32(attribute);
}

// ---- which messages are an interface's

struct reading {
    struct link_state *state;
    int family;  // address family that was requested; 0 = any
    bool groups; // next hops: whether to take groups or single ones
};

static bool is_address_wanted(const struct ifaddrmsg *address, int index)
{
    // The kernel makes temporary addresses itself.
    return (int)address->ifa_index == index &&
           (address->ifa_family != AF_INET6 || (address->ifa_flags & IFA_F_TEMPORARY) == 0);
}

// Whether a next hop object of that number was read.
static bool is_next_hop_read(const struct link_state *state, uint32_t id)
{
    int left = (int)state->length;
    for (struct nlmsghdr *at = state->messages; nlmsg_ok(at, left); at = nlmsg_next(at, &left)) {
        if (at->nlmsg_type == RTM_NEWNEXTHOP && link_state_number(at, NHA_ID) == id) {
            return true;
        }
    }
    return false;
}

static bool is_next_hop_wanted(struct nlmsghdr *message, const struct reading *reading)
{
    const struct nlattr *group = link_state_attribute(message, NHA_GROUP);
    if (!reading->groups || group == NULL) {
        return !reading->groups && group == NULL &&
               (int)link_state_number(message, NHA_OIF) == reading->state->index;
    }
    const struct nexthop_grp *members = nla_data(group);
    for (size_t i = 0; i < (size_t)nla_len(group) / sizeof *members; i++) {
        if (is_next_hop_read(reading->state, members[i].id)) {
            return true;
        }
    }
    return false;
}

static bool has_path_over(const struct nlattr *multipath, int index)
{
    const struct rtnexthop *hop = multipath == NULL ? NULL : nla_data(multipath);
    int left = multipath == NULL ? 0 : nla_len(multipath);
    // RTNH_OK() reads a length that must lie within what is left.
    for (; hop != NULL && left >= (int)sizeof *hop && RTNH_OK(hop, left);
         left -= (int)RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop)) {
        if (hop->rtnh_ifindex == index) {
            return true;
        }
    }
    return false;
}

// The kernel makes its own routes, together with the addresses.
static bool is_route_wanted(struct nlmsghdr *message, const struct reading *reading)
{
    const struct rtmsg *route = nlmsg_data(message);
    if (route->rtm_family != reading->family || (route->rtm_flags & RTM_F_CLONED) != 0 ||
        route->rtm_protocol == RTPROT_KERNEL || route->rtm_protocol == RTPROT_REDIRECT) {
        return false;
    }
    uint32_t next_hop = link_state_number(message, RTA_NH_ID);
    if (next_hop != 0) {
        return is_next_hop_read(reading->state, next_hop);
    }
    return (int)link_state_number(message, RTA_OIF) == reading->state->index ||
           has_path_over(link_state_attribute(message, RTA_MULTIPATH), reading->state->index);
}

static bool is_neighbour_wanted(const struct ndmsg *neighbour, const struct reading *reading)
{
    if (neighbour->ndm_ifindex != reading->state->index) {
        return false;
    }
    if (neighbour->ndm_family == AF_BRIDGE) {
        return (neighbour->ndm_state & NUD_NOARP) != 0 && (neighbour->ndm_flags & NTF_MASTER) != 0;
    }
    return (neighbour->ndm_state & NUD_PERMANENT) != 0 ||
           (neighbour->ndm_flags & (NTF_PROXY | NTF_EXT_LEARNED)) != 0;
}

static bool is_wanted(struct nlmsghdr *message, const struct reading *reading)
{
    const struct message_kind *kind = link_state_kind(message->nlmsg_type);
    if (kind == NULL || !nlmsg_valid_hdr(message, (int)kind->header)) {
        return false;
    }
    const struct tcmsg *traffic = nlmsg_data(message);
    switch (message->nlmsg_type) {
    case RTM_NEWADDR:
        return is_address_wanted(nlmsg_data(message), reading->state->index);
    case RTM_NEWNEXTHOP:
        return is_next_hop_wanted(message, reading);
    case RTM_NEWROUTE:
        return is_route_wanted(message, reading);
    case RTM_NEWNEIGH:
        return is_neighbour_wanted(nlmsg_data(message), reading);
    default: // The kernel's default queueing disciplines have no handle.
        return traffic->tcm_ifindex == reading->state->index && traffic->tcm_handle != 0;
    }
}

// ---- reading

static int take_message(struct nl_msg *message, void *context)
{
    const struct reading *reading = context;
    struct link_state *state = reading->state;
    struct nlmsghdr *header = nlmsg_hdr(message);
    if (is_wanted(header, reading)) {
        size_t size = NLMSG_ALIGN(header->nlmsg_len);
        state->messages = memory_resize(state->messages, state->length + size, 1);
        memset((char *)state->messages + state->length, 0, size);
        memcpy((char *)state->messages + state->length, header, header->nlmsg_len);
        state->length += size;
    }
    return NL_OK;
}

// Requests all messages of a kind, again if another program changed the data meanwhile. A kind that
// this kernel does not support yields no messages.
static int dump(const struct netns *ns, int type, void *header, size_t size,
                struct reading *reading, struct error *err)
{
    size_t before = reading->state->length;
    int rc = -NLE_DUMP_INTR;
    for (unsigned i = 0; rc == -NLE_DUMP_INTR && i < DUMP_TRIES; i++) {
        struct nl_cb *answers = nl_cb_alloc(NL_CB_DEFAULT);
        if (answers == NULL) {
            return fail(err, ENOMEM, "reading the state of an interface");
        }
        reading->state->length = before;
        nl_cb_set(answers, NL_CB_VALID, NL_CB_CUSTOM, take_message, reading);
        rc = nl_send_simple(ns->route, type, NLM_F_DUMP, header, size);
        rc = rc < 0 ? rc : nl_recvmsgs(ns->route, answers);
        nl_cb_put(answers);
    }
    if (rc == -NLE_OPNOTSUPP || rc == -NLE_AF_NOSUPPORT) {
        return 0;
    }
    return rc < 0 ? fail(err, 0, "reading the state of an interface: %s", nl_geterror(rc)) : 0;
}

static int read_routing(const struct netns *ns, struct reading *reading, struct error *err)
{
    static const int families[] = {AF_INET, AF_INET6};
    struct ifaddrmsg address = {.ifa_family = AF_UNSPEC};
    struct nhmsg hop = {.nh_family = AF_UNSPEC};
    int rc = dump(ns, RTM_GETADDR, &address, sizeof address, reading, err);
    for (int groups = 0; rc == 0 && groups < 2; groups++) {
        reading->groups = groups != 0;
        rc = dump(ns, RTM_GETNEXTHOP, &hop, sizeof hop, reading, err);
    }
    for (size_t i = 0; rc == 0 && i < sizeof families / sizeof families[0]; i++) {
        struct rtmsg route = {.rtm_family = (unsigned char)families[i]};
        reading->family = families[i];
        rc = dump(ns, RTM_GETROUTE, &route, sizeof route, reading, err);
    }
    return rc;
}

static int read_neighbours(const struct netns *ns, struct reading *reading, struct error *err)
{
    struct ndmsg asked[] = {{.ndm_family = AF_UNSPEC},
                            {.ndm_family = AF_UNSPEC, .ndm_flags = NTF_PROXY},
                            {.ndm_family = AF_BRIDGE}};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof asked / sizeof asked[0]; i++) {
        rc = dump(ns, RTM_GETNEIGH, &asked[i], sizeof asked[i], reading, err);
    }
    return rc;
}

static int read_filters(const struct netns *ns, uint32_t parent, struct reading *reading,
                        struct error *err)
{
    struct tcmsg asked = {
        .tcm_family = AF_UNSPEC, .tcm_ifindex = reading->state->index, .tcm_parent = parent};
    return dump(ns, RTM_GETTFILTER, &asked, sizeof asked, reading, err);
}

static int read_traffic_control(const struct netns *ns, struct reading *reading, struct error *err)
{
    struct tcmsg asked = {.tcm_family = AF_UNSPEC, .tcm_ifindex = reading->state->index};
    size_t from = reading->state->length;
    int rc = dump(ns, RTM_GETQDISC, &asked, sizeof asked, reading, err);
    if (rc == 0) {
        rc = dump(ns, RTM_GETTCLASS, &asked, sizeof asked, reading, err);
    }
    // Kept as an offset: later reads may move the buffer.
    size_t to = reading->state->length;
    for (size_t at = from; rc == 0 && at < to;) {
        struct nlmsghdr *message = (struct nlmsghdr *)((char *)reading->state->messages + at);
        const struct tcmsg *parent = nlmsg_data(message);
        uint32_t handle = parent->tcm_handle;
        const struct nlattr *kind = link_state_attribute(message, TCA_KIND);
        bool both = kind != NULL && nla_strcmp(kind, "clsact") == 0;
        at += NLMSG_ALIGN(message->nlmsg_len);
        rc = read_filters(ns, both ? TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS) : handle, reading,
                          err);
        if (rc == 0 && both) {
            rc = read_filters(ns, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS), reading, err);
        }
    }
    return rc;
}

int link_state_read(const struct netns *ns, int index, struct link_state *ret, struct error *err)
{
    struct link_state state = {.index = index, .read_ns = link_state_now_ns()};
    struct reading reading = {.state = &state};
    int rc = read_routing(ns, &reading, err);
    if (rc == 0) {
        rc = read_neighbours(ns, &reading, err);
    }
    if (rc == 0) {
        rc = read_traffic_control(ns, &reading, err);
    }
    if (rc < 0) {
        link_state_clear(&state);
        return rc;
    }
    *ret = state;
    return 0;
}
