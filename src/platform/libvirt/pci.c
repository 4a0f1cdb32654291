// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * platform/libvirt/pci — inside of platform/libvirt: PCI devices that a machine gets whole (VFIO,
 * <hostdev managed='yes'>): libvirt takes them from their drivers and gives them back. See
 * machine.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "image/image.h"
#include "linux/link.h"
#include "linux/pci.h"
#include "platform/libvirt/machine.h"

#define BACK_WITHIN_NS (60U * NS_PER_S)

static bool image_hinders(const char *device, char *why, size_t room)
{
    _cleanup_image_ struct image image = {0};
    _cleanup_error_ struct error lacking = ERROR_INIT;
    _cleanup_free_ char *modalias = pci_modalias(PCI_SYSFS, device);
    int rc = image_find(NULL, &image, &lacking);
    rc = rc == 0 ? image_check_device(&image, modalias == NULL ? "" : modalias, &lacking) : rc;
    if (rc < 0) {
        snprintf(why, room, "%s", lacking.text);
    }
    return rc < 0;
}

bool machine_takes_pci(struct platform *platform, const struct router_spec *spec,
                       const char *const *pci, size_t count, char *why, size_t room)
{
    (void)platform;
    if (spec->image != NULL) {
        // What such a system does is told by its interfaces' ends on the host, and there are none.
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
            image_hinders(pci[i], reason, sizeof reason)) {
            snprintf(why, room, "PCI device %s: %s", pci[i], reason);
            return false;
        }
    }
    return true;
}

int machine_take_back_pci(const struct router_spec *spec, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < spec->nic_count; i++) {
        const struct router_nic *nic = &spec->nics[i];
        struct link_info info;
        char name[16];
        if (nic->pci == NULL || link_find(spec->host, nic->host_name, &info, NULL) == 0) {
            continue; // or it never went
        }
        rc = pci_await_link(spec->home, nic->pci, BACK_WITHIN_NS, name, err);
        if (rc == 0) {
            rc = link_find(spec->home, name, &info, err);
        }
        if (rc == 0) {
            rc = link_set_up(spec->home, info.index, false, err);
        }
        if (rc == 0) {
            rc = link_move(spec->home, info.index, spec->host, nic->host_name, err);
        }
    }
    return rc;
}
