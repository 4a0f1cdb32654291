// SPDX-License-Identifier: GPL-3.0-or-later
// linux/link_state_restore — restores the state that link_state.c read; see link_state.h.
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/addr.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "linux/link_state.h"
#include "linux/link_state_parts.h"

#define FOREVER        0xffffffffU // infinite lifetime (include/net/addrconf.h: INFINITY_LIFE_TIME)
#define USER_HZ        100U        // rta_expires is in 1/USER_HZ s
#define ADDED_MAX      64U         // bytes of attributes added to a request
#define CLASSIFY_FLAGS (TCA_CLS_FLAGS_SKIP_HW | TCA_CLS_FLAGS_SKIP_SW) // allowed in a request

struct restoring {
    const struct netns *ns;
    const struct link_state *state;
    int index;
    uint64_t elapsed_s; // time since the state was read
    bool final;         // in the second round, over IPv6 addresses only
};

static uint32_t remaining(uint32_t lifetime, uint64_t elapsed_s)
{
    return lifetime == FOREVER    ? FOREVER
           : lifetime > elapsed_s ? lifetime - (uint32_t)elapsed_s
                                  : 0;
}

static uint32_t moved(const struct restoring *restoring, uint32_t index)
{
    return (int)index == restoring->state->index ? (uint32_t)restoring->index : index;
}

// An IPv6 address that has passed duplicate detection is usable at once, because routes may refer
// to it. Its own flags are set in the second round.
static uint32_t address_flags(const struct restoring *restoring, struct nlmsghdr *message)
{
    const struct ifaddrmsg *header = nlmsg_data(message);
    uint32_t flags = link_state_attribute(message, IFA_FLAGS) == NULL
                         ? header->ifa_flags
                         : link_state_number(message, IFA_FLAGS);
    bool was_usable = (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) == 0;
    return header->ifa_family == AF_INET6 && was_usable && !restoring->final ? flags | IFA_F_NODAD
                                                                             : flags;
}

static int put_address_attribute(const struct restoring *restoring, struct nl_msg *request,
                                 const struct nlattr *attribute)
{
    struct ifa_cacheinfo times;
    switch (nla_type(attribute)) {
    case IFA_FLAGS:
        return 0;
    case IFA_CACHEINFO:
        nla_memcpy(&times, attribute, sizeof times);
        times.ifa_valid = remaining(times.ifa_valid, restoring->elapsed_s);
        times.ifa_prefered = remaining(times.ifa_prefered, restoring->elapsed_s);
        return nla_put(request, IFA_CACHEINFO, sizeof times, &times);
    default:
        return nla_put(request, nla_type(attribute), nla_len(attribute), nla_data(attribute));
    }
}

// Adds the paths of a route, with the interface's present index. IPv6 keeps the paths over other
// interfaces, so they are left out.
static int put_paths(const struct restoring *restoring, struct nl_msg *request,
                     const struct nlattr *multipath, bool all)
{
    _cleanup_free_ char *paths = memory_new((size_t)nla_len(multipath) + 1, 1);
    size_t length = 0;
    const struct rtnexthop *hop = nla_data(multipath);
    for (int left = nla_len(multipath); left >= (int)sizeof *hop && RTNH_OK(hop, left);
         left -= (int)RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop)) {
        if (!all && hop->rtnh_ifindex != restoring->state->index) {
            continue;
        }
        struct rtnexthop *copy = (struct rtnexthop *)(paths + length);
        memcpy(copy, hop, hop->rtnh_len);
        copy->rtnh_ifindex = (int)moved(restoring, (uint32_t)hop->rtnh_ifindex);
        copy->rtnh_flags &= RTNH_F_ONLINK | RTNH_F_PERVASIVE;
        length += (size_t)RTNH_ALIGN(hop->rtnh_len);
    }
    return nla_put(request, RTA_MULTIPATH, (int)length, paths);
}

static int put_route_attribute(const struct restoring *restoring, struct nl_msg *request,
                               struct nlmsghdr *message, const struct nlattr *attribute)
{
    const struct rtmsg *route = nlmsg_data(message);
    bool has_object = link_state_number(message, RTA_NH_ID) !=
                      0; // a next hop object, which replaces the other attributes
    struct rta_cacheinfo times;
    switch (nla_type(attribute)) {
    case RTA_CACHEINFO:
        nla_memcpy(&times, attribute, sizeof times);
        return times.rta_expires <= 0 || route->rtm_family != AF_INET6
                   ? 0
                   : nla_put_u32(
                         request, RTA_EXPIRES,
                         remaining((uint32_t)times.rta_expires / USER_HZ, restoring->elapsed_s));
    case RTA_OIF:
        return has_object ? 0
                          : nla_put_u32(request, RTA_OIF,
                                        moved(restoring, nla_get_u32((struct nlattr *)attribute)));
    case RTA_MULTIPATH:
        return has_object ? 0
                          : put_paths(restoring, request, attribute, route->rtm_family != AF_INET6);
    case RTA_GATEWAY:
    case RTA_VIA:
    case RTA_ENCAP:
    case RTA_ENCAP_TYPE:
        if (has_object) {
            return 0;
        }
        break;
    default:
        break;
    }
    return nla_put(request, nla_type(attribute), nla_len(attribute), nla_data(attribute));
}

// The kernel refuses further attributes that a dump contains.
static int put_next_hop_attribute(const struct restoring *restoring, struct nl_msg *request,
                                  const struct nlattr *attribute)
{
    switch (nla_type(attribute)) {
    case NHA_OIF:
        return nla_put_u32(request, NHA_OIF,
                           moved(restoring, nla_get_u32((struct nlattr *)attribute)));
    case NHA_ID:
    case NHA_GROUP:
    case NHA_GROUP_TYPE:
    case NHA_BLACKHOLE:
    case NHA_GATEWAY:
    case NHA_ENCAP_TYPE:
    case NHA_ENCAP:
    case NHA_FDB:
    case NHA_RES_GROUP:
        return nla_put(request, nla_type(attribute), nla_len(attribute), nla_data(attribute));
    default:
        return 0;
    }
}

// Whether a message of traffic control has that kind ("htb").
static bool is_traffic_kind(struct nlmsghdr *message, const char *kind)
{
    const struct nlattr *attribute = link_state_attribute(message, TCA_KIND);
    return attribute != NULL && nla_strcmp(attribute, kind) == 0;
}

// Some options differ between a dump and a request: a dumped classifier's flags include whether it
// is in hardware; HTB dumps its full version and accepts the major version only (sch_htb.c).
static void fix_options(struct nlmsghdr *message, void *options, int length)
{
    static const struct {
        const char *kind;
        int flags;
    } classifiers[] = {{"flower", TCA_FLOWER_FLAGS},
                       {"u32", TCA_U32_FLAGS},
                       {"matchall", TCA_MATCHALL_FLAGS},
                       {"bpf", TCA_BPF_FLAGS_GEN}};
    bool filter = message->nlmsg_type == RTM_NEWTFILTER;
    for (size_t i = 0; filter && i < sizeof classifiers / sizeof classifiers[0]; i++) {
        struct nlattr *flags = is_traffic_kind(message, classifiers[i].kind)
                                   ? nla_find(options, length, classifiers[i].flags)
                                   : NULL;
        if (flags != NULL && nla_len(flags) == 4) {
            uint32_t asked = nla_get_u32(flags) & CLASSIFY_FLAGS;
            memcpy(nla_data(flags), &asked, sizeof asked);
        }
    }
    if (message->nlmsg_type == RTM_NEWQDISC && is_traffic_kind(message, "htb")) {
        struct nlattr *start = nla_find(options, length, TCA_HTB_INIT);
        struct tc_htb_glob *global = start == NULL ? NULL : nla_data(start);
        if (global != NULL && nla_len(start) == (int)sizeof *global && global->version >> 16 != 0) {
            global->version >>= 16;
        }
    }
}

static int put_traffic_attribute(struct nl_msg *request, struct nlmsghdr *message,
                                 const struct nlattr *attribute)
{
    switch (nla_type(attribute)) {
    case TCA_STATS:
    case TCA_STATS2:
    case TCA_XSTATS:
    case TCA_FCNT:
    case TCA_HW_OFFLOAD:
        return 0;
    default:
        break;
    }
    _cleanup_free_ char *copy = memory_new((size_t)nla_len(attribute) + 1, 1);
    memcpy(copy, nla_data(attribute), (size_t)nla_len(attribute));
    if (nla_type(attribute) == TCA_OPTIONS) {
        fix_options(message, copy, nla_len(attribute));
    }
    return nla_put(request, nla_type(attribute), nla_len(attribute), copy);
}

static int put_attribute(const struct restoring *restoring, struct nl_msg *request,
                         struct nlmsghdr *message, const struct nlattr *attribute)
{
    switch (message->nlmsg_type) {
    case RTM_NEWADDR:
        return put_address_attribute(restoring, request, attribute);
    case RTM_NEWROUTE:
        return put_route_attribute(restoring, request, message, attribute);
    case RTM_NEWNEXTHOP:
        return put_next_hop_attribute(restoring, request, attribute);
    case RTM_NEWNEIGH:
        switch (nla_type(attribute)) {
        case NDA_CACHEINFO:
        case NDA_PROBES:
        case NDA_MASTER:
            return 0;
        default:
            return nla_put(request, nla_type(attribute), nla_len(attribute), nla_data(attribute));
        }
    default:
        return put_traffic_attribute(request, message, attribute);
    }
}

static void fix_header(const struct restoring *restoring, struct nlmsghdr *message, void *header)
{
    struct ifaddrmsg *address = header;
    struct rtmsg *route = header;
    struct ndmsg *neighbour = header;
    struct tcmsg *traffic = header;
    struct nhmsg *hop = header;
    switch (message->nlmsg_type) {
    case RTM_NEWADDR:
        address->ifa_index = (uint32_t)restoring->index;
        address->ifa_flags = (uint8_t)address_flags(restoring, message);
        break;
    case RTM_NEWROUTE:
        route->rtm_flags &= RTNH_F_ONLINK | RTNH_F_PERVASIVE;
        break;
    case RTM_NEWNEXTHOP:
        hop->nh_flags &= RTNH_F_ONLINK;
        hop->nh_scope = 0;
        break;
    case RTM_NEWNEIGH:
        neighbour->ndm_ifindex = restoring->index;
        break;
    default:
        traffic->tcm_ifindex = restoring->index;
        break;
    }
}

// Makes the request that restores the content of a message; NULL without memory.
static struct nl_msg *make_request(const struct restoring *restoring, struct nlmsghdr *message)
{
    const struct message_kind *kind = link_state_kind(message->nlmsg_type);
    int flags = restoring->final ? NLM_F_CREATE | NLM_F_REPLACE : kind->flags;
    struct nl_msg *request =
        nlmsg_alloc_size((size_t)nlmsg_total_size(nlmsg_datalen(message)) + ADDED_MAX);
    if (request == NULL) {
        return NULL;
    }
    union {
        struct ifaddrmsg address;
        struct rtmsg route;
        struct nhmsg hop;
        struct ndmsg neighbour;
        struct tcmsg traffic;
    } header = {0};
    memcpy(&header, nlmsg_data(message), kind->header);
    fix_header(restoring, message, &header);
    int rc = nlmsg_put(request, NL_AUTO_PORT, NL_AUTO_SEQ, kind->type, 0, flags) == NULL ? -1 : 0;
    rc = rc < 0 ? rc : nlmsg_append(request, &header, kind->header, NLMSG_ALIGNTO);
    struct nlattr *attribute = NULL;
    int left = 0;
    nlmsg_for_each_attr(attribute, message, (int)kind->header, left)
    {
        rc = rc < 0 ? rc : put_attribute(restoring, request, message, attribute);
    }
    if (rc >= 0 && kind->type == RTM_NEWADDR) {
        rc = nla_put_u32(request, IFA_FLAGS, address_flags(restoring, message));
    }
    if (rc < 0) {
        nlmsg_free(request);
        return NULL;
    }
    return request;
}

static bool has_expired(const struct restoring *restoring, struct nlmsghdr *message)
{
    struct ifa_cacheinfo times;
    const struct nlattr *attribute =
        message->nlmsg_type == RTM_NEWADDR ? link_state_attribute(message, IFA_CACHEINFO) : NULL;
    if (attribute == NULL) {
        return false;
    }
    nla_memcpy(&times, attribute, sizeof times);
    return remaining(times.ifa_valid, restoring->elapsed_s) == 0;
}

// Returns 0 or a libnl error code.
static int send_message(const struct restoring *restoring, struct nlmsghdr *message)
{
    if (has_expired(restoring, message)) {
        return 0;
    }
    struct nl_msg *request = make_request(restoring, message);
    if (request == NULL) {
        return -NLE_NOMEM;
    }
    int rc = nl_send_sync(restoring->ns->route, request); // frees the request
    return rc == -NLE_EXIST ? 0 : rc;
}

// "route to 192.0.2.0/24", "queueing discipline htb 1:0".
static void describe_message(struct nlmsghdr *message, char *ret, size_t room)
{
    const struct message_kind *kind = link_state_kind(message->nlmsg_type);
    const struct nlattr *attribute = NULL;
    char text[96] = "";
    int prefix = -1;
    int family = ((const struct rtgenmsg *)nlmsg_data(message))->rtgen_family;
    switch (message->nlmsg_type) {
    case RTM_NEWADDR:
        attribute = link_state_attribute(message, IFA_ADDRESS);
        prefix = ((const struct ifaddrmsg *)nlmsg_data(message))->ifa_prefixlen;
        break;
    case RTM_NEWROUTE:
        attribute = link_state_attribute(message, RTA_DST);
        prefix = ((const struct rtmsg *)nlmsg_data(message))->rtm_dst_len;
        snprintf(text, sizeof text, "default");
        break;
    case RTM_NEWNEIGH:
        attribute = link_state_attribute(message, NDA_DST);
        break;
    case RTM_NEWNEXTHOP:
        snprintf(text, sizeof text, "%u", link_state_number(message, NHA_ID));
        break;
    default:
        attribute = link_state_attribute(message, TCA_KIND);
        uint32_t handle = ((const struct tcmsg *)nlmsg_data(message))->tcm_handle;
        snprintf(text, sizeof text, "%.32s %x:%x",
                 attribute == NULL ? "" : (const char *)nla_data(attribute), handle >> 16,
                 handle & 0xffffU);
        attribute = NULL;
        break;
    }
    struct nl_addr *address =
        attribute == NULL ? NULL
                          : nl_addr_build(family, nla_data(attribute), (size_t)nla_len(attribute));
    if (address != NULL) {
        nl_addr_set_prefixlen(address, prefix >= 0 ? prefix : 8 * nla_len(attribute));
        nl_addr2str(address, text, sizeof text);
        nl_addr_put(address);
    }
    snprintf(ret, room, "%s %s", kind->name, text);
}

static bool is_ipv6_address(struct nlmsghdr *message)
{
    return message->nlmsg_type == RTM_NEWADDR &&
           ((const struct ifaddrmsg *)nlmsg_data(message))->ifa_family == AF_INET6;
}

// A message may depend on another (a route on its gateway's route, a class on its discipline). All
// are sent; failed ones are sent again as long as the number of failures falls. `left` contains the
// messages to send, and gets those that failed.
static size_t send_all(const struct restoring *restoring, struct nlmsghdr **left, size_t count,
                       int *ret_last)
{
    size_t before;
    do {
        before = count;
        count = 0;
        for (size_t i = 0; i < before; i++) {
            int rc = send_message(restoring, left[i]);
            if (rc < 0) {
                left[count++] = left[i];
                *ret_last = rc;
            }
        }
    } while (count > 0 && count < before);
    return count;
}

// Lists the messages of a state in the order of sending. The kernel puts a new IPv6 address before
// existing ones, so the last address is sent first.
static struct nlmsghdr **list_messages(const struct link_state *state, size_t *ret_count)
{
    struct nlmsghdr **list =
        memory_new(state->length / sizeof(struct nlmsghdr) + 1, sizeof(struct nlmsghdr *));
    size_t count = 0;
    int left = (int)state->length;
    for (struct nlmsghdr *at = state->messages; left > 0 && nlmsg_ok(at, left);
         at = nlmsg_next(at, &left)) {
        const struct message_kind *kind = link_state_kind(at->nlmsg_type);
        if (kind == NULL || !nlmsg_valid_hdr(at, (int)kind->header)) {
            continue;
        }
        bool first = is_ipv6_address(at);
        if (first) {
            memmove((void *)(list + 1), (void *)list, count * sizeof(struct nlmsghdr *));
        }
        list[first ? 0 : count] = at;
        count++;
    }
    *ret_count = count;
    return list;
}

int link_state_restore(const struct netns *ns, int index, const struct link_state *state,
                       struct error *err)
{
    struct restoring restoring = {.ns = ns,
                                  .state = state,
                                  .index = index,
                                  .elapsed_s = (link_state_now_ns() - state->read_ns) / NS_PER_S};
    size_t total = 0;
    _cleanup_free_ struct nlmsghdr **all = list_messages(state, &total);
    _cleanup_free_ struct nlmsghdr **left = memory_new(total + 1, sizeof(struct nlmsghdr *));
    memcpy((void *)left, (void *)all, total * sizeof(struct nlmsghdr *));
    int last = 0;
    size_t count = send_all(&restoring, left, total, &last);
    restoring.final = true;
    for (size_t i = 0; i < total; i++) {
        if (is_ipv6_address(all[i])) {
            (void)send_message(&restoring, all[i]);
        }
    }
    if (count == 0) {
        return 0;
    }
    char what[160];
    describe_message(left[0], what, sizeof what);
    return count == 1 ? fail(err, 0, "%s could not be restored: %s", what, nl_geterror(last))
                      : fail(err, 0, "%s and %zu more could not be restored: %s", what, count - 1,
                             nl_geterror(last));
}
