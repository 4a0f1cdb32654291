// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/machine_pci — PCI devices assigned to machines with the tiny guest: whether its image has
 * a driver, and waiting for their interfaces once a machine has ended. The hypervisor's software
 * unbinds and rebinds the devices. Used by machine/qemu and machine/xen.
 */
#ifndef VRBENCH_MACHINE_MACHINE_PCI_H
#define VRBENCH_MACHINE_MACHINE_PCI_H

#include "machine/machine.h"

// Whether the router image lacks a driver for a device; `why` gets the reason.
bool machine_pci_lacks_driver(const char *device, char *why, size_t room);
// Waits for the interfaces of a router's devices in the caller's namespace, and moves them to the
// testbed's host, down.
int machine_pci_take_back(const struct router_spec *spec, struct error *err);

#endif
