// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/machine_pci — PCI devices that machines with the tiny guest get whole: whether its image
 * has a driver, and waiting for their interfaces once a machine has ended. Who takes a device from
 * its driver and gives it back is who runs the machine. Used by machine/qemu and machine/xen.
 */
#ifndef VRBENCH_MACHINE_MACHINE_PCI_H
#define VRBENCH_MACHINE_MACHINE_PCI_H

#include "machine/machine.h"

// Whether the router image has no driver for a device; says so in `why`.
bool machine_pci_lacks_driver(const char *device, char *why, size_t room);
// Waits for the interfaces of a router's devices, where the caller's are, and moves them to the
// testbed's host, down.
int machine_pci_take_back(const struct router_spec *spec, struct error *err);

#endif
