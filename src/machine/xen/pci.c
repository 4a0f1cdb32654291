// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/pci — PCI devices assigned to a domain. libxl binds them to pciback ("assignable")
 * and rebinds their drivers afterwards. See domain.h.
 *
 * The devices of a domain are written to a file beside its others before the first is taken, so
 * that they can be found if the process is killed at any moment.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/pci.h"
#include "machine/machine_pci.h"
#include "machine/xen/domain.h"

#define PCIBACK  "/sys/bus/pci/drivers/pciback"
#define LIST_END ".pci" // suffix of that file
#define LIST_MAX 4096U

bool domain_takes_pci(struct platform *platform, const struct router_spec *spec,
                      const char *const *pci, size_t count, char *why, size_t room)
{
    struct xen_connection *xen = NULL;
    _cleanup_error_ struct error lacking = ERROR_INIT;
    libxl_physinfo info;
    if (domain_has_own_system(spec)) {
        // Packets of such a system are counted at its interfaces' ends on the host, which an
        // assigned device does not have.
        snprintf(why, room, "what a system of its own does with them could not be counted");
        return false;
    }
    if (domain_connection((struct xen_platform *)platform, &xen, &lacking) < 0) {
        snprintf(why, room, "%s", lacking.text);
        return false;
    }
    libxl_physinfo_init(&info);
    bool iommu = libxl_get_physinfo(xen_handle(xen), &info) == 0 && info.cap_hvm_directio;
    libxl_physinfo_dispose(&info);
    xen_quiet(xen);
    if (!iommu) {
        snprintf(why, room, "Xen has no IOMMU for it (xl info: virt_caps without hvm_directio)");
        return false;
    }
    if (access(PCIBACK, F_OK) < 0) {
        snprintf(why, room,
                 "Domain-0's kernel has no driver that lends devices: modprobe "
                 "xen-pciback");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        char reason[256];
        if (machine_pci_lacks_driver(pci[i], reason, sizeof reason)) {
            snprintf(why, room, "PCI device %s: %s", pci[i], reason);
            return false;
        }
    }
    return true;
}

int domain_pci_of(const char *address, libxl_device_pci *ret, struct error *err)
{
    unsigned long parts[4];
    char *at = (char *)address;
    libxl_device_pci_init(ret);
    for (size_t i = 0; i < 4; i++) {
        const char *from = at;
        parts[i] = strtoul(from, &at, 16);
        if (at == from || *at != (i < 2 ? ':' : i == 2 ? '.' : '\0')) {
            return fail(err, EINVAL, "PCI device %s", address);
        }
        at += *at != '\0';
    }
    ret->domain = (int)parts[0];
    ret->bus = (uint8_t)parts[1];
    ret->dev = (uint8_t)parts[2];
    ret->func = (uint8_t)parts[3];
    return 0;
}

// ---- taking

struct taking {
    struct xen_connection *xen;
    const char *address;
    bool back;
};

static int take_or_give(libxl_ctx *handle, void *data, struct error *err)
{
    const struct taking *taking = data;
    libxl_device_pci pci;
    int rc = domain_pci_of(taking->address, &pci, err);
    int code = 0;
    if (rc == 0) {
        // Together with its driver, which xenstore stores.
        code = taking->back ? libxl_device_pci_assignable_remove(handle, &pci, 1)
                            : libxl_device_pci_assignable_add(handle, &pci, 1);
    }
    libxl_device_pci_dispose(&pci);
    return code == 0 ? rc
                     : fail_xen(taking->xen, err, code,
                                taking->back ? "giving PCI device %s back to its driver"
                                             : "taking PCI device %s from its driver",
                                taking->address);
}

static char *list_of(const struct xen_machine *router)
{
    return text_format("%s" LIST_END, router->guest.files);
}

int domain_take_pci(const struct xen_machine *router, struct xen_connection *xen,
                    const struct router_spec *spec, struct error *err)
{
    _cleanup_free_ char *path = list_of(router);
    _cleanup_free_ char *text = text_copy("");
    int rc = 0;
    for (size_t i = 0; i < spec->nic_count; i++) {
        if (spec->nics[i].pci != NULL) {
            text_append(&text, "", "%s\n", spec->nics[i].pci);
        }
    }
    if (*text == '\0') {
        return 0;
    }
    rc = file_replace(path, text, strlen(text), err);
    for (size_t i = 0; rc == 0 && i < spec->nic_count; i++) {
        struct taking taking = {.xen = xen, .address = spec->nics[i].pci};
        rc = taking.address == NULL ? 0 : xen_act(xen, take_or_give, &taking, err);
    }
    return rc;
}

// ---- giving back

static bool has_pciback(const char *address)
{
    char driver[PCI_DRIVER_SIZE];
    return pci_driver(PCI_SYSFS, address, driver) && text_equal(driver, "pciback");
}

// Gives back all devices listed in a file, and removes the file.
static int give_back_list(struct xen_connection *xen, const char *path, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    char *rest = NULL;
    int rc = 0;
    if (file_read(path, LIST_MAX, &text, NULL, NULL) < 0) {
        return 0; // none was to be assigned
    }
    for (char *at = strtok_r(text, "\n", &rest); at != NULL; at = strtok_r(NULL, "\n", &rest)) {
        struct taking taking = {.xen = xen, .address = at, .back = true};
        int given = has_pciback(at) ? xen_act(xen, take_or_give, &taking, rc < 0 ? NULL : err) : 0;
        rc = rc < 0 ? rc : given;
    }
    if (rc == 0) {
        (void)unlink(path);
    }
    return rc;
}

int domain_give_back_pci(const struct xen_machine *router, struct xen_connection *xen,
                         struct error *err)
{
    _cleanup_free_ char *path = list_of(router);
    return give_back_list(xen, path, err);
}

int domain_give_back_all_pci(struct xen_connection *xen, const char *directory, struct error *err)
{
    _cleanup_free_ char *folder = machine_folder(directory);
    _cleanup_closedir_ DIR *files = opendir(folder);
    int rc = 0;
    for (struct dirent *entry = NULL; files != NULL && (entry = readdir(files)) != NULL;) {
        const char *end = strrchr(entry->d_name, '.');
        if (text_equal(end, LIST_END)) {
            _cleanup_free_ char *path = text_format("%s/%s", folder, entry->d_name);
            int given = give_back_list(xen, path, rc < 0 ? NULL : err);
            rc = rc < 0 ? rc : given;
        }
    }
    return rc;
}
