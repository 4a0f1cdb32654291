// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/pci — PCI devices behind network interfaces: which device an interface is, what prevents
 * assigning it to a machine (VFIO), and getting it back. Used by testbed/, machine/ and doctor/.
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
#define PCI_SYSFS        "/sys" // argument `sysfs` of these functions, except in tests

// Returns the address of the PCI device of an interface. False if the interface is not a PCI device
// (virtual, USB, …).
bool pci_of_link(const struct netns *ns, const char *link, char ret[PCI_ADDRESS_SIZE]);
// Returns the device's permanent MAC address, independent of the configured one; false if the
// kernel does not report it.
bool pci_link_mac(const struct netns *ns, const char *link, uint8_t ret[6]);
// Returns the number of interfaces of a namespace that belong to this device; `ret_name` gets the
// name of one.
size_t pci_links(const struct netns *ns, const char *address, char ret_name[16]);

// Returns the driver bound to the device; false if there is none.
bool pci_driver(const char *sysfs, const char *address, char ret[PCI_DRIVER_SIZE]);
// Returns the device's alias, which modules' drivers match (modules.alias(5)); the caller frees it.
// NULL if the device does not exist.
char *pci_modalias(const char *sysfs, const char *address);

// Whether the device cannot be assigned to a machine together with the `count` devices of `with`
// (which may contain it): no IOMMU, an IOMMU group with other devices, no driver vfio-pci. `why`
// gets the reason.
bool pci_is_hindered(const char *sysfs, const char *address, const char *const *with, size_t count,
                     char *why, size_t room);
// Number of IOMMU groups of this machine; 0 = no IOMMU in use.
size_t pci_iommu_groups(const char *sysfs);
// Whether the driver vfio-pci is loaded or available as a module.
bool pci_has_vfio(const char *sysfs);
// Whether VFIO can be opened. systemd makes that possible at boot; on other systems the module must
// be loaded.
bool pci_vfio_is_loaded(void);

// Waits until the device has an interface in the namespace that has got its final name (udev may
// rename it), and returns that name. If vfio-pci still holds a device whose machine has ended
// (libvirt normally rebinds it, unless it died), the device is rebound to its own driver.
int pci_await_link(const struct netns *ns, const char *address, uint64_t within_ns,
                   char ret_name[16], struct error *err);

#endif
