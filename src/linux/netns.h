// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/netns — network namespaces: made, pinned to a file, visited.
 *
 * A namespace lives while something refers to it: this object's descriptor, the file it is pinned
 * to (a bind mount of /proc/…/ns/net), a socket made inside it. Used by the testbed, which owns
 * the objects. namespaces(7), network_namespaces(7).
 */
#ifndef VRBENCH_LINUX_NETNS_H
#define VRBENCH_LINUX_NETNS_H

#include "base/error.h"

struct nl_sock;

struct netns {
    int fd;
    struct nl_sock *route; // rtnetlink socket inside the namespace
    int control;           // datagram socket inside it, for interface ioctls
};

// Makes a new namespace and pins it to `pin` (an existing empty file; NULL = not pinned). The
// calling thread stays where it is. IPv6 is off for all interfaces to come: a testbed carries no
// packet but its own.
int netns_create(const char *pin, struct netns **ret, struct error *err);
// Opens a namespace by file, or that of the calling thread if `path` is NULL.
int netns_open(const char *path, struct netns **ret, struct error *err);
// Opens a namespace that somebody else has made for us ("/proc/41/ns/net"), pins it to `pin` and
// sees to IPv6, as netns_create() does. It is never the calling thread's own: that is an error.
int netns_adopt(const char *path, const char *pin, struct netns **ret, struct error *err);
void netns_close(struct netns *ns); // NULL is fine

// Where the namespace of a node is pinned in a folder of pins; the caller frees it.
#define NETNS_PIN_PREFIX "ns-"
char *netns_pin_of(const char *directory, const char *node);

// Moves the calling thread into `ns` until the visit ends.
struct netns_visit {
    int back; // descriptor of the namespace to return to; -1 = not visiting
};
#define NETNS_VISIT_INIT                                                                           \
    {                                                                                              \
        -1                                                                                         \
    }
int netns_visit(const struct netns *ns, struct netns_visit *ret, struct error *err);
void netns_visit_end(struct netns_visit *visit);
#define _cleanup_visit_ __attribute__((cleanup(netns_visit_end)))

// Writes /proc/sys/net/`name` inside the namespace. With `optional`, a missing file is fine.
int netns_sysctl(const struct netns *ns, const char *name, const char *value, int optional,
                 struct error *err);

#endif
