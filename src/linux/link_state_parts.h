// SPDX-License-Identifier: GPL-3.0-or-later
// linux/link_state_parts — shared by link_state.c (reading) and link_state_restore.c.
#ifndef VRBENCH_LINUX_LINK_STATE_PARTS_H
#define VRBENCH_LINUX_LINK_STATE_PARTS_H

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stddef.h>
#include <stdint.h>

// A kind of message in a state.
struct message_kind {
    uint16_t type; // RTM_NEW…
    size_t header;
    int flags; // flags of the request that restores it
    const char *name;
};

// NULL for other messages.
const struct message_kind *link_state_kind(uint16_t type);
// Returns an attribute of such a message, or NULL; the other returns the value of a numeric one, or
// 0.
struct nlattr *link_state_attribute(struct nlmsghdr *message, int type);
uint32_t link_state_number(struct nlmsghdr *message, int type);
uint64_t link_state_now_ns(void); // CLOCK_BOOTTIME

#endif
