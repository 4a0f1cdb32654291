// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/napi — threaded NAPI: the receiving work of an interface (forwarding and transmission
 * included) done by a kernel thread of its own, which can be metered, placed and weighted.
 *
 * Where the kernel has the netdev generic netlink family with NAPI objects (6.8; setting them:
 * 6.17) that is used; else /sys/class/net/IF/threaded (5.12) and the threads' names. Kernel:
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
    bool lasting;   // napi_name_lasting() has been told of it
    pid_t *threads; // filled in; freed by the caller
    size_t thread_count;
};

enum napi_method { NAPI_AUTO, NAPI_NETLINK, NAPI_SYSFS };

// Makes the given interfaces of a namespace (all up) threaded and finds their threads. An
// interface that ends up without a thread is an error with exit status 3.
int napi_make_threaded(const struct netns *ns, struct napi_interface *interfaces, size_t count,
                       enum napi_method method, struct error *err);
// Drivers of real NICs keep their threads, asleep, once there are any (before Linux 6.17), and
// those keep the name that they got: by this it is one by which they are found again. The interface
// is down, and called otherwise for a moment ("vr0a0b01"). Where it has no threaded NAPI, nothing
// is done.
int napi_lasting_name(const struct netns *ns, const char *name, char ret[16], struct error *err);
int napi_name_lasting(const struct netns *ns, int index, const char *name, struct error *err);
// Whether a thread is of such an interface, and may be there for good.
bool napi_thread_lasts(pid_t pid);
// Sets /sys/class/net/NAME/threaded back to `on`, or reads it.
int napi_set_sysfs(const struct netns *ns, const char *name, int on, struct error *err);
int napi_get_sysfs(const struct netns *ns, const char *name, int *ret_on, struct error *err);

#endif
