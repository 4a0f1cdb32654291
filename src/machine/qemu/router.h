// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/qemu/router — a router that is a QEMU machine, as an object, and calls of libvirt about
 * it. Used by every other file of this folder.
 */
#ifndef VRBENCH_MACHINE_QEMU_ROUTER_H
#define VRBENCH_MACHINE_QEMU_ROUTER_H

#include "machine/guest_machine.h"
#include "machine/libvirt/domain.h"
#include "machine/libvirt/platform.h"

struct qemu_machine {
    struct guest_machine guest; // its "files" is also the socket of its virtio-serial port
    char uuid[DOMAIN_UUID_SIZE];
    char type[8];     // "kvm", "qemu"
    pid_t pid;        // of QEMU
    uint64_t started; // when, as process_start_time()
    int fd;           // pidfd; -1 = it had died when it was recalled
    pid_t *vhost;     // threads of the kernel that move its packets; none with QEMU's own
    size_t vhost_count;
    struct own *own; // its system of its own (own.h); NULL = the tiny guest
};

static inline struct qemu_machine *qemu_machine_of(const struct machine *machine)
{
    return (struct qemu_machine *)machine;
}

// What a machine boots: paths and the kernel's command line, or disks.
struct qemu_boot {
    char *kernel, *initrd, *cmdline;
    char *disk, *disk_base, *seed;
};

// Whether its process has ended.
bool qemu_has_died(const struct qemu_machine *router);
// Runs one call of libvirt for a router; again if the connection was broken.
int qemu_call(const struct qemu_machine *router, connection_work work, void *data,
              struct error *err);

#endif
