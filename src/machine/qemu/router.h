// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/qemu/router — the object of a router that is a QEMU machine, and libvirt calls for it.
 * Used by every other file of this folder.
 */
#ifndef VRBENCH_MACHINE_QEMU_ROUTER_H
#define VRBENCH_MACHINE_QEMU_ROUTER_H

#include "machine/guest_machine.h"
#include "machine/libvirt/domain.h"
#include "machine/libvirt/platform.h"

struct qemu_machine {
    struct guest_machine
        guest; // its `files` is also the path of the socket of its virtio-serial port
    char uuid[DOMAIN_UUID_SIZE];
    char type[8];     // "kvm", "qemu"
    pid_t pid;        // of QEMU
    uint64_t started; // its start time, as process_start_time()
    int fd;           // pidfd; -1 = it was dead when it was recalled
    pid_t *vhost;     // kernel threads that move its packets; none if QEMU moves them
    size_t vhost_count;
    struct own *own; // a system of its own (own.h); NULL = the tiny guest
};

static inline struct qemu_machine *qemu_machine_of(const struct machine *machine)
{
    return (struct qemu_machine *)machine;
}

// Boot parameters of a machine: kernel paths and command line, or disks.
struct qemu_boot {
    char *kernel, *initrd, *cmdline;
    char *disk, *disk_base, *seed;
};

// Whether its process has ended.
bool qemu_has_died(const struct qemu_machine *router);
// Runs one libvirt call for a router, again if the connection was broken.
int qemu_call(const struct qemu_machine *router, connection_work work, void *data,
              struct error *err);

#endif
