// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/link_state — what the kernel forgets about an interface that changes its network namespace
 * or its driver: addresses, next hops, routes of all tables, permanent neighbours, static entries
 * of a bridge's forwarding database, queueing disciplines with their classes and filters, and the
 * settings of /proc/sys/net.
 *
 * The state is kept as the kernel's own rtnetlink messages, and restored by sending them back:
 * nothing that is in them is lost on the way. rtnetlink(7).
 */
#ifndef VRBENCH_LINUX_LINK_STATE_H
#define VRBENCH_LINUX_LINK_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "linux/netns.h"

struct link_state {
    int index;        // index of the interface when its state was read
    uint64_t read_ns; // CLOCK_BOOTTIME of the reading, from which lifetimes count
    void *messages;   // rtnetlink messages (RTM_NEW…), concatenated
    size_t length;    // their length in bytes
};
void link_state_clear(struct link_state *state);

int link_state_read(const struct netns *ns, int index, struct link_state *ret, struct error *err);
// Restores the state on interface `index`, which may differ from the original index. Existing
// entries are kept. Continues after a failure; the error names what could not be restored.
int link_state_restore(const struct netns *ns, int index, const struct link_state *state,
                       struct error *err);

// Reads the settings of an interface below /proc/sys/net, as lines of "ipv4/conf/NAME/KEY=VALUE",
// where NAME is "*". Returns a new string; empty if /proc/sys cannot be read.
char *link_settings_read(const struct netns *ns, const char *name);
// Writes the settings whose current value differs.
void link_settings_restore(const struct netns *ns, const char *name, const char *settings);

#endif
