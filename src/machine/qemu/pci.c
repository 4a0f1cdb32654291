// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/qemu/pci — PCI devices assigned to a machine (VFIO, <hostdev managed='yes'>): libvirt
 * unbinds and rebinds their drivers. See machine.h.
 */
#include <stdio.h>

#include "linux/pci.h"
#include "machine/machine_pci.h"
#include "machine/qemu/domain.h"

bool qemu_takes_pci(struct platform *platform, const struct router_spec *spec,
                    const char *const *pci, size_t count, char *why, size_t room)
{
    (void)platform;
    if (spec->image != NULL) {
        // Packets of such a system are counted at its interfaces' ends on the host, which an
        // assigned device does not have.
        snprintf(why, room, "what a system of its own does with them could not be counted");
        return false;
    }
    if (pci_iommu_groups(PCI_SYSFS) > 0 && !pci_vfio_is_loaded()) {
        snprintf(why, room, "there is no /dev/vfio/vfio (modprobe vfio-pci)");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        char reason[256];
        if (pci_is_hindered(PCI_SYSFS, pci[i], pci, count, reason, sizeof reason) ||
            machine_pci_lacks_driver(pci[i], reason, sizeof reason)) {
            snprintf(why, room, "PCI device %s: %s", pci[i], reason);
            return false;
        }
    }
    return true;
}
