// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * guest/routes — looks up the kernel's forwarding table: by which interface packets to an address
 * would leave. Uses rtnetlink(7), RTM_GETROUTE with RTM_F_FIB_MATCH, so that the answer is the
 * table's entry. Called by channel.c.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest.h"

struct question {
    struct nlmsghdr header;
    struct rtmsg route;
    struct rtattr attribute;
    uint8_t address[16];
};

// The interface of an answer, 0 = not contained.
static int interface_of(const struct nlmsghdr *answer)
{
    const struct rtmsg *route = NLMSG_DATA(answer);
    const char *end = (const char *)answer + answer->nlmsg_len;
    if (route->rtm_type != RTN_UNICAST) {
        return 0;
    }
    size_t step = 0;
    for (const char *next = (const char *)RTM_RTA(route); next + sizeof(struct rtattr) <= end;
         next += step) {
        const struct rtattr *at = (const struct rtattr *)next;
        int index = 0;
        step = RTA_ALIGN(at->rta_len);
        if (step < sizeof *at || step > (size_t)(end - next)) {
            return 0;
        }
        if (at->rta_type == RTA_OIF && RTA_PAYLOAD(at) >= sizeof index) {
            memcpy(&index, next + RTA_LENGTH(0), sizeof index);
            return index;
        }
        struct rtnexthop hop;
        if (at->rta_type == RTA_MULTIPATH && RTA_PAYLOAD(at) >= sizeof hop) {
            memcpy(&hop, next + RTA_LENGTH(0), sizeof hop); // the first of several next hops
            return hop.rtnh_ifindex;
        }
    }
    return 0;
}

static int take_answer(const void *bytes, size_t length, char ret_nic[GUEST_NIC_NAME])
{
    struct nlmsghdr *answer = (struct nlmsghdr *)bytes;
    ret_nic[0] = '\0';
    if (!NLMSG_OK(answer, length)) {
        errno = EBADMSG;
        return -1;
    }
    if (answer->nlmsg_type == NLMSG_ERROR) {
        const struct nlmsgerr *error = NLMSG_DATA(answer);
        errno = -error->error;
        return errno == ENETUNREACH || errno == EHOSTUNREACH || errno == ESRCH ? 0 : -1;
    }
    int index = answer->nlmsg_type == RTM_NEWROUTE ? interface_of(answer) : 0;
    char name[IF_NAMESIZE] = "";
    if (index > 0 && if_indextoname((unsigned)index, name) != NULL) {
        memcpy(ret_nic, name, GUEST_NIC_NAME);
    }
    return 0;
}

int route_leads_to(const struct guest_address *address, char ret_nic[GUEST_NIC_NAME])
{
    _Alignas(struct nlmsghdr) char bytes[4096];
    const size_t size = address_size(address->version);
    const size_t length = offsetof(struct question, address) + size;
    struct question question = {
        .header = {.nlmsg_len = (uint32_t)length,
                   .nlmsg_type = RTM_GETROUTE,
                   .nlmsg_flags = NLM_F_REQUEST},
        .route = {.rtm_family = (uint8_t)address_family(address->version),
                  .rtm_dst_len = (uint8_t)(8 * size),
                  .rtm_flags = RTM_F_FIB_MATCH},
        .attribute = {.rta_len = (uint16_t)RTA_LENGTH(size), .rta_type = RTA_DST},
    };
    memcpy(question.address, address->bytes, size);
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    ssize_t got = -1;
    if (fd >= 0 && send(fd, &question, length, 0) == (ssize_t)length) {
        got = recv(fd, bytes, sizeof bytes, 0);
    }
    int rc = got < 0 ? -1 : take_answer(bytes, (size_t)got, ret_nic);
    int why = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = why;
    return rc;
}
