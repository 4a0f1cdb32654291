// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/libvirt/platform — an opened libvirt URI of any driver: its connection and its facts.
 * Used by machine/lxc and machine/qemu.
 */
#ifndef VRBENCH_MACHINE_LIBVIRT_PLATFORM_H
#define VRBENCH_MACHINE_LIBVIRT_PLATFORM_H

#include "machine/libvirt/connection.h"
#include "machine/libvirt/scheduler.h"
#include "machine/machine.h"

struct libvirt_platform {
    struct platform base;
    struct connection *connection; // opened when first required
    enum shares_scale scale;
    const char *type; // type of QEMU's domains, "kvm" or "qemu"; NULL = unknown so far
};

struct platform *libvirt_platform_new(const struct machine_ops *ops, const char *uri);
void libvirt_platform_close(struct platform *platform);
// Returns the connection, which is opened if necessary; connection_call() reopens it if it is
// broken.
int libvirt_connect(struct platform *platform, struct connection **ret, struct error *err);
// The same for a libvirt that can make routers: one of this computer.
int libvirt_connect_local(struct platform *platform, struct connection **ret, struct error *err);
// Adds the hypervisor to the facts for results.
int libvirt_add_facts(struct platform *platform, struct platform_facts *facts, struct error *err);

#endif
