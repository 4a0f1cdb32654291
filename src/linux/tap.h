// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/tap — the host's ends of virtual machines' interfaces: taps, and taps on another link
 * (macvtap). Kernel: Documentation/networking/tuntap.rst, include/uapi/linux/if_link.h.
 *
 * The emulator opens them by name in the namespace in which they were made; once open they can be
 * moved. Used by machine/libvirt.
 */
#ifndef VRBENCH_LINUX_TAP_H
#define VRBENCH_LINUX_TAP_H

#include "base/error.h"
#include "linux/netns.h"

// Makes a persistent tap with one queue and virtio headers. Fails with exit status 3 without
// /dev/net/tun.
int tap_make(const struct netns *ns, const char *name, struct error *err);
// Makes a macvtap in passthru mode in `ns` on link `lower` of another namespace. It takes over that
// link's MAC address and all its traffic. The link must be up.
int tap_make_on(const struct netns *lower_ns, int lower, const struct netns *ns, const char *name,
                struct error *err);
// Removes every tap and macvtap of the namespace whose name begins with `prefix`.
int tap_remove_all(const struct netns *ns, const char *prefix, struct error *err);

#endif
