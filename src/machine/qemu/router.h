// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/qemu/router — the router that is a QEMU machine, as an
 * object, and calls of libvirt about it. Called by every other file there.
 */
#ifndef VRBENCH_MACHINE_QEMU_ROUTER_H
#define VRBENCH_MACHINE_QEMU_ROUTER_H

#include "machine/libvirt/connection.h"
#include "machine/libvirt/domain.h"
#include "machine/libvirt/scheduler.h"
#include "machine/platform.h"

struct libvirt_platform {
    struct platform base;
    struct connection *connection; // opened when first needed
    enum shares_scale scale;
    const char *type; // of domain, "kvm" or "qemu"; NULL = not yet found out
};

struct machine_nic {
    char *name; // in the router
    int index;  // by which the testbed knows it
    // On the host it is a tap on a bridge; dedicated: a macvtap, on the interface of that index, or
    // nothing where the machine has the PCI device.
    char tap[24];
    char stacked[24]; // the latter's name, else ""
};

struct router {
    struct libvirt_platform *platform;
    char *name;   // the router's
    char *domain; // the machine's
    char uuid[DOMAIN_UUID_SIZE];
    char type[8];     // "kvm", "qemu"
    pid_t pid;        // of QEMU
    uint64_t started; // when, as process_start_time()
    int fd;           // pidfd; -1 = it had died when it was attached to
    pid_t *vhost;     // threads of the kernel that move its packets; none with QEMU's own
    size_t vhost_count;
    char *folder;             // of its files
    char *channel;            // socket of its virtio-serial port
    char *initrd;             // NULL = none of its own (any more)
    struct own *own;          // its system of its own (own.h); NULL = the tiny guest
    const struct netns *host; // the testbed's, which outlives this
    struct machine_nic *nics;
    size_t nic_count;
};

// What a machine boots: paths and the kernel's command line, or disks.
struct machine_boot {
    char *kernel, *initrd, *cmdline;
    char *disk, *disk_base, *seed;
};

// The connection, opened if it isn't yet; reopened by connection_call() if it has broken.
int machine_connection(struct libvirt_platform *platform, struct connection **ret,
                       struct error *err);
// Whether its process has ended.
bool machine_has_died(const struct router *router);

// Runs one call of libvirt for a router; again if the connection was broken.
int machine_call(const struct router *router, connection_work work, void *data, struct error *err);

#endif
