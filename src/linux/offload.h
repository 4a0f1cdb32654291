// SPDX-License-Identifier: GPL-3.0-or-later
// linux/offload — offloads of an interface (ioctl SIOCETHTOOL, include/uapi/linux/ethtool.h).
#ifndef VRBENCH_LINUX_OFFLOAD_H
#define VRBENCH_LINUX_OFFLOAD_H

#include <stdbool.h>

#include "base/error.h"
#include "linux/netns.h"

struct offloads {
    bool gro, gso, tso;
};

int offload_get(const struct netns *ns, const char *name, struct offloads *ret, struct error *err);
int offload_set(const struct netns *ns, const char *name, const struct offloads *want,
                struct error *err);

// Has the kernel write VLAN tags into the bytes of frames that it sends by the interface, instead
// of leaving that to the driver.
int offload_keep_tags(const struct netns *ns, const char *name, struct error *err);

// Has the kernel compute the checksums of packets before it sends them by the interface.
int offload_no_checksums(const struct netns *ns, const char *name, struct error *err);

#endif
