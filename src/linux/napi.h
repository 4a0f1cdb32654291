// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/napi — threaded NAPI: a kernel thread does the receiving work of an interface (forwarding
 * and transmission included), so that this work can be metered, placed on CPUs and weighted.
 *
 * Uses the netdev generic netlink family with NAPI objects if the kernel has them (6.8; setting
 * them: 6.17), else /sys/class/net/IF/threaded (5.12) and the threads' names. Kernel:
 * Documentation/networking/napi.rst, Documentation/netlink/specs/netdev.yaml.
 */
#ifndef VRBENCH_LINUX_NAPI_H
#define VRBENCH_LINUX_NAPI_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "linux/netns.h"

struct napi_interface {
    const char *name;
    int index;
    bool lasting;   // napi_lasting_name() was called for it
    pid_t *threads; // filled in; the caller frees it
    size_t thread_count;
};

enum napi_method { NAPI_AUTO, NAPI_NETLINK, NAPI_SYSFS };

// Makes the given interfaces of a namespace (all up) threaded and finds their threads. Fails with
// exit status 3 if an interface ends up without a thread.
int napi_make_threaded(const struct netns *ns, struct napi_interface *interfaces, size_t count,
                       enum napi_method method, struct error *err);
// Gives an interface's NAPI threads a name by which later processes find them ("vr0a0b01"). Before
// Linux 6.17, drivers of real NICs keep their threads, asleep, with the interface name of the time
// of their creation. The interface must be down; it is renamed for a moment. Does nothing if its
// driver has no threaded NAPI.
int napi_lasting_name(const struct netns *ns, const char *name, char ret[16], struct error *err);
int napi_name_lasting(const struct netns *ns, int index, const char *name, struct error *err);
// Whether a thread belongs to such an interface, and may persist after the testbed.
bool napi_thread_lasts(pid_t pid);
// Sets /sys/class/net/NAME/threaded to `on`; napi_get_sysfs() reads it.
int napi_set_sysfs(const struct netns *ns, const char *name, int on, struct error *err);
int napi_get_sysfs(const struct netns *ns, const char *name, int *ret_on, struct error *err);

#endif
