// SPDX-License-Identifier: GPL-3.0-or-later
// machine/machine_pci — see machine_pci.h.
#include "machine/machine_pci.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "image/image.h"
#include "linux/link.h"
#include "linux/pci.h"

#define BACK_WITHIN_NS (60U * NS_PER_S)

bool machine_pci_lacks_driver(const char *device, char *why, size_t room)
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

int machine_pci_take_back(const struct router_spec *spec, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < spec->nic_count; i++) {
        const struct router_nic *nic = &spec->nics[i];
        struct link_info info;
        char name[16];
        if (nic->pci == NULL || link_find(spec->host, nic->host_name, &info, NULL) == 0) {
            continue; // or it was never assigned
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
