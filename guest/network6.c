// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * guest/network6 — addresses, neighbours and routes of IPv6 by rtnetlink(7): ioctls set no
 * neighbours. Called by network.c.
 */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest.h"

// A request under construction.
struct request {
    struct nlmsghdr header;
    char rest[512];
};

static struct request begin_request(uint16_t type, const void *body, size_t size)
{
    struct request request = {
        .header = {.nlmsg_len = (uint32_t)NLMSG_LENGTH(size),
                   .nlmsg_type = type,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE}};
    memcpy(NLMSG_DATA(&request.header), body, size);
    return request;
}

static void add_attribute(struct request *request, uint16_t type, const void *value, size_t size)
{
    struct rtattr attribute = {.rta_len = (uint16_t)RTA_LENGTH(size), .rta_type = type};
    char *at = (char *)request + NLMSG_ALIGN(request->header.nlmsg_len);
    memcpy(at, &attribute, sizeof attribute);
    memcpy(at + RTA_LENGTH(0), value, size);
    request->header.nlmsg_len =
        (uint32_t)(NLMSG_ALIGN(request->header.nlmsg_len) + RTA_ALIGN(attribute.rta_len));
}

// Sends the request and reads the kernel's answer. -1 with errno.
static int act(const struct request *request)
{
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[512];
    } answer;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    size_t length = request->header.nlmsg_len;
    int why = 0;
    if (fd < 0 || send(fd, request, length, 0) != (ssize_t)length ||
        recv(fd, &answer, sizeof answer, 0) < (ssize_t)NLMSG_LENGTH(sizeof answer.error)) {
        why = errno;
    } else {
        why = answer.header.nlmsg_type == NLMSG_ERROR ? -answer.error.error : EBADMSG;
    }
    if (fd >= 0) {
        close(fd);
    }
    errno = why;
    return why == 0 ? 0 : -1;
}

// As linux/link_ipv6 of vrbench: no duplicate address detection, no router solicitations, no
// link-local address.
static int enable_ipv6(const struct guest_nic *nic)
{
    static const char *const settings[][2] = {
        {"accept_dad", "0"},
        {"dad_transmits", "0"},
        {"accept_ra", "0"},
        {"autoconf", "0"},
        {"router_solicitations", "0"},
        {"addr_gen_mode", "1"},
        {"mldv2_unsolicited_report_interval", "1"},
        {"keep_addr_on_down", "1"},
        {"disable_ipv6", "0"},
    };
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "net/ipv6/conf/%s/%s", nic->name, settings[i][0]);
        if (sysctl_write(path, settings[i][1]) < 0) {
            return -1;
        }
    }
    return 0;
}

int set_address6(const struct guest_nic *nic)
{
    const struct ifaddrmsg body = {.ifa_family = AF_INET6,
                                   .ifa_prefixlen = (uint8_t)nic->prefix,
                                   .ifa_flags = IFA_F_NODAD | IFA_F_PERMANENT,
                                   .ifa_index = (uint32_t)nic->index};
    if (enable_ipv6(nic) < 0) {
        return -1;
    }
    struct request request = begin_request(RTM_NEWADDR, &body, sizeof body);
    add_attribute(&request, IFA_LOCAL, nic->address.bytes, sizeof nic->address.bytes);
    add_attribute(&request, IFA_ADDRESS, nic->address.bytes, sizeof nic->address.bytes);
    return act(&request);
}

int add_neighbour6(const struct guest_nic *nic, const struct guest_neighbour *neighbour)
{
    const struct ndmsg body = {
        .ndm_family = AF_INET6, .ndm_ifindex = nic->index, .ndm_state = NUD_PERMANENT};
    struct request request = begin_request(RTM_NEWNEIGH, &body, sizeof body);
    add_attribute(&request, NDA_DST, neighbour->address.bytes, sizeof neighbour->address.bytes);
    add_attribute(&request, NDA_LLADDR, neighbour->mac, sizeof neighbour->mac);
    return act(&request);
}

int add_route6(const struct guest_route *route)
{
    const struct rtmsg body = {.rtm_family = AF_INET6,
                               .rtm_dst_len = (uint8_t)route->prefix,
                               .rtm_table = RT_TABLE_MAIN,
                               .rtm_protocol = RTPROT_STATIC,
                               .rtm_scope = RT_SCOPE_UNIVERSE,
                               .rtm_type = RTN_UNICAST};
    struct request request = begin_request(RTM_NEWROUTE, &body, sizeof body);
    add_attribute(&request, RTA_DST, route->to.bytes, sizeof route->to.bytes);
    add_attribute(&request, RTA_GATEWAY, route->via.bytes, sizeof route->via.bytes);
    return act(&request);
}
