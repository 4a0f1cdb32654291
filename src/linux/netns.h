// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/netns — network namespaces: making, pinning to a file, entering.
 *
 * A namespace exists as long as something refers to it: this object's descriptor, the file to which
 * it is pinned (a bind mount of /proc/…/ns/net), or a socket made inside it. The testbed owns the
 * objects. namespaces(7), network_namespaces(7).
 */
#ifndef VRBENCH_LINUX_NETNS_H
#define VRBENCH_LINUX_NETNS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct nl_sock;

struct netns {
    int fd;
    struct nl_sock *route; // rtnetlink socket inside the namespace
    int control;           // datagram socket inside it, for interface ioctls
};

// Makes a new namespace and pins it to `pin` (an existing empty file; NULL = not pinned). The
// calling thread stays in its namespace. IPv6 is disabled for all future interfaces: a testbed
// carries only its own packets.
int netns_create(const char *pin, struct netns **ret, struct error *err);
// Opens a namespace by file, or the calling thread's if `path` is NULL.
int netns_open(const char *path, struct netns **ret, struct error *err);
// Opens a namespace that another program made for vrbench ("/proc/41/ns/net"), pins it to `pin` and
// disables IPv6 as netns_create() does. Fails if it is the calling thread's own namespace.
int netns_adopt(const char *path, const char *pin, struct netns **ret, struct error *err);
void netns_close(struct netns *ns); // NULL is fine

// The path of a node's pinned namespace in a folder of pins; the caller frees it.
#define NETNS_PIN_PREFIX "ns-"
char *netns_pin_of(const char *directory, const char *node);
// Where the namespace of a node's life before is pinned, as long as interfaces move from it.
char *netns_pin_before(const char *directory, const char *node);

// Moves the calling thread into `ns` until netns_leave().
struct netns_visit {
    int back; // descriptor of the namespace to return to; -1 = not in a visit
};
#define NETNS_VISIT_INIT                                                                           \
    {                                                                                              \
        -1                                                                                         \
    }
int netns_visit(const struct netns *ns, struct netns_visit *ret, struct error *err);
void netns_visit_end(struct netns_visit *visit);
#define _cleanup_visit_ __attribute__((cleanup(netns_visit_end)))

// A setting of a namespace: the file /proc/sys/net/`name`. An optional one may be missing.
struct netns_setting {
    const char *name, *value;
    bool optional;
};
// Writes settings inside the namespace (NULL = the caller's), in this order. Settings of one folder
// that follow each other ("ipv4/…") are found faster.
int netns_set(const struct netns *ns, const struct netns_setting *settings, size_t count,
              struct error *err);
// As netns_set() for one setting.
int netns_sysctl(const struct netns *ns, const char *name, const char *value, int optional,
                 struct error *err);

#endif
