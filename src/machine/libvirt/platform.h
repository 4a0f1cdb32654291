// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/libvirt/platform — a libvirt URI that has been opened, of whichever driver: its
 * connection, and what was found out about it. Used by machine/lxc and machine/qemu.
 */
#ifndef VRBENCH_MACHINE_LIBVIRT_PLATFORM_H
#define VRBENCH_MACHINE_LIBVIRT_PLATFORM_H

#include "machine/libvirt/connection.h"
#include "machine/libvirt/scheduler.h"
#include "machine/machine.h"

struct libvirt_platform {
    struct platform base;
    struct connection *connection; // opened when first needed
    enum shares_scale scale;
    const char *type; // of QEMU's domains, "kvm" or "qemu"; NULL = not yet found out
};

struct platform *libvirt_platform_new(const struct machine_ops *ops, const char *uri);
void libvirt_platform_close(struct platform *platform);
// The connection, opened if it isn't yet; reopened by connection_call() if it has broken.
int libvirt_connect(struct platform *platform, struct connection **ret, struct error *err);
// The same, to a libvirt that can have routers: one of this computer.
int libvirt_connect_local(struct platform *platform, struct connection **ret, struct error *err);
// Names the hypervisor in what results say of the platform.
int libvirt_add_facts(struct platform *platform, struct platform_facts *facts, struct error *err);

#endif
