// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/pci — the PCI devices that network interfaces are: which one, what stands in the way of
 * giving it to a machine whole (VFIO), and getting it back from there. Used by testbed/ and
 * machine/, and by measure/ for what this machine can.
 *
 * ethtool(8)'s ioctl: include/uapi/linux/ethtool.h of the kernel; sysfs:
 * Documentation/ABI/testing/sysfs-bus-pci and sysfs-kernel-iommu_groups; VFIO:
 * Documentation/driver-api/vfio.rst.
 */
#ifndef VRBENCH_LINUX_PCI_H
#define VRBENCH_LINUX_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "linux/netns.h"

#define PCI_ADDRESS_SIZE 13 // "0000:03:00.1" and its NUL
#define PCI_DRIVER_SIZE  32
#define PCI_SYSFS        "/sys" // where functions with `sysfs` look, but in tests

// The address of the PCI device that an interface is. False if it is none: made by the kernel, on
// USB, …
bool pci_of_link(const struct netns *ns, const char *link, char ret[PCI_ADDRESS_SIZE]);
// The MAC address that is burnt into the device, whatever it was told to use; false if the kernel
// doesn't know it.
bool pci_link_mac(const struct netns *ns, const char *link, uint8_t ret[6]);
// The interfaces in a namespace that are this device: how many, and the name of one of them.
size_t pci_links(const struct netns *ns, const char *address, char ret_name[16]);

// The driver that has the device; false if none has.
bool pci_driver(const char *sysfs, const char *address, char ret[PCI_DRIVER_SIZE]);
// What a driver for the device is told by, to be matched with those of modules.alias(5); the caller
// frees it. NULL if the device isn't there.
char *pci_modalias(const char *sysfs, const char *address);

// Whether something stands in the way of giving a machine the device whole, along with the `count`
// devices of `with` (which may name it, too): no IOMMU, a group with devices of others, no driver
// vfio-pci. Says in `why` what.
bool pci_is_hindered(const char *sysfs, const char *address, const char *const *with, size_t count,
                     char *why, size_t room);
// How many IOMMU groups this machine has; 0 = no IOMMU that is in use.
size_t pci_iommu_groups(const char *sysfs);
// Whether there is the driver that gives devices to machines, or a module of it.
bool pci_has_vfio(const char *sysfs);
// Whether VFIO can be opened; systemd sees to that at boot, elsewhere the module is to be loaded.
bool pci_vfio_is_loaded(void);

// Waits until an interface that is the device is in the namespace, and named by whoever names
// interfaces here (udev), and returns its name. A device whose machine has ended, but that vfio-pci
// still has, goes back to the driver that it belongs to: libvirt does that, unless it has died.
int pci_await_link(const struct netns *ns, const char *address, uint64_t within_ns,
                   char ret_name[16], struct error *err);

#endif
